//! When viewers arrive, so that the number present follows a curve.
//!
//! The expected number present at the end of each step is the sum of what is left of the first viewers and of the
//! arrivals of each step so far. It is solved step by step for the arrivals of the step, never below zero. Arrivals are
//! then a Poisson process with that rate, by unit exponential gaps through the inverse of its integral. Open loop: a
//! platform that makes viewers wait does not keep others from coming.

use units::sample::exponential;
use units::{Draws, Micros, Timestamp};

use super::presence::Presence;
use super::spec::Curve;

/// At most so many steps: the solution costs half the square of it. 2 h are solved by the second.
const STEPS: u64 = 7_200;

/// Expected arrivals per step.
#[derive(Debug, Clone)]
pub(super) struct Rate {
    step: Micros,
    duration: Micros,
    arrivals: Vec<f64>,
    /// The largest excess of the expectation over the curve: (when, expected, wanted).
    pub(super) excess: Option<(Timestamp, f64, f64)>,
}

impl Rate {
    #[expect(clippy::cast_precision_loss, reason = "there are at most 7,200 steps")]
    pub(super) fn solve(curve: &Curve, present: f64, presence: &Presence, duration: Micros) -> Self {
        let step = Micros::from_secs(duration.0.div_ceil(STEPS * 1_000_000).max(1));
        let steps = duration.0.div_ceil(step.0) as usize;
        let step_s = step.as_secs_f64();
        let left: Vec<f64> =
            (0..steps).map(|age| mean_survival(presence, age as f64 * step_s, step_s)).collect();
        let mut rate = Self { step, duration, arrivals: Vec::with_capacity(steps), excess: None };
        for ordinal in 0..steps {
            let end = (ordinal + 1) as f64 * step_s;
            let mut rest = present * presence.residual_survival(end);
            for (arrived, left) in rate.arrivals.iter().zip(left[1..=ordinal].iter().rev()) {
                rest += arrived * left;
            }
            let wanted = curve.at(end);
            rate.arrivals.push(((wanted - rest) / left[0]).max(0.0));
            if rest - wanted > rate.excess.map_or(0.0, |(_, expected, wanted)| expected - wanted) {
                rate.excess = Some((Timestamp(step.0 * (ordinal as u64 + 1)), rest, wanted));
            }
        }
        rate
    }

    /// The arrivals of a stream in order of time, up to the end of the run.
    pub(super) fn times(&self, draws: Draws, stream: u64) -> Vec<Timestamp> {
        let mut times = Vec::new();
        let (mut ordinal, mut gap) = (0, exponential(draws.bits(stream, 0)));
        for (step, &expected) in self.arrivals.iter().enumerate() {
            let mut used = 0.0;
            while used + gap <= expected {
                used += gap;
                let at = Timestamp(self.step.0 * step as u64 + fraction(self.step, used / expected));
                if at.0 >= self.duration.0 {
                    return times;
                }
                times.push(at);
                ordinal += 1;
                gap = exponential(draws.bits(stream, ordinal));
            }
            gap -= expected - used;
        }
        times
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a step is far below 2^53 microseconds"
)]
fn fraction(step: Micros, share: f64) -> u64 {
    ((step.0 as f64 * share) as u64).min(step.0 - 1)
}

/// The mean of the survival function over a step: what is left of its arrivals, spread evenly, at its end.
fn mean_survival(presence: &Presence, from: f64, step: f64) -> f64 {
    const POINTS: u32 = 8;
    let point = |ordinal| from + (f64::from(ordinal) + 0.5) * step / f64::from(POINTS);
    (0..POINTS).map(|ordinal| presence.survival(point(ordinal))).sum::<f64>() / f64::from(POINTS)
}
