//! Non-determinism that a test plants: something that no seed decides, from a given epoch on, in given cells.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rehearsal::assemble::{Parts, report};
use rehearsal::reproduce::{Again, Divergence, Reproduced, jobs, reproduce};
use rehearsal::simulate::{Ran, Runner, Unwatched};
use scenarios::{Document, NoFiles};
use units::draws::mix;
use units::{Micros, Seed};

/// Epochs of 250 ms in a minute.
const MINUTE: u64 = 240;

/// The report of a small run with two seeds, made in this process.
fn report_text() -> String {
    let mut document = Document::open("smoke", &NoFiles).expect("it ships");
    for (key, value) in
        [("scale.audience", "0.01"), ("run.seeds", "{ min = 2, max = 2 }"), ("run.duration", "3m30s")]
    {
        document.set(key, value).expect("a key of the scenario");
    }
    let resolved = document.resolve(&NoFiles).expect("a valid scenario");
    let stop = AtomicBool::new(false);
    let runner = Runner { threads: 2, stop: &stop, watcher: &Unwatched, plant: None };
    let ran: Vec<Ran> =
        runner.run(&jobs(&resolved, &[Seed(1), Seed(2)])).expect("it runs").into_iter().flatten().collect();
    let repeat = "rehearsal run smoke".to_owned();
    let parts = Parts { resolved: &resolved, ran, sensitivity: None, baseline: None, complete: true, repeat };
    report(parts).expect("it is judged").to_json()
}

fn again<'a>(plant: Option<&'a (dyn Fn(u64, u16) -> u64 + Sync)>, threads: usize) -> Again<'a> {
    Again { threads, watcher: &Unwatched, baseline: None, plant }
}

/// Plants a count of calls, which depends on what ran before, and expects its epoch and cells to be named.
#[track_caller]
fn named(text: &str, from: u64, cells: &[u16]) {
    for threads in [1, 3] {
        let calls = AtomicU64::new(1);
        let plant = |epoch: u64, cell: u16| {
            if epoch >= from && cells.contains(&cell) {
                mix(calls.fetch_add(1, Ordering::Relaxed))
            } else {
                0
            }
        };
        let reproduced = reproduce(text, again(Some(&plant), threads)).expect("it runs");
        // The last minute is not complete: no hash by cell was taken at its end.
        let shown = if from < 3 * MINUTE {
            cells.iter().map(|&cell| usize::from(cell)).collect()
        } else {
            Vec::new()
        };
        let expected = Divergence {
            arm: "before".to_owned(),
            seed: Seed(1),
            epoch: usize::try_from(from).expect("a small number"),
            at: Micros(from * 250_000),
            cells: shown,
        };
        assert_eq!(reproduced, Reproduced::Diverged(expected), "{threads} threads");
        assert_eq!(reproduced.exit_code(), 99);
    }
}

#[test]
fn planted_non_determinism_is_found_with_its_epoch_and_cells() {
    let text = report_text();
    let same = reproduce(&text, again(None, 2)).expect("it runs");
    assert!(matches!(same, Reproduced::Same { .. }), "{same:?}");
    assert_eq!(same.exit_code(), 0);
    named(&text, 0, &[0]);
    named(&text, 123, &[5]);
    // The last epoch of a minute, and the first of the next.
    named(&text, MINUTE - 1, &[7, 63]);
    named(&text, MINUTE, &[1, 2, 3]);
    named(&text, 3 * MINUTE + 20, &[9]);
}
