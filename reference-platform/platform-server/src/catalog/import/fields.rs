//! A record as suppliers write it: most fields may be missing, and some have several forms.

use std::collections::BTreeMap;

use platform_core::catalog::clean::Change;
use platform_core::catalog::codes;
use platform_core::catalog::record::{Availability, Kind, Maturity, RecordId, Territory, Tier, TitleRecord};
use serde::Deserialize;
use units::{Ppm, Timestamp};

use super::{Format, dates};
use crate::catalog::store::Incoming;

/// Why a record cannot be taken, and what a person may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) reason: String,
    pub(super) suggestion: String,
}

impl Refusal {
    pub(super) fn new(reason: impl Into<String>, suggestion: &str) -> Self {
        Self { reason: reason.into(), suggestion: suggestion.to_owned() }
    }
}

/// A number, or one in quotation marks.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Whole {
    Number(i64),
    Text(String),
}

/// A rating of some system, an age, or both as the catalogue keeps them.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Rating {
    Age(u8),
    Text(String),
    Kept(Maturity),
}

/// A tier by name or number.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum TierField {
    Number(u8),
    Name(Tier),
}

/// A window.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct WindowFields {
    #[serde(alias = "territory")]
    pub(super) region: String,
    pub(super) start: String,
    #[serde(default)]
    pub(super) end: Option<String>,
    #[serde(default)]
    pub(super) tier: Option<TierField>,
}

/// A record.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Fields {
    pub(super) id: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) title: Option<String>,
    pub(super) alternative_titles: Option<Vec<String>>,
    pub(super) year: Option<Whole>,
    pub(super) cast: Option<Vec<String>>,
    pub(super) directors: Option<Vec<String>>,
    pub(super) genres: Option<Vec<String>>,
    pub(super) countries: Option<Vec<String>>,
    pub(super) languages: Option<Vec<String>>,
    pub(super) maturity: Option<Rating>,
    pub(super) description: Option<String>,
    pub(super) runtime_min: Option<Whole>,
    pub(super) added: Option<String>,
    /// Millionths.
    pub(super) popularity: Option<u32>,
    /// From 0 to 1.
    pub(super) notability: Option<f64>,
    pub(super) source: Option<String>,
    pub(super) wiki: Option<String>,
    pub(super) netflix: Option<String>,
    pub(super) external_ids: Option<BTreeMap<String, String>>,
    pub(super) availability: Option<Vec<WindowFields>>,
}

impl Fields {
    /// A line of JSON.
    pub(super) fn of_json(line: &[u8], format: Format) -> Result<Self, Refusal> {
        let line = std::str::from_utf8(line).map_err(|error| {
            let reason = format!("the line is not UTF-8 from byte {}", error.valid_up_to() + 1);
            Refusal::new(reason, "ask the supplier for the file in UTF-8")
        })?;
        // A mark at the start of a file says that it is UTF-8, and is no part of it.
        let line = line.strip_prefix('\u{feff}').unwrap_or(line);
        let fields: Self = serde_json::from_str(line).map_err(|error| {
            let suggestion = if error.is_data() {
                "correct the field; texts are in quotation marks, lists in brackets"
            } else {
                "write one whole JSON object a line"
            };
            Refusal::new(format!("the line is no record: {error}"), suggestion)
        })?;
        if format == Format::Reference && (fields.notability.is_none() || fields.source.is_none()) {
            let reason = "the record has no `source` or no `notability`";
            return Err(Refusal::new(reason, "import the file with --format jsonl"));
        }
        Ok(fields)
    }

    /// The record as the catalogue keeps it, before it is cleaned, and what was changed in its windows; without windows of its
    /// own, it is open in `regions`.
    pub(super) fn into_incoming(self, regions: &[Territory]) -> Result<(Incoming, Vec<Change>), Refusal> {
        let missing = |field: &str| {
            Refusal::new(format!("the record has no `{field}`"), "ask the supplier for the field")
        };
        let id = RecordId(self.id.ok_or_else(|| missing("id"))?.trim().to_owned());
        let kind = self.kind.ok_or_else(|| missing("kind"))?;
        let kind: Kind =
            kind.trim().parse().map_err(|error: platform_core::catalog::record::CodeError| {
                Refusal::new(error.to_string(), "write film, series or episode")
            })?;
        let added = self.added.filter(|text| !text.trim().is_empty()).map(|text| {
            let unknown =
                || Refusal::new(format!("`added` is `{text}`, which is no day"), "write days as 2021-09-25");
            dates::day(&text).ok_or_else(unknown)
        });
        let mut changes = Vec::new();
        let windows = match self.availability {
            Some(list) => windows(list, &id, &mut changes)?,
            None => everywhere(&id, regions),
        };
        let mut external_ids = self.external_ids.unwrap_or_default();
        for (whose, name) in [("wikipedia", self.wiki), ("netflix", self.netflix)] {
            external_ids.extend(name.map(|name| (whose.to_owned(), name)));
        }
        let runtime = whole("runtime_min", self.runtime_min)?;
        let record = TitleRecord {
            kind,
            title: self.title.ok_or_else(|| missing("title"))?,
            alternative_titles: self.alternative_titles.unwrap_or_default(),
            year: whole("year", self.year)?,
            cast: self.cast.unwrap_or_default(),
            directors: self.directors.unwrap_or_default(),
            genres: self.genres.unwrap_or_default(),
            countries: self.countries.unwrap_or_default(),
            languages: self.languages.unwrap_or_default(),
            maturity: self.maturity.map_or_else(Maturity::default, Rating::into_maturity),
            description: self.description.unwrap_or_default(),
            runtime_min: runtime,
            added: added.transpose()?,
            popularity: popularity(self.popularity, self.notability),
            external_ids,
            id,
        };
        Ok((Incoming { record, windows }, changes))
    }
}

/// A count that may be in quotation marks; one that no field has room for is left out, as cleaning does with years.
fn whole(field: &str, value: Option<Whole>) -> Result<Option<u16>, Refusal> {
    let number = match value {
        None => return Ok(None),
        Some(Whole::Number(number)) => number,
        Some(Whole::Text(text)) if text.trim().is_empty() => return Ok(None),
        Some(Whole::Text(text)) => text.trim().parse().map_err(|_| {
            Refusal::new(format!("`{field}` is `{text}`, which is no number"), "write it in digits")
        })?,
    };
    Ok(u16::try_from(number).ok())
}

impl Rating {
    fn into_maturity(self) -> Maturity {
        match self {
            Self::Age(age_min) => Maturity { age_min, original: None },
            Self::Kept(maturity) => maturity,
            Self::Text(text) if text.trim().is_empty() => Maturity::default(),
            // Cleaning reads the age from the rating, and says so.
            Self::Text(text) => Maturity { original: Some(text), ..Maturity::default() },
        }
    }
}

fn popularity(millionths: Option<u32>, share: Option<f64>) -> Ppm {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 0..=1 and scaled to a million"
    )]
    let of_share = |share: f64| (share.clamp(0.0, 1.0) * f64::from(Ppm::ONE.0)) as u32;
    Ppm(millionths.unwrap_or_else(|| share.map_or(0, of_share)).min(Ppm::ONE.0))
}

fn everywhere(id: &RecordId, regions: &[Territory]) -> Vec<Availability> {
    let window = |&territory| Availability {
        title: id.clone(),
        territory,
        start: Timestamp(0),
        end: None,
        tier: Tier::Free,
    };
    regions.iter().map(window).collect()
}

/// The windows of a record, one for each territory; what was not written as the code of one territory is a change.
fn windows(
    list: Vec<WindowFields>,
    id: &RecordId,
    changes: &mut Vec<Change>,
) -> Result<Vec<Availability>, Refusal> {
    let mut windows = Vec::new();
    for fields in list {
        let territories = codes::territories(&fields.region).map_err(|unknown| {
            let suggestion = "write territories as two letters, for example DE, or a region as LATAM or 419";
            Refusal::new(unknown.to_string(), suggestion)
        })?;
        let after = territories.iter().map(Territory::to_string).collect::<Vec<_>>().join(", ");
        if after != fields.region {
            let before = fields.region.clone();
            changes.push(Change { field: "availability", step: "territory code", before, after, why: None });
        }
        let window = fields.read()?;
        windows.extend(territories.into_iter().map(|territory| Availability {
            title: id.clone(),
            territory,
            start: window.start,
            end: window.end,
            tier: window.tier,
        }));
    }
    Ok(windows)
}

/// When and for whom a window is open.
struct Open {
    start: Timestamp,
    end: Option<Timestamp>,
    tier: Tier,
}

impl WindowFields {
    fn read(self) -> Result<Open, Refusal> {
        let territory = self.region.trim();
        let moment = |text: &str| {
            dates::moment(text).ok_or_else(|| {
                let reason = format!("a window in {territory} has the moment `{text}`, which is none");
                Refusal::new(reason, "write a day (2021-09-25) or a time with its offset (RFC 3339)")
            })
        };
        let start = moment(&self.start)?;
        let end = self.end.as_deref().filter(|text| !text.trim().is_empty()).map(moment).transpose()?;
        if end.is_some_and(|end| end <= start) {
            let reason = format!("a window in {territory} ends before it starts");
            return Err(Refusal::new(reason, "see whether start and end were exchanged"));
        }
        let tier = match self.tier {
            None | Some(TierField::Number(0)) => Tier::Free,
            Some(TierField::Number(1)) => Tier::Basic,
            Some(TierField::Number(2)) => Tier::Premium,
            Some(TierField::Name(tier)) => tier,
            Some(TierField::Number(other)) => {
                let reason = format!("a window in {territory} has the tier {other}, which is none");
                return Err(Refusal::new(reason, "write free, basic or premium, or 0, 1 or 2"));
            }
        };
        Ok(Open { start, end, tier })
    }
}
