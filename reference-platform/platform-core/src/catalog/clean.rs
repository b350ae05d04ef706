//! Metadata as suppliers send it, brought to the form that the catalogue keeps; every change is reported.
//!
//! Each step is a pure function of one field, changes nothing that is in order, and does nothing the second time. What a step
//! cannot mend without guessing is refused with a reason and a suggestion: such a record is set aside for a person, and the
//! import goes on. Where a title can do without a value (a year, a language, a country, a rating), an impossible or unknown
//! one is taken out instead, and the change says what was expected.

use unicode_normalization::UnicodeNormalization;

use super::normalise;
use super::record::{Maturity, TitleRecord};

mod coded;

/// First year of which a film is known.
const YEAR_MIN: u16 = 1888;
/// How many years ahead a production is announced.
const YEARS_AHEAD: u16 = 3;
/// Entities that stand in texts which were escaped once too often.
const ENTITIES: [(&str, &str); 7] = [
    ("&amp;", "&"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&apos;", "'"),
    ("&nbsp;", " "),
    ("&lt;", "<"),
    ("&gt;", ">"),
];

/// What one step changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which field.
    pub field: &'static str,
    /// Which step.
    pub step: &'static str,
    /// What stood there.
    pub before: String,
    /// What stands there now; nothing if it was taken out.
    pub after: String,
    /// Why it was taken out and what was expected, if the step knows no code for it.
    pub why: Option<String>,
}

/// A record in order, and what that took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleaned {
    /// The record.
    pub record: TitleRecord,
    /// What was changed, in order.
    pub changes: Vec<Change>,
}

/// Why a record is set aside.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// UTF-8 that was read as Latin-1 and written again, or bytes that were lost.
    #[error("{field} `{text}` was decoded wrongly")]
    Mojibake {
        /// Which field.
        field: &'static str,
        /// Its text.
        text: String,
    },
    /// Nothing is left of the title.
    #[error("the title is empty")]
    NoTitle,
    /// Nothing to call the record by.
    #[error("the id is empty")]
    NoId,
}

impl Refused {
    /// What a person may do about it.
    #[must_use]
    pub const fn suggestion(&self) -> &'static str {
        match self {
            Self::Mojibake { .. } => "ask the supplier for the file in UTF-8; it was converted twice or cut",
            Self::NoTitle => "fill the title in, or drop the record",
            Self::NoId => "give the record the supplier's own id",
        }
    }
}

/// Brings a record in order; `this_year` bounds the years of release.
///
/// # Errors
/// [`Refused`], when the record needs a person.
pub fn clean(mut record: TitleRecord, this_year: u16) -> Result<Cleaned, Refused> {
    let mut changes = Vec::new();
    if record.id.0.trim().is_empty() {
        return Err(Refused::NoId);
    }
    text("title", &mut record.title, &mut changes)?;
    replace(("title", "article to the front"), &mut record.title, article_first, &mut changes);
    if record.title.is_empty() {
        return Err(Refused::NoTitle);
    }
    text("description", &mut record.description, &mut changes)?;
    list("alternative_titles", &mut record.alternative_titles, &mut changes)?;
    list("cast", &mut record.cast, &mut changes)?;
    list("directors", &mut record.directors, &mut changes)?;
    list("genres", &mut record.genres, &mut changes)?;
    texts("languages", &mut record.languages, &mut changes)?;
    texts("countries", &mut record.countries, &mut changes)?;
    coded::codes(&mut record, &mut changes);
    if let Some(year) = record.year.filter(|year| !(YEAR_MIN..=this_year + YEARS_AHEAD).contains(year)) {
        changes.push(change(("year", "out of range"), year.to_string(), String::new()));
        record.year = None;
    }
    runtime_from_rating(&mut record, &mut changes);
    if let Some(original) = &mut record.maturity.original {
        replace(("maturity", "spaces"), original, plain_spaces, &mut changes);
    }
    coded::rating(&mut record.maturity, &mut changes);
    Ok(Cleaned { record, changes })
}

fn change((field, step): (&'static str, &'static str), before: String, after: String) -> Change {
    Change { field, step, before, after, why: None }
}

/// Runs one step on one text.
fn replace(
    at: (&'static str, &'static str),
    text: &mut String,
    step: impl Fn(&str) -> String,
    changes: &mut Vec<Change>,
) {
    let after = step(text);
    if after != *text {
        changes.push(change(at, std::mem::replace(text, after.clone()), after));
    }
}

/// The steps for any text.
fn text(field: &'static str, text: &mut String, changes: &mut Vec<Change>) -> Result<(), Refused> {
    if is_mojibake(text) {
        return Err(Refused::Mojibake { field, text: text.clone() });
    }
    replace((field, "entities"), text, without_entities, changes);
    replace((field, "composed"), text, |text| text.nfc().collect(), changes);
    replace((field, "spaces"), text, plain_spaces, changes);
    Ok(())
}

/// The same for every text of a list.
fn texts(field: &'static str, texts: &mut [String], changes: &mut Vec<Change>) -> Result<(), Refused> {
    texts.iter_mut().try_for_each(|one| text(field, one, changes))
}

/// The same, and empty and repeated ones go.
fn list(field: &'static str, texts: &mut Vec<String>, changes: &mut Vec<Change>) -> Result<(), Refused> {
    self::texts(field, texts, changes)?;
    let before = texts.join("; ");
    let mut seen = Vec::with_capacity(texts.len());
    texts.retain(|one| {
        let key = normalise::key(one);
        let is_new = !one.is_empty() && !seen.contains(&key);
        seen.push(key);
        is_new
    });
    let after = texts.join("; ");
    if after != before {
        changes.push(change((field, "repeats"), before, after));
    }
    Ok(())
}

/// Whether a text shows the marks of UTF-8 read as Latin-1, or of bytes that were lost.
#[must_use]
pub fn is_mojibake(text: &str) -> bool {
    let leads = |c: char| matches!(c, '\u{c2}'..='\u{c5}' | '\u{e2}');
    let follows =
        |c: char| matches!(c, '\u{80}'..='\u{bf}' | '\u{20ac}' | '\u{201a}'..='\u{201e}' | '\u{2122}');
    text.contains('\u{fffd}') || text.chars().zip(text.chars().skip(1)).any(|(a, b)| leads(a) && follows(b))
}

/// Entities as the characters that they stand for, until none is left.
#[must_use]
pub fn without_entities(text: &str) -> String {
    let mut plain = text.to_owned();
    // Each round makes the text shorter, so it ends.
    while let Some((entity, character)) = ENTITIES.iter().find(|(entity, _)| plain.contains(entity)) {
        plain = plain.replace(entity, character);
    }
    plain
}

/// Every kind of space as one plain space, none at the ends; marks without width and control characters gone.
#[must_use]
pub fn plain_spaces(text: &str) -> String {
    let is_nothing = |c: &char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    let kept: String = text
        .chars()
        .filter(|c| !is_nothing(c))
        .map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c })
        .collect();
    kept.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// `Lantern, The` as `The Lantern`: English articles only, others are words of other titles.
#[must_use]
pub fn article_first(title: &str) -> String {
    if let Some((front, article)) = title.rsplit_once(", ") {
        let is_article = normalise::ARTICLES.iter().any(|known| article.eq_ignore_ascii_case(known));
        if is_article && front.chars().any(char::is_alphanumeric) {
            return format!("{article} {front}");
        }
    }
    title.to_owned()
}

/// A running time that stands where the rating should: `74 min`.
fn runtime_from_rating(record: &mut TitleRecord, changes: &mut Vec<Change>) {
    let Some(rating) = record.maturity.original.clone() else { return };
    let Some(minutes) = rating.trim().strip_suffix("min").and_then(|front| front.trim().parse().ok()) else {
        return;
    };
    changes.push(change(("maturity", "running time in the rating"), rating, String::new()));
    record.runtime_min.get_or_insert(minutes);
    record.maturity = Maturity::default();
}

#[cfg(test)]
mod tests;
