//! Faults as data: what, where, when, how strong.
//!
//! A [`Fault`] says everything; whoever applies it (the simulator to its link model, the proxy to real sockets) asks
//! [`Fault::effect_at`] and obeys. Nothing here knows a target beyond its ordinals, keeps state or reads a clock, so
//! both fidelities apply the same fault at the same instant, and every fault ends by itself: outside
//! `[at, at + duration)` there is no effect to undo.
//!
//! Reading order:
//! - [`fault`]: [`Fault`], its [`Action`] and [`Target`], and what it does at a given time.
//! - [`timeline`]: the bands that a report draws, and the stretches of time that a gate looks at.

pub mod fault;
pub mod timeline;

pub use fault::{Action, BlastLimit, Effect, Failure, Fault, KINDS, KindDoc, Scope, Target};
pub use timeline::{Band, Span, bands};
