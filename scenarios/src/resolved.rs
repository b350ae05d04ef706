//! A resolved scenario: what `run` works from and what `report.json` embeds.

use fault_plan::Span;
use reports::gate::{Fidelity, GateText, Location, NoBaseline, Severity};
use serde::{Deserialize, Serialize};
use units::{Ppm, Seed};

use crate::levers::Levers;
use crate::world::World;

/// A scenario with inheritance, overlays, defaults and factors applied, and every reference checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolved {
    /// Version of the scenario format.
    pub schema: u32,
    /// Short name: folders and JUnit suites are called so.
    pub name: String,
    /// One line.
    pub title: String,
    /// A few sentences.
    pub description: String,
    /// Whom to ask.
    pub owner: String,
    /// For selection.
    pub tags: Vec<String>,
    /// Seeds.
    pub seeds: Seeds,
    /// What is compared, in the order of the scenario.
    pub arms: Vec<ResolvedArm>,
    /// What must hold, in the order of the scenario.
    pub gates: Vec<Gate>,
    /// How seeds become verdicts.
    pub statistics: Statistics,
    /// Size of the sensitivity table; `None` turns it off.
    pub sensitivity: Option<Sensitivity>,
    /// The files that this came from, in the order in which they were read.
    pub inputs: Vec<Input>,
    /// Overlays from the command line, in their order.
    pub sets: Vec<SetText>,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolvedArm {
    /// Its name.
    pub id: String,
    /// Which implementations it uses.
    pub levers: Levers,
    /// The world with this arm's overlay.
    pub world: World,
}

/// Which seeds may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seeds {
    /// The first; further ones count up from it.
    pub first: Seed,
    /// Run at least so many, at least 1.
    pub min: u32,
    /// Run at most so many.
    pub max: u32,
}

/// A bound that a run must meet, in the words of the scenario; checked, so that [`Gate::parsed`] succeeds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// Its name.
    pub id: String,
    /// Which arm is judged.
    pub arm: String,
    /// What is measured, by its id in the metric catalogue.
    pub metric: String,
    /// Holds: the gate passes.
    pub pass: String,
    /// Otherwise holds: the gate passes with a warning.
    pub warn: Option<String>,
    /// What relative bounds are relative to: `arm:<id>` or `baseline`.
    pub vs: Option<String>,
    /// `fault:<id> + <span>`: only while that fault lasts, and so much longer.
    pub during: Option<String>,
    /// The stretch of virtual time that `during` means, warm-up cut off.
    pub span: Option<Span>,
    /// Worst sliding window of this length.
    pub window: Option<String>,
    /// By what viewers are split: every part must hold.
    pub split: Option<String>,
    /// Whether a failure blocks.
    pub severity: Severity,
    /// Whether "not judged" is a failure.
    pub required: bool,
    /// What a missing baseline means.
    pub no_baseline: NoBaseline,
    /// Only this driver's numbers may decide it.
    pub fidelity: Option<Fidelity>,
    /// Where it stands, for annotations: the file relative to the folder of the scenario.
    pub place: Location,
}

impl Gate {
    /// The gate as `reports` judges it.
    ///
    /// # Errors
    /// Those of [`reports::Gate::parse`]: only a gate that was changed by hand after it was resolved has any.
    pub fn parsed(&self) -> Result<reports::Gate, Vec<reports::gate::GateError>> {
        let text = GateText {
            metric: &self.metric,
            pass: &self.pass,
            warn: self.warn.as_deref(),
            vs: self.vs.as_deref(),
            during: self.during.as_deref(),
            window: self.window.as_deref(),
            split: self.split.as_deref(),
        };
        let gate = reports::Gate::parse(&self.id, &self.arm, &text)?;
        Ok(reports::Gate {
            severity: self.severity,
            required: self.required,
            fidelity: self.fidelity,
            no_baseline: self.no_baseline,
            location: Some(self.place.clone()),
            ..gate
        })
    }
}

/// How seeds become verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statistics {
    /// Level of the interval over seeds, before it is divided by the number of looks.
    pub confidence: Ppm,
    /// What an interval that straddles the bound becomes once no more seeds are allowed.
    pub inconclusive: Inconclusive,
}

/// What an undecided gate becomes in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Inconclusive {
    /// Exit code 98.
    #[default]
    Fail,
    /// A warning.
    Warn,
    /// A pass.
    Pass,
}

/// Size of the sensitivity table's runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sensitivity {
    /// Peak viewers; capacities, caches and titles are scaled with them.
    pub viewers: u32,
}

/// A file that went into a scenario, whole, so that `reproduce` needs nothing but the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its name relative to the folder of the scenario, or the name of a shipped scenario.
    pub name: String,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub blake3: String,
    /// What it says.
    pub text: String,
}

/// An overlay from the command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetText {
    /// The dotted key.
    pub key: String,
    /// The value as it was written.
    pub value: String,
}
