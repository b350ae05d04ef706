//! Countries of today (ISO 3166-1) and countries that are gone (ISO 3166-3).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use rust_iso3166::iso3166_3::{self, CountryCode3};
use serde::Serialize;

use super::UnknownCode;
use crate::catalog::normalise;
use crate::catalog::record::Territory;

/// English names, folded, that the standard does not use. Four letters are a code of ISO 3166-3.
///
/// West Germany had today's code, so it is no former country in the sense of the standard.
const NAMES: &str = "usa US|u s a US|united states US|us US|america US|uk GB|u k GB|united kingdom GB|great britain GB|\
    britain GB|england GB|scotland GB|wales GB|northern ireland GB|south korea KR|korea KR|north korea KP|russia RU|iran IR|\
    vietnam VN|syria SY|taiwan TW|tanzania TZ|bolivia BO|venezuela VE|moldova MD|laos LA|brunei BN|czech republic CZ|\
    czechia CZ|ivory coast CI|cape verde CV|vatican VA|vatican city VA|palestine PS|macedonia MK|north macedonia MK|\
    swaziland SZ|burma MM|macau MO|macao MO|holland NL|the netherlands NL|netherlands NL|bahamas BS|the bahamas BS|gambia GM|\
    turkey TR|uae AE|united arab emirates AE|kosovo XK|east timor TL|micronesia FM|west germany DE|philippines PH|\
    dominican republic DO|republic of ireland IE|democratic republic of the congo CD|congo kinshasa CD|\
    congo brazzaville CG|republic of the congo CG|hong kong HK|cayman islands KY|sudan SD|niger NE|\
    soviet union SUHH|ussr SUHH|east germany DDDE|gdr DDDE|czechoslovakia CSHH|yugoslavia YUCS|\
    serbia and montenegro CSXX|zaire ZRCD|netherlands antilles ANHH|upper volta HVBF|rhodesia RHZW|dahomey DYBJ|\
    south yemen YDYE|north vietnam VDVN";

/// Codes in use that the standard does not assign, with the country meant: Kosovo has those of the part that is left to
/// users, `UK` is reserved for nobody else.
const IN_USE: [(&str, &str); 3] = [("XK", "XK"), ("XKX", "XK"), ("UK", "GB")];

/// A country, of today or former.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(untagged)]
pub enum Country {
    /// A country of today; rights may be sold for it.
    Current(Territory),
    /// A country that is gone; only a place of production.
    Former(FormerCountry),
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Current(territory) => territory.fmt(f),
            Self::Former(former) => former.fmt(f),
        }
    }
}

/// A former country: four letters of ISO 3166-3, for example `SUHH`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct FormerCountry(&'static str);

impl FormerCountry {
    /// The country of today that took its place, where there is exactly one.
    #[must_use]
    pub fn heir(self) -> Option<Territory> {
        match self.entry()?.new_countries {
            [heir] => heir.alpha2.parse().ok(),
            _ => None,
        }
    }

    fn entry(self) -> Option<&'static CountryCode3> {
        iso3166_3::ALL.iter().find(|entry| entry.code == self.0)
    }
}

impl fmt::Display for FormerCountry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Reads a country: two or three letters or three digits of ISO 3166-1, four letters of ISO 3166-3, an English name.
///
/// A code that is in use today means today's country, though a former one has had it too.
///
/// # Errors
/// [`UnknownCode::Country`]; [`UnknownCode::TwoCountries`] for a former code that was given twice.
pub fn country(text: &str) -> Result<Country, UnknownCode> {
    let code = text.trim().to_ascii_uppercase();
    match by_code(&code) {
        Err(UnknownCode::Country(_)) => {
            let folded = normalise::fold(text);
            names().get(&folded).copied().ok_or_else(|| UnknownCode::Country(text.to_owned()))
        }
        found => found,
    }
}

/// By a code in capitals.
pub(super) fn by_code(code: &str) -> Result<Country, UnknownCode> {
    let unknown = || UnknownCode::Country(code.to_owned());
    let current = rust_iso3166::from_alpha2(code)
        .or_else(|| rust_iso3166::from_alpha3(code))
        .or_else(|| rust_iso3166::from_numeric_str(code))
        .map(|country| country.alpha2)
        .or_else(|| IN_USE.iter().find(|(known, _)| *known == code).map(|(_, alpha2)| *alpha2));
    if let Some(alpha2) = current {
        return alpha2.parse().map(Country::Current).map_err(|_| unknown());
    }
    let is_meant = |entry: &&CountryCode3| {
        code == entry.code || code == entry.former.alpha2 || code == entry.former.alpha3
    };
    let meanings: Vec<&'static str> =
        iso3166_3::ALL.iter().filter(is_meant).map(|entry| entry.code).collect();
    match meanings[..] {
        [] => Err(unknown()),
        [one] => Ok(Country::Former(FormerCountry(one))),
        _ => Err(UnknownCode::TwoCountries { code: code.to_owned(), meanings }),
    }
}

/// Names of both lists, folded; ours before those of the standard, today's before former ones.
fn names() -> &'static BTreeMap<String, Country> {
    static NAMED: OnceLock<BTreeMap<String, Country>> = OnceLock::new();
    NAMED.get_or_init(|| {
        let mut named = BTreeMap::new();
        let ours = NAMES.split('|').filter_map(|entry| entry.trim().rsplit_once(' '));
        let theirs = rust_iso3166::ALL.iter().map(|country| (country.name, country.alpha2));
        let former = iso3166_3::ALL.iter().map(|entry| (entry.name, entry.code));
        for (name, code) in ours.chain(theirs).chain(former) {
            let Ok(country) = by_code(code) else { continue };
            // `Moldova (the Republic of)` and `Burma, Socialist Republic of the Union of` are also known without the rest.
            let short = name.split([',', '(']).next().unwrap_or(name);
            let is_one_of_two =
                short != name && ["korea", "congo"].contains(&normalise::fold(short).as_str());
            for form in [Some(name), (!is_one_of_two).then_some(short)].into_iter().flatten() {
                named.entry(normalise::fold(form)).or_insert(country);
            }
        }
        named
    })
}
