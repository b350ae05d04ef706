use units::{Micros, Ratio, Timestamp};

use super::super::{GateText, Location};
use super::*;
use crate::measure::{Histogram, Mean, Measurement, Tally, TimeAxis};

const AXIS: TimeAxis =
    TimeAxis { bucket: Micros::from_secs(10), from: Timestamp(0), to: Timestamp(60_000_000) };

fn rebuffering(split: Split, part: u64, whole: u64) -> Measurement {
    Measurement::total("playback.rebuffering_ratio", split, Tally::Ratio(Ratio::new(part, whole)))
}

fn run(arm: &str, seed: u64, measurements: Vec<Measurement>) -> SeedRun {
    SeedRun::new(arm, Seed(seed), AXIS, measurements)
}

/// One run per value, rebuffering in parts of 10,000.
fn runs(arm: &str, parts: &[u64]) -> Vec<SeedRun> {
    let one =
        |(seed, &part): (usize, &u64)| run(arm, seed as u64, vec![rebuffering(Split::All, part, 10_000)]);
    parts.iter().enumerate().map(one).collect()
}

fn evidence(runs: &[SeedRun]) -> Evidence<'_> {
    Evidence { runs, baseline: None, faults: &[], fidelity: Fidelity::Simulated, confidence: 0.95, looks: 1 }
}

fn gate(text: GateText<'_>) -> Gate {
    let metric = if text.metric.is_empty() { "playback.rebuffering_ratio" } else { text.metric };
    Gate::parse("g", "after", &GateText { metric, ..text }).unwrap()
}

fn limit(pass: &str) -> Gate {
    gate(GateText { pass, ..GateText::default() })
}

fn state(gate: &Gate, runs: &[SeedRun]) -> GateState {
    evaluate(gate, &evidence(runs)).state
}

#[test]
fn an_interval_inside_passes_outside_fails_across_is_inconclusive() {
    let runs = runs("after", &[50, 52, 48, 51, 49]);
    let check = |pass, expected| assert_eq!(state(&limit(pass), &runs), expected, "{pass}");
    check("<= 0.60%", GateState::Pass);
    check("<= 0.40%", GateState::Fail);
    check("<= 0.50%", GateState::Inconclusive);
    check(">= 0.40%", GateState::Pass);
    check(">= 0.60%", GateState::Fail);
    check("<= 0.60% and >= 0.50%", GateState::Inconclusive);
    check("<= 0.60% and >= 0.55%", GateState::Fail);
    let shown = evaluate(&limit("<= 0.60%"), &evidence(&runs));
    let checked = &shown.checked[0];
    assert_eq!(checked.value, Some(Num::new(0.005)));
    assert_eq!(checked.interval, Some(crate::gate::Interval::new(0.004_803_675_68, 0.005_196_324_32)));
}

#[test]
fn repeated_looks_widen_the_interval() {
    let runs = runs("after", &[50, 52, 48, 51, 49]);
    let strict = Evidence { looks: 4, ..evidence(&runs) };
    assert_eq!(state(&limit("<= 0.52%"), &runs), GateState::Pass);
    let result = evaluate(&limit("<= 0.52%"), &strict);
    assert_eq!((result.state, result.confidence), (GateState::Inconclusive, Num::new(0.9875)));
}

#[test]
fn warn_catches_what_pass_does_not() {
    let check = |pass, warn, expected| {
        let gate = gate(GateText { pass, warn: Some(warn), ..GateText::default() });
        assert_eq!(state(&gate, &runs("after", &[50, 52, 48, 51, 49])), expected, "{pass} {warn}");
    };
    check("<= 0.60%", "<= 0.90%", GateState::Pass);
    check("<= 0.40%", "<= 0.90%", GateState::Warn);
    check("<= 0.50%", "<= 0.90%", GateState::Warn);
    check("<= 0.40%", "<= 0.50%", GateState::Inconclusive);
    check("<= 0.30%", "<= 0.40%", GateState::Fail);
}

#[test]
fn before_against_before_is_exactly_zero() {
    let mut both = runs("before", &[50, 60, 40, 55, 47]);
    both.extend(runs("after", &[50, 60, 40, 55, 47]));
    let against = |pass| gate(GateText { pass, vs: Some("arm:before"), ..GateText::default() });
    let result = evaluate(&against("< 0%"), &evidence(&both));
    assert_eq!(result.state, GateState::Fail);
    assert_eq!(result.checked[0].value, Some(Num::ZERO));
    assert_eq!(result.checked[0].interval, Some(crate::gate::Interval::new(0.0, 0.0)));
    assert_eq!(state(&against("<= 0%"), &both), GateState::Pass);
    assert_eq!(state(&against("== 0%"), &both), GateState::Pass);
}

#[test]
fn a_relative_gate_sees_through_the_spread_of_seeds() {
    let mut both = runs("before", &[100, 300, 50, 700, 200]);
    both.extend(runs("after", &[37, 112, 18, 262, 75]));
    let check = |pass, expected| {
        let gate = gate(GateText { pass, vs: Some("arm:before"), ..GateText::default() });
        assert_eq!(state(&gate, &both), expected, "{pass}");
    };
    check("< 0%", GateState::Pass);
    check("<= -60%", GateState::Pass);
    check("<= -63%", GateState::Inconclusive);
    check("<= -66%", GateState::Fail);
    check("<= +10% or +0.1%", GateState::Pass);
}

#[test]
fn an_absolute_allowance_saves_a_large_change_of_a_small_number() {
    let mut both = runs("before", &[1, 2, 1, 2, 1]);
    both.extend(runs("after", &[3, 4, 3, 4, 3]));
    let check = |pass, expected| {
        let gate = gate(GateText { pass, vs: Some("arm:before"), ..GateText::default() });
        assert_eq!(state(&gate, &both), expected, "{pass}");
    };
    check("<= +10%", GateState::Fail);
    check("<= +10% or +0.05%", GateState::Pass);
    check("<= +10% or +0.01%", GateState::Fail);
}

#[test]
fn a_rise_from_zero_fails_and_says_why() {
    let mut both = runs("before", &[0, 0, 0]);
    both.extend(runs("after", &[3, 4, 3]));
    let against = |pass| gate(GateText { pass, vs: Some("arm:before"), ..GateText::default() });
    let result = evaluate(&against("<= +5%"), &evidence(&both));
    assert_eq!(result.state, GateState::Fail);
    assert!(result.notes[0].starts_with("from zero to 0.03 %"), "{:?}", result.notes);
    assert_eq!(state(&against("<= +5% or +1%"), &both), GateState::Pass);
}

#[test]
fn an_invariant_fails_on_one_counterexample_and_names_its_seed() {
    let count = |seed, n| {
        run("after", seed, vec![Measurement::total("control.steering_moves", Split::All, Tally::Count(n))])
    };
    let gate = gate(GateText { metric: "control.steering_moves", pass: "== 0", ..GateText::default() });
    let clean: Vec<SeedRun> = (0..30).map(|seed| count(seed, 0)).collect();
    assert_eq!(state(&gate, &clean), GateState::Pass);
    let mut broken = clean;
    broken[17] = count(17, 1);
    let result = evaluate(&gate, &evidence(&broken));
    assert_eq!((result.state, result.notes[0].as_str()), (GateState::Fail, "counterexample: seed 17, 1"));
}

#[test]
fn one_seed_is_judged_by_its_value_and_says_so() {
    let result = evaluate(&limit("<= 0.60%"), &evidence(&runs("after", &[50])));
    assert_eq!(result.state, GateState::Pass);
    assert_eq!(result.checked[0].interval, None);
    assert!(result.notes[0].contains("one seed"), "{:?}", result.notes);
}

#[test]
fn what_was_not_observed_is_never_a_pass() {
    let check = |gate: &Gate, runs: &[SeedRun], reason, unjudgeable| {
        let result = evaluate(gate, &evidence(runs));
        let found = (result.state, result.reason, result.unjudgeable);
        assert_eq!(found, (GateState::NotJudged, Some(reason), unjudgeable), "{:?}", result.notes);
    };
    let some = runs("after", &[50, 50]);
    let empty = vec![run("after", 1, vec![rebuffering(Split::All, 0, 0)])];
    check(&limit("<= 1%"), &empty, Reason::EmptySample, true);
    check(&limit("<= 1%"), &runs("before", &[50]), Reason::NotObserved, false);
    check(&Gate { severity: Severity::Advise, ..limit("<= 1%") }, &empty, Reason::EmptySample, false);
    let live = Gate { fidelity: Some(Fidelity::Live), ..limit("<= 1%") };
    check(&live, &some, Reason::OtherFidelity, false);
    let baseline = gate(GateText { pass: "<= +5%", vs: Some("baseline"), ..GateText::default() });
    check(&baseline, &some, Reason::NoBaseline, false);
    check(&Gate { no_baseline: NoBaseline::Fail, ..baseline }, &some, Reason::NoBaseline, true);
    let other = gate(GateText { metric: "playback.startup_time", pass: "p95 <= 1s", ..GateText::default() });
    check(&other, &some, Reason::NotObserved, false);
    let during = gate(GateText { pass: "<= 1%", during: Some("fault:x"), ..GateText::default() });
    check(&during, &some, Reason::NotObserved, false);
    check(
        &gate(GateText { pass: "<= 1%", window: Some("1m"), ..GateText::default() }),
        &some,
        Reason::NotObserved,
        false,
    );
    check(
        &gate(GateText { pass: "<= 1%", split: Some("cdn"), ..GateText::default() }),
        &some,
        Reason::NotObserved,
        false,
    );
}

#[test]
fn a_tally_of_the_wrong_kind_is_not_observed() {
    let wrong = Measurement::total("playback.rebuffering_ratio", Split::All, Tally::Count(3));
    assert_eq!(state(&limit("<= 1%"), &[run("after", 1, vec![wrong])]), GateState::NotJudged);
}

#[test]
fn the_worst_cohort_speaks_for_a_split_gate() {
    let cohort = |name: &str, part| rebuffering(Split::Cohort(name.to_owned()), part, 10_000);
    let runs: Vec<SeedRun> = (0..3)
        .map(|seed| run("after", seed, vec![cohort("tv", 10), cohort("mobile", 90), cohort("hotel", 200)]))
        .collect();
    let split = |pass| gate(GateText { pass, split: Some("cohort"), ..GateText::default() });
    for (pass, expected) in
        [("<= 3%", GateState::Pass), ("<= 1%", GateState::Fail), ("<= 0.5%", GateState::Fail)]
    {
        let result = evaluate(&split(pass), &evidence(&runs));
        assert_eq!((result.state, result.split.as_str()), (expected, "cohort:hotel"), "{pass}");
    }
}

fn bucketed(arm: &str, parts: [u64; 6]) -> SeedRun {
    let tally = |part| Tally::Ratio(Ratio::new(part, 100));
    let buckets = parts.iter().map(|&part| tally(part)).collect();
    let total = Tally::Ratio(Ratio::new(parts.iter().sum(), 600));
    run(
        arm,
        1,
        vec![Measurement { buckets, ..Measurement::total("playback.rebuffering_ratio", Split::All, total) }],
    )
}

#[test]
fn a_gate_may_look_at_a_fault_or_at_the_worst_window() {
    let runs = [bucketed("after", [0, 0, 12, 6, 0, 0])];
    let secs = |s: u64| Timestamp(s * 1_000_000);
    let band = FaultBand { id: "x".into(), label: "x".into(), from: secs(20), to: secs(30), arms: vec![] };
    let evidence = Evidence { faults: std::slice::from_ref(&band), ..evidence(&runs) };
    let value = |text: GateText<'_>| {
        evaluate(&gate(text), &evidence).checked.first().and_then(|c| c.value).map(Num::get)
    };
    let text = GateText { pass: "<= 1%", ..GateText::default() };
    assert_eq!(value(text), Some(0.03));
    assert_eq!(value(GateText { during: Some("fault:x"), ..text }), Some(0.12));
    assert_eq!(value(GateText { during: Some("fault:x + 10s"), ..text }), Some(0.09));
    assert_eq!(value(GateText { window: Some("20s"), ..text }), Some(0.09));
    assert_eq!(value(GateText { window: Some("20s"), pass: ">= 1%", ..text }), Some(0.0));
    assert_eq!(value(GateText { window: Some("10s"), during: Some("fault:x + 20s"), ..text }), Some(0.12));
}

#[test]
fn aggregations_take_what_they_name() {
    let mut histogram = Histogram::new();
    (1..=100).for_each(|ms| histogram.record(ms * 1_000));
    let gauge = |viewers: u64| Tally::Mean(Mean::of(viewers, 10));
    let buckets = [5, 9, 2, 4, 6, 7].map(gauge).to_vec();
    let measurements = vec![
        Measurement::total("playback.startup_time", Split::All, Tally::Spread(histogram)),
        Measurement::total("delivery.origin_bytes", Split::All, Tally::Count(120)),
        Measurement::total(
            "playback.stalls_per_hour",
            Split::All,
            Tally::Ratio(Ratio::new(3, 7_200_000_000)),
        ),
        Measurement { buckets, ..Measurement::total("audience.concurrent_viewers", Split::All, gauge(6)) },
    ];
    let runs = [run("after", 1, measurements)];
    let check = |metric, pass, expected: f64| {
        let result = evaluate(&gate(GateText { metric, pass, ..GateText::default() }), &evidence(&runs));
        let value = result.checked.first().and_then(|c| c.value).map(Num::get).unwrap();
        assert!((value / expected - 1.0).abs() < 0.005, "{metric} {pass}: {value}");
    };
    check("playback.startup_time", "p95 <= 1s", 95_000.0);
    check("playback.startup_time", "mean <= 1s", 50_500.0);
    check("playback.startup_time", "min <= 1s", 1_000.0);
    check("playback.startup_time", "max <= 1s", 100_000.0);
    check("playback.startup_time", "count > 1", 100.0);
    check("delivery.origin_bytes", "<= 1KB", 120.0);
    check("delivery.origin_bytes", "rate <= 1KB/s", 2.0);
    check("playback.stalls_per_hour", "<= 1/h", 1.5);
    check("audience.concurrent_viewers", "> 0", 6.0);
    check("audience.concurrent_viewers", "min > 0", 2.0);
    check("audience.concurrent_viewers", "max > 0", 9.0);
    check("audience.concurrent_viewers", "last > 0", 7.0);
}

#[test]
fn quantiles_pool_histograms_and_counts_average_seeds() {
    let spread = |values: &[u64]| {
        let mut histogram = Histogram::new();
        values.iter().for_each(|&value| histogram.record(value));
        Measurement::total("playback.startup_time", Split::All, Tally::Spread(histogram))
    };
    let bytes = |n| Measurement::total("delivery.origin_bytes", Split::All, Tally::Count(n));
    let runs = [
        run("after", 1, vec![spread(&[10, 10, 10, 10, 10, 10]), bytes(100)]),
        run("after", 2, vec![spread(&[100, 100, 100]), bytes(300)]),
    ];
    let value = |metric, pass| {
        let result = evaluate(&gate(GateText { metric, pass, ..GateText::default() }), &evidence(&runs));
        result.checked[0].value.unwrap().get()
    };
    assert_eq!(value("playback.startup_time", "p50 <= 1s"), 10.0);
    assert_eq!(value("playback.startup_time", "p90 <= 1s"), 100.0);
    assert_eq!(value("delivery.origin_bytes", "<= 1KB"), 200.0);
}

#[test]
fn a_baseline_with_other_seeds_is_compared_unpaired() {
    let now = runs("after", &[50, 52, 48, 51, 49]);
    let mut then = runs("after", &[100, 104, 96, 102, 98]);
    let gate = gate(GateText { pass: "<= -40%", vs: Some("baseline"), ..GateText::default() });
    let paired = evaluate(&gate, &Evidence { baseline: Some(&then), ..evidence(&now) });
    assert_eq!(paired.state, GateState::Pass);
    assert_eq!(paired.checked[0].interval, Some(crate::gate::Interval::new(-0.5, -0.5)));
    then.iter_mut().for_each(|run| run.seed = Seed(run.seed.0 + 1_000));
    let unpaired = evaluate(&gate, &Evidence { baseline: Some(&then), ..evidence(&now) });
    assert_eq!(unpaired.state, GateState::Pass);
    assert!(unpaired.checked[0].interval.unwrap().high.get() > -0.49);
}

#[test]
fn results_keep_the_place_of_their_gate() {
    let place = Location { file: "scenarios/peak-hour.toml".into(), line: 130 };
    let gate = Gate { location: Some(place.clone()), required: true, ..limit("<= 1%") };
    let result = evaluate(&gate, &evidence(&[]));
    assert_eq!(result.location, Some(place));
    assert!(result.failed() && result.blocks());
    let text = serde_json::to_string(&result).unwrap();
    assert_eq!(serde_json::from_str::<GateResult>(&text).unwrap(), result);
}
