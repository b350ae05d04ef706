//! Throughput and latency estimates from finished downloads.
//!
//! Sabre keeps them in one place for all rules; here they are part of a player's state. The number of samples lives
//! outside ([`super::SabreState`]), so that the state stays within one cache line.

use units::Micros;

use super::config::{Average, SabreError};

/// What a finished download says about the network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Time from the first bit to the last.
    pub transfer_ms: f64,
    /// Bits over that time.
    pub throughput_kbps: f64,
    /// Time from the request to the first bit.
    pub latency_ms: f64,
}

/// A running estimate of throughput and latency, with its constants held elsewhere.
pub trait Estimator: Copy + Default {
    /// What is constant for a profile.
    type Tables;

    /// Computes the constants.
    ///
    /// # Errors
    /// [`SabreError::WrongAverage`] when `average` is of the other kind, otherwise what is wrong with it.
    fn tables(average: &Average, segment: Micros) -> Result<Self::Tables, SabreError>;

    /// Takes in a sample; `count` samples are known with it (at least 1).
    fn push(&mut self, tables: &Self::Tables, count: u16, sample: Sample);

    /// Throughput in kbit/s, zero before the first sample.
    fn throughput_kbps(&self) -> f64;

    /// Latency in milliseconds after `count` samples, zero before the first.
    fn latency_ms(&self, tables: &Self::Tables, count: u16) -> f64;
}

/// Two exponential averages each; the lower throughput and the higher latency count.
///
/// Throughput is weighted by download time and latency by segments: its half-life is the configured one divided by the
/// segment duration. Both start at zero and are divided by the weight seen so far.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Ewma {
    throughput: [f64; 2],
    latency: [f64; 2],
    weight_ms: f64,
    estimate_kbps: f64,
}

/// Constants of [`Ewma`].
#[derive(Debug, Clone, PartialEq)]
pub struct EwmaTables {
    half_life_ms: [f64; 2],
    /// Weight kept by the old latency at each sample.
    latency_kept: [f64; 2],
    /// Share of full weight that latency has after n samples; beyond the end it is one.
    latency_weight: Vec<[f64; 2]>,
}

/// After this many half-lives, `1 - 0.5^n` is 1 in double precision.
const SATURATED_HALF_LIVES: f64 = 54.0;

/// Longest half-life, in segments: keeps the table of latency weights below 54,000 entries, within a 16-bit count.
const HALF_LIFE_SEGMENTS_MAX: f64 = 1_000.0;

impl Estimator for Ewma {
    type Tables = EwmaTables;

    fn tables(average: &Average, segment: Micros) -> Result<EwmaTables, SabreError> {
        let Average::Ewma { half_lives } = average else { return Err(SabreError::WrongAverage) };
        let segment_ms = segment.as_millis_f64();
        let limit_ms = segment_ms * HALF_LIFE_SEGMENTS_MAX;
        let half_life_ms = half_lives.map(Micros::as_millis_f64);
        for half_life_ms in half_life_ms {
            if half_life_ms <= 0.0 || half_life_ms > limit_ms {
                return Err(SabreError::HalfLife { half_life_ms, limit_ms });
            }
        }
        let half_life_segments = half_life_ms.map(|half_life_ms| half_life_ms / segment_ms);
        let mut latency_weight = vec![[1.0; 2]];
        for samples in 1_u16.. {
            let weight =
                half_life_segments.map(|half_life| 1.0 - libm::exp2(-(f64::from(samples) / half_life)));
            latency_weight.push(weight);
            if weight == [1.0; 2] || samples == u16::MAX {
                break;
            }
        }
        let latency_kept = half_life_segments.map(|half_life| libm::exp2(-(1.0 / half_life)));
        Ok(EwmaTables { half_life_ms, latency_kept, latency_weight })
    }

    fn push(&mut self, tables: &EwmaTables, _count: u16, sample: Sample) {
        self.weight_ms += sample.transfer_ms;
        let mut estimate = f64::INFINITY;
        for i in 0..2 {
            let half_life_ms = tables.half_life_ms[i];
            let kept = libm::exp2(-(sample.transfer_ms / half_life_ms));
            self.throughput[i] = kept * self.throughput[i] + (1.0 - kept) * sample.throughput_kbps;
            let kept = tables.latency_kept[i];
            self.latency[i] = kept * self.latency[i] + (1.0 - kept) * sample.latency_ms;

            let half_lives = self.weight_ms / half_life_ms;
            let weight = if half_lives >= SATURATED_HALF_LIVES { 1.0 } else { 1.0 - libm::exp2(-half_lives) };
            estimate = (self.throughput[i] / weight).min(estimate);
        }
        self.estimate_kbps = estimate;
    }

    fn throughput_kbps(&self) -> f64 {
        self.estimate_kbps
    }

    fn latency_ms(&self, tables: &EwmaTables, count: u16) -> f64 {
        let last = tables.latency_weight.len() - 1;
        let weight = tables.latency_weight[usize::from(count).min(last)];
        (self.latency[0] / weight[0]).max(self.latency[1] / weight[1])
    }
}

/// Samples that a sliding window can look back on (Sabre stores 20).
const KEPT: usize = 20;

/// Means over windows of the last samples; the lowest throughput and the highest latency count.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sliding {
    /// Oldest first, the newest at the end.
    throughputs: [f64; KEPT],
    latencies: [f64; KEPT],
    estimate_kbps: f64,
    latency_ms: f64,
}

impl Estimator for Sliding {
    /// Window lengths.
    type Tables = Vec<u8>;

    fn tables(average: &Average, _segment: Micros) -> Result<Vec<u8>, SabreError> {
        const LIMIT: u8 = 20;
        let Average::Sliding { windows } = average else { return Err(SabreError::WrongAverage) };
        if windows.is_empty() {
            return Err(SabreError::Window { found: 0, limit: LIMIT });
        }
        match windows.iter().find(|&&window| window == 0 || window > LIMIT) {
            Some(&found) => Err(SabreError::Window { found, limit: LIMIT }),
            None => Ok(windows.clone()),
        }
    }

    fn push(&mut self, windows: &Vec<u8>, count: u16, sample: Sample) {
        self.throughputs.copy_within(1.., 0);
        self.throughputs[KEPT - 1] = sample.throughput_kbps;
        self.latencies.copy_within(1.., 0);
        self.latencies[KEPT - 1] = sample.latency_ms;

        self.estimate_kbps = f64::INFINITY;
        self.latency_ms = 0.0;
        for &window in windows {
            let length = count.min(u16::from(window));
            let mean = |kept: &[f64; KEPT]| {
                kept[KEPT - usize::from(length)..].iter().sum::<f64>() / f64::from(length)
            };
            self.estimate_kbps = mean(&self.throughputs).min(self.estimate_kbps);
            self.latency_ms = mean(&self.latencies).max(self.latency_ms);
        }
    }

    fn throughput_kbps(&self) -> f64 {
        self.estimate_kbps
    }

    fn latency_ms(&self, _windows: &Vec<u8>, _count: u16) -> f64 {
        self.latency_ms
    }
}
