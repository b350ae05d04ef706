//! The jobs as a server runs them: one thread, in turn, until it is told to stop; then what runs is finished and nothing new begun.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use platform_core::subscription::jobs::{self, Stopped};

use super::ports::{Outside, ServerPorts};
use super::store::SqliteStore;

/// Pause between two rounds in which nothing was found: short enough that a webhook is processed within the second.
const IDLE: Duration = Duration::from_millis(200);

/// Rows of a kind that one bite of cleaning deletes at most: so few that a webhook behind it waits no longer than for a flush.
pub const CLEAN_ROWS: u32 = 8;

/// Pause between two bites while there is something to delete: more webhooks go than a busy day brings.
pub const CLEAN_PAUSE: Duration = Duration::from_millis(12);

/// Pause after a bite that found nothing.
const CLEAN_IDLE: Duration = Duration::from_secs(5);

/// Tells the jobs to stop.
#[derive(Debug, Clone, Default)]
pub struct Drain(Arc<AtomicBool>);

impl Drain {
    /// Nothing new is begun from now on.
    pub fn begin(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Runs all jobs in turn until the drain begins, and cleans beside them.
pub async fn run<O: Outside>(store: &SqliteStore, outside: &O, drain: &Drain) {
    tokio::select! {
        () = work(store, outside, drain) => {}
        () = clean(store, outside) => {}
    }
}

async fn work<O: Outside>(store: &SqliteStore, outside: &O, drain: &Drain) {
    let ports = ServerPorts { store, outside };
    while !drain.has_begun() {
        if once(&ports).await == Err(Stopped) {
            return;
        }
        tokio::time::sleep(IDLE).await;
    }
}

/// Deletes what is past its time for as long as it is let.
async fn clean<O: Outside>(store: &SqliteStore, outside: &O) {
    loop {
        let pause = match store.clean(CLEAN_ROWS, outside.now()).await {
            Ok(0) => CLEAN_IDLE,
            Ok(_) => CLEAN_PAUSE,
            Err(error) => {
                tracing::error!(%error, "cleaning failed");
                CLEAN_IDLE
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// One round: what came in, what is unknown, what is due, what is to be told.
///
/// # Errors
/// [`Stopped`] at a seam.
pub async fn once<O: Outside>(ports: &ServerPorts<'_, O>) -> Result<(), Stopped> {
    jobs::inbox(ports, 0).await?;
    jobs::attempts(ports).await?;
    jobs::renewals(ports).await?;
    jobs::outbox(ports).await
}
