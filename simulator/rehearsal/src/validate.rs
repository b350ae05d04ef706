//! `rehearsal validate`: reads reference data, replays it, and says where we differ.
//!
//! Every kind returns a [`Validation`]; the command line prints it and turns it into an exit code.

use serde::Serialize;

pub mod cache;
pub mod sabre;

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
    /// Whether the number of failures is within what the kind allows (sabre: 0.1 % of rows).
    pub agrees: bool,
}

/// The largest difference seen.
#[derive(Debug, Clone, Serialize)]
pub struct Worst {
    /// Absolute difference.
    pub difference: f64,
    /// Which row and column.
    pub at: String,
}
