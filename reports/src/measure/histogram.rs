//! A log-linear histogram of integers: exact below 128, then 128 steps per doubling (at most 0.8 % wide).
//!
//! The bucket borders are fixed, so histograms of any cells, seeds or shards merge without loss. A value of 2^40 or
//! more (12.7 days in microseconds) is counted in the last bucket and in `saturated`.

use serde::{Deserialize, Serialize};

/// 2^7 steps per doubling.
const STEP_BITS: u32 = 7;
const STEPS: u64 = 1 << STEP_BITS;
/// Values from here on saturate.
const LIMIT_BITS: u32 = 40;
const BUCKETS: usize = ((LIMIT_BITS - STEP_BITS + 1) as usize) << STEP_BITS;

/// A histogram with fixed buckets; serialised sparsely, as `[bucket, count]` pairs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Sparse", into = "Sparse")]
pub struct Histogram {
    /// Grows to the highest bucket used.
    counts: Vec<u64>,
    count: u64,
    sum: u128,
    min: u64,
    max: u64,
    saturated: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sparse {
    count: u64,
    #[serde(with = "super::decimal_text")]
    sum: u128,
    min: u64,
    max: u64,
    saturated: u64,
    buckets: Vec<(usize, u64)>,
}

fn bucket_of(value: u64) -> usize {
    let value = value.min((1 << LIMIT_BITS) - 1);
    if value < STEPS {
        return usize::try_from(value).expect("below 128");
    }
    let doubling = value.ilog2() - STEP_BITS;
    let step = (value >> doubling) - STEPS;
    usize::try_from((u64::from(doubling) + 1) * STEPS + step).expect("below the number of buckets")
}

/// The middle of a bucket, rounded down.
fn middle_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < STEPS {
        return bucket;
    }
    let doubling = bucket / STEPS - 1;
    let low = (STEPS + bucket % STEPS) << doubling;
    low + ((1 << doubling) - 1) / 2
}

impl Histogram {
    /// An empty histogram.
    #[must_use]
    pub const fn new() -> Self {
        Self { counts: Vec::new(), count: 0, sum: 0, min: 0, max: 0, saturated: 0 }
    }

    /// Counts one value.
    pub fn record(&mut self, value: u64) {
        self.record_n(value, 1);
    }

    /// Counts one value `n` times.
    pub fn record_n(&mut self, value: u64, n: u64) {
        if n == 0 {
            return;
        }
        let bucket = bucket_of(value);
        if bucket >= self.counts.len() {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] = self.counts[bucket].saturating_add(n);
        self.min = if self.count == 0 { value } else { self.min.min(value) };
        self.max = self.max.max(value);
        self.count = self.count.saturating_add(n);
        self.sum = self.sum.saturating_add(u128::from(value) * u128::from(n));
        if value >> LIMIT_BITS != 0 {
            self.saturated = self.saturated.saturating_add(n);
        }
    }

    /// Adds another histogram: exact and commutative.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if other.counts.len() > self.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine = mine.saturating_add(*theirs);
        }
        self.min = if self.count == 0 { other.min } else { self.min.min(other.min) };
        self.max = self.max.max(other.max);
        self.count = self.count.saturating_add(other.count);
        self.sum = self.sum.saturating_add(other.sum);
        self.saturated = self.saturated.saturating_add(other.saturated);
    }

    /// How many values were counted.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// How many of them were too large for their bucket to be exact.
    #[must_use]
    pub const fn saturated(&self) -> u64 {
        self.saturated
    }

    /// The least value, exact.
    #[must_use]
    pub fn min(&self) -> Option<u64> {
        (self.count != 0).then_some(self.min)
    }

    /// The greatest value, exact.
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        (self.count != 0).then_some(self.max)
    }

    /// The mean, exact but for one division.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "both are converted once, for display and statistics")]
    pub fn mean(&self) -> Option<f64> {
        (self.count != 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// The value at a quantile in parts per million: the middle of the bucket that holds the value of rank
    /// `ceil(n × ppm / 10^6)`, at least 1, and never outside the least and greatest value seen.
    #[must_use]
    pub fn quantile(&self, ppm: u32) -> Option<u64> {
        let wanted = (u128::from(self.count) * u128::from(ppm)).div_ceil(1_000_000).max(1);
        let mut seen = 0_u128;
        for (bucket, &n) in self.counts.iter().enumerate() {
            seen += u128::from(n);
            if n != 0 && seen >= wanted {
                let middle =
                    if bucket + 1 == BUCKETS && self.saturated != 0 { self.max } else { middle_of(bucket) };
                return Some(middle.clamp(self.min, self.max));
            }
        }
        self.max()
    }

    /// The filled buckets as (middle, count), rising.
    pub fn filled(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let filled = self.counts.iter().enumerate().filter(|&(_, &n)| n != 0);
        filled.map(|(bucket, &n)| (middle_of(bucket), n))
    }
}

impl From<Histogram> for Sparse {
    fn from(dense: Histogram) -> Self {
        let Histogram { counts, count, sum, min, max, saturated } = dense;
        let buckets = counts.into_iter().enumerate().filter(|&(_, n)| n != 0).collect();
        Self { count, sum, min, max, saturated, buckets }
    }
}

impl TryFrom<Sparse> for Histogram {
    type Error = String;

    fn try_from(sparse: Sparse) -> Result<Self, String> {
        let Sparse { count, sum, min, max, saturated, buckets } = sparse;
        let mut counts = Vec::new();
        for (bucket, n) in buckets {
            if bucket >= BUCKETS || bucket < counts.len() || n == 0 {
                return Err(format!(
                    "bucket `{bucket}` of a histogram is out of order, out of range or empty"
                ));
            }
            counts.resize(bucket, 0);
            counts.push(n);
        }
        let total = counts.iter().fold(0_u64, |sum, n| sum.saturating_add(*n));
        if total != count || min > max {
            return Err(format!("a histogram says it counted `{count}`, its buckets hold `{total}`"));
        }
        Ok(Self { counts, count, sum, min, max, saturated })
    }
}

#[cfg(test)]
mod tests;
