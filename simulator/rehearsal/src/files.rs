//! Scenarios read, results written whole or not at all.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use scenarios::Loader;
use scenarios::document::FILE_BYTES_MAX;

use crate::failure::Failure;

/// Reads scenario and trace files from disk, never more than a scenario may have.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

/// Trace files may be larger than scenarios.
const TRACE_BYTES_MAX: u64 = 64 << 20;

impl Loader for Disk {
    fn load(&self, path: &str) -> Result<Vec<u8>, String> {
        let file = fs::File::open(path).map_err(|error| reason(&error))?;
        let limit = if path.ends_with(".json") { TRACE_BYTES_MAX } else { FILE_BYTES_MAX as u64 };
        let mut bytes = Vec::new();
        // One byte more than allowed, so that the parser says "too large" instead of reading half a file.
        file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| reason(&error))?;
        Ok(bytes)
    }
}

/// Why a file or folder could not be used, for people.
pub(crate) fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        std::io::ErrorKind::NotADirectory | std::io::ErrorKind::AlreadyExists => {
            "it is not a folder".to_owned()
        }
        _ => error.to_string().to_lowercase(),
    }
}

/// A folder for results. Files appear in it complete or not at all.
#[derive(Debug)]
pub struct OutputFolder {
    path: PathBuf,
}

impl OutputFolder {
    /// Makes the folder, and finds out now rather than after the run whether it can be written.
    ///
    /// # Errors
    /// Exit code 97, when it cannot.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let failed = |error: &std::io::Error| {
            Failure::cannot_judge(format!("cannot write to `{}`: {}", path.display(), reason(error)))
                .hint("name another folder with --out DIR")
        };
        fs::create_dir_all(path).map_err(|error| failed(&error))?;
        let folder = Self { path: path.to_owned() };
        let probe = folder.temporary("probe");
        fs::write(&probe, b"probe").and_then(|()| fs::remove_file(&probe)).map_err(|error| failed(&error))?;
        Ok(folder)
    }

    /// Writes all files, then gives them their names. When one cannot be written, none gets its name.
    ///
    /// # Errors
    /// Exit code 97, when one cannot be written.
    pub fn write_all(&self, files: &[(&str, String)]) -> Result<(), Failure> {
        let written: std::io::Result<()> = files.iter().try_for_each(|(name, text)| {
            // A folder of that name would refuse its file only after others have got theirs.
            if self.path.join(name).is_dir() {
                return Err(std::io::ErrorKind::IsADirectory.into());
            }
            let mut file = fs::File::create(self.temporary(name))?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        let named = written.and_then(|()| {
            files.iter().try_for_each(|(name, _)| fs::rename(self.temporary(name), self.path.join(name)))
        });
        named.map_err(|error| {
            for (name, _) in files {
                // What was never made cannot be removed; nothing else is to be done about it.
                let _ = fs::remove_file(self.temporary(name));
            }
            Failure::cannot_judge(format!(
                "cannot write results to `{}`: {}",
                self.path.display(),
                reason(&error)
            ))
            .hint("free some space or name another folder with --out DIR; no result was left half-written")
        })
    }

    /// Where the folder is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn temporary(&self, name: &str) -> PathBuf {
        self.path.join(format!(".{name}.{}.part", std::process::id()))
    }
}

/// Reads a text file that a user named.
///
/// # Errors
/// Exit code 2, when it cannot be read or is no text.
pub fn read_text(path: &Path) -> Result<String, Failure> {
    let failed = |why: String| Failure::usage(format!("{}: cannot be read: {why}", path.display()));
    let bytes = fs::read(path).map_err(|error| failed(reason(&error)))?;
    String::from_utf8(bytes).map_err(|_| failed("it is not text".to_owned()))
}
