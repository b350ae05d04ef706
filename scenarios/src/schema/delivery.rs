//! `[[cdn]]`, `[delivery]`, `[shield]`, `[origin]`, `[session_store]`, `tokens`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::de::At;
use crate::quantity::{Duration, Rate, Size};
use crate::world::EvictionPolicy;

/// One CDN.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cdn {
    /// Its name.
    pub(crate) id: At<String>,
    /// Its weight in the priority that a viewer draws once.
    pub(crate) weight: At<u32>,
    /// Its points of presence.
    pub(crate) pops: At<Vec<At<Pop>>>,
    /// How its edges cache.
    pub(crate) edge_cache: Option<EdgeCache>,
}

/// One point of presence.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pop {
    /// Its name, unique within the CDN.
    pub(crate) id: At<String>,
    /// Towards viewers.
    pub(crate) capacity: At<Rate>,
    /// Size of its cache.
    pub(crate) cache: At<Size>,
    /// Round trip to each region that it can serve. A region's viewers use the nearest POP; DNS moves them to the next.
    pub(crate) serves: At<BTreeMap<String, At<Duration>>>,
    /// Round trip to the shield, "20ms" unless given.
    pub(crate) to_shield: Option<Duration>,
    /// Round trip to the origin, "60ms" unless given.
    pub(crate) to_origin: Option<Duration>,
}

/// How edges cache.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EdgeCache {
    /// How they evict.
    pub(crate) policy: EvictionPolicy,
}

/// What all CDNs have in common.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Delivery {
    /// How long DNS keeps naming a dead POP, "60s" unless given.
    pub(crate) dns_move: Option<At<Duration>>,
}

/// The cache between edges and origin.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shield {
    /// Where it stands, for the report.
    pub(crate) location: String,
    /// Size of its cache.
    pub(crate) cache: At<Size>,
    /// Towards the edges.
    pub(crate) capacity: At<Rate>,
    /// Round trip to the origin, "40ms" unless given.
    pub(crate) to_origin: Option<Duration>,
}

/// The origin.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Origin {
    /// Of its uplink.
    pub(crate) capacity: At<Rate>,
    /// Requests that it works on at once.
    pub(crate) servers: At<u32>,
    /// Time of a server for one request.
    pub(crate) service: At<Service>,
    /// Requests that may wait, 10000 unless given; the next one is answered 503.
    pub(crate) queue_limit: Option<u32>,
}

/// The session store.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionStore {
    /// Requests that it works on at once.
    pub(crate) servers: At<u32>,
    /// Time of a server for one request.
    pub(crate) service: At<Service>,
    /// Requests that may wait, 10000 unless given; the next one fails.
    pub(crate) queue_limit: Option<u32>,
}

/// A distribution of service times.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(tag = "dist")]
pub(crate) enum Service {
    /// Half are shorter than the median, all but one in a hundred shorter than the p99.
    Lognormal {
        /// Half are shorter.
        median: Duration,
        /// All but one in a hundred are shorter.
        p99: Duration,
    },
    /// Memoryless.
    Exponential {
        /// The mean.
        mean: Duration,
    },
    /// Always the same.
    Constant {
        /// The value.
        value: Duration,
    },
}

/// How many viewers share a playback token.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Tokens {
    /// Every session has its own.
    PerSession,
    /// Sessions that begin in the same window of this length share one.
    Window(Duration),
}
