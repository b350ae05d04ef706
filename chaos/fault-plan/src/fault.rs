//! One fault, and its effect at a given time.
//!
//! A ramp leads linearly from harmless to full strength. What strength means is the action's own matter: an outage
//! hits a growing share of requests, a slow link loses a growing part of its capacity. The end is a step: a repaired
//! POP is simply back.

use serde::{Deserialize, Serialize};
use units::{Micros, PathwayId, PopId, Ppm, RegionId, Timestamp};

/// A planned fault. It reverts itself at `at + duration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The name that gates and reports use.
    pub id: String,
    /// When it begins.
    pub at: Timestamp,
    /// How long it lasts, ramp included.
    pub duration: Micros,
    /// How long it takes from harmless to full strength; zero is at once.
    pub ramp: Micros,
    /// What it does.
    pub action: Action,
    /// Whom it does it to.
    pub target: Target,
    /// The share of viewers that it may hit at most; checked before the run.
    pub blast: Option<BlastLimit>,
}

/// What a fault does at full strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action {
    /// Requests fail.
    Outage {
        /// How they fail: failover time depends on it by three orders of magnitude.
        failure: Failure,
        /// The share of requests that fail.
        share: Ppm,
    },
    /// A brown-out: bytes come, but slowly. No error is raised, so no client-side failover helps.
    SlowLink {
        /// What remains of the capacity.
        capacity_factor: Ppm,
        /// Added before the first byte.
        added_latency: Micros,
        /// The share of requests that it hits.
        share: Ppm,
    },
}

/// A kind of fault in words, for `rehearsal list faults`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct KindDoc {
    /// `kind` in a scenario.
    pub name: &'static str,
    /// What happens to viewers.
    pub about: &'static str,
    /// The other keys of `do = { ... }`, with what they may be.
    pub keys: &'static str,
}

/// All kinds. A new [`Action`] has an entry here: a test holds the two together.
pub const KINDS: [KindDoc; 2] = [
    KindDoc {
        name: "outage",
        about: "requests fail; how long players take to leave depends on how they fail",
        keys: "failure = \"hang\" | \"503\" | \"404\" | \"reset\", share = 0..1 (all)",
    },
    KindDoc {
        name: "slow-link",
        about: "a brown-out: bytes come slowly and no error is raised, so no client leaves by itself",
        keys: "capacity_factor = 0..1, added_latency (none), share = 0..1 (all)",
    },
];

/// How a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// The connection is accepted and no byte ever comes.
    Hang,
    /// An HTTP status of 400 or more, at once.
    Status(u16),
    /// The connection is reset.
    Reset,
}

/// Where a fault acts: requests that match all three.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The CDN.
    pub cdn: PathwayId,
    /// Its POPs.
    pub pops: Scope<PopId>,
    /// The viewers' regions.
    pub regions: Scope<RegionId>,
}

/// All of a kind, or those listed (in rising order).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope<T> {
    /// Every one, also those that a later scenario adds.
    All,
    /// Only these.
    Only(Vec<T>),
}

/// The promise that a fault stays small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlastLimit {
    /// The largest share of the planned viewers that it may hit.
    pub viewers_max: Ppm,
}

/// What a fault does to a matching request at one instant, ramp applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: not begun, over, or of strength zero.
    None,
    /// A `share` of requests fails.
    Fail {
        /// How.
        failure: Failure,
        /// How many.
        share: Ppm,
    },
    /// A `share` of requests is slow.
    Slow {
        /// What remains of the capacity.
        capacity_factor: Ppm,
        /// Added before the first byte.
        added_latency: Micros,
        /// How many.
        share: Ppm,
    },
}

impl<T: Ord> Scope<T> {
    /// Whether `item` is meant.
    pub fn contains(&self, item: &T) -> bool {
        match self {
            Self::All => true,
            Self::Only(items) => items.binary_search(item).is_ok(),
        }
    }

    /// Those listed, in rising order and each once.
    #[must_use]
    pub fn only(mut items: Vec<T>) -> Self {
        items.sort_unstable();
        items.dedup();
        Self::Only(items)
    }
}

impl Target {
    /// Whether a request of a viewer in `region` to `pop` of `cdn` is in reach.
    #[must_use]
    pub fn matches(&self, cdn: PathwayId, pop: PopId, region: RegionId) -> bool {
        self.cdn == cdn && self.pops.contains(&pop) && self.regions.contains(&region)
    }
}

impl Action {
    /// The word that scenarios use for it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Outage { .. } => "outage",
            Self::SlowLink { .. } => "slow-link",
        }
    }

    /// The share of matching requests that it hits at full strength.
    #[must_use]
    pub const fn share(&self) -> Ppm {
        match self {
            Self::Outage { share, .. } | Self::SlowLink { share, .. } => *share,
        }
    }
}

impl Fault {
    /// When it has reverted.
    #[must_use]
    pub const fn ends(&self) -> Timestamp {
        self.at.saturating_add(self.duration)
    }

    /// Whether it is in force, in `[at, at + duration)`.
    #[must_use]
    pub fn active(&self, now: Timestamp) -> bool {
        self.at <= now && now < self.ends()
    }

    /// 0 before and after, rising linearly over the ramp, then full.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the quotient is below a million while the ramp lasts"
    )]
    pub fn strength_at(&self, now: Timestamp) -> Ppm {
        if !self.active(now) {
            return Ppm::ZERO;
        }
        let elapsed = now.since(self.at);
        if elapsed >= self.ramp {
            return Ppm::ONE;
        }
        Ppm((u128::from(elapsed.0) * 1_000_000 / u128::from(self.ramp.0)) as u32)
    }

    /// What it does to a request in reach at `now`.
    #[must_use]
    pub fn effect_at(&self, now: Timestamp) -> Effect {
        let strength = self.strength_at(now);
        if strength == Ppm::ZERO {
            return Effect::None;
        }
        match self.action {
            Action::Outage { failure, share } => Effect::Fail { failure, share: part(share, strength) },
            Action::SlowLink { capacity_factor, added_latency, share } => Effect::Slow {
                capacity_factor: Ppm(1_000_000 - part(Ppm(1_000_000 - capacity_factor.0), strength).0),
                added_latency: Micros(added_latency.0 * u64::from(strength.0) / 1_000_000),
                share,
            },
        }
    }

    /// Whether a request in reach with these 64 uniform bits is hit at `now`.
    ///
    /// One draw per request serves all strengths: a request that is hit early in the ramp would be hit later, too.
    #[must_use]
    pub fn hits(&self, now: Timestamp, draw: u64) -> bool {
        match self.effect_at(now) {
            Effect::None => false,
            Effect::Fail { share, .. } | Effect::Slow { share, .. } => falls_within(share, draw),
        }
    }
}

impl Effect {
    /// Whether a request with these 64 uniform bits is among the share that is hit.
    #[must_use]
    pub fn hits(&self, draw: u64) -> bool {
        match self {
            Self::None => false,
            Self::Fail { share, .. } | Self::Slow { share, .. } => falls_within(*share, draw),
        }
    }
}

/// `whole × share`, rounded down.
#[expect(clippy::cast_possible_truncation, reason = "a part is no larger than its whole")]
fn part(whole: Ppm, share: Ppm) -> Ppm {
    Ppm((u64::from(whole.0) * u64::from(share.0) / 1_000_000) as u32)
}

/// Whether 64 uniform bits fall into the first `share` of their range: all of them at 1, none at 0.
fn falls_within(share: Ppm, draw: u64) -> bool {
    u128::from(draw) * 1_000_000 < u128::from(share.0) << 64
}

#[cfg(test)]
mod tests;
