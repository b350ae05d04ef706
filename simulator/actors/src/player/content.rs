//! What there is to play: the ladder and either a finished title or a live window.

use units::{Bits, Kbps, Micros, Timestamp};

/// One bitrate/resolution version in a multivariant playlist (RFC 8216bis).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    /// `AVERAGE-BANDWIDTH`.
    pub average: Kbps,
    /// `BANDWIDTH`, the peak segment rate.
    pub peak: Kbps,
}

/// The variants of all titles of a scenario, lowest first (1 to 16 of them), and their segment duration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder {
    /// Lowest bitrate first.
    pub variants: Vec<Variant>,
    /// Target duration, equal for all segments.
    pub segment: Micros,
}

impl Ladder {
    /// The mean size of a segment of `variant`.
    #[must_use]
    pub fn nominal_size(&self, variant: u8) -> Bits {
        self.variants[usize::from(variant)].average.bits_in(self.segment)
    }

    /// Index of the highest variant.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "a ladder has at most 16 variants")]
    pub fn top(&self) -> u8 {
        (self.variants.len() - 1) as u8
    }
}

/// What a session plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// A finished title: segments 0..`segments` exist from the start.
    Vod {
        /// Number of segments.
        segments: u32,
    },
    /// A live stream.
    Live(LiveWindow),
}

/// A live stream: segment `n` is complete, and listed by the origin, at `(n + 1) × segment - lead` of virtual time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveWindow {
    /// How long before the run the stream began.
    pub lead: Micros,
    /// How much of the past the playlist lists.
    pub window: Micros,
}

impl LiveWindow {
    /// The newest segment complete at `now`, or `None` before the first one is.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "a stream of 2^32 segments outlasts any run")]
    pub fn newest(&self, now: Timestamp, segment: Micros) -> Option<u32> {
        ((now + self.lead).0 / segment.0).checked_sub(1).map(|newest| newest as u32)
    }

    /// The stream as it was some time ago.
    #[must_use]
    pub const fn ago(self, time: Micros) -> Self {
        Self { lead: self.lead.saturating_sub(time), window: self.window }
    }

    /// The oldest segment of a playlist whose newest is `newest`.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "a window is minutes long")]
    pub fn first_listed(&self, newest: u32, segment: Micros) -> u32 {
        (newest + 1).saturating_sub((self.window.0 / segment.0).max(1) as u32)
    }

    /// When segment `index` is complete; zero if that was before the run.
    #[must_use]
    pub fn complete_at(&self, index: u32, segment: Micros) -> Timestamp {
        Timestamp(((u64::from(index) + 1) * segment.0).saturating_sub(self.lead.0))
    }
}
