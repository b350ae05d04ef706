use super::*;
use crate::num::Num;

fn result(state: GateState, severity: Severity) -> GateResult {
    GateResult {
        id: "g".into(),
        metric: "playback.rebuffering_ratio".into(),
        arm: "after".into(),
        limit: "<= 1%".into(),
        state,
        reason: None,
        severity,
        required: false,
        unjudgeable: false,
        split: "all".into(),
        checked: Vec::new(),
        seeds: 5,
        confidence: Num::new(0.95),
        notes: Vec::new(),
        location: None,
    }
}

fn block(state: GateState) -> GateResult {
    result(state, Severity::Block)
}

fn check(results: &[GateResult], rules: Rules, exit_code: u8, sentence: &str) {
    let verdict = Verdict::of(results, rules);
    assert_eq!((verdict.exit_code, verdict.sentence().as_str()), (exit_code, sentence));
}

#[test]
fn every_outcome_has_its_exit_code_and_sentence() {
    let usual = Rules::default();
    let empty = || GateResult { unjudgeable: true, ..block(GateState::NotJudged) };
    let advise = |state| result(state, Severity::Advise);
    check(&[], usual, 0, "PASS: there are no gates");
    check(
        &[block(GateState::Pass), block(GateState::Warn)],
        usual,
        0,
        "PASS: 1 of 2 gates hold, 1 with a warning",
    );
    check(
        &[block(GateState::Pass), advise(GateState::Fail)],
        usual,
        0,
        "PASS: 1 of 2 gates hold, 1 missed without blocking",
    );
    check(
        &[block(GateState::Pass), block(GateState::NotJudged)],
        usual,
        0,
        "PASS: 1 of 2 gates hold, 1 not judged",
    );
    check(&[block(GateState::Fail)], usual, 99, "FAIL: 1 of 1 gate failed");
    check(
        &[block(GateState::Inconclusive), block(GateState::Pass)],
        usual,
        98,
        "INCONCLUSIVE: 1 of 2 gates need more seeds",
    );
    check(&[empty()], usual, 97, "COULD NOT JUDGE: a gate that decides had nothing to judge, 1 not judged");
    let required = GateResult { required: true, ..empty() };
    check(&[required], usual, 99, "FAIL: 1 of 1 gate failed, 1 not judged");
}

#[test]
fn failure_comes_before_no_judgement_and_that_before_inconclusive() {
    let usual = Rules::default();
    let empty = || GateResult { unjudgeable: true, ..block(GateState::NotJudged) };
    let all = [block(GateState::Inconclusive), empty(), block(GateState::Fail)];
    assert_eq!(Verdict::of(&all, usual).exit_code, 99);
    assert_eq!(Verdict::of(&all[..2], usual).exit_code, 97);
    assert_eq!(Verdict::of(&all[..1], usual).exit_code, 98);
    assert_eq!(Verdict::of(&[result(GateState::Inconclusive, Severity::Advise)], usual).exit_code, 0);
}

#[test]
fn rules_change_what_warnings_and_open_gates_do() {
    let strict = Rules { warn_is_failure: true, ..Rules::default() };
    assert_eq!(Verdict::of(&[block(GateState::Warn)], strict).exit_code, 99);
    assert_eq!(Verdict::of(&[result(GateState::Warn, Severity::Advise)], strict).exit_code, 0);
    for inconclusive in [OnInconclusive::Warn, OnInconclusive::Pass] {
        let lenient = Rules { inconclusive, ..Rules::default() };
        assert_eq!(Verdict::of(&[block(GateState::Inconclusive)], lenient).exit_code, 0);
    }
}

#[test]
fn the_gravest_code_of_several_scenarios_wins() {
    for (codes, expected) in [
        (vec![], 0),
        (vec![0, 98, 0], 98),
        (vec![98, 97], 97),
        (vec![97, 99, 98], 99),
        (vec![99, 2], 2),
        (vec![2, 101, 99], 101),
        (vec![99, 130], 130),
        (vec![7, 101], 7),
    ] {
        assert_eq!(joint_exit_code(codes.clone()), expected, "{codes:?}");
    }
}
