//! Faults on the time axis: the shaded bands of a report and the stretches that a gate looks at.

use serde::{Deserialize, Serialize};
use units::{Micros, Timestamp};

use crate::fault::Fault;

/// A stretch of virtual time, `[from, to)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// The first instant in it.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
}

/// A fault as a report draws it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// The fault's name.
    pub id: String,
    /// The fault's kind, for the legend.
    pub kind: String,
    /// When it is in force.
    pub span: Span,
    /// When it is at full strength; equal to `span.from` without a ramp, `span.to` if it never gets there.
    pub full_from: Timestamp,
    /// Row of the band, 0 the topmost: bands that overlap in time have different rows.
    pub row: u16,
}

impl Span {
    /// Whether `now` is in it.
    #[must_use]
    pub fn contains(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.to
    }

    /// Its length.
    #[must_use]
    pub const fn length(&self) -> Micros {
        self.to.since(self.from)
    }
}

impl Fault {
    /// When it is in force and for `tail` longer, cut at `end` (the aftermath belongs to the damage).
    #[must_use]
    pub fn span(&self, tail: Micros, end: Timestamp) -> Span {
        Span { from: self.at.min(end), to: self.ends().saturating_add(tail).min(end) }
    }
}

/// The bands of all faults in order of their begin (ties: order given), cut at `end`.
#[must_use]
pub fn bands(faults: &[Fault], end: Timestamp) -> Vec<Band> {
    let mut order: Vec<&Fault> = faults.iter().collect();
    order.sort_by_key(|fault| fault.at);
    let mut busy_until: Vec<Timestamp> = Vec::new();
    order.into_iter().map(|fault| band(fault, end, &mut busy_until)).collect()
}

/// One band in the first row that is free by then.
#[expect(clippy::cast_possible_truncation, reason = "a scenario is far too small for 2^16 faults")]
fn band(fault: &Fault, end: Timestamp, busy_until: &mut Vec<Timestamp>) -> Band {
    let span = fault.span(Micros::ZERO, end);
    let row = busy_until.iter().position(|&until| until <= span.from).unwrap_or_else(|| {
        busy_until.push(Timestamp::ZERO);
        busy_until.len() - 1
    });
    busy_until[row] = span.to;
    Band {
        id: fault.id.clone(),
        kind: fault.action.kind().to_owned(),
        full_from: fault.at.saturating_add(fault.ramp).min(span.to),
        span,
        row: row as u16,
    }
}

#[cfg(test)]
mod tests;
