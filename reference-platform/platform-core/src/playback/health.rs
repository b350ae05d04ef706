//! Pathway health and the movement of traffic that follows from it: the modern steering.
//!
//! Once per fixed step the owner of the clock hands in, per (region, pathway), how many requests went well and badly,
//! what the probes said and how much capacity is spare. A request is *bad* when it ended in an error, had no first
//! byte in 4 s ([`FIRST_BYTE_MAX`]), or delivered a segment slower than the segment's own duration ([`is_bad`]).
//!
//! - Health is the EWMA of the share of bad requests, half-life 10 s, over steps that saw any; a step without
//!   evidence changes nothing by itself, because silence is not health; the next evidence weighs the more.
//! - A pathway is ejected when that share is 5 % or more with at least 50 requests in the last 10 s and another one is below that
//!   or half as bad, or when three probes in a row failed. The last pathway of a region is never ejected: a bad one
//!   is better than none.
//! - While a pathway is out it gets few requests, so each probe counts as one. It is restored after 60 s below 1 %.
//! - Traffic then moves, at most once per TTL, by no more than 10 % of the receiving pathway's spare capacity while its
//!   hit ratio is below its norm (its cache is cold for what it is about to get), else by no more than the spare.
//!
//! Capacity may be short everywhere, and then there is no spare to count with: players ask for lower variants until a link is
//! full, and a link that lost capacity still has its contract. So
//! - a pathway whose requests or probes go badly has nothing to spare, and one that does well behind a warm cache takes a tenth
//!   of the region per TTL whatever it has: if that was too much it is the next one to do badly;
//! - where all pathways that are in have been bad for a TTL the region is *short*. Health then tells nothing but the worst ones
//!   apart (Envoy calls that panic): those that are alive and hardly worse than the others come back, and viewers go
//!   home by a tenth of the region per TTL, to the split that the capacities were planned for;
//! - a pathway is *dead* when its probes fail and nothing in the last 10 s went well. The last one that is in gives way to
//!   one that is out and alive, and nobody waits on a dead one for room elsewhere.
//!
//! A pathway that was ejected and is in again may carry less than its contract says: DNS has moved its viewers to a smaller POP, or a link
//! has lost capacity, which does not look bad once players ask for less. Whoever came home all at once would fill it again. So it is on
//! *trial* until all of its viewers are home and it has done well with them for 60 s:
//! - viewers leave a pathway as fast as others can take them, and go home slowly: a tenth of the region per TTL, only where that leaves
//!   free a tenth of what its own viewers draw (or from where nothing is free), and not to where viewers draw clearly less than
//!   where they come from;
//! - a pathway on trial takes at most a tenth of the region per TTL, whatever its contract has to spare;
//! - if it does badly again and yet serves, it was *overfilled*: a tenth of the region leaves it per TTL, while it does badly. The
//!   rest stays, so that the split settles where both can carry it. One that is dead, or does badly with half of its requests, is
//!   left as fast as any.
//!
//! The values are chosen, and stand as assumptions in [`HealthConfig`]. Everything is arrays sized at construction: a
//! step allocates nothing.

mod judge;
mod pathway;
mod traffic;

use units::{Kbps, Micros, PathwayId, Ppm, Ratio, RegionId, Timestamp};

use self::pathway::Pathway;
use super::steering::{PathwayOrder, RegionTable, Steering, pathway_id};

/// A request without a first byte for this long is bad. Also the players' first-byte time-out.
pub const FIRST_BYTE_MAX: Micros = Micros::from_secs(4);

/// How a finished request went, as an edge log or a player beacon tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished {
    /// Refused, reset, or a status of 400 and more.
    Failed,
    /// A complete body.
    Complete {
        /// From the request to the first byte.
        first_byte: Micros,
        /// From the request to the last byte.
        total: Micros,
        /// Duration of the media in it; `None` for playlists.
        media: Option<Micros>,
    },
}

/// Whether a request counts as bad, where no first byte within `first_byte_max` does ([`FIRST_BYTE_MAX`] as it ships).
#[must_use]
pub fn is_bad(request: &Finished, first_byte_max: Micros) -> bool {
    match *request {
        Finished::Failed => true,
        Finished::Complete { first_byte, total, media } => {
            first_byte > first_byte_max || media.is_some_and(|duration| total > duration)
        }
    }
}

/// Requests of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcomes {
    /// Requests that went well.
    pub good: u32,
    /// Requests that did not ([`is_bad`]).
    pub bad: u32,
}

/// What a probe of one step said (64 KiB from a POP of the pathway, 1 s deadline).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Probe {
    /// None ended in this step.
    #[default]
    None,
    /// It came in time.
    Passed,
    /// It did not.
    Failed,
}

/// What one step has shown of one pathway in one region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PathwaySample {
    /// Requests that ended in the step.
    pub outcomes: Outcomes,
    /// The probe that ended in the step.
    pub probe: Probe,
    /// What the region's viewers draw from it.
    pub load: Kbps,
    /// What it could serve to this region beyond that; zero while that is not known, so that nobody is sent there.
    pub spare: Kbps,
    /// Hits over lookups, lately; an empty ratio counts as below the norm.
    pub hit_ratio: Ratio,
}

/// What one step has shown: `samples[region * pathways + pathway]`.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    /// All pathways of region 0, then of region 1, and so on.
    pub samples: &'a [PathwaySample],
}

/// What the steering decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthEvent {
    /// When.
    pub at: Timestamp,
    /// For viewers of which region.
    pub region: RegionId,
    /// Which pathway.
    pub pathway: PathwayId,
    /// What happened to it.
    pub change: HealthChange,
}

/// A change of a pathway's standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealthChange {
    /// Out: too many bad requests.
    EjectedByRequests,
    /// Out: probes failed in a row.
    EjectedByProbes,
    /// In again.
    Restored,
}

/// The numbers of the modern steering. [`HealthConfig::default`] is what the platform runs with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HealthConfig {
    /// How often `observe` is called; the EWMA's decay is computed once from it.
    pub step: Micros,
    /// Steering TTL, and least time between two movements of traffic in a region.
    pub ttl: Micros,
    /// Half-life of the EWMA.
    pub half_life: Micros,
    /// Eject at this share of bad requests or more.
    pub eject_at: Ppm,
    /// Requests in [`Self::window`] that an ejection needs.
    pub requests_min: u32,
    /// Over which span those are counted.
    pub window: Micros,
    /// Probes that must fail in a row.
    pub probes_failed: u32,
    /// Restore below this share.
    pub restore_below: Ppm,
    /// For so long.
    pub restore_after: Micros,
    /// Share of the receiver's spare capacity that may move per TTL while its cache is cold.
    pub spare_per_ttl: Ppm,
    /// Hit ratio at and above which a cache counts as warm.
    ///
    /// An assumption: video CDNs report byte hit ratios of 90 to 99 %.
    pub hit_ratio_norm: Ppm,
}

impl Default for HealthConfig {
    fn default() -> Self {
        Self {
            step: Micros::from_millis(250),
            ttl: Micros::from_secs(10),
            half_life: Micros::from_secs(10),
            eject_at: Ppm(50_000),
            requests_min: 50,
            window: Micros::from_secs(10),
            probes_failed: 3,
            restore_below: Ppm(10_000),
            restore_after: Micros::from_secs(60),
            spare_per_ttl: Ppm(100_000),
            hit_ratio_norm: Ppm(900_000),
        }
    }
}

/// The health of all pathways in all regions, and the tables that follow from it.
#[derive(Debug, Clone)]
pub struct HealthState {
    config: HealthConfig,
    /// What is left of an EWMA after one step.
    decay: f64,
    tables: Vec<RegionTable>,
    pathways: Vec<Pathway>,
    /// By region: since when all pathways that are in have been bad.
    bad_since: Vec<Option<Timestamp>>,
    /// By region: its last turn to move traffic.
    turns: Vec<Option<Turn>>,
}

/// A region's turn to move traffic.
#[derive(Debug, Clone, Copy)]
struct Turn {
    at: Timestamp,
    /// Whether anyone was moved: a turn that was let pass holds up nobody who must leave.
    moved: bool,
}

impl HealthState {
    /// All pathways healthy, all viewers at home; `weights[region]` are the contracted weights of all pathways there.
    ///
    /// # Panics
    /// When regions differ in their number of pathways, or a region has none (see [`RegionTable::new`]).
    #[must_use]
    pub fn new(config: HealthConfig, weights: &[Vec<u32>]) -> Self {
        let tables: Vec<RegionTable> = weights.iter().map(|weights| RegionTable::new(weights)).collect();
        let count = tables.first().map_or(0, RegionTable::len);
        assert!(tables.iter().all(|table| table.len() == count), "every region ranks the same pathways");
        let steps = (config.window.0.div_ceil(config.step.0.max(1)) as usize).max(1);
        Self {
            config,
            decay: libm::exp2(-config.step.as_secs_f64() / config.half_life.as_secs_f64()),
            pathways: vec![Pathway::over(steps); tables.len() * count],
            bad_since: vec![None; tables.len()],
            turns: vec![None; tables.len()],
            tables,
        }
    }

    /// The published table of a region.
    #[must_use]
    pub fn table(&self, region: RegionId) -> &RegionTable {
        &self.tables[region.index()]
    }

    /// The EWMA of the share of bad requests, 0..=1.
    #[must_use]
    pub fn bad_share(&self, region: RegionId, pathway: PathwayId) -> f64 {
        self.pathways[region.index() * self.tables[region.index()].len() + pathway.index()].bad_share()
    }

    /// Takes in one step: updates health, ejects and restores, moves traffic.
    ///
    /// # Panics
    /// When `seen` does not hold one sample per (region, pathway).
    pub fn observe(&mut self, now: Timestamp, seen: &Observation<'_>, mut on_event: impl FnMut(HealthEvent)) {
        assert_eq!(seen.samples.len(), self.pathways.len(), "one sample per region and pathway");
        let count = self.tables.first().map_or(1, RegionTable::len);
        for region in 0..self.tables.len() {
            let samples = &seen.samples[region * count..(region + 1) * count];
            for (pathway, sample) in samples.iter().enumerate() {
                self.take_in(region, pathway, sample);
            }
            let is_short = self.is_short(now, region);
            let mut must_leave = false;
            for pathway in 0..count {
                if let Some(change) = self.judge(now, (region, pathway), is_short) {
                    must_leave |= change != HealthChange::Restored;
                    #[expect(clippy::cast_possible_truncation, reason = "regions are numbered by u8")]
                    let region = RegionId(region as u8);
                    on_event(HealthEvent { at: now, region, pathway: pathway_id(pathway), change });
                }
                must_leave |= self.breaks(region * count + pathway);
                self.end_trial(now, (region, pathway));
            }
            if self.is_due(now, region, must_leave) {
                let healths = &self.pathways[region * count..(region + 1) * count];
                let seen = traffic::Seen { samples, healths, is_short };
                if let Some(moved) = traffic::move_some(&self.config, &mut self.tables[region], &seen) {
                    self.turns[region] = Some(Turn { at: now, moved });
                }
            }
        }
    }

    /// Whether a region's traffic may move now: once per TTL, or as soon as viewers must leave if the last turn was let pass.
    fn is_due(&self, now: Timestamp, region: usize, must_leave: bool) -> bool {
        self.turns[region]
            .is_none_or(|last| now.since(last.at) >= self.config.ttl || (must_leave && !last.moved))
    }

    /// Adds one step's evidence.
    fn take_in(&mut self, region: usize, pathway: usize, sample: &PathwaySample) {
        let table = &self.tables[region];
        let is_out = table.is_ejected(pathway_id(pathway));
        self.pathways[region * table.len() + pathway].take_in(sample, is_out, self.decay);
    }
}

/// The modern side of lever `steering`: a steering server that acts on health.
#[derive(Debug, Clone)]
pub struct HealthSteering {
    state: HealthState,
}

impl HealthSteering {
    /// See [`HealthState::new`].
    #[must_use]
    pub fn new(config: HealthConfig, weights: &[Vec<u32>]) -> Self {
        Self { state: HealthState::new(config, weights) }
    }

    /// The health behind the answers, for reports.
    #[must_use]
    pub const fn state(&self) -> &HealthState {
        &self.state
    }
}

impl Steering for HealthSteering {
    fn ttl(&self) -> Option<Micros> {
        Some(self.state.config.ttl)
    }

    #[inline]
    fn order(&self, region: RegionId, draw: f64) -> PathwayOrder {
        self.state.table(region).order(draw)
    }

    fn observe(&mut self, now: Timestamp, seen: &Observation<'_>, on_event: impl FnMut(HealthEvent)) {
        self.state.observe(now, seen, on_event);
    }
}

#[cfg(test)]
mod tests;
