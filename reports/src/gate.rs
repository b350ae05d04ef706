//! Gates: bounds that a run must meet, written as small typed expressions and judged over seeds.
//!
//! A scenario's `[gate.<id>]` becomes a [`Gate`] by [`Gate::parse`], which checks names, units and shapes, so that a
//! typo is an error before anything runs. [`evaluate`] judges it against the measurements of all seeds.
//!
//! ```
//! use reports::gate::{Evidence, Fidelity, Gate, GateState, GateText, evaluate};
//! use reports::measure::{Measurement, SeedRun, Split, Tally, TimeAxis};
//! use units::{Micros, Ratio, Seed, Timestamp};
//!
//! let text = GateText { metric: "playback.rebuffering_ratio", pass: "<= 0.60%", ..GateText::default() };
//! let gate = Gate::parse("buffer-rate", "after", &text).expect("a well-formed gate");
//!
//! let axis = TimeAxis { bucket: Micros::from_secs(10), from: Timestamp::ZERO, to: Timestamp(60_000_000) };
//! let runs: Vec<SeedRun> = [48, 50, 52]
//!     .into_iter()
//!     .zip(1..)
//!     .map(|(stalled, seed)| {
//!         let total = Tally::Ratio(Ratio::new(stalled, 10_000));
//!         let measured = Measurement::total(gate.metric.id, Split::All, total);
//!         SeedRun::new("after", Seed(seed), axis, vec![measured])
//!     })
//!     .collect();
//! let evidence = Evidence {
//!     runs: &runs,
//!     baseline: None,
//!     faults: &[],
//!     fidelity: Fidelity::Simulated,
//!     confidence: 0.95,
//!     looks: 1,
//! };
//! assert_eq!(evaluate(&gate, &evidence).state, GateState::Pass);
//!
//! let wrong = GateText { pass: "<= 0.60", ..text };
//! let error = &Gate::parse("buffer-rate", "after", &wrong).unwrap_err()[0];
//! assert_eq!((error.field, error.error.at), ("pass", 3));
//! assert_eq!(error.to_string(), "`0.60` has no unit, and `playback.rebuffering_ratio` needs one");
//! ```

mod expr;
mod fit;
mod judge;
mod parse;
mod result;
mod sample;

use serde::{Deserialize, Serialize};
use units::Micros;

pub use expr::{Aggregation, Bound, Condition, Decimal, Expr, Op, Quantity, Sign, Suffix};
pub(crate) use judge::paired;
pub use judge::{Evidence, evaluate};
pub use parse::{ExprError, Problem, parse_expectation, parse_span};
pub(crate) use sample::{Query, Sample};

pub use result::{Checked, GateResult, GateState, Interval, Reason};

use crate::measure::SplitBy;
use crate::metric::Metric;

/// Whether a gate decides the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// A failure fails the run.
    #[default]
    Block,
    /// Shown with its distance, never decides.
    Advise,
}

/// Which driver made the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fidelity {
    /// Discrete events on virtual time.
    #[default]
    Simulated,
    /// A real platform over real sockets.
    Live,
}

/// What a gate against a missing baseline does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoBaseline {
    /// The gate is not judged.
    #[default]
    Skip,
    /// The run could not be judged (exit code 97).
    Fail,
}

/// What a relative gate compares with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Versus {
    /// Another arm of this run.
    Arm(String),
    /// The same arm in an earlier report.
    Baseline,
}

/// The span of a fault and some time after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct During {
    /// Id of the fault.
    pub fault: String,
    /// How long after its end still counts.
    pub plus: Micros,
}

/// A gate whose texts have been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// Its key in the scenario.
    pub id: String,
    /// The metric it bounds.
    pub metric: &'static Metric,
    /// The arm it judges.
    pub arm: String,
    /// What must hold.
    pub pass: Expr,
    /// What must hold at least.
    pub warn: Option<Expr>,
    /// What relative bounds are relative to.
    pub vs: Option<Versus>,
    /// Only while this fault lasts.
    pub during: Option<During>,
    /// The worst sliding window of this length.
    pub window: Option<Micros>,
    /// Each part must hold, the worst is shown.
    pub split: Option<SplitBy>,
    /// Whether it decides.
    pub severity: Severity,
    /// Not judged counts as failed.
    pub required: bool,
    /// Only this driver's numbers may decide it.
    pub fidelity: Option<Fidelity>,
    /// What happens without a baseline.
    pub no_baseline: NoBaseline,
    /// Where it is written, for annotations.
    pub location: Option<Location>,
}

/// Where a gate is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// File, as the user named it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
}

/// The texts of a gate as a scenario holds them.
#[derive(Debug, Clone, Copy, Default)]
pub struct GateText<'a> {
    /// `metric = "playback.rebuffering_ratio"`
    pub metric: &'a str,
    /// `pass = "<= 0.60%"`
    pub pass: &'a str,
    /// `warn = "<= 0.90%"`
    pub warn: Option<&'a str>,
    /// `vs = "arm:before"` or `"baseline"`
    pub vs: Option<&'a str>,
    /// `during = "fault:cdn-a-fra-dies + 2m"`
    pub during: Option<&'a str>,
    /// `window = "1m"`
    pub window: Option<&'a str>,
    /// `split = "cohort"`
    pub split: Option<&'a str>,
}

/// Which text of a gate is wrong, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct GateError {
    /// The key within the gate's table: `metric`, `pass`, ...
    pub field: &'static str,
    /// What is wrong, with byte offset and hint.
    pub error: ExprError,
}

impl Gate {
    /// Checks the texts of a gate on `arm`, and that they fit together, and gives the gate, blocking and not required.
    ///
    /// Whether the arm, the fault and the split's values exist is for the scenario to check: it knows their names.
    ///
    /// # Errors
    /// One [`GateError`] per wrong text.
    pub fn parse(id: &str, arm: &str, text: &GateText<'_>) -> Result<Self, Vec<GateError>> {
        let mut errors = Vec::new();
        let vs = field(&mut errors, "vs", text.vs, parse::parse_versus);
        let during = field(&mut errors, "during", text.during, parse::parse_during);
        let window = field(&mut errors, "window", text.window, parse::parse_span);
        let split = field(&mut errors, "split", text.split, parse::parse_split);
        let metric = field(&mut errors, "metric", Some(text.metric), parse::parse_metric);
        let relative = text.vs.is_some();
        let expr =
            |text: &str| metric.map_or_else(|| Expr::grammar(text), |m| Expr::parse(text, m, relative));
        let pass = field(&mut errors, "pass", Some(text.pass), expr);
        let warn = field(&mut errors, "warn", text.warn, expr);
        let (Some(metric), Some(pass), true) = (metric, pass, errors.is_empty()) else { return Err(errors) };
        let gate = Self {
            id: id.to_owned(),
            metric,
            arm: arm.to_owned(),
            pass,
            warn,
            vs,
            during,
            window,
            split,
            severity: Severity::Block,
            required: false,
            fidelity: None,
            no_baseline: NoBaseline::Skip,
            location: None,
        };
        let problems = fit::problems(&gate, text);
        if problems.is_empty() { Ok(gate) } else { Err(problems) }
    }

    /// The limit in one line: `< 0% against before, during cdn-a-fra-dies and 2 min after`.
    #[must_use]
    pub fn limit(&self) -> String {
        let mut text = self.pass.to_string();
        match &self.vs {
            Some(Versus::Arm(arm)) => text.push_str(&format!(" against {arm}")),
            Some(Versus::Baseline) => text.push_str(" against the baseline"),
            None => {}
        }
        if let Some(During { fault, plus }) = &self.during {
            text.push_str(&format!(", during {fault}"));
            if *plus > Micros::ZERO {
                text.push_str(&format!(" and {} after", span_text(*plus)));
            }
        }
        if let Some(window) = self.window {
            text.push_str(&format!(", worst {}", span_text(window)));
        }
        if let Some(by) = self.split {
            text.push_str(&format!(", every {}", by.word()));
        }
        text
    }
}

/// A span as people say it, in the largest unit that divides it.
#[must_use]
pub fn span_text(span: Micros) -> String {
    const UNITS: [(u64, &str); 4] =
        [(3_600_000_000, "h"), (60_000_000, "min"), (1_000_000, "s"), (1_000, "ms")];
    let fits = UNITS.into_iter().find(|&(size, _)| span.0 != 0 && span.0.is_multiple_of(size));
    fits.map_or_else(|| format!("{} µs", span.0), |(size, word)| format!("{} {word}", span.0 / size))
}

fn field<T>(
    errors: &mut Vec<GateError>,
    field: &'static str,
    text: Option<&str>,
    parse: impl FnOnce(&str) -> Result<T, ExprError>,
) -> Option<T> {
    match parse(text?) {
        Ok(value) => Some(value),
        Err(error) => {
            errors.push(GateError { field, error });
            None
        }
    }
}
