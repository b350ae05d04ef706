//! What all cells may read during an epoch: published at the barrier before it.

use std::collections::BTreeMap;

use platform_core::cache::CacheKey;
use units::{Kbps, Micros, PopId, Timestamp};

/// The state of the world that is the same for all cells during one epoch.
#[derive(Debug, Clone)]
pub(crate) struct Board {
    /// Ordinal of the epoch.
    pub(crate) ordinal: u64,
    /// Start of the epoch.
    pub(crate) from: Timestamp,
    /// End of the epoch.
    pub(crate) to: Timestamp,
    /// The fair share of each POP's link; [`UNSHARED`] where it holds nobody back.
    pub(crate) share: Vec<Kbps>,
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
    /// Live objects at each POP.
    pub(crate) live: Vec<Shelf>,
    /// The steering service's decisions up to now.
    pub(crate) steering: crate::control::History,
}

/// A link that holds nobody back.
pub(crate) const UNSHARED: Kbps = Kbps(u64::MAX);

/// The live objects of one POP. They belong to the POP and not to a cell, because a live title's viewers are spread.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shelf {
    objects: BTreeMap<CacheKey, Stocked>,
}

/// When an object came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stocked {
    /// When the edge asked for it.
    pub(crate) asked_at: Timestamp,
    /// First byte at the edge.
    pub(crate) ready_at: Timestamp,
    /// Last byte at the edge.
    pub(crate) filled_at: Timestamp,
    /// Ordinal of the segment.
    pub(crate) index: u32,
}

impl Shelf {
    pub(crate) fn look(&self, key: CacheKey) -> Option<Stocked> {
        self.objects.get(&key).copied()
    }

    /// Adds an object; of two fills of one object the earlier counts.
    pub(crate) fn stock(&mut self, key: CacheKey, new: Stocked) {
        let held = self.objects.entry(key).or_insert(new);
        if new.filled_at < held.filled_at {
            *held = new;
        }
    }

    /// Drops segments before `index`: nobody asks for them any more.
    pub(crate) fn drop_before(&mut self, index: u32) {
        self.objects.retain(|_, stocked| stocked.index >= index);
    }
}
