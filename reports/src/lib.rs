//! Measurements, gates, statistics and reports: numbers in, verdict and pages out.
//!
//! Sans-IO: nothing here opens a file, asks a clock, or knows which driver a number came from.
//!
//! Reading order:
//! - [`metric`]: the catalogue: what each metric means, its formula, its unit, which way is better.
//! - [`measure`]: integer tallies per (arm, seed, metric, split), with time buckets and histograms.
//! - [`stats`]: Student's t, intervals over seeds, paired comparisons.
//! - [`gate`]: the gate language (`"p95 <= 2.5s and p99 <= 6s"`) and its judgement over seeds.
//! - [`verdict`]: states of all gates to one outcome and exit code.
//! - [`report`]: everything a run said, as canonical `report.json`.
//! - [`render`]: HTML, JUnit, Markdown, CSV, GitHub annotations and terminal text, all pure functions to `String`.
//! - [`num`], [`suggest`]: rounding to nine digits; "did you mean".

pub mod gate;
pub mod measure;
pub mod metric;
pub mod num;
pub mod render;
pub mod report;
pub mod stats;
pub mod suggest;
pub mod verdict;

pub use gate::{Gate, GateResult, GateState, evaluate};
pub use measure::{FaultBand, Histogram, Measurement, SeedRun, Split, Tally, TimeAxis};
pub use metric::{Metric, lookup};
pub use num::Num;
pub use report::Report;
pub use verdict::Verdict;
