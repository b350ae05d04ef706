//! Where bytes come from.

use crate::library;
use crate::resolved::Input;

/// Gives the bytes of a file. The only way in: this package opens nothing itself.
pub trait Loader {
    /// The bytes of the file at `path`.
    ///
    /// # Errors
    /// The reason, for people: lower case, no full stop, without the path.
    fn load(&self, path: &str) -> Result<Vec<u8>, String>;

    /// The text of a shipped scenario. Only a loader that repeats an earlier run gives another one than the library's.
    fn shipped(&self, name: &str) -> Option<String> {
        library::find(name).map(|shipped| shipped.text.to_owned())
    }
}

/// Knows no files: for shipped scenarios, and for bytes that extend nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFiles;

impl Loader for NoFiles {
    fn load(&self, _: &str) -> Result<Vec<u8>, String> {
        Err("no files can be read here".to_owned())
    }
}

/// Gives back the files that a report recorded, and nothing else.
#[derive(Debug, Clone, Copy)]
pub struct Recorded<'a>(pub &'a [Input]);

impl Recorded<'_> {
    fn find(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|input| input.name == name).map(|input| input.text.as_str())
    }
}

impl Loader for Recorded<'_> {
    fn load(&self, path: &str) -> Result<Vec<u8>, String> {
        self.find(path)
            .map(|text| text.as_bytes().to_vec())
            .ok_or_else(|| "not among the recorded files".to_owned())
    }

    fn shipped(&self, name: &str) -> Option<String> {
        self.find(name).map(str::to_owned)
    }
}
