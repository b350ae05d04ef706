//! The rules of Sabre, the reference simulator of BOLA and dash.js's DYNAMIC, and its replay loop.
//!
//! One set of rules serves two callers: [`replay`] walks a recorded trace exactly as Sabre does, so that its printed
//! results can be compared with ours to the last digit, and a live player in a simulation calls the same
//! [`SabreRules`] with a small `Copy` state ([`SabreState`], 64 bytes). All that is constant for a profile is computed
//! once, in [`SabreRules`].
//!
//! Inside these modules quantities keep Sabre's own units (bits, milliseconds, kbit/s = bits per millisecond, all
//! `f64`), because agreement with its printed figures depends on the order and precision of its sums; every such name
//! ends in its unit. [`Situation::new`], [`Download::loaded`], [`Progress::observed`] and [`Choice::delay`] convert
//! from and to the integers of the event path.
//!
//! Reading order: [`config`] (Sabre's flags as data), [`estimator`] (throughput and latency), `curve` (BOLA's
//! objective as thresholds), [`calls`] and [`rules`] (what a player
//! says and is told), `bola`, `bola_e` and `rate` (one rule each),
//! [`replay`] (the reference loop).
//!
//! Sources: "From Theory to Practice: Improving Bitrate Adaptation in the DASH Reference Player" (MMSys 2018); the behaviour of UMass-LIDS/sabre at commit 09b03bb0.

mod bola;
mod bola_e;
pub mod calls;
pub mod config;
mod curve;
pub mod estimator;
mod rate;
pub mod replay;
pub mod rules;

pub use calls::{Choice, Download, Outcome, Progress, Situation};
pub use config::{Average, BolaWindow, InsufficientBuffer, Oscillation, Rule, SabreConfig, SabreError};
pub use estimator::{Estimator, Ewma, Sample, Sliding};
pub use rules::{SabreRules, SabreState};

#[cfg(test)]
mod tests;
