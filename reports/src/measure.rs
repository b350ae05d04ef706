//! Measurements: integer tallies per metric and split, with optional time buckets.
//!
//! Everything is an integer and merging is exact and commutative, so that cells, threads and shards may join in any
//! order and give the same bytes. Sums saturate instead of wrapping; no real run comes near.

mod histogram;
mod windows;

use serde::{Deserialize, Serialize};
use units::{Micros, Ratio, Seed, Timestamp};

pub use histogram::Histogram;
pub use windows::{Window, over_span, spans_of};

use crate::metric::Kind;

/// What was counted for one metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tally {
    /// Part and whole ([`Kind::Ratio`]). For a per-hour metric: events and microseconds.
    Ratio(Ratio),
    /// A sum ([`Kind::Count`]); times in microseconds.
    Count(u64),
    /// Weighted sum and weight ([`Kind::Mean`], and [`Kind::Gauge`] with time as the weight).
    Mean(Mean),
    /// A distribution ([`Kind::Spread`]); times in microseconds.
    Spread(Histogram),
}

/// A weighted mean kept as its sum and its weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mean {
    /// Sum of value × weight.
    #[serde(with = "decimal_text")]
    pub sum: u128,
    /// Sum of the weights (play time in microseconds, or a number of values).
    pub weight: u64,
}

/// Which part of the audience or the platform a measurement covers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// Everything.
    #[default]
    All,
    /// One cohort of viewers.
    Cohort(String),
    /// One CDN.
    Cdn(String),
    /// One region.
    Region(String),
    /// One kind of device.
    Device(String),
    /// One cause of stalls.
    Cause(String),
}

/// The dimension of a split: what a gate's `split` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitBy {
    /// By cohort.
    Cohort,
    /// By CDN.
    Cdn,
    /// By region.
    Region,
    /// By device.
    Device,
    /// By cause of stalls.
    Cause,
}

/// One metric over one split: the total over the measured span, and buckets from the start of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// Id in the catalogue.
    pub metric: String,
    /// What it covers.
    #[serde(default)]
    pub split: Split,
    /// The tally over the measured span (warm-up excluded).
    pub total: Tally,
    /// One tally per bucket of the [`TimeAxis`], warm-up included; empty where only the total was kept.
    #[serde(default)]
    pub buckets: Vec<Tally>,
}

/// How run time is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeAxis {
    /// Width of a bucket, at least one microsecond.
    pub bucket: Micros,
    /// Where measuring begins: the end of the warm-up.
    pub from: Timestamp,
    /// Where it ends.
    pub to: Timestamp,
}

/// All measurements of one (arm, seed).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedRun {
    /// Which side of the comparison.
    pub arm: String,
    /// Which seed.
    pub seed: Seed,
    /// The time axis, equal in all runs of a scenario.
    pub axis: TimeAxis,
    /// Sorted by (metric, split), each pair once.
    pub measurements: Vec<Measurement>,
}

/// A fault as a reader of the timeline sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultBand {
    /// Id in the scenario.
    pub id: String,
    /// What to write on the band.
    pub label: String,
    /// Start, ramp included.
    pub from: Timestamp,
    /// End, ramp included.
    pub to: Timestamp,
    /// The arms it hit; empty for all.
    #[serde(default)]
    pub arms: Vec<String>,
}

impl Tally {
    /// An empty tally of a metric's kind.
    #[must_use]
    pub fn empty(kind: Kind) -> Self {
        match kind {
            Kind::Ratio => Self::Ratio(Ratio::default()),
            Kind::Count => Self::Count(0),
            Kind::Mean | Kind::Gauge => Self::Mean(Mean::default()),
            Kind::Spread => Self::Spread(Histogram::new()),
        }
    }

    /// True when this tally is how metrics of `kind` are counted.
    #[must_use]
    pub const fn fits(&self, kind: Kind) -> bool {
        matches!(
            (self, kind),
            (Self::Ratio(_), Kind::Ratio)
                | (Self::Count(_), Kind::Count)
                | (Self::Mean(_), Kind::Mean | Kind::Gauge)
                | (Self::Spread(_), Kind::Spread)
        )
    }

    /// Adds another tally of the same kind: exact, commutative, associative.
    ///
    /// # Panics
    /// When the kinds differ: [`crate::report::Report::from_json`] refuses such input, so only our own bug gets here.
    pub fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Ratio(mine), Self::Ratio(theirs)) => {
                mine.part = mine.part.saturating_add(theirs.part);
                mine.whole = mine.whole.saturating_add(theirs.whole);
            }
            (Self::Count(mine), Self::Count(theirs)) => *mine = mine.saturating_add(*theirs),
            (Self::Mean(mine), Self::Mean(theirs)) => mine.merge(theirs),
            (Self::Spread(mine), Self::Spread(theirs)) => mine.merge(theirs),
            (mine, theirs) => panic!("tallies of different kinds cannot be merged: {mine:?} and {theirs:?}"),
        }
    }

    /// The plain value: quotient, sum, mean, or the mean of the distribution; `None` for an empty sample.
    ///
    /// In the tally's own units: multiply by [`crate::Metric::scale`] for the metric's.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "converted once, for display and statistics")]
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::Ratio(ratio) => ratio.value(),
            Self::Count(count) => Some(*count as f64),
            Self::Mean(mean) => mean.value(),
            Self::Spread(histogram) => histogram.mean(),
        }
    }
}

impl Mean {
    /// A mean of one weighted value.
    #[must_use]
    pub const fn of(value: u64, weight: u64) -> Self {
        Self { sum: value as u128 * weight as u128, weight }
    }

    /// Adds one weighted value.
    pub fn add(&mut self, value: u64, weight: u64) {
        self.merge(&Self::of(value, weight));
    }

    /// Adds another mean's sum and weight.
    pub fn merge(&mut self, other: &Self) {
        self.sum = self.sum.saturating_add(other.sum);
        self.weight = self.weight.saturating_add(other.weight);
    }

    /// The mean, or `None` where nothing was counted.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "both are converted once, for display and statistics")]
    pub fn value(&self) -> Option<f64> {
        (self.weight != 0).then(|| self.sum as f64 / self.weight as f64)
    }
}

impl Split {
    /// The dimension, `None` for [`Split::All`].
    #[must_use]
    pub const fn by(&self) -> Option<SplitBy> {
        match self {
            Self::All => None,
            Self::Cohort(_) => Some(SplitBy::Cohort),
            Self::Cdn(_) => Some(SplitBy::Cdn),
            Self::Region(_) => Some(SplitBy::Region),
            Self::Device(_) => Some(SplitBy::Device),
            Self::Cause(_) => Some(SplitBy::Cause),
        }
    }

    /// The name within the dimension, empty for [`Split::All`].
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::All => "",
            Self::Cohort(name)
            | Self::Cdn(name)
            | Self::Region(name)
            | Self::Device(name)
            | Self::Cause(name) => name,
        }
    }

    /// `all`, or `cohort:mobile`.
    #[must_use]
    pub fn text(&self) -> String {
        self.by().map_or_else(|| "all".to_owned(), |by| format!("{}:{}", by.word(), self.name()))
    }
}

impl SplitBy {
    /// All dimensions, in the order of reports.
    pub const ALL: [Self; 5] = [Self::Cohort, Self::Cdn, Self::Region, Self::Device, Self::Cause];

    /// As scenarios write it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cohort => "cohort",
            Self::Cdn => "cdn",
            Self::Region => "region",
            Self::Device => "device",
            Self::Cause => "cause",
        }
    }

    /// The dimension that a scenario names, `None` if there is none of that name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.word() == word)
    }
}

impl Measurement {
    /// A total without buckets.
    #[must_use]
    pub fn total(metric: &str, split: Split, total: Tally) -> Self {
        Self { metric: metric.to_owned(), split, total, buckets: Vec::new() }
    }

    /// Adds another measurement of the same metric and split; missing buckets count as empty.
    pub fn merge(&mut self, other: &Self) {
        self.total.merge(&other.total);
        for (at, tally) in other.buckets.iter().enumerate() {
            match self.buckets.get_mut(at) {
                Some(mine) => mine.merge(tally),
                None => self.buckets.push(tally.clone()),
            }
        }
    }
}

impl SeedRun {
    /// Sorts the measurements and joins those of equal (metric, split), as cells hand them in.
    #[must_use]
    pub fn new(arm: &str, seed: Seed, axis: TimeAxis, mut measurements: Vec<Measurement>) -> Self {
        measurements.sort_by(|a, b| key(a).cmp(&key(b)));
        let mut joined: Vec<Measurement> = Vec::with_capacity(measurements.len());
        for measurement in measurements {
            match joined.last_mut() {
                Some(last) if key(last) == key(&measurement) => last.merge(&measurement),
                _ => joined.push(measurement),
            }
        }
        Self { arm: arm.to_owned(), seed, axis, measurements: joined }
    }

    /// The measurement of a metric over a split.
    #[must_use]
    pub fn get(&self, metric: &str, split: &Split) -> Option<&Measurement> {
        let found = self.measurements.binary_search_by(|m| key(m).cmp(&(metric, split)));
        found.ok().map(|at| &self.measurements[at])
    }
}

impl TimeAxis {
    /// The measured span.
    #[must_use]
    pub const fn span(&self) -> Micros {
        self.to.since(self.from)
    }
}

fn key(measurement: &Measurement) -> (&str, &Split) {
    (&measurement.metric, &measurement.split)
}

/// `u128` as decimal text, because JSON readers keep 53 bits.
mod decimal_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(value: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom(format!("`{text}` is not a whole number")))
    }
}

#[cfg(test)]
mod tests;
