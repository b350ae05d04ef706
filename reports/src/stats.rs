//! Statistics over seeds: would other seeds agree?
//!
//! Intervals are over seeds, never over viewers: viewers share edges and are no independent sample. All maths goes
//! through `libm` and IEEE basics, so an interval has the same digits on every machine.

mod student;

pub use student::{t_cdf, t_quantile};

use units::draws::{mix, unit_interval};

/// An estimate with its two-sided interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The centre.
    pub value: f64,
    /// The interval, `None` where one seed leaves no spread to see.
    pub interval: Option<(f64, f64)>,
}

/// How many seeds are looked at: `min`, doubled until `max` (5 to 30 gives 5, 10, 20, 30).
#[must_use]
pub fn looks(min: u32, max: u32) -> Vec<u32> {
    let (min, max) = (min.max(1), max.max(min).max(1));
    let mut looks = vec![min];
    while let Some(&last) = looks.last().filter(|&&last| last < max) {
        looks.push(last.saturating_mul(2).min(max));
    }
    looks
}

/// The confidence of one look, so that all looks together keep `confidence` (Bonferroni).
#[must_use]
pub fn confidence_per_look(confidence: f64, looks: u32) -> f64 {
    1.0 - (1.0 - confidence) / f64::from(looks.max(1))
}

/// The mean of one value per seed, with Student's t interval.
///
/// Equal values give an interval of no width. `None` without values.
#[must_use]
pub fn mean_interval(values: &[f64], confidence: f64) -> Option<Estimate> {
    let (mean, variance) = moments(values)?;
    let interval = variance.map(|variance| {
        let n = count(values);
        let half = t_quantile(0.5 + confidence / 2.0, n - 1.0) * libm::sqrt(variance / n);
        (mean - half, mean + half)
    });
    Some(Estimate { value: mean, interval })
}

/// The relative change `after / before - 1` over pairs of equal seeds.
///
/// Student's t on ln(after / before); the common random numbers of both arms cancel. Where a value is zero, the ratio
/// of sums with a seeded paired bootstrap. Infinite when everything before is zero and something after is not; zero
/// when both are all zero. `None` without pairs.
#[must_use]
pub fn paired_change(pairs: &[(f64, f64)], confidence: f64) -> Option<Estimate> {
    if pairs.iter().all(|&(before, after)| before == after) {
        return (!pairs.is_empty())
            .then(|| Estimate { value: 0.0, interval: (pairs.len() > 1).then_some((0.0, 0.0)) });
    }
    if pairs.iter().all(|&(before, after)| before > 0.0 && after > 0.0) {
        let logs: Vec<f64> = pairs.iter().map(|&(before, after)| libm::log(after / before)).collect();
        return mean_interval(&logs, confidence).map(|estimate| estimate.map(libm::expm1));
    }
    let before: Vec<f64> = pairs.iter().map(|&(before, _)| before).collect();
    let after: Vec<f64> = pairs.iter().map(|&(_, after)| after).collect();
    let same_seed = |round: u64, at: u64, of: usize, _side: u64| pick(mix(round << 20 | at), of);
    Some(bootstrap_change(&before, &after, confidence, same_seed))
}

/// The relative change `after / before - 1` where the seeds of the two sides differ: Welch's t on logarithms, or an
/// unpaired bootstrap where a value is zero. `None` when a side has no values.
#[must_use]
pub fn unpaired_change(before: &[f64], after: &[f64], confidence: f64) -> Option<Estimate> {
    let logs = |values: &[f64]| values.iter().map(|&value| libm::log(value)).collect::<Vec<_>>();
    let positive = before.iter().chain(after).all(|&value| value > 0.0);
    if before.is_empty() || after.is_empty() {
        return None;
    }
    if !positive {
        let own_seed =
            |round: u64, at: u64, of: usize, side: u64| pick(mix(round << 21 | at << 1 | side), of);
        return Some(bootstrap_change(before, after, confidence, own_seed));
    }
    welch(&logs(before), &logs(after), confidence).map(|estimate| estimate.map(libm::expm1))
}

/// The difference `after - before` over pairs, with Student's t interval.
#[must_use]
pub fn paired_difference(pairs: &[(f64, f64)], confidence: f64) -> Option<Estimate> {
    let differences: Vec<f64> = pairs.iter().map(|&(before, after)| after - before).collect();
    mean_interval(&differences, confidence)
}

/// The difference of two means, `after - before`, by Welch's t. `None` when a side has no values.
#[must_use]
pub fn welch(before: &[f64], after: &[f64], confidence: f64) -> Option<Estimate> {
    let ((mean_b, var_b), (mean_a, var_a)) = (moments(before)?, moments(after)?);
    let value = mean_a - mean_b;
    let interval = var_a.zip(var_b).map(|(var_a, var_b)| {
        let (a, b) = (var_a / count(after), var_b / count(before));
        if a + b == 0.0 {
            return (value, value);
        }
        let df = (a + b) * (a + b) / (a * a / (count(after) - 1.0) + b * b / (count(before) - 1.0));
        let half = t_quantile(0.5 + confidence / 2.0, df) * libm::sqrt(a + b);
        (value - half, value + half)
    });
    Some(Estimate { value, interval })
}

impl Estimate {
    /// Puts value and ends through a rising function.
    #[must_use]
    pub fn map(self, rising: impl Fn(f64) -> f64) -> Self {
        Self {
            value: rising(self.value),
            interval: self.interval.map(|(low, high)| (rising(low), rising(high))),
        }
    }
}

/// Rounds of the bootstrap: the 2.5 % point then rests on 50 rounds.
const ROUNDS: u64 = 2_000;

/// Percentile bootstrap of `sum(after) / sum(before) - 1`; `draw` gives an index by (round, position, length, side).
fn bootstrap_change(
    before: &[f64],
    after: &[f64],
    confidence: f64,
    draw: impl Fn(u64, u64, usize, u64) -> usize,
) -> Estimate {
    let resampled = |values: &[f64], round: u64, side: u64| -> f64 {
        (0..values.len()).map(|at| values[draw(round, at as u64, values.len(), side)]).sum()
    };
    let value = change(before.iter().sum(), after.iter().sum());
    if before.len() < 2 || after.len() < 2 {
        return Estimate { value, interval: None };
    }
    let mut changes: Vec<f64> =
        (0..ROUNDS).map(|round| change(resampled(before, round, 0), resampled(after, round, 1))).collect();
    changes.sort_by(f64::total_cmp);
    Estimate {
        value,
        interval: Some((ranked(&changes, 1.0 - confidence), ranked(&changes, 1.0 + confidence))),
    }
}

/// The value at half of `twice_p` of the sorted values.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a rank between 0 and the number of rounds"
)]
fn ranked(sorted: &[f64], twice_p: f64) -> f64 {
    let last = sorted.len() - 1;
    sorted[(((twice_p / 2.0) * last as f64 + 0.5) as usize).min(last)]
}

fn change(before: f64, after: f64) -> f64 {
    if before == after { 0.0 } else { after / before - 1.0 }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an index below a small length"
)]
fn pick(bits: u64, of: usize) -> usize {
    (unit_interval(bits) * of as f64) as usize
}

#[expect(clippy::cast_precision_loss, reason = "a number of seeds")]
const fn count(values: &[f64]) -> f64 {
    values.len() as f64
}

/// Mean and sample variance; no variance of a single value, exactly zero of equal values.
fn moments(values: &[f64]) -> Option<(f64, Option<f64>)> {
    let first = *values.first()?;
    if values.iter().all(|&value| value == first) {
        return Some((first, (values.len() > 1).then_some(0.0)));
    }
    let mean = values.iter().sum::<f64>() / count(values);
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    Some((mean, Some(squares / (count(values) - 1.0))))
}

#[cfg(test)]
mod tests;
