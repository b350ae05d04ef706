//! BOLA, Basic and Finite, with the two answers to an up-switch that the network does not carry.

use super::calls::{Choice, Progress, Situation};
use super::config::{BolaWindow, Oscillation};
use super::curve::{Curve, Restart};
use super::rate::{Conditions, Rates};

/// Fewest segments that BOLA plans a buffer for.
const WINDOW_SEGMENTS_LEAST: f64 = 3.0;

/// Constants of BOLA for one profile.
#[derive(Debug, Clone)]
pub(super) struct Bola {
    pub(super) curve: Curve,
    pub(super) buffer_max_ms: f64,
    pub(super) oscillation: Oscillation,
}

impl Bola {
    /// `V_p` for a buffer of this length.
    fn vp(&self, rates: &Rates, buffer_ms: f64) -> f64 {
        (buffer_ms - rates.segment_ms) / self.curve.reach_of_top()
    }

    /// `V_p` for the whole buffer.
    pub(super) fn vp_whole(&self, rates: &Rates) -> f64 {
        self.vp(rates, self.buffer_max_ms)
    }

    /// `V_p` for the next decision.
    pub(super) fn vp_now(&self, rates: &Rates, window: BolaWindow, situation: &Situation) -> f64 {
        match window {
            BolaWindow::Basic => self.vp_whole(rates),
            BolaWindow::Tracking => {
                let known = situation.segments_since_seek;
                let segments = situation.segments_left.map_or(known, |left| left.min(known));
                let window_ms = (f64::from(segments) / 2.0).max(WINDOW_SEGMENTS_LEAST) * rates.segment_ms;
                self.vp(rates, self.buffer_max_ms.min(window_ms))
            }
        }
    }

    /// The next variant; `last` is BOLA's choice before this one, whether it was followed or not.
    pub(super) fn choose(&self, rates: &Rates, vp: f64, last: u8, conditions: Conditions) -> Choice {
        let buffer_ms = conditions.buffer_ms;
        let variant = self.curve.best(vp, buffer_ms);
        if variant <= last {
            return Choice::now(variant);
        }
        let carried = rates.carried(conditions);
        if variant <= carried {
            return Choice::now(variant);
        }
        if last > carried {
            return Choice::now(last);
        }
        match self.oscillation {
            Oscillation::Allow => Choice::now(carried + 1),
            // Waits until this variant's objective is zero; `carried` is below the top here.
            Oscillation::Avoid => {
                let delay_ms = (buffer_ms - self.curve.level_max_ms(vp, carried)).max(0.0);
                Choice { variant: carried, delay_ms }
            }
        }
    }

    /// The variant to restart with, if that scores better than going on; a full buffer never restarts.
    pub(super) fn restart(&self, vp: f64, progress: &Progress) -> Option<u8> {
        let left_bits = progress.size_bits - progress.received_bits;
        if progress.received_bits <= 0.0 || left_bits <= 0.0 {
            return None;
        }
        self.curve.better_restart(&Restart {
            vp,
            level_ms: progress.buffer_ms,
            variant: progress.variant,
            size_bits: progress.size_bits,
            left_bits,
            score_min: 0.0,
        })
    }
}
