//! The command line as a library: wiring, files, terminal.
//!
//! - [`validate`]: outside evidence in (reference data), differences out.

pub mod validate;
