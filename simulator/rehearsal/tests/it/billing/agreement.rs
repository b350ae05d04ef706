//! The core in memory and the full stack agree: the same histories end in the same business tables.

use platform_core::kit::core_system::CoreSystem;
use platform_core::kit::generate;
use platform_core::kit::history::History;
use platform_core::kit::runner::run;

use super::full_stack::FullStack;
use super::in_parallel;
use super::tables::{first_difference, tables};

/// Events in all, at least.
const EVENTS: usize = 10_000;

/// Runs a history on both; where they part.
fn parted(history: &History, core: &CoreSystem, full: &FullStack) -> Option<String> {
    let (of_core, of_full) = (run(core, history), run(full, history));
    if of_core != of_full {
        return Some(format!("core {of_core:?}\nfull stack {of_full:?}"));
    }
    first_difference(&tables(&core.books()), &tables(&full.books()))
}

#[test]
fn ten_thousand_events_end_in_the_same_tables_in_memory_and_over_http_and_sqlite() {
    let mut events = 0;
    let seeds: Vec<u64> = (1..)
        .take_while(|seed| {
            let goes_on = events < EVENTS;
            events += generate::history(*seed).steps.len();
            goes_on
        })
        .collect();
    let rows: usize = in_parallel(&seeds, |share| {
        let (core, full) = (CoreSystem::default(), FullStack::default());
        let mut rows = 0;
        for seed in share {
            let history = generate::history(*seed);
            if let Some(difference) = parted(&history, &core, &full) {
                panic!("\nseed {seed}: {difference}\n{history}\n");
            }
            rows += tables(&core.books()).len();
        }
        rows
    })
    .into_iter()
    .sum();
    assert!(rows > EVENTS, "{} histories made only {rows} rows", seeds.len());
    println!("{} histories, {events} events, {rows} rows are the same", seeds.len());
}

#[test]
fn a_row_that_differs_is_named() {
    let (one, other) = (CoreSystem::default(), CoreSystem::default());
    let history = generate::history(1);
    drop(run(&one, &history));
    let shorter = history.with_steps(history.steps[..history.steps.len() / 2].to_vec());
    drop(run(&other, &shorter));
    let (one, mut other) = (tables(&one.books()), tables(&other.books()));
    assert!(first_difference(&one, &other).is_some_and(|text| text.contains('`')));
    other.clone_from(&one);
    assert_eq!(first_difference(&one, &other), None);
    other.pop_last();
    assert!(first_difference(&one, &other).is_some_and(|text| text.contains("no row")));
}
