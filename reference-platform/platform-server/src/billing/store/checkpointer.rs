//! Moves committed pages from the log to the database, beside the writer.
//!
//! Left to itself, SQLite does that inside the commit that finds the log long enough, and everybody who waits for that commit waits for
//! two more flushes. Here a thread with a connection of its own does it twice a second. A `PASSIVE` checkpoint stops nobody, but
//! while commits go on it never reaches the end of the log, so that the log could not be begun anew: once it is long, a `RESTART` follows,
//! which holds the writer back for the few pages that came since.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use sqlx::{Row, SqliteConnection};

/// How long it rests.
const PAUSE: Duration = Duration::from_millis(500);

/// Pages of log from which on it is begun anew: 32 MiB of 4 KiB.
const LONG_LOG: i64 = 8_192;

/// Pages of log at which the writer does it itself after all: 128 MiB, as the bound of the log should this thread fall behind.
pub(super) const WRITERS_OWN: u32 = 32_768;

/// The thread. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Checkpointer {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Checkpointer {
    pub(super) fn start(connection: SqliteConnection) -> Self {
        let (stop, stopped) = mpsc::channel();
        let work = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            match runtime {
                Ok(runtime) => runtime.block_on(serve(connection, &stopped)),
                Err(error) => tracing::error!(%error, "the checkpointer has no runtime"),
            }
        };
        let thread = std::thread::Builder::new().name("billing-checkpointer".to_owned()).spawn(work);
        // Without it the writer does its work, with longer waits.
        let thread = thread.map_err(|error| tracing::error!(%error, "the checkpointer has no thread")).ok();
        Self { stop: Some(stop), thread }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so already.
            drop(thread.join());
        }
    }
}

async fn serve(mut connection: SqliteConnection, stopped: &mpsc::Receiver<()>) {
    while stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
        if let Err(error) = round(&mut connection).await {
            // The log stays as it is, and the writer's own bound holds.
            tracing::warn!(%error, "a checkpoint was not made");
        }
    }
    if let Err(error) = sqlx::Connection::close(connection).await {
        tracing::error!(%error, "the database did not close");
    }
}

/// One checkpoint, and a second one if the log is long.
pub(super) async fn round(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let pages = checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)").await?;
    if pages >= LONG_LOG {
        checkpoint(connection, "PRAGMA wal_checkpoint(RESTART)").await?;
    }
    Ok(())
}

/// Makes a checkpoint; how many pages the log has.
async fn checkpoint(connection: &mut SqliteConnection, statement: &'static str) -> Result<i64, sqlx::Error> {
    // What it answers: whether it was kept from finishing, pages in the log, pages of them that are in the database now.
    sqlx::query(statement).fetch_one(connection).await?.try_get(1)
}
