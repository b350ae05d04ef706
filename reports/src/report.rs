//! Everything that a run said, as one value with a canonical JSON form.
//!
//! `report.json` holds only what scenario and seeds determine: no wall time, no host, no thread count. The same inputs
//! give the same bytes, and [`Report::from_json`] gives the same report back, so it can be rendered again, merged and
//! compared.

mod canonical;
mod headline;
mod join;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use units::Seed;

pub use headline::{Headline, Side, compare, compare_split};
pub use join::{JoinError, difference, join};

use crate::gate::{Evidence, Fidelity, Gate, GateResult, evaluate};
use crate::measure::{FaultBand, SeedRun, TimeAxis};
use crate::metric;
use crate::num::Num;
use crate::stats::confidence_per_look;
use crate::verdict::{Rules, Verdict};

/// Version of the form of `report.json`.
pub const SCHEMA_VERSION: u32 = 1;

/// A judged run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// [`SCHEMA_VERSION`] of the writer.
    pub schema_version: u32,
    /// What was run.
    pub subject: Subject,
    /// The outcome.
    pub verdict: Verdict,
    /// All gates, in the order of the scenario.
    pub gates: Vec<GateResult>,
    /// The numbers that everyone asks for first.
    pub headlines: Vec<Headline>,
    /// The measurements, sorted by (arm in the subject's order, seed).
    pub runs: Vec<SeedRun>,
}

/// What was run, and what the readers need to know about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Name of the scenario, as a word.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// What it rehearses, in a sentence or two.
    pub description: String,
    /// Which driver made the numbers.
    pub fidelity: Fidelity,
    /// False when the run was interrupted: the report is of what was finished.
    pub complete: bool,
    /// The command that repeats the run.
    pub repeat: String,
    /// Hash over all inputs.
    pub inputs_hash: String,
    /// Hashes that localise a difference between two runs, by name.
    pub fingerprints: BTreeMap<String, String>,
    /// The seeds that were finished.
    pub seeds: Vec<Seed>,
    /// The arms, in the order of the scenario.
    pub arms: Vec<Arm>,
    /// Which two arms the headline compares.
    pub compared: Option<Compared>,
    /// The time axis.
    pub axis: TimeAxis,
    /// Confidence of the intervals over all looks together.
    pub confidence: Num,
    /// How many looks the seeds allowed.
    pub looks: u32,
    /// How states become an outcome.
    pub rules: Rules,
    /// The faults that were applied.
    pub faults: Vec<FaultBand>,
    /// What happens to a headline at the ends of the assumptions.
    pub sensitivity: Option<Sensitivity>,
    /// What was assumed.
    pub assumptions: Vec<Assumption>,
    /// The scenario with all defaults filled in.
    pub resolved: Value,
}

/// One arm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Id in the scenario.
    pub id: String,
    /// What to call it.
    pub label: String,
    /// Lever to implementation.
    pub levers: BTreeMap<String, String>,
}

/// The two sides of the headline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    /// Id of the arm that is compared with.
    pub before: String,
    /// Id of the arm that is judged.
    pub after: String,
}

/// One factor at a time, at both ends of its range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sensitivity {
    /// The metric that is watched.
    pub metric: String,
    /// How it was made: seeds, viewers, scale.
    pub note: String,
    /// The result at the assumed values.
    pub base: SensitivityPoint,
    /// One row per assumption.
    pub rows: Vec<SensitivityRow>,
}

/// One assumption at both ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SensitivityRow {
    /// Name of the assumption.
    pub assumption: String,
    /// At the low end.
    pub low: SensitivityPoint,
    /// At the high end.
    pub high: SensitivityPoint,
}

/// Both arms at one value of an assumption.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SensitivityPoint {
    /// The value with its unit.
    pub value: String,
    /// The metric before.
    pub before: Num,
    /// The metric after.
    pub after: Num,
    /// Relative change, -0.63 for 63 % less.
    pub change: Num,
}

/// A claim about the world that the run rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assumption {
    /// Its name.
    pub name: String,
    /// The value used.
    pub value: String,
    /// Its unit, may be empty.
    pub unit: String,
    /// Where it comes from, or `chosen`.
    pub source: String,
    /// Low end of the plausible range.
    pub low: String,
    /// High end of the plausible range.
    pub high: String,
}

/// Why a text is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Not JSON, or not of this form.
    #[error("not a report")]
    Json(#[source] serde_json::Error),
    /// Written by another version.
    #[error("report has schema version `{found}`, this program reads `{SCHEMA_VERSION}`")]
    Version {
        /// The version in the file.
        found: u64,
    },
    /// A measurement that the catalogue does not know, or of another kind.
    #[error("measurement of `{metric}` ({split}) is not what the catalogue calls it")]
    Measurement {
        /// Id of the metric.
        metric: String,
        /// Text of the split.
        split: String,
    },
    /// A time axis without width.
    #[error("a run has buckets of no width or ends before it starts")]
    Axis,
}

impl Report {
    /// Judges the gates and computes the headlines.
    ///
    /// `baseline` are the runs of an earlier report, for gates against it.
    #[must_use]
    pub fn assemble(
        mut subject: Subject,
        gates: &[Gate],
        mut runs: Vec<SeedRun>,
        baseline: Option<&[SeedRun]>,
    ) -> Self {
        canonical::normalise(&mut subject.resolved);
        let place = |arm: &str| subject.arms.iter().position(|known| known.id == arm).unwrap_or(usize::MAX);
        runs.sort_by(|a, b| (place(&a.arm), &a.arm, a.seed).cmp(&(place(&b.arm), &b.arm, b.seed)));
        let evidence = Evidence {
            runs: &runs,
            baseline,
            faults: &subject.faults,
            fidelity: subject.fidelity,
            confidence: subject.confidence.get(),
            looks: subject.looks,
        };
        let gates: Vec<GateResult> = gates.iter().map(|gate| evaluate(gate, &evidence)).collect();
        let verdict = Verdict::of(&gates, subject.rules);
        let headlines = headline::headlines(&subject, &runs);
        Self { schema_version: SCHEMA_VERSION, subject, verdict, gates, headlines, runs }
    }

    /// The canonical bytes: keys sorted, no white space but the final line feed.
    ///
    /// # Panics
    /// Never: every value in a report has a JSON form.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut value = serde_json::to_value(self).expect("every value in a report has a JSON form");
        canonical::normalise(&mut value);
        let mut text = value.to_string();
        text.push('\n');
        text
    }

    /// Reads a report and checks that its measurements are what the catalogue calls them.
    ///
    /// # Errors
    /// See [`ReportError`].
    pub fn from_json(text: &str) -> Result<Self, ReportError> {
        let value: Value = serde_json::from_str(text).map_err(ReportError::Json)?;
        match value.get("schema_version").and_then(Value::as_u64) {
            Some(found) if found != u64::from(SCHEMA_VERSION) => return Err(ReportError::Version { found }),
            _ => {}
        }
        let mut report: Self = serde_json::from_value(value).map_err(ReportError::Json)?;
        for run in &mut report.runs {
            check_run(run)?;
            // Sorted again: looking a metric up relies on it, and a foreign writer may not know.
            *run = SeedRun::new(&run.arm, run.seed, run.axis, std::mem::take(&mut run.measurements));
        }
        Ok(report)
    }

    /// The runs of one arm, by seed.
    #[must_use]
    pub fn runs_of(&self, arm: &str) -> Vec<&SeedRun> {
        self.runs.iter().filter(|run| run.arm == arm).collect()
    }

    /// The confidence of each printed interval, after payment for looks.
    #[must_use]
    pub fn interval_confidence(&self) -> f64 {
        confidence_per_look(self.subject.confidence.get(), self.subject.looks)
    }
}

impl Subject {
    /// The label of an arm, its id if it has none.
    #[must_use]
    pub fn label<'a>(&'a self, arm: &'a str) -> &'a str {
        self.arms.iter().find(|known| known.id == arm).map_or(arm, |known| &known.label)
    }

    /// The arm that is judged: that of the comparison, else the one called `after`, else the last one.
    #[must_use]
    pub fn judged(&self) -> &str {
        let called_after = || self.arms.iter().find(|arm| arm.id == "after").or(self.arms.last());
        let alone = || called_after().map_or("", |arm| arm.id.as_str());
        self.compared.as_ref().map_or_else(alone, |compared| compared.after.as_str())
    }

    /// The arm that is compared with.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        self.compared.as_ref().map(|compared| compared.before.as_str())
    }
}

fn check_run(run: &SeedRun) -> Result<(), ReportError> {
    if run.axis.bucket.0 == 0 || run.axis.to < run.axis.from {
        return Err(ReportError::Axis);
    }
    for measurement in &run.measurements {
        let metric = metric::lookup(&measurement.metric);
        let mut tallies = std::iter::once(&measurement.total).chain(&measurement.buckets);
        if !metric.is_some_and(|metric| tallies.all(|tally| tally.fits(metric.kind))) {
            let (metric, split) = (measurement.metric.clone(), measurement.split.text());
            return Err(ReportError::Measurement { metric, split });
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
