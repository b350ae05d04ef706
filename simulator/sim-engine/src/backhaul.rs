//! Behind the edges: shield, origin, and their uplinks. Works at the barrier, on the fetches of all cells in order of
//! (time, cell, seat), so that thread timing leaves no trace.
//!
//! An uplink is a fluid: a body waits for the bits that were handed to it before. The origin is a queue with servers and
//! a bound; what finds it full is answered 503 and never cached.

use std::collections::BTreeMap;

use platform_core::cache::CacheKey;
use platform_core::cache::eviction::Cache;
use units::draws::Draws;
use units::{Bits, Bytes, Kbps, Micros, PopId, Timestamp, ViewerId};

use crate::queue::{Queue, Served};
use crate::service::ServiceTime;

/// A request of an edge that found no object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fetch {
    /// When the edge asks.
    pub(crate) at: Timestamp,
    /// Whose request made it.
    pub(crate) cell: u16,
    /// Seat in that cell.
    pub(crate) slot: u32,
    /// The viewer, for draws.
    pub(crate) viewer: ViewerId,
    /// The edge.
    pub(crate) pop: PopId,
    /// The object.
    pub(crate) key: CacheKey,
    /// Its size.
    pub(crate) size: Bits,
    /// For a live object: ordinal of the segment.
    pub(crate) live: Option<u32>,
}

/// The answer to a [`Fetch`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fetched {
    /// The fetch.
    pub(crate) fetch: Fetch,
    /// First and last byte at the edge; `None` if the origin turned it away.
    pub(crate) times: Option<(Timestamp, Timestamp)>,
    /// What the barrier found.
    pub(crate) found: Found,
}

/// What the barrier found for a fetch. A live object may have come in the same epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Another request of the epoch had brought it to the edge.
    Hit,
    /// Another request of the epoch was bringing it.
    Joined,
    /// Shield or origin had to be asked.
    Fetched,
}

/// A link that serves bodies in the order in which they are handed to it.
#[derive(Debug, Clone)]
struct Uplink {
    capacity: Kbps,
    /// Bits that still waited at `at`, in millibits.
    backlog: u64,
    at: Timestamp,
}

impl Uplink {
    const fn new(capacity: Kbps) -> Self {
        Self { capacity, backlog: 0, at: Timestamp::ZERO }
    }

    /// Takes a body at `now` (rising); returns how long it waits for those before it, and how long it takes itself.
    fn take(&mut self, now: Timestamp, size: Bits) -> (Micros, Micros) {
        self.backlog = self.backlog.saturating_sub(self.capacity.millibits_in(now.since(self.at)));
        self.at = self.at.max(now);
        let rate = self.capacity.0.max(1);
        let wait = Micros(self.backlog / rate);
        self.backlog += size.0 * 1_000;
        (wait, Micros((size.0 * 1_000).div_ceil(rate)))
    }
}

/// The cache between edges and origin.
#[derive(Debug, Clone)]
struct Shield {
    cache: Cache,
    /// Fills in flight: first and last byte at the shield.
    fills: BTreeMap<CacheKey, (Timestamp, Timestamp, Bytes)>,
    uplink: Uplink,
    rtt_to_origin: Micros,
}

/// Round trips of one POP.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Distances {
    /// To the shield.
    pub(crate) shield: Micros,
    /// To the origin.
    pub(crate) origin: Micros,
}

/// Counts of the backhaul in one bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BackhaulSums {
    /// Requests that reached the shield.
    pub shield_requests: u64,
    /// Those answered by it.
    pub shield_hits: u64,
    /// Requests that reached the origin.
    pub origin_requests: u64,
    /// Those turned away.
    pub origin_rejected: u64,
    /// Body bits that left the origin.
    pub origin_bits: u64,
}

/// Shield and origin.
#[derive(Debug, Clone)]
pub(crate) struct Backhaul {
    shield: Option<Shield>,
    origin: Queue,
    origin_uplink: Uplink,
    service: ServiceTime,
    service_draws: Draws,
    distances: Vec<Distances>,
    pub(crate) sums: BackhaulSums,
    /// From a request's arrival at the origin to the first byte that leaves it (queue, service, and the bodies before it on
    /// the uplink), since they were last taken. What the origin turns away has no first byte and is not counted.
    pub(crate) waits: Vec<Micros>,
}

impl Backhaul {
    pub(crate) fn new(
        world: &scenarios::world::World,
        shield_cache: Option<Cache>,
        service_draws: Draws,
    ) -> Self {
        let shield = world.shield.as_ref().zip(shield_cache).map(|(shield, cache)| Shield {
            cache,
            fills: BTreeMap::new(),
            uplink: Uplink::new(shield.capacity),
            rtt_to_origin: shield.rtt_to_origin,
        });
        let distance =
            |pop: &scenarios::world::Pop| Distances { shield: pop.rtt_to_shield, origin: pop.rtt_to_origin };
        Self {
            shield,
            origin: Queue::new(world.origin.servers, world.origin.queue_limit),
            origin_uplink: Uplink::new(world.origin.capacity),
            service: ServiceTime::new(world.origin.service),
            service_draws,
            distances: world.pops.iter().map(distance).collect(),
            sums: BackhaulSums::default(),
            waits: Vec::new(),
        }
    }

    /// Admits to the shield what has arrived there by `now`.
    pub(crate) fn admit_filled(&mut self, now: Timestamp) {
        let Some(shield) = &mut self.shield else { return };
        let mut done: Vec<_> = shield
            .fills
            .iter()
            .filter(|(_, fill)| fill.1 <= now)
            .map(|(&key, &(_, filled_at, size))| (filled_at, key, size))
            .collect();
        done.sort_unstable();
        for (_, key, size) in done {
            shield.fills.remove(&key);
            shield.cache.insert(key, size, |_, _| {});
        }
    }

    /// First and last byte of an object at the edge that asks for it; `None` if the origin turns it away.
    pub(crate) fn fetch(&mut self, fetch: &Fetch) -> Option<(Timestamp, Timestamp)> {
        let distance = self.distances[fetch.pop.index()];
        let Some(rtt_to_origin) = self.shield.as_ref().map(|shield| shield.rtt_to_origin) else {
            return self.ask_origin(fetch, fetch.at + distance.origin / 2, distance.origin / 2);
        };
        let arrives = fetch.at + distance.shield / 2;
        self.sums.shield_requests += 1;
        let (ready, filled) = match self.at_shield(fetch.key, arrives) {
            Some(times) => {
                self.sums.shield_hits += 1;
                times
            }
            None => {
                let times = self.ask_origin(fetch, arrives + rtt_to_origin / 2, rtt_to_origin / 2)?;
                if let Some(shield) = &mut self.shield {
                    shield.fills.insert(fetch.key, (times.0, times.1, fetch.size.to_bytes()));
                }
                times
            }
        };
        let shield = self.shield.as_mut()?;
        let (wait, transfer) = shield.uplink.take(fetch.at, fetch.size);
        let from = ready + wait;
        Some((from + distance.shield / 2, (from + transfer).max(filled) + distance.shield / 2))
    }

    /// First and last byte of an object at the shield, if it is there or on its way (the shield always coalesces).
    fn at_shield(&mut self, key: CacheKey, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let shield = self.shield.as_mut()?;
        if let Some(&(ready, filled, _)) = shield.fills.get(&key) {
            return Some((ready.max(now), filled.max(now)));
        }
        shield.cache.get(key).then_some((now, now))
    }

    fn ask_origin(
        &mut self,
        fetch: &Fetch,
        arrives: Timestamp,
        way_back: Micros,
    ) -> Option<(Timestamp, Timestamp)> {
        self.sums.origin_requests += 1;
        let service = self.service.sample(self.service_draws.bits(u64::from(fetch.viewer.0), fetch.at.0));
        let Served::Done { at, .. } = self.origin.serve(arrives, service) else {
            self.sums.origin_rejected += 1;
            return None;
        };
        self.sums.origin_bits += fetch.size.0;
        let (queued, transfer) = self.origin_uplink.take(fetch.at, fetch.size);
        let from = at + queued;
        self.waits.push(from.since(arrives));
        Some((from + way_back, from + transfer + way_back))
    }
}
