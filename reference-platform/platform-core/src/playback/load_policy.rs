//! The timers and retries that players follow, handed out by the platform as data. Lever `load_policy`.
//!
//! A player library has defaults that suit a home page with one video and one CDN. With two pathways what counts is to
//! notice a hanging one: hls.js 1.7 with its defaults never left a CDN that accepted connections and sent nothing,
//! and with these values it did after 12 s (three variants at 4 s each), without a stall.

use serde::{Deserialize, Serialize};
use units::Micros;

use super::health::FIRST_BYTE_MAX;

/// Limits and retries for one kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadLimits {
    /// No first byte after this long fails the request; `None` leaves it to [`Self::total`].
    pub first_byte: Option<Micros>,
    /// Not complete after this long fails it.
    pub total: Micros,
    /// Retries after a time-out.
    pub timeout_retries: Retries,
    /// Retries after an error.
    pub error_retries: Retries,
}

/// How often and after which waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retries {
    /// Retries after the first failure.
    pub max: u8,
    /// Wait before the first retry; doubled for each further one.
    pub delay: Micros,
    /// Longest wait.
    pub delay_max: Micros,
}

impl Retries {
    /// Never again.
    pub const NONE: Self = Self { max: 0, delay: Micros::ZERO, delay_max: Micros::ZERO };

    /// So often, without waiting.
    #[must_use]
    pub const fn at_once(max: u8) -> Self {
        Self { max, delay: Micros::ZERO, delay_max: Micros::ZERO }
    }

    /// The wait before retry `number` (0 is the first), or `None` when there are no more.
    #[must_use]
    pub const fn wait(&self, number: u8) -> Option<Micros> {
        if number >= self.max {
            return None;
        }
        let shift = if number < 32 { number } else { 32 };
        let wait = self.delay.0.saturating_mul(1 << shift);
        Some(Micros(if wait < self.delay_max.0 { wait } else { self.delay_max.0 }))
    }
}

/// The load policy for all kinds of requests of a player.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadPolicy {
    /// Multivariant playlist.
    pub multivariant: LoadLimits,
    /// Media playlists.
    pub media_playlist: LoadLimits,
    /// Segments and initialisation sections.
    pub segment: LoadLimits,
    /// Steering manifest.
    pub steering: LoadLimits,
    /// How long a variant is passed over for its errors (hls.js 1.7: `errorPenaltyExpireMs`); `None`: until a segment of it is
    /// buffered, for which it would have to be asked for.
    pub error_penalty: Option<Micros>,
}

/// How long a variant is passed over for its errors.
///
/// Chosen: as long as a pathway must do well before it gets traffic back (`restore_after` of
/// [`HealthConfig`](super::health::HealthConfig)), so that who comes back finds all variants.
pub const ERROR_PENALTY: Micros = Micros::from_secs(60);

impl LoadPolicy {
    /// What the modern platform hands out: first byte within 4 s, no retry after a time-out, one after an error.
    ///
    /// Waits are those of the recorded run in which hls.js 1.7 left a hanging CDN without a stall. The total time of a
    /// segment stays that of hls.js: a shorter one cuts off viewers whose own access is slow, again and again, and tells
    /// nothing about the pathway. The multivariant playlist names the pathways, so before it is there a player has nowhere else to go: it keeps the two
    /// retries after a time-out that hls.js has. The steering manifest keeps hls.js's limits altogether.
    ///
    /// Errors are forgotten after [`ERROR_PENALTY`]: by default hls.js never goes back to a variant that failed on a pathway, and
    /// a steering server that sends viewers back to a CDN would find them at a low quality for the rest of the evening.
    #[must_use]
    pub const fn tuned() -> Self {
        let tuned = LoadLimits {
            first_byte: Some(FIRST_BYTE_MAX),
            total: Micros::from_secs(20),
            timeout_retries: Retries::NONE,
            error_retries: Retries {
                max: 1,
                delay: Micros::from_millis(500),
                delay_max: Micros::from_secs(1),
            },
        };
        Self {
            multivariant: LoadLimits { timeout_retries: Retries::at_once(2), ..tuned },
            media_playlist: tuned,
            segment: LoadLimits { total: Micros::from_secs(120), ..tuned },
            steering: LoadLimits {
                first_byte: Some(Micros::from_secs(10)),
                total: Micros::from_secs(20),
                timeout_retries: Retries::at_once(2),
                error_retries: Retries {
                    max: 1,
                    delay: Micros::from_secs(1),
                    delay_max: Micros::from_secs(8),
                },
            },
            error_penalty: Some(ERROR_PENALTY),
        }
    }
}

/// Decides which load policy players are given. Lever `load_policy`.
pub trait LoadPolicySource {
    /// The policy for every player of the platform.
    fn load_policy(&self) -> LoadPolicy;
}

/// The modern side of lever `load_policy`.
#[derive(Debug, Clone, Copy, Default)]
pub struct TunedLoadPolicy;

impl LoadPolicySource for TunedLoadPolicy {
    fn load_policy(&self) -> LoadPolicy {
        LoadPolicy::tuned()
    }
}

#[cfg(test)]
mod tests;
