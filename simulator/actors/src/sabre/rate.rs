//! What the measured throughput carries: the cap on every rule, the THROUGHPUT rule, and the insufficient-buffer rule.

use super::calls::Progress;
use super::curve::{GROUP, VARIANTS_MAX};

/// Share of the throughput estimate that THROUGHPUT plans with (Sabre `safety_factor`).
pub(super) const SAFETY: f64 = 0.9;

/// A download younger than this is not abandoned by THROUGHPUT (Sabre `abandon_grace_time`).
pub(super) const ABANDON_GRACE_MS: f64 = 500.0;

/// THROUGHPUT abandons what would take longer than this many segment durations (Sabre `abandon_multiplier`).
const ABANDON_SEGMENTS: f64 = 1.8;

/// Share of what the buffer leaves time for that may be planned with, by number of earlier calls: 0.9, times 0.9 each
/// time, at least 0.5 (Sabre `low_buffer_safety_factor_init` and `low_buffer_safety_factor`).
const BUFFER_SAFETY_FIRST: f64 = 0.9;
const BUFFER_SAFETY_STEP: f64 = 0.9;
const BUFFER_SAFETY_LEAST: f64 = 0.5;
const BUFFER_SAFETY_STEPS: usize = 7;

/// What a decision is made on: the buffer and the measured conditions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conditions {
    /// Buffer level.
    pub(super) buffer_ms: f64,
    /// Estimated throughput.
    pub(super) throughput_kbps: f64,
    /// Estimated latency.
    pub(super) latency_ms: f64,
}

/// The ladder by size.
#[derive(Debug, Clone)]
pub(super) struct Rates {
    pub(super) segment_ms: f64,
    bitrate_kbps: [f64; VARIANTS_MAX],
    /// Nominal size of a segment; infinite beyond the ladder.
    size_bits: [f64; VARIANTS_MAX],
    buffer_safety: [f64; BUFFER_SAFETY_STEPS],
    top: u8,
}

impl Rates {
    #[expect(clippy::cast_possible_truncation, reason = "at most 16 variants")]
    pub(super) fn new(bitrates_kbps: &[f64], segment_ms: f64) -> Self {
        let mut bitrate_kbps = [f64::INFINITY; VARIANTS_MAX];
        bitrate_kbps[..bitrates_kbps.len()].copy_from_slice(bitrates_kbps);
        let mut buffer_safety = [BUFFER_SAFETY_FIRST; BUFFER_SAFETY_STEPS];
        for step in 1..BUFFER_SAFETY_STEPS {
            buffer_safety[step] = (buffer_safety[step - 1] * BUFFER_SAFETY_STEP).max(BUFFER_SAFETY_LEAST);
        }
        Self {
            segment_ms,
            bitrate_kbps,
            size_bits: bitrate_kbps.map(|bitrate_kbps| segment_ms * bitrate_kbps),
            buffer_safety,
            top: (bitrates_kbps.len() - 1) as u8,
        }
    }

    /// Index of the highest variant.
    pub(super) fn top(&self) -> u8 {
        self.top
    }

    /// The sizes of the ladder, the last group filled up with infinite ones.
    fn groups(&self) -> &[[f64; GROUP]] {
        &self.size_bits.as_chunks().0[..=usize::from(self.top) / GROUP]
    }

    /// The highest variant of which a segment arrives, latency included, within its own duration; else the lowest.
    ///
    /// `size ≤ (p − L)·T` decides without a division, save within rounding of equality, where `L + size / T ≤ p` does.
    #[expect(clippy::cast_possible_truncation, reason = "at most 16 variants")]
    pub(super) fn carried(&self, conditions: Conditions) -> u8 {
        let Conditions { throughput_kbps, latency_ms, .. } = conditions;
        let budget_bits = (self.segment_ms - latency_ms) * throughput_kbps;
        let slack_bits = 1e-12 * self.segment_ms * throughput_kbps;
        let (mut surely, mut perhaps) = (0_u64, 0_u64);
        for group in self.groups() {
            for size_bits in group {
                surely += u64::from(*size_bits <= budget_bits - slack_bits);
                perhaps += u64::from(*size_bits <= budget_bits + slack_bits);
            }
        }
        if surely == perhaps { surely.saturating_sub(1) as u8 } else { self.carried_directly(conditions) }
    }

    /// [`Rates::carried`] by division.
    #[expect(clippy::cast_possible_truncation, reason = "at most 16 variants")]
    pub(super) fn carried_directly(&self, conditions: Conditions) -> u8 {
        let fits = |size_bits: f64| {
            conditions.latency_ms + size_bits / conditions.throughput_kbps <= self.segment_ms
        };
        self.size_bits[1..=usize::from(self.top)].iter().take_while(|size_bits| fits(**size_bits)).count()
            as u8
    }

    /// THROUGHPUT's choice, before the insufficient-buffer rule.
    pub(super) fn careful(&self, conditions: Conditions) -> u8 {
        self.carried(Conditions { throughput_kbps: conditions.throughput_kbps * SAFETY, ..conditions })
    }

    /// Caps `variant` at the highest whose segments fit into what the buffer leaves time for; `calls` counts the uses.
    #[expect(clippy::cast_possible_truncation, reason = "at most 16 variants")]
    pub(super) fn within_buffer(&self, variant: u8, conditions: Conditions, calls: &mut u8) -> u8 {
        let safety = self.buffer_safety[usize::from(*calls)];
        *calls = (*calls + 1).min(BUFFER_SAFETY_STEPS as u8 - 1);
        let safe_bits = safety * (conditions.buffer_ms - conditions.latency_ms) * conditions.throughput_kbps;
        let mut fitting = 0_u64;
        for group in self.groups() {
            for size_bits in group {
                fitting += u64::from(*size_bits <= safe_bits);
            }
        }
        // Sizes rise, so that the lowest is among those that fit, if any does.
        variant.min(fitting.saturating_sub(1) as u8)
    }

    /// The variant to restart with when a running download is far too slow.
    pub(super) fn restart(&self, progress: &Progress, latency_ms: f64) -> Option<u8> {
        let transfer_ms = progress.elapsed_ms - progress.first_byte_ms?;
        if progress.elapsed_ms < ABANDON_GRACE_MS || transfer_ms <= 0.0 {
            return None;
        }
        let throughput_kbps = progress.received_bits / transfer_ms;
        let left_bits = progress.size_bits - progress.received_bits;
        if progress.elapsed_ms + left_bits / throughput_kbps <= ABANDON_SEGMENTS * self.segment_ms {
            return None;
        }
        let variant = self.careful(Conditions { buffer_ms: progress.buffer_ms, throughput_kbps, latency_ms });
        let current = self.bitrate_kbps[usize::from(progress.variant)];
        let size_bits = progress.size_bits * self.bitrate_kbps[usize::from(variant)] / current;
        (variant < progress.variant && size_bits < left_bits).then_some(variant)
    }
}
