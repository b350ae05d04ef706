//! The same run again from a report's own record: same bytes, or where they part.

use std::sync::atomic::AtomicBool;

use reports::{Report, SeedRun};
use scenarios::Resolved;
use scenarios::document::Document;
use scenarios::loader::Recorded;
use units::{Micros, Seed};

use crate::assemble::{self, Parts, recorded_trace};
use crate::failure::{Failure, exit};
use crate::simulate::{Job, Ran, Runner, Trace, Watcher};

/// What came of a reproduction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reproduced {
    /// Same bytes; their BLAKE3 hash.
    Same {
        /// In hexadecimal.
        hash: String,
    },
    /// A run took another course.
    Diverged(Divergence),
    /// The runs are the same but the report is not: judged or written by another version.
    OtherReport {
        /// Byte at which they part.
        at: usize,
    },
}

impl Reproduced {
    /// The exit code of `rehearsal reproduce`.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Same { .. } => exit::OK,
            Self::Diverged(_) | Self::OtherReport { .. } => exit::FAILED,
        }
    }
}

/// Where a run parted from its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    /// The arm.
    pub arm: String,
    /// The seed.
    pub seed: Seed,
    /// The first epoch that differs.
    pub epoch: usize,
    /// Its start in virtual time.
    pub at: Micros,
    /// The cells that differ at the end of that epoch's minute.
    pub cells: Vec<usize>,
}

/// How to reproduce.
pub struct Again<'a> {
    /// Threads in all.
    pub threads: usize,
    /// Told of progress.
    pub watcher: &'a dyn Watcher,
    /// The baseline of the original, if it had one.
    pub baseline: Option<Vec<SeedRun>>,
    /// For tests: plants non-determinism, see [`sim_engine::RunOptions::plant`].
    pub plant: Option<&'a (dyn Fn(u64, u16) -> u64 + Sync)>,
}

/// Runs a report again from its own inputs.
///
/// # Errors
/// A text that is no report of ours, a record that was changed by hand, or a run that was interrupted.
pub fn reproduce(text: &str, again: Again<'_>) -> Result<Reproduced, Failure> {
    let report = Report::from_json(text).map_err(|error| {
        Failure::usage(format!("{:#}", anyhow::Error::from(error)))
            .hint("give a report.json that `rehearsal run` wrote")
    })?;
    if !report.subject.complete {
        return Err(
            Failure::usage("the report is of an interrupted run").hint("run the scenario again to its end")
        );
    }
    let resolved = resolved_of(&report)?;
    let jobs = jobs(&resolved, &report.subject.seeds);
    let stop = AtomicBool::new(false);
    let runner = Runner { threads: again.threads, stop: &stop, watcher: again.watcher, plant: again.plant };
    let ran: Vec<Ran> = runner.run(&jobs)?.into_iter().flatten().collect();
    let epoch = resolved.arms.first().map_or(Micros(1), |arm| arm.world.clock.epoch);
    if let Some(divergence) = ran.iter().find_map(|ran| diverged(&report, ran, epoch)) {
        return Ok(Reproduced::Diverged(divergence));
    }
    let sensitivity = match &report.subject.sensitivity {
        Some(_) => crate::verbs::sensitivity::table(&document_of(&resolved)?, &resolved, &runner)?,
        None => None,
    };
    let same = assemble::report(Parts {
        resolved: &resolved,
        ran,
        sensitivity,
        baseline: again.baseline,
        complete: true,
        repeat: report.subject.repeat.clone(),
    })?;
    let (ours, theirs) = (same.to_json(), text);
    if ours == theirs {
        return Ok(Reproduced::Same { hash: blake3::hash(ours.as_bytes()).to_hex().to_string() });
    }
    let at = ours.bytes().zip(theirs.bytes()).take_while(|(a, b)| a == b).count();
    Ok(Reproduced::OtherReport { at })
}

/// The scenario of a report, resolved again from the files it recorded, with the arms that were run.
fn resolved_of(report: &Report) -> Result<Resolved, Failure> {
    let record: Resolved = serde_json::from_value(report.subject.resolved.clone()).map_err(|error| {
        Failure::usage(format!("the report's record of the scenario cannot be read: {error}"))
            .hint("another version wrote it, or it was changed: reproduce it with that version, or run the scenario again")
    })?;
    let mut resolved = document_of(&record)?.resolve(&Recorded(&record.inputs))?;
    let ran = |id: &str| report.subject.arms.iter().any(|arm| arm.id == id);
    resolved.arms.retain(|arm| ran(&arm.id));
    resolved.gates.retain(|gate| ran(&gate.arm));
    Ok(resolved)
}

fn document_of(record: &Resolved) -> Result<Document, Failure> {
    Ok(Document::from_record(record)?)
}

/// All (arm, seed) of a scenario, by seed first, so that compared arms finish together.
#[must_use]
pub fn jobs<'a>(resolved: &'a Resolved, seeds: &[Seed]) -> Vec<Job<'a>> {
    seeds.iter().flat_map(|&seed| resolved.arms.iter().map(move |arm| Job { arm, seed })).collect()
}

fn diverged(report: &Report, ran: &Ran, epoch_length: Micros) -> Option<Divergence> {
    let recorded = recorded_trace(&report.subject.fingerprints, &ran.run.arm, ran.run.seed)?;
    let epoch = first_difference(&recorded, &ran.trace)?;
    let minute = usize::try_from(epoch as u64 * epoch_length.0 / 60_000_000).unwrap_or(usize::MAX);
    let cells = match (recorded.minutes.get(minute), ran.trace.minutes.get(minute)) {
        (Some(theirs), Some(ours)) => {
            let pairs = theirs.iter().zip(ours).enumerate();
            pairs.filter(|(_, (theirs, ours))| theirs != ours).map(|(cell, _)| cell).collect()
        }
        _ => Vec::new(),
    };
    let at = epoch_length * epoch as u64;
    Some(Divergence { arm: ran.run.arm.clone(), seed: ran.run.seed, epoch, at, cells })
}

fn first_difference(recorded: &Trace, ours: &Trace) -> Option<usize> {
    let differing = recorded.epochs.iter().zip(&ours.epochs).position(|(a, b)| a != b);
    let shorter = recorded.epochs.len().min(ours.epochs.len());
    differing.or((recorded.epochs.len() != ours.epochs.len()).then_some(shorter))
}
