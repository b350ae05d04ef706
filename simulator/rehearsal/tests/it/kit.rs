//! The property-test kit as somebody else would use it: a billing system of one's own, plugged in by the kit's verbs.
//!
//! The system here is wrong on purpose, in ways seen in the field; the kit must say in which, with a history short enough to read.
//! Histories that failed once are kept beside this file, and run again on every system.

mod cron;

use std::fs;
use std::path::Path;

use platform_core::kit::history::History;
use platform_core::kit::invariants::Invariant;
use platform_core::kit::runner::{Failure, run, run_kept, run_seeds};
use platform_core::kit::specimen::Specimen;

use self::cron::NightlyCron;

const REPEAT: &str = "REHEARSAL_SEED={seed} cargo test -p rehearsal --test it kit::";

/// The seeds to run: one, if `REHEARSAL_SEED` names it.
fn seeds() -> std::ops::RangeInclusive<u64> {
    match std::env::var("REHEARSAL_SEED").ok().and_then(|text| text.parse().ok()) {
        Some(seed) => seed..=seed,
        None => 1..=20,
    }
}

fn failure() -> Box<Failure> {
    run_seeds(&NightlyCron::default(), seeds(), REPEAT).expect_err("the cron job is wrong")
}

/// Histories that once made a system fail.
fn kept() -> Vec<(String, History)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/kit/kept");
    let mut kept: Vec<(String, History)> = fs::read_dir(folder)
        .expect("the folder is in the repository")
        .map(|entry| entry.expect("readable").path())
        .map(|path| {
            let text = fs::read_to_string(&path).expect("readable");
            let history =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (path.display().to_string(), history)
        })
        .collect();
    kept.sort_by(|one, other| one.0.cmp(&other.0));
    kept
}

#[test]
fn a_cron_job_charges_twice_when_no_answer_comes_and_when_two_of_it_run() {
    let failures: Vec<Box<Failure>> =
        seeds().filter_map(|seed| run_seeds(&NightlyCron::default(), [seed], REPEAT).err()).collect();
    let twice = failures.iter().filter(|failure| failure.violation.invariant == Invariant::OneCapture);
    let texts: Vec<String> = twice.map(ToString::to_string).collect();
    for cause in ["TimeoutCharged", "Rival(Renewals)"] {
        let text =
            texts.iter().find(|text| text.contains(cause)).unwrap_or_else(|| panic!("{cause}: {texts:#?}"));
        assert!(text.contains("paid twice") && text.lines().count() <= 14, "{text}");
        println!("{text}\n");
    }
    let failure = failure();
    let text = failure.to_string();
    let repeat = format!("\nrepeat: {}", REPEAT.replace("{seed}", &failure.history.seed.to_string()));
    assert!(text.ends_with(&repeat), "{text}");
    let keep = text.lines().find_map(|line| line.strip_prefix("keep: ")).expect("the history to keep");
    assert_eq!(serde_json::from_str::<History>(keep).expect("JSON"), failure.history);
}

#[test]
fn a_shrunk_history_fails_again_and_has_nothing_to_spare() {
    let failure = failure();
    let system = NightlyCron::default();
    let breaks = |history: &History| {
        run(&system, history).broken.is_some_and(|(_, found)| found.invariant == failure.violation.invariant)
    };
    assert!(breaks(&failure.history));
    for at in 0..failure.history.steps.len() {
        let mut steps = failure.history.steps.clone();
        steps.remove(at);
        assert!(!breaks(&failure.history.with_steps(steps)), "step {} is not needed\n{failure}", at + 1);
    }
}

#[test]
fn histories_that_failed_once_pass_on_the_right_system_and_still_fail_on_the_wrong_one() {
    let kept = kept();
    assert!(!kept.is_empty());
    for (path, history) in kept {
        let found = run_kept(&Specimen::default(), &history, REPEAT);
        found.unwrap_or_else(|failure| panic!("{path}\n{failure}"));
        assert!(run_kept(&NightlyCron::default(), &history, REPEAT).is_err(), "{path}");
    }
}
