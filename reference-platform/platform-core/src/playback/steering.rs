//! Content steering: the manifest that tells a player which pathway to prefer, and the decision behind it.
//!
//! Every viewer keeps one draw in [0, 1) for life. Each region's unit interval is cut into *home* intervals by the
//! CDNs' contracted weights, and a home interval into lanes by where its traffic is sent now. A viewer's pathway is the
//! lane that its draw falls in: a pure function of (published table, draw), so a server keeps no state per viewer,
//! and a viewer moves only when a boundary crosses its draw. Moving lanes only inside the home interval means that
//! viewers of a healthy pathway stay where their segments are cached while another pathway is emptied.
//!
//! The naive counterpart, a priority drawn once per viewer, is `legacy::StaticSteering`.

use serde::{Deserialize, Serialize};
use units::{Micros, PathwayId, Ppm, RegionId, Timestamp};

use super::health::{HealthEvent, Observation};

/// Most pathways that a table ranks: multi-CDN set-ups name two to five.
pub const PATHWAYS_MAX: usize = 8;

/// Decides the order of pathways for viewers. Lever `steering`.
pub trait Steering {
    /// How long a player may act on an answer before it asks again; `None` where no steering server exists.
    fn ttl(&self) -> Option<Micros>;

    /// The order of pathways for a viewer of `region` with this draw in [0, 1).
    fn order(&self, region: RegionId, draw: f64) -> PathwayOrder;

    /// Takes in what one step has shown. Called once per step by whoever owns the clock.
    fn observe(&mut self, now: Timestamp, seen: &Observation<'_>, on_event: impl FnMut(HealthEvent));
}

/// Pathways, most preferred first; every pathway of the platform appears once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathwayOrder {
    ids: [PathwayId; PATHWAYS_MAX],
    len: u8,
}

impl PathwayOrder {
    /// The pathways in order.
    #[must_use]
    pub fn as_slice(&self) -> &[PathwayId] {
        &self.ids[..usize::from(self.len)]
    }

    /// The pathway to use.
    #[must_use]
    pub const fn first(&self) -> PathwayId {
        self.ids[0]
    }
}

/// Where a region's traffic is sent: what a steering server publishes and looks viewers up in.
#[derive(Debug, Clone, PartialEq)]
pub struct RegionTable {
    /// Contracted shares, summing to 1: the widths of the home intervals.
    base: [f64; PATHWAYS_MAX],
    /// `lanes[home][pathway]`: which share of a home's viewers is sent to a pathway; each row sums to 1.
    lanes: [[f64; PATHWAYS_MAX]; PATHWAYS_MAX],
    /// Pathways that are out: last in every order.
    ejected: [bool; PATHWAYS_MAX],
    count: usize,
}

impl RegionTable {
    /// All viewers at home, by the pathways' contracted `weights` (any scale).
    ///
    /// # Panics
    /// Without weights, with more than [`PATHWAYS_MAX`], or when all are zero: a scenario without delivery is refused
    /// before it gets here.
    #[must_use]
    pub fn new(weights: &[u32]) -> Self {
        let total: u64 = weights.iter().map(|&weight| u64::from(weight)).sum();
        assert!(weights.len() <= PATHWAYS_MAX, "at most {PATHWAYS_MAX} pathways, not {}", weights.len());
        assert!(total > 0, "at least one pathway needs a weight");
        let mut table = Self {
            base: [0.0; PATHWAYS_MAX],
            lanes: [[0.0; PATHWAYS_MAX]; PATHWAYS_MAX],
            ejected: [false; PATHWAYS_MAX],
            count: weights.len(),
        };
        for (pathway, &weight) in weights.iter().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "weights are small integers")]
            let share = f64::from(weight) / total as f64;
            table.base[pathway] = share;
            table.lanes[pathway][pathway] = 1.0;
        }
        table
    }

    /// Number of pathways.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no pathway: never, by construction.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The share of the region's viewers that is sent to `pathway` now.
    #[must_use]
    pub fn weight(&self, pathway: PathwayId) -> Ppm {
        Ppm::from_f64(self.share(pathway.index()))
    }

    /// Whether `pathway` is out.
    #[must_use]
    pub fn is_ejected(&self, pathway: PathwayId) -> bool {
        self.ejected[pathway.index()]
    }

    /// The pathway for a draw in [0, 1).
    #[must_use]
    pub fn first(&self, draw: f64) -> PathwayId {
        let (home, within) = locate(&self.base[..self.count], draw);
        let lanes = &self.lanes[home][..self.count];
        // Those who stay stand at the low end; who leaves, leaves from the high end, and comes back in reverse order.
        if within < lanes[home] {
            return pathway_id(home);
        }
        let mut from = lanes[home];
        let mut last = home;
        for (pathway, &width) in lanes.iter().enumerate() {
            if pathway != home && width > 0.0 {
                from += width;
                last = pathway;
                if within < from {
                    break;
                }
            }
        }
        pathway_id(last)
    }

    /// The whole order for a draw: its pathway, then the healthy ones by falling share, then the ejected ones; ties by id.
    #[must_use]
    pub fn order(&self, draw: f64) -> PathwayOrder {
        let first = self.first(draw);
        let mut ids = [PathwayId(0); PATHWAYS_MAX];
        for (id, slot) in ids.iter_mut().enumerate().take(self.count) {
            *slot = pathway_id(id);
        }
        let rank = |id: PathwayId| (id != first, self.is_ejected(id), -self.share(id.index()));
        ids[..self.count].sort_unstable_by(|&a, &b| {
            let (a_rank, b_rank) = (rank(a), rank(b));
            a_rank
                .0
                .cmp(&b_rank.0)
                .then(a_rank.1.cmp(&b_rank.1))
                .then(a_rank.2.total_cmp(&b_rank.2))
                .then(a.cmp(&b))
        });
        #[expect(clippy::cast_possible_truncation, reason = "at most 8 pathways")]
        let len = self.count as u8;
        PathwayOrder { ids, len }
    }

    /// The share sent to a pathway, 0..=1.
    pub(super) fn share(&self, pathway: usize) -> f64 {
        (0..self.count).map(|home| self.base[home] * self.lanes[home][pathway]).sum()
    }

    pub(super) fn set_ejected(&mut self, pathway: usize, ejected: bool) {
        self.ejected[pathway] = ejected;
    }

    /// How much of the region stands at `at` though its home is `home`.
    pub(super) fn standing(&self, home: usize, at: usize) -> f64 {
        self.base[home] * self.lanes[home][at]
    }

    /// Sends `amount` (a share of the region, at most [`Self::standing`]) of a home's viewers from one lane to another.
    pub(super) fn shift(&mut self, home: usize, from: usize, to: usize, amount: f64) {
        let part = (amount / self.base[home]).min(self.lanes[home][from]);
        let left = self.lanes[home][from] - part;
        // What is left over by rounding goes along, so that a lane can become exactly empty and exactly full.
        let part = if left < 1e-9 { self.lanes[home][from] } else { part };
        self.lanes[home][from] -= part;
        self.lanes[home][to] += part;
        if self.lanes[home].iter().enumerate().all(|(at, &width)| at == to || width == 0.0) {
            self.lanes[home][to] = 1.0;
        }
    }
}

/// The interval that `draw` falls in, and how far into it, 0..1.
fn locate(widths: &[f64], draw: f64) -> (usize, f64) {
    let mut low = 0.0;
    let mut last = (0, 0.0);
    for (at, &width) in widths.iter().enumerate() {
        if width > 0.0 {
            last = (at, ((draw - low) / width).min(1.0 - f64::EPSILON));
            low += width;
            if draw < low {
                break;
            }
        }
    }
    last
}

#[expect(clippy::cast_possible_truncation, reason = "at most 8 pathways")]
pub(super) const fn pathway_id(index: usize) -> PathwayId {
    PathwayId(index as u8)
}

/// A steering manifest as it goes over the wire (JSON).
///
/// Source: draft-pantos-content-steering-01, section 4; `PATHWAY-CLONES` is not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SteeringManifest {
    /// Always 1.
    #[serde(rename = "VERSION")]
    pub version: u32,
    /// Seconds until the player asks again.
    #[serde(rename = "TTL")]
    pub ttl_s: u64,
    /// Where to ask again; the same address if absent.
    #[serde(rename = "RELOAD-URI", default, skip_serializing_if = "Option::is_none")]
    pub reload_uri: Option<String>,
    /// Pathway names, most preferred first.
    #[serde(rename = "PATHWAY-PRIORITY")]
    pub pathway_priority: Vec<String>,
}

impl SteeringManifest {
    /// The only version there is.
    pub const VERSION: u32 = 1;

    /// The manifest for an order of pathways whose names are `names[id]`.
    ///
    /// A TTL below one second is written as one second: zero would make players poll in a loop.
    #[must_use]
    pub fn new(order: &PathwayOrder, names: &[String], ttl: Micros) -> Self {
        Self {
            version: Self::VERSION,
            ttl_s: (ttl.0 / 1_000_000).max(1),
            reload_uri: None,
            pathway_priority: order.as_slice().iter().map(|id| names[id.index()].clone()).collect(),
        }
    }
}

/// What a steering server may answer.
///
/// There is no "too many requests" on purpose: on 429, hls.js 1.7 schedules no further refresh, so that player would
/// ignore steering for the rest of its session. A server that is overloaded serves its last manifest instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SteeringAnswer {
    /// 200 with this manifest and `Cache-Control: no-store`.
    Manifest(SteeringManifest),
    /// 410: the player stops asking until its next session (draft-pantos-content-steering-01, section 5).
    Gone,
}

impl SteeringAnswer {
    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Manifest(_) => 200,
            Self::Gone => 410,
        }
    }
}

#[cfg(test)]
mod tests;
