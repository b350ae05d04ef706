//! The command line as a library: wiring, files, terminal.
//!
//! Reading order:
//! - [`cli`]: verbs and flags, one definition for parser and help.
//! - [`failure`]: what goes wrong at the edge, with its exit code and the next step.
//! - [`verbs`]: one module per verb.
//! - [`simulate`]: (arm, seed) jobs over threads; [`progress`]: what a terminal sees meanwhile.
//! - [`assemble`]: from runs to a judged report. [`reproduce`]: the same again, byte for byte.
//! - [`host`]: wall time and memory, for progress and `host.json` only.
//! - [`stored_catalog`]: catalogues in a database: opening one, and what to do when that fails.
//! - [`demo_billing`]: the billing of `serve`: demo subscribers, and a provider in this process.
//! - [`demo_search`]: the search of `serve`, over a synthetic catalogue.
//! - [`title_facts`]: catalogue files read as plain facts, for making queries; [`json_lines`]: their lines.
//! - [`files`]: scenarios read, results written whole or not at all. [`terminal`]: text out.
//! - [`validate`]: outside evidence in (reference data), differences out.

/// What allocates memory in everything that is built on this library: the command, its tests, the benchmarks.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub mod assemble;
pub mod cli;
pub mod demo_billing;
pub mod demo_search;
pub mod failure;
pub mod files;
pub mod host;
pub mod json_lines;
pub mod progress;
pub mod reproduce;
pub mod simulate;
pub mod stored_catalog;
pub mod terminal;
pub mod title_facts;
pub mod validate;
pub mod verbs;
