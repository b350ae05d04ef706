//! The heap of the reference: one for the whole world, in order of time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use units::Timestamp;

/// What happens. The order decides between events of the same microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A capacity changes: `who` is the POP.
    Capacity,
    /// Access rates of a cohort change: `who` is the cohort.
    Slot,
    /// The next flow of a link may be done: `who` is the POP, `serial` the link's version.
    End,
    /// A viewer comes.
    Come,
    /// A playlist or an error arrives.
    Answer,
    /// A body begins to flow.
    Flow,
    /// A limit of the request passes.
    Timeout,
    /// No byte for as long as the player bears.
    Idle,
    /// The player looks at its download.
    Look,
    /// A timer of the player.
    Wake,
    /// Startup took too long.
    Patience,
    /// The viewer leaves.
    Leave,
    /// The warm-up is over.
    Measure,
    /// The run is over.
    Over,
}

/// An event of a viewer or a POP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Event {
    pub(super) at: Timestamp,
    pub(super) kind: Kind,
    pub(super) who: u32,
    /// The command that it belongs to; a later one makes it void.
    pub(super) serial: u64,
}

#[derive(Debug, Default)]
pub(super) struct Heap(BinaryHeap<Reverse<Event>>);

impl Heap {
    pub(super) fn push(&mut self, at: Timestamp, kind: Kind, who: u32, serial: u64) {
        if at != Timestamp::NEVER {
            self.0.push(Reverse(Event { at, kind, who, serial }));
        }
    }

    pub(super) fn pop(&mut self) -> Option<Event> {
        self.0.pop().map(|Reverse(event)| event)
    }
}
