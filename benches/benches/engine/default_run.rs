//! How long `rehearsal` without a word takes: all arms, all seeds, sensitivity table, gates, files.

use std::fs;
use std::process::{Command, Stdio};

use benches::machine::{Stopwatch, children_cpu, cores};
use benches::say::{Mode, Table, say, whole};

use super::{Plan, SCENARIO};

/// Most wall time of the default run on two cores.
const WALL_S_MAX: f64 = 180.0;

/// Set in the process that is the program itself.
const MARK: &str = "REHEARSAL_BENCH_DEFAULT_RUN";

/// Whether this process is to be `rehearsal`.
pub(super) fn is_one() -> bool {
    std::env::var_os(MARK).is_some()
}

/// Is `rehearsal`: reads the arguments, prints the verdict. What it judges is not this benchmark's business, so its exit
/// code is dropped.
pub(super) fn obey() {
    let _ = rehearsal::verbs::main();
}

pub(super) fn report(plan: &Plan) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(std::env::current_exe().expect("a running program knows its file"));
    command.env(MARK, "1").args(["run", SCENARIO, "--out"]).arg(folder.path());
    if plan.mode == Mode::Quick {
        command.args(["--seeds", "1", "--no-sensitivity", "--set", "scale.audience=0.02"]);
    }
    let (watch, before) = (Stopwatch::start(), children_cpu());
    let output = command.stdin(Stdio::null()).output().expect("this program can be run again");
    let wall_s = watch.elapsed().as_secs_f64();
    let cpu_s = children_cpu().zip(before).map_or(f64::NAN, |(now, before)| (now - before).as_secs_f64());
    let host = fs::read_to_string(folder.path().join("host.json")).unwrap_or_else(|error| {
        panic!("the run left no host.json: {error}\n{}", String::from_utf8_lossy(&output.stderr))
    });
    let host: serde_json::Value = serde_json::from_str(&host).expect("host.json is JSON");
    let number = |name: &str| host[name].as_f64().unwrap_or(f64::NAN);
    let mut table = Table::new(&["", ""]);
    table.row("wall seconds, process", [format!("{wall_s:.1}")]);
    table.row("wall seconds, simulation alone", [format!("{:.1}", number("simulate_wall_seconds"))]);
    table.row("CPU seconds, process", [format!("{cpu_s:.1}")]);
    table.row(
        "CPU seconds over threads: the wall on an idle machine, at least",
        [format!("{:.1}", cpu_s / number("threads"))],
    );
    table.row("threads", [whole(number("threads"))]);
    table.row("segments completed", [whole(number("segments"))]);
    table.row("memory at its peak, MB", [whole(number("peak_memory_kb") * 1_024.0 / 1e6)]);
    say(&format!(
        "\nthe default run, once (`rehearsal run {SCENARIO}`: seeds, sensitivity table, gates, files)\n{}",
        table.text()
    ));
    say(&format!("  wall seconds on {} core(s): {wall_s:.1} ({})", cores(), plan.judge(wall_s, WALL_S_MAX)));
}
