//! The words between a player and its environment.

use units::{Bits, Micros, PathwayId, Timestamp};

/// What the environment must do next. A player has at most one media request in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Start this request; answer with `Player::loaded` or `Player::failed`, and offer `Player::progress` as it says.
    Load(Request),
    /// Drop the request in flight (its bytes so far are wasted) and start this one.
    Replace(Request),
    /// Drop the request in flight, if any, and call `Player::wake` at this time.
    Wait(Timestamp),
    /// Go on as before (an answer to `Player::progress`).
    Continue,
    /// The session is over; drop the request in flight, if any.
    End(EndReason),
}

/// A command, and what happened to playback since the last call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What to do next.
    pub command: Command,
    /// Playback since the last call.
    pub played: Played,
}

/// Playback between the last call and this one: playing in `[from, stalled_from)`, stalled in `[stalled_from, to)`.
///
/// All three are equal before the first frame (startup counts as neither).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Played {
    /// Start of the interval.
    pub from: Timestamp,
    /// When playback stopped for want of data; equal to `to` if it did not.
    pub stalled_from: Timestamp,
    /// End of the interval: `now` of the call.
    pub to: Timestamp,
    /// Whether a new stall began in the interval (false while an earlier one goes on).
    pub stall_began: bool,
    /// Whether the first frame was shown at `to`.
    pub first_frame: bool,
}

/// One request of a player.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub kind: RequestKind,
    /// From which pathway.
    pub pathway: PathwayId,
    /// Limits that the environment watches.
    pub deadlines: LoadDeadlines,
    /// Offer `Player::progress` every [`Request::PROGRESS_EVERY`] counted from the request, at least whenever the
    /// body is expected to end later than this. [`Timestamp::NEVER`] for requests that are never abandoned.
    ///
    /// An environment may offer it more often; a player's answer does not depend on offers that it answered with
    /// [`Command::Continue`].
    pub abandon_watch: Timestamp,
}

impl Request {
    /// How often a player looks at a running download (hls.js: 100 ms).
    pub const PROGRESS_EVERY: Micros = Micros::from_millis(100);
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequestKind {
    /// The multivariant playlist.
    Multivariant,
    /// The media playlist of a variant.
    MediaPlaylist {
        /// Index into the ladder.
        variant: u8,
    },
    /// A media segment.
    Segment {
        /// Index into the ladder.
        variant: u8,
        /// Ordinal in the title or stream.
        index: u32,
    },
}

/// Limits after which the environment must fail a request with [`Failure::Timeout`], whichever comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadDeadlines {
    /// No first byte by then.
    pub first_byte: Timestamp,
    /// Not complete by then.
    pub total: Timestamp,
    /// No byte for this long in mid-body; [`Micros::MAX`] if the player does not watch it.
    pub idle: Micros,
}

/// A request that succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loaded {
    /// When the request was made.
    pub requested_at: Timestamp,
    /// When its first byte came.
    pub first_byte_at: Timestamp,
    /// Size of the body.
    pub size: Bits,
    /// For a live media playlist: the newest segment that it lists. `None` otherwise, or if it lists none.
    pub newest_listed: Option<u32>,
}

/// A body in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// When the request was made.
    pub requested_at: Timestamp,
    /// When its first byte came; `None` if it has not.
    pub first_byte_at: Option<Timestamp>,
    /// Body bits received so far.
    pub received: Bits,
    /// Body size as announced by `Content-Length` (known from the first byte on).
    pub size: Bits,
}

/// A request that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// An HTTP status of 400 or more.
    Status(u16),
    /// The connection was refused or reset.
    Reset,
    /// A limit of [`LoadDeadlines`] passed.
    Timeout,
}

/// Why a session ended from the player's side (leaving is the audience's business).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// The title was played to its end.
    Complete,
    /// Every way to go on is exhausted.
    Fatal,
}
