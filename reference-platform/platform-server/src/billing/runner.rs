//! The jobs as a server runs them: one thread, in turn but for the notices, until it is told to stop; then what runs is finished and
//! nothing new begun.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use platform_core::subscription::jobs::{self, Stopped};

use super::ports::{Outside, ServerPorts, UntilDrained};
use super::store::SqliteStore;

/// Pause between two rounds in which nothing was found: short enough that a webhook is processed within the second.
const IDLE: Duration = Duration::from_millis(200);

/// Rows of a kind that one bite of cleaning deletes at most: so few that a webhook behind it hardly waits.
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

/// Runs all jobs until the drain begins, and cleans beside them.
pub async fn run<O: Outside>(store: &SqliteStore, outside: &O, drain: &Drain) {
    let draining = UntilDrained { outside, drain };
    let ports = ServerPorts { store, outside: &draining };
    let jobs = async { tokio::join!(work(&ports, drain), tell(&ports, drain)) };
    tokio::select! {
        _ = jobs => {}
        () = clean(store, outside) => {}
    }
}

/// Decides and charges.
async fn work<O: Outside>(ports: &ServerPorts<'_, O>, drain: &Drain) {
    while !drain.has_begun() && round(ports).await != Err(Stopped) {
        tokio::time::sleep(IDLE).await;
    }
}

/// Posts notices, beside the rest: a receiver that takes its time holds up no renewal.
async fn tell<O: Outside>(ports: &ServerPorts<'_, O>, drain: &Drain) {
    while !drain.has_begun() && jobs::outbox(ports).await != Err(Stopped) {
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

/// What came in, what is unknown, what is due.
async fn round<O: Outside>(ports: &ServerPorts<'_, O>) -> Result<(), Stopped> {
    jobs::inbox(ports, 0).await?;
    jobs::attempts(ports).await?;
    jobs::renewals(ports).await
}

/// One round of everything, in turn.
///
/// # Errors
/// [`Stopped`] at a seam.
pub async fn once<O: Outside>(ports: &ServerPorts<'_, O>) -> Result<(), Stopped> {
    round(ports).await?;
    jobs::outbox(ports).await
}
