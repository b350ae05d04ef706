//! The three queues of S3-FIFO.

use units::Bytes;

use super::slab::{Place, Queue};
use super::{Cache, CacheKey};

/// What S3-FIFO keeps beside the main queue. Limits are in the capacity's unit.
#[derive(Debug, Clone, Copy)]
pub(super) struct S3Fifo {
    pub(super) small: Queue,
    pub(super) ghost: Queue,
    main_limit: u64,
    ghost_limit: u64,
}

impl S3Fifo {
    /// Uses are counted up to this; main spends one per reprieve. Source: SOSP 2023, section 4 (two bits).
    pub(super) const USES_MAX: u8 = 3;
    /// Uses in the small queue that earn a place in main (libCacheSim's default, printed in its name `S3FIFO-0.1000-2`).
    const USES_FOR_MAIN: u8 = 2;

    pub(super) const fn new(limit: u64) -> Self {
        let main_limit = limit - limit / 10;
        Self {
            small: Queue::EMPTY,
            ghost: Queue::EMPTY,
            main_limit,
            ghost_limit: (limit as u128 * 9 / 10) as u64,
        }
    }
}

impl Cache {
    /// Makes room: from main if that holds more than its share, else from the small queue.
    pub(super) fn evict_s3fifo(&mut self, on_evict: &mut impl FnMut(CacheKey, Bytes)) {
        if self.main.weight > self.s3.main_limit || self.s3.small.count == 0 {
            self.evict_from_main(on_evict);
        } else {
            self.evict_from_small(on_evict);
        }
    }

    /// Evicts the oldest object of main that was not used since it last stood there.
    fn evict_from_main(&mut self, on_evict: &mut impl FnMut(CacheKey, Bytes)) {
        loop {
            let oldest = self.main.oldest;
            let uses = self.slab.uses(oldest);
            if uses == 0 {
                let (key, size) = (self.slab.key(oldest), self.slab.size(oldest));
                self.take_out(oldest);
                return on_evict(CacheKey(key), Bytes(u64::from(size)));
            }
            self.slab.set_uses(oldest, uses - 1);
            self.slab.move_to_newest(&mut self.main, oldest);
        }
    }

    /// Promotes what was used often enough until one object has become a ghost.
    fn evict_from_small(&mut self, on_evict: &mut impl FnMut(CacheKey, Bytes)) {
        while self.s3.small.count > 0 {
            let oldest = self.s3.small.oldest;
            let size = self.slab.size(oldest);
            let weight = self.capacity.weight(size);
            self.slab.unlink(&mut self.s3.small, oldest, weight);
            if self.slab.uses(oldest) >= S3Fifo::USES_FOR_MAIN {
                self.slab.set_uses(oldest, 0);
                self.slab.push_newest(&mut self.main, oldest, Place::Main, weight);
                continue;
            }
            self.resident_bytes -= u64::from(size);
            let key = self.slab.key(oldest);
            self.remember(oldest, weight);
            return on_evict(CacheKey(key), Bytes(u64::from(size)));
        }
    }

    /// Makes a slot that is on no queue a ghost, or releases it if the ghost queue is too small for it.
    fn remember(&mut self, slot: u32, weight: u64) {
        if weight > self.s3.ghost_limit {
            self.index.remove(&self.slab, self.slab.key(slot), slot);
            return self.slab.release(slot);
        }
        while self.s3.ghost.weight + weight > self.s3.ghost_limit {
            self.forget(self.s3.ghost.oldest);
        }
        self.slab.push_newest(&mut self.s3.ghost, slot, Place::Ghost, weight);
    }
}
