//! Which sessions are replayed: the sets and algorithms that Sabre's figure was taken over (README of the reference data),
//! or a made-up set.

use std::path::Path;

use actors::sabre::replay::{Manifest, Replacement, Replay, Trace};
use actors::sabre::{Average, BolaWindow, InsufficientBuffer, Rule, SabreConfig};
use units::{Draws, Micros, Purpose, Seed};

use super::input;

/// Traces that are played over one manifest with one buffer.
pub(super) struct Set {
    pub(super) name: &'static str,
    pub(super) manifest: Manifest,
    pub(super) buffer: Micros,
    pub(super) traces: Vec<Trace>,
}

/// Names of the measured sets.
pub(super) const SETS: [&str; 6] = ["3G-vod25", "3G-live10", "4G-vod25", "4G-live10", "FCC-SD", "FCC-HD"];

/// Name of the made-up set.
pub(super) const MADE_UP: &str = "made-up";

const VOD: Micros = Micros::from_secs(25);
const LIVE: Micros = Micros::from_secs(10);

/// The measured sets, with one trace in `step`.
pub(super) fn measured(data: &Path, step: usize) -> Vec<Set> {
    let (hd, uhd) = (
        input::manifest(&data.join("manifest-bbb.json")),
        input::manifest(&data.join("manifest-bbb4k.json")),
    );
    let short = |manifest: &Manifest| manifest.clone().with_length(Micros::from_mins(3));
    let traces = |name: &str| input::traces(&data.join(format!("traces-{name}.json")), step);
    let set = |place: usize, manifest, buffer, traces| Set { name: SETS[place], manifest, buffer, traces };
    vec![
        set(0, hd.clone(), VOD, traces("3g")),
        set(1, hd.clone(), LIVE, traces("3g")),
        set(2, uhd.clone(), VOD, traces("4g")),
        set(3, uhd.clone(), LIVE, traces("4g")),
        set(4, short(&hd), VOD, traces("fcc-sd")),
        set(5, short(&uhd), VOD, traces("fcc-hd")),
    ]
}

/// Ten minutes of 2 s segments over links that change every 5 s between a fifth and twice their mean.
pub(super) fn made_up(step: usize) -> Vec<Set> {
    let rates = [230_u32, 331, 477, 688, 991, 1_427, 2_056, 2_962, 4_200, 6_000];
    let draws = Draws::new(Seed(1), Purpose::Test);
    let sizes = |segment: u64| {
        let factor = 0.6 + 0.8 * draws.uniform(0, segment);
        rates.iter().map(|&rate| rounded(f64::from(rate) * 2_000.0 * factor)).collect()
    };
    let trace = |link: usize| {
        let mean_kbps = 800.0 + 150.0 * as_f64(link);
        let period =
            |slot: u64| [5_000.0, mean_kbps * (0.2 + 1.8 * draws.uniform(1 + link as u64, slot)), 20.0];
        input::trace_of((0..120).map(period).collect())
    };
    let rates: Vec<u64> = rates.iter().map(|&rate| u64::from(rate)).collect();
    vec![Set {
        name: MADE_UP,
        manifest: input::manifest_of(&rates, Micros::from_secs(2), (0..300).map(sizes).collect()),
        buffer: VOD,
        traces: (0..200).step_by(step).map(trace).collect(),
    }]
}

/// The algorithms with the flags that stand behind their names.
pub(super) fn algorithms(buffer: Micros) -> [(&'static str, Replay); 14] {
    use BolaWindow::{Basic, Tracking};
    let plain = |rule| SabreConfig::new(rule, buffer);
    let calm = |rule| plain(rule).avoiding_oscillation();
    let fast = |rule| Replay { replacement: Replacement::Earliest, ..Replay::new(calm(rule)) };
    let sliding = Average::Sliding { windows: vec![3] };
    [
        ("bola-basic-o", Replay::new(calm(Rule::Bola(Basic)))),
        ("bola-o", Replay::new(calm(Rule::Bola(Tracking)))),
        ("bola-u", Replay::new(plain(Rule::Bola(Tracking)))),
        (
            "bola-pl-o",
            Replay::new(SabreConfig { insufficient_buffer: InsufficientBuffer::Ignore, ..calm(Rule::BolaE) }),
        ),
        ("bolae-o", Replay::new(calm(Rule::BolaE))),
        ("bolae-u", Replay::new(plain(Rule::BolaE))),
        ("bolae-fs-o", fast(Rule::BolaE)),
        ("throughput", Replay::new(calm(Rule::Throughput))),
        ("throughput-sliding", Replay::new(SabreConfig { average: sliding, ..calm(Rule::Throughput) })),
        ("dynamic-o", Replay::new(calm(Rule::Dynamic(Tracking)))),
        ("dynamic-u", Replay::new(plain(Rule::Dynamic(Tracking)))),
        ("dynamic-basic-o", Replay::new(calm(Rule::Dynamic(Basic)))),
        ("dynamic-fs-o", fast(Rule::Dynamic(Tracking))),
        ("dynamicdash-o", Replay::new(calm(Rule::DynamicDash))),
    ]
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a segment's bits")]
fn rounded(bits: f64) -> u64 {
    bits as u64
}

#[expect(clippy::cast_precision_loss, reason = "a small ordinal")]
fn as_f64(ordinal: usize) -> f64 {
    ordinal as f64
}
