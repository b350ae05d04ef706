//! From key to slot: open addressing with linear probing, at most half full.
//!
//! An entry is one `u32`: with a table of 2^b entries at most 2^(b-1) slots are in use, so a slot number needs b bits
//! and the other 32 - b hold a tag of the hash. A probe that meets a foreign entry is thus mostly rejected without
//! touching the slab. Removal shifts later entries back instead of leaving tombstones, so lookups never decay.

use super::slab::Slab;

const EMPTY: u32 = 0;

#[derive(Debug, Clone)]
pub(super) struct Index {
    /// `tag << bits | slot + 1`, or [`EMPTY`].
    entries: Vec<u32>,
    bits: u32,
    used: usize,
}

/// Spreads keys whose bits carry structure: one multiplication by 2^64 / golden ratio, upper half folded into the
/// lower, where the tag is taken from.
#[inline]
const fn spread(key: u64) -> u64 {
    let word = (key ^ (key >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    word ^ (word >> 32)
}

impl Index {
    const BITS_MIN: u32 = 4;
    /// 2^30 slots of 24 bytes are 24 GiB: beyond any cache that is simulated, and the slot number still fits.
    const BITS_MAX: u32 = 31;

    pub(super) fn with_capacity(slots: usize) -> Self {
        let mut bits = Self::BITS_MIN;
        while bits < Self::BITS_MAX && 1_usize << (bits - 1) < slots {
            bits += 1;
        }
        Self { entries: vec![EMPTY; 1 << bits], bits, used: 0 }
    }

    /// The slot of `key`.
    #[inline]
    pub(super) fn find(&self, slab: &Slab, key: u64) -> Option<u32> {
        let hash = spread(key);
        let tag = self.tag(hash);
        let mut at = self.home(hash);
        loop {
            let entry = self.entries[at];
            if entry == EMPTY {
                return None;
            }
            if (entry ^ tag) >> self.bits == 0 {
                let slot = self.slot(entry);
                if slab.key(slot) == key {
                    return Some(slot);
                }
            }
            at = self.next(at);
        }
    }

    /// What stands where the search for `key` begins.
    #[inline]
    pub(super) fn glance(&self, key: u64) -> u32 {
        self.entries[self.home(spread(key))]
    }

    /// Adds a key that is not there.
    pub(super) fn insert(&mut self, slab: &Slab, key: u64, slot: u32) {
        if (self.used + 1) * 2 > self.entries.len() {
            self.grow(slab);
        }
        self.used += 1;
        self.place(spread(key), slot);
    }

    /// Removes a key that is there, at `slot`; the slab must still hold it and all others.
    pub(super) fn remove(&mut self, slab: &Slab, key: u64, slot: u32) {
        let mut hole = self.home(spread(key));
        while self.slot(self.entries[hole]) != slot {
            hole = self.next(hole);
        }
        self.used -= 1;
        let mask = self.entries.len() - 1;
        let mut at = self.next(hole);
        while self.entries[at] != EMPTY {
            let home = self.home(spread(slab.key(self.slot(self.entries[at]))));
            // The entry may move back if its home does not lie behind the hole.
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                self.entries[hole] = self.entries[at];
                hole = at;
            }
            at = self.next(at);
        }
        self.entries[hole] = EMPTY;
    }

    pub(super) fn clear(&mut self) {
        self.entries.fill(EMPTY);
        self.used = 0;
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<u32>()
    }

    fn place(&mut self, hash: u64, slot: u32) {
        let mut at = self.home(hash);
        while self.entries[at] != EMPTY {
            at = self.next(at);
        }
        self.entries[at] = self.tag(hash) | (slot + 1);
    }

    fn grow(&mut self, slab: &Slab) {
        assert!(self.bits < Self::BITS_MAX, "a cache of more than 2^30 objects");
        let old = std::mem::take(&mut self.entries);
        let old_bits = self.bits;
        self.bits += 1;
        self.entries = vec![EMPTY; 1 << self.bits];
        for entry in old {
            if entry != EMPTY {
                let slot = (entry & ((1 << old_bits) - 1)) - 1;
                self.place(spread(slab.key(slot)), slot);
            }
        }
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "at most 31 bits are left")]
    fn home(&self, hash: u64) -> usize {
        (hash >> (64 - self.bits)) as usize
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the tag is the lower half by definition")]
    fn tag(&self, hash: u64) -> u32 {
        (hash as u32) << self.bits
    }

    #[inline]
    fn slot(&self, entry: u32) -> u32 {
        (entry & ((1 << self.bits) - 1)) - 1
    }

    #[inline]
    fn next(&self, at: usize) -> usize {
        (at + 1) & (self.entries.len() - 1)
    }
}
