//! From measurements to one value per seed and one over all seeds.

use units::{Micros, Seed, Timestamp};

use super::expr::Aggregation;
use super::{During, Reason};
use crate::measure::{FaultBand, Measurement, SeedRun, Split, Tally, Window, over_span, spans_of};
use crate::metric::{Kind, Metric};

/// What a condition (or a headline) asks of each run.
pub(crate) struct Query<'a> {
    pub(crate) metric: &'a Metric,
    pub(crate) aggregation: Option<Aggregation>,
    pub(crate) split: &'a Split,
    pub(crate) during: Option<&'a During>,
    pub(crate) window: Option<Micros>,
    /// Of sliding windows the greatest is the worst; else the least.
    pub(crate) greatest_is_worst: bool,
    pub(crate) faults: &'a [FaultBand],
}

/// One value per seed, in the order of the runs, and the value over all seeds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample {
    pub(crate) per_seed: Vec<(Seed, f64)>,
    pub(crate) pooled: f64,
}

impl<'a> Query<'a> {
    /// An aggregation of a metric over the whole measured span.
    pub(crate) const fn whole(
        metric: &'a Metric,
        aggregation: Option<Aggregation>,
        split: &'a Split,
    ) -> Self {
        Self { metric, aggregation, split, during: None, window: None, greatest_is_worst: true, faults: &[] }
    }

    /// The sample over `runs`; runs without a sample are left out.
    pub(crate) fn sample(&self, runs: &[&SeedRun]) -> Result<Sample, Reason> {
        let mut per_seed = Vec::with_capacity(runs.len());
        let mut pool: Option<Tally> = None;
        let mut reason = Reason::NotObserved;
        for run in runs {
            match self.one(run) {
                Ok((value, tally)) => {
                    per_seed.push((run.seed, value));
                    pool = match (pool, tally) {
                        (Some(mut pool), Some(tally)) => {
                            pool.merge(&tally);
                            Some(pool)
                        }
                        (pool, tally) => pool.or(tally),
                    };
                }
                Err(Reason::EmptySample) => reason = Reason::EmptySample,
                Err(_) => {}
            }
        }
        let (_, first) = *per_seed.first().ok_or(reason)?;
        let mean = per_seed.iter().map(|&(_, value)| value).sum::<f64>() / count(per_seed.len());
        let equal = per_seed.iter().all(|&(_, value)| value == first);
        let pooled = pool.and_then(|tally| of_tally(self.metric, &tally, self.aggregation));
        Ok(Sample { pooled: pooled.unwrap_or(if equal { first } else { mean }), per_seed })
    }

    /// One run's value, and its tally where tallies of several seeds may be pooled.
    fn one(&self, run: &SeedRun) -> Result<(f64, Option<Tally>), Reason> {
        let metric = self.metric;
        let measurement = run.get(metric.id, self.split).ok_or(Reason::NotObserved)?;
        if !measurement.total.fits(metric.kind) {
            return Err(Reason::NotObserved);
        }
        let span = self.span(run)?;
        if let Some(length) = self.window {
            let within = span.unwrap_or(WHOLE);
            let tallies = spans_of(measurement, &run.axis, within, length);
            return self.worst(run, measurement, &tallies).map(|value| (value, None));
        }
        let needs_buckets = matches!(
            (metric.kind, self.aggregation),
            (Kind::Gauge, Some(Aggregation::Min | Aggregation::Max | Aggregation::Last))
        );
        if needs_buckets {
            return self.of_buckets(run, measurement, span.unwrap_or(WHOLE)).map(|value| (value, None));
        }
        let tally = match span {
            None => measurement.total.clone(),
            Some(_) if measurement.buckets.is_empty() => return Err(Reason::NotObserved),
            Some(span) => over_span(measurement, &run.axis, span).ok_or(Reason::EmptySample)?,
        };
        let per_second = (metric.kind, self.aggregation) == (Kind::Count, Some(Aggregation::Rate));
        let value = of_tally(metric, &tally, self.aggregation).ok_or(Reason::EmptySample)?;
        if per_second {
            let seconds = seconds_of(run, span.unwrap_or(WHOLE)).ok_or(Reason::EmptySample)?;
            return Ok((value / seconds, None));
        }
        Ok((value, (metric.kind != Kind::Count).then_some(tally)))
    }

    fn span(&self, run: &SeedRun) -> Result<Option<Window>, Reason> {
        let Some(during) = self.during else { return Ok(None) };
        let hits = |band: &&FaultBand| band.arms.is_empty() || band.arms.contains(&run.arm);
        let named = || self.faults.iter().filter(|band| band.id == during.fault);
        let band = named().find(hits).or_else(|| named().next()).ok_or(Reason::NotObserved)?;
        Ok(Some(Window { from: band.from, to: band.to.saturating_add(during.plus) }))
    }

    fn worst(&self, run: &SeedRun, measurement: &Measurement, tallies: &[Tally]) -> Result<f64, Reason> {
        if measurement.buckets.is_empty() {
            return Err(Reason::NotObserved);
        }
        let metric = self.metric;
        let per_second = (metric.kind, self.aggregation) == (Kind::Count, Some(Aggregation::Rate));
        let length = self.window.map_or(run.axis.span(), |window| window.min(run.axis.span()));
        let divisor = if per_second { length.as_secs_f64() } else { 1.0 };
        let values = tallies.iter().filter_map(|tally| of_tally(metric, tally, self.aggregation));
        let values = values.map(|value| value / divisor);
        let worst = if self.greatest_is_worst { values.reduce(f64::max) } else { values.reduce(f64::min) };
        worst.filter(|value| value.is_finite()).ok_or(Reason::EmptySample)
    }

    fn of_buckets(&self, run: &SeedRun, measurement: &Measurement, span: Window) -> Result<f64, Reason> {
        if measurement.buckets.is_empty() {
            return Err(Reason::NotObserved);
        }
        let buckets = spans_of(measurement, &run.axis, span, run.axis.bucket);
        let mut values = buckets.iter().filter_map(Tally::value);
        let value = match self.aggregation {
            Some(Aggregation::Min) => values.reduce(f64::min),
            Some(Aggregation::Max) => values.reduce(f64::max),
            _ => values.next_back(),
        };
        value.ok_or(Reason::EmptySample)
    }
}

impl Sample {
    /// The values without their seeds.
    pub(crate) fn values(&self) -> Vec<f64> {
        self.per_seed.iter().map(|&(_, value)| value).collect()
    }
}

const WHOLE: Window = Window { from: Timestamp::ZERO, to: Timestamp::NEVER };

/// An aggregation of a tally in the metric's unit; `None` for an empty sample.
///
/// The rate of a count is not divided here: a tally does not know its time.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "integers are converted once, for display and statistics")]
fn of_tally(metric: &Metric, tally: &Tally, aggregation: Option<Aggregation>) -> Option<f64> {
    if let Tally::Spread(histogram) = tally {
        return match aggregation {
            Some(Aggregation::Quantile(ppm)) => histogram.quantile(ppm).map(|value| value as f64),
            Some(Aggregation::Min) => histogram.min().map(|value| value as f64),
            Some(Aggregation::Max) => histogram.max().map(|value| value as f64),
            Some(Aggregation::Count) => Some(histogram.count() as f64),
            _ => histogram.mean(),
        };
    }
    tally.value().map(|value| value * metric.scale())
}

fn seconds_of(run: &SeedRun, span: Window) -> Option<f64> {
    let from = span.from.max(run.axis.from);
    let to = span.to.min(run.axis.to);
    let seconds = to.since(from).as_secs_f64();
    (seconds > 0.0).then_some(seconds)
}

#[expect(clippy::cast_precision_loss, reason = "a number of seeds")]
const fn count(n: usize) -> f64 {
    n as f64
}
