//! The kit's histories over HTTP and SQLite: the same seeds, invariants and shrinking as for the core in memory.

use platform_core::kit::runner::run_seeds;
use platform_core::kit::sometimes::Sometimes;

use super::full_stack::FullStack;
use super::{asked_for, in_parallel};

/// Histories of an ordinary test run; `REHEARSAL_HISTORIES_HTTP` asks for another number, and `REHEARSAL_SEED` for one history.
const HISTORIES: u64 = 200;

const REPEAT: &str = "REHEARSAL_SEED={seed} cargo test -p rehearsal --test it billing::histories";

#[test]
fn the_full_stack_passes_every_history_and_everything_happens_sometimes() {
    let seeds: Vec<u64> = match asked_for("REHEARSAL_SEED") {
        Some(seed) => vec![seed],
        None => (1..=asked_for("REHEARSAL_HISTORIES_HTTP").unwrap_or(HISTORIES)).collect(),
    };
    let found = in_parallel(&seeds, |share| run_seeds(&FullStack::default(), share.iter().copied(), REPEAT));
    let mut sometimes = Sometimes::default();
    for share in found {
        sometimes.add(&share.unwrap_or_else(|failure| panic!("\n{failure}\n")));
    }
    // A few histories need not be rich.
    if seeds.len() >= 1_000 {
        assert_eq!(sometimes.never(), [], "\n{sometimes}");
    }
}
