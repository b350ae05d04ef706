//! How many player-seconds our port of Sabre's loop replays per CPU-second, beside what Sabre itself was seen to do.
//!
//! The sessions are those that Sabre's figure was taken over: all traces, sets and algorithms. Without reference data a few
//! made-up traces are replayed, and the ratio is only a hint. That the results agree is not shown here but by
//! `rehearsal validate sabre`.

mod input;
mod sessions;

use std::path::PathBuf;

use benches::child::{self, Figures};
use benches::machine::{load_average, memory, thread_cpu};
use benches::say::{Mode, Table, flag, least, say, whole};

use sessions::Set;

/// Player-seconds per CPU-second of Sabre in process (commit 09b03bb0, Python 3.11) over all its traces and algorithms.
///
/// Measured once, when its results were recorded for `rehearsal validate sabre`, on a busy machine of this kind: 319.4 CPU
/// seconds. Being CPU time it still holds, to some tens of percent.
const SABRE: f64 = 23_435.0;

/// Sessions behind that figure.
const SABRE_SESSIONS: f64 = 31_528.0;

/// One trace in this many where the figures do not matter.
const QUICK_STEP: usize = 100;

/// CPU time has the grain of a scheduler tick: below this many seconds it says nothing.
const TRUSTED_S: f64 = 0.02;

fn main() {
    if let Some(args) = child::worker_args() {
        return say(&obey(&args));
    }
    let full = Mode::from_args() == Mode::Full;
    let rounds = flag("--rounds").unwrap_or(if full { 3 } else { 1 }).max(1);
    let step = if full { 1 } else { QUICK_STEP };
    let data = benches::reference_data("abr/sabre");
    let load = load_average().map_or_else(|| "unknown".to_owned(), |load| format!("{load:.1}"));
    say(&format!("sabre: replays on one thread, load average {load}, best of {rounds} round(s)"));
    match &data {
        Some(_) if full => {}
        Some(_) => say(&format!("  a small case: one trace in {QUICK_STEP}")),
        None => say(
            "  skipped: the Sabre traces (no reference data: set REHEARSAL_REFERENCE_DATA). Made-up traces instead:",
        ),
    }
    let orders = |replay: bool| {
        let place = data.as_ref().map_or_else(String::new, |path| path.to_string_lossy().into_owned());
        [place, step.to_string(), replay.to_string()].to_vec()
    };
    // What reading alone costs, to be taken off the instructions.
    let idle = child::run(&orders(false));
    let runs: Vec<Figures> = (0..rounds).map(|_| child::run(&orders(true))).collect();
    print(&runs, &idle, data.is_some());
}

/// In a process of its own: replays every session once, and prints for each set its sessions, player-seconds and
/// CPU-seconds.
fn obey(args: &[String]) -> String {
    let [place, step, replay] = args else { panic!("a worker is given three arguments") };
    let step: usize = step.parse().expect("a number");
    let sets = if place.is_empty() {
        sessions::made_up(step)
    } else {
        sessions::measured(&PathBuf::from(place), step)
    };
    let mut figures = Figures::default();
    for set in sets.iter().filter(|_| replay == "true") {
        let began = thread_cpu();
        let (sessions, player_s) = play(set);
        let cpu = thread_cpu().zip(began).map_or(f64::NAN, |(now, began)| (now - began).as_secs_f64());
        figures.put(&format!("{}/sessions", set.name), sessions);
        figures.put(&format!("{}/player_s", set.name), player_s);
        figures.put(&format!("{}/cpu_s", set.name), cpu);
    }
    figures.put("memory", memory().map_or(f64::NAN, |memory| bytes(memory.peak)));
    figures.lines()
}

/// Sessions and session seconds.
fn play(set: &Set) -> (f64, f64) {
    let (mut sessions, mut player_s) = (0.0, 0.0);
    for (_, replay) in sessions::algorithms(set.buffer) {
        for trace in &set.traces {
            let summary = replay.run(&set.manifest, trace).expect("the rules fit the manifest");
            player_s += std::hint::black_box(summary).play_time_s;
            sessions += 1.0;
        }
    }
    (sessions, player_s)
}

fn print(runs: &[Figures], idle: &Figures, measured: bool) {
    let mut table = Table::new(&["", "sessions", "player-s", "CPU s", "player-s per CPU-s"]);
    let row = |label: &str, [sessions, player_s, cpu_s]: [f64; 3]| {
        let speed = if cpu_s < TRUSTED_S { "too short".to_owned() } else { whole(player_s / cpu_s) };
        (label.to_owned(), [whole(sessions), whole(player_s), format!("{cpu_s:.3}"), speed])
    };
    let names: &[&str] = if measured { &sessions::SETS } else { &[sessions::MADE_UP] };
    let mut total = [0.0; 3];
    for name in names {
        let of = |what: &str| runs.iter().map(|run| run.get(&format!("{name}/{what}"))).collect::<Vec<_>>();
        let sums = [of("sessions")[0], of("player_s")[0], least(&of("cpu_s"))];
        total.iter_mut().zip(sums).for_each(|(total, part)| *total += part);
        let (label, cells) = row(name, sums);
        table.row(&label, cells);
    }
    let (label, cells) = row("all", total);
    table.row(&label, cells);
    say(&table.text());
    let [sessions, player_s, cpu_s] = total;
    let ours = player_s / cpu_s;
    let same = if sessions == SABRE_SESSIONS { "the same sessions" } else { "other sessions: a hint only" };
    say(&format!(
        "  Sabre's stored figure: {} player-s per CPU-s; ours over it: {:.0} ({same})",
        whole(SABRE),
        ours / SABRE
    ));
    if let Some((busy, idle)) = runs[0].instructions.zip(idle.instructions) {
        say(&format!("  instructions per player-second: {}", whole((busy - idle) / player_s)));
    }
    say(&format!("  memory at its peak, traces included: {:.0} MB", runs[0].get("memory") / 1e6));
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53 bytes")]
fn bytes(count: u64) -> f64 {
    count as f64
}
