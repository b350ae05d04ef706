//! The feed followed into the search: availability at once, text with the next commit of the index.
//!
//! Commits cost tens of milliseconds however little they hold, so texts are gathered for a while; windows need none. A commit runs
//! beside the reading, so that no edit of availability waits for it. Other processes' changes, an import for example, are
//! found by looking at the feed now and then.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use super::store::feed::Seq;
use super::store::{CatalogStore, StoreError};
use crate::search::SearchError;
use crate::search_api::indexed::IndexedCatalogue;
use crate::search_api::searcher::Searcher;

/// Changes that are read at once.
const READ_MAX: u32 = 2_000;
/// Texts that are not gathered further.
const COMMIT_TEXTS: usize = 2_000;
/// How long a text is gathered with others at most: with a commit's tenth of a second, it is seen within half a second.
const COMMIT_AFTER: Duration = Duration::from_millis(250);
/// How often the feed is looked at when nothing in this process says that it moved.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long changes are gathered before they are read: a thousand edits a second are then two hundred readings.
const GATHER: Duration = Duration::from_millis(5);

/// What ends the following. Searches go on as they are.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The catalogue cannot be read.
    #[error("the catalogue's feed cannot be read")]
    Store(#[from] StoreError),
    /// The index cannot be written: it is to be built anew.
    #[error("changes cannot be written to the index")]
    Index(#[from] SearchError),
    /// A commit's thread is gone.
    #[error("a commit of the index ended early")]
    Ended,
    /// Earlier versions of titles take more room than titles: the index is to be built anew.
    #[error("the index holds {closed} earlier versions of {titles} titles")]
    Worn {
        /// Titles.
        titles: usize,
        /// Earlier versions.
        closed: usize,
    },
}

/// Earlier versions that are kept whatever the number of titles.
const CLOSED_FREE: usize = 10_000;

/// Follows a feed into one search.
pub struct Follower {
    store: CatalogStore,
    search: Arc<IndexedCatalogue>,
    read: Seq,
}

impl Follower {
    /// From a position on, which the search stands for.
    #[must_use]
    pub const fn new(store: CatalogStore, search: Arc<IndexedCatalogue>, read: Seq) -> Self {
        Self { store, search, read }
    }

    /// Applies all changes up to the feed's present end: windows are obeyed when it returns, texts are gathered.
    ///
    /// # Errors
    /// [`StoreError`]; what was read before is applied.
    pub async fn catch_up(&mut self) -> Result<(), StoreError> {
        loop {
            let changes = self.store.changes_since(self.read, READ_MAX).await?;
            if changes.upto == self.read {
                return Ok(());
            }
            self.search.apply(changes.list);
            self.read = changes.upto;
        }
    }

    /// Up to where changes are applied, or gathered for the next commit.
    #[must_use]
    pub const fn position(&self) -> Seq {
        self.read
    }

    /// Follows until something fails. What is to be done then is the caller's to decide.
    pub async fn follow(&mut self) -> FollowError {
        match self.run().await {
            Ok(()) => FollowError::Ended,
            Err(error) => error,
        }
    }

    /// Which index is kept up to date.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.search.generation()
    }

    /// Follows availability alone, for an index that takes no more texts. Never ends by itself.
    pub async fn follow_windows(&mut self) -> Infallible {
        loop {
            if let Err(error) = self.catch_up().await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the catalogue's feed cannot be read"
                );
            }
            sleep(LOOK_EVERY / 4).await;
        }
    }

    async fn run(&mut self) -> Result<(), FollowError> {
        let mut changed = self.store.changes();
        let mut commit: Option<JoinHandle<Result<usize, SearchError>>> = None;
        let mut gathering: Option<Instant> = None;
        loop {
            self.catch_up().await?;
            if commit.as_ref().is_some_and(JoinHandle::is_finished)
                && let Some(done) = commit.take()
            {
                done.await.map_err(|_| FollowError::Ended)??;
                self.is_worn()?;
            }
            let texts = self.search.staged();
            gathering = (texts > 0).then(|| gathering.unwrap_or_else(Instant::now));
            let due = gathering.map(|since| since + COMMIT_AFTER);
            let is_due = texts >= COMMIT_TEXTS || due.is_some_and(|due| due <= Instant::now());
            if is_due && commit.is_none() {
                let (search, upto) = (Arc::clone(&self.search), self.read);
                commit = Some(tokio::task::spawn_blocking(move || search.commit(upto)));
                gathering = None;
            }
            let look = Instant::now() + LOOK_EVERY;
            let wake = if commit.is_some() { look.min(Instant::now() + COMMIT_AFTER / 10) } else { look };
            tokio::select! {
                _ = changed.changed() => sleep(GATHER).await,
                () = sleep_until(due.map_or(wake, |due| wake.min(due.max(Instant::now() + GATHER)))) => {}
            }
        }
    }

    fn is_worn(&self) -> Result<(), FollowError> {
        let (titles, closed) = self.search.places();
        if closed > titles + CLOSED_FREE {
            return Err(FollowError::Worn { titles, closed });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
