//! Static steering: both pathways stand in the playlist, and their order is drawn once per viewer by CDN weight.
//!
//! Seen in the field: CDN selection at session start, by contract share, with failover left to the player, is what
//! vendors of mid-session switching describe as the usual starting point (edgeware.tv, "Optimizing video delivery using
//! in-session CDN management"; svta.org, "Investigating Approaches to Multi-CDN Delivery", on traffic commitments).
//! What such a player does in an outage: hls.js issue 5747, where all variants of the dead pathway are tried first and
//! the way back is closed.
//!
//! Never worse than that: every player has the second pathway in its playlist and may fail over by itself.

use platform_core::playback::health::{HealthEvent, Observation};
use platform_core::playback::steering::{PathwayOrder, RegionTable, Steering};
use units::{Micros, RegionId, Timestamp};

/// The naive side of lever `steering`.
#[derive(Debug, Clone)]
pub struct StaticSteering {
    tables: Vec<RegionTable>,
}

impl StaticSteering {
    /// `weights[region]` are the contracted weights of all pathways there.
    ///
    /// # Panics
    /// When a region has no pathway (see [`RegionTable::new`]).
    #[must_use]
    pub fn new(weights: &[Vec<u32>]) -> Self {
        Self { tables: weights.iter().map(|weights| RegionTable::new(weights)).collect() }
    }
}

impl Steering for StaticSteering {
    /// There is no steering server.
    fn ttl(&self) -> Option<Micros> {
        None
    }

    #[inline]
    fn order(&self, region: RegionId, draw: f64) -> PathwayOrder {
        self.tables[region.index()].order(draw)
    }

    /// Nobody looks.
    fn observe(&mut self, _now: Timestamp, _seen: &Observation<'_>, _on_event: impl FnMut(HealthEvent)) {}
}
