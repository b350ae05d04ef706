//! Suppliers' files read into the catalogue: JSON Lines, CSV, and the shape of published catalogues; each plain or gzip.
//!
//! A record that cannot be read or is refused by `platform-core` is set aside with its line, the reason and what to do, and the import
//! goes on. Records are written in batches, each with the position after it in one transaction, so that a process which is
//! killed can be started again: nothing is lost and nothing is written twice. On the way to its position, the records before it are read
//! and hashed again; if the file is another by now, it is read from its start.
//!
//! - `source`: a file as records, with their lines.
//! - `fields`: a record as suppliers write it, and as the catalogue keeps it; `dates`: how they write days.
//! - `table`: rows of a CSV file as such records.
//! - `said`: what cleaning changed in them.
//!
//! Reading and writing overlap: one thread parses, at most `AHEAD` batches before what is written.

mod dates;
mod fields;
mod said;
mod source;
mod table;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use platform_core::catalog::clean::{self, Change};
use platform_core::catalog::record::Territory;
use tokio::sync::mpsc;

use self::fields::Refusal;
pub use self::said::{Changed, First, Said};
use self::source::{Entry, Records};
use super::store::{Batch, SetAside, Source};
use super::store::{CatalogStore, Incoming, Position, Stage, StoreError, Written};

/// Records that are written in one transaction, if nothing else is said: large enough that a commit costs each of them
/// little, small enough that a kill repeats less than a tenth of a second.
pub const BATCH_RECORDS: u32 = 2_000;
/// Batches that may wait to be written.
const AHEAD: usize = 2;
/// Letters of a record that are kept in quarantine.
const RAW_MAX: usize = 2_000;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    JsonLines,
    /// A header and rows; lists are split at `|`.
    Csv,
    /// One JSON object a line, as published catalogues are: with `source` and `notability`.
    Reference,
}

impl Format {
    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
            Self::Reference => "reference",
        }
    }

    /// What the file's name says; JSON Lines if nothing.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let name = path.to_string_lossy().to_ascii_lowercase();
        let bare = name.strip_suffix(".gz").unwrap_or(&name);
        if bare.ends_with(".csv") { Self::Csv } else { Self::JsonLines }
    }
}

/// What to import, and how.
#[derive(Debug, Clone)]
pub struct Request {
    /// The file.
    pub path: PathBuf,
    /// How it is written.
    pub format: Format,
    /// Records per transaction, at least one.
    pub batch_records: u32,
    /// Where titles that say nothing of availability may be watched, by everyone and for good.
    pub regions: Vec<Territory>,
    /// Bounds the years of release.
    pub this_year: u16,
}

/// How far an import is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What is in the catalogue.
    pub position: Position,
    /// Records of it that an earlier process had written.
    pub resumed_at: u64,
    /// Bytes of the file that were read.
    pub bytes: u64,
    /// Bytes of the file.
    pub bytes_all: u64,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Where it ended.
    pub position: Position,
    /// Records that an earlier process had written.
    pub resumed_at: u64,
    /// Whether the file had been begun and was another by now.
    pub changed_since: bool,
    /// What cleaning changed in the records that this process wrote.
    pub said: Said,
}

impl Summary {
    /// What became of all records, those of earlier processes among them.
    #[must_use]
    pub const fn written(&self) -> Written {
        self.position.written
    }

    /// Whether the file was read to its end.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.position.stage == Stage::Finished
    }
}

/// What ends an import. What was written before stays, and the next one goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be opened or read, or its gzip is damaged.
    #[error("`{}` cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A CSV file has no usable header.
    #[error("the header of `{}` names no `{column}`", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// What is missing.
        column: &'static str,
    },
    /// The catalogue cannot be written.
    #[error("the catalogue cannot be written")]
    Store(#[from] StoreError),
    /// The reading thread is gone.
    #[error("reading `{}` ended early", path.display())]
    Reader {
        /// The file.
        path: PathBuf,
    },
}

/// What the reading thread sends.
enum Sent {
    /// The file does not begin as it did: what follows is read from its start.
    Changed,
    Batch {
        batch: Batch,
        bytes: u64,
        said: Said,
    },
}

/// Imports a file; `watch` is told after every batch and may end the import between two.
///
/// # Errors
/// [`ImportError`]; batches before it are written.
pub async fn import(
    store: &CatalogStore,
    request: &Request,
    mut watch: impl FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Summary, ImportError> {
    let failed = |source| ImportError::Read { path: request.path.clone(), source };
    let bytes_all = std::fs::metadata(&request.path).map_err(failed)?.len();
    // The same file by another relative name is the same file.
    let path = std::fs::canonicalize(&request.path).map_err(failed)?;
    let name = path.to_string_lossy().into_owned();
    let source = Source { name: &name, format: request.format.name() };
    let earlier = store.position(&name).await?;
    let (sender, mut batches) = mpsc::channel(AHEAD);
    let (reading, reached) = (request.clone(), earlier.clone());
    let reader = tokio::task::spawn_blocking(move || read(&reading, reached.as_ref(), &sender));
    let mut changed_since = false;
    let mut all_said = Said::default();
    let mut position = earlier;
    let mut resumed_at = position.as_ref().map_or(0, |position| position.records);
    while let Some(sent) = batches.recv().await {
        let (batch, bytes, said) = match sent {
            Sent::Changed => {
                (changed_since, position, resumed_at) = (true, None, 0);
                continue;
            }
            Sent::Batch { batch, bytes, said } => (batch, bytes, said),
        };
        let before = match position.take() {
            Some(position) => position,
            None => store.begin_import(source).await?,
        };
        let after = store.write_batch(source, &before, batch).await?;
        all_said.then(said);
        let progress = Progress { position: after, resumed_at, bytes, bytes_all };
        let flow = watch(&progress);
        position = Some(progress.position);
        if flow.is_break() {
            break;
        }
    }
    drop(batches);
    reader.await.map_err(|_| ImportError::Reader { path: request.path.clone() })??;
    let position = position.ok_or_else(|| ImportError::Reader { path: request.path.clone() })?;
    Ok(Summary { position, resumed_at, changed_since, said: all_said })
}

/// Reads the file and sends its batches, until its end or until nobody takes them.
fn read(
    request: &Request,
    earlier: Option<&Position>,
    sender: &mpsc::Sender<Sent>,
) -> Result<(), ImportError> {
    let mut records = Records::open(request)?;
    if let Some(earlier) = earlier {
        let same = records.skip(earlier.records)? && records.digest() == earlier.digest;
        if !same {
            records = Records::open(request)?;
            if sender.blocking_send(Sent::Changed).is_err() {
                return Ok(());
            }
        }
    }
    loop {
        let (mut batch, mut said) = (Batch::default(), Said::default());
        for _ in 0..request.batch_records.max(1) {
            let Some(entry) = records.next()? else {
                batch.is_last = true;
                break;
            };
            match take(&entry, request) {
                Ok((incoming, changes)) => {
                    said.add(entry.line, changes);
                    batch.titles.push((entry.line, incoming));
                }
                Err(Refusal { reason, suggestion }) => {
                    let raw = entry.shown().chars().take(RAW_MAX).collect();
                    batch.set_aside.push(SetAside { line: entry.line, reason, suggestion, raw });
                }
            }
        }
        (batch.records, batch.digest) = (records.read(), records.digest());
        let is_last = batch.is_last;
        let sent = sender.blocking_send(Sent::Batch { batch, bytes: records.bytes(), said });
        if sent.is_err() || is_last {
            return Ok(());
        }
    }
}

/// A record as the catalogue keeps it, and what was changed to that end.
fn take(entry: &Entry, request: &Request) -> Result<(Incoming, Vec<Change>), Refusal> {
    let (incoming, mut changes) = entry.fields(request.format)?.into_incoming(&request.regions)?;
    let cleaned = clean::clean(incoming.record, request.this_year).map_err(|refused| Refusal {
        reason: refused.to_string(),
        suggestion: refused.suggestion().to_owned(),
    })?;
    changes.extend(cleaned.changes);
    Ok((Incoming { record: cleaned.record, windows: incoming.windows }, changes))
}
