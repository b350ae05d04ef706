//! What cleaning changed in the records of a file: how often each step changed which field, and where first.

use std::collections::BTreeMap;

use platform_core::catalog::clean::Change;

/// Letters of a value that are shown.
const SHOWN_MAX: usize = 80;

/// The first value of a field that a step changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct First {
    /// Its line.
    pub line: u64,
    /// What stood there, shortened.
    pub before: String,
    /// What stands there now, shortened; nothing if it was taken out.
    pub after: String,
    /// Why it was taken out and what was expected, where no code is known for it.
    pub why: Option<String>,
}

/// What one step changed in one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// How many values.
    pub values: u64,
    /// The first of them.
    pub first: First,
}

/// Changes by field, by step, and by whether the value was taken out for want of a code.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said(BTreeMap<(&'static str, &'static str, bool), Changed>);

impl Said {
    pub(super) fn add(&mut self, line: u64, changes: Vec<Change>) {
        for Change { field, step, before, after, why } in changes {
            let first = || First { line, before: shown(&before), after: shown(&after), why: why.clone() };
            let new = || Changed { values: 0, first: first() };
            self.0.entry((field, step, why.is_some())).or_insert_with(new).values += 1;
        }
    }

    /// Adds what was said of later lines.
    pub(super) fn then(&mut self, later: Self) {
        for (at, changed) in later.0 {
            match self.0.get_mut(&at) {
                Some(known) => known.values += changed.values,
                None => drop(self.0.insert(at, changed)),
            }
        }
    }

    /// Field, step and what was changed, by field.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'static str, &Changed)> {
        self.0.iter().map(|((field, step, _), changed)| (*field, *step, changed))
    }
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN_MAX).collect()
}
