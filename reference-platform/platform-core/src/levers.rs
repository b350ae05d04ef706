//! The levers of the modernisation: their names, which side of each an arm uses, and the modern set.
//!
//! A lever is a small trait declared where its policy lives. Its modern implementation stands beside it, its naive one
//! in `legacy`, which only the simulator links; the binaries of server and edge can build [`ModernLevers`] alone.

use std::fmt;
use std::str::FromStr;

use crate::cache::policy::fill::{CoalesceFills, ShieldedFills};
use crate::cache::policy::key::NormalisedKey;
use crate::playback::health::{HealthConfig, HealthSteering};
use crate::playback::load_policy::TunedLoadPolicy;

/// One change of the modernisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lever {
    /// Which pathway viewers are sent to ([`crate::playback::steering::Steering`]).
    Steering,
    /// Which timers and retries players follow ([`crate::playback::load_policy::LoadPolicySource`]).
    LoadPolicy,
    /// What edges look objects up by ([`crate::cache::policy::key::CacheKeyPolicy`]).
    CacheKey,
    /// Whether simultaneous misses share one fill ([`crate::cache::policy::fill::Coalescing`]).
    Coalescing,
    /// Whether edges fill from a shield ([`crate::cache::policy::fill::Shielding`]).
    Shield,
}

impl Lever {
    /// All levers, in the order of the waterfall.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        &[Self::Steering, Self::LoadPolicy, Self::CacheKey, Self::Coalescing, Self::Shield]
    }

    /// The name in scenarios and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Steering => "steering",
            Self::LoadPolicy => "load_policy",
            Self::CacheKey => "cache_key",
            Self::Coalescing => "coalescing",
            Self::Shield => "shield",
        }
    }

    /// The setting that stands for a choice in scenarios.
    #[must_use]
    pub const fn setting(self, choice: Choice) -> &'static str {
        match (self, choice) {
            (Self::Steering, Choice::Naive) => "static",
            (Self::Steering, Choice::Modern) => "health-ewma",
            (Self::LoadPolicy, Choice::Naive) => "player-default",
            (Self::LoadPolicy, Choice::Modern) => "platform",
            (Self::CacheKey, Choice::Naive) => "full-url",
            (Self::CacheKey, Choice::Modern) => "normalised",
            (Self::Coalescing | Self::Shield, Choice::Naive) => "off",
            (Self::Coalescing | Self::Shield, Choice::Modern) => "on",
        }
    }

    /// What the lever changes, in one sentence.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Steering => "a steering server moves viewers off a failing pathway",
            Self::LoadPolicy => "players get timers that notice a hanging pathway",
            Self::CacheKey => "the playback token is no part of the cache key",
            Self::Coalescing => "simultaneous misses of one object share one fill",
            Self::Shield => "edges fill from one shield instead of the origin",
        }
    }
}

impl fmt::Display for Lever {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that no lever or choice has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} `{name}`: expected one of {expected}")]
pub struct UnknownName {
    what: &'static str,
    name: String,
    expected: &'static str,
}

impl FromStr for Lever {
    type Err = UnknownName;

    /// Reads a name with `_` or `-` between words.
    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let same = |a: char, b: char| a == b || (a == '_' && b == '-');
        let matches = |lever: &&Self| {
            let known = lever.name();
            known.len() == name.len() && known.chars().zip(name.chars()).all(|(a, b)| same(a, b))
        };
        Self::all().iter().find(matches).copied().ok_or_else(|| UnknownName {
            what: "lever",
            name: name.to_owned(),
            expected: "steering, load_policy, cache_key, coalescing, shield",
        })
    }
}

/// Which side of a lever is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Choice {
    /// As the platform was.
    Naive,
    /// As it is.
    Modern,
}

impl Choice {
    /// The name in scenarios and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Naive => "naive",
            Self::Modern => "modern",
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Choice {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        match name {
            "naive" => Ok(Self::Naive),
            "modern" => Ok(Self::Modern),
            _ => Err(UnknownName { what: "choice", name: name.to_owned(), expected: "naive, modern" }),
        }
    }
}

/// A choice for every lever: what makes an arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Choices([Choice; Lever::all().len()]);

impl Choices {
    /// The platform as it was.
    pub const NAIVE: Self = Self([Choice::Naive; Lever::all().len()]);
    /// The platform as it is.
    pub const MODERN: Self = Self([Choice::Modern; Lever::all().len()]);

    /// The choice for a lever.
    #[must_use]
    pub const fn get(&self, lever: Lever) -> Choice {
        self.0[lever as usize]
    }

    /// The same with another choice for one lever.
    #[must_use]
    pub const fn with(mut self, lever: Lever, choice: Choice) -> Self {
        self.0[lever as usize] = choice;
        self
    }

    /// Every lever with its choice.
    pub fn iter(&self) -> impl Iterator<Item = (Lever, Choice)> {
        Lever::all().iter().copied().zip(self.0)
    }
}

/// One implementation of every lever. The types are chosen at compile time: no call goes through a table.
#[derive(Debug, Clone)]
pub struct Levers<Steering, LoadPolicy, CacheKey, Coalescing, Shield> {
    /// Implements [`crate::playback::steering::Steering`].
    pub steering: Steering,
    /// Implements [`crate::playback::load_policy::LoadPolicySource`].
    pub load_policy: LoadPolicy,
    /// Implements [`crate::cache::policy::key::CacheKeyPolicy`].
    pub cache_key: CacheKey,
    /// Implements [`crate::cache::policy::fill::Coalescing`].
    pub coalescing: Coalescing,
    /// Implements [`crate::cache::policy::fill::Shielding`].
    pub shield: Shield,
}

/// The platform as it is: all that server and edge can build.
pub type ModernLevers = Levers<HealthSteering, TunedLoadPolicy, NormalisedKey, CoalesceFills, ShieldedFills>;

impl ModernLevers {
    /// The modern set; `weights[region]` are the contracted weights of all pathways there.
    #[must_use]
    pub fn new(health: HealthConfig, weights: &[Vec<u32>]) -> Self {
        Self {
            steering: HealthSteering::new(health, weights),
            load_policy: TunedLoadPolicy,
            cache_key: NormalisedKey,
            coalescing: CoalesceFills,
            shield: ShieldedFills,
        }
    }
}

#[cfg(test)]
mod tests;
