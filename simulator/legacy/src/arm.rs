//! Either side of each lever, chosen when an arm is built and matched on at each call.

use platform_core::cache::CacheKey;
use platform_core::cache::policy::fill::{
    CoalesceFills, Coalescing, InFlight, OnMiss, ShieldState, ShieldedFills, Shielding, Tier, Upstream,
};
use platform_core::cache::policy::key::{CacheKeyPolicy, NormalisedKey, ObjectId, PlaybackToken};
use platform_core::levers::{Choice, Choices, Lever, Levers};
use platform_core::playback::health::{HealthConfig, HealthEvent, HealthSteering, Observation};
use platform_core::playback::load_policy::{LoadPolicy, LoadPolicySource, TunedLoadPolicy};
use platform_core::playback::steering::{PathwayOrder, Steering};
use units::{Micros, RegionId, Timestamp};

use crate::{FullUrlKey, HlsJsDefaultLoadPolicy, NoShield, SeparateFills, StaticSteering};

/// One side of a lever. A match per call, no table, no allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Either<Modern, Naive> {
    /// As the platform is.
    Modern(Modern),
    /// As it was.
    Naive(Naive),
}

impl<Modern, Naive> Either<Modern, Naive> {
    /// The side that `choice` names.
    pub fn choose(choice: Choice, modern: impl FnOnce() -> Modern, naive: impl FnOnce() -> Naive) -> Self {
        match choice {
            Choice::Modern => Self::Modern(modern()),
            Choice::Naive => Self::Naive(naive()),
        }
    }

    /// The modern side, where it is used.
    pub const fn modern(&self) -> Option<&Modern> {
        match self {
            Self::Modern(modern) => Some(modern),
            Self::Naive(_) => None,
        }
    }
}

/// All levers of one arm.
pub type ArmLevers = Levers<
    Either<HealthSteering, StaticSteering>,
    Either<TunedLoadPolicy, HlsJsDefaultLoadPolicy>,
    Either<NormalisedKey, FullUrlKey>,
    Either<CoalesceFills, SeparateFills>,
    Either<ShieldedFills, NoShield>,
>;

/// The levers that an arm chose; `weights[region]` are the contracted weights of all pathways there.
#[must_use]
pub fn arm_levers(choices: &Choices, health: HealthConfig, weights: &[Vec<u32>]) -> ArmLevers {
    Levers {
        steering: Either::choose(
            choices.get(Lever::Steering),
            || HealthSteering::new(health, weights),
            || StaticSteering::new(weights),
        ),
        load_policy: Either::choose(
            choices.get(Lever::LoadPolicy),
            || TunedLoadPolicy,
            || HlsJsDefaultLoadPolicy,
        ),
        cache_key: Either::choose(choices.get(Lever::CacheKey), || NormalisedKey, || FullUrlKey),
        coalescing: Either::choose(choices.get(Lever::Coalescing), || CoalesceFills, || SeparateFills),
        shield: Either::choose(choices.get(Lever::Shield), || ShieldedFills, || NoShield),
    }
}

impl<M: Steering, N: Steering> Steering for Either<M, N> {
    fn ttl(&self) -> Option<Micros> {
        match self {
            Self::Modern(side) => side.ttl(),
            Self::Naive(side) => side.ttl(),
        }
    }

    #[inline]
    fn order(&self, region: RegionId, draw: f64) -> PathwayOrder {
        match self {
            Self::Modern(side) => side.order(region, draw),
            Self::Naive(side) => side.order(region, draw),
        }
    }

    fn observe(&mut self, now: Timestamp, seen: &Observation<'_>, on_event: impl FnMut(HealthEvent)) {
        match self {
            Self::Modern(side) => side.observe(now, seen, on_event),
            Self::Naive(side) => side.observe(now, seen, on_event),
        }
    }
}

impl<M: LoadPolicySource, N: LoadPolicySource> LoadPolicySource for Either<M, N> {
    fn load_policy(&self) -> LoadPolicy {
        match self {
            Self::Modern(side) => side.load_policy(),
            Self::Naive(side) => side.load_policy(),
        }
    }
}

impl<M: CacheKeyPolicy, N: CacheKeyPolicy> CacheKeyPolicy for Either<M, N> {
    fn key_of_target(&self, target: &str) -> CacheKey {
        match self {
            Self::Modern(side) => side.key_of_target(target),
            Self::Naive(side) => side.key_of_target(target),
        }
    }

    #[inline]
    fn key_of_object(&self, object: ObjectId, token: PlaybackToken) -> CacheKey {
        match self {
            Self::Modern(side) => side.key_of_object(object, token),
            Self::Naive(side) => side.key_of_object(object, token),
        }
    }
}

impl<M: Coalescing, N: Coalescing> Coalescing for Either<M, N> {
    #[inline]
    fn on_miss(&self, in_flight: InFlight) -> OnMiss {
        match self {
            Self::Modern(side) => side.on_miss(in_flight),
            Self::Naive(side) => side.on_miss(in_flight),
        }
    }
}

impl<M: Shielding, N: Shielding> Shielding for Either<M, N> {
    #[inline]
    fn upstream(&self, from: Tier, shield: ShieldState) -> Upstream {
        match self {
            Self::Modern(side) => side.upstream(from, shield),
            Self::Naive(side) => side.upstream(from, shield),
        }
    }
}

#[cfg(test)]
mod tests;
