//! The rules of hls.js 1.7 as pure functions over small state: how it estimates a network, chooses a variant and
//! gives up a download.
//!
//! Its order of error handling is in `player::recovery`, because it moves the whole player. Written from the
//! behaviour of the source (`abr-controller.ts`, `ewma-bandwidth-estimator.ts`) and of recorded runs of hls.js 1.7.4 in
//! Chromium, including what looks like accidents: from the second-lowest variant it never gives up a download, and a
//! give-up above the lowest variant still ends at the lowest.

pub mod choice;
pub mod estimator;

pub use choice::{Download, NetworkView, abandon, first_variant, gives_up_after, next_variant};
pub use estimator::Estimator;

/// Share of the estimate that a variant at or below the current one may use (`abrBandWidthFactor`).
pub const DOWN_FACTOR: f64 = 0.95;
/// Share of the estimate that a higher variant may use (`abrBandWidthUpFactor`).
pub const UP_FACTOR: f64 = 0.7;
/// Longest rebuffering, in seconds, that a choice may accept when none avoids it (`maxStarvationDelay`).
pub const STARVATION_MAX_S: f64 = 4.0;
/// Upper bound, in bit/s, of the estimate before the first sample (`abrEwmaDefaultEstimateMax`).
pub const DEFAULT_ESTIMATE_MAX: f64 = 5e6;
/// How often a running download is looked at; also the least age at which a lowest-variant download lifts a forced
/// choice.
pub const CHECK_EVERY_MS: u64 = 100;

#[cfg(test)]
mod tests;
