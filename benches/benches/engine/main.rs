//! What a simulated segment costs: CPU, instructions and memory of `before-after`, what a second thread gains, and how long
//! the default run takes. See the crate's documentation for how to run it and how to read it.

mod cost;
mod default_run;
mod threads;
mod worker;

use benches::child;
use benches::machine::{cores, load_average};
use benches::say::{Mode, bound, flag, say, word};

/// The scenario that speed is measured on.
const SCENARIO: &str = "before-after";

/// Its viewers at the peak, as it ships (see its header).
const PEAK_VIEWERS: u32 = 50_000;

/// Viewers at the peak where the figures do not matter.
const QUICK_VIEWERS: u32 = 1_000;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
struct Plan {
    mode: Mode,
    /// Viewers at the peak.
    viewers: u32,
    /// Seeds from the scenario's first on.
    seeds: u32,
    /// How often everything is measured, in turn.
    rounds: u32,
}

impl Plan {
    /// Whether a bound is met; bounds are for the full case.
    fn judge(&self, value: f64, most: f64) -> String {
        if self.mode == Mode::Full && self.viewers == PEAK_VIEWERS {
            bound(value, most)
        } else {
            format!("at most {most}: not judged, a small case")
        }
    }
}

/// A part of the benchmark, by the name that `--only` knows.
struct Part {
    name: &'static str,
    report: fn(&Plan),
}

fn main() {
    if let Some(args) = child::worker_args() {
        return say(&worker::obey(&args));
    }
    if default_run::is_one() {
        return default_run::obey();
    }
    let mode = Mode::from_args();
    let (viewers, rounds) = if mode == Mode::Full { (PEAK_VIEWERS, 3) } else { (QUICK_VIEWERS, 1) };
    let plan = Plan {
        mode,
        viewers: flag("--viewers").unwrap_or(viewers),
        seeds: flag("--seeds").unwrap_or(1).max(1),
        rounds: flag("--rounds").unwrap_or(rounds).max(1),
    };
    head(&plan);
    let parts = [
        Part { name: "cost", report: cost::report },
        Part { name: "threads", report: threads::report },
        Part { name: "default-run", report: default_run::report },
    ];
    let only = word("--only");
    for Part { name, report } in parts {
        if only.as_deref().is_none_or(|only| only == name) {
            report(&plan);
        } else {
            say(&format!("\nleft out: {name} (--only)"));
        }
    }
}

fn head(plan: &Plan) {
    let load = load_average().map_or_else(|| "unknown".to_owned(), |load| format!("{load:.1}"));
    say(&format!(
        "engine: {SCENARIO}, {} viewers at the peak, {} seed(s), all arms, all faults; {} core(s), load average {load}; \
         best of {} round(s)",
        plan.viewers,
        plan.seeds,
        cores(),
        plan.rounds
    ));
    if plan.mode == Mode::Quick || plan.viewers != PEAK_VIEWERS {
        say("  a small case: fixed costs weigh more than in the full one, and bounds are not judged");
    }
    if !child::counts_instructions() {
        say("  left out: instructions (`perf stat` is missing or not allowed here)");
    }
}
