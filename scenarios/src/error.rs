//! What is wrong with a scenario, where, and what to do about it.

use crate::source::{Place, Sources};

/// A scenario that cannot be used. The first problem found; nothing ran.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct ScenarioError {
    /// The file, as it was named to us; `--set KEY` for an overlay from the command line.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// One line: lower case, no full stop, values in backticks.
    pub message: String,
    /// The next step, where there is one.
    pub hint: Option<String>,
}

/// A problem at a place that still has to be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) at: Option<Place>,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

pub(crate) type Outcome<T> = Result<T, Problem>;

impl Problem {
    pub(crate) fn new(at: Place, message: impl Into<String>) -> Self {
        Self { at: Some(at), message: message.into(), hint: None }
    }

    /// Adds the next step.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds "did you mean" with the nearest of `candidates`, or the list of them where none is near.
    pub(crate) fn suggest<'a>(self, word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        let candidates: Vec<&str> = candidates.into_iter().collect();
        match reports::suggest::nearest(word, candidates.iter().copied()) {
            Some(nearest) => self.hint(format!("did you mean `{nearest}`?")),
            None if candidates.is_empty() => self,
            None => {
                let list: Vec<String> = candidates.iter().map(|word| format!("`{word}`")).collect();
                self.hint(format!("one of {}", list.join(", ")))
            }
        }
    }

    /// Gives the problem a place unless it has one: the innermost place wins.
    pub(crate) fn or_at(mut self, at: Place) -> Self {
        self.at.get_or_insert(at);
        self
    }

    /// Looks the place up.
    pub(crate) fn locate(self, sources: &Sources) -> ScenarioError {
        let (file, line, column) = sources.locate(self.at.unwrap_or_default());
        ScenarioError { file, line, column, message: self.message, hint: self.hint }
    }
}
