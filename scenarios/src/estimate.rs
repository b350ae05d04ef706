//! What a run will cost and whom its faults will hit, from the plan alone: `rehearsal check`.
//!
//! Arithmetic on planned averages, not a simulation: it finds scenarios that are ten times too large or whose POPs cannot
//! carry a normal evening, and refuses to be more precise than that.

use fault_plan::{Action, Fault};
use serde::Serialize;
use units::sample::LogNormal;
use units::{Bytes, Kbps, Micros, PopId, Ppm, RegionId, Timestamp};

use crate::world::audience::{Access, CurvePoint, SessionLength, viewers_at};
use crate::world::{Cohort, World};

/// Events per hundred segments, those of sessions included. Measured: `benches`, engine suite, `before-after`, both arms.
const EVENTS_PER_HUNDRED_SEGMENTS: u64 = 287;
/// Hot state of a player and its share of timers and lists (at most 128 bytes of hot state).
const BYTES_PER_VIEWER: u64 = 192;
/// An entry of a cache index: key, size, links, hash slot at 50 % load.
const BYTES_PER_CACHED_OBJECT: u64 = 40;
/// What it takes to decide whether a warm cache holds an object, in ns. Measured: a million titles of 675 segments and four
/// variants at four POPs and a shield, 60 s.
const NANOSECONDS_PER_OBJECT: u64 = 5;
/// hls.js moves up to a variant only below this share of its estimate, so this is what a link sustains.
const UP_SWITCH: Ppm = Ppm(700_000);

/// The plan of one arm in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// The most viewers at once.
    pub peak_viewers: u64,
    /// Sessions over the run, those present at its start included.
    pub sessions: u64,
    /// Seconds of viewing wanted.
    pub viewer_seconds: u64,
    /// Segments of one (arm, seed), as if nobody waited for any.
    pub segments: u64,
    /// Events of one (arm, seed).
    pub events: u64,
    /// Objects that warm caches are asked about before one (arm, seed) starts.
    pub warmed: u64,
    /// Memory of one (arm, seed).
    pub memory: Bytes,
    /// What an average viewer draws when nothing is short.
    pub mean_bitrate: Kbps,
    /// Every POP at the planned peak, no fault.
    pub pops: Vec<PopLoad>,
    /// Every fault and whom it hits.
    pub blasts: Vec<Blast>,
    /// The catalogue, were the audience a million.
    pub titles_per_million_viewers: u64,
    /// All edge caches together, were the audience a million.
    pub cache_per_million_viewers: Bytes,
    /// All POPs together, were the audience a million.
    pub capacity_per_million_viewers: Kbps,
}

/// A POP at the planned peak.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PopLoad {
    /// Its CDN.
    pub cdn: String,
    /// Its name.
    pub pop: String,
    /// What the viewers nearest to it draw.
    pub demand: Kbps,
    /// What it can give.
    pub capacity: Kbps,
    /// The quotient; above one million, viewers get less than they could use.
    pub utilisation: Ppm,
}

/// A fault and whom it hits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Blast {
    /// Its name.
    pub fault: String,
    /// The share of viewers whose requests pass its target when nothing else is wrong.
    pub viewers: Ppm,
    /// What the scenario promised.
    pub limit: Option<Ppm>,
}

impl Estimate {
    /// How long one (arm, seed) takes on one thread at a measured speed.
    #[must_use]
    pub const fn time_at(&self, nanoseconds_per_segment: u64) -> Micros {
        let warming = self.warmed.saturating_mul(NANOSECONDS_PER_OBJECT);
        Micros(self.segments.saturating_mul(nanoseconds_per_segment).saturating_add(warming) / 1_000)
    }
}

/// Reckons one arm's plan.
#[must_use]
pub fn estimate(world: &World) -> Estimate {
    let peak = world.peak_viewers();
    let vod =
        world.audience.vod.as_ref().map(|vod| demand(&vod.curve, vod.session_length, world.clock.duration));
    let live = world
        .audience
        .live
        .as_ref()
        .map(|live| demand(&live.curve, live.session_length, world.clock.duration));
    let (sessions, viewer_seconds) =
        [vod, live].into_iter().flatten().fold((0, 0), |sum, d| (sum.0 + d.0, sum.1 + d.1));
    let segments = viewer_seconds * 1_000_000 / world.encoding.segment.0.max(1);
    let per_million = |amount: u64| {
        u64::try_from(u128::from(amount) * 1_000_000 / u128::from(peak.max(1))).unwrap_or(u64::MAX)
    };
    Estimate {
        peak_viewers: peak,
        sessions,
        viewer_seconds,
        events: segments * EVENTS_PER_HUNDRED_SEGMENTS / 100,
        segments,
        warmed: if world.cold_cache { 0 } else { caches(world).count() as u64 * objects(world) },
        memory: Bytes(peak * BYTES_PER_VIEWER + cached_objects(world) * BYTES_PER_CACHED_OBJECT),
        mean_bitrate: mean_bitrate(world),
        pops: world.pop_ids().map(|pop| load(world, pop)).collect(),
        blasts: world.faults.iter().map(|fault| blast(world, fault)).collect(),
        titles_per_million_viewers: per_million(u64::from(world.catalogue.titles)),
        cache_per_million_viewers: Bytes(per_million(world.pops.iter().map(|pop| pop.cache.0).sum())),
        capacity_per_million_viewers: Kbps(per_million(world.pops.iter().map(|pop| pop.capacity.0).sum())),
    }
}

/// The share of viewers whose requests pass a fault's target when nothing else is wrong: by weight of its CDN, region, and
/// the POP nearest to the region. A fault of part of the requests still hits every viewer behind it, and one that takes
/// capacity from a POP hits all who use it, wherever they live.
#[must_use]
pub fn blast_radius(world: &World, fault: &Fault) -> Ppm {
    let (cdn, target) = (fault.target.cdn, &fault.target);
    let takes_capacity =
        matches!(fault.action, Action::SlowLink { capacity_factor, .. } if capacity_factor < Ppm::ONE);
    let in_reach = |pop: PopId, region: RegionId| {
        target.matches(cdn, pop, region) || (takes_capacity && target.pops.contains(&pop))
    };
    let hit = world
        .region_ids()
        .filter(|&region| world.route(cdn, region).first().is_some_and(|&(pop, _)| in_reach(pop, region)));
    let regions: u64 = hit.map(|region| u64::from(world.region_share(region).0)).sum();
    ppm(regions * u64::from(world.weight_share(cdn).0) / 1_000_000)
}

fn blast(world: &World, fault: &Fault) -> Blast {
    let limit = fault.blast.map(|limit| limit.viewers_max);
    Blast { fault: fault.id.clone(), viewers: blast_radius(world, fault), limit }
}

/// A POP's viewers at the planned peak: those of the regions that it is nearest to.
fn load(world: &World, id: PopId) -> PopLoad {
    let pop = &world.pops[id.index()];
    let nearest = |region| world.route(pop.cdn, region).first().is_some_and(|&(first, _)| first == id);
    let regions: u64 = world
        .region_ids()
        .filter(|&region| nearest(region))
        .map(|region| u64::from(world.region_share(region).0))
        .sum();
    let share = ppm(regions * u64::from(world.weight_share(pop.cdn).0) / 1_000_000);
    let demand = Kbps(mean_bitrate(world).0 * world.peak_viewers()).scaled(share);
    let utilisation = u128::from(demand.0) * 1_000_000 / u128::from(pop.capacity.0.max(1));
    PopLoad {
        cdn: world.cdns[pop.cdn.index()].id.clone(),
        pop: pop.id.clone(),
        demand,
        capacity: pop.capacity,
        utilisation: ppm(u64::try_from(utilisation).unwrap_or(u64::MAX)),
    }
}

/// What an average viewer draws: each cohort the highest rung that its typical access rate sustains.
fn mean_bitrate(world: &World) -> Kbps {
    let of = |cohort: &Cohort| {
        let sustained = typical_rate(&cohort.access).scaled(UP_SWITCH);
        let rungs = &world.encoding.ladder;
        let rung = rungs.iter().rev().find(|rung| rung.average <= sustained).or(rungs.first());
        rung.map_or(0, |rung| rung.average.0 * u64::from(cohort.share.0))
    };
    Kbps(world.audience.cohorts.iter().map(of).sum::<u64>() / 1_000_000)
}

/// The median of the mean rates of the reference trace sets (FCC 2016 SD and HD selections, 4G Ghent 2016, 3G Oslo 2013,
/// as shipped with Sabre).
fn typical_rate(access: &Access) -> Kbps {
    match access {
        Access::FccSd => Kbps(6_000),
        Access::FccHd => Kbps(16_100),
        Access::FourG => Kbps(31_700),
        Access::ThreeG => Kbps(920),
        Access::Fixed(rate) => *rate,
        Access::Trace { periods, .. } => {
            let time: u128 = periods.iter().map(|period| u128::from(period.duration.0)).sum();
            let bits: u128 =
                periods.iter().map(|period| u128::from(period.duration.0) * u128::from(period.rate.0)).sum();
            Kbps(u64::try_from(bits / time.max(1)).unwrap_or(u64::MAX))
        }
    }
}

/// Sessions and viewer-seconds of a curve. Between two corners, those who leave are replaced and the rise is added.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate of a checked, finite curve"
)]
#[expect(clippy::cast_precision_loss, reason = "viewer-seconds of a day stay far below 2^53")]
fn demand(curve: &[CurvePoint], length: SessionLength, duration: Micros) -> (u64, u64) {
    let mean =
        LogNormal::from_median_and_quantile(length.median.as_secs_f64(), 0.9, length.p90.as_secs_f64())
            .mean();
    let corners = curve.iter().map(|point| point.at).chain([Timestamp(duration.0)]);
    let mut corners: Vec<Timestamp> = corners.filter(|at| at.0 <= duration.0).collect();
    corners.dedup();
    let first = curve.first().map_or(0, |point| u64::from(point.viewers));
    corners.windows(2).fold((first, 0), |(sessions, seconds), pair| {
        let (from, to) = (viewers_at(curve, pair[0]), viewers_at(curve, pair[1]));
        let area = (u128::from(from + to) * u128::from(pair[1].since(pair[0]).0) / 2_000_000) as u64;
        let arrivals = area as f64 / mean.max(1.0) + to as f64 - from as f64;
        (sessions + arrivals.max(0.0) as u64, seconds + area)
    })
}

/// All caches: those of the POPs, and the shield's.
fn caches(world: &World) -> impl Iterator<Item = Bytes> {
    world.pops.iter().map(|pop| pop.cache).chain(world.shield.iter().map(|shield| shield.cache))
}

/// Segments of all titles in all variants.
fn objects(world: &World) -> u64 {
    let segments = world.catalogue.title_duration.0.div_ceil(world.encoding.segment.0.max(1));
    u64::from(world.catalogue.titles) * segments * world.encoding.ladder.len() as u64
}

/// Objects that all caches can hold at once, no more than there are.
fn cached_objects(world: &World) -> u64 {
    let rungs = &world.encoding.ladder;
    let mean_rate = rungs.iter().map(|rung| rung.average.0).sum::<u64>() / (rungs.len() as u64).max(1);
    let mean_size = Kbps(mean_rate).bits_in(world.encoding.segment).to_bytes().0.max(1);
    caches(world).map(|cache| (cache.0 / mean_size).min(objects(world))).sum()
}

fn ppm(parts: u64) -> Ppm {
    Ppm(u32::try_from(parts).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests;
