//! Several reports: shards of one run joined, and two runs compared.

use std::collections::BTreeMap;

use units::Seed;

use super::{Arm, Compared, Report, Subject};
use crate::gate::Fidelity;
use crate::measure::{Measurement, SeedRun};

/// Why reports cannot be joined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// There is nothing to join.
    #[error("no report was given")]
    Nothing,
    /// They are of different inputs.
    #[error("report `{name}` has inputs `{found}`, the first one `{expected}`")]
    OtherInputs {
        /// Scenario of the report that differs.
        name: String,
        /// Its hash.
        found: String,
        /// The hash of the first.
        expected: String,
    },
    /// Two shards ran the same simulated (arm, seed).
    #[error("arm `{arm}`, seed {seed} was run twice")]
    Twice {
        /// The arm.
        arm: String,
        /// The seed.
        seed: u64,
    },
}

/// Joins the shards of one run: the subject over all of them, and all runs, to be judged with [`Report::assemble`].
///
/// A simulated shard holds whole (arm, seed) runs. A live shard holds a share of the load of each, and equal ones merge
/// without loss.
///
/// # Errors
/// [`JoinError::OtherInputs`] and [`JoinError::Twice`] when the reports are no shards of one run.
pub fn join(reports: Vec<Report>) -> Result<(Subject, Vec<SeedRun>), JoinError> {
    let mut reports = reports.into_iter();
    let first = reports.next().ok_or(JoinError::Nothing)?;
    let mut subject = first.subject;
    let mut runs = first.runs;
    for report in reports {
        if report.subject.inputs_hash != subject.inputs_hash {
            return Err(JoinError::OtherInputs {
                name: report.subject.name,
                found: report.subject.inputs_hash,
                expected: subject.inputs_hash,
            });
        }
        subject.complete &= report.subject.complete;
        subject.fingerprints.extend(report.subject.fingerprints);
        subject.seeds.extend(report.subject.seeds);
        subject.sensitivity = subject.sensitivity.or(report.subject.sensitivity);
        runs.extend(report.runs);
    }
    subject.seeds.sort();
    subject.seeds.dedup();
    let runs = one_per_seed(runs, subject.fidelity)?;
    Ok((subject, runs))
}

fn one_per_seed(runs: Vec<SeedRun>, fidelity: Fidelity) -> Result<Vec<SeedRun>, JoinError> {
    let mut joined: BTreeMap<(String, Seed), SeedRun> = BTreeMap::new();
    for run in runs {
        match joined.remove(&(run.arm.clone(), run.seed)) {
            None => {
                joined.insert((run.arm.clone(), run.seed), run);
            }
            Some(_) if fidelity == Fidelity::Simulated => {
                return Err(JoinError::Twice { arm: run.arm, seed: run.seed.0 });
            }
            Some(other) => {
                let all: Vec<Measurement> = other.measurements.into_iter().chain(run.measurements).collect();
                let merged = SeedRun::new(&run.arm, run.seed, run.axis, all);
                joined.insert((run.arm, run.seed), merged);
            }
        }
    }
    Ok(joined.into_values().collect())
}

/// What moved between two reports: a report without gates whose arms are the judged arms of both.
///
/// Seeds that both ran are compared in pairs; without any, the two sides are compared as independent samples.
#[must_use]
pub fn difference(earlier: &Report, later: &Report) -> Report {
    let side = |report: &Report, id: &str| {
        let judged = report.subject.judged();
        let own = report.subject.arms.iter().find(|arm| arm.id == judged);
        let levers = own.map_or_else(BTreeMap::new, |arm| arm.levers.clone());
        let runs: Vec<SeedRun> = report
            .runs_of(judged)
            .into_iter()
            .map(|run| SeedRun { arm: id.to_owned(), ..run.clone() })
            .collect();
        (Arm { id: id.to_owned(), label: id.to_owned(), levers }, runs)
    };
    let (earlier_arm, earlier_runs) = side(earlier, "earlier");
    let (later_arm, later_runs) = side(later, "later");
    let subject = Subject {
        complete: earlier.subject.complete && later.subject.complete,
        arms: vec![earlier_arm, later_arm],
        compared: Some(Compared { before: "earlier".into(), after: "later".into() }),
        sensitivity: None,
        ..later.subject.clone()
    };
    Report::assemble(subject, &[], earlier_runs.into_iter().chain(later_runs).collect(), None)
}
