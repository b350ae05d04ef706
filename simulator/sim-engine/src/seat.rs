//! A viewer's place in a cell: who it is, and what it waits for.
//!
//! The player's own state is apart (`actors::player::Player`, at most 128 bytes), so that the hot path touches little else.

use actors::network::AccessState;
use actors::player::{Content, Failure, Loaded, Request};
use units::{CohortId, Micros, PathwayId, PopId, RegionId, Timestamp, TitleId, ViewerId};

use crate::cause::Losses;

/// What a seat's request in flight waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pending {
    /// No request is in flight.
    Nothing,
    /// An answer without a modelled body, at this time.
    Answer(Timestamp, Answer),
    /// A body: `flows[pop][index]` of the cell.
    Body {
        /// Whose link.
        pop: PopId,
        /// Place in that POP's list.
        index: u32,
    },
    /// The next barrier, where shield and origin answer.
    Backhaul(PopId),
    /// Nothing that will ever come: only a time-out ends it.
    Silence,
}

/// An answer without a modelled body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A playlist.
    Loaded(Loaded),
    /// An error.
    Failed(Failure),
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

/// A viewer's place in a cell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seat {
    pub(crate) phase: Phase,
    pub(crate) viewer: ViewerId,
    pub(crate) cohort: CohortId,
    pub(crate) region: RegionId,
    pub(crate) title: TitleId,
    pub(crate) content: Content,
    pub(crate) token: u32,
    pub(crate) access: AccessState,
    /// When play was pressed.
    pub(crate) arrived_at: Timestamp,
    pub(crate) leaves_at: Timestamp,
    pub(crate) patience_until: Timestamp,
    pub(crate) started: bool,
    pub(crate) pending: Pending,
    pub(crate) request: Request,
    pub(crate) requested_at: Timestamp,
    /// How much longer the answer to the request in flight takes because of a fault.
    pub(crate) fault_wait: Micros,
    /// How much longer the first byte takes than from an edge that has the object.
    pub(crate) fill_wait: Micros,
    /// Whether the request in flight met a fault.
    pub(crate) faulted: bool,
    pub(crate) wake_at: Timestamp,
    pub(crate) timeout_at: Timestamp,
    pub(crate) progress_at: Timestamp,
    /// The POP that the connection leads to, and when it was last used.
    pub(crate) connected: Option<PopId>,
    pub(crate) used_at: Timestamp,
    /// The pathway of the last request.
    pub(crate) pathway: Option<PathwayId>,
    /// Ordinal of the last steering poll that was taken over.
    pub(crate) polled: u64,
    /// Whether the last segment would have been slower than its own duration at the access rate alone.
    pub(crate) access_limited: bool,
    /// Variant of the last segment.
    pub(crate) variant: Option<u8>,
    /// When the last request failed, until the next one is made.
    pub(crate) failed_at: Option<Timestamp>,
    pub(crate) losses: Losses,
    /// Stall time that has no cause yet.
    pub(crate) open_stall: Micros,
    pub(crate) stalled_once: bool,
    /// Up to when a dead seat has been accounted.
    pub(crate) settled_to: Timestamp,
}
