//! `rehearsal validate`: reads reference data, replays it, and says where we differ.
//!
//! Every kind returns a [`Validation`]; the command line prints it and turns it into an exit code.

use serde::Serialize;

pub mod cache;
pub mod calendar;
mod cpu;
pub mod entities;
pub mod sabre;
pub mod search;
pub mod sequences;
mod vectors;
pub mod webhooks;

/// What a validation found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Validation {
    /// Rows that agree within the stated tolerance.
    pub passed: u64,
    /// Rows that do not.
    pub failed: u64,
    /// Rows of kinds that we do not build.
    pub skipped: u64,
    /// The largest difference seen, and where.
    pub worst: Option<Worst>,
    /// The first ten failures, each in one line with expected and actual values.
    pub first_failures: Vec<String>,
    /// Work per CPU-second, in the unit that `throughput_unit` names.
    pub throughput: f64,
    /// For example `player-seconds per CPU-second`.
    pub throughput_unit: &'static str,
    /// The same counts by kind of vector, where the data has kinds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<KindCount>,
    /// Whether the number of failures is within what the kind allows (sabre: 0.1 % of rows).
    pub agrees: bool,
}

/// Counts of one kind of vector.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct KindCount {
    /// The kind, as the data names it.
    pub kind: &'static str,
    /// Vectors that agree.
    pub passed: u64,
    /// Vectors that do not.
    pub failed: u64,
    /// Vectors of a kind that we do not build.
    pub skipped: u64,
}

/// Failures that are shown in full.
const FAILURES_SHOWN: usize = 10;

impl Validation {
    /// Takes in a vector of a kind that is judged: `None` where it agrees, or in what it differs.
    pub(crate) fn judge(&mut self, kind: &'static str, ordinal: usize, difference: Option<String>) {
        let Some(difference) = difference else {
            self.passed += 1;
            self.kind(kind).passed += 1;
            return;
        };
        self.failed += 1;
        self.kind(kind).failed += 1;
        if self.first_failures.len() < FAILURES_SHOWN {
            self.first_failures.push(format!("{kind} {ordinal}: {difference}"));
        }
    }

    /// Takes in vectors of a kind that we do not build.
    pub(crate) fn skip(&mut self, kind: &'static str, vectors: usize) {
        let vectors = vectors as u64;
        self.skipped += vectors;
        self.kind(kind).skipped += vectors;
    }

    fn kind(&mut self, kind: &'static str) -> &mut KindCount {
        let at = self.kinds.iter().position(|count| count.kind == kind).unwrap_or_else(|| {
            self.kinds.push(KindCount { kind, ..KindCount::default() });
            self.kinds.len() - 1
        });
        &mut self.kinds[at]
    }
}

/// The largest difference seen.
#[derive(Debug, Clone, Serialize)]
pub struct Worst {
    /// Absolute difference.
    pub difference: f64,
    /// Which row and column.
    pub at: String,
}
