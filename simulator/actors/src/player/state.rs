//! What a player is in: phases, facts, and what its rules remember.

use crate::hlsjs;
use crate::sabre::SabreState;

/// How many pathways a player remembers apart; ids that agree modulo this share a memory.
pub(super) const PATHWAYS: usize = 4;
pub(super) const NO_VARIANT: u8 = u8::MAX;

/// What a player's rules remember.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum AbrState {
    HlsJs {
        estimator: hlsjs::Estimator,
        errors: Errors,
    },
    /// BBA looks at the buffer only.
    Bba {
        errors: Errors,
    },
    /// Players with Sabre's rules recover as Shaka does, which needs no count of errors.
    Sabre(SabreState),
}

/// What hls.js remembers for its handling of errors; all but `asked_at_ms` and `playlist_load_ms` is of the current
/// pathway.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Errors {
    /// Failed segment requests per variant, four bits each (hls.js `fragmentError`).
    pub(super) segment_errors: u64,
    /// When the request in flight was made, in ms of the run.
    pub(super) asked_at_ms: u32,
    /// Bit per variant that was left for an error (hls.js `loadError`).
    pub(super) left: u16,
    /// How long the body of the last media playlist took, in ms.
    pub(super) playlist_load_ms: u16,
}

impl AbrState {
    pub(super) fn errors(&self) -> Errors {
        match self {
            Self::HlsJs { errors, .. } | Self::Bba { errors } => *errors,
            Self::Sabre(_) => Errors::default(),
        }
    }

    pub(super) fn errors_mut(&mut self) -> Option<&mut Errors> {
        match self {
            Self::HlsJs { errors, .. } | Self::Bba { errors } => Some(errors),
            Self::Sabre(_) => None,
        }
    }
}

/// What the player waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing asked yet.
    Idle,
    Multivariant,
    Playlist,
    Segment,
    /// The buffer to drain, or a live playlist to become due.
    Waiting,
    /// A rule's delay before the segment that it chose.
    Delayed,
    /// To repeat the multivariant playlist.
    MultivariantBackoff,
    /// To repeat a media playlist.
    PlaylistBackoff,
    /// To repeat a segment.
    SegmentBackoff,
    /// The rest of the title to be played.
    Draining,
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Playback {
    NotStarted,
    Playing,
    Stalled,
}

/// Yes-or-no facts, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Flags(u8);

impl Flags {
    /// A steering reply came that no request has followed yet.
    pub(super) const STEERED: u8 = 1;
    /// A live session knows its first segment.
    pub(super) const POSITIONED: u8 = 2;
    /// The last segment of the title is buffered.
    pub(super) const COMPLETE: u8 = 4;

    pub(super) fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }

    pub(super) fn set(&mut self, flag: u8, on: bool) {
        self.0 = if on { self.0 | flag } else { self.0 & !flag };
    }
}
