//! The player: a sans-IO state machine that asks for bytes and is told what came of it.
//!
//! The environment (simulation cell, event-driven reference, single-player harness, live driver) owns time and
//! transfer. It calls [`Player`] methods with `now` in rising order and obeys the one [`Command`] that each returns.

pub mod command;
pub mod content;

pub use command::{Command, EndReason, Failure, LoadDeadlines, Loaded, Played, Progress, Request, RequestKind, Step};
pub use content::{Content, Ladder, LiveWindow, Variant};
