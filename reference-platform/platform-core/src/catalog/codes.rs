//! Codes of languages, countries and regions: whatever a supplier writes, as the one form that the catalogue keeps.
//!
//! - [`language`]: BCP 47 tags, from tags in any case, three-letter codes and English names.
//! - [`country`]: ISO 3166-1, from two or three letters, three digits and English names; former countries are kept apart.
//! - [`region`]: UN M.49, from three digits and English names, with the territories that lie in it.
//!
//! All are total on any Unicode, and read what they have written as the same. What is not known is refused and never
//! guessed: a wrong territory shows a title where nobody has the right to.

use std::collections::BTreeSet;

use super::record::Territory;

mod country;
mod language;
mod region;

pub use country::{Country, FormerCountry, country};
pub use language::{LanguageTag, language};
pub use region::{Region, region};

/// Reads where rights are sold: a country of today, or all that lie in a region.
///
/// # Errors
/// [`UnknownCode::Gone`] for a former country, though one of today took its place: what was sold for it, nobody knows here.
/// [`UnknownCode::Country`] and [`UnknownCode::TwoCountries`] for what is neither.
pub fn territories(text: &str) -> Result<BTreeSet<Territory>, UnknownCode> {
    match country(text) {
        Ok(Country::Current(territory)) => Ok(BTreeSet::from([territory])),
        Ok(Country::Former(_)) => Err(UnknownCode::Gone(text.to_owned())),
        Err(unknown) => region(text).map(Region::territories).map_err(|_| unknown),
    }
}

/// Why a text is no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownCode {
    /// Neither a language of ISO 639 nor a name that we know.
    #[error("`{0}` is no language: expected a tag of BCP 47, a code of ISO 639 or an English name")]
    Language(String),
    /// The language is known; what follows it is not built as BCP 47 asks.
    #[error("`{subtag}` in `{tag}` is no subtag of BCP 47 at that place")]
    Subtag {
        /// The whole tag, as it came.
        tag: String,
        /// The part that does not fit.
        subtag: String,
    },
    /// Neither a country nor a former one.
    #[error("`{0}` is no country: expected a code of ISO 3166 or an English name")]
    Country(String),
    /// A code that two countries have had.
    #[error("`{code}` was the code of {} countries: write {}", .meanings.len(), .meanings.join(" or "))]
    TwoCountries {
        /// The code.
        code: String,
        /// The codes of ISO 3166-3 that it may stand for.
        meanings: Vec<&'static str>,
    },
    /// A former country, where one of today is asked for.
    #[error("`{0}` is a country that is gone: expected one of today")]
    Gone(String),
    /// Not a region of UN M.49.
    #[error("`{0}` is no region: expected three digits of UN M.49 or an English name")]
    Region(String),
}

#[cfg(test)]
mod tests;
