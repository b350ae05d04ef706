//! What is remembered of refused webhooks, and what their pattern means.
//!
//! Anybody can send a forged request, so a refusal must cost nothing that lasts: one counter per reason and a ring of the newest
//! samples, both of fixed size and in memory only. The last few judged requests also tell why requests are refused: signatures that
//! are good while the times are off mean that a clock is wrong, and must not be reported as an attack.

use std::collections::VecDeque;

use units::Timestamp;

use super::verify::Rejection;

/// Refused requests that are kept as samples.
pub const SAMPLES_MAX: usize = 64;

/// Longest part of a header or source that a sample keeps, in bytes.
pub const SAMPLE_BYTES_MAX: usize = 128;

/// Judged requests that the pattern is read from.
pub const PATTERN_LENGTH: usize = 32;

/// Least number of refusals of a kind among them that makes a pattern: a few alone are chance.
pub const PATTERN_MIN: usize = 8;

/// A refused request, for a person to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// When it came.
    pub at: Timestamp,
    /// Why it was refused.
    pub rejection: Rejection,
    /// What it called itself, cut to [`SAMPLE_BYTES_MAX`] bytes; nothing in it is to be believed.
    pub claimed_id: String,
}

/// What the refusals look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    /// Nothing out of the ordinary.
    Quiet,
    /// Most genuine requests fall outside the window: our clock or the sender's is wrong.
    ClockSkew {
        /// The sender's clock minus ours, in seconds: the median of the refused.
        skew_s: i64,
    },
    /// Most requests carry signatures of no secret of ours: somebody is trying, or a secret was replaced and not configured.
    Forgery,
}

/// Bounded memory of refused requests.
#[derive(Debug, Clone, Default)]
pub struct Refusals {
    counts: [u64; Rejection::CODES.len()],
    samples: VecDeque<Sample>,
    judged: VecDeque<Judged>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judged {
    Accepted,
    OutsideWindow(i64),
    Forged,
}

impl Refusals {
    /// Takes in that a request was genuine and in time.
    pub fn accepted(&mut self) {
        self.judge(Judged::Accepted);
    }

    /// Takes in a refusal. `claimed_id` is what the request called itself, whatever bytes those are.
    pub fn refused(&mut self, at: Timestamp, rejection: Rejection, claimed_id: &[u8]) {
        if let Some(position) = Rejection::CODES.iter().position(|code| *code == rejection.code()) {
            self.counts[position] = self.counts[position].saturating_add(1);
        }
        self.judge(match rejection {
            Rejection::OutsideWindow { skew_s, .. } => Judged::OutsideWindow(skew_s),
            _ => Judged::Forged,
        });
        let shown = &claimed_id[..claimed_id.len().min(SAMPLE_BYTES_MAX)];
        push_bounded(
            &mut self.samples,
            SAMPLES_MAX,
            Sample { at, rejection, claimed_id: shown.escape_ascii().to_string() },
        );
    }

    /// Refusals by reason since the start.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        Rejection::CODES.into_iter().zip(self.counts)
    }

    /// The newest refused requests, oldest first.
    pub fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.samples.iter()
    }

    /// What the last [`PATTERN_LENGTH`] judged requests look like.
    #[must_use]
    pub fn pattern(&self) -> Pattern {
        let accepted = self.judged.iter().filter(|judged| **judged == Judged::Accepted).count();
        let forged = self.judged.iter().filter(|judged| **judged == Judged::Forged).count();
        let mut skews: Vec<i64> = self
            .judged
            .iter()
            .filter_map(
                |judged| if let Judged::OutsideWindow(skew_s) = judged { Some(*skew_s) } else { None },
            )
            .collect();
        // A single old request that is sent again and again stays below half as long as genuine ones come in.
        if skews.len() >= PATTERN_MIN && skews.len() > accepted {
            skews.sort_unstable();
            return Pattern::ClockSkew { skew_s: skews[skews.len() / 2] };
        }
        if forged >= PATTERN_MIN && forged > accepted {
            return Pattern::Forgery;
        }
        Pattern::Quiet
    }

    fn judge(&mut self, judged: Judged) {
        push_bounded(&mut self.judged, PATTERN_LENGTH, judged);
    }
}

fn push_bounded<T>(ring: &mut VecDeque<T>, length_max: usize, item: T) {
    if ring.len() == length_max {
        ring.pop_front();
    }
    ring.push_back(item);
}

#[cfg(test)]
mod tests;
