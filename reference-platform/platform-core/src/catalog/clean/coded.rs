//! Languages, countries and ratings in the one form that the catalogue keeps.
//!
//! A code that is not known is taken out and said with what was expected: a title is not withheld because one of its languages
//! is misspelt. A rating that is not known leaves a title for adults.

use super::{Change, change};
use crate::catalog::codes::{self, UnknownCode};
use crate::catalog::maturity;
use crate::catalog::record::{Maturity, TitleRecord};

/// Languages as BCP 47, countries as ISO 3166, each once.
pub(super) fn codes(record: &mut TitleRecord, changes: &mut Vec<Change>) {
    changes.extend(list(("languages", "language code"), &mut record.languages, |text| {
        codes::language(text).map(|tag| tag.to_string())
    }));
    changes.extend(list(("countries", "country code"), &mut record.countries, |text| {
        codes::country(text).map(|country| country.to_string())
    }));
}

/// Each text as its code; those that have none, and those that are there already, go.
fn list(
    at: (&'static str, &'static str),
    texts: &mut Vec<String>,
    read: impl Fn(&str) -> Result<String, UnknownCode>,
) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut kept: Vec<String> = Vec::with_capacity(texts.len());
    for text in texts.drain(..) {
        let (code, why) = match read(&text) {
            Ok(code) => (Some(code).filter(|code| !kept.contains(code)), None),
            Err(_) if text.is_empty() => (None, None),
            Err(unknown) => (None, Some(unknown.to_string())),
        };
        if code.as_deref() != Some(text.as_str()) {
            changes.push(Change { why, ..change(at, text, code.clone().unwrap_or_default()) });
        }
        kept.extend(code);
    }
    *texts = kept;
    changes
}

/// The age that a rating means; without one, an age that is none is that of an adult.
pub(super) fn rating(maturity: &mut Maturity, changes: &mut Vec<Change>) {
    let age_min = match maturity.original.take() {
        None => maturity.age_min.min(Maturity::ADULT),
        Some(original) => match maturity::known(&original) {
            Some(age_min) => {
                maturity.original = Some(original);
                age_min
            }
            None => {
                let why = Some(format!("`{original}` is no rating that is known: it counts as adult"));
                changes
                    .push(Change { why, ..change(("maturity", "unknown rating"), original, String::new()) });
                Maturity::ADULT
            }
        },
    };
    if age_min != maturity.age_min {
        let before = maturity.age_min.to_string();
        changes.push(change(("maturity", "age of the rating"), before, age_min.to_string()));
        maturity.age_min = age_min;
    }
}
