//! A viewer's place in a cell: its player, who it is, and what it waits for.
//!
//! Everything that an event of a viewer touches lies in five consecutive cache lines, because a world is larger than the
//! caches and a line fetched costs more than most of the work on it. What is read once in a session stands apart, in
//! [`Margin`].

use core::mem::offset_of;

use actors::network::AccessState;
use actors::player::{Failure, Player, Request, RequestKind};
use units::{Bits, CohortId, Micros, PathwayId, PopId, RegionId, Timestamp, TitleId, ViewerId};

use crate::cause::Losses;
use crate::ledger::Cause;

/// What a seat's request in flight waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pending {
    /// No request is in flight.
    Nothing,
    /// A playlist, which comes at [`Seat::due`]; a live media playlist lists segments up to this one.
    Playlist { newest_listed: Option<u32> },
    /// An error, which comes at [`Seat::due`].
    Error(Failure),
    /// A body from this POP whose end is not known yet: in the cell's list of bodies.
    Body(PopId),
    /// A body that is complete at [`Seat::due`].
    Ending(PopId),
    /// The next barrier, where shield and origin answer.
    Backhaul(PopId),
    /// Nothing that will ever come: only a time-out ends it.
    Silence,
}

/// What a seat is in the middle of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Free for the next session.
    Empty,
    /// Pressed play; the session store has not answered.
    Granting,
    /// Has a player.
    Active,
    /// The player has given up for good; the viewer counts as stalled until the planned end.
    Dead,
}

/// A time counted from the request, in µs: half the room of a [`Timestamp`]. From 71 minutes on it means never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct After(u32);

impl After {
    pub(crate) const NEVER: Self = Self(u32::MAX);

    /// `at`, counted from `requested_at`; what lies before counts as zero.
    pub(crate) fn count(requested_at: Timestamp, at: Timestamp) -> Self {
        Self(u32::try_from(at.since(requested_at).0).unwrap_or(u32::MAX))
    }

    pub(crate) fn span(self) -> Micros {
        Micros(u64::from(self.0))
    }

    pub(crate) fn at(self, requested_at: Timestamp) -> Timestamp {
        if self == Self::NEVER { Timestamp::NEVER } else { requested_at + Micros(u64::from(self.0)) }
    }
}

/// A viewer's place in a cell.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(crate) struct Seat {
    pub(crate) player: Player,

    pub(crate) access: AccessState,
    pub(crate) viewer: ViewerId,
    pub(crate) title: TitleId,
    pub(crate) token: u32,
    /// Where the ledger's sums of this cohort and region begin.
    pub(crate) row: u32,
    pub(crate) pending: Pending,
    /// Rate of the last stretch of a body that is ending, in kbit/s.
    pub(crate) last_rate: u32,
    pub(crate) cohort: CohortId,
    pub(crate) region: RegionId,
    pub(crate) phase: Phase,
    pub(crate) started: bool,
    /// Whether the request in flight met a fault.
    pub(crate) faulted: bool,
    pub(crate) stalled_once: bool,
    /// Whether the last segment would have been slower than its own duration at the access rate alone.
    pub(crate) access_limited: bool,
    /// Whether [`Margin::losses`] holds anything.
    pub(crate) troubled: bool,
    /// Whether the request in flight opened its connection.
    pub(crate) handshakes: bool,
    /// The POP that the connection leads to.
    pub(crate) connected: Option<PopId>,
    /// The pathway of the last request.
    pub(crate) pathway: Option<PathwayId>,
    /// Which version of the steering tables the player's order is from; 0 if it has not asked yet, or from a version beyond
    /// 16 bits.
    pub(crate) steered_by: u16,
    /// Variant of the last segment.
    pub(crate) variant: Option<u8>,

    /// What the last request asked for.
    pub(crate) kind: RequestKind,
    pub(crate) requested_at: Timestamp,
    /// When the answer that [`Pending`] speaks of comes; without a request in flight, when the player is to be woken.
    pub(crate) due: Timestamp,
    /// Size of the body.
    pub(crate) size: Bits,
    /// The player's limit on the first byte.
    pub(crate) first_byte_limit: After,
    /// Its limit on the whole request.
    pub(crate) limit: After,
    /// If the body is expected to end later than this, the player looks at it every 100 ms.
    pub(crate) watch: After,
    /// When the first byte reaches the player.
    pub(crate) first_byte: After,
    /// When bits begin to flow at the full rate: the first byte, later by slow start.
    pub(crate) body_from: After,
    /// When the last bit flows, once that is known.
    pub(crate) last_bit: After,
    /// The edge itself has the last byte no earlier than this (a fill still running).
    pub(crate) filled: After,
    /// Since when no bit has flowed, if none does.
    pub(crate) silent_from: After,

    pub(crate) timeout_at: Timestamp,
    pub(crate) progress_at: Timestamp,
    /// When the connection was last used.
    pub(crate) used_at: Timestamp,
    /// When the player next asks the steering service.
    pub(crate) next_poll: Timestamp,
    /// When the last request failed, until the next one is made; else never.
    pub(crate) failed_at: Timestamp,
    /// Stall time that has no cause yet.
    pub(crate) open_stall: Micros,
    /// How much longer the answer to the request in flight takes because of a fault.
    pub(crate) fault_wait: Micros,
    /// How much longer the first byte takes than from an edge that has the object.
    pub(crate) fill_wait: After,
    /// Time that the link took from the body because it gave less than the access network could carry, in µs.
    pub(crate) lost_to_link: u32,
}

// Five cache lines; one more would show in every figure of `benches`.
const _: () = assert!(size_of::<Seat>() == 320);

// What [`Seat::glance`] reads stands in each of them.
const _: () = assert!(
    offset_of!(Seat, viewer) / 64 == 2
        && offset_of!(Seat, due) / 64 == 3
        && offset_of!(Seat, next_poll) / 64 == 4
);

/// What is known of a seat and seldom read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Margin {
    /// When play was pressed.
    pub(crate) arrived_at: Timestamp,
    pub(crate) leaves_at: Timestamp,
    pub(crate) patience_until: Timestamp,
    /// Up to when a dead seat has been accounted.
    pub(crate) settled_to: Timestamp,
    pub(crate) losses: Losses,
    /// Why the last request that failed did.
    pub(crate) failed_for: Cause,
}

impl Seat {
    /// The seat of a session that has asked for nothing yet.
    pub(crate) fn new(player: Player, who: Viewer) -> Self {
        let Viewer { viewer, title, token, access, cohort, region, row } = who;
        Self {
            player,
            access,
            viewer,
            title,
            token,
            row,
            pending: Pending::Nothing,
            last_rate: 0,
            cohort,
            region,
            phase: Phase::Granting,
            started: false,
            faulted: false,
            stalled_once: false,
            access_limited: false,
            troubled: false,
            handshakes: false,
            connected: None,
            pathway: None,
            variant: None,
            kind: RequestKind::Multivariant,
            requested_at: Timestamp::ZERO,
            due: Timestamp::NEVER,
            size: Bits::ZERO,
            first_byte_limit: After::NEVER,
            limit: After::NEVER,
            watch: After::NEVER,
            first_byte: After::NEVER,
            body_from: After::NEVER,
            last_bit: After::NEVER,
            filled: After::NEVER,
            silent_from: After::NEVER,
            timeout_at: Timestamp::NEVER,
            progress_at: Timestamp::NEVER,
            used_at: Timestamp::ZERO,
            next_poll: Timestamp::NEVER,
            steered_by: 0,
            failed_at: Timestamp::NEVER,
            open_stall: Micros::ZERO,
            fault_wait: Micros::ZERO,
            fill_wait: After(0),
            lost_to_link: 0,
        }
    }

    /// Notes a request that is made at `now`.
    pub(crate) fn ask(&mut self, request: &Request, now: Timestamp) {
        self.kind = request.kind;
        self.requested_at = now;
        self.first_byte_limit = After::count(now, request.deadlines.first_byte);
        self.limit = After::count(now, request.deadlines.total);
        self.watch = After::count(now, request.abandon_watch);
        self.fault_wait = Micros::ZERO;
        self.fill_wait = After(0);
        self.faulted = false;
        self.timeout_at = Timestamp::NEVER;
        self.progress_at = Timestamp::NEVER;
    }

    /// A time of the request in flight.
    pub(crate) fn at(&self, after: After) -> Timestamp {
        after.at(self.requested_at)
    }

    pub(crate) fn count(&self, at: Timestamp) -> After {
        After::count(self.requested_at, at)
    }

    /// Reads one word of each cache line; the sum means nothing. See `cell/ahead.rs`.
    pub(crate) fn glance(&self) -> u64 {
        self.player.glance() ^ self.glance_at_request()
    }

    /// The same for the lines of the request in flight alone, without those of the player.
    pub(crate) fn glance_at_request(&self) -> u64 {
        u64::from(self.viewer.0) ^ self.due.0 ^ self.next_poll.0
    }

    /// The pathway of the last request.
    pub(crate) fn asked(&self) -> PathwayId {
        self.pathway.unwrap_or_default()
    }

    /// Forgets every time that something was to happen at.
    pub(crate) fn expect_nothing(&mut self) {
        self.pending = Pending::Nothing;
        self.due = Timestamp::NEVER;
        self.timeout_at = Timestamp::NEVER;
        self.progress_at = Timestamp::NEVER;
    }
}

/// Who sits in a seat.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Viewer {
    pub(crate) viewer: ViewerId,
    pub(crate) title: TitleId,
    pub(crate) token: u32,
    pub(crate) access: AccessState,
    pub(crate) cohort: CohortId,
    pub(crate) region: RegionId,
    pub(crate) row: u32,
}
