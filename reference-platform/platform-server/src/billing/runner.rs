//! The jobs as a server runs them: one thread, in turn, until it is told to stop; then what runs is finished and nothing new begun.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use platform_core::subscription::jobs::{self, Stopped};

use super::ports::{Outside, ServerPorts};
use super::store::SqliteStore;

/// Pause between two rounds in which nothing was found: short enough that a webhook is processed within the second.
const IDLE: Duration = Duration::from_millis(200);

/// Rows that one bite of cleaning deletes at most.
pub const CLEAN_ROWS: u32 = 500;

/// Rounds between two bites of cleaning: about every five seconds.
const CLEAN_EVERY: u32 = 25;

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

/// Runs all jobs in turn until the drain begins.
pub async fn run<O: Outside>(store: &SqliteStore, outside: &O, drain: &Drain) {
    let ports = ServerPorts { store, outside };
    let mut round: u32 = 0;
    while !drain.has_begun() {
        if once(&ports).await == Err(Stopped) {
            return;
        }
        if round.is_multiple_of(CLEAN_EVERY)
            && let Err(error) = store.clean(CLEAN_ROWS, outside.now()).await
        {
            tracing::error!(%error, "cleaning failed");
        }
        round = round.wrapping_add(1);
        tokio::time::sleep(IDLE).await;
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
