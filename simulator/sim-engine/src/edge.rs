//! A cell's slice of one POP's cache: resident objects, and fills in flight.

use platform_core::cache::CacheKey;
use platform_core::cache::eviction::Cache;
use units::{Bytes, Timestamp};

/// A fill in flight or asked for.
#[derive(Debug, Clone, Copy)]
struct Fill {
    key: CacheKey,
    size: Bytes,
    /// When the edge asked for it.
    asked_at: Timestamp,
    /// First byte at the edge; never while shield and origin have not answered.
    ready_at: Timestamp,
    /// Last byte at the edge.
    filled_at: Timestamp,
}

/// A slice of one POP's cache.
#[derive(Debug, Clone)]
pub(crate) struct Slice {
    pub(crate) cache: Cache,
    fills: Vec<Fill>,
}

/// What a slice knows of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// All of it is there.
    Hit,
    /// It is coming: first and last byte at the edge, and when it was last asked for.
    Filling { ready_at: Timestamp, filled_at: Timestamp, asked_at: Timestamp },
    /// It was asked for and the answer is not known before the barrier.
    Asked,
    /// Nothing.
    Absent,
}

impl Slice {
    pub(crate) fn new(cache: Cache) -> Self {
        Self { cache, fills: Vec::new() }
    }

    pub(crate) fn look(&mut self, key: CacheKey, now: Timestamp) -> Look {
        if self.cache.get(key) {
            return Look::Hit;
        }
        let fills = self.fills.iter().filter(|fill| fill.key == key);
        let Some(first) = fills.clone().min_by_key(|fill| (fill.filled_at, fill.ready_at)) else {
            return Look::Absent;
        };
        let Fill { ready_at, filled_at, .. } = *first;
        if filled_at <= now {
            return Look::Hit;
        }
        let asked_at = fills.map(|fill| fill.asked_at).max().unwrap_or(first.asked_at);
        if ready_at == Timestamp::NEVER {
            Look::Asked
        } else {
            Look::Filling { ready_at, filled_at, asked_at }
        }
    }

    /// Notes that an object was asked for.
    pub(crate) fn asked(&mut self, key: CacheKey, size: Bytes, asked_at: Timestamp) {
        let never = Timestamp::NEVER;
        self.fills.push(Fill { key, size, asked_at, ready_at: never, filled_at: never });
    }

    /// Notes when an object that was asked for comes; `None` if it does not.
    pub(crate) fn answered(&mut self, key: CacheKey, times: Option<(Timestamp, Timestamp)>) {
        let Some(place) =
            self.fills.iter().position(|fill| fill.key == key && fill.ready_at == Timestamp::NEVER)
        else {
            return;
        };
        match times {
            Some((ready_at, filled_at)) => {
                self.fills[place].ready_at = ready_at;
                self.fills[place].filled_at = filled_at;
            }
            None => {
                self.fills.swap_remove(place);
            }
        }
    }

    /// Admits the objects whose last byte has come, in the order in which it did.
    pub(crate) fn admit_filled(&mut self, now: Timestamp) {
        if self.fills.iter().all(|fill| fill.filled_at > now) {
            return;
        }
        self.fills.sort_unstable_by_key(|fill| (fill.filled_at, fill.key));
        let done = self.fills.partition_point(|fill| fill.filled_at <= now);
        for fill in self.fills.drain(..done) {
            self.cache.insert(fill.key, fill.size, |_, _| {});
        }
    }
}

#[cfg(test)]
mod tests {
    use platform_core::cache::eviction::{Capacity, Eviction};
    use platform_core::cache::policy::fill::{CoalesceFills, Coalescing, InFlight, OnMiss};

    use super::*;

    #[test]
    fn an_object_is_a_hit_only_from_its_last_byte_on() {
        let mut slice = Slice::new(Cache::new(Eviction::Lru, Capacity::Bytes(Bytes(1_000)), 8));
        let key = CacheKey(7);
        assert_eq!(slice.look(key, Timestamp(0)), Look::Absent);
        slice.asked(key, Bytes(100), Timestamp(1));
        assert_eq!(slice.look(key, Timestamp(1)), Look::Asked);
        slice.answered(key, Some((Timestamp(10), Timestamp(20))));
        let filling = |asked_at| Look::Filling {
            ready_at: Timestamp(10),
            filled_at: Timestamp(20),
            asked_at: Timestamp(asked_at),
        };
        assert_eq!(slice.look(key, Timestamp(9)), filling(1));
        // A second fill takes the first one's place for those who ask how long it has been waited for.
        slice.asked(key, Bytes(100), Timestamp(9));
        assert_eq!(slice.look(key, Timestamp(19)), filling(9));
        assert_eq!(slice.look(key, Timestamp(20)), Look::Hit);
        slice.admit_filled(Timestamp(20));
        assert!(slice.cache.contains(key));
    }

    /// Ten seconds without a byte, and somebody who asks ten times a second.
    #[test]
    fn upstream_sees_one_request_per_object_and_four_seconds() {
        let mut slice = Slice::new(Cache::new(Eviction::Lru, Capacity::Bytes(Bytes(1_000)), 8));
        let key = CacheKey(7);
        let mut asked = Vec::new();
        for now in (0..100).map(|tenth| Timestamp(tenth * 100_000)) {
            let in_flight = match slice.look(key, now) {
                Look::Absent => InFlight::No,
                Look::Filling { ready_at, asked_at, .. } => InFlight::at(now, (asked_at, ready_at)),
                other => panic!("{other:?}"),
            };
            if CoalesceFills.on_miss(in_flight) == OnMiss::Fetch {
                slice.asked(key, Bytes(100), now);
                let comes = now.0 + 10_000_000;
                slice.answered(key, Some((Timestamp(comes), Timestamp(comes + 1))));
                asked.push(now.0 / 100_000);
            }
        }
        assert_eq!(asked, [0, 40, 80]);
    }
}
