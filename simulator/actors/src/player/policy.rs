//! Load policies as data: how long a player waits for a request, and what it does when it fails.
//!
//! The platform can hand one out, so nothing here is code of one player.

use units::{Micros, Ppm};

/// When and how often a failed request is made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Most repetitions.
    pub max: u8,
    /// Wait before the first repetition; doubled before each further one.
    pub base: Micros,
    /// Longest wait.
    pub cap: Micros,
    /// Share by which a wait is drawn longer or shorter, uniformly (Shaka: 50 %).
    pub fuzz: Ppm,
}

/// How one kind of request is watched and repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadPolicy {
    /// Longest wait for the first byte.
    pub first_byte: Micros,
    /// Longest time to the end of the body.
    pub total: Micros,
    /// Longest pause between bytes of the body; [`Micros::MAX`] if not watched.
    pub idle: Micros,
    /// After a timeout.
    pub timeout_retry: RetryPolicy,
    /// After an error status or a broken connection.
    pub error_retry: RetryPolicy,
    /// Whether a broken connection and statuses 400 to 499 are repeated too (hls.js: no, Shaka: yes, save 401 and
    /// 403).
    pub retries_refusals: bool,
}

/// The policies of one player.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadPolicies {
    /// For the multivariant playlist.
    pub multivariant: LoadPolicy,
    /// For media playlists.
    pub playlist: LoadPolicy,
    /// For segments.
    pub segment: LoadPolicy,
    /// How long hls.js passes over a variant for its errors (`errorPenaltyExpireMs`); [`Micros::MAX`]: until a segment of it
    /// is buffered.
    pub error_penalty: Micros,
}

impl RetryPolicy {
    /// Never again.
    pub const NONE: Self = Self { max: 0, base: Micros::ZERO, cap: Micros::ZERO, fuzz: Ppm::ZERO };

    /// At most `max` times, waiting `base_ms` milliseconds and twice as long each further time, up to `cap_ms`.
    #[must_use]
    pub const fn doubling(max: u8, base_ms: u64, cap_ms: u64) -> Self {
        Self { max, base: Micros::from_millis(base_ms), cap: Micros::from_millis(cap_ms), fuzz: Ppm::ZERO }
    }

    /// The wait before repetition `attempt` (from 0), with `draw` in [0, 1) deciding the fuzz.
    #[must_use]
    pub fn wait(&self, attempt: u8, draw: f64) -> Micros {
        let doubled = self.base.0.saturating_mul(1 << attempt.min(32));
        let wait = Micros(doubled.min(self.cap.0));
        if self.fuzz == Ppm::ZERO {
            return wait;
        }
        Micros::from_secs_f64(wait.as_secs_f64() * (1.0 + (2.0 * draw - 1.0) * self.fuzz.as_f64()))
    }
}

impl LoadPolicies {
    /// The defaults of hls.js 1.7.
    ///
    /// Source: hls.js `src/config.ts` (`manifestLoadPolicy`, `playlistLoadPolicy`, `fragLoadPolicy`).
    #[must_use]
    pub const fn hlsjs() -> Self {
        let unwatched = Micros::MAX;
        Self {
            multivariant: LoadPolicy {
                first_byte: Micros::MAX,
                total: Micros::from_secs(20),
                idle: unwatched,
                timeout_retry: RetryPolicy::doubling(2, 0, 0),
                error_retry: RetryPolicy::doubling(1, 1_000, 8_000),
                retries_refusals: false,
            },
            playlist: LoadPolicy {
                first_byte: Micros::from_secs(10),
                total: Micros::from_secs(20),
                idle: unwatched,
                timeout_retry: RetryPolicy::doubling(2, 0, 0),
                error_retry: RetryPolicy::doubling(2, 1_000, 8_000),
                retries_refusals: false,
            },
            segment: LoadPolicy {
                first_byte: Micros::from_secs(10),
                total: Micros::from_secs(120),
                idle: unwatched,
                timeout_retry: RetryPolicy::doubling(4, 0, 0),
                error_retry: RetryPolicy::doubling(6, 1_000, 8_000),
                retries_refusals: false,
            },
            error_penalty: Micros::MAX,
        }
    }

    /// What the modernised platform hands out: first byte within 4 s, no repetition after a timeout, one after an
    /// error, errors forgotten after a minute.
    ///
    /// Chosen: one segment duration for the first byte; waits and the total limit are those of a recorded run of hls.js 1.7.4
    /// that left a hanging CDN without a stall.
    #[must_use]
    pub const fn platform() -> Self {
        let tuned = LoadPolicy {
            first_byte: Micros::from_secs(4),
            total: Micros::from_secs(20),
            idle: Micros::MAX,
            timeout_retry: RetryPolicy::NONE,
            error_retry: RetryPolicy::doubling(1, 500, 1_000),
            retries_refusals: false,
        };
        let multivariant = LoadPolicy { timeout_retry: RetryPolicy::doubling(2, 0, 0), ..tuned };
        Self { multivariant, playlist: tuned, segment: tuned, error_penalty: Micros::from_secs(60) }
    }

    /// The defaults of Shaka 5.2: connection 10 s, total 30 s, stall 5 s; one repetition after 1 s ± 50 %.
    ///
    /// Source: Shaka Player 5.2.0, `lib/net/networking_engine.js` and `lib/util/player_configuration.js`.
    #[must_use]
    pub const fn shaka() -> Self {
        let retry =
            RetryPolicy { max: 1, base: Micros::from_secs(1), cap: Micros::from_secs(1), fuzz: Ppm(500_000) };
        let policy = LoadPolicy {
            first_byte: Micros::from_secs(10),
            total: Micros::from_secs(30),
            idle: Micros::from_secs(5),
            timeout_retry: retry,
            error_retry: retry,
            retries_refusals: true,
        };
        Self { multivariant: policy, playlist: policy, segment: policy, error_penalty: Micros::MAX }
    }
}
