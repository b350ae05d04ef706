//! Benchmarks: what the engine costs, and how it compares with its peer. Nothing depends on this package.
//!
//! Speed is measured here and never in a test, because a test that times itself fails on a busy machine. No bound makes a
//! benchmark fail: it prints `met` or `MISSED`, and the reader decides.
//!
//! | command | what it measures | time |
//! |---|---|---|
//! | `cargo bench -p benches --bench billing` | decisions a second; webhooks a second through HTTP to the disk, beside the parts alone; wait for the answer at 70 % of the rate | half a minute |
//! | `cargo bench -p benches --bench catalog_feed` | from a commit of the catalogue to the first search that obeys it, under 1,000 edits of availability a second | a minute |
//! | `cargo bench -p benches --bench catalog_import -- --titles 1000000 --kills 3` | records a second into the catalogue, the import killed and started again on the way | minutes |
//! | `cargo bench -p benches --bench engine` | CPU and instructions per completed segment of `before-after`, by arm and phase; memory; two threads over one; the default run | minutes |
//! | `cargo bench -p benches --bench sabre` | player-seconds per CPU-second of our port of Sabre's loop, beside Sabre's stored figure | seconds |
//! | `cargo bench -p benches --bench search` | CPU per query and per keystroke of the search, beside the index library's own query parser over the same titles | minutes |
//! | `cargo bench -p benches --bench search_http` | time in the handler at 200 keystrokes a second over loopback, and from an edit of availability to the first right answer, under 1,000 edits a second | a minute |
//! | `cargo bench -p benches --bench small` | the parts that a segment passes through, one by one (criterion) | minutes |
//!
//! `cargo bench -p benches -- --quick` and `cargo test -p benches --benches` run all of them on small cases, to see that they
//! work. After `--`, `engine` also takes `--seeds N` (default 1), `--rounds N` (default 3), `--viewers N` (default 50,000) and
//! `--only cost`, `--only threads` or `--only default-run`; `sabre` takes `--rounds N`; `small` takes what criterion takes,
//! for example `-- fair_share`.
//!
//! # What `engine` measures
//!
//! - The scenario as it ships: 50,000 viewers at the peak, both arms, both faults, warm-up included. Every job runs in a
//!   process of its own, so that its memory is its own and `perf stat` can count its instructions.
//! - *Set-up* is what a run costs up to the end of its first epoch: the plan of sessions (in the default run arms share it;
//!   here each arm pays for its own), the tables of the stage, the warm caches. *Epochs* is the rest of the run,
//!   *measurements* turns its sums into the metrics of a report.
//! - Left out of the cost of a segment: reading the scenario, judging gates, rendering and writing files, the sensitivity
//!   table. The default run, measured last, contains them all.
//! - A *completed segment* is one whose body a player has received whole, warm-up included: `Sums::segments`.
//! - Memory per viewer is all that the process gained, divided by the viewers at the peak: plan, caches and results too.
//!
//! # How to read the figures
//!
//! - CPU time, not wall time, except where the wall is what is asked (threads, the default run). It has the grain of a
//!   scheduler tick. On a shared machine it still varies by tens of percent, because neighbours empty the caches and share
//!   memory bandwidth; so every figure is the least of some rounds, taken in turn.
//! - Instructions do not vary with load: compare those first when judging a change. They say nothing of cache misses.
//! - A ratio of wall times holds only if both sides had the cores they wanted. `waited` beside it says how long they did not;
//!   above 5 % the ratio is printed and not judged. `busiest`, the CPU of the busiest of two threads over that of the one,
//!   is then a hint: split as it was, the work could not have ended sooner on any machine.
//! - `too short`, `NaN`: less than the grain of the clock, or a system that does not tell.
//! - Figures of different machines, or of different days, are not compared. Measure both sides in one sitting.
//!
//! Modules: [`machine`] (time and memory), [`child`] (pieces as processes of their own), [`say`] (arguments and tables).

use std::path::{Path, PathBuf};

pub mod child;
pub mod machine;
pub mod say;

/// The folder of reference data below `part` (for example `abr/sabre`), or `None` where there is none.
///
/// Looks in `REHEARSAL_REFERENCE_DATA`, else for `shared/data` in a parent of the checkout, as the tests do.
#[must_use]
pub fn reference_data(part: &str) -> Option<PathBuf> {
    let found = std::env::var_os("REHEARSAL_REFERENCE_DATA").map(PathBuf::from).or_else(|| {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .map(|dir| dir.join("shared/data"))
            .find(|dir| dir.is_dir())
    });
    found.map(|dir| dir.join(part)).filter(|dir| dir.exists())
}
