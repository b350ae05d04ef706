//! What goes wrong at the edge: a message, the next step, and the exit code that scripts rely on.

use std::fmt;

use scenarios::ScenarioError;

/// Exit codes, as `--help` lists them.
pub mod exit {
    /// Everything asked for holds.
    pub const OK: u8 = 0;
    /// Bad scenario or usage; nothing ran.
    pub const USAGE: u8 = 2;
    /// Could not judge: output cannot be written, baseline missing, empty sample.
    pub const CANNOT_JUDGE: u8 = 97;
    /// A gate failed, or a reproduction or validation differs.
    pub const FAILED: u8 = 99;
    /// Our own bug.
    pub const BUG: u8 = 101;
    /// Interrupted.
    pub const INTERRUPTED: u8 = 130;
}

/// A failure that ends the program.
#[derive(Debug)]
pub struct Failure {
    /// One of [`exit`].
    pub code: u8,
    /// One line, or a few: lower case, no full stop.
    pub message: String,
    /// The next step.
    pub hint: Option<String>,
}

/// The result of a verb: its exit code.
pub type Outcome = Result<u8, Failure>;

impl Failure {
    /// Wrong usage or input.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { code: exit::USAGE, message: message.into(), hint: None }
    }

    /// The run could not be judged, or its results not be written.
    pub fn cannot_judge(message: impl Into<String>) -> Self {
        Self { code: exit::CANNOT_JUDGE, message: message.into(), hint: None }
    }

    /// A bug of ours.
    pub fn bug(message: impl Into<String>) -> Self {
        let hint =
            "this is a bug in rehearsal: please report it with the command and the scenario".to_owned();
        Self { code: exit::BUG, message: message.into(), hint: Some(hint) }
    }

    /// Adds the next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        self.hint.iter().try_for_each(|hint| write!(f, "\nhint: {hint}"))
    }
}

impl From<ScenarioError> for Failure {
    fn from(error: ScenarioError) -> Self {
        let hint = error.hint.clone();
        Self { code: exit::USAGE, message: error.to_string(), hint }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::usage(format!("{error:#}"))
    }
}
