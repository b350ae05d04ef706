//! The property-test kit: histories of a hostile month, run against any billing system, and judged after every step.
//!
//! A test plugs its system in by the verbs of [`system::Billing`]; it needs nothing else of ours. The kit brings the provider
//! with books of its own, signs the webhooks, crashes the process in the middle of its work, lets workers race, and moves the
//! clock both ways. A failing history is shrunk to the steps that matter and printed as a table, with the seed and the
//! command that repeats it.
//!
//! Reading order:
//! - [`system`]: what a system under test can do, and what it shows of itself.
//! - [`history`]: the steps of a history, and how it reads as a table.
//! - [`generate`]: a history for a seed.
//! - [`provider`]: the payment provider, whose books are the truth about money.
//! - [`world`]: the outside as a job sees it: calls, seams, crashes, rivals.
//! - [`runner`]: runs a history and judges after every step.
//! - [`invariants`]: what must hold.
//! - [`sometimes`]: what must have happened, so that a run of nothing proves nothing.
//! - [`shrink`]: the least history that still fails.
//! - [`core_system`]: the platform's own core, plugged in.
//! - [`specimen`]: a small system that is right, and can be made wrong on purpose: the kit's own calibration.

pub mod core_system;
pub mod generate;
pub mod history;
pub mod invariants;
pub mod provider;
pub mod runner;
pub mod shrink;
pub mod sometimes;
pub mod specimen;
pub mod system;
pub mod world;

#[cfg(test)]
mod tests;
