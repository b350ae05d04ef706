//! Billing: decisions per second in memory, and webhooks per second through HTTP to the disk beside what the parts can do alone.
//!
//! Server and clients share this process and its cores. Rates are of closed loops over kept-alive connections; the wait for an
//! answer is measured in an open loop at 70 % of the rate, counted from when a webhook was due.

mod decisions;
mod ingest;
mod retention;

use benches::machine::load_average;
use benches::say::{Mode, say};

fn main() {
    let mode = Mode::from_args();
    let load = load_average().map_or_else(|| "unknown".to_owned(), |load| format!("{load:.1}"));
    say(&format!("billing, load average {load}"));
    decisions::run(mode == Mode::Quick);
    ingest::run(mode == Mode::Quick);
    retention::run(mode == Mode::Quick);
}
