//! Who takes part in a rehearsal: players, the audience, access networks.
//!
//! Independent of the platform on purpose: a bug shared with it would cancel out.
//!
//! Reading order:
//! - [`player`]: the playlist and buffer state machine, driven by whoever owns time and bytes.
//! - [`hlsjs`]: the rules of hls.js 1.7 (estimator, variant choice, abandoning, errors).
//! - [`bba`]: the rule of BBA-0.
//! - [`sabre`]: the rules of Sabre (BOLA, BOLA-E, THROUGHPUT, DYNAMIC, DYNAMICDASH) and its replay loop.
//! - [`network`]: access networks fitted to measured traces, and trace files.
//! - [`audience`]: who arrives when, where, and for how long.
//! - [`catalogue`]: a synthetic catalogue of any size, as untidy as suppliers' files.
//! - [`queries`]: what searchers type who look for a title they know, with every answer that is as good.
//! - [`provider`]: the payment provider: its API, its books, its webhooks.
//! - `chance`: draws of one entity, one after the other.

pub mod audience;
pub mod bba;
pub mod catalogue;
mod chance;
pub mod hlsjs;
pub mod network;
pub mod player;
pub mod provider;
pub mod queries;
pub mod sabre;
