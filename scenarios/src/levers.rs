//! The levers of the modernisation: which implementation of each an arm uses.
//!
//! Names only; the implementations live in `platform-core` (modern) and `legacy` (naive). A test in `rehearsal` matches
//! the three.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One choice per lever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Levers {
    /// Who decides on a viewer's CDN.
    pub steering: Steering,
    /// Whose time-outs and retries players use.
    pub load_policy: LoadPolicySource,
    /// What the edges look an object up by.
    pub cache_key: CacheKey,
    /// Whether simultaneous misses of one object become one fill.
    pub coalescing: Switch,
    /// Whether fills pass the shield.
    pub shield: Switch,
}

/// Who decides on a viewer's CDN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Steering {
    /// Drawn once per viewer by weight; both pathways in the playlist, no steering server.
    Static,
    /// A steering server with health by telemetry and probes.
    HealthEwma,
}

/// Whose time-outs and retries players use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LoadPolicySource {
    /// The player's own defaults.
    PlayerDefault,
    /// Handed out by the platform as data.
    Platform,
}

/// What the edges look an object up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CacheKey {
    /// The whole URL, playback token included.
    FullUrl,
    /// Title, variant and segment.
    Normalised,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Switch {
    /// Not used.
    Off,
    /// Used.
    On,
}

/// A lever and its settings by the names that scenarios use, naive one first, for `rehearsal list levers`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LeverDoc {
    /// Its key in `levers = { ... }`.
    pub name: &'static str,
    /// The setting of the platform as it was.
    pub naive: &'static str,
    /// The setting of the platform as it is.
    pub modern: &'static str,
    /// What it changes.
    pub about: &'static str,
}

/// All levers, in the order of the waterfall.
pub const LEVERS: [LeverDoc; 5] = [
    LeverDoc {
        name: "steering",
        naive: "static",
        modern: "health-ewma",
        about: "who decides on a viewer's CDN: a draw by weight, or a steering server that watches health",
    },
    LeverDoc {
        name: "load_policy",
        naive: "player-default",
        modern: "platform",
        about: "whose time-outs and retries players use: their defaults, or what the platform hands out",
    },
    LeverDoc {
        name: "cache_key",
        naive: "full-url",
        modern: "normalised",
        about: "what edges look objects up by: the whole URL with its token, or title, variant and segment",
    },
    LeverDoc {
        name: "coalescing",
        naive: "off",
        modern: "on",
        about: "whether simultaneous misses of one object become one fill",
    },
    LeverDoc {
        name: "shield",
        naive: "off",
        modern: "on",
        about: "whether fills pass a shared cache between edges and origin",
    },
];

impl Levers {
    /// The platform as it was.
    pub const NAIVE: Self = Self {
        steering: Steering::Static,
        load_policy: LoadPolicySource::PlayerDefault,
        cache_key: CacheKey::FullUrl,
        coalescing: Switch::Off,
        shield: Switch::Off,
    };

    /// The platform as it is.
    pub const MODERN: Self = Self {
        steering: Steering::HealthEwma,
        load_policy: LoadPolicySource::Platform,
        cache_key: CacheKey::Normalised,
        coalescing: Switch::On,
        shield: Switch::On,
    };

    /// The arms of a waterfall: naive, then one lever after the other turned to its setting in `self`.
    ///
    /// The first item is [`Levers::NAIVE`], each further one names the lever that it turned.
    #[must_use]
    pub fn waterfall(self) -> Vec<(&'static str, Self)> {
        let mut at = Self::NAIVE;
        let mut steps = vec![("naive", at)];
        for (index, lever) in LEVERS.iter().enumerate() {
            match index {
                0 => at.steering = self.steering,
                1 => at.load_policy = self.load_policy,
                2 => at.cache_key = self.cache_key,
                3 => at.coalescing = self.coalescing,
                _ => at.shield = self.shield,
            }
            steps.push((lever.name, at));
        }
        steps
    }
}

impl Switch {
    /// Whether it is on.
    #[must_use]
    pub const fn is_on(self) -> bool {
        matches!(self, Self::On)
    }
}

#[cfg(test)]
mod tests;
