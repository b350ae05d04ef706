//! The same again: same bytes whatever the threads, from nothing but the report; and where two runs part, the epoch and
//! the cells by name.

mod planted;

use std::fs;

use reports::Report;

use crate::program::Sandbox;

/// BLAKE3 of the `report.json` of `rehearsal run smoke --no-sensitivity`.
const PINNED: &str = include_str!("reproduce/smoke.blake3");

#[test]
fn the_report_of_smoke_is_the_one_that_is_committed() {
    let sandbox = Sandbox::new();
    sandbox.run(&["run", "smoke", "--no-sensitivity", "--out", "out"]).expect_judged();
    let hash = blake3::hash(sandbox.read("out/report.json").as_bytes()).to_hex().to_string();
    assert_eq!(
        hash,
        PINNED.trim(),
        "the report of `rehearsal run smoke --no-sensitivity` has changed.\n\
         If it was meant to: write `{hash}` to simulator/rehearsal/tests/it/reproduce/smoke.blake3,\n\
         and say in CHANGELOG.md why values moved, with before, after and the command."
    );
    let said = sandbox.run(&["reproduce", "out/report.json"]).expect(0);
    assert_eq!(said.stdout, format!("reproduced: same bytes, blake3 {hash}\n"));
}

#[test]
fn neither_threads_nor_a_second_run_change_a_byte() {
    let sandbox = Sandbox::new();
    // One arm and one seed: all threads but one work on cells. Two arms: on jobs, then on both.
    for arms in [&["--arm", "after"][..], &[]] {
        let mut first: Option<String> = None;
        for threads in ["1", "2", "4", "4"] {
            sandbox.run_tiny(&[&["--out", "out", "--threads", threads], arms].concat()).expect(0);
            let report = sandbox.read("out/report.json");
            assert!(*first.get_or_insert_with(|| report.clone()) == report, "{threads} threads {arms:?}");
        }
        sandbox.run(&["reproduce", "out/report.json", "--threads", "3"]).expect(0);
    }
}

#[test]
fn a_report_is_all_that_is_needed() {
    let sandbox = Sandbox::new();
    sandbox.write("plans/base/evening.toml", scenarios::library::find("smoke").expect("it ships").text);
    sandbox.write(
        "plans/mine.toml",
        "schema = 1\nname = \"mine\"\ntitle = \"Mine\"\nextends = [\"base/evening.toml\"]\n\
         [run]\nseeds = { min = 1, max = 1 }\n[scale]\naudience = 0.02\n",
    );
    for (arms, out) in [(&[][..], "both"), (&["--arm", "before"], "before"), (&["--arm", "after"], "after")] {
        let args =
            ["run", "plans/mine.toml", "--set", "catalogue.titles=60", "--no-sensitivity", "--out", out];
        sandbox.run(&[&args[..], arms].concat()).expect_judged();
    }
    fs::remove_dir_all(sandbox.path("plans")).expect("a folder");
    for out in ["both", "before", "after"] {
        sandbox.run(&["reproduce", &format!("{out}/report.json")]).expect(0);
    }
}

#[test]
fn a_run_that_its_budget_cut_short_is_reproduced_with_the_seeds_that_were_done() {
    let sandbox = Sandbox::new();
    let args = [
        "run",
        "smoke",
        "--set",
        "scale.audience=0.02",
        "--no-sensitivity",
        "--threads",
        "2",
        "--out",
        "out",
    ];
    sandbox.run(&[&args[..], &["--seeds", "50", "--budget", "1ms"]].concat()).expect_judged();
    let report = sandbox.report("out");
    assert_eq!((report.subject.seeds.len(), report.subject.complete), (1, true));
    sandbox.run(&["reproduce", "out/report.json"]).expect(0);
}

#[test]
fn a_budget_is_not_spent_on_the_sensitivity_table() {
    let sandbox = Sandbox::new();
    let args = [
        "run",
        "smoke",
        "--set",
        "scale.audience=0.02",
        "--set",
        "sensitivity.viewers=100",
        "--budget",
        "1ms",
        "--out",
        "out",
    ];
    let finished = sandbox.run(&args).expect_judged();
    assert!(finished.stderr.contains("the sensitivity table is left out"), "{}", finished.stderr);
    assert!(sandbox.report("out").subject.sensitivity.is_none());
    sandbox.run(&["reproduce", "out/report.json"]).expect(0);
}

#[test]
fn the_sensitivity_table_is_reproduced_too() {
    let sandbox = Sandbox::new();
    let mut args = vec!["run", "smoke", "--seeds", "1", "--out", "out"];
    // A hundred runs: each as small as it can be.
    for set in [
        "scale.audience=0.05",
        "sensitivity.viewers=100",
        "run.duration=1m",
        "run.cells=4",
        "catalogue.titles=10",
        "fault.*.at=30s",
        "fault.*.for=10s",
    ] {
        args.extend(["--set", set]);
    }
    let finished = sandbox.run(&args).expect_judged();
    assert!(finished.stderr.contains("provisional, 100 viewers, seed 1: "), "{}", finished.stderr);
    let table = sandbox.report("out").subject.sensitivity.expect("a table");
    assert!(table.rows.len() >= 12, "{} rows", table.rows.len());
    sandbox.run(&["reproduce", "out/report.json"]).expect(0);
}

#[test]
fn one_value_changed_by_hand_is_found() {
    let sandbox = Sandbox::new();
    sandbox.run_tiny(&["--out", "out"]).expect(0);
    let report = sandbox.read("out/report.json");
    let viewers = sandbox.report("out").runs[0].measurements[0].clone();
    for (from, to) in [
        ("\"confidence\":0.95", "\"confidence\":0.99"),
        ("\"exit_code\":0", "\"exit_code\":99"),
        ("\"title\":\"Four minutes", "\"title\":\"Five minutes"),
        (&format!("\"metric\":\"{}\"", viewers.metric), "\"metric\":\"playback.stall_seconds\""),
    ] {
        assert!(report.contains(from), "{from}");
        sandbox.write("edited.json", report.replacen(from, to, 1));
        let finished = sandbox.run(&["reproduce", "edited.json", "--json"]);
        if finished.code == Some(2) {
            continue; // Refused at once: what it says cannot have been measured.
        }
        let finished = finished.expect(99);
        let at = report.find(from).expect("it is there") as u64;
        let byte = finished.json()["byte"].as_u64().expect("a place");
        assert!((at..at + 100).contains(&byte), "changed at {at}, found at {byte}");
        sandbox.shell(finished.repeat()).expect(99);
    }
}

#[test]
fn a_record_of_another_version_is_refused_with_what_to_do() {
    let sandbox = Sandbox::new();
    sandbox.run_tiny(&["--out", "out"]).expect(0);
    let mut report = sandbox.report("out");
    let record = report.subject.resolved.as_object_mut().expect("a record");
    record.remove("seeds").expect("every record has its seeds");
    sandbox.write("old.json", report.to_json());
    let refused = sandbox.run(&["reproduce", "old.json"]).expect(2);
    assert!(refused.stderr.contains("missing field `seeds`"), "{}", refused.stderr);
    assert!(refused.stderr.contains("hint: another version wrote it"), "{}", refused.stderr);
}

#[test]
fn a_trace_changed_by_hand_is_found_with_its_epoch() {
    let sandbox = Sandbox::new();
    sandbox.run_tiny(&["--out", "out"]).expect(0);
    let mut report = sandbox.report("out");
    let epochs = report.subject.fingerprints.get_mut("after/1/epochs").expect("a trace");
    let at = 8 * 17;
    let other = if epochs.as_bytes()[at] == b'0' { "1" } else { "0" };
    epochs.replace_range(at..=at, other);
    sandbox.write("edited.json", report.to_json());
    let finished = sandbox.run(&["reproduce", "edited.json"]).expect(99);
    let said = "diverged: arm after, seed 1, first in epoch 17 (at 4.250 s of virtual time)";
    assert!(finished.stdout.starts_with(said), "{}", finished.stdout);
    finished.repeat();
}

#[test]
fn before_against_before_is_exactly_zero() {
    let sandbox = Sandbox::new();
    let levers = [
        "steering=static",
        "load_policy=player-default",
        "cache_key=full-url",
        "coalescing=off",
        "shield=off",
    ];
    let sets: Vec<String> = levers.iter().map(|lever| format!("arm.after.levers.{lever}")).collect();
    let sets = sets.iter().flat_map(|set| ["--set", set]);
    let args =
        ["run", "smoke", "--seeds", "3", "--no-sensitivity", "--set", "scale.audience=0.1", "--out", "out"];
    sandbox.run(&args.into_iter().chain(sets).collect::<Vec<_>>()).expect_judged();
    let report = sandbox.report("out");
    assert!(report.headlines.len() >= 5, "{} headlines", report.headlines.len());
    for headline in &report.headlines {
        let change = headline.change.expect("two arms");
        let interval = change.interval.expect("three seeds");
        assert_eq!(
            (change.value.get(), interval.low.get(), interval.high.get()),
            (0.0, 0.0, 0.0),
            "{headline:?}"
        );
        assert_eq!(headline.before, headline.after);
    }
    for seed in 1..=3 {
        for part in ["epochs", "minutes"] {
            let trace = |arm: &str| report.subject.fingerprints.get(&format!("{arm}/{seed}/{part}"));
            assert!(
                trace("before").is_some() && trace("before") == trace("after"),
                "seed {seed}: {part} differ"
            );
        }
    }
    for (before, after) in report.runs_of("before").iter().zip(report.runs_of("after")) {
        assert!(before.measurements == after.measurements, "seed {}", before.seed.0);
    }
}

/// A scenario whose one gate holds the buffer rate against an earlier report.
fn against_baseline(no_baseline: &str) -> String {
    format!(
        "schema = 1\nname = \"guarded\"\ntitle = \"Guarded\"\nextends = [\"smoke\"]\n\
         [run]\nseeds = {{ min = 1, max = 1 }}\n[scale]\naudience = 0.02\n\
         [gate.no-worse]\nmetric = \"playback.rebuffering_ratio\"\npass = \"<= +1%\"\nvs = \"baseline\"\n{no_baseline}"
    )
}

#[test]
fn a_missing_baseline_cannot_be_judged_and_a_given_one_is_part_of_what_is_reproduced() {
    let sandbox = Sandbox::new();
    sandbox.write("lenient.toml", against_baseline(""));
    sandbox.write("strict.toml", against_baseline("no_baseline = \"fail\"\n"));
    let run = |file: &str, more: &[&str]| sandbox.run(&[&["run", file, "--no-sensitivity"], more].concat());
    run("lenient.toml", &["--out", "first"]).expect_judged();
    let finished = run("strict.toml", &["--out", "alone"]).expect(97);
    assert!(finished.stderr.contains("gate no-worse: not judged"), "{}", finished.stderr);
    finished.repeat();
    for wrong in ["nowhere.json", "strict.toml"] {
        let finished = run("strict.toml", &["--baseline", wrong, "--out", "wrong"]).expect(97);
        assert!(
            finished.stderr.contains("hint: --baseline takes the report.json of an earlier run"),
            "{}",
            finished.stderr
        );
    }
    assert!(!sandbox.path("wrong").exists());
    run("strict.toml", &["--baseline", "first/report.json", "--out", "second"]).expect_judged();
    let gate =
        |report: &Report| report.gates.iter().find(|gate| gate.id == "no-worse").map(|gate| gate.state);
    assert_eq!(gate(&sandbox.report("second")), Some(reports::GateState::Pass));
    sandbox.run(&["reproduce", "second/report.json", "--baseline", "first/report.json"]).expect(0);
    let without = sandbox.run(&["reproduce", "second/report.json"]).expect(99);
    assert!(without.stdout.contains("the report differs"), "{}", without.stdout);
}
