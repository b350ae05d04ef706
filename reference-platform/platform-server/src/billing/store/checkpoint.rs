//! Moves what was written from the log into the database file, beside the writer.
//!
//! Left to itself, SQLite does that inside a commit once the log has a thousand pages, and every webhook behind that commit waits for
//! some hundred pages to be written and flushed. Here a connection of its own does it in turns (`PASSIVE`: it waits for nobody, and
//! nobody waits for it). What is written meanwhile is left over, a few pages; the writer moves those itself after its next
//! commit, so that the log is empty for an instant and begins anew instead of growing for ever (the log begins anew only when all
//! of it has been moved and nobody reads it: SQLite, "Write-Ahead Logging", section 2.1).

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use sqlx::SqliteConnection;

use super::{OpenError, StoreOptions, migrate, on_a_thread};

/// How often it looks what there is to do.
const LOOK: Duration = Duration::from_millis(50);

/// Units written from which on it moves pages at the next look.
const UNITS: u32 = 500;

/// Looks after which it moves pages however few there are: a second.
const LOOKS_MAX: u32 = 20;

/// Pages of the log from which on it is to begin anew: 4 MiB.
const LOG_PAGES: i64 = 1_024;

/// Pages that are few enough for the writer: moving them takes it a few milliseconds.
const LEFT_PAGES: i64 = 300;

/// Turns one after the other, each over what was written during the one before.
const TURNS_MAX: u32 = 4;

/// Pages of the log at which the writer moves all of them after all, should nobody else get to it: 64 MiB.
const LOG_PAGES_MAX: u32 = 16_384;

/// The thread that moves pages. It ends with its value.
#[derive(Debug)]
pub(super) struct Checkpointer {
    /// Says by going that it is over.
    running: Option<mpsc::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// What the writer and the checkpointer tell each other.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Units since pages were moved last.
    written: AtomicU32,
    /// Whether the writer is to move what is left.
    rest: AtomicBool,
}

impl Log {
    /// The writer has committed units; whether it is to move what is left.
    pub(super) fn has_grown(&self, units: usize) -> bool {
        self.written.fetch_add(u32::try_from(units).unwrap_or(u32::MAX), Ordering::Relaxed);
        self.rest.swap(false, Ordering::Relaxed)
    }
}

impl Checkpointer {
    /// Starts the thread over an opened database.
    ///
    /// # Errors
    /// [`OpenError::Unusable`].
    pub(super) async fn start(options: &StoreOptions, log: Arc<Log>) -> Result<Self, OpenError> {
        let connection = migrate::connect(options).await?;
        let (running, over) = mpsc::channel();
        let work = move || async move { work(connection, &over, &log).await };
        let thread = on_a_thread("billing-checkpoint", work);
        let thread = thread.map_err(|error| migrate::unusable(&options.path, &error))?;
        Ok(Self { running: Some(running), thread: Some(thread) })
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.running = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so already.
            drop(thread.join());
        }
    }
}

async fn work(mut connection: SqliteConnection, over: &mpsc::Receiver<()>, log: &Log) {
    let mut looks = 0;
    while over.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
        looks += 1;
        let written = log.written.load(Ordering::Relaxed);
        if written == 0 || (written < UNITS && looks < LOOKS_MAX) {
            continue;
        }
        looks = 0;
        log.written.fetch_sub(written, Ordering::Relaxed);
        match by_turns(&mut connection).await {
            Ok(pages) if pages >= LOG_PAGES => log.rest.store(true, Ordering::Relaxed),
            Ok(_) => {}
            // The writer's own bound holds meanwhile.
            Err(error) => tracing::warn!(%error, "the log of the database was not moved into it"),
        }
    }
    if let Err(error) = sqlx::Connection::close(connection).await {
        tracing::error!(%error, "the database did not close");
    }
}

/// Moves a long log until little is left; its pages.
async fn by_turns(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    let mut pages = moved(connection).await?;
    for _ in 1..TURNS_MAX {
        if pages < LOG_PAGES {
            break;
        }
        let before = pages;
        pages = moved(connection).await?;
        if pages - before < LEFT_PAGES {
            break;
        }
    }
    Ok(pages)
}

/// Moves what can be moved without waiting; pages of the log, moved ones among them.
pub(super) async fn moved(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    let (_busy, log, _moved): (i64, i64, i64) =
        sqlx::query_as("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(connection).await?;
    Ok(log)
}

/// Lets the writer do it inside a commit only at the bound.
pub(super) async fn leave_to_others(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    let bound = sqlx::AssertSqlSafe(format!("PRAGMA wal_autocheckpoint = {LOG_PAGES_MAX}"));
    sqlx::query(bound).execute(connection).await.map(drop).map_err(|error| migrate::unusable(path, &error))
}
