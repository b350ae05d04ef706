//! Which manifest, traces and flags stand behind the names in golden files (README of the data).

use actors::sabre::replay::{Replacement, Replay};
use actors::sabre::{Average, BolaWindow, InsufficientBuffer, Rule, SabreConfig};
use units::Micros;

/// A group of golden rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Set {
    pub(super) name: &'static str,
    /// File of traces, below the data folder.
    pub(super) traces: &'static str,
    /// File of the manifest, below the data folder.
    pub(super) manifest: &'static str,
    /// `-b`.
    pub(super) buffer: Micros,
    /// `-ml`.
    pub(super) length: Option<Micros>,
}

/// Buffer of sets and logs unless they say otherwise (Sabre's default for `-b`).
pub(super) const BUFFER: Micros = Micros::from_secs(25);

/// Buffer of the sets that stand for live streams.
const BUFFER_LIVE: Micros = Micros::from_secs(10);

/// The manifest of the SD and 3G sets, and of the decision logs.
pub(super) const MANIFEST_HD: &str = "manifest-bbb.json";
const MANIFEST_4K: &str = "manifest-bbb4k.json";

/// All sets.
pub(super) const SETS: [Set; 6] = [
    Set::new("3G-vod25", "traces-3g.json", MANIFEST_HD),
    Set { buffer: BUFFER_LIVE, ..Set::new("3G-live10", "traces-3g.json", MANIFEST_HD) },
    Set::new("4G-vod25", "traces-4g.json", MANIFEST_4K),
    Set { buffer: BUFFER_LIVE, ..Set::new("4G-live10", "traces-4g.json", MANIFEST_4K) },
    Set { length: Some(Micros::from_mins(3)), ..Set::new("FCC-SD", "traces-fcc-sd.json", MANIFEST_HD) },
    Set { length: Some(Micros::from_mins(3)), ..Set::new("FCC-HD", "traces-fcc-hd.json", MANIFEST_4K) },
];

impl Set {
    const fn new(name: &'static str, traces: &'static str, manifest: &'static str) -> Self {
        Self { name, traces, manifest, buffer: BUFFER, length: None }
    }

    pub(super) fn find(name: &str) -> Option<Self> {
        SETS.into_iter().find(|set| set.name == name)
    }
}

/// Names of algorithms in golden files, `bola-basic` being that of logs only.
pub(super) const ALGORITHMS: [&str; 15] = [
    "bola-basic-o",
    "bola-basic",
    "bola-pl-o",
    "bola-o",
    "bola-u",
    "bolae-fs-o",
    "bolae-o",
    "bolae-u",
    "throughput-sliding",
    "throughput",
    "dynamic-basic-o",
    "dynamic-fs-o",
    "dynamic-o",
    "dynamic-u",
    "dynamicdash-o",
];

/// The flags behind one of [`ALGORITHMS`].
pub(super) fn replay(algorithm: &str, buffer: Micros) -> Option<Replay> {
    use BolaWindow::{Basic, Tracking};
    let config = |rule| SabreConfig::new(rule, buffer);
    let avoiding = |rule| config(rule).avoiding_oscillation();
    let fast = |config| Replay { replacement: Replacement::Earliest, ..Replay::new(config) };
    Some(match algorithm {
        "bola-basic-o" => Replay::new(avoiding(Rule::Bola(Basic))),
        "bola-basic" => Replay::new(config(Rule::Bola(Basic))),
        "bola-pl-o" => Replay::new(SabreConfig {
            insufficient_buffer: InsufficientBuffer::Ignore,
            ..avoiding(Rule::BolaE)
        }),
        "bola-o" => Replay::new(avoiding(Rule::Bola(Tracking))),
        "bola-u" => Replay::new(config(Rule::Bola(Tracking))),
        "bolae-fs-o" => fast(avoiding(Rule::BolaE)),
        "bolae-o" => Replay::new(avoiding(Rule::BolaE)),
        "bolae-u" => Replay::new(config(Rule::BolaE)),
        "throughput" => Replay::new(avoiding(Rule::Throughput)),
        "throughput-sliding" => Replay::new(SabreConfig {
            average: Average::Sliding { windows: vec![3] },
            ..avoiding(Rule::Throughput)
        }),
        "dynamic-basic-o" => Replay::new(avoiding(Rule::Dynamic(Basic))),
        "dynamic-fs-o" => fast(avoiding(Rule::Dynamic(Tracking))),
        "dynamic-o" => Replay::new(avoiding(Rule::Dynamic(Tracking))),
        "dynamic-u" => Replay::new(config(Rule::Dynamic(Tracking))),
        "dynamicdash-o" => Replay::new(avoiding(Rule::DynamicDash)),
        _ => return None,
    })
}
