//! Which objects stay when a cache is full: LRU, FIFO, CLOCK, SIEVE and S3-FIFO over (key, size).
//!
//! One [`Cache`] holds all objects in a slab, strung on intrusive lists, and finds them through its own fixed-hash
//! index; the policy is an enum that every operation matches on, which predicts well and needs no virtual call.
//! After the slab has reached its working size no operation allocates. Nothing here iterates the index, so results
//! depend on the sequence of calls alone.
//!
//! Semantics are those of libCacheSim, so that its published miss ratios check ours (`rehearsal validate cache`):
//! - LRU and FIFO as named.
//! - CLOCK: one reference bit; a referenced object at the old end loses the bit and goes to the new end.
//! - SIEVE: one reference bit; a hand walks from old to new, clears bits and evicts the first unreferenced object
//!   where it stands (Zhang et al., "SIEVE is simpler than LRU", NSDI 2024).
//! - S3-FIFO: a small queue of 10 %, a main queue, a ghost queue that remembers the keys of as many bytes as the
//!   main queue may hold; two hits in the small queue earn a place in main, and so does being remembered (Yang et al.,
//!   "FIFO queues are all you need for cache eviction", SOSP 2023). Newcomers enter the small queue even while the
//!   cache fills; later versions of libCacheSim let them overflow into main, which the reference ratios do not show.
//!
//! Memory: 24 bytes of slab and 8 to 16 bytes of index for each tracked object, so at most 40 with a fitting
//! `expected_objects`. S3-FIFO also tracks its ghosts, up to 0.9 of the residents.

mod index;
mod s3fifo;
mod slab;

use units::Bytes;

use self::index::Index;
use self::s3fifo::S3Fifo;
use self::slab::{NIL, Place, Queue, Slab};
use super::CacheKey;

/// The rule by which a full cache makes room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Eviction {
    /// Least recently used goes first.
    Lru,
    /// First in, first out.
    Fifo,
    /// Second chance with one reference bit.
    Clock,
    /// Lazy promotion, quick demotion with one hand.
    Sieve,
    /// Small, main and ghost FIFO queues.
    S3Fifo,
}

impl Eviction {
    /// All rules.
    pub const ALL: [Self; 5] = [Self::Lru, Self::Fifo, Self::Clock, Self::Sieve, Self::S3Fifo];

    /// The name in scenarios and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lru => "lru",
            Self::Fifo => "fifo",
            Self::Clock => "clock",
            Self::Sieve => "sieve",
            Self::S3Fifo => "s3-fifo",
        }
    }
}

/// What a cache has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capacity {
    /// This many bytes of bodies.
    Bytes(Bytes),
    /// This many objects, whatever their size.
    Objects(u64),
}

impl Capacity {
    /// The limit in the capacity's own unit.
    const fn limit(self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.0,
            Self::Objects(objects) => objects,
        }
    }

    /// What an object of `size` bytes takes of it.
    const fn weight(self, size: u32) -> u64 {
        match self {
            Self::Bytes(_) => size as u64,
            Self::Objects(_) => 1,
        }
    }
}

/// Whether an object was resident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It was.
    Hit,
    /// It was not; [`Cache::access`] has admitted it since, if it fits.
    Miss,
}

/// The index of one cache: which keys are resident and which goes next.
#[derive(Debug, Clone)]
pub struct Cache {
    eviction: Eviction,
    capacity: Capacity,
    slab: Slab,
    index: Index,
    /// All residents; under S3-FIFO only those of the main queue.
    main: Queue,
    s3: S3Fifo,
    /// SIEVE: where the next search starts; [`NIL`] is the old end.
    hand: u32,
    resident_bytes: u64,
}

impl Cache {
    /// An empty cache, with memory set aside for `expected_objects` (more are possible and cost a move of the slab).
    #[must_use]
    pub fn new(eviction: Eviction, capacity: Capacity, expected_objects: usize) -> Self {
        let tracked = if eviction == Eviction::S3Fifo {
            expected_objects + expected_objects * 9 / 10
        } else {
            expected_objects
        };
        Self {
            eviction,
            capacity,
            slab: Slab::with_capacity(tracked),
            index: Index::with_capacity(tracked),
            main: Queue::EMPTY,
            s3: S3Fifo::new(capacity.limit()),
            hand: NIL,
            resident_bytes: 0,
        }
    }

    /// Looks `key` up and counts the hit for the eviction rule.
    #[inline]
    pub fn get(&mut self, key: CacheKey) -> bool {
        let Some(slot) = self.index.find(&self.slab, key.0) else { return false };
        self.touch(slot)
    }

    /// Whether `key` is resident, without counting as a use.
    #[inline]
    #[must_use]
    pub fn contains(&self, key: CacheKey) -> bool {
        self.index.find(&self.slab, key.0).is_some_and(|slot| self.slab.place(slot) != Place::Ghost)
    }

    /// Reads where a lookup of `key` begins and returns what is there, which means nothing to a caller.
    ///
    /// For those who know their next keys: reads that do not wait for one another overlap, and lookups that follow find
    /// the index in the processor's caches.
    #[inline]
    #[must_use]
    pub fn glance(&self, key: CacheKey) -> u32 {
        self.index.glance(key.0)
    }

    /// Makes `key` resident, evicting others as needed; returns whether it is resident now.
    ///
    /// An object larger than the cache, or of 4 GiB and more, is not admitted and evicts nothing. A key that is
    /// already resident is left in its place; if its size changed, it is removed and inserted anew.
    /// `on_evict` hears of each object evicted to make room.
    pub fn insert(&mut self, key: CacheKey, size: Bytes, mut on_evict: impl FnMut(CacheKey, Bytes)) -> bool {
        let mut remembered = false;
        if let Some(slot) = self.index.find(&self.slab, key.0) {
            if self.slab.place(slot) == Place::Ghost {
                self.forget(slot);
                remembered = true;
            } else if u64::from(self.slab.size(slot)) == size.0 {
                return true;
            } else {
                self.take_out(slot);
            }
        }
        let Ok(size) = u32::try_from(size.0) else { return false };
        let weight = self.capacity.weight(size);
        if weight > self.capacity.limit() {
            return false;
        }
        while self.used() + weight > self.capacity.limit() {
            self.evict_one(&mut on_evict);
        }
        let slot = self.slab.allocate(key.0, size);
        self.index.insert(&self.slab, key.0, slot);
        self.resident_bytes += u64::from(size);
        if self.eviction == Eviction::S3Fifo && !remembered {
            self.slab.push_newest(&mut self.s3.small, slot, Place::Small, weight);
        } else {
            self.slab.push_newest(&mut self.main, slot, Place::Main, weight);
        }
        true
    }

    /// One request of a trace: a lookup, and on a miss an insertion that tells no one of evictions.
    #[inline]
    pub fn access(&mut self, key: CacheKey, size: Bytes) -> Access {
        if self.get(key) {
            return Access::Hit;
        }
        self.insert(key, size, |_, _| {});
        Access::Miss
    }

    /// Drops `key`; returns whether it was resident.
    pub fn remove(&mut self, key: CacheKey) -> bool {
        let Some(slot) = self.index.find(&self.slab, key.0) else { return false };
        let resident = self.slab.place(slot) != Place::Ghost;
        if resident {
            self.take_out(slot);
        } else {
            self.forget(slot);
        }
        resident
    }

    /// Drops everything (a POP that restarts cold) and keeps the memory.
    pub fn clear(&mut self) {
        self.slab.clear();
        self.index.clear();
        self.main = Queue::EMPTY;
        self.s3 = S3Fifo::new(self.capacity.limit());
        self.hand = NIL;
        self.resident_bytes = 0;
    }

    /// Bytes of all residents.
    #[must_use]
    pub const fn bytes(&self) -> Bytes {
        Bytes(self.resident_bytes)
    }

    /// Number of residents.
    #[must_use]
    pub const fn len(&self) -> usize {
        (self.main.count + self.s3.small.count) as usize
    }

    /// Whether nothing is resident.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What it has room for.
    #[must_use]
    pub const fn capacity(&self) -> Capacity {
        self.capacity
    }

    /// The rule that makes room.
    #[must_use]
    pub const fn eviction(&self) -> Eviction {
        self.eviction
    }

    /// Bytes of memory set aside for slab and index.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.slab.memory_bytes() + self.index.memory_bytes()
    }

    /// Residents' weight in the capacity's unit.
    const fn used(&self) -> u64 {
        self.main.weight + self.s3.small.weight
    }

    /// Counts a hit; false for a ghost, which is remembered but not there.
    #[inline]
    fn touch(&mut self, slot: u32) -> bool {
        match self.eviction {
            Eviction::Lru => self.slab.move_to_newest(&mut self.main, slot),
            Eviction::Fifo => {}
            Eviction::Clock | Eviction::Sieve => self.slab.set_uses(slot, 1),
            Eviction::S3Fifo => {
                if self.slab.place(slot) == Place::Ghost {
                    return false;
                }
                self.slab.set_uses(slot, (self.slab.uses(slot) + 1).min(S3Fifo::USES_MAX));
            }
        }
        true
    }

    /// Makes room once. Evicts one resident, except that S3-FIFO may only promote what its small queue held.
    fn evict_one(&mut self, on_evict: &mut impl FnMut(CacheKey, Bytes)) {
        let victim = match self.eviction {
            Eviction::Lru | Eviction::Fifo => self.main.oldest,
            Eviction::Clock => self.clock_victim(),
            Eviction::Sieve => self.sieve_victim(),
            Eviction::S3Fifo => return self.evict_s3fifo(on_evict),
        };
        let (key, size) = (self.slab.key(victim), self.slab.size(victim));
        self.take_out(victim);
        on_evict(CacheKey(key), Bytes(u64::from(size)));
    }

    fn clock_victim(&mut self) -> u32 {
        loop {
            let oldest = self.main.oldest;
            if self.slab.uses(oldest) == 0 {
                return oldest;
            }
            self.slab.set_uses(oldest, 0);
            self.slab.move_to_newest(&mut self.main, oldest);
        }
    }

    fn sieve_victim(&mut self) -> u32 {
        let mut candidate = if self.hand == NIL { self.main.oldest } else { self.hand };
        while self.slab.uses(candidate) != 0 {
            self.slab.set_uses(candidate, 0);
            candidate = self.slab.newer(candidate);
            if candidate == NIL {
                candidate = self.main.oldest;
            }
        }
        self.hand = candidate; // `take_out` moves it on
        candidate
    }

    /// Removes a resident from its queue, the index and the slab.
    fn take_out(&mut self, slot: u32) {
        if slot == self.hand {
            self.hand = self.slab.newer(slot);
        }
        let size = self.slab.size(slot);
        let weight = self.capacity.weight(size);
        let queue = if self.slab.place(slot) == Place::Small { &mut self.s3.small } else { &mut self.main };
        self.slab.unlink(queue, slot, weight);
        self.resident_bytes -= u64::from(size);
        self.index.remove(&self.slab, self.slab.key(slot), slot);
        self.slab.release(slot);
    }

    /// Removes a ghost.
    fn forget(&mut self, slot: u32) {
        let weight = self.capacity.weight(self.slab.size(slot));
        self.slab.unlink(&mut self.s3.ghost, slot, weight);
        self.index.remove(&self.slab, self.slab.key(slot), slot);
        self.slab.release(slot);
    }
}

#[cfg(test)]
mod tests;
