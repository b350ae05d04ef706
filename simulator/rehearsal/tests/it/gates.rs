//! Every gate of every shipped scenario can fail: on a platform that was broken by a lever or by a parameter of its world,
//! never by another bound, and it holds in the same world unbroken.
//!
//! The unbroken worlds are kinder than the shipped ones, so that each gate starts from a pass and only the one thing that
//! is broken can be to blame. (At full size, arm `after` of `before-after` honestly misses `buffer-rate-worst-cohort`,
//! `startup` and `guard-mean-bitrate`: see the report.) They are small, and a platform for few viewers must be planned more
//! generously than a hundredth: few viewers share little.

mod kind;

use std::collections::BTreeSet;

use quick_junit::{TestCase, TestCaseStatus};
use reports::gate::{GateResult, GateState, Severity};
use reports::measure::{Split, SplitBy};
use scenarios::library::SHIPPED;
use scenarios::{Document, NoFiles};

use crate::program::{Finished, Sandbox};
use kind::{CALM, EVENING, SMOKE};

/// One way to break a platform, and the gate that must notice.
struct Case {
    gate: &'static str,
    /// Overlays, as `--set` takes them.
    broken: &'static [&'static str],
}

/// Every POP has a twentieth of its capacity.
const SMALL_POPS: &[&str] = &["scale.pop_capacity=0.05"];
/// Sessions wait for a store that serves one a second.
const SLOW_STORE: &[&str] =
    &["session_store.servers=1", r#"session_store.service={ dist = "exponential", mean = "1s" }"#];
/// Sessions are refused by a store that serves one a second and lets two wait.
const FULL_STORE: &[&str] = &[
    "session_store.servers=1",
    "session_store.queue_limit=2",
    r#"session_store.service={ dist = "constant", value = "1s" }"#,
];
/// The same, with the modernisation alone to blame.
const FULL_STORE_AFTER: &[&str] = &[concat!(
    r#"arm.after.set={ "session_store.servers" = 1, "session_store.queue_limit" = 2, "#,
    r#""session_store.service" = { dist = "constant", value = "1s" } }"#
)];
/// Every start waits five seconds for the session store, longer than some of them have patience.
const LATE_STORE: &[&str] =
    &["session_store.servers=1000", r#"session_store.service={ dist = "constant", value = "5s" }"#];
/// The same, with the modernisation alone to blame.
const LATE_STORE_AFTER: &[&str] = &[concat!(
    r#"arm.after.set={ "session_store.servers" = 1000, "#,
    r#""session_store.service" = { dist = "constant", value = "5s" } }"#
)];
/// The platform as it was, called `after`.
const NOTHING_DONE: &[&str] = &[
    "arm.after.levers.steering=static",
    "arm.after.levers.load_policy=player-default",
    "arm.after.levers.cache_key=full-url",
    "arm.after.levers.coalescing=off",
    "arm.after.levers.shield=off",
];

/// The gates of `before-after`, and of `peak-hour`, which extends it.
const EVENING_CASES: [Case; 13] = [
    Case { gate: "buffer-rate", broken: SMALL_POPS },
    Case { gate: "buffer-rate-worst-cohort", broken: &["audience.cohort.phone-3g.access=3g"] },
    // A whole CDN hangs, and neither steering nor players' timers notice.
    Case {
        gate: "buffer-rate-in-outage",
        broken: &[
            r#"fault.cdn-a-fra-dies.do={ kind = "outage", failure = "hang" }"#,
            r#"fault.cdn-a-fra-dies.on={ cdn = "cdn-a" }"#,
            r#"fault.cdn-a-fra-dies.blast={ viewers = "<= 100%" }"#,
            "arm.after.levers.steering=static",
            "arm.after.levers.load_policy=player-default",
        ],
    },
    Case { gate: "startup", broken: SLOW_STORE },
    Case { gate: "start-failures", broken: FULL_STORE },
    Case { gate: "exits-before-start", broken: LATE_STORE },
    Case { gate: "mean-bitrate", broken: SMALL_POPS },
    Case { gate: "buffer-improves", broken: NOTHING_DONE },
    // Access networks that stall by themselves leave less to improve.
    Case {
        gate: "buffer-headline",
        broken: &[
            "audience.cohort.web-sd.access=fcc-sd",
            "audience.cohort.tv-sd.access=fcc-sd",
            "fault.cdn-a-fra-dies.for=30s",
            "fault.cdn-a-brownout.for=30s",
        ],
    },
    Case { gate: "guard-mean-bitrate", broken: &[r#"arm.after.set={ "scale.pop_capacity" = 0.5 }"#] },
    Case { gate: "guard-start-failures", broken: FULL_STORE_AFTER },
    Case { gate: "guard-exits-before-start", broken: LATE_STORE_AFTER },
    Case { gate: "guard-viewer-seconds", broken: FULL_STORE_AFTER },
];

const SMOKE_CASES: [Case; 5] = [
    Case { gate: "buffer-rate", broken: SMALL_POPS },
    Case { gate: "start-failures", broken: FULL_STORE },
    Case { gate: "exits-before-start", broken: LATE_STORE },
    Case { gate: "mean-bitrate", broken: SMALL_POPS },
    Case {
        gate: "buffer-improves",
        broken: &[
            "arm.after.levers.steering=static",
            "arm.after.levers.load_policy=player-default",
            r#"arm.after.set={ "scale.pop_capacity" = 0.2 }"#,
        ],
    },
];

/// A band has two sides.
const CALM_CASES: [Case; 5] = [
    Case { gate: "buffer-rate-band", broken: &["scale.pop_capacity=0.02"] },
    Case { gate: "buffer-rate-band", broken: &[r#"audience.cohort.*.access={ fixed = "100Mbps" }"#] },
    Case { gate: "start-failures", broken: FULL_STORE },
    Case { gate: "exits-before-start", broken: LATE_STORE },
    Case { gate: "mean-bitrate", broken: &[r#"audience.cohort.*.access={ fixed = "1Mbps" }"#] },
];

/// A scenario, the overlays that make its world kind, and the ways to break it.
const TABLE: [(&str, &[&str], &[Case]); 4] = [
    ("before-after", &EVENING, &EVENING_CASES),
    ("peak-hour", &EVENING, &EVENING_CASES),
    ("smoke", &SMOKE, &SMOKE_CASES),
    ("calm", &CALM, &CALM_CASES),
];

/// A run with overlays, and what it left.
struct Judged {
    finished: Finished,
    gates: Vec<GateResult>,
    junit: Vec<TestCase>,
}

fn judge(scenario: &str, sets: &[&[&str]]) -> Judged {
    let sandbox = Sandbox::new();
    let mut args =
        vec!["run", scenario, "--seeds", "1", "--no-sensitivity", "--threads", "2", "--out", "out"];
    sets.concat().iter().for_each(|set| args.extend(["--set", set]));
    let finished = sandbox.run(&args);
    assert!(matches!(finished.code, Some(0 | 99)), "{sets:?}: {:?}\n{}", finished.code, finished.stderr);
    let junit = quick_junit::Report::deserialize_from_str(&sandbox.read("out/junit.xml")).expect("JUnit");
    Judged {
        finished,
        gates: sandbox.report("out").gates,
        junit: junit.test_suites.into_iter().flat_map(|suite| suite.test_cases).collect(),
    }
}

impl Judged {
    fn gate(&self, id: &str) -> &GateResult {
        self.gates.iter().find(|gate| gate.id == id).unwrap_or_else(|| panic!("no gate `{id}`"))
    }

    fn says_failed(&self, id: &str) -> bool {
        self.finished.stderr.lines().any(|line| line == format!("gate {id}: FAIL"))
    }

    fn junit_failed(&self, id: &str) -> bool {
        let case = self.junit.iter().find(|case| case.name.as_str().starts_with(&format!("{id}: ")));
        matches!(case.expect("a test case per gate").status, TestCaseStatus::NonSuccess { .. })
    }
}

fn holds_unbroken(scenario: &str, kind: &[&str]) {
    let judged = judge(scenario, &[kind]);
    for gate in &judged.gates {
        assert_eq!(gate.state, GateState::Pass, "{scenario}: {gate:?}");
        assert!(!judged.says_failed(&gate.id) && !judged.junit_failed(&gate.id), "{scenario}: {}", gate.id);
    }
    assert_eq!(judged.finished.code, Some(0), "{scenario}");
}

fn fails_broken(scenario: &str, kind: &[&str], case: &Case) {
    let judged = judge(scenario, &[kind, case.broken]);
    let gate = judged.gate(case.gate);
    assert_eq!(gate.state, GateState::Fail, "{scenario} with {:?}: {gate:?}", case.broken);
    let blocking = gate.severity == Severity::Block;
    assert_eq!(judged.says_failed(&gate.id), blocking, "{scenario}\n{}", judged.finished.stderr);
    assert_eq!(judged.junit_failed(&gate.id), blocking, "{scenario}: {} in junit.xml", gate.id);
    let blocked = judged.gates.iter().any(GateResult::blocks);
    assert_eq!(judged.finished.code, Some(if blocked { 99 } else { 0 }), "{scenario}: {}", gate.id);
    if blocked {
        assert!(judged.finished.last_words().starts_with("repeat: "), "{}", judged.finished.stderr);
    }
}

fn check(scenario: &str) {
    let (_, kind, cases) = TABLE.iter().find(|(name, _, _)| *name == scenario).expect("in the table");
    holds_unbroken(scenario, kind);
    for case in *cases {
        fails_broken(scenario, kind, case);
    }
}

#[test]
fn every_gate_of_before_after_fails_on_a_platform_that_breaks_it() {
    check("before-after");
}

#[test]
fn every_gate_of_peak_hour_fails_on_a_platform_that_breaks_it() {
    check("peak-hour");
}

#[test]
fn every_gate_of_smoke_fails_on_a_platform_that_breaks_it() {
    check("smoke");
}

#[test]
fn every_gate_of_calm_fails_on_a_platform_that_breaks_it() {
    check("calm");
}

/// The one stall that nobody sees is that of a viewer who never started.
#[test]
fn a_run_in_which_nobody_can_start_is_no_pass() {
    let store = r#"session_store.service={ dist = "constant", value = "2s" }"#;
    let judged = judge("smoke", &[&["fault=[]", store]]);
    assert_eq!(judged.finished.code, Some(99));
    assert!(judged.says_failed("exits-before-start"), "{}", judged.finished.stderr);
}

/// Gates that compare have nothing to compare with, and those that do not still hold the line.
#[test]
fn one_arm_alone_is_judged_on_its_starts_and_its_bitrate() {
    let sandbox = Sandbox::new();
    let args = ["run", "smoke", "--arm", "after", "--seeds", "1", "--no-sensitivity", "--out", "out"];
    let small = SMALL_POPS.iter().flat_map(|set| ["--set", set]);
    let finished = sandbox.run(&args.into_iter().chain(small).collect::<Vec<_>>()).expect(99);
    assert!(finished.stderr.lines().any(|line| line == "gate mean-bitrate: FAIL"), "{}", finished.stderr);
}

/// `check` refuses gates by what the catalogue says is kept, so it must say what the engine keeps.
#[test]
fn the_catalogue_says_what_a_run_keeps_of_each_metric() {
    let sandbox = Sandbox::new();
    sandbox.run_tiny(&["--out", "out"]).expect_judged();
    let report = sandbox.report("out");
    let run = report.runs.first().expect("a run");
    for metric in reports::metric::all() {
        let of_metric = run.measurements.iter().filter(|measured| measured.metric == metric.id);
        let kept: BTreeSet<SplitBy> = of_metric.filter_map(|measured| measured.split.by()).collect();
        let said: BTreeSet<SplitBy> = metric.parts.splits.iter().copied().collect();
        assert_eq!(kept, said, "{}", metric.id);
        let whole = run.get(metric.id, &Split::All).unwrap_or_else(|| panic!("no {}", metric.id));
        assert_eq!(!whole.buckets.is_empty(), metric.parts.over_time, "{}", metric.id);
        let over_time = |split: &Split| run.get(metric.id, split).is_some_and(|m| !m.buckets.is_empty());
        let mut parts = run.measurements.iter().map(|m| &m.split).filter(|split| **split != Split::All);
        assert!(parts.all(|split| !over_time(split)), "{} by parts over time", metric.id);
    }
}

#[test]
fn no_shipped_gate_is_missing_from_the_table_and_none_is_broken_by_its_bound() {
    let mut shipped = BTreeSet::new();
    for scenario in SHIPPED {
        let resolved =
            Document::open(scenario.name, &NoFiles).and_then(|document| document.resolve(&NoFiles));
        let gates = resolved.expect("a shipped scenario").gates;
        shipped.extend(gates.into_iter().map(|gate| (scenario.name.to_owned(), gate.id)));
    }
    let in_table = TABLE.iter().flat_map(|(scenario, _, cases)| {
        cases.iter().map(|case| ((*scenario).to_owned(), case.gate.to_owned()))
    });
    assert_eq!(in_table.collect::<BTreeSet<_>>(), shipped);
    let sets = TABLE
        .iter()
        .flat_map(|(_, kind, cases)| kind.iter().chain(cases.iter().flat_map(|case| case.broken)).copied());
    for set in sets {
        assert!(!set.starts_with("gate.") && !set.starts_with("statistics."), "{set}");
    }
}
