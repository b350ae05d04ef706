//! What all cells may read during an epoch: published at the barrier before it.

use platform_core::cache::CacheKey;
use units::{Kbps, Micros, PopId, Timestamp};

use crate::flow::Rates;

/// The state of the world that is the same for all cells during one epoch.
#[derive(Debug, Clone)]
pub(crate) struct Board {
    /// Ordinal of the epoch.
    pub(crate) ordinal: u64,
    /// Start of the epoch.
    pub(crate) from: Timestamp,
    /// End of the epoch.
    pub(crate) to: Timestamp,
    /// What each POP's link gives to each access class.
    pub(crate) rates: Vec<Rates>,
    /// What each cell may use of each POP's link beyond the flows known at the barrier, in millibits.
    pub(crate) headroom: Vec<u64>,
    /// The POP that DNS names for (region, pathway), and the round trip to it; region-major.
    pub(crate) route: Vec<(PopId, Micros)>,
    /// Faults (ordinals) that act at some time of the epoch.
    pub(crate) faults: Vec<usize>,
    /// Whether one of them stops or cuts connections (and the epoch after, so that what was stopped goes on).
    pub(crate) cuts: bool,
    /// Whether each POP's link is slowed by a fault.
    pub(crate) slowed: Vec<bool>,
    /// Whether the access rates of each cohort change at the end of the epoch; empty if those of none do.
    pub(crate) slot_ends: Vec<bool>,
    /// Live objects at each POP.
    pub(crate) live: Vec<Shelf>,
    /// The steering service's decisions up to now.
    pub(crate) steering: crate::control::History,
}

/// A link that holds nobody back.
pub(crate) const UNSHARED: Kbps = Kbps(u64::MAX);

/// The live objects of one POP. They belong to the POP and not to a cell, because a live title's viewers are spread.
///
/// A table with open addressing over the keys, which are hashes already; it is looked up by every live request, and
/// walked only to drop what nobody asks for any more.
#[derive(Debug, Clone)]
pub(crate) struct Shelf {
    /// A power of two of places, at most half of them taken.
    places: Vec<Option<(CacheKey, Stocked)>>,
    taken: usize,
}

/// When an object came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stocked {
    /// When the edge last asked for it.
    pub(crate) asked_at: Timestamp,
    /// First byte at the edge.
    pub(crate) ready_at: Timestamp,
    /// Last byte at the edge.
    pub(crate) filled_at: Timestamp,
    /// Ordinal of the segment.
    pub(crate) index: u32,
}

impl Shelf {
    pub(crate) fn new() -> Self {
        Self { places: vec![None; 64], taken: 0 }
    }

    /// Where a key is, or would be.
    #[expect(clippy::cast_possible_truncation, reason = "masked to the table's length")]
    fn place(&self, key: CacheKey) -> usize {
        let mask = self.places.len() - 1;
        let mut place = key.0 as usize & mask;
        while self.places[place].is_some_and(|(held, _)| held != key) {
            place = (place + 1) & mask;
        }
        place
    }

    pub(crate) fn look(&self, key: CacheKey) -> Option<Stocked> {
        self.places[self.place(key)].map(|(_, stocked)| stocked)
    }

    /// Adds an object; of two fills of one object the earlier counts.
    pub(crate) fn stock(&mut self, key: CacheKey, new: Stocked) {
        let place = self.place(key);
        match &mut self.places[place] {
            Some((_, held)) => {
                let asked_at = held.asked_at.max(new.asked_at);
                let first = if held.filled_at <= new.filled_at { *held } else { new };
                *held = Stocked { asked_at, ..first };
            }
            None => {
                self.places[place] = Some((key, new));
                self.taken += 1;
                if self.taken * 2 > self.places.len() {
                    self.rebuild(self.places.len() * 2, 0);
                }
            }
        }
    }

    /// Drops segments before `index`: nobody asks for them any more.
    pub(crate) fn drop_before(&mut self, index: u32) {
        self.rebuild(self.places.len(), index);
    }

    fn rebuild(&mut self, places: usize, first_kept: u32) {
        let old = std::mem::replace(&mut self.places, vec![None; places]);
        self.taken = 0;
        for (key, stocked) in old.into_iter().flatten().filter(|(_, stocked)| stocked.index >= first_kept) {
            let place = self.place(key);
            self.places[place] = Some((key, stocked));
            self.taken += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(filled: u64, index: u32) -> Stocked {
        Stocked { asked_at: Timestamp(0), ready_at: Timestamp(0), filled_at: Timestamp(filled), index }
    }

    #[test]
    fn a_shelf_keeps_the_earlier_fill_and_drops_what_has_left_the_window() {
        let mut shelf = Shelf::new();
        // Keys that agree in their low bits must not hide one another.
        let key = |index: u32| CacheKey(u64::from(index) << 32);
        for index in 0..200 {
            shelf.stock(key(index), at(10, index));
        }
        shelf.stock(key(7), at(20, 7));
        shelf.stock(key(8), at(5, 8));
        // The first to come counts, and the last to be asked for says how long nothing has come.
        let again = Stocked { asked_at: Timestamp(9), ..at(20, 7) };
        shelf.stock(key(7), again);
        assert_eq!(shelf.look(key(7)), Some(Stocked { asked_at: Timestamp(9), ..at(10, 7) }));
        assert_eq!(shelf.look(key(8)), Some(at(5, 8)));
        shelf.drop_before(150);
        for index in 0..200 {
            assert_eq!(shelf.look(key(index)).is_some(), index >= 150);
        }
    }
}
