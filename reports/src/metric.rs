//! The metric catalogue: one entry per number that a gate may bound or a report may show.
//!
//! A metric that is not here cannot be measured, bounded or shown: an unknown name is an error, never a silent pass.

mod catalogue;
mod unit;

use serde::{Deserialize, Serialize};

pub use unit::Unit;

use crate::measure::SplitBy;
use crate::suggest;

/// How a metric is counted, which decides its tally, its merge and its aggregations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Two counts, one a part of (or events within) the other.
    Ratio,
    /// A sum of things that happened.
    Count,
    /// A weighted mean: a sum and its weight.
    Mean,
    /// A distribution, kept as a histogram.
    Spread,
    /// A level over time: value × time and time.
    Gauge,
}

/// Which way is better for the people affected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Better {
    /// Less is better.
    Lower,
    /// More is better.
    Higher,
    /// A description of the load, neither good nor bad.
    Neither,
}

/// What is kept of a metric beside its value over everyone and the whole measured time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Parts {
    /// Whom it is kept for, each over the whole measured time.
    pub splits: &'static [SplitBy],
    /// Whether it is kept for every bucket of time, over everyone: what `during` and `window` need.
    pub over_time: bool,
}

/// One entry of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Metric {
    /// Dotted name, as scenarios write it.
    pub id: &'static str,
    /// What readers of a report call it.
    pub label: &'static str,
    /// How it is counted.
    pub kind: Kind,
    /// The unit of its values; times are tallied in microseconds.
    pub unit: Unit,
    /// Which way is better.
    pub better: Better,
    /// Into what it is divided, and so what a gate may ask of it.
    pub parts: Parts,
    /// One sentence for a stakeholder.
    pub meaning: &'static str,
    /// The formula, over what the tally holds.
    pub formula: &'static str,
    /// Where the definition comes from.
    pub source: &'static str,
}

/// All metrics, sorted by id.
#[must_use]
pub fn all() -> &'static [Metric] {
    &catalogue::METRICS
}

/// The metric of that id.
#[must_use]
pub fn lookup(id: &str) -> Option<&'static Metric> {
    let metrics = all();
    metrics.binary_search_by(|metric| metric.id.cmp(id)).ok().map(|at| &metrics[at])
}

/// The id that was probably meant, also when only the part after the dot was written.
#[must_use]
pub fn did_you_mean(id: &str) -> Option<&'static str> {
    let bare = |full: &'static str| full.split_once('.').map_or(full, |(_, name)| name);
    let by_name = || suggest::nearest(id, all().iter().map(|metric| bare(metric.id)));
    suggest::nearest(id, all().iter().map(|metric| metric.id)).or_else(|| {
        by_name().and_then(|name| all().iter().map(|metric| metric.id).find(|full| bare(full) == name))
    })
}

/// `metric!`-free access for code that names a catalogue entry itself.
///
/// # Panics
/// When `id` is not in the catalogue: only our own code calls this, with a literal.
#[must_use]
pub fn known(id: &str) -> &'static Metric {
    lookup(id).unwrap_or_else(|| panic!("`{id}` is not in the metric catalogue"))
}

impl Parts {
    /// What players count.
    pub(crate) const VIEWERS: Self =
        Self { splits: &[SplitBy::Cohort, SplitBy::Cdn, SplitBy::Region, SplitBy::Device], over_time: true };
    /// As viewers, and by what made them wait.
    pub(crate) const STALLS: Self = Self { splits: &SplitBy::ALL, over_time: true };
    /// A distribution over starts: too large to be kept for every bucket.
    pub(crate) const STARTS: Self = Self { splits: &[SplitBy::Cohort, SplitBy::Region], over_time: false };
    /// What the platform counts: nobody's in particular.
    pub(crate) const WHOLE: Self = Self { splits: &[], over_time: true };

    /// In words: `by cohort, region; not over time`.
    #[must_use]
    pub fn text(&self) -> String {
        let words: Vec<&str> = self.splits.iter().map(|by| by.word()).collect();
        let by = if words.is_empty() {
            "of everything only".to_owned()
        } else {
            format!("by {}", words.join(", "))
        };
        format!("{by}; {}", if self.over_time { "over time" } else { "not over time" })
    }
}

impl Metric {
    /// What turns the quotient of a tally into the metric's unit: events per hour count against microseconds.
    #[must_use]
    pub const fn scale(&self) -> f64 {
        match self.unit {
            Unit::PerHour => 3_600_000_000.0,
            _ => 1.0,
        }
    }

    /// True when a change of that sign is for the better; false also for "neither".
    #[must_use]
    pub fn improves(&self, change: f64) -> bool {
        match self.better {
            Better::Lower => change < 0.0,
            Better::Higher => change > 0.0,
            Better::Neither => false,
        }
    }
}

impl Kind {
    /// The word in lists and messages.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ratio => "ratio",
            Self::Count => "count",
            Self::Mean => "mean",
            Self::Spread => "spread",
            Self::Gauge => "gauge",
        }
    }
}

#[cfg(test)]
mod tests;
