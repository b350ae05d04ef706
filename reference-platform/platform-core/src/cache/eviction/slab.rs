//! The objects of a cache: fixed slots, strung on intrusive doubly linked lists by slot number.

/// No slot.
pub(super) const NIL: u32 = u32::MAX;

/// Which queue an object stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The main queue.
    Main,
    /// The small queue of S3-FIFO.
    Small,
    /// The ghost queue of S3-FIFO: remembered, not resident.
    Ghost,
}

/// 24 bytes: a key, a size and two links, so that a lookup and a touch stay within one cache line.
#[derive(Debug, Clone, Copy)]
struct Slot {
    key: u64,
    size: u32,
    newer: u32,
    older: u32,
    uses: u8,
    place: Place,
}

/// One list of slots, from oldest to newest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Queue {
    pub(super) newest: u32,
    pub(super) oldest: u32,
    pub(super) count: u32,
    /// Sum of the members' weights.
    pub(super) weight: u64,
}

impl Queue {
    pub(super) const EMPTY: Self = Self { newest: NIL, oldest: NIL, count: 0, weight: 0 };
}

/// All slots of one cache; freed ones are chained through `newer`.
#[derive(Debug, Clone)]
pub(super) struct Slab {
    slots: Vec<Slot>,
    free: u32,
}

impl Slab {
    /// Slots added at the least when the slab is full; above that it grows by a quarter.
    const GROWTH_MIN: usize = 64;

    pub(super) fn with_capacity(slots: usize) -> Self {
        Self { slots: Vec::with_capacity(slots), free: NIL }
    }

    /// A slot for a new object, on no list yet.
    #[expect(clippy::cast_possible_truncation, reason = "the index refuses more than 2^30 slots")]
    pub(super) fn allocate(&mut self, key: u64, size: u32) -> u32 {
        let fresh = Slot { key, size, newer: NIL, older: NIL, uses: 0, place: Place::Main };
        if self.free == NIL {
            if self.slots.len() == self.slots.capacity() {
                self.slots.reserve_exact((self.slots.len() / 4).max(Self::GROWTH_MIN));
            }
            self.slots.push(fresh);
            return (self.slots.len() - 1) as u32;
        }
        let slot = self.free;
        self.free = self.slots[slot as usize].newer;
        self.slots[slot as usize] = fresh;
        slot
    }

    /// Gives a slot back.
    pub(super) fn release(&mut self, slot: u32) {
        self.slots[slot as usize].newer = self.free;
        self.free = slot;
    }

    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.free = NIL;
    }

    #[inline]
    pub(super) fn key(&self, slot: u32) -> u64 {
        self.slots[slot as usize].key
    }

    #[inline]
    pub(super) fn size(&self, slot: u32) -> u32 {
        self.slots[slot as usize].size
    }

    #[inline]
    pub(super) fn newer(&self, slot: u32) -> u32 {
        self.slots[slot as usize].newer
    }

    #[inline]
    pub(super) fn place(&self, slot: u32) -> Place {
        self.slots[slot as usize].place
    }

    #[inline]
    pub(super) fn uses(&self, slot: u32) -> u8 {
        self.slots[slot as usize].uses
    }

    #[inline]
    pub(super) fn set_uses(&mut self, slot: u32, uses: u8) {
        self.slots[slot as usize].uses = uses;
    }

    /// Puts a slot that is on no list at the new end of `queue`.
    pub(super) fn push_newest(&mut self, queue: &mut Queue, slot: u32, place: Place, weight: u64) {
        self.link_newest(queue, slot);
        self.slots[slot as usize].place = place;
        queue.count += 1;
        queue.weight += weight;
    }

    /// Takes a slot off its `queue`.
    pub(super) fn unlink(&mut self, queue: &mut Queue, slot: u32, weight: u64) {
        self.cut(queue, slot);
        queue.count -= 1;
        queue.weight -= weight;
    }

    /// Moves a member of `queue` to its new end.
    #[inline]
    pub(super) fn move_to_newest(&mut self, queue: &mut Queue, slot: u32) {
        if queue.newest != slot {
            self.cut(queue, slot);
            self.link_newest(queue, slot);
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
    }

    #[inline]
    fn link_newest(&mut self, queue: &mut Queue, slot: u32) {
        let second = queue.newest;
        let entry = &mut self.slots[slot as usize];
        entry.newer = NIL;
        entry.older = second;
        if second == NIL {
            queue.oldest = slot;
        } else {
            self.slots[second as usize].newer = slot;
        }
        queue.newest = slot;
    }

    #[inline]
    fn cut(&mut self, queue: &mut Queue, slot: u32) {
        let Slot { newer, older, .. } = self.slots[slot as usize];
        if newer == NIL {
            queue.newest = older;
        } else {
            self.slots[newer as usize].older = older;
        }
        if older == NIL {
            queue.oldest = newer;
        } else {
            self.slots[older as usize].newer = newer;
        }
    }
}

const _: () = assert!(size_of::<Slot>() == 24, "the memory figure in the module doc counts on it");
