//! Tests of the engine as a whole, on small worlds.

#![expect(clippy::print_stdout, reason = "tables for whoever reads the tests' output")]

mod basics;
mod calm;
mod invariance;
mod overload;
mod reference;
mod unread;
mod worlds;
