//! What delivers: CDNs, POPs, shield, origin, session store, playback tokens.

use serde::{Deserialize, Serialize};
use units::{Bytes, Kbps, Micros, PathwayId, RegionId};

/// One CDN: a pathway that steering can rank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cdn {
    /// Its name.
    pub id: String,
    /// Its weight in the priority that a viewer draws once.
    pub weight: u32,
    /// How its edges evict.
    pub eviction: EvictionPolicy,
}

/// A cache eviction policy of the edges.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum EvictionPolicy {
    /// Least recently used.
    Lru,
    /// SIEVE.
    Sieve,
    /// S3-FIFO.
    S3Fifo,
    /// First in, first out.
    Fifo,
    /// CLOCK (FIFO with a second chance).
    Clock,
}

/// One point of presence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pop {
    /// Its name, unique within the CDN.
    pub id: String,
    /// Whose it is.
    pub cdn: PathwayId,
    /// Towards viewers.
    pub capacity: Kbps,
    /// Size of its cache.
    pub cache: Bytes,
    /// The regions that it can serve. By region.
    pub serves: Vec<Serve>,
    /// Round trip to the shield.
    pub rtt_to_shield: Micros,
    /// Round trip to the origin, for fills that pass no shield.
    pub rtt_to_origin: Micros,
}

/// A region that a POP can serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serve {
    /// Which.
    pub region: RegionId,
    /// Round trip between its viewers and the POP.
    pub rtt: Micros,
}

/// The cache between edges and origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shield {
    /// Where it stands, for the report.
    pub location: String,
    /// Size of its cache.
    pub cache: Bytes,
    /// Towards the edges.
    pub capacity: Kbps,
    /// Round trip to the origin.
    pub rtt_to_origin: Micros,
}

/// The origin: a queue with servers, and an uplink.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Of its uplink.
    pub capacity: Kbps,
    /// Requests that it works on at once.
    pub servers: u32,
    /// Time of a server for one request.
    pub service: Service,
    /// Requests that may wait; the next one is answered 503.
    pub queue_limit: u32,
}

/// The session store: a queue with servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionStore {
    /// Requests that it works on at once.
    pub servers: u32,
    /// Time of a server for one request.
    pub service: Service,
    /// Requests that may wait; the next one fails.
    pub queue_limit: u32,
}

/// A distribution of service times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "dist", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Service {
    /// By median and 99th percentile.
    Lognormal {
        /// Half are shorter.
        median: Micros,
        /// All but one in a hundred are shorter; at least the median.
        p99: Micros,
    },
    /// Memoryless, as queueing theory likes it.
    Exponential {
        /// The mean.
        mean: Micros,
    },
    /// Always the same.
    Constant {
        /// The value.
        value: Micros,
    },
}

/// How many viewers share a playback token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenSharing {
    /// Every session has its own.
    PerSession,
    /// Sessions that begin in the same window of this length have the same.
    Window(Micros),
}

impl Pop {
    /// Round trip to a region's viewers, or `None` where it does not serve them.
    #[must_use]
    pub fn rtt_to(&self, region: RegionId) -> Option<Micros> {
        self.serves.iter().find(|serve| serve.region == region).map(|serve| serve.rtt)
    }
}

impl Service {
    /// The mean, in seconds: what utilisation is reckoned with.
    #[must_use]
    pub fn mean_secs(&self) -> f64 {
        match *self {
            Self::Lognormal { median, p99 } => units::sample::LogNormal::from_median_and_quantile(
                median.as_secs_f64(),
                0.99,
                p99.as_secs_f64(),
            )
            .mean(),
            Self::Exponential { mean } => mean.as_secs_f64(),
            Self::Constant { value } => value.as_secs_f64(),
        }
    }
}
