//! The resolved world: what a simulation or a live run is built from, with names turned into ordinals.
//!
//! Plain data. Every default is filled in, every factor of `[scale]` applied, every reference checked; whoever builds an
//! engine from it needs no `Option` that means "default". It is embedded in `report.json`, from which `reproduce`
//! reads it back, so field names are a published format and maps have a stable order.
//!
//! Reading order: [`World`], then [`audience`], [`delivery`], [`platform`].

pub mod audience;
pub mod delivery;
pub mod platform;

use fault_plan::Fault;
use serde::{Deserialize, Serialize};
use units::{Kbps, Micros, PathwayId, PopId, Ppm, RegionId, Timestamp};

pub use audience::{
    Access, Audience, Cohort, CurvePoint, Device, Live, Patience, RegionShare, SessionLength, TracePeriod,
    Vod,
};
pub use delivery::{Cdn, EvictionPolicy, Origin, Pop, Serve, Service, SessionStore, Shield, TokenSharing};
pub use platform::{LoadPolicy, Platform, Players, SteeringPolicy};

/// Everything that one arm's engine needs, but the levers and the seed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// Virtual time: how long, how finely cut.
    pub clock: Clock,
    /// Names of the regions; [`RegionId`] is the index. Alphabetical.
    pub regions: Vec<String>,
    /// Who watches.
    pub audience: Audience,
    /// What VOD viewers choose from.
    pub catalogue: Catalogue,
    /// Whether caches are empty at the start, instead of as a long history left them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cold_cache: bool,
    /// How titles are encoded.
    pub encoding: Encoding,
    /// The CDNs; [`PathwayId`] is the index. In the order of the scenario.
    pub cdns: Vec<Cdn>,
    /// The POPs of all CDNs; [`PopId`] is the index. Those of one CDN stand together, in the order of the scenario.
    pub pops: Vec<Pop>,
    /// How long DNS keeps sending requests to a dead POP before it names the next one of that CDN.
    pub dns_move: Micros,
    /// The shield between edges and origin, used by arms that turn that lever on.
    pub shield: Option<Shield>,
    /// The origin.
    pub origin: Origin,
    /// The session store, a queue in front of start and resume only; `None` has no cost.
    pub session_store: Option<SessionStore>,
    /// How many viewers share a playback token, which is part of the full-URL cache key.
    pub tokens: TokenSharing,
    /// Tuning of the platform's own policies.
    pub platform: Platform,
    /// Tuning of the player profiles.
    pub players: Players,
    /// What breaks, in the order of the scenario.
    pub faults: Vec<Fault>,
}

/// Virtual time of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Length of the run, warm-up included.
    pub duration: Micros,
    /// Simulated and served, but outside every gate and headline number.
    pub warmup: Micros,
    /// Number of cells: a model parameter, unlike the number of threads. At least 1.
    pub cells: u16,
    /// How often cells meet.
    pub epoch: Micros,
    /// Resolution of time series. A multiple of `epoch`.
    pub bucket: Micros,
}

/// The titles on offer beside the live event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// How many, at least 1.
    pub titles: u32,
    /// Exponent s of Zipf's law over their ranks, in millionths (900,000 is 0.9).
    pub zipf_exponent: Ppm,
    /// Length of a title.
    pub title_duration: Micros,
}

/// The ladder and the shape of segments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encoding {
    /// Segment duration.
    pub segment: Micros,
    /// The rungs, lowest bitrate first, 1 to 16.
    pub ladder: Vec<Rung>,
    /// Coefficient of variation of segment sizes around the rung (lognormal).
    pub size_cv: Ppm,
}

/// One rung of the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// `AVERAGE-BANDWIDTH`.
    pub average: Kbps,
    /// `BANDWIDTH`, the peak segment rate; at least `average`.
    pub peak: Kbps,
}

impl World {
    /// The POPs of a CDN that can serve a region, nearest first: DNS names the first, and the next when it is dead.
    #[must_use]
    pub fn route(&self, cdn: PathwayId, region: RegionId) -> Vec<(PopId, Micros)> {
        let mut route: Vec<(PopId, Micros)> =
            self.pops_of(cdn).filter_map(|(id, pop)| Some((id, pop.rtt_to(region)?))).collect();
        route.sort_by_key(|&(id, rtt)| (rtt, id));
        route
    }

    /// The POPs of a CDN.
    pub fn pops_of(&self, cdn: PathwayId) -> impl Iterator<Item = (PopId, &Pop)> {
        self.pop_ids().zip(&self.pops).filter(move |(_, pop)| pop.cdn == cdn)
    }

    /// The ordinals of all POPs.
    #[expect(clippy::cast_possible_truncation, reason = "a scenario with more than 256 POPs is refused")]
    pub fn pop_ids(&self) -> impl Iterator<Item = PopId> + use<> {
        (0..self.pops.len()).map(|index| PopId(index as u8))
    }

    /// The ordinals of all CDNs.
    #[expect(clippy::cast_possible_truncation, reason = "a scenario with more than 256 CDNs is refused")]
    pub fn cdn_ids(&self) -> impl Iterator<Item = PathwayId> + use<> {
        (0..self.cdns.len()).map(|index| PathwayId(index as u8))
    }

    /// The ordinals of all regions.
    #[expect(clippy::cast_possible_truncation, reason = "a scenario with more than 256 regions is refused")]
    pub fn region_ids(&self) -> impl Iterator<Item = RegionId> + use<> {
        (0..self.regions.len()).map(|index| RegionId(index as u8))
    }

    /// A CDN's share of the sum of all weights.
    #[must_use]
    pub fn weight_share(&self, cdn: PathwayId) -> Ppm {
        let total: u64 = self.cdns.iter().map(|cdn| u64::from(cdn.weight)).sum();
        let weight = u64::from(self.cdns[cdn.index()].weight);
        Ppm(u32::try_from(weight * 1_000_000 / total.max(1)).unwrap_or(1_000_000))
    }

    /// The share of all viewers that live in a region, over all cohorts.
    #[must_use]
    pub fn region_share(&self, region: RegionId) -> Ppm {
        let of_cohort = |cohort: &Cohort| {
            let shares = cohort.regions.iter().filter(|share| share.region == region);
            shares.map(|share| u64::from(share.share.0)).sum::<u64>() * u64::from(cohort.share.0)
        };
        let parts: u64 = self.audience.cohorts.iter().map(of_cohort).sum();
        Ppm(u32::try_from(parts / 1_000_000).unwrap_or(1_000_000))
    }

    /// Viewers that the plan wants at `now`, VOD and live.
    #[must_use]
    pub fn planned_viewers(&self, now: Timestamp) -> u64 {
        let vod = self.audience.vod.as_ref().map_or(0, |vod| audience::viewers_at(&vod.curve, now));
        let live = self.audience.live.as_ref().map_or(0, |live| audience::viewers_at(&live.curve, now));
        vod + live
    }

    /// The largest number of viewers that the plan wants at once.
    #[must_use]
    pub fn peak_viewers(&self) -> u64 {
        let vod = self.audience.vod.iter().flat_map(|vod| &vod.curve);
        let live = self.audience.live.iter().flat_map(|live| &live.curve);
        vod.chain(live).map(|point| self.planned_viewers(point.at)).max().unwrap_or(0)
    }

    /// The end of the run.
    #[must_use]
    pub const fn end(&self) -> Timestamp {
        Timestamp(self.clock.duration.0)
    }
}

#[cfg(test)]
mod tests;
