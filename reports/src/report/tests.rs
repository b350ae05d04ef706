use super::*;
use crate::gate::GateState;
use crate::measure::{Measurement, Split, Tally};

#[test]
fn a_report_survives_its_json_byte_for_byte() {
    for report in [sample::report(), sample::bare_report(), sample::hostile_report()] {
        let text = report.to_json();
        let back = Report::from_json(&text).unwrap();
        assert_eq!(back, report);
        assert_eq!(back.to_json(), text);
        assert!(text.starts_with("{\"gates\":") && text.ends_with("}\n"));
    }
}

#[test]
fn the_order_in_which_runs_arrive_changes_no_byte() {
    let report = sample::report();
    let mut runs = report.runs.clone();
    runs.reverse();
    let again = Report::assemble(report.subject.clone(), &[], runs, None);
    assert_eq!(again.runs, report.runs);
    assert_eq!(again.headlines, report.headlines);
}

#[test]
fn every_gate_state_occurs_in_the_sample() {
    let report = sample::report();
    let states: Vec<(&str, GateState)> =
        report.gates.iter().map(|gate| (gate.id.as_str(), gate.state)).collect();
    assert_eq!(
        states,
        [
            ("buffer-rate", GateState::Pass),
            ("buffer-rate-worst-cohort", GateState::Fail),
            ("buffer-rate-in-outage", GateState::Pass),
            ("buffer-improves", GateState::Pass),
            ("buffer-headline", GateState::Fail),
            ("startup", GateState::Pass),
            ("start-failures", GateState::Warn),
            ("bitrate", GateState::Inconclusive),
            ("session-store", GateState::NotJudged),
            ("no-regression", GateState::NotJudged),
        ]
    );
    assert_eq!(report.verdict.exit_code, 99);
}

#[test]
fn headlines_carry_both_sides_and_the_change() {
    let report = sample::report();
    let ids: Vec<&str> = report.headlines.iter().map(|headline| headline.metric.as_str()).collect();
    assert_eq!(ids[0], "playback.rebuffering_ratio");
    assert_eq!(ids.len(), 6);
    let buffer_rate = &report.headlines[0];
    let (before, after) = (buffer_rate.before.unwrap(), buffer_rate.after.unwrap());
    let change = buffer_rate.change.unwrap();
    assert!(after.value < before.value && change.value.get() < -0.5);
    let interval = change.interval.unwrap();
    assert!(interval.low <= change.value && change.value <= interval.high);
}

#[test]
fn foreign_and_broken_reports_are_refused() {
    let report = sample::bare_report();
    let text = report.to_json();
    assert!(matches!(Report::from_json("{"), Err(ReportError::Json(_))));
    assert!(matches!(Report::from_json("{}"), Err(ReportError::Json(_))));
    let newer = text.replace("\"schema_version\":1", "\"schema_version\":2");
    assert!(matches!(Report::from_json(&newer), Err(ReportError::Version { found: 2 })));
    let unknown = text.replace("delivery.origin_bytes", "delivery.origin_bites");
    assert!(matches!(Report::from_json(&unknown), Err(ReportError::Measurement { .. })));
    let mut wrong = report.clone();
    wrong.runs[0].measurements =
        vec![Measurement::total("delivery.origin_bytes", Split::All, Tally::empty(metric::Kind::Mean))];
    assert!(matches!(Report::from_json(&wrong.to_json()), Err(ReportError::Measurement { .. })));
    let mut narrow = report;
    narrow.runs[0].axis.bucket = units::Micros::ZERO;
    assert!(matches!(Report::from_json(&narrow.to_json()), Err(ReportError::Axis)));
}

#[test]
fn shards_join_into_the_whole_run() {
    let whole = sample::report();
    let shard = |keep: &dyn Fn(u64) -> bool| {
        let mut part = whole.clone();
        part.runs.retain(|run| keep(run.seed.0));
        part.subject.seeds.retain(|seed| keep(seed.0));
        part
    };
    let (subject, runs) = join(vec![shard(&|seed| seed > 2), shard(&|seed| seed <= 2)]).unwrap();
    let again = Report::assemble(subject, &[], runs, None);
    assert_eq!((&again.subject, &again.runs), (&whole.subject, &whole.runs));
    let twice = join(vec![shard(&|seed| seed > 2), shard(&|seed| seed <= 3)]).unwrap_err();
    assert_eq!(twice, JoinError::Twice { arm: "before".into(), seed: 3 });
    let mut other = whole.clone();
    other.subject.inputs_hash = "x".into();
    assert!(matches!(join(vec![whole.clone(), other]), Err(JoinError::OtherInputs { .. })));
    assert_eq!(join(Vec::new()), Err(JoinError::Nothing));
}

#[test]
fn live_shards_add_their_share_of_the_load() {
    let mut shard = sample::bare_report();
    shard.subject.fidelity = Fidelity::Live;
    let (_, runs) = join(vec![shard.clone(), shard.clone()]).unwrap();
    let bytes =
        |runs: &[SeedRun]| runs[0].get("delivery.origin_bytes", &Split::All).unwrap().total.value().unwrap();
    assert_eq!(runs.len(), 1);
    assert_eq!(bytes(&runs), 2.0 * bytes(&shard.runs));
}

#[test]
fn a_report_differs_from_itself_by_nothing() {
    let report = sample::report();
    let same = difference(&report, &report);
    assert_eq!(same.headlines.len(), 6);
    for headline in &same.headlines {
        assert_eq!(headline.change.unwrap().value, Num::ZERO, "{}", headline.metric);
    }
}
