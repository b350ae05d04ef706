//! The scenario format, as types: what may be written, in which words.
//!
//! The doc comments are the hover texts of editors: `schema()` turns these types into the JSON Schema that is committed
//! beside the library. Defaults and checks are in [`crate::resolve`], so that a type says only what it holds.

mod audience;
mod delivery;
mod editor;
mod platform;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) use audience::{Access, Audience, Cohort, CurvePoint, Live, Patience, SessionLength, Vod};
pub(crate) use delivery::{Cdn, Delivery, Origin, Pop, Service, SessionStore, Shield, Tokens};
pub(crate) use editor::for_editors;
pub(crate) use platform::{Platform, Player};

use crate::de::At;
use crate::levers::Levers;
use crate::quantity::{Duration, Factor, Rate, Share};
use crate::resolved::Inconclusive;

/// The version of the format that this code reads.
pub(crate) const VERSION: u32 = 1;

/// A rehearsal: an audience, a delivery chain, faults, arms to compare and gates to meet.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Rehearsal scenario, version 1")]
pub(crate) struct ScenarioFile {
    /// Version of this format: 1.
    pub(crate) schema: At<u32>,
    /// Short name: letters, digits and dashes. Folders and JUnit suites are called so.
    pub(crate) name: At<String>,
    /// One line for the head of the report.
    pub(crate) title: String,
    /// A few sentences: what happens, and what it is for.
    pub(crate) description: Option<String>,
    /// Whom to ask.
    pub(crate) owner: Option<String>,
    /// For selection.
    pub(crate) tags: Option<Vec<String>>,
    /// Files or shipped names that this one builds on, the first one lowest. Tables merge by key, lists of tables by `id`.
    #[expect(dead_code, reason = "resolved on the tree, before typed reading; here for the schema")]
    pub(crate) extends: Option<Vec<String>>,
    /// How long, how finely, with which seeds.
    pub(crate) run: At<Run>,
    /// What is compared: one table per arm.
    pub(crate) arm: BTreeMap<String, At<Arm>>,
    /// Factors over the whole scenario, for what-ifs; all are 1.0 unless given.
    pub(crate) scale: Option<Scale>,
    /// Who watches.
    pub(crate) audience: At<Audience>,
    /// What VOD viewers choose from.
    pub(crate) catalogue: Catalogue,
    /// How titles are encoded.
    pub(crate) encoding: Encoding,
    /// The CDNs.
    pub(crate) cdn: At<Vec<At<Cdn>>>,
    /// What all CDNs have in common.
    pub(crate) delivery: Option<Delivery>,
    /// The cache between edges and origin.
    pub(crate) shield: Option<Shield>,
    /// The origin.
    pub(crate) origin: Origin,
    /// The session store, in front of start and resume; none has no cost.
    pub(crate) session_store: Option<SessionStore>,
    /// How many viewers share a playback token: "per-session" (unless given), or { window = "10m" }.
    pub(crate) tokens: Option<At<Tokens>>,
    /// Tuning of the platform's own policies.
    pub(crate) platform: Option<Platform>,
    /// Tuning of the player profiles.
    pub(crate) player: Option<Player>,
    /// What breaks, and when. Every fault reverts itself.
    pub(crate) fault: Option<Vec<At<Fault>>>,
    /// What must hold: one table per gate.
    pub(crate) gate: Option<BTreeMap<String, At<Gate>>>,
    /// How seeds become verdicts.
    pub(crate) statistics: Option<Statistics>,
    /// The sensitivity table: one assumption at a time at both ends of its range.
    pub(crate) sensitivity: Option<Sensitivity>,
}

/// How long, how finely, with which seeds.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Run {
    /// Length of the run, warm-up included. A multiple of `bucket`.
    pub(crate) duration: At<Duration>,
    /// Simulated, but outside every gate and headline number, "0s" unless given. A multiple of `bucket`.
    pub(crate) warmup: Option<At<Duration>>,
    /// The first seed; further ones count up from it.
    pub(crate) seed: u64,
    /// How many seeds: { min = 5, max = 5 } unless given.
    pub(crate) seeds: Option<At<SeedRange>>,
    /// Number of cells, 64 unless given: a model parameter, unlike the number of threads.
    pub(crate) cells: Option<At<u16>>,
    /// How often cells meet, "250ms" unless given.
    pub(crate) epoch: Option<At<Duration>>,
    /// Resolution of time series, "10s" unless given. A multiple of `epoch`.
    pub(crate) bucket: Option<At<Duration>>,
    /// Begin with empty caches, as after a CDN was changed or purged; unless given, a long history has filled them.
    pub(crate) cold_cache: Option<bool>,
}

/// A range of numbers of seeds.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeedRange {
    /// Run at least so many, 1 or more.
    pub(crate) min: u32,
    /// Run at most so many, up to 1000.
    pub(crate) max: u32,
}

/// One side of a comparison.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arm {
    /// Which implementation of each lever it uses.
    pub(crate) levers: Levers,
    /// Overlays over any key of the world, by dotted key in quotes: `set.'cdn.cdn-a.pops.fra.capacity' = "20Gbps"`.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    #[expect(dead_code, reason = "applied on the tree, before typed reading; here for the schema")]
    pub(crate) set: Option<serde::de::IgnoredAny>,
}

/// Factors over the whole scenario.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scale {
    /// Everything that grows with the audience: viewers, titles, caches, capacities, servers.
    pub(crate) audience: Option<At<Factor>>,
    /// Viewers alone.
    pub(crate) viewers: Option<At<Factor>>,
    /// Capacity of every POP alone.
    pub(crate) pop_capacity: Option<At<Factor>>,
    /// Size of every POP's cache alone.
    pub(crate) pop_cache: Option<At<Factor>>,
    /// All round trips.
    pub(crate) rtt: Option<At<Factor>>,
    /// Share of the cohorts on 4G and 3G; the others make room in proportion.
    pub(crate) mobile_share: Option<At<Factor>>,
}

/// What VOD viewers choose from.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Catalogue {
    /// Number of titles.
    pub(crate) titles: At<u32>,
    /// How demand spreads over them.
    pub(crate) popularity: Popularity,
    /// Length of a title, "45m" unless given.
    pub(crate) title_duration: Option<At<Duration>>,
}

/// A distribution over ranks.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(tag = "dist")]
pub(crate) enum Popularity {
    /// Zipf's law.
    Zipf {
        /// Its exponent, 0 (all alike) to 3.
        s: At<Factor>,
    },
}

/// How titles are encoded.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Encoding {
    /// Segment duration.
    pub(crate) segment: At<Duration>,
    /// Average bitrates of the rungs, lowest first; or { average, peak }.
    pub(crate) ladder: At<Vec<At<Rung>>>,
    /// Peak over average where a rung does not give its own, 1.1 unless given.
    pub(crate) peak_over_average: Option<At<Factor>>,
    /// Coefficient of variation of segment sizes, 0.25 unless given.
    pub(crate) size_cv: Option<At<Factor>>,
}

/// One rung of the ladder.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub(crate) enum Rung {
    /// The average bitrate.
    Average(Rate),
    /// Both bitrates.
    Both(BothRates),
}

/// Average and peak of a rung.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BothRates {
    /// AVERAGE-BANDWIDTH of the playlist.
    pub(crate) average: Rate,
    /// BANDWIDTH of the playlist, the peak segment rate.
    pub(crate) peak: Rate,
}

impl<'de> Deserialize<'de> for Rung {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::de::string_or_table(deserializer, Self::Average, Self::Both)
    }
}

/// A planned fault.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// The name that gates and reports use.
    pub(crate) id: At<String>,
    /// When it begins, from the start of the run.
    pub(crate) at: At<Duration>,
    /// How long it lasts, ramp included.
    #[serde(rename = "for")]
    pub(crate) lasts: At<Duration>,
    /// From harmless to full strength; "0s" (at once) unless given.
    pub(crate) ramp: Option<At<Duration>>,
    /// What it does.
    #[serde(rename = "do")]
    pub(crate) action: At<Action>,
    /// Whom it does it to.
    pub(crate) on: Target,
    /// The share of viewers that it may hit at most, checked before the run: { viewers = "<= 35%" }.
    pub(crate) blast: Option<Blast>,
}

/// What a fault does at full strength.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(tag = "kind")]
pub(crate) enum Action {
    /// Requests fail.
    Outage {
        /// How: "hang" (no byte ever comes), "503", "404", "reset".
        failure: Failure,
        /// The share of requests that fail; all unless given.
        share: Option<Share>,
    },
    /// A brown-out: bytes come, but slowly.
    SlowLink {
        /// What remains of the capacity of each POP that it is on, 0 to 1. Below 1, it is for all who use these POPs: no
        /// `share`, no `region`.
        capacity_factor: Share,
        /// Added before the first byte; none unless given.
        added_latency: Option<Duration>,
        /// The share of requests that the latency is added to; all unless given.
        share: Option<At<Share>>,
    },
}

/// How a request fails.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Failure {
    /// The connection is accepted and no byte ever comes.
    Hang,
    /// Service unavailable, at once.
    #[serde(rename = "503")]
    Unavailable,
    /// Not found, at once.
    #[serde(rename = "404")]
    NotFound,
    /// The connection is reset.
    Reset,
}

/// Whom a fault hits.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Target {
    /// `id` of the CDN.
    pub(crate) cdn: At<String>,
    /// One of its POPs or a list; all unless given.
    pub(crate) pop: Option<OneOrMany>,
    /// One region of viewers or a list; all unless given. Not for a fault that lowers the capacity of POPs.
    pub(crate) region: Option<OneOrMany>,
}

/// A name, or a list of names.
#[derive(Debug)]
pub(crate) struct OneOrMany(pub(crate) Vec<At<String>>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::de::one_or_many(deserializer).map(Self)
    }
}

impl JsonSchema for OneOrMany {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "OneOrMany".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A name, or a list of names.",
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" }, "minItems": 1 }]
        })
    }
}

/// The promise that a fault stays small.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Blast {
    /// Such as "<= 35%".
    pub(crate) viewers: At<String>,
}

/// A bound that a run must meet. Pass holds: pass; else warn holds: warning; else failure.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Gate {
    /// What is measured: see `rehearsal list metrics`.
    pub(crate) metric: At<String>,
    /// Such as "<= 0.60%" or "p95 <= 2.5s and p99 <= 6s"; with `vs` also relative, such as "<= -63%".
    pub(crate) pass: At<String>,
    /// The bound for a warning: wider than `pass`.
    pub(crate) warn: Option<At<String>>,
    /// Which arm is judged; `after`, or the only arm, unless given.
    pub(crate) arm: Option<At<String>>,
    /// What relative bounds are relative to: "arm:before" or "baseline".
    pub(crate) vs: Option<At<String>>,
    /// Only while a fault lasts: "fault:cdn-a-fra-dies + 2m".
    pub(crate) during: Option<At<String>>,
    /// Worst sliding window of this length, a multiple of `run.bucket`.
    pub(crate) window: Option<At<String>>,
    /// Every part must hold, the worst is shown: "cohort", "cdn", "region" or "device", where the metric is kept by it.
    pub(crate) split: Option<At<String>>,
    /// Whether a failure blocks; "block" unless given.
    pub(crate) severity: Option<Severity>,
    /// Whether "not judged" is a failure; false unless given.
    pub(crate) required: Option<bool>,
    /// What a missing baseline means; "skip" unless given.
    pub(crate) no_baseline: Option<NoBaseline>,
    /// Only this driver's numbers may decide it; either unless given.
    pub(crate) fidelity: Option<Fidelity>,
}

/// Whether a failed gate fails the run.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Severity {
    /// It does.
    Block,
    /// It is shown with its distance, and never blocks.
    Advise,
}

/// What a missing baseline means.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NoBaseline {
    /// The gate is not judged.
    Skip,
    /// The run cannot be judged.
    Fail,
}

/// Which driver made the numbers.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fidelity {
    /// Discrete events on virtual time.
    Simulated,
    /// A real platform over real sockets.
    Live,
}

/// How seeds become verdicts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Statistics {
    /// Level of the interval over seeds, 0.95 unless given.
    pub(crate) confidence: Option<At<Share>>,
    /// What an undecided gate becomes when no more seeds are allowed; "fail" (exit code 98) unless given.
    pub(crate) inconclusive: Option<Inconclusive>,
}

/// The sensitivity table.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sensitivity {
    /// Peak viewers of its runs; capacities, caches and titles are scaled with them.
    pub(crate) viewers: At<u32>,
}
