//! One viewer of the reference.

use actors::network::AccessState;
use actors::player::{Failure, LoadDeadlines, Loaded, Played, Player, Request, RequestKind};
use units::{Bits, Kbps, Micros, PathwayId, PopId, Timestamp};

use super::link::Place;

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// Not come yet.
    Planned,
    /// Has a player that works.
    On,
    /// The player failed after the first frame, at this time: stalled until the viewer leaves.
    Dead(Timestamp),
    /// Gone.
    Over,
}

/// What the request in flight waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Awaits {
    /// There is none.
    Nothing,
    /// An answer without a body that needs the link.
    Playlist(Loaded),
    /// An error.
    Error(Failure),
    /// Nothing that comes in time.
    Silence,
    /// A body that has not begun.
    Body(Coming),
    /// A body in its link.
    Flow(Coming, Place),
}

/// A body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Coming {
    pub(super) pop: PopId,
    pub(super) first_byte_at: Timestamp,
    pub(super) size: Bits,
    /// Since when its access rate is zero.
    pub(super) silent_from: Option<Timestamp>,
}

#[derive(Debug, Clone)]
pub(super) struct Viewer {
    pub(super) player: Player,
    pub(super) access: AccessState,
    pub(super) status: Status,
    pub(super) started: bool,
    /// Counts commands, so that an event of an earlier one can be told.
    pub(super) serial: u32,
    pub(super) awaits: Awaits,
    pub(super) request: Request,
    pub(super) requested_at: Timestamp,
    /// The POP that the connection leads to.
    pub(super) connected: Option<PopId>,
    /// When it last carried a body to its end.
    pub(super) used_at: Timestamp,
}

/// What is compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) played: u64,
    pub(crate) stalled: u64,
    pub(crate) stalls: u64,
    pub(crate) segments: u64,
    /// Σ average kbit/s of the variant.
    pub(crate) kbps: u64,
    pub(crate) failures: u64,
    pub(crate) start_failures: u64,
    pub(crate) exits: u64,
    pub(crate) fatal: u64,
    pub(crate) started: u64,
    pub(crate) startup: u64,
}

impl Tally {
    pub(super) fn count(&mut self, played: Played) {
        self.played += played.stalled_from.since(played.from).0;
        self.stalled += played.to.since(played.stalled_from).0;
        self.stalls += u64::from(played.stall_began);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.played += other.played;
        self.stalled += other.stalled;
        self.stalls += other.stalls;
        self.segments += other.segments;
        self.kbps += other.kbps;
        self.failures += other.failures;
        self.start_failures += other.start_failures;
        self.exits += other.exits;
        self.fatal += other.fatal;
        self.started += other.started;
        self.startup += other.startup;
    }

    pub(crate) fn rebuffering(&self) -> f64 {
        self.stalled as f64 / (self.stalled + self.played) as f64
    }

    /// Mean startup time, in µs.
    pub(crate) fn startup(&self) -> f64 {
        self.startup as f64 / self.started as f64
    }

    /// Mean bitrate of segments, in kbit/s.
    pub(crate) fn bitrate(&self) -> f64 {
        self.kbps as f64 / self.segments as f64
    }
}

impl Viewer {
    pub(super) fn new(player: Player, access: AccessState) -> Self {
        Self {
            player,
            access,
            status: Status::Planned,
            started: false,
            serial: 0,
            awaits: Awaits::Nothing,
            request: Request {
                kind: RequestKind::Multivariant,
                pathway: PathwayId(0),
                deadlines: LoadDeadlines {
                    first_byte: Timestamp::NEVER,
                    total: Timestamp::NEVER,
                    idle: Micros::MAX,
                },
                abandon_watch: Timestamp::NEVER,
            },
            requested_at: Timestamp::ZERO,
            connected: None,
            used_at: Timestamp::ZERO,
        }
    }
}

/// Time that a cold connection loses to TCP's slow start: it has ten segments of 1,460 bytes in the first round trip and
/// twice as many in each further one, up to what the path holds at `rate` (or the body). Between powers of two the
/// number of round trips is taken as linear.
pub(super) fn slow_start(size: Bits, rate: Kbps, rtt: Micros) -> Micros {
    let first = 10 * 1_460 * 8;
    let wanted = (rate.0 * rtt.0 / 1_000).min(size.0);
    let mut window = first;
    let mut lost = 0;
    while window * 2 <= wanted {
        window *= 2;
        lost += rtt.0;
    }
    Micros(lost + rtt.0 * wanted.saturating_sub(window) / window)
}
