//! The one thread that writes, and the channel to it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use platform_core::subscription::rows::Plan;
use platform_core::subscription::store::{Consequence, Received, StoreError};
use smol_str::SmolStr;
use sqlx::SqliteConnection;
use tokio::sync::oneshot;
use units::Timestamp;

use super::checkpoint::{self, Log};
use super::receive::New;
use super::unit::{Place, Reply, Unit};
use super::{GROUP_MAX, PAYMENT_OF_ANOTHER, on_a_thread, receive, storage, write};

/// After a group of so many units others are on the way.
const CROWD: usize = 8;

/// How long those are waited for. A larger group costs little more to write and to flush, and who waits for it is woken together
/// (PostgreSQL knows both figures as `commit_siblings` and `commit_delay`).
const GATHERING: Duration = Duration::from_millis(1);

type Answer = Result<Reply, StoreError>;

/// A unit that waits.
struct Waiting {
    unit: Unit,
    now: Timestamp,
    answer: oneshot::Sender<Answer>,
}

/// Hands units to the thread.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Waiting>>,
    fail_next: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer(..)")
    }
}

impl Writer {
    /// Starts the thread. It ends when the writer is dropped, after what waits.
    pub(super) fn start(connection: SqliteConnection, plans: BTreeMap<SmolStr, Plan>, log: Arc<Log>) -> Self {
        let (queue, waiting) = mpsc::channel();
        let fail_next = Arc::new(AtomicBool::new(false));
        let fails = Arc::clone(&fail_next);
        let work = move || async move { serve(connection, &plans, &waiting, (&fails, &log)).await };
        let thread = on_a_thread("billing-writer", work);
        let thread = thread.map_err(|error| tracing::error!(%error, "the writer has no thread")).ok();
        Self { queue: Some(queue), fail_next, thread }
    }

    pub(super) async fn write(&self, unit: Unit, now: Timestamp) -> Answer {
        let gone = || StoreError::Storage("the writer has stopped".to_owned());
        let (answer, answered) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        queue.send(Waiting { unit, now, answer }).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }

    pub(super) fn fail_next(&self) {
        self.fail_next.store(true, Ordering::SeqCst);
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so already.
            drop(thread.join());
        }
    }
}

async fn serve(
    mut connection: SqliteConnection,
    plans: &BTreeMap<SmolStr, Plan>,
    waiting: &mpsc::Receiver<Waiting>,
    (fails, log): (&AtomicBool, &Log),
) {
    let mut units = 0;
    while let Ok(first) = waiting.recv() {
        let group = gathered(first, waiting, units >= CROWD).await;
        units = group.len();
        let mut answers: Vec<(oneshot::Sender<Answer>, Answer)> = Vec::with_capacity(units);
        let committed = commit(&mut connection, plans, group, &mut answers, fails).await;
        for (sender, answer) in answers {
            let answer = match &committed {
                Ok(()) => answer,
                Err(error) => Err(StoreError::Storage(error.clone())),
            };
            // Who no longer waits needs no answer.
            drop(sender.send(answer));
        }
        if log.has_grown(units)
            && let Err(error) = checkpoint::moved(&mut connection).await
        {
            tracing::warn!(%error, "the rest of the log was not moved into the database");
        }
    }
    if let Err(error) = sqlx::Connection::close(connection).await {
        tracing::error!(%error, "the database did not close");
    }
}

/// All that wait, and in a crowd those who come soon.
async fn gathered(first: Waiting, waiting: &mpsc::Receiver<Waiting>, is_crowd: bool) -> Vec<Waiting> {
    let mut group = vec![first];
    group.extend(waiting.try_iter().take(GROUP_MAX - 1));
    if is_crowd && group.len() < GROUP_MAX / 2 {
        tokio::time::sleep(GATHERING).await;
        group.extend(waiting.try_iter().take(GROUP_MAX - group.len()));
    }
    group
}

/// One transaction of a group; each answer is good only if the whole is committed.
async fn commit(
    connection: &mut SqliteConnection,
    plans: &BTreeMap<SmolStr, Plan>,
    group: Vec<Waiting>,
    answers: &mut Vec<(oneshot::Sender<Answer>, Answer)>,
    fails: &AtomicBool,
) -> Result<(), String> {
    let webhooks: Vec<&New> = group
        .iter()
        .filter_map(|waiting| if let Unit::Receive(new) = &waiting.unit { Some(&**new) } else { None })
        .collect();
    let are_all = webhooks.len() == group.len() && !fails.load(Ordering::SeqCst);
    if are_all && receive::at_once(connection, &webhooks).await {
        let stored = |waiting: Waiting| (waiting.answer, Ok(Reply::Received(Received::Stored)));
        answers.extend(group.into_iter().map(stored));
        return Ok(());
    }
    let begun = run(connection, "BEGIN IMMEDIATE").await;
    let fails_first = begun.is_ok() && fails.swap(false, Ordering::SeqCst);
    // Webhooks first, many at a time: whoever stands beside them in a group cannot know them yet.
    let stored = match (&begun, fails_first) {
        (Ok(()), false) => receive::new_ones(connection, &webhooks).await,
        _ => vec![false; webhooks.len()],
    };
    let mut stored = stored.into_iter();
    for (n, Waiting { unit, now, answer }) in group.into_iter().enumerate() {
        let is_stored = matches!(unit, Unit::Receive(_)) && stored.next().unwrap_or(false);
        let reply = match &begun {
            Ok(()) if fails_first && n == 0 => Err(StoreError::Storage("the disk is full".to_owned())),
            Ok(()) if is_stored => Ok(Reply::Received(Received::Stored)),
            Ok(()) => one(connection, plans, unit, now).await,
            Err(error) => Err(StoreError::Storage(error.clone())),
        };
        answers.push((answer, reply));
    }
    begun?;
    let committed = run(connection, "COMMIT").await;
    if committed.is_err() {
        // The transaction may be over already; then there is nothing to roll back.
        drop(run(connection, "ROLLBACK").await);
    }
    committed
}

async fn run(connection: &mut SqliteConnection, statement: &'static str) -> Result<(), String> {
    sqlx::query(statement).execute(connection).await.map(drop).map_err(|error| error.to_string())
}

/// One unit in a savepoint of its own, unless it is a single statement, or some of which each may stand without the others.
async fn one(
    connection: &mut SqliteConnection,
    plans: &BTreeMap<SmolStr, Plan>,
    unit: Unit,
    now: Timestamp,
) -> Answer {
    if matches!(unit, Unit::Receive(_) | Unit::Clean { .. }) {
        return Place { connection, plans, now }.run(unit).await;
    }
    let failed = |error: sqlx::Error| storage(&error);
    let about = subject(&unit);
    sqlx::query("SAVEPOINT unit").execute(&mut *connection).await.map_err(failed)?;
    let reply = Place { connection, plans, now }.run(unit).await;
    if reply.is_err() {
        sqlx::query("ROLLBACK TO unit").execute(&mut *connection).await.map_err(failed)?;
    }
    sqlx::query("RELEASE unit").execute(&mut *connection).await.map_err(failed)?;
    if let (Err(StoreError::Unique(PAYMENT_OF_ANOTHER)), Some(subscription)) = (&reply, about) {
        // Nobody waits for a job's answer, so what cannot be booked stays where a person looks.
        tracing::error!(%subscription, "a payment belongs to another attempt already, and is not booked");
        write::alert(connection, "payment_not_booked", &subscription, now).await?;
    }
    reply
}

/// The subscription that a unit acts on.
fn subject(unit: &Unit) -> Option<SmolStr> {
    match unit {
        Unit::Act { subscription, .. } => Some(subscription.clone()),
        Unit::Settle { consequence, .. } => match &**consequence {
            Consequence::Command(subscription, _) => Some(subscription.clone()),
            Consequence::Nothing | Consequence::Mirror(_) => None,
        },
        _ => None,
    }
}
