//! `rehearsal run`: simulate, judge, write, say.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reports::gate::{GateResult, GateState, Severity};
use reports::render::{self, Colour};
use reports::verdict::{OnInconclusive, joint_exit_code};
use reports::{Report, SeedRun, stats};
use scenarios::Resolved;
use scenarios::document::Document;
use serde_json::json;
use units::{Micros, Seed};

use super::sensitivity::{Crew, Table};
use super::{open_for_run, resolve, threads};
use crate::assemble::{self, Parts};
use crate::cli::RunArgs;
use crate::failure::{Failure, Outcome, exit};
use crate::files::{OutputFolder, read_text};
use crate::host::Stopwatch;
use crate::progress::Progress;
use crate::reproduce::jobs;
use crate::simulate::{Ran, Runner};
use crate::terminal;

/// What `rehearsal` alone means.
pub(super) fn default_args() -> RunArgs {
    RunArgs {
        scenarios: Vec::new(),
        seed: None,
        seeds: None,
        arm: Vec::new(),
        set: Vec::new(),
        threads: None,
        budget: None,
        baseline: None,
        out: None,
        no_sensitivity: false,
        json: false,
    }
}

/// Runs one scenario after the other; the exit code is the worst of theirs.
pub(super) fn run(args: &RunArgs) -> Outcome {
    let default = [scenarios::library::DEFAULT.to_owned()];
    let names = if args.scenarios.is_empty() { &default[..] } else { &args.scenarios[..] };
    let budget = args.budget.as_deref().map(budget).transpose()?;
    let baseline = args.baseline.as_deref().map(baseline).transpose()?;
    // All scenarios are read and all folders made before the first is run: a mistake in the last should not cost the
    // time of the others.
    let mut prepared = Vec::new();
    for name in names {
        let document = open_for_run(name, args)?;
        let resolved = resolve(&document, &args.arm)?;
        prepared.push((name, document, resolved));
    }
    names_differ(prepared.iter().map(|(_, _, resolved)| resolved.name.as_str()))?;
    // Before anything is made, so that whoever sees the folder may already press Ctrl-C.
    let stop = stop_on_interrupt();
    let folders = prepared
        .iter()
        .map(|(_, _, resolved)| OutputFolder::create(&out_folder(args, resolved, names.len())));
    let folders: Vec<OutputFolder> = folders.collect::<Result<_, _>>()?;
    let mut ended = Vec::new();
    for ((name, document, resolved), folder) in prepared.into_iter().zip(&folders) {
        let rehearsal = Rehearsal { args, name, document, resolved, budget, folder, stop: &stop };
        ended.push(rehearsal.run_to_end(baseline.clone()));
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    if args.json {
        let reports: Vec<&str> = ended.iter().filter_map(|ended| ended.json.as_deref()).collect();
        match (names.len(), &reports[..]) {
            (1, reports) => reports.iter().for_each(|report| terminal::data(report)),
            (_, reports) => terminal::data(&format!("[{}]", reports.join(",\n"))),
        }
    }
    ended
        .iter()
        .filter_map(|ended| ended.repeat.as_ref())
        .for_each(|repeat| terminal::note(&format!("repeat: {repeat}")));
    Ok(joint_exit_code(ended.iter().map(|ended| ended.code)))
}

/// What one scenario came to.
struct Ended {
    code: u8,
    /// `report.json`, where it is printed.
    json: Option<String>,
    /// The command that repeats a failure.
    repeat: Option<String>,
}

/// Scenarios of one name would write into one folder, and the last would win.
fn names_differ<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
    let mut seen = Vec::new();
    for name in names {
        if seen.contains(&name) {
            return Err(Failure::usage(format!("two scenarios are called `{name}`"))
                .hint("results go to a folder of that name: run them one by one, or rename one"));
        }
        seen.push(name);
    }
    Ok(())
}

fn out_folder(args: &RunArgs, resolved: &Resolved, scenarios: usize) -> PathBuf {
    match &args.out {
        Some(out) if scenarios > 1 => out.join(&resolved.name),
        Some(out) => out.clone(),
        None => Path::new("reports/out").join(&resolved.name),
    }
}

fn budget(text: &str) -> Result<Micros, Failure> {
    reports::gate::parse_span(text).map_err(|error| {
        Failure::usage(format!("--budget {text}: {error}"))
            .hint("write a number with a unit, for example --budget 3m")
    })
}

pub(super) fn baseline(path: &Path) -> Result<Vec<SeedRun>, Failure> {
    let hint = "--baseline takes the report.json of an earlier run";
    let failed = |failure: Failure| Failure { code: exit::CANNOT_JUDGE, ..failure }.hint(hint);
    let text = read_text(path).map_err(failed)?;
    let report = Report::from_json(&text).map_err(|error| {
        Failure::cannot_judge(format!("{}: {:#}", path.display(), anyhow::Error::from(error))).hint(hint)
    })?;
    Ok(report.runs)
}

/// Set by Ctrl-C, so that what was finished is still judged and written.
fn stop_on_interrupt() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let handler = move || {
        if flag.swap(true, Ordering::Relaxed) {
            end_at_once();
        }
    };
    // Without a handler Ctrl-C ends the program at once, as usual: nothing is lost but the partial report.
    let _ = ctrlc::set_handler(handler);
    stop
}

/// The second Ctrl-C: whoever is at the keyboard means it.
#[expect(clippy::exit, reason = "the run is busy, and what it would still write is not wanted")]
fn end_at_once() -> ! {
    std::process::exit(i32::from(exit::INTERRUPTED))
}

/// One scenario, about to be run.
struct Rehearsal<'a> {
    args: &'a RunArgs,
    name: &'a str,
    document: Document,
    resolved: Resolved,
    budget: Option<Micros>,
    folder: &'a OutputFolder,
    stop: &'a AtomicBool,
}

impl Rehearsal<'_> {
    /// Runs it, and says why where it could not; either way with the command that repeats what failed.
    fn run_to_end(self, baseline: Option<Vec<SeedRun>>) -> Ended {
        let mut words = self.repeat(&terminal::program());
        if self.args.out.is_some() {
            words.extend(["--out".to_owned(), self.folder.path().display().to_string()]);
        }
        let (code, json) = self.run(baseline).unwrap_or_else(|failure| {
            terminal::note(&failure.to_string());
            (failure.code, None)
        });
        Ended { code, json, repeat: (code != exit::OK).then(|| terminal::command(&words)) }
    }

    /// The exit code, and `report.json` where it is to be printed.
    fn run(mut self, baseline: Option<Vec<SeedRun>>) -> Result<(u8, Option<String>), Failure> {
        let watch = Stopwatch::start();
        let threads = threads(self.args.threads);
        let table = if self.args.no_sensitivity { None } else { Table::of(&self.document, &self.resolved)? };
        let table = table.filter(|_| {
            self.budget.is_none_or(|_| {
                terminal::note("the sensitivity table is left out: it has no place in a budget");
                false
            })
        });
        let scenario = self.resolved.name.clone();
        let crew = Crew { scenario: &scenario, threads, stop: self.stop };
        let looked = match table.as_ref().filter(|table| table.is_smaller()) {
            Some(table) => crew.first_look(table)?,
            None => Vec::new(),
        };
        let looked_for = watch.elapsed();
        let (ran, complete) = self.simulate(threads, &watch, baseline.as_deref())?;
        if ran.is_empty() && !complete {
            terminal::note("interrupted before the first seed was done: nothing to report");
            return Ok((exit::INTERRUPTED, None));
        }
        self.keep_only(&ran)?;
        let simulated = watch.elapsed() - looked_for;
        let sensitivity = match &table {
            Some(table) if complete => crew.finish(table, looked)?,
            _ => None,
        };
        let complete = complete && !self.stop.load(Ordering::Relaxed);
        let segments: u64 = ran.iter().map(|ran| ran.segments).sum();
        let events: u64 = ran.iter().map(|ran| ran.events).sum();
        let report = assemble::report(Parts {
            resolved: &self.resolved,
            ran,
            sensitivity,
            baseline,
            complete,
            repeat: terminal::command(&self.repeat("rehearsal")),
        })?;
        let host = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "os": std::env::consts::OS,
            "arch": std::env::consts::ARCH,
            "threads": threads,
            "wall_seconds": watch.elapsed().as_secs_f64(),
            "simulate_wall_seconds": simulated.as_secs_f64(),
            "segments": segments,
            "events": events,
            "peak_memory_kb": crate::host::peak_memory_kb(),
        });
        self.folder.write_all(&outputs(&report, &host))?;
        Ok((self.say(&report), self.args.json.then(|| report.to_json().trim_end().to_owned())))
    }

    /// The runs of all looks that were needed, and whether they ran to their end.
    fn simulate(
        &self,
        threads: usize,
        watch: &Stopwatch,
        baseline: Option<&[SeedRun]>,
    ) -> Result<(Vec<Ran>, bool), Failure> {
        let seeds = self.resolved.seeds;
        let looks = stats::looks(seeds.min, seeds.max);
        let mut ran: Vec<Ran> = Vec::new();
        let mut done = 0;
        for (look, &upto) in looks.iter().enumerate() {
            let upto = self.affordable(done, upto, watch);
            let list: Vec<Seed> = (done..upto).map(|n| Seed(seeds.first.0 + u64::from(n))).collect();
            let (more, complete) = self.run_seeds(&list, threads, watch)?;
            done += u32::try_from(more.len() / self.resolved.arms.len().max(1)).unwrap_or(u32::MAX);
            ran.extend(more);
            if !complete {
                return Ok((ran, false));
            }
            let last = look + 1 == looks.len() || done < upto || upto < looks[look];
            if last || !self.undecided(&ran, baseline)? {
                break;
            }
        }
        Ok((ran, true))
    }

    /// How many seeds the budget allows before the next look, at the pace so far; at least one in all.
    fn affordable(&self, done: u32, wanted: u32, watch: &Stopwatch) -> u32 {
        let (Some(budget), true) = (self.budget, done > 0) else { return wanted };
        let each = watch.elapsed().as_secs_f64() / f64::from(done);
        let left = (budget.as_secs_f64() - watch.elapsed().as_secs_f64()).max(0.0);
        if each * f64::from(wanted - done) <= left { wanted } else { done }
    }

    fn run_seeds(
        &self,
        seeds: &[Seed],
        threads: usize,
        watch: &Stopwatch,
    ) -> Result<(Vec<Ran>, bool), Failure> {
        let seconds = self.resolved.arms.first().map_or(0, |arm| arm.world.clock.duration.0 / 1_000_000);
        let arms = self.resolved.arms.len();
        let progress = Progress::new(&self.resolved.name, seeds.len() * arms, seconds);
        let runner = Runner { threads, stop: self.stop, watcher: &progress, plant: None };
        let mut ran = Vec::new();
        // With a budget, seeds are started in batches that keep all threads busy, and none that would overrun it.
        let batch = if self.budget.is_some() { (threads / arms.max(1)).max(1) } else { seeds.len().max(1) };
        let mut complete = true;
        for seeds in seeds.chunks(batch) {
            let started = watch.elapsed();
            let jobs = jobs(&self.resolved, seeds);
            let results = runner.run(&jobs)?;
            // A seed counts only with all its arms, or their comparison would be of different seeds.
            for seed in results.chunks(arms.max(1)) {
                if seed.iter().all(Option::is_some) {
                    ran.extend(seed.iter().flatten().cloned());
                } else {
                    complete = false;
                }
            }
            let took = watch.elapsed() - started;
            let overrun = self
                .budget
                .is_some_and(|budget| (watch.elapsed() + took).as_secs_f64() > budget.as_secs_f64());
            if !complete || overrun {
                break;
            }
        }
        progress.finish();
        Ok((ran, complete))
    }

    /// Whether a blocking gate needs more seeds.
    fn undecided(&self, ran: &[Ran], baseline: Option<&[SeedRun]>) -> Result<bool, Failure> {
        let report = assemble::report(Parts {
            resolved: &self.resolved,
            ran: ran.to_vec(),
            sensitivity: None,
            baseline: baseline.map(<[SeedRun]>::to_vec),
            complete: true,
            repeat: String::new(),
        })?;
        let open =
            |gate: &GateResult| gate.severity == Severity::Block && gate.state == GateState::Inconclusive;
        Ok(report.gates.iter().any(open))
    }

    /// Writes the seeds that were done into the record, if they are fewer than the scenario asks for.
    fn keep_only(&mut self, ran: &[Ran]) -> Result<(), Failure> {
        let done = ran.len() / self.resolved.arms.len().max(1);
        let seeds = self.resolved.seeds;
        if self.budget.is_some() && done < seeds.min as usize && done > 0 {
            self.document.set("run.seeds", &format!("{{ min = {done}, max = {done} }}"))?;
            self.resolved = resolve(&self.document, &self.args.arm)?;
        }
        Ok(())
    }

    /// The command that repeats this run, its paths and output folder as they were given.
    fn repeat(&self, program: &str) -> Vec<String> {
        let mut words = vec![program.to_owned(), "run".to_owned(), self.name.to_owned()];
        let mut flag = |name: &str, value: String| words.extend([format!("--{name}"), value]);
        let args = self.args;
        args.seed.iter().for_each(|seed| flag("seed", seed.to_string()));
        args.seeds.iter().for_each(|seeds| flag("seeds", seeds.to_string()));
        args.arm.iter().for_each(|arm| flag("arm", arm.clone()));
        args.set.iter().for_each(|set| flag("set", set.clone()));
        args.budget.iter().for_each(|budget| flag("budget", budget.clone()));
        args.baseline.iter().for_each(|path| flag("baseline", path.display().to_string()));
        if args.no_sensitivity {
            words.push("--no-sensitivity".to_owned());
        }
        words
    }

    /// Prints the verdict, and the gates behind a failure; gives the exit code.
    fn say(&self, report: &Report) -> u8 {
        if !self.args.json {
            let colour = if terminal::may_colour() { Colour::Always } else { Colour::Never };
            terminal::data(render::terminal(report, colour).trim_end());
            terminal::data(&format!("report: {}", self.folder.path().join("report.html").display()));
        }
        let code =
            if self.stop.load(Ordering::Relaxed) { exit::INTERRUPTED } else { report.verdict.exit_code };
        let open = report.subject.rules.inconclusive == OnInconclusive::Fail;
        let decides = |gate: &&GateResult| {
            let undecided = open && gate.severity == Severity::Block && gate.state == GateState::Inconclusive;
            gate.blocks() || gate.unjudgeable || undecided
        };
        for gate in report.gates.iter().filter(decides) {
            terminal::note(&format!("gate {}: {}", gate.id, gate.state.word()));
        }
        code
    }
}

/// All files of an output folder.
pub(super) fn outputs(report: &Report, host: &serde_json::Value) -> Vec<(&'static str, String)> {
    let mut files = pages(report);
    files.push(("report.json", report.to_json()));
    files.push(("host.json", format!("{host:#}\n")));
    files
}

/// The files that are rendered from a report.
pub(super) fn pages(report: &Report) -> Vec<(&'static str, String)> {
    vec![
        ("report.html", render::html(report)),
        ("junit.xml", render::junit(report)),
        ("summary.md", render::markdown(report)),
        ("series.csv", render::csv(report)),
    ]
}
