//! The words between a player and its rules.
//!
//! Public fields are in Sabre's units; the constructors take the integers of the event path.

use units::{Bits, Micros, Timestamp};

use super::estimator::Sample;
use crate::player;

/// The player's side of a decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Situation {
    /// Buffer level, the part already played left out.
    pub buffer_ms: f64,
    /// Ordinal of the next segment counted from the start of the session or the last seek.
    ///
    /// Sabre's DYNAMIC and DYNAMICDASH take no notice of seeks and count from the start of the title.
    pub segments_since_seek: u32,
    /// Segments left, the next one included; `None` where the end is not known (live).
    pub segments_left: Option<u32>,
}

/// The next request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// Which variant.
    pub variant: u8,
    /// How long to wait before asking for it.
    pub delay_ms: f64,
}

/// A download that has ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Download {
    /// Which variant.
    pub variant: u8,
    /// Body bits received.
    pub received_bits: f64,
    /// Time from the request to the first bit.
    pub latency_ms: f64,
    /// Time from the request to the last bit received.
    pub elapsed_ms: f64,
    /// Buffer level now, with the segment in it if it was appended.
    pub buffer_ms: f64,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It went to the end of the buffer.
    Appended,
    /// It took the place of a buffered segment of a lower variant.
    Replaced,
    /// It was dropped, to be started again lower.
    Abandoned {
        /// As [`check_abandon`](super::SabreRules::check_abandon) said.
        to: u8,
    },
    /// It was to replace a buffered segment and would have come too late.
    ReplacementAbandoned,
}

/// A download under way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Which variant.
    pub variant: u8,
    /// Whole size.
    pub size_bits: f64,
    /// Received so far.
    pub received_bits: f64,
    /// Time since the request.
    pub elapsed_ms: f64,
    /// Time from the request to the first bit; `None` if there is none yet.
    pub first_byte_ms: Option<f64>,
    /// Buffer level now.
    pub buffer_ms: f64,
}

impl Situation {
    /// From the integers of the event path.
    #[must_use]
    pub fn new(buffer: Micros, segments_since_seek: u32, segments_left: Option<u32>) -> Self {
        Self { buffer_ms: buffer.as_millis_f64(), segments_since_seek, segments_left }
    }
}

impl Choice {
    /// Without a wait.
    pub(super) const fn now(variant: u8) -> Self {
        Self { variant, delay_ms: 0.0 }
    }

    /// The wait in whole microseconds.
    #[must_use]
    pub fn delay(&self) -> Micros {
        Micros::from_secs_f64(self.delay_ms / 1e3)
    }
}

impl Download {
    /// A segment that has just been appended; `buffer` includes it.
    #[must_use]
    pub fn loaded(loaded: &player::Loaded, now: Timestamp, variant: u8, buffer: Micros) -> Self {
        Self {
            variant,
            received_bits: bits(loaded.size),
            latency_ms: loaded.first_byte_at.since(loaded.requested_at).as_millis_f64(),
            elapsed_ms: now.since(loaded.requested_at).as_millis_f64(),
            buffer_ms: buffer.as_millis_f64(),
            outcome: Outcome::Appended,
        }
    }

    /// A download dropped because [`check_abandon`](super::SabreRules::check_abandon) said so.
    #[must_use]
    pub fn abandoned(progress: &Progress, to: u8) -> Self {
        Self {
            variant: progress.variant,
            received_bits: progress.received_bits,
            latency_ms: progress.first_byte_ms.unwrap_or(progress.elapsed_ms),
            elapsed_ms: progress.elapsed_ms,
            buffer_ms: progress.buffer_ms,
            outcome: Outcome::Abandoned { to },
        }
    }

    /// What it says about the network. A body that came at once counts as one microsecond.
    pub(super) fn sample(&self) -> Sample {
        const TRANSFER_MIN_MS: f64 = 1e-3;
        let transfer_ms = (self.elapsed_ms - self.latency_ms).max(TRANSFER_MIN_MS);
        Sample { transfer_ms, throughput_kbps: self.received_bits / transfer_ms, latency_ms: self.latency_ms }
    }
}

impl Progress {
    /// From the integers of the event path; `buffer` is the level at `now`.
    #[must_use]
    pub fn observed(progress: &player::Progress, now: Timestamp, variant: u8, buffer: Micros) -> Self {
        Self {
            variant,
            size_bits: bits(progress.size),
            received_bits: bits(progress.received),
            elapsed_ms: now.since(progress.requested_at).as_millis_f64(),
            first_byte_ms: progress.first_byte_at.map(|at| at.since(progress.requested_at).as_millis_f64()),
            buffer_ms: buffer.as_millis_f64(),
        }
    }
}

impl Outcome {
    pub(super) fn is_complete(self) -> bool {
        matches!(self, Self::Appended | Self::Replaced)
    }

    pub(super) fn is_replacement(self) -> bool {
        matches!(self, Self::Replaced | Self::ReplacementAbandoned)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a segment is far smaller than 2^53 bits")]
fn bits(size: Bits) -> f64 {
    size.0 as f64
}
