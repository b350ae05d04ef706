//! Time series over all seeds of an arm, coarsened until they can be drawn.

use crate::measure::{Measurement, SeedRun, Split, Tally};
use crate::metric::Metric;
use crate::report::Report;

/// One step of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    /// Start of the step, seconds since the start of the run.
    pub(super) from_s: f64,
    /// End of the step.
    pub(super) to_s: f64,
    /// Over all seeds; `None` where nothing was counted.
    pub(super) value: Option<f64>,
    /// The least seed.
    pub(super) low: Option<f64>,
    /// The greatest seed.
    pub(super) high: Option<f64>,
}

/// The series of a metric in an arm, at most `steps` points; empty where no buckets were kept.
pub(super) fn series(
    report: &Report,
    arm: &str,
    (metric, split): (&Metric, &Split),
    steps: usize,
) -> Vec<Point> {
    let runs = report.runs_of(arm);
    let found: Vec<(&SeedRun, &Measurement)> = runs
        .iter()
        .filter_map(|run| run.get(metric.id, split).map(|measurement| (*run, measurement)))
        .collect();
    let length = found.iter().map(|(_, measurement)| measurement.buckets.len()).max().unwrap_or(0);
    let Some((first, _)) = found.first().filter(|_| length > 0) else { return Vec::new() };
    let group = length.div_ceil(steps.max(1));
    let width_s = first.axis.bucket.as_secs_f64();
    let starts = (0..length).step_by(group);
    starts
        .map(|start| {
            let end = (start + group).min(length);
            let tallies = found.iter().filter_map(|(_, measurement)| merged(measurement, start, end));
            point(metric, tallies.collect(), (index(start) * width_s, index(end) * width_s))
        })
        .collect()
}

fn point(metric: &Metric, tallies: Vec<Tally>, (from_s, to_s): (f64, f64)) -> Point {
    let seeds = index(tallies.len()).max(1.0);
    let values: Vec<f64> =
        tallies.iter().filter_map(Tally::value).map(|value| value * metric.scale()).collect();
    let low = values.iter().copied().reduce(f64::min);
    let high = values.iter().copied().reduce(f64::max);
    let pooled = tallies.into_iter().reduce(|mut sum, tally| {
        sum.merge(&tally);
        sum
    });
    let per_seed = |tally: &Tally| if matches!(tally, Tally::Count(_)) { seeds } else { 1.0 };
    let value = pooled.and_then(|tally| tally.value().map(|value| value * metric.scale() / per_seed(&tally)));
    Point { from_s, to_s, value, low, high }
}

fn merged(measurement: &Measurement, start: usize, end: usize) -> Option<Tally> {
    let buckets = measurement.buckets.get(start..end.min(measurement.buckets.len()))?;
    let (first, rest) = buckets.split_first()?;
    let mut sum = first.clone();
    rest.iter().for_each(|tally| sum.merge(tally));
    Some(sum)
}

#[expect(clippy::cast_precision_loss, reason = "a number of buckets or seeds")]
const fn index(n: usize) -> f64 {
    n as f64
}
