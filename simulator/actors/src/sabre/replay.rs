//! Sabre's own loop: one viewer, one manifest, one recorded network, played to the end.
//!
//! It exists to compare the rules with Sabre's printed results and logs, so the order of every sum is Sabre's. It calls
//! the same [`SabreRules`](super::SabreRules) as a live player and adds what is the simulator's business: walking the trace
//! (`network`), the buffer and its metrics (`playback`), replacement, and the log; `session` joins them.

mod input;
mod network;
mod playback;
mod record;
mod replacement;
mod session;
mod summary;

use units::Micros;

pub use input::{Manifest, Period, Trace};
pub use record::{Fate, Record};
pub use replacement::Replacement;
pub use summary::Summary;

use super::config::{Average, SabreConfig, SabreError};
use super::estimator::{Ewma, Sliding};
use record::Log;
use session::Session;

/// What to replay besides the rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// The rule and its parameters.
    pub config: SabreConfig,
    /// `-r`: whether buffered segments are replaced by better ones.
    pub replacement: Replacement,
    /// What is loaded after a download was abandoned.
    pub after_abandon: AfterAbandon,
    /// `-s`: one jump, which empties the buffer.
    pub seek: Option<Seek>,
}

/// What is loaded after a download was abandoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterAbandon {
    /// The rule is asked again and its advice on what to restart with is lost: a slip in Sabre, needed to agree with it.
    AskAgain,
    /// The variant that the rule advised.
    TakeAdvice,
}

/// A jump: when the next segment to load begins at or after `when`, go on with the segment at `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seek {
    /// Position in the title that triggers it.
    pub when: Micros,
    /// Position to go to.
    pub to: Micros,
}

impl Replay {
    /// Sabre's behaviour without replacement and seek.
    #[must_use]
    pub fn new(config: SabreConfig) -> Self {
        Self { config, replacement: Replacement::None, after_abandon: AfterAbandon::AskAgain, seek: None }
    }

    /// Plays the manifest over the trace and returns what Sabre prints at the end.
    ///
    /// # Errors
    /// What is wrong with the configuration or the seek.
    pub fn run(&self, manifest: &Manifest, trace: &Trace) -> Result<Summary, SabreError> {
        self.play(manifest, trace, Log::default()).map(|(summary, _)| summary)
    }

    /// The same, with Sabre's verbose log as records.
    ///
    /// # Errors
    /// As [`Replay::run`].
    pub fn run_logged(
        &self,
        manifest: &Manifest,
        trace: &Trace,
    ) -> Result<(Summary, Vec<Record>), SabreError> {
        self.play(manifest, trace, Log::kept())
    }

    fn play(
        &self,
        manifest: &Manifest,
        trace: &Trace,
        log: Log,
    ) -> Result<(Summary, Vec<Record>), SabreError> {
        match self.config.average {
            Average::Ewma { .. } => Ok(Session::<Ewma>::new(self, manifest, trace, log)?.run()),
            Average::Sliding { .. } => Ok(Session::<Sliding>::new(self, manifest, trace, log)?.run()),
        }
    }
}

#[cfg(test)]
mod tests;
