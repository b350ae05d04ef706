//! What the judgement of a gate says, ready to print and to store.

use serde::{Deserialize, Serialize};

use super::{Location, Severity};
use crate::metric::Unit;
use crate::num::Num;

/// The state of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateState {
    /// `pass` holds.
    Pass,
    /// `warn` holds.
    Warn,
    /// What it needs was not observed; never a pass.
    NotJudged,
    /// The interval over seeds straddles the limit.
    Inconclusive,
    /// Neither holds.
    Fail,
}

/// Why a gate was not judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// No run measured the metric (or kept it in time buckets, where the gate asks for a part of the time).
    NotObserved,
    /// It was measured, and nothing happened to count.
    EmptySample,
    /// The gate is for the other driver.
    OtherFidelity,
    /// There is no baseline.
    NoBaseline,
}

/// An interval over seeds, in the unit of the value it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end; minus infinity where open.
    pub low: Num,
    /// Upper end; infinity where open.
    pub high: Num,
}

/// One condition of a gate and what was found, for the split that decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checked {
    /// The condition, as written.
    pub condition: String,
    /// The unit of value, interval and limit; for a comparison [`Unit::Share`], a relative change.
    pub unit: Unit,
    /// True when value and limit are changes against `vs`.
    pub change: bool,
    /// The value over all seeds.
    pub value: Option<Num>,
    /// The interval over seeds; `None` with one seed or an invariant.
    pub interval: Option<Interval>,
    /// The limit.
    pub limit: Num,
    /// State by `pass` alone: pass, inconclusive or fail.
    pub state: GateState,
}

/// A judged gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateResult {
    /// Key in the scenario.
    pub id: String,
    /// Metric it bounds.
    pub metric: String,
    /// Arm it judged.
    pub arm: String,
    /// The limit in one line.
    pub limit: String,
    /// The outcome.
    pub state: GateState,
    /// Why it was not judged.
    pub reason: Option<Reason>,
    /// Whether it decides.
    pub severity: Severity,
    /// Not judged counts as failed.
    pub required: bool,
    /// It decides, and its sample is empty or its baseline missing: the run as a whole could not be judged.
    pub unjudgeable: bool,
    /// The split that decided (the worst), `all` without a split.
    pub split: String,
    /// One entry per condition of `pass`, for that split.
    pub checked: Vec<Checked>,
    /// Seeds that were used.
    pub seeds: u32,
    /// Confidence of the intervals, after payment for repeated looks.
    pub confidence: Num,
    /// A sentence that the numbers do not say: the seed of a counterexample, why something was left out.
    pub notes: Vec<String>,
    /// Where the gate is written.
    pub location: Option<Location>,
}

impl GateState {
    /// One word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warning",
            Self::Fail => "FAIL",
            Self::Inconclusive => "inconclusive",
            Self::NotJudged => "not judged",
        }
    }

    /// A sign that does not need colour.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Pass => "✓",
            Self::Warn => "!",
            Self::Fail => "✗",
            Self::Inconclusive => "?",
            Self::NotJudged => "–",
        }
    }
}

impl Reason {
    /// The reason as a clause.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotObserved => "this run did not measure it",
            Self::EmptySample => "nothing happened that could be counted",
            Self::OtherFidelity => "only the other kind of run may decide it",
            Self::NoBaseline => "there is no baseline to compare with",
        }
    }
}

impl Interval {
    /// An interval, rounded for the report.
    #[must_use]
    pub fn new(low: f64, high: f64) -> Self {
        Self { low: Num::new(low), high: Num::new(high) }
    }
}

impl GateResult {
    /// True when the gate decides and its state is a failure: failed, or required and not judged.
    #[must_use]
    pub fn blocks(&self) -> bool {
        self.severity == Severity::Block && self.failed()
    }

    /// True when it failed, or is required and was not judged.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.state == GateState::Fail || (self.required && self.state == GateState::NotJudged)
    }

    /// The condition to show: the first that did not pass, else the first.
    #[must_use]
    pub fn shown(&self) -> Option<&Checked> {
        self.checked.iter().max_by(|a, b| a.state.cmp(&b.state).then(std::cmp::Ordering::Greater))
    }
}
