//! Who watches: curves of concurrent viewers, session lengths, patience, cohorts.

use serde::{Deserialize, Serialize};
use units::{Kbps, Micros, Ppm, RegionId, Timestamp};

/// Everyone who watches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audience {
    /// Viewers of the catalogue.
    pub vod: Option<Vod>,
    /// Viewers of the live event.
    pub live: Option<Live>,
    /// How long a viewer waits for the first frame; `None` waits for ever.
    pub patience: Option<Patience>,
    /// Kinds of viewers; the index is the `CohortId`. Shares sum to one.
    pub cohorts: Vec<Cohort>,
}

/// Viewers of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vod {
    /// Concurrent viewers wanted. See [`viewers_at`].
    pub curve: Vec<CurvePoint>,
    /// How long they mean to watch.
    pub session_length: SessionLength,
}

/// Viewers of one live event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// Name of the event.
    pub title: String,
    /// Concurrent viewers wanted. See [`viewers_at`].
    pub curve: Vec<CurvePoint>,
    /// How long they mean to watch.
    pub session_length: SessionLength,
    /// How much of the past the playlist lists.
    pub window: Micros,
    /// How many target durations behind the edge a player starts (hls.js: 3).
    pub hold_back_segments: u8,
    /// How long before the run the stream began.
    pub lead: Micros,
}

/// A corner of a piecewise linear curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurvePoint {
    /// When. Rising strictly along a curve; the first is at zero.
    pub at: Timestamp,
    /// Concurrent viewers wanted.
    pub viewers: u32,
}

/// A lognormal distribution of planned session lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionLength {
    /// Half of the sessions are shorter.
    pub median: Micros,
    /// Nine in ten are shorter; at least the median.
    pub p90: Micros,
}

/// Leaving before the first frame: nobody within `grace`, then a share of `per_second` of all more each second.
///
/// Source: Krishnan and Sitaraman, IMC 2012 (from 2 s on, 5.8 % more for each further second).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patience {
    /// Nobody leaves before.
    pub grace: Micros,
    /// Share of all viewers that leaves in each further second.
    pub per_second: Ppm,
}

/// Viewers that share device, access network and mix of regions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cohort {
    /// Its name.
    pub id: String,
    /// Share of all viewers, VOD and live.
    pub share: Ppm,
    /// What they watch on: the player profile.
    pub device: Device,
    /// Their access network.
    pub access: Access,
    /// Where they live; shares sum to one. By region.
    pub regions: Vec<RegionShare>,
}

/// A part of a cohort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionShare {
    /// Where.
    pub region: RegionId,
    /// How many of the cohort.
    pub share: Ppm,
}

/// A player profile: ABR rules, buffer goal, timers.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Device {
    /// A browser with hls.js.
    Web,
    /// A phone: hls.js rules, buffer goal capped.
    Phone,
    /// A television: DYNAMIC with BOLA-O, Shaka's timers.
    Tv,
    /// DYNAMIC with BOLA-O and a buffer of 25 s, as in the published Sabre figures: for validation.
    Calm,
}

/// An access network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
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
    Fixed(Kbps),
    /// A recorded trace, repeated; each viewer starts at a random offset.
    Trace {
        /// Name of the file, for the report.
        file: String,
        /// Its periods, at least one of a rate above zero.
        periods: Vec<TracePeriod>,
    },
}

/// A stretch of a recorded trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TracePeriod {
    /// How long it lasts, above zero.
    pub duration: Micros,
    /// The rate.
    pub rate: Kbps,
    /// Added to each request that begins in it.
    pub latency: Micros,
}

/// Concurrent viewers wanted at `now`: linear between corners, flat after the last, rounded down.
#[must_use]
pub fn viewers_at(curve: &[CurvePoint], now: Timestamp) -> u64 {
    let after = curve.partition_point(|point| point.at <= now);
    let Some(left) = after.checked_sub(1).map(|index| curve[index]) else {
        return curve.first().map_or(0, |point| u64::from(point.viewers));
    };
    let Some(right) = curve.get(after) else {
        return u64::from(left.viewers);
    };
    let span = u128::from(right.at.since(left.at).0);
    let passed = u128::from(now.since(left.at).0);
    let weighted = u128::from(left.viewers) * (span - passed) + u128::from(right.viewers) * passed;
    u64::try_from(weighted / span).unwrap_or(u64::MAX)
}
