//! Tallies over a span of buckets: for gates with `during` or `window`, and for coarser charts.

use units::{Micros, Timestamp};

use super::{Measurement, Tally, TimeAxis};

/// A span of run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Start, included.
    pub from: Timestamp,
    /// End, excluded.
    pub to: Timestamp,
}

/// The tally over the buckets that overlap `window` within the measured span; `None` when no bucket does.
///
/// Whole buckets only: a bucket that the window touches counts entirely, so that no second of a fault is lost; one that
/// the warm-up touches never counts.
#[must_use]
pub fn over_span(measurement: &Measurement, axis: &TimeAxis, window: Window) -> Option<Tally> {
    merged(touched(measurement, axis, window))
}

/// The tallies of all sliding windows of `length` within `within` and the measured span, stepped by one bucket.
///
/// A window longer than the span is cut to the span.
#[must_use]
pub fn spans_of(measurement: &Measurement, axis: &TimeAxis, within: Window, length: Micros) -> Vec<Tally> {
    let buckets = touched(measurement, axis, within);
    let steps = usize::try_from(length.0.div_ceil(axis.bucket.0.max(1))).unwrap_or(usize::MAX);
    buckets.windows(steps.clamp(1, buckets.len().max(1))).filter_map(merged).collect()
}

fn touched<'a>(measurement: &'a Measurement, axis: &TimeAxis, window: Window) -> &'a [Tally] {
    let width = axis.bucket.0.max(1);
    let from = (window.from.0 / width).max(axis.from.0.div_ceil(width));
    let to = window.to.min(axis.to).0.div_ceil(width);
    let (Ok(from), Ok(to)) = (usize::try_from(from), usize::try_from(to)) else { return &[] };
    measurement.buckets.get(from..to.min(measurement.buckets.len())).unwrap_or(&[])
}

fn merged(tallies: &[Tally]) -> Option<Tally> {
    let (first, rest) = tallies.split_first()?;
    let mut sum = first.clone();
    for tally in rest {
        sum.merge(tally);
    }
    Some(sum)
}
