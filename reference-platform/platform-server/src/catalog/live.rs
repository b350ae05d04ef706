//! A catalogue searched as it is on disk: the index opened or built anew, the feed followed, a worn or broken index replaced.
//!
//! At the start the index on disk is looked at byte by byte. A sound one is brought up to the feed's end; any other is built anew from
//! the catalogue, beside the old one, and until then the routes say that and ask to come back. While a running
//! search is replaced it goes on answering, with availability as it is by then and texts as they were.

use std::sync::Arc;
use std::time::Duration;

use platform_core::catalog::record::TitleRecord;
use tokio::task::JoinError;
use tokio::time::sleep;

use super::follow::{FollowError, Follower};
use super::store::feed::{Numbered, Seq};
use super::store::{CatalogStore, StoreError};
use crate::search::disk::{Flaw, IndexFolder, Sound};
use crate::search::{SearchError, SearchIndex};
use crate::search_api::indexed::IndexedCatalogue;
use crate::search_api::live::parts;
use crate::search_api::routes::SearchApi;

/// After how long a catalogue that could not be read, or an index that could not be written, is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Why a catalogue cannot be searched.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The catalogue cannot be read.
    #[error("the catalogue cannot be read")]
    Store(#[from] StoreError),
    /// No index can be made of it.
    #[error("the search index cannot be built")]
    Index(#[from] SearchError),
    /// The building thread is gone.
    #[error("building the search index ended early")]
    Ended(#[from] JoinError),
}

/// A catalogue, the folder of its index if it has one, and the routes that answer from it.
pub struct Live {
    store: CatalogStore,
    folder: Option<IndexFolder>,
    api: Arc<SearchApi>,
}

/// A search, and where in the feed it stands.
type Ready = (Arc<IndexedCatalogue>, Seq);

impl Live {
    /// Over a catalogue; without a folder, the index is in memory and built at every start.
    #[must_use]
    pub const fn new(store: CatalogStore, folder: Option<IndexFolder>, api: Arc<SearchApi>) -> Self {
        Self { store, folder, api }
    }

    /// Serves the catalogue until it cannot be opened at the start; later failures are mended.
    ///
    /// # Errors
    /// [`LiveError`], before the first search could be answered.
    pub async fn run(&self) -> Result<(), LiveError> {
        let found = self.inspect().await?;
        let mut ready = self.open(found).await?;
        loop {
            let (search, position) = ready;
            self.api.set_searcher(Arc::clone(&search) as _);
            ready = self.serve(Follower::new(self.store.clone(), search, position)).await;
        }
    }

    /// Looks at the index on disk, and says on the routes what comes next.
    ///
    /// # Errors
    /// [`LiveError::Ended`].
    pub async fn inspect(&self) -> Result<Option<Sound>, LiveError> {
        let Some(folder) = self.folder.clone() else { return Ok(None) };
        let found = tokio::task::spawn_blocking(move || folder.inspect()).await?;
        match found {
            Ok(sound) => {
                self.api.set_waiting("the index is being read");
                Ok(Some(sound))
            }
            Err(flaw) => {
                self.refuse(&flaw);
                Ok(None)
            }
        }
    }

    fn refuse(&self, flaw: &Flaw) {
        tracing::warn!(%flaw, "index is built anew");
        self.api.set_waiting(format!("{flaw}; it is built anew"));
    }

    /// Opens an index that was found sound, or builds one.
    ///
    /// # Errors
    /// [`LiveError`].
    pub async fn open(&self, found: Option<Sound>) -> Result<Ready, LiveError> {
        if let (Some(sound), Some(folder)) = (found, self.folder.clone()) {
            let (titles, seq) = self.store.all().await?;
            let stale = self.store.texts_since(Seq(sound.position)).await?;
            if sound.position > seq.0 {
                self.refuse(&Flaw::Ahead);
            } else {
                let opened = tokio::task::spawn_blocking(move || {
                    let index = folder.open(&sound, records(&titles), (&stale, seq.0))?;
                    Ok::<_, SearchError>(catalogue(index, titles, sound.generation))
                });
                match opened.await? {
                    Ok(search) => return Ok((search, seq)),
                    Err(error) => {
                        tracing::warn!(error = &error as &dyn std::error::Error, "index does not open");
                        self.refuse(&Flaw::Unfit);
                    }
                }
            }
        }
        self.build(1).await
    }

    /// Builds the index from the catalogue as it is now.
    async fn build(&self, generation: u64) -> Result<Ready, LiveError> {
        let (titles, seq) = self.store.all().await?;
        let folder = self.folder.clone();
        let built = tokio::task::spawn_blocking(move || match folder {
            Some(folder) => {
                let (index, generation) = folder.build(records(&titles), (seq.0, generation))?;
                Ok(catalogue(index, titles, generation))
            }
            None => {
                let index = SearchIndex::build_numbered(records(&titles))?;
                Ok::<_, SearchError>(catalogue(index, titles, generation))
            }
        });
        Ok((built.await??, seq))
    }

    /// Follows the feed until the index has to be replaced, and gives the one that replaces it.
    async fn serve(&self, mut follower: Follower) -> Ready {
        while let FollowError::Store(error) = follower.follow().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the catalogue cannot be followed");
            sleep(AGAIN_AFTER).await;
        }
        tracing::warn!(generation = follower.generation(), "index is replaced");
        let next = follower.generation() + 1;
        tokio::select! {
            ready = self.replace(next) => ready,
            // Whoever searches meanwhile gets texts as they were, and availability as it is.
            never = follower.follow_windows() => match never {},
        }
    }

    /// Builds the next index, however often that has to be tried.
    async fn replace(&self, generation: u64) -> Ready {
        loop {
            match self.build_to_the_end(generation).await {
                Ok(ready) => return ready,
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "index cannot be built anew");
                }
            }
            sleep(AGAIN_AFTER).await;
        }
    }

    /// Builds the next index and brings it to the feed's end, so that it is never behind the one before.
    async fn build_to_the_end(&self, generation: u64) -> Result<Ready, LiveError> {
        let (search, position) = self.build(generation).await?;
        let mut follower = Follower::new(self.store.clone(), Arc::clone(&search), position);
        follower.catch_up().await?;
        let (upto, last) = (follower.position(), Arc::clone(&search));
        tokio::task::spawn_blocking(move || last.commit(upto)).await??;
        Ok((search, upto))
    }
}

fn records(titles: &[Numbered]) -> impl Iterator<Item = (u64, &TitleRecord)> {
    titles.iter().map(|one| (one.number, &one.title.record))
}

fn catalogue(index: SearchIndex, titles: Vec<Numbered>, generation: u64) -> Arc<IndexedCatalogue> {
    Arc::new(IndexedCatalogue::over(index, titles.into_iter().map(parts).collect(), generation))
}

#[cfg(test)]
mod tests;
