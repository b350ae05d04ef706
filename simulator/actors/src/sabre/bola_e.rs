//! BOLA-E: BOLA on the buffer plus a placeholder, which stands for buffer that throughput says could have been built.

use super::calls::{Choice, Download, Outcome, Progress};
use super::config::{InsufficientBuffer, Oscillation, SabreConfig};
use super::curve::{Curve, Restart, VARIANTS_MAX};
use super::rate::{Conditions, Rates};
use super::rules::{Phase, SabreState};

/// Buffer level at which the lowest variant's objective is zero (Sabre `minimum_buffer`).
const BUFFER_MIN_MS: f64 = 10_000.0;

/// The planned buffer has at least this much more for each variant (Sabre `minimum_buffer_per_level`).
const BUFFER_PER_VARIANT_MS: f64 = 2_000.0;

/// Constants of BOLA-E for one profile.
#[derive(Debug, Clone)]
pub(super) struct BolaE {
    curve: Curve,
    vp: f64,
    /// Level above which a variant is preferred to all lower ones.
    level_min_ms: [f64; VARIANTS_MAX],
    /// Level at which a variant's objective is zero.
    level_max_ms: [f64; VARIANTS_MAX],
    oscillation: Oscillation,
    insufficient_buffer: InsufficientBuffer,
}

impl BolaE {
    pub(super) fn new(config: &SabreConfig, bitrates_kbps: &[f64], segment_ms: f64) -> Self {
        let buffer_max_ms = config.buffer_max.as_millis_f64();
        let count = bitrates_kbps.len();
        let (curve, vp) = match config.insufficient_buffer {
            InsufficientBuffer::Ignore => {
                // Utilities start at 1 here: one less γp makes the sum that of BOLA.
                let curve = Curve::new(bitrates_kbps, 1.0, |_| config.gamma_p - 1.0);
                let vp = (buffer_max_ms - segment_ms) / curve.reach_of_top();
                (curve, vp)
            }
            InsufficientBuffer::Apply => {
                let variants = f64::from(u32::try_from(count).expect("at most 16 variants"));
                let buffer_ms = (BUFFER_MIN_MS + BUFFER_PER_VARIANT_MS * variants).max(buffer_max_ms);
                let gamma_p = |utility_max: f64| (utility_max - 1.0) / (buffer_ms / BUFFER_MIN_MS - 1.0);
                // With a single variant nothing is decided, and the formula would divide by zero.
                let curve = Curve::new(bitrates_kbps, 1.0, |top| if count > 1 { gamma_p(top) } else { 1.0 });
                let vp = BUFFER_MIN_MS / curve.gamma_p();
                (curve, vp)
            }
        };
        let (mut level_min_ms, mut level_max_ms) = ([0.0; VARIANTS_MAX], [0.0; VARIANTS_MAX]);
        for (variant, (min, max)) in (0..).zip(level_min_ms.iter_mut().zip(&mut level_max_ms)).take(count) {
            (*min, *max) = (curve.level_min_ms(vp, variant), curve.level_max_ms(vp, variant));
        }
        let SabreConfig { oscillation, insufficient_buffer, .. } = *config;
        Self { curve, vp, level_min_ms, level_max_ms, oscillation, insufficient_buffer }
    }

    /// The objective's curve and its `V_p`.
    pub(super) fn curve(&self) -> (&Curve, f64) {
        (&self.curve, self.vp)
    }

    /// The next variant, and how long to wait before asking for it.
    pub(super) fn choose<E>(
        &self,
        rates: &Rates,
        state: &mut SabreState<E>,
        conditions: Conditions,
    ) -> Choice {
        let buffer_ms = conditions.buffer_ms;
        let carried = rates.carried(conditions);
        if state.phase == Phase::Startup {
            state.phase = Phase::Steady;
            state.buffer_safety_calls[1] = 0;
            state.carried_over = (self.level_min_ms[usize::from(carried)] - buffer_ms).max(0.0);
            return Choice::now(carried);
        }
        let placeholder_ms = &mut state.carried_over;
        let mut variant = self.curve.best(self.vp, buffer_ms + *placeholder_ms);
        if variant > state.last_variant && variant > carried {
            variant = state.last_variant.max(carried);
            if self.oscillation == Oscillation::Allow {
                variant += 1;
            }
        }
        // What exceeds the variant's level eats the placeholder first; only the rest is waited for.
        let excess_ms = buffer_ms + *placeholder_ms - self.level_max_ms[usize::from(variant)];
        let mut delay_ms = 0.0;
        if excess_ms > *placeholder_ms {
            delay_ms = excess_ms - *placeholder_ms;
            *placeholder_ms = 0.0;
        } else {
            *placeholder_ms -= excess_ms.max(0.0);
        }
        if variant == rates.top() {
            delay_ms = 0.0;
        }
        if self.insufficient_buffer == InsufficientBuffer::Apply {
            let capped = rates.within_buffer(variant, conditions, &mut state.buffer_safety_calls[1]);
            if capped < variant {
                let room_ms = (self.level_min_ms[usize::from(capped)] - buffer_ms).max(0.0);
                *placeholder_ms = room_ms.min(*placeholder_ms);
                return Choice::now(capped);
            }
        }
        Choice { variant, delay_ms }
    }

    /// Keeps the placeholder in proportion to what was downloaded.
    pub(super) fn downloaded<E>(&self, rates: &Rates, state: &mut SabreState<E>, download: &Download) {
        state.last_variant = download.variant;
        let placeholder_ms = &mut state.carried_over;
        match download.outcome {
            Outcome::Replaced => *placeholder_ms += rates.segment_ms,
            Outcome::Appended => {
                let level_was_ms = download.buffer_ms + download.elapsed_ms;
                let variant = usize::from(download.variant);
                let most_ms = (self.level_max_ms[variant] - level_was_ms).max(0.0);
                *placeholder_ms = placeholder_ms.min(most_ms);
                // Not while rebuffering, which must not inflate it.
                if download.buffer_ms > 0.0 {
                    *placeholder_ms = placeholder_ms.max(self.level_min_ms[variant] - level_was_ms);
                }
            }
            Outcome::Abandoned { to } => {
                let level_ms = if to > 0 { self.level_min_ms[usize::from(to)] } else { BUFFER_MIN_MS };
                *placeholder_ms = placeholder_ms.min((level_ms - download.buffer_ms).max(0.0));
            }
            Outcome::ReplacementAbandoned => {}
        }
    }

    /// The variant to restart with, if that scores better after another latency than going on.
    pub(super) fn restart<E>(&self, state: &SabreState<E>, progress: &Progress) -> Option<u8> {
        let latency_ms = progress.first_byte_ms?;
        let left_bits = progress.size_bits - progress.received_bits;
        if progress.received_bits <= 0.0 || left_bits <= 0.0 {
            return None;
        }
        let throughput_kbps = progress.received_bits / (progress.elapsed_ms - latency_ms);
        let left_bits = left_bits - latency_ms * throughput_kbps;
        if left_bits <= 0.0 {
            return None;
        }
        self.curve.better_restart(&Restart {
            vp: self.vp,
            level_ms: (progress.buffer_ms + state.carried_over - latency_ms).max(0.0),
            variant: progress.variant,
            size_bits: progress.size_bits,
            left_bits,
            score_min: f64::NEG_INFINITY,
        })
    }
}
