//! Warm caches at the start: what a long popularity history would have left, without replaying it.
//!
//! Under a stationary history a cache behaves as if every object stayed for one characteristic time T after its last
//! request (Che, Tung, Wang 2002): an object of request rate r is resident with probability 1 - exp(-r T), and T is what
//! makes the expected sizes fill the cache. The same T says how much of a POP's cache each cell's titles would hold, so
//! that slicing a cache does not move its hit ratio.

use platform_core::cache::eviction::{Cache, Capacity, Eviction};
use scenarios::world::audience::viewers_at;
use scenarios::world::{EvictionPolicy, Pop, TokenSharing};
use units::draws::Draws;
use units::sample::Zipf;
use units::{Bytes, Purpose, Timestamp, TitleId, ViewerId};

use crate::edge::Slice;
use crate::stage::Stage;

/// How requests spread over the variants: in proportion to 1, 2, 3, ... from the lowest up. Chosen: most viewers of the
/// default mix reach the upper variants; the hit ratio is insensitive to it once the run's own requests have turned the
/// cache over.
fn variant_share(variant: u8, top: u8) -> f64 {
    let count = f64::from(top) + 1.0;
    (f64::from(variant) + 1.0) / (count * (count + 1.0) / 2.0)
}

fn eviction(policy: EvictionPolicy) -> Eviction {
    match policy {
        EvictionPolicy::Lru => Eviction::Lru,
        EvictionPolicy::Sieve => Eviction::Sieve,
        EvictionPolicy::S3Fifo => Eviction::S3Fifo,
        EvictionPolicy::Fifo => Eviction::Fifo,
        EvictionPolicy::Clock => Eviction::Clock,
    }
}

/// The catalogue as a cache sees it.
struct Catalogue {
    zipf: Zipf,
    segments: u32,
    top: u8,
    /// Mean size of a segment by variant, in bytes.
    sizes: Vec<f64>,
}

impl Catalogue {
    fn new(stage: &Stage) -> Self {
        let segments = match stage.vod {
            actors::player::Content::Vod { segments } => segments,
            actors::player::Content::Live(_) => 1,
        };
        #[expect(clippy::cast_precision_loss, reason = "sizes of segments are far below 2^53")]
        let sizes =
            (0..=stage.ladder.top()).map(|variant| stage.ladder.nominal_size(variant).to_bytes().0 as f64);
        Self {
            zipf: Zipf::new(stage.world.catalogue.titles, stage.world.catalogue.zipf_exponent.as_f64()),
            segments,
            top: stage.ladder.top(),
            sizes: sizes.collect(),
        }
    }

    /// Request rate of one object of a title's variant, in shares of all segment requests.
    fn rate(&self, title: u32, variant: u8) -> f64 {
        self.zipf.share(title) * variant_share(variant, self.top) / f64::from(self.segments)
    }

    /// Bytes of a title that are resident with characteristic time `time`.
    fn resident(&self, title: u32, time: f64) -> f64 {
        (0..=self.top)
            .map(|variant| {
                let present = -libm::expm1(-self.rate(title, variant) * time);
                present * self.sizes[usize::from(variant)] * f64::from(self.segments)
            })
            .sum()
    }

    fn titles(&self, stage: &Stage) -> std::ops::Range<u32> {
        0..stage.world.catalogue.titles
    }

    /// The characteristic time of a cache of `capacity` bytes, infinite if everything fits.
    fn characteristic_time(&self, stage: &Stage, capacity: f64) -> f64 {
        let filled = |time: f64| self.titles(stage).map(|title| self.resident(title, time)).sum::<f64>();
        if filled(f64::INFINITY) <= capacity {
            return f64::INFINITY;
        }
        let (mut low, mut high) = (0.0, 1.0);
        while filled(high) < capacity {
            high *= 2.0;
        }
        for _ in 0..50 {
            let middle = (low + high) / 2.0;
            if filled(middle) < capacity { low = middle } else { high = middle }
        }
        low
    }
}

/// The edge caches, by cell and POP, and the shield's cache if the arm uses it.
pub(crate) fn caches(stage: &Stage) -> (Vec<Vec<Slice>>, Option<Cache>) {
    let catalogue = Catalogue::new(stage);
    let cells = usize::from(stage.world.clock.cells);
    let mut by_cell: Vec<Vec<Slice>> = (0..cells).map(|_| Vec::new()).collect();
    for (pop, ordinal) in stage.world.pops.iter().zip(0u64..) {
        let policy = eviction(stage.world.cdns[pop.cdn.index()].eviction);
        let slices = sliced(stage, &catalogue, policy, pop.cache);
        for ((part, mut cache), into) in slices.into_iter().zip(&mut by_cell) {
            let part = Part { time: part.time.min(history(stage, pop)), ..part };
            fill(stage, &catalogue, &part, ordinal, &mut cache);
            into.push(Slice::new(cache));
        }
    }
    let shield = stage.world.shield.as_ref().filter(|_| stage.levers.shielded()).map(|shield| {
        let mut cache = Cache::new(Eviction::Lru, Capacity::Bytes(shield.cache), 1_024);
        let titles: Vec<TitleId> = catalogue.titles(stage).map(TitleId).collect();
        #[expect(clippy::cast_precision_loss, reason = "capacities are far below 2^53 bytes")]
        let time = catalogue.characteristic_time(stage, shield.cache.0 as f64);
        let seen: f64 = stage.world.pops.iter().map(|pop| history(stage, pop)).sum();
        fill(stage, &catalogue, &Part { titles, time: time.min(seen) }, u64::MAX, &mut cache);
        cache
    });
    (by_cell, shield)
}

/// How many segment requests a POP has seen under the keys of now: no end of them where keys hold no tokens, else those
/// since the token's window began, at the audience's rate at the start.
#[expect(clippy::cast_precision_loss, reason = "viewers and spans are far below 2^53")]
fn history(stage: &Stage, pop: &Pop) -> f64 {
    if !stage.levers.keys_hold_tokens() {
        return f64::INFINITY;
    }
    let TokenSharing::Window(window) = stage.world.tokens else { return 0.0 };
    let viewers = stage.world.audience.vod.as_ref().map_or(0, |vod| viewers_at(&vod.curve, Timestamp::ZERO));
    let nearest = |region| {
        stage.world.route(pop.cdn, region).first().is_some_and(|(id, _)| stage.world.pops[id.index()] == *pop)
    };
    let regions = stage.world.region_ids().filter(|&region| nearest(region));
    let share: f64 = regions.map(|region| stage.world.region_share(region).as_f64()).sum();
    let rate = viewers as f64 * share * stage.world.weight_share(pop.cdn).as_f64()
        / stage.ladder.segment.as_secs_f64();
    rate * (window / 2).as_secs_f64()
}

/// A cell's part of a cache.
struct Part {
    titles: Vec<TitleId>,
    time: f64,
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "capacities are positive and far below 2^53 bytes"
)]
fn sliced(stage: &Stage, catalogue: &Catalogue, policy: Eviction, capacity: Bytes) -> Vec<(Part, Cache)> {
    let cells = usize::from(stage.world.clock.cells);
    let time = catalogue.characteristic_time(stage, capacity.0 as f64);
    let mut titles: Vec<Vec<TitleId>> = vec![Vec::new(); cells];
    let mut held = vec![0.0; cells];
    for title in catalogue.titles(stage) {
        let cell = usize::from(stage.cell_of_title(TitleId(title)));
        titles[cell].push(TitleId(title));
        held[cell] += catalogue.resident(title, time);
    }
    let all: f64 = held.iter().sum();
    let parts = titles.into_iter().zip(held).map(|(titles, held)| {
        // Room beyond the catalogue (other tenants, titles to come) is split evenly.
        let room = (capacity.0 as f64 - all).max(0.0) / cells as f64;
        let bytes = Bytes((held + room) as u64);
        (Part { titles, time }, Cache::new(policy, Capacity::Bytes(bytes), 64))
    });
    parts.collect()
}

/// Puts into a cache what the history left, if there was one, segment by segment over the titles, so that no title is older than another.
fn fill(stage: &Stage, catalogue: &Catalogue, part: &Part, pop: u64, cache: &mut Cache) {
    if stage.world.cold_cache || part.time <= 0.0 {
        return;
    }
    let draws = Draws::new(stage.seed, Purpose::CacheWarmup);
    let token = stage.token(ViewerId(0), Timestamp::ZERO);
    let present: Vec<Vec<u64>> =
        part.titles.iter().map(|&title| thresholds(catalogue, title, part.time)).collect();
    for index in 0..catalogue.segments {
        for (&title, present) in part.titles.iter().zip(&present) {
            for (variant, &threshold) in (0..).zip(present) {
                let entity = (u64::from(title.0) << 32) | u64::from(index);
                let bits = draws.bits(entity, pop.wrapping_mul(16) + u64::from(variant));
                if bits <= threshold {
                    let key = stage.cache_key(title, variant, index, token);
                    cache.insert(key, stage.segment_size(title, variant, index).to_bytes(), |_, _| {});
                }
            }
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a probability scaled to 64 bits, saturating"
)]
fn thresholds(catalogue: &Catalogue, title: TitleId, time: f64) -> Vec<u64> {
    (0..=catalogue.top)
        .map(|variant| {
            (-libm::expm1(-catalogue.rate(title.0, variant) * time) * 18_446_744_073_709_551_615.0) as u64
        })
        .collect()
}
