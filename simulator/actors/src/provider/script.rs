//! What the provider does with each call.

use std::collections::VecDeque;

use libm::exp;
use units::draws::Draws;
use units::sample::normal;
use units::{Micros, Timestamp};

/// What becomes of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// What it does.
    pub kind: ReplyKind,
    /// It does so, and the connection breaks before the answer is read.
    pub lose_response: bool,
    /// Time between doing it and answering.
    pub delay: Micros,
}

/// What the provider does with a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyKind {
    /// Does it and says so.
    Ok,
    /// Refuses with a decline code; the refusal is kept under the key.
    Decline {
        /// The code.
        code: String,
    },
    /// Does it, keeps it under the key, and the call times out.
    TimeoutCharged,
    /// Never gets the request.
    TimeoutNotCharged,
    /// HTTP 409; does and keeps nothing.
    KeyInUse,
    /// HTTP 500, kept and repeated under the key.
    Error {
        /// Whether the money was taken before.
        charged: bool,
    },
}

impl Reply {
    /// A reply at once, whose answer arrives.
    #[must_use]
    pub const fn now(kind: ReplyKind) -> Self {
        Self { kind, lose_response: false, delay: Micros::ZERO }
    }
}

/// Replies for the calls to come; after the last, every call is `Ok`.
#[derive(Debug, Clone, Default)]
pub struct Script {
    replies: VecDeque<Reply>,
    cycle: bool,
}

impl Script {
    /// These replies in order, from the first again after the last if `cycle`.
    #[must_use]
    pub fn new(replies: impl IntoIterator<Item = Reply>, cycle: bool) -> Self {
        Self { replies: replies.into_iter().collect(), cycle }
    }

    /// The reply to the next call.
    pub fn next_reply(&mut self) -> Reply {
        let Some(reply) = self.replies.pop_front() else { return Reply::now(ReplyKind::Ok) };
        if self.cycle {
            self.replies.push_back(reply.clone());
        }
        reply
    }
}

/// How a provider behaves at large, for scripts drawn by seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Behaviour {
    /// Median time to answer; lognormal.
    pub latency_median: Micros,
    /// Standard deviation of the latency's logarithm.
    pub latency_sigma: f64,
    /// Calls that time out, per million; half of them have done what was asked.
    pub timeouts_ppm: u64,
    /// Calls that fail with 500, per million; half of them have done what was asked.
    pub errors_ppm: u64,
    /// Charges that are declined, per million.
    pub declines_ppm: u64,
    /// Decline codes with their weights.
    pub codes: Vec<(String, u64)>,
}

impl Default for Behaviour {
    /// Median 80 ms, 1 % time-outs, 6.2 % declines at risk per month in subscription video, with the reasons that dunning vendors publish:
    /// funds 31 %, expired 18 %, no reason 22 %, authentication 11 %, lost or stolen 7 %, not supported 11 %.
    fn default() -> Self {
        let codes = [
            ("insufficient_funds", 31),
            ("expired_card", 18),
            ("generic_decline", 22),
            ("authentication_required", 11),
            ("lost_card", 7),
            ("card_not_supported", 11),
        ];
        Self {
            latency_median: Micros::from_millis(80),
            latency_sigma: 0.6,
            timeouts_ppm: 10_000,
            errors_ppm: 1_000,
            declines_ppm: 62_000,
            codes: codes.into_iter().map(|(code, weight)| (code.to_owned(), weight)).collect(),
        }
    }
}

const MILLION: u64 = 1_000_000;

impl Behaviour {
    /// The reply to the call with an ordinal: the same for the same stream and ordinal, whatever the others were.
    #[must_use]
    pub fn reply(&self, draws: Draws, ordinal: u64) -> Reply {
        let delay = self.latency(draws.bits(ordinal, 0));
        let lot = draws.bits(ordinal, 1) % MILLION;
        let half = draws.bits(ordinal, 2).is_multiple_of(2);
        let timeouts = self.timeouts_ppm;
        let errors = timeouts + self.errors_ppm;
        let kind = if lot < timeouts {
            if half { ReplyKind::TimeoutCharged } else { ReplyKind::TimeoutNotCharged }
        } else if lot < errors {
            ReplyKind::Error { charged: half }
        } else if lot < errors + self.declines_ppm {
            ReplyKind::Decline { code: self.code(draws.bits(ordinal, 3)) }
        } else {
            ReplyKind::Ok
        };
        Reply { kind, lose_response: false, delay }
    }

    fn latency(&self, bits: u64) -> Micros {
        Micros::from_secs_f64(self.latency_median.as_secs_f64() * exp(self.latency_sigma * normal(bits)))
    }

    fn code(&self, draw: u64) -> String {
        let total: u64 = self.codes.iter().map(|(_, weight)| weight).sum();
        let mut lot = draw.checked_rem(total).unwrap_or_default();
        for (code, weight) in &self.codes {
            if lot < *weight {
                return code.clone();
            }
            lot -= weight;
        }
        "generic_decline".to_owned()
    }
}

/// A point in time as whole seconds since 1970, as the wire has it.
#[must_use]
pub const fn seconds(at: Timestamp) -> u64 {
    at.0 / 1_000_000
}
