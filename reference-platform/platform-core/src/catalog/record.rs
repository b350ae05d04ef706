//! A title as the catalogue knows it, and where, when and by whom it may be watched.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use units::{Ppm, Timestamp};

/// The catalogue's own name of a record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(pub String);

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A film.
    Film,
    /// A series as a whole.
    Series,
    /// One episode of a series.
    Episode,
}

impl Kind {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Film => "film",
            Self::Series => "series",
            Self::Episode => "episode",
        }
    }
}

impl FromStr for Kind {
    type Err = CodeError;

    /// Also reads the names that catalogues use: `movie`, `show`, `tv`.
    fn from_str(text: &str) -> Result<Self, CodeError> {
        match text.to_ascii_lowercase().as_str() {
            "film" | "movie" => Ok(Self::Film),
            "series" | "show" | "tv" | "tv show" => Ok(Self::Series),
            "episode" => Ok(Self::Episode),
            _ => Err(CodeError::Kind(text.to_owned())),
        }
    }
}

/// A code that the catalogue cannot read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Neither film nor series nor episode.
    #[error("unknown kind `{0}`: expected film, series or episode")]
    Kind(String),
    /// Not two letters.
    #[error("`{0}` is no territory: expected two letters of ISO 3166-1")]
    Territory(String),
}

/// A territory: two letters of ISO 3166-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Territory([u8; 2]);

impl FromStr for Territory {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        match text.as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Ok(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => Err(CodeError::Territory(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Territory {
    type Error = CodeError;

    fn try_from(text: String) -> Result<Self, CodeError> {
        text.parse()
    }
}

impl From<Territory> for String {
    fn from(territory: Territory) -> Self {
        territory.to_string()
    }
}

impl fmt::Display for Territory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", char::from(self.0[0]), char::from(self.0[1]))
    }
}

/// Who a title is fit for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maturity {
    /// Youngest age in years; [`Maturity::ADULT`] where nothing is known.
    pub age_min: u8,
    /// The rating as it came, in the terms of its system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<String>,
}

impl Maturity {
    /// The age from which everything may be watched, and that of whatever nobody has rated.
    pub const ADULT: u8 = 18;
}

impl Default for Maturity {
    fn default() -> Self {
        Self { age_min: Self::ADULT, original: None }
    }
}

/// One title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TitleRecord {
    /// The catalogue's own name of it.
    pub id: RecordId,
    /// What it is.
    pub kind: Kind,
    /// As it is shown.
    pub title: String,
    /// Other titles of the same work: translations, working titles.
    #[serde(default)]
    pub alternative_titles: Vec<String>,
    /// Year of the first release.
    pub year: Option<u16>,
    /// Actors, as credited.
    #[serde(default)]
    pub cast: Vec<String>,
    /// Directors, as credited.
    #[serde(default)]
    pub directors: Vec<String>,
    /// Genres.
    #[serde(default)]
    pub genres: Vec<String>,
    /// Countries of production.
    #[serde(default)]
    pub countries: Vec<String>,
    /// Languages (BCP 47).
    #[serde(default)]
    pub languages: Vec<String>,
    /// Who it is fit for.
    #[serde(default)]
    pub maturity: Maturity,
    /// Summary.
    #[serde(default)]
    pub description: String,
    /// Running time in minutes.
    #[serde(default)]
    pub runtime_min: Option<u16>,
    /// When it came into the catalogue.
    #[serde(default)]
    pub added: Option<jiff::civil::Date>,
    /// How much it is watched, among all titles.
    #[serde(default)]
    pub popularity: Ppm,
    /// Its names elsewhere, by whose they are.
    #[serde(default)]
    pub external_ids: BTreeMap<String, String>,
}

/// What a viewer has paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Free with advertisements.
    #[default]
    Free,
    /// The basic subscription.
    Basic,
    /// The full subscription.
    Premium,
}

/// Where and when a title may be watched, and from which tier on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Availability {
    /// Which title.
    pub title: RecordId,
    /// Where.
    pub territory: Territory,
    /// From then on.
    pub start: Timestamp,
    /// Until just before then; for good if absent.
    pub end: Option<Timestamp>,
    /// The lowest tier that may watch it.
    pub tier: Tier,
}

impl Availability {
    /// Whether the window [start, end) holds `now`.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.start <= now && self.end.is_none_or(|end| now < end)
    }
}
