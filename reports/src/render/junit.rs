//! JUnit XML: one suite per scenario, one test case per gate, and one that fails where the run was interrupted.
//!
//! No times and no time stamps: the file is determined by scenario and seeds. The text of a failure stands in the
//! message and again in the body, because some readers show only the body.

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use super::words;
use crate::gate::{GateResult, GateState, Severity};
use crate::report::Report;
use crate::verdict::OnInconclusive;

/// `junit.xml`. Warnings and missed advice pass with a note; what was not judged is skipped; what could not be judged
/// though it decides is an error.
///
/// # Panics
/// Never: writing XML to memory does not fail.
#[must_use]
pub fn junit(report: &Report) -> String {
    let mut suite = TestSuite::new(report.subject.name.as_str());
    suite.add_property(("inputs_hash", report.subject.inputs_hash.as_str()));
    let seeds: Vec<String> = report.subject.seeds.iter().map(|seed| seed.0.to_string()).collect();
    suite.add_property(("seeds", seeds.join(" ").as_str()));
    suite.add_property(("repeat", report.subject.repeat.as_str()));
    let open_fails = report.subject.rules.inconclusive == OnInconclusive::Fail;
    for gate in &report.gates {
        let group = gate.metric.split_once('.').map_or(gate.metric.as_str(), |(group, _)| group);
        let mut case = TestCase::new(
            format!("{}: {} {}", gate.id, gate.metric, gate.limit),
            status(gate, open_fails, report.subject.rules.warn_is_failure),
        );
        case.set_classname(format!("rehearsal.{}.{group}", report.subject.name));
        if !gate.checked.is_empty() {
            case.set_system_out(output(gate));
        }
        suite.add_test_case(case);
    }
    if !report.subject.complete {
        suite.add_property(("complete", "false"));
        suite.add_test_case(interrupted(report));
    }
    let mut junit = Junit::new("rehearsal");
    junit.add_test_suite(suite);
    junit.to_string().expect("writing XML to memory does not fail")
}

/// Whoever reads only this file must not take part of a run for all of it.
fn interrupted(report: &Report) -> TestCase {
    let text = format!("the run was interrupted: judged on {}", words::basis(report));
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_type("interrupted").set_message(text.as_str()).set_description(text.as_str());
    let mut case = TestCase::new("the run came to its end", status);
    case.set_classname(format!("rehearsal.{}", report.subject.name));
    case
}

fn status(gate: &GateResult, open_fails: bool, warn_fails: bool) -> TestCaseStatus {
    let blocking = gate.severity == Severity::Block;
    let text = format!("{}: {}", words::state_word(gate), words::found(gate));
    let failure = |kind, what: &str| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_type(what).set_message(text.as_str()).set_description(text.as_str());
        status
    };
    let skipped = || {
        let mut status = TestCaseStatus::skipped();
        status.set_message(text.as_str());
        status
    };
    match gate.state {
        _ if gate.blocks() => failure(NonSuccessKind::Failure, "gate"),
        _ if gate.unjudgeable => failure(NonSuccessKind::Error, "could-not-judge"),
        GateState::Warn if blocking && warn_fails => failure(NonSuccessKind::Failure, "warning"),
        GateState::Inconclusive if blocking && open_fails => failure(NonSuccessKind::Failure, "inconclusive"),
        GateState::Inconclusive | GateState::NotJudged => skipped(),
        GateState::Pass | GateState::Warn | GateState::Fail => TestCaseStatus::success(),
    }
}

fn output(gate: &GateResult) -> String {
    let mut out = format!("{}: {}\n", words::state_word(gate), words::line(gate));
    for checked in &gate.checked {
        let within = words::interval(checked).map_or_else(String::new, |interval| format!(" ({interval})"));
        out.push_str(&format!("{}: {}{within}\n", checked.condition, words::value(checked)));
    }
    for note in &gate.notes {
        out.push_str(&format!("{note}\n"));
    }
    out
}
