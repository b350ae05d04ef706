//! Before, after, and the change between them, with intervals.

use serde::{Deserialize, Serialize};

use super::Subject;
use crate::gate::{Aggregation, Interval, Query};
use crate::measure::{SeedRun, Split};
use crate::metric::{self, Metric, Unit};
use crate::num::Num;
use crate::stats::{Estimate, confidence_per_look, mean_interval, paired_change, unpaired_change};

/// One number, before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Headline {
    /// Id of the metric.
    pub metric: String,
    /// `p95` and the like, where the metric is a distribution.
    pub aggregation: Option<String>,
    /// Unit of before and after.
    pub unit: Unit,
    /// The arm that is compared with, where there is one and it was measured.
    pub before: Option<Side>,
    /// The arm that is judged.
    pub after: Option<Side>,
    /// Relative change, -0.63 for 63 % less.
    pub change: Option<Side>,
}

/// A value with its interval over seeds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Side {
    /// Over all seeds.
    pub value: Num,
    /// `None` with one seed.
    pub interval: Option<Interval>,
}

/// The numbers on top of every report.
const HEADLINES: [(&str, Option<Aggregation>); 6] = [
    ("playback.rebuffering_ratio", None),
    ("playback.start_failure_ratio", None),
    ("playback.mean_bitrate", None),
    ("playback.startup_time", Some(Aggregation::Quantile(950_000))),
    ("delivery.edge_hit_ratio", None),
    ("delivery.origin_bytes", None),
];

pub(super) fn headlines(subject: &Subject, runs: &[SeedRun]) -> Vec<Headline> {
    let wanted = HEADLINES.iter().map(|(id, aggregation)| (metric::known(id), *aggregation));
    let all = wanted.map(|(metric, aggregation)| compare(subject, runs, metric, aggregation));
    all.filter(|headline| headline.before.is_some() || headline.after.is_some()).collect()
}

/// Compares the two arms of the subject on a metric over everything.
#[must_use]
pub fn compare(
    subject: &Subject,
    runs: &[SeedRun],
    metric: &Metric,
    aggregation: Option<Aggregation>,
) -> Headline {
    compare_split(subject, runs, (metric, aggregation), &Split::All)
}

/// Compares the two arms of the subject on an aggregation of a metric over a split.
#[must_use]
pub fn compare_split(
    subject: &Subject,
    runs: &[SeedRun],
    (metric, aggregation): (&Metric, Option<Aggregation>),
    split: &Split,
) -> Headline {
    let confidence = confidence_per_look(subject.confidence.get(), subject.looks);
    let query = Query::whole(metric, aggregation, split);
    let sample = |arm: &str| {
        let of_arm: Vec<&SeedRun> = runs.iter().filter(|run| run.arm == arm).collect();
        query.sample(&of_arm).ok()
    };
    let before = subject.reference().and_then(sample);
    let after = sample(subject.judged());
    let change = before.as_ref().zip(after.as_ref()).and_then(|(before, after)| {
        let pairs = crate::gate::paired(&before.per_seed, &after.per_seed);
        if pairs.is_empty() {
            unpaired_change(&before.values(), &after.values(), confidence)
        } else {
            paired_change(&pairs, confidence)
        }
    });
    let side = |sample: &crate::gate::Sample| {
        let interval = mean_interval(&sample.values(), confidence).and_then(|estimate| estimate.interval);
        Side::of(Estimate { value: sample.pooled, interval })
    };
    Headline {
        metric: metric.id.to_owned(),
        aggregation: aggregation.map(|aggregation| aggregation.to_string()),
        unit: metric.unit_of(aggregation).unwrap_or(metric.unit),
        before: before.as_ref().map(side),
        after: after.as_ref().map(side),
        change: change.map(Side::of),
    }
}

impl Side {
    fn of(estimate: Estimate) -> Self {
        let interval = estimate.interval.map(|(low, high)| Interval::new(low, high));
        Self { value: Num::new(estimate.value), interval }
    }
}
