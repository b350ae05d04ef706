//! Catalogues in a database: opening one, and what to do when that fails.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use platform_server::catalog::import::ImportError;
use platform_server::catalog::live::{Live, LiveError};
use platform_server::catalog::store::{CatalogStore, StoreError};
use platform_server::search::disk::{ClaimError, Identity, IndexFolder};
use platform_server::search_api::routes::SearchApi;
use tokio::runtime::Runtime;

use crate::failure::Failure;

/// Threads to wait for the database with.
///
/// # Errors
/// Exit code 97, when there are none.
pub fn runtime() -> Result<Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Failure::cannot_judge(format!("no threads to work with: {error}")))
}

/// Opens a catalogue that must be there.
///
/// # Errors
/// Exit code 2 or 97, with the next step.
pub async fn open_existing(path: &Path) -> Result<CatalogStore, Failure> {
    CatalogStore::open_existing(path).await.map_err(|error| store_failure(&error))
}

/// A catalogue that must be there, about to answer searches. Its index is kept beside it, in `DB.sqlite-index`.
///
/// # Errors
/// Exit code 2 or 97, with the next step.
pub async fn live(path: &Path, api: Arc<SearchApi>) -> Result<Live, Failure> {
    let store = open_existing(path).await?;
    let mut root = path.as_os_str().to_owned();
    root.push("-index");
    let claimed = IndexFolder::claim(PathBuf::from(root), Identity::of(store.name().to_owned()));
    let folder = claimed.map_err(|error| claim_failure(&error))?;
    Ok(Live::new(store, Some(folder), api))
}

/// Why an index could not be had, and the next step.
fn claim_failure(error: &ClaimError) -> Failure {
    let text = chain(error);
    match error {
        ClaimError::InUse { .. } => Failure::usage(text)
            .hint("stop the `rehearsal serve` that has it, or serve a copy of the catalogue with --store"),
        ClaimError::Lock { .. } => Failure::cannot_judge(text).hint(
            "see whether the folder beside the catalogue can be written, and its file system knows locks",
        ),
    }
}

/// Why a catalogue could not be served, and the next step.
#[must_use]
pub fn live_failure(error: &LiveError) -> Failure {
    match error {
        LiveError::Store(error) => store_failure(error),
        LiveError::Index(_) => Failure::cannot_judge(chain(error))
            .hint("see whether the folder beside the catalogue can be written, and the disk has room"),
        LiveError::Ended(_) => Failure::bug(chain(error)),
    }
}

/// An error with all its causes, in one line.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// What the catalogue's database said, and the next step.
#[must_use]
pub fn store_failure(error: &StoreError) -> Failure {
    let text = chain(error);
    match error {
        StoreError::NewerSchema { .. } => {
            Failure::usage(text).hint("use the program that wrote it, or name another file with --store")
        }
        StoreError::Foreign { .. } => Failure::usage(text).hint("name another file with --store"),
        StoreError::Missing { .. } => {
            Failure::usage(text).hint("`rehearsal catalog import FILE --store DB.sqlite` makes one")
        }
        StoreError::NoTitle { .. } => Failure::usage(text).hint("ids stand in the file that was imported"),
        StoreError::Record { .. } => {
            Failure::cannot_judge(text).hint("import its file again, with the title in it")
        }
        StoreError::Migrate(_) | StoreError::Database(_) => Failure::cannot_judge(text)
            .hint("see whether the folder can be written, the disk has room and no other import runs"),
    }
}

/// What an import said, and the next step.
#[must_use]
pub fn import_failure(error: &ImportError) -> Failure {
    match error {
        ImportError::Store(error) => store_failure(error),
        ImportError::Header { .. } => Failure::usage(chain(error))
            .hint("the first row names the columns: id, kind and title at least; or name another --format"),
        ImportError::Read { .. } => Failure::usage(chain(error)).hint(
            "what was read is in the catalogue; with a whole file, the same command goes on from there",
        ),
        ImportError::Reader { .. } => Failure::bug(chain(error)),
    }
}
