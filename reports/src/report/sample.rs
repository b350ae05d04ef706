//! A hand-made report for tests: two arms, five seeds, two faults, cohorts, causes, every gate state.

use std::collections::BTreeMap;

use serde_json::json;
use units::{Micros, Ratio, Seed, Timestamp};

use super::{Arm, Assumption, Compared, Report, Sensitivity, SensitivityPoint, SensitivityRow, Subject};
use crate::gate::{Fidelity, Gate, GateText, Location, Severity};
use crate::measure::{FaultBand, Histogram, Mean, Measurement, SeedRun, Split, Tally, TimeAxis};
use crate::num::Num;
use crate::verdict::Rules;

const MINUTE: u64 = 60_000_000;
const BUCKETS: u64 = 130;
const AXIS: TimeAxis =
    TimeAxis { bucket: Micros(MINUTE), from: Timestamp(10 * MINUTE), to: Timestamp(BUCKETS * MINUTE) };

/// A full report in which each gate state occurs.
pub(crate) fn report() -> Report {
    Report::assemble(subject(), &gates(), runs(&["before", "after"], &[1, 2, 3, 4, 5]), None)
}

/// The same, with names that try to break out of markup.
pub(crate) fn hostile_report() -> Report {
    let nasty = "</title><script>alert(1)</script> & \"quote\" 'x' ::error::%0A | ` <b>\n# x\u{1b}[31m,=1+1";
    let mut subject = subject();
    subject.title = nasty.to_owned();
    subject.name = nasty.to_owned();
    subject.description = format!("{nasty} see https://example.org/x");
    subject.repeat = nasty.to_owned();
    subject.arms[1].label = nasty.to_owned();
    subject.faults[0].label = nasty.to_owned();
    subject.assumptions[0].name = nasty.to_owned();
    let mut gates = gates();
    gates[1].id = nasty.to_owned();
    gates[1].location = Some(Location { file: nasty.to_owned(), line: 3 });
    let mut runs = runs(&["before", "after"], &[1, 2]);
    for run in &mut runs {
        let cohort = Split::Cohort(nasty.to_owned());
        let tally = Tally::Ratio(Ratio::new(1, 10));
        let mut measurements = std::mem::take(&mut run.measurements);
        measurements.push(Measurement::total("playback.rebuffering_ratio", cohort, tally));
        *run = SeedRun::new(&run.arm, run.seed, run.axis, measurements);
    }
    Report::assemble(subject, &gates, runs, None)
}

/// One arm, one seed, no gates, no faults: the least that can be rendered.
pub(crate) fn bare_report() -> Report {
    let mut subject = subject();
    subject.arms.remove(0);
    subject.compared = None;
    subject.faults.clear();
    subject.sensitivity = None;
    subject.assumptions.clear();
    subject.complete = false;
    subject.seeds = vec![Seed(9)];
    Report::assemble(subject, &[], runs(&["after"], &[9]), None)
}

fn subject() -> Subject {
    let levers = |steering: &str| BTreeMap::from([("steering".to_owned(), steering.to_owned())]);
    let arm = |id: &str, label: &str, steering| Arm {
        id: id.into(),
        label: label.into(),
        levers: levers(steering),
    };
    let fault = |id: &str, label: &str, from, to| FaultBand {
        id: id.into(),
        label: label.into(),
        from: Timestamp(from * MINUTE),
        to: Timestamp(to * MINUTE),
        arms: Vec::new(),
    };
    Subject {
        name: "peak-hour".into(),
        title: "Friday peak: live final, one CDN fails".into(),
        description:
            "Two hours around kick-off. One CDN loses a location, then runs at a third of its capacity."
                .into(),
        fidelity: Fidelity::Simulated,
        complete: true,
        repeat: "rehearsal run peak-hour --seeds 5".into(),
        inputs_hash: "3f1c0a52b9d4e7f6".into(),
        fingerprints: BTreeMap::from([("after/1".to_owned(), "a1b2c3".to_owned())]),
        seeds: (1..=5).map(Seed).collect(),
        arms: vec![arm("before", "Before", "static"), arm("after", "After", "health-ewma")],
        compared: Some(Compared { before: "before".into(), after: "after".into() }),
        axis: AXIS,
        confidence: Num::new(0.95),
        looks: 1,
        rules: Rules::default(),
        faults: vec![
            fault("cdn-a-fra-dies", "cdn-a loses Frankfurt", 48, 57),
            fault("cdn-a-brownout", "cdn-a at a third of its capacity", 57, 69),
        ],
        sensitivity: Some(sensitivity()),
        assumptions: vec![
            assumption("access.mobile.cv", "0.42", "", "fitted to public traces", ("0.3", "0.6")),
            assumption("edge.epoch", "250", "ms", "chosen", ("125", "500")),
        ],
        resolved: json!({"name": "peak-hour", "run": {"cells": 64, "epoch_ms": 250}, "x": 0.1 + 0.2}),
    }
}

fn assumption(name: &str, value: &str, unit: &str, source: &str, (low, high): (&str, &str)) -> Assumption {
    Assumption {
        name: name.into(),
        value: value.into(),
        unit: unit.into(),
        source: source.into(),
        low: low.into(),
        high: high.into(),
    }
}

fn sensitivity() -> Sensitivity {
    let point = |value: &str, before: f64, after: f64| SensitivityPoint {
        value: value.into(),
        before: Num::new(before),
        after: Num::new(after),
        change: Num::new(after / before - 1.0),
    };
    let row = |name: &str, low, high| SensitivityRow { assumption: name.into(), low, high };
    Sensitivity {
        metric: "playback.rebuffering_ratio".into(),
        note: "one seed, 5,000 viewers, capacities scaled".into(),
        base: point("", 0.015, 0.0062),
        rows: vec![
            row("access.mobile.cv", point("0.3", 0.011, 0.004), point("0.6", 0.024, 0.013)),
            row("edge.epoch", point("125 ms", 0.015, 0.006), point("500 ms", 0.0151, 0.0063)),
        ],
    }
}

fn gates() -> Vec<Gate> {
    let metric = "playback.rebuffering_ratio";
    let text = GateText { metric, pass: "<= 1%", ..GateText::default() };
    let startup = GateText { metric: "playback.startup_time", pass: "p95 <= 2.5s and p99 <= 6s", ..text };
    let origin = GateText { metric: "delivery.origin_bytes", vs: Some("baseline"), pass: "<= +5%", ..text };
    let wait = GateText { metric: "control.session_store_wait", pass: "p95 <= 100ms", ..text };
    let gate = |id, line, text: GateText<'_>| Gate {
        location: Some(Location { file: "scenarios/library/peak-hour.toml".into(), line }),
        ..Gate::parse(id, "after", &text).expect("a well-formed gate")
    };
    let headline = GateText { vs: Some("arm:before"), pass: "<= -75%", ..text };
    vec![
        gate("buffer-rate", 120, text),
        gate("buffer-rate-worst-cohort", 124, GateText { split: Some("cohort"), ..text }),
        gate(
            "buffer-rate-in-outage",
            128,
            GateText { during: Some("fault:cdn-a-fra-dies + 2m"), pass: "<= 3%", ..text },
        ),
        gate("buffer-improves", 132, GateText { vs: Some("arm:before"), pass: "< 0%", ..text }),
        Gate { severity: Severity::Advise, ..gate("buffer-headline", 136, headline) },
        gate("startup", 141, startup),
        gate(
            "start-failures",
            145,
            GateText { metric: "playback.start_failure_ratio", pass: "<= 0.1%", warn: Some("<= 1%"), ..text },
        ),
        gate("bitrate", 149, GateText { metric: "playback.mean_bitrate", pass: ">= 4.3Mbps", ..text }),
        gate("session-store", 153, wait),
        Gate { severity: Severity::Advise, ..gate("no-regression", 157, origin) },
    ]
}

fn runs(arms: &[&str], seeds: &[u64]) -> Vec<SeedRun> {
    seeds.iter().flat_map(|&seed| arms.iter().map(move |arm| run(arm, seed))).collect()
}

fn run(arm: &str, seed: u64) -> SeedRun {
    let tenth = if arm == "before" { 27 } else { 10 } + seed % 3;
    let viewers: Vec<u64> = (0..BUCKETS).map(|at| 180_000 + 800_000 * triangle(at, 40, 90) / 100).collect();
    let stalls: Vec<u64> = (0..BUCKETS).map(|at| tenth * (3 + 100 * triangle(at, 49, 70) / 100)).collect();
    let ratio = |part, whole| Tally::Ratio(Ratio::new(part, whole));
    let gauges: Vec<Tally> = viewers.iter().map(|&v| Tally::Mean(Mean::of(v, MINUTE))).collect();
    let ratios: Vec<Tally> = stalls.iter().zip(&viewers).map(|(&s, &v)| ratio(s * v, 60_000 * v)).collect();
    let all = |metric: &str, buckets: Vec<Tally>| {
        let measured = &buckets[10..];
        let mut total = measured[0].clone();
        measured[1..].iter().for_each(|tally| total.merge(tally));
        Measurement { buckets, ..Measurement::total(metric, Split::All, total) }
    };
    let total = |metric: &str, split, tally| Measurement::total(metric, split, tally);
    let cohort = |name: &str, part| {
        total("playback.rebuffering_ratio", Split::Cohort(name.into()), ratio(part * tenth, 100_000))
    };
    let cause = |name: &str, s: u64| {
        total("playback.stall_seconds", Split::Cause(name.into()), Tally::Count(s * tenth * 1_000_000))
    };
    let startup = {
        let mut histogram = Histogram::new();
        (1..=1_000).for_each(|at| histogram.record(200_000 + at * at * (1 + tenth) / 10));
        Tally::Spread(histogram)
    };
    let measurements = vec![
        all("audience.concurrent_viewers", gauges),
        all("playback.rebuffering_ratio", ratios),
        cohort("fibre-tv", 12),
        cohort("mobile", 60),
        cohort("hotel-wifi", 190),
        cause("access_network", 900),
        cause("outage_detection", tenth * 170),
        cause("edge_saturation", 400),
        total("playback.stall_seconds", Split::All, Tally::Count((1_300 + tenth * 170) * tenth * 1_000_000)),
        total("playback.startup_time", Split::All, startup),
        total("playback.start_failure_ratio", Split::All, ratio(20 * tenth + seed, 100_000)),
        total("playback.mean_bitrate", Split::All, Tally::Mean(Mean::of(4_300 + seed * 5 - 15, 1_000))),
        total("delivery.edge_hit_ratio", Split::All, ratio(960_000 - tenth * 400, 1_000_000)),
        total("delivery.origin_bytes", Split::All, Tally::Count(tenth * 1_300_000_000_000)),
        total("control.session_store_wait", Split::Region("x".into()), Tally::Count(0)),
    ];
    SeedRun::new(
        arm,
        Seed(seed),
        AXIS,
        measurements.into_iter().filter(|m| m.metric != "control.session_store_wait").collect(),
    )
}

/// 0 outside, rising to 100 in the middle.
fn triangle(at: u64, from: u64, to: u64) -> u64 {
    if at < from || at > to {
        return 0;
    }
    let half = (to - from) / 2;
    let distance = at.abs_diff(from + half);
    100 * (half - distance.min(half)) / half
}
