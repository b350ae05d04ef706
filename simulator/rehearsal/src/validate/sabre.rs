//! `rehearsal validate sabre`: our rules and replay against results and decision logs that Sabre printed.
//!
//! A table row passes if every column agrees: times, scores and bitrates within `TOLERANCE`, rebuffer events exactly. A log
//! passes if every decision is the same and every printed whole number within one. Tables may miss 0.1 % of their rows,
//! because the order of additions decides ties; logs none.

mod clock;
mod flags;
mod input;
mod log;
mod table;

use std::path::{Path, PathBuf};
use std::time::Duration;

use actors::sabre::replay::{Manifest, Summary};
use anyhow::{Context, bail};
use rayon::prelude::*;

use super::{Validation, Worst};
use input::Library;
use table::Row;

/// Largest difference of a printed value, in its own unit (s, kbit/s or utility): values have six decimals.
const TOLERANCE: f64 = 5e-6;

/// The column that must agree exactly.
const EVENTS: &str = "total rebuffer events";

/// One row in this many may differ.
const ROWS_PER_FAILURE: u64 = 1_000;

/// Most failures that are spelled out.
const FAILURES_SHOWN: usize = 10;

/// Replays golden tables (`*.csv`, `*.csv.gz`) and decision logs (`*.log`) with the traces and manifests of `data`.
///
/// `data` holds `traces-*.json` and `manifest-*.json`; the trace of a log `name-algorithm.log` is `name.json` beside it.
/// The result does not depend on the number of threads, `throughput` apart.
///
/// # Errors
/// A file that is missing or not understood, a set, algorithm or trace that is unknown; the text says which and where.
pub fn run(data: &Path, golden: &[PathBuf]) -> anyhow::Result<Validation> {
    if golden.is_empty() {
        bail!("no golden file given: --golden takes golden-*.csv.gz and decision logs (*.log)");
    }
    let mut library = Library::open(data)?;
    let mut tally = Tally::default();
    for path in golden {
        match Golden::of(path)? {
            Golden::Table => check_table(path, &mut library, &mut tally),
            Golden::Log { trace, algorithm } => check_log(path, &trace, algorithm, &mut library, &mut tally),
        }
        .with_context(|| format!("while checking `{}`", path.display()))?;
    }
    Ok(tally.verdict())
}

/// What a golden file is, by its name.
enum Golden {
    Table,
    Log { trace: PathBuf, algorithm: &'static str },
}

impl Golden {
    fn of(path: &Path) -> anyhow::Result<Self> {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        if name.ends_with(".csv") || name.ends_with(".csv.gz") {
            return Ok(Self::Table);
        }
        let Some(stem) = name.strip_suffix(".log") else {
            bail!("`{}` is neither a table (*.csv, *.csv.gz) nor a decision log (*.log)", path.display());
        };
        let split =
            |algorithm: &&'static str| stem.strip_suffix(*algorithm)?.strip_suffix('-').map(str::to_owned);
        let found = flags::ALGORITHMS.iter().find_map(|algorithm| Some((split(algorithm)?, *algorithm)));
        let Some((trace, algorithm)) = found else {
            bail!(
                "`{}`: the name of a log is `trace-algorithm.log` with one of {}",
                path.display(),
                flags::ALGORITHMS.join(", ")
            );
        };
        Ok(Self::Log { trace: path.with_file_name(format!("{trace}.json")), algorithm })
    }
}

/// What one row came to.
struct Outcome {
    worst: Worst,
    /// Expected and actual values, if they differ.
    failure: Option<String>,
    /// Session time.
    played_s: f64,
    /// Wall time of the replay.
    spent: Duration,
}

fn check_table(path: &Path, library: &mut Library, tally: &mut Tally) -> anyhow::Result<()> {
    let rows = table::parse(&input::read_text(path)?)?;
    for row in &rows {
        library.load_manifest(row.set.manifest)?;
        library.load_traces(row.set.traces)?;
    }
    let titles: Vec<(&str, Manifest)> = flags::SETS
        .iter()
        .filter(|set| rows.iter().any(|row| row.set == **set))
        .map(|set| {
            let manifest = library.manifest(set.manifest).clone();
            (set.name, set.length.map_or(manifest.clone(), |length| manifest.with_length(length)))
        })
        .collect();
    let title =
        |row: &Row| &titles.iter().find(|(name, _)| *name == row.set.name).expect("made for all rows").1;
    let (outcomes, cpu) = clock::cpu(|| -> Vec<anyhow::Result<Outcome>> {
        rows.par_iter().map(|row| check_row(row, title(row), library)).collect()
    });
    let mut wall = Duration::ZERO;
    for outcome in outcomes {
        let outcome = outcome?;
        wall += outcome.spent;
        tally.count(outcome);
    }
    tally.spent += cpu.unwrap_or(wall);
    Ok(())
}

fn check_row(row: &Row, manifest: &Manifest, library: &Library) -> anyhow::Result<Outcome> {
    let Row { set, algorithm, trace: name, .. } = row;
    let trace = library
        .trace(set.traces, name)
        .with_context(|| format!("trace `{name}` of set `{}` is not in `{}`", set.name, set.traces))?;
    let (summary, spent) = clock::wall(|| row.replay.run(manifest, trace));
    let summary = summary.with_context(|| format!("{},{algorithm},{name}", set.name))?;
    let columns = summary.columns();
    let mut outcome = Outcome {
        worst: Worst { difference: 0.0, at: String::new() },
        failure: None,
        played_s: summary.play_time_s,
        spent,
    };
    let mut differing = Vec::new();
    for (column, expected) in &row.expected {
        let (label, actual) = columns[*column];
        let difference = (actual - expected).abs();
        if difference > outcome.worst.difference {
            outcome.worst = Worst { difference, at: format!("{},{algorithm},{name}: {label}", set.name) };
        }
        if difference > if label == EVENTS { 0.0 } else { TOLERANCE } {
            differing.push(format!("{label} expected {expected}, got {actual}"));
        }
    }
    if !differing.is_empty() {
        outcome.failure = Some(format!("{},{algorithm},{name}: {}", set.name, differing.join("; ")));
    }
    Ok(outcome)
}

fn check_log(
    path: &Path,
    trace: &Path,
    algorithm: &str,
    library: &mut Library,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let text = input::read_text(path)?;
    let log = log::Log::parse(&text)?;
    let trace = input::read_trace(trace)?;
    library.load_manifest(flags::MANIFEST_HD)?;
    let manifest = library.manifest(flags::MANIFEST_HD);
    let replay = flags::replay(algorithm, flags::BUFFER).expect("a log's name holds a known algorithm");
    let (replayed, spent) = clock::wall(|| replay.run_logged(manifest, &trace));
    let (summary, records) = replayed?;
    let differences = log.differences(&records, &summary, manifest.ladder());
    tally.count_log(path, &differences, &summary, spent);
    Ok(())
}

/// Sums over rows, in the order of the files.
#[derive(Default)]
struct Tally {
    found: Validation,
    failed_logs: u64,
    played_s: f64,
    spent: Duration,
}

impl Tally {
    fn count(&mut self, outcome: Outcome) {
        self.played_s += outcome.played_s;
        if self.found.worst.as_ref().is_none_or(|worst| outcome.worst.difference > worst.difference) {
            self.found.worst = Some(outcome.worst);
        }
        match outcome.failure {
            None => self.found.passed += 1,
            Some(failure) => self.fail(failure),
        }
    }

    fn count_log(&mut self, path: &Path, differences: &[String], summary: &Summary, spent: Duration) {
        self.played_s += summary.play_time_s;
        self.spent += spent;
        match differences {
            [] => self.found.passed += 1,
            [first, rest @ ..] => {
                self.failed_logs += 1;
                let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
                self.fail(format!("{name}: {first} ({} more)", rest.len()));
            }
        }
    }

    fn fail(&mut self, failure: String) {
        self.found.failed += 1;
        if self.found.first_failures.len() < FAILURES_SHOWN {
            self.found.first_failures.push(failure);
        }
    }

    fn verdict(self) -> Validation {
        let rows = self.found.passed + self.found.failed;
        Validation {
            throughput: self.played_s / self.spent.as_secs_f64().max(1e-9),
            throughput_unit: "player-seconds per CPU-second",
            agrees: self.failed_logs == 0 && self.found.failed * ROWS_PER_FAILURE <= rows,
            ..self.found
        }
    }
}
