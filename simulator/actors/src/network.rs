//! How fast a viewer's access link is, as a function of virtual time.
//!
//! A rate is a pure function of (seed, viewer, slot): counter-based draws and no state that advances, so that arms,
//! drivers and threads see the same links however often and in whatever order they ask. Time is cut into slots on one
//! absolute grid, and rates into [`RateClass`]es, so that a cell can share capacity over classes instead of flows.
//!
//! - `class`: the 256 classes.
//! - `fitted`: random links with the statistics of a measured set; a few table look-ups a slot.
//! - `sets`: the parameters of the four sets and how they were fitted.
//! - `trace`: measured traces read from files, looped from a random offset.
//!
//! What a link shares with others (POP, uplink) is the engine's business.

mod class;
mod fitted;
mod sets;
mod trace;

pub use class::RateClass;
pub use sets::AccessSet;
pub use trace::{TraceError, TraceSet};

use units::{Draws, Kbps, Micros, Purpose, Seed, Timestamp, ViewerId};

use fitted::FittedLink;

/// What kind of access link the viewers of a cohort have.
#[derive(Debug, Clone, PartialEq)]
pub enum AccessSpec {
    /// Random links with the statistics of a measured set.
    Fitted(AccessSet),
    /// One rate at all times.
    Fixed(Kbps),
    /// A random trace for each viewer, looped from a random offset.
    Trace(TraceSet),
}

/// The access links of one seed: asks for [`AccessModel::viewer`] once per session, then for rates by slot.
#[derive(Debug, Clone)]
pub struct AccessModel {
    spec: AccessSpec,
    network: Draws,
    rate: Draws,
}

/// One viewer's link: 16 bytes, to be kept with the session and handed back to the model that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessState(Link);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Fixed(RateClass),
    Fitted(FittedLink),
    Trace { trace: u32, offset: u32 },
}

impl AccessModel {
    /// The links of one seed.
    #[must_use]
    pub const fn new(spec: AccessSpec, seed: Seed) -> Self {
        Self {
            spec,
            network: Draws::new(seed, Purpose::AccessNetwork),
            rate: Draws::new(seed, Purpose::AccessRate),
        }
    }

    /// How long a rate lasts: a multiple of 250 ms, aligned to the start of the run.
    ///
    /// The step of the measured set: 5 s for the FCC sets, 1 s for 3G and 4G. A fixed rate says [`Micros::MAX`].
    #[must_use]
    pub const fn slot_length(&self) -> Micros {
        match &self.spec {
            AccessSpec::Fitted(set) => set.slot_length(),
            AccessSpec::Fixed(_) => Micros::MAX,
            AccessSpec::Trace(traces) => traces.slot_length(),
        }
    }

    /// The slot that holds `now`.
    #[must_use]
    pub const fn slot_at(&self, now: Timestamp) -> u64 {
        now.0 / self.slot_length().0
    }

    /// When `slot` begins; [`Timestamp::NEVER`] if that is later than any run.
    #[must_use]
    pub const fn slot_start(&self, slot: u64) -> Timestamp {
        Timestamp(slot.saturating_mul(self.slot_length().0))
    }

    /// The round trip over the access link itself, to be added to the path behind it.
    ///
    /// The sets' own latency per request: 100 ms for 3G, 20 ms for the others and for a fixed rate; for traces the
    /// median over their periods.
    #[must_use]
    pub const fn latency(&self) -> Micros {
        match &self.spec {
            AccessSpec::Fitted(set) => set.latency(),
            AccessSpec::Fixed(_) => Micros::from_millis(20),
            AccessSpec::Trace(traces) => traces.latency(),
        }
    }

    /// The link of a viewer: its levels and spread, or its trace and offset.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "a choice among fewer than 2^32")]
    pub fn viewer(&self, viewer: ViewerId) -> AccessState {
        let entity = u64::from(viewer.0);
        AccessState(match &self.spec {
            AccessSpec::Fitted(set) => Link::Fitted(set.fit().link(self.network, entity)),
            AccessSpec::Fixed(rate) => Link::Fixed(RateClass::of(*rate)),
            AccessSpec::Trace(traces) => {
                let pick = |slot, among: usize| {
                    ((u128::from(self.network.bits(entity, slot)) * among as u128) >> 64) as u32
                };
                let trace = pick(0, traces.len());
                Link::Trace { trace, offset: pick(1, traces.slots(trace)) }
            }
        })
    }

    /// The rate of a viewer's link in a slot. `state` must come from [`AccessModel::viewer`] of the same viewer.
    ///
    /// # Panics
    /// When the state came from a model of another kind.
    #[must_use]
    pub fn rate_at(&self, state: &AccessState, viewer: ViewerId, slot: u64) -> RateClass {
        match (&self.spec, state.0) {
            (AccessSpec::Fitted(set), Link::Fitted(link)) => {
                RateClass::of(set.fit().rate(&link, self.rate, (u64::from(viewer.0), slot)))
            }
            (AccessSpec::Trace(traces), Link::Trace { trace, offset }) => {
                traces.rate(trace, slot + u64::from(offset))
            }
            (AccessSpec::Fixed(_), Link::Fixed(class)) => class,
            _ => panic!("the access state of viewer {} came from another model", viewer.0),
        }
    }
}

#[cfg(test)]
mod tests;
