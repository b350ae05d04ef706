//! `[audience]`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::de::At;
use crate::quantity::{Duration, Rate, Share};
use crate::world::Device;

/// Who watches.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Audience {
    /// Viewers of the catalogue.
    pub(crate) vod: Option<Vod>,
    /// Viewers of one live event.
    pub(crate) live: Option<Live>,
    /// How long a viewer waits for the first frame: "endless", or { grace = "2s", per_second = "5.8%" } (unless given).
    pub(crate) patience: Option<Patience>,
    /// Kinds of viewers, VOD and live alike; their shares sum to 1.
    pub(crate) cohort: At<Vec<At<Cohort>>>,
}

/// Viewers of the catalogue.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vod {
    /// Concurrent viewers wanted, piecewise linear; arrivals follow from the session length.
    pub(crate) curve: At<Vec<At<CurvePoint>>>,
    /// How long they mean to watch.
    pub(crate) session_length: At<SessionLength>,
}

/// Viewers of one live event.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Live {
    /// Name of the event.
    pub(crate) title: String,
    /// Concurrent viewers wanted, piecewise linear; arrivals follow from the session length.
    pub(crate) curve: At<Vec<At<CurvePoint>>>,
    /// How long they mean to watch.
    pub(crate) session_length: At<SessionLength>,
    /// How much of the past the playlist lists, "60s" unless given.
    pub(crate) window: Option<At<Duration>>,
    /// How many segments behind the edge a player starts, 3 unless given.
    pub(crate) hold_back_segments: Option<At<u8>>,
    /// How long before the run the stream began, "10m" unless given.
    pub(crate) lead: Option<At<Duration>>,
}

/// A corner of a curve.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CurvePoint {
    /// When, from the start of the run. The first is "0s".
    pub(crate) at: At<Duration>,
    /// Concurrent viewers.
    pub(crate) viewers: u32,
    /// "linear" (unless given): straight from the corner before. "step-over 90s": as before until `at`, then to the new
    /// number within 90 s.
    pub(crate) shape: Option<At<String>>,
}

/// A lognormal distribution of session lengths.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionLength {
    /// Half of the sessions are shorter.
    pub(crate) median: Duration,
    /// Nine in ten are shorter.
    pub(crate) p90: Duration,
}

/// Waiting for the first frame.
#[derive(Debug, Clone, Copy, JsonSchema)]
#[schemars(untagged)]
pub(crate) enum Patience {
    /// "endless": nobody leaves before the first frame.
    Endless(Endless),
    /// Nobody leaves within the grace, then a share of all in each further second.
    Limited(LimitedPatience),
}

/// Nobody leaves before the first frame.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Endless {
    /// The only word for it.
    Endless,
}

/// Leaving before the first frame.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitedPatience {
    /// Nobody leaves before, "2s" unless given.
    pub(crate) grace: Option<Duration>,
    /// Share of all viewers that leaves in each further second, "5.8%" unless given.
    pub(crate) per_second: Option<Share>,
}

impl<'de> Deserialize<'de> for Patience {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::de::string_or_table(deserializer, Self::Endless, Self::Limited)
    }
}

/// Viewers that share device, access network and mix of regions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cohort {
    /// Its name.
    pub(crate) id: At<String>,
    /// Share of all viewers.
    pub(crate) share: At<Share>,
    /// What they watch on.
    pub(crate) device: Device,
    /// Their access network: "fcc-sd", "fcc-hd", "4g", "3g", { fixed = "20Mbps" } or { trace = "commute.json" }.
    pub(crate) access: At<Access>,
    /// Where they live; shares sum to 1.
    pub(crate) region: At<BTreeMap<String, At<Share>>>,
}

/// An access network.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Access {
    /// Fitted to the FCC fixed-line traces filtered for SD video.
    FccSd,
    /// Fitted to the FCC fixed-line traces filtered for HD video.
    FccHd,
    /// Fitted to the 4G traces.
    #[serde(rename = "4g")]
    FourG,
    /// Fitted to the 3G traces.
    #[serde(rename = "3g")]
    ThreeG,
    /// A constant rate.
    Fixed(Rate),
    /// A recorded trace: JSON, a list of {"duration_ms", "bandwidth_kbps", "latency_ms"}.
    Trace(String),
}
