//! The kit on its own specimen: right, it passes; wrong in any one way, it is found out.

use super::core_system::CoreSystem;
use super::generate;
use super::runner::{Failure, run, run_seeds};
use super::sometimes::Sometimes;
use super::specimen::{Fault, Specimen};
use super::system::Billing;

/// Histories of an ordinary test run; `REHEARSAL_HISTORIES` asks for another number.
fn histories() -> u64 {
    std::env::var("REHEARSAL_HISTORIES").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000)
}

fn command(test: &str) -> String {
    format!("REHEARSAL_SEED={{seed}} cargo test -p platform-core --lib kit::tests::{test}")
}

/// The seeds to run: one, if `REHEARSAL_SEED` names it.
fn seeds() -> std::ops::RangeInclusive<u64> {
    match std::env::var("REHEARSAL_SEED").ok().and_then(|text| text.parse().ok()) {
        Some(seed) => seed..=seed,
        None => 1..=histories(),
    }
}

fn caught(fault: Fault) -> Result<Box<Failure>, Fault> {
    run_seeds(&Specimen::with(fault), 1..=20, "").err().ok_or(fault)
}

/// Runs all seeds on as many threads as there are cores; which thread runs a seed changes nothing but the order.
fn run_in_parallel<B: Billing + Default>(seeds: &[u64], repeat: &str) -> Result<Sometimes, Box<Failure>> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let shares = seeds.chunks(seeds.len().div_ceil(threads).max(1));
    std::thread::scope(|scope| {
        let running: Vec<_> = shares
            .map(|share| scope.spawn(move || run_seeds(&B::default(), share.iter().copied(), repeat)))
            .collect();
        running.into_iter().try_fold(Sometimes::default(), |mut all, thread| {
            all.add(&thread.join().expect("a failure is a value")?);
            Ok(all)
        })
    })
}

#[test]
fn a_right_system_passes_every_history_and_everything_happens_sometimes() {
    let seeds: Vec<u64> = seeds().collect();
    let found = run_in_parallel::<Specimen>(&seeds, &command("a_right_system"));
    let sometimes = found.unwrap_or_else(|failure| panic!("\n{failure}\n"));
    // A single seed is a repetition, and need not be rich.
    if seeds.len() > 1_000 {
        assert_eq!(sometimes.never(), [], "\n{sometimes}");
    }
}

#[test]
fn the_core_passes_every_history_and_everything_happens_sometimes() {
    let seeds: Vec<u64> = seeds().collect();
    let found = run_in_parallel::<CoreSystem>(&seeds, &command("the_core"));
    let sometimes = found.unwrap_or_else(|failure| panic!("\n{failure}\n"));
    if seeds.len() > 1_000 {
        assert_eq!(sometimes.never(), [], "\n{sometimes}");
    }
}

#[test]
fn every_planted_fault_is_caught_within_twenty_seeds() {
    let missed: Vec<Fault> = Fault::ALL.into_iter().filter_map(|fault| caught(fault).err()).collect();
    assert_eq!(missed, []);
}

#[test]
fn a_failing_history_shrinks_to_a_few_steps_and_says_how_to_repeat_it() {
    let failure =
        run_seeds(&Specimen::with(Fault::UnknownAsFailed), 1..=20, "again {seed}").expect_err("planted");
    assert!(failure.history.steps.len() <= 6, "{failure}");
    assert!(failure.steps_before >= 35);
    let again = run(&Specimen::with(Fault::UnknownAsFailed), &failure.history);
    assert_eq!(again.broken, Some((failure.after_step, failure.violation.clone())));
    let text = failure.to_string();
    for words in
        [&format!("again {}", failure.history.seed), &format!("seed {}", failure.history.seed), "step | what"]
    {
        assert!(text.contains(words), "{text}");
    }
    assert_eq!(
        run(&Specimen::default(), &failure.history).broken,
        None,
        "the right system passes what the wrong one fails"
    );
}

#[test]
fn a_history_that_was_kept_runs_as_the_seed_did() {
    let history = generate::history(5);
    let kept = serde_json::to_string(&history).expect("plain data");
    assert_eq!(serde_json::from_str::<super::history::History>(&kept).expect("own output"), history);
    assert_eq!(run(&Specimen::default(), &history), run(&Specimen::default(), &history));
}
