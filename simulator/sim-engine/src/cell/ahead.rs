//! Reads what the next events will touch, before it is their turn.
//!
//! A world is larger than the processor's caches, so that each event waits for memory several times, one line after the
//! other. The events of an epoch are known before the first is handled. Reading a word of every line for a batch of them
//! keeps many reads in flight at once, and the events then find their lines there. Nothing is decided here: what is
//! read is thrown away, and a wrong guess costs a read.

use core::hint::black_box;

use actors::player::Content;
use platform_core::cache::CacheKey;

use super::Cell;
use crate::seat::{Phase, Seat};
use crate::stage::Stage;
use crate::wheel::{Event, EventKind};

/// How many events are looked at together: their seats' lines (10 KiB) stay in a first-level cache until their turn, and
/// more reads than a core keeps in flight gain nothing.
pub(super) const BATCH: usize = 32;

impl Cell {
    /// Looks at `event`, whose turn it is, and at those that follow.
    pub(super) fn look_ahead(&self, stage: &Stage, event: Event) {
        let upcoming = self.hall.wheel.upcoming(BATCH - 1);
        let mut seen = self.seats[event.slot() as usize].glance();
        for next in upcoming {
            seen ^= self.seats[next.slot() as usize].glance();
        }
        // Index first, then slots: a slot's place is known only when its index entry has come.
        let (mut wanted, mut count) = ([(0, CacheKey(0)); BATCH], 0);
        for (lookup, (pop, key)) in wanted.iter_mut().zip(self.lookups(stage, upcoming)) {
            *lookup = (pop, key);
            count += 1;
            seen ^= u64::from(self.hall.edges[pop].cache.glance(key));
        }
        for &(pop, key) in &wanted[..count] {
            seen ^= u64::from(self.hall.edges[pop].cache.contains(key));
        }
        black_box(seen);
    }

    /// Looks at the requests in flight of seats whose turn comes soon.
    pub(super) fn look_at_requests(&self, slots: impl Iterator<Item = u32>) {
        black_box(
            slots.map(|slot| self.seats[slot as usize].glance_at_request()).fold(0, |seen, word| seen ^ word),
        );
    }

    /// Looks at the access links of seats whose rate changes next.
    pub(super) fn look_at_links(&self, slots: impl Iterator<Item = u32>) {
        let word = |slot: u32| u64::from(self.seats[slot as usize].viewer.0);
        black_box(slots.map(word).fold(0, |seen, word| seen ^ word));
    }

    /// Where players will probably look for what, at the POP that they are connected to and in the last variant: those that
    /// wake, for the next segment; those whose segment arrives, for the one behind it, if they had asked for this one as
    /// soon as they had the last.
    fn lookups<'a>(
        &'a self,
        stage: &'a Stage,
        upcoming: &'a [Event],
    ) -> impl Iterator<Item = (usize, CacheKey)> + 'a {
        upcoming.iter().filter_map(|event| {
            let seat: &Seat = &self.seats[event.slot() as usize];
            let behind = match event.kind() {
                EventKind::Wake => 0,
                EventKind::Finish if seat.requested_at == seat.used_at => 1,
                _ => return None,
            };
            let pop = seat.connected.filter(|_| seat.phase == Phase::Active)?;
            if matches!(stage.content(seat.title), Content::Live(_)) {
                return None;
            }
            let player = &seat.player;
            Some((
                pop.index(),
                stage.cache_key(seat.title, player.variant(), player.next_segment() + behind, seat.token),
            ))
        })
    }
}
