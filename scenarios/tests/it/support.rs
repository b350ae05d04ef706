//! Shared by the tests: a loader over a few texts.

use std::collections::BTreeMap;

use scenarios::{Document, Loader, NoFiles, Resolved, ScenarioError};

/// Files by path.
#[derive(Default)]
pub(crate) struct Texts(BTreeMap<String, Vec<u8>>);

impl Texts {
    pub(crate) fn with(mut self, path: &str, text: &str) -> Self {
        self.0.insert(path.to_owned(), text.as_bytes().to_vec());
        self
    }
}

impl Loader for Texts {
    fn load(&self, path: &str) -> Result<Vec<u8>, String> {
        self.0.get(path).cloned().ok_or_else(|| "no such file".to_owned())
    }
}

/// A shipped scenario, resolved.
pub(crate) fn shipped(name: &str) -> Resolved {
    resolve(&open(name)).unwrap_or_else(|error| panic!("{error}\nhint: {:?}", error.hint))
}

pub(crate) fn open(name: &str) -> Document {
    Document::open(name, &NoFiles).unwrap_or_else(|error| panic!("{error}\nhint: {:?}", error.hint))
}

pub(crate) fn resolve(document: &Document) -> Result<Resolved, ScenarioError> {
    document.resolve(&NoFiles)
}
