//! What the shipped scenarios take for granted: each with its source, its range, and the key that changes it.
//!
//! Data, so that `rehearsal list assumptions` prints them and the sensitivity table turns one at a time to both ends. The
//! values are those of `before-after`; a test holds the two together.

mod list;

use serde::Serialize;

use crate::document::Document;
use crate::error::ScenarioError;

pub use list::ASSUMPTIONS;

/// One thing taken for granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Assumption {
    /// Its name.
    pub name: &'static str,
    /// The value in `before-after`, as a scenario writes it.
    pub value: &'static str,
    /// What it is counted in.
    pub unit: &'static str,
    /// Who measured it; or `chosen`, and why.
    pub source: &'static str,
    /// The low end of the range that is still plausible.
    pub low: &'static str,
    /// The high end.
    pub high: &'static str,
    /// The key of the scenario that holds it, as `--set` takes it.
    pub key: &'static str,
}

/// Which end of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// The low one.
    Low,
    /// The high one.
    High,
}

/// One run of the sensitivity table.
#[derive(Debug, Clone)]
pub struct Case {
    /// What is varied.
    pub assumption: &'static Assumption,
    /// To which end.
    pub end: End,
    /// The scenario with that one change, and whatever `base` had.
    pub document: Document,
}

impl Assumption {
    /// The value at one end.
    #[must_use]
    pub const fn at(&self, end: End) -> &'static str {
        match end {
            End::Low => self.low,
            End::High => self.high,
        }
    }
}

/// Sections that a scenario may do without: an assumption about one must not bring it into being.
const OPTIONAL: [&str; 4] = ["audience.live.", "audience.vod.", "session_store.", "fault."];

/// One factor at a time, at both ends, over a scenario. What the scenario has not got (no fault, no live event) is left out.
#[must_use]
pub fn cases(base: &Document) -> Vec<Case> {
    let applies = |assumption: &&Assumption| {
        OPTIONAL
            .iter()
            .all(|section| !assumption.key.starts_with(section) || base.has(section.trim_end_matches('.')))
    };
    let ends = ASSUMPTIONS
        .iter()
        .filter(applies)
        .flat_map(|assumption| [End::Low, End::High].map(|end| (assumption, end)));
    ends.filter_map(|(assumption, end)| {
        Some(Case { assumption, end, document: varied(base, assumption, end).ok()? })
    })
    .collect()
}

fn varied(base: &Document, assumption: &Assumption, end: End) -> Result<Document, ScenarioError> {
    let mut document = base.clone();
    document.set(assumption.key, assumption.at(end))?;
    Ok(document)
}
