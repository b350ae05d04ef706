//! What a replay is fed with: a manifest with exact segment sizes, and a recorded network.

use units::{Bits, Micros};

use crate::player::Ladder;
use crate::sabre::config::SabreError;

/// A title: its ladder and the size of every segment of every variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    ladder: Ladder,
    /// By segment, then by variant.
    sizes: Vec<Vec<Bits>>,
}

impl Manifest {
    /// `sizes` holds one row per segment with one size per variant.
    ///
    /// # Errors
    /// [`SabreError::Manifest`] for no segment, a row of the wrong length, or an empty segment.
    pub fn new(ladder: Ladder, sizes: Vec<Vec<Bits>>) -> Result<Self, SabreError> {
        let bad = |segment, problem| Err(SabreError::Manifest { segment, problem });
        if sizes.is_empty() {
            return bad(0, "there is none, at least one is needed");
        }
        for (segment, row) in sizes.iter().enumerate() {
            if row.len() != ladder.variants.len() {
                return bad(segment, "needs one size per variant");
            }
            if row.contains(&Bits::ZERO) {
                return bad(segment, "has a size of 0, sizes are positive");
            }
        }
        Ok(Self { ladder, sizes })
    }

    /// `-ml`: the title repeated, then cut to as many segments as it takes to cover `length`, at least one.
    #[must_use]
    pub fn with_length(self, length: Micros) -> Self {
        let segments = length.0.div_ceil(self.ladder.segment.0.max(1)).max(1);
        let take = usize::try_from(segments).unwrap_or(usize::MAX);
        let sizes = self.sizes.iter().cycle().take(take).cloned().collect();
        Self { ladder: self.ladder, sizes }
    }

    /// The variants and the segment duration.
    #[must_use]
    pub fn ladder(&self) -> &Ladder {
        &self.ladder
    }

    /// Number of segments.
    #[must_use]
    pub fn segments(&self) -> usize {
        self.sizes.len()
    }

    #[expect(clippy::cast_precision_loss, reason = "a segment is far smaller than 2^53 bits")]
    pub(super) fn size_bits(&self, segment: usize, variant: u8) -> f64 {
        self.sizes[segment][usize::from(variant)].0 as f64
    }
}

/// A stretch of a recorded network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Period {
    /// How long it lasts.
    pub duration_ms: f64,
    /// What flows meanwhile; may be zero.
    pub bandwidth_kbps: f64,
    /// How long a request waits for its first bit.
    pub latency_ms: f64,
}

/// A recorded network, repeated without end.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    periods: Vec<Period>,
}

/// Longest latency of a period; a replay walks whole traces to sit it out.
const LATENCY_MAX_MS: f64 = 60_000.0;

/// Least mean bandwidth; below it a replay would walk a trace too often for one segment.
const BANDWIDTH_MEAN_MIN_KBPS: f64 = 1.0;

impl Trace {
    /// A trace of these periods, in order.
    ///
    /// # Errors
    /// [`SabreError::Trace`] for values that are negative or not finite, a latency above 60 s, a trace shorter than 1 ms
    /// or with less than 1 kbit/s on average: no download would end in reasonable time.
    pub fn new(periods: Vec<Period>) -> Result<Self, SabreError> {
        let bad = |period, problem| Err(SabreError::Trace { period, problem });
        for (index, period) in periods.iter().enumerate() {
            let Period { duration_ms, bandwidth_kbps, latency_ms } = *period;
            let usable = |value: f64| value.is_finite() && value >= 0.0;
            if !(usable(duration_ms) && usable(bandwidth_kbps) && usable(latency_ms)) {
                return bad(index, "has a value that is negative or not finite");
            }
            if latency_ms > LATENCY_MAX_MS {
                return bad(index, "has a latency above 60 s");
            }
        }
        let duration_ms: f64 = periods.iter().map(|period| period.duration_ms).sum();
        let capacity_bits: f64 =
            periods.iter().map(|period| period.duration_ms * period.bandwidth_kbps).sum();
        if duration_ms < 1.0 {
            return bad(0, "the whole trace is shorter than 1 ms");
        }
        if capacity_bits < BANDWIDTH_MEAN_MIN_KBPS * duration_ms {
            return bad(0, "the whole trace carries less than 1 kbit/s on average");
        }
        Ok(Self { periods })
    }

    pub(super) fn periods(&self) -> &[Period] {
        &self.periods
    }
}
