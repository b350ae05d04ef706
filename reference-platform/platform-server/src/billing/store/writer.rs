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
use super::cleaning::{self, Bite, NotDurable};
use super::receive::New;
use super::unit::{Place, Reply, Unit};
use super::{GROUP_MAX, PAYMENT_OF_ANOTHER, on_a_thread, receive, storage, write};

/// After a group of so many units others are on the way.
const CROWD: usize = 8;

/// How long those are waited for. A larger group costs little more to write and to flush, and who waits for it is woken together
/// (PostgreSQL knows both figures as `commit_siblings` and `commit_delay`).
const GATHERING: Duration = Duration::from_millis(1);

type Answer = Result<Reply, StoreError>;

/// What waits for the thread.
enum Work {
    Unit(Waiting),
    Clean(Bite),
}

/// A unit that waits.
struct Waiting {
    unit: Unit,
    now: Timestamp,
    answer: oneshot::Sender<Answer>,
}

/// Hands units to the thread.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Work>>,
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
    pub(super) fn start(
        connection: SqliteConnection,
        plans: BTreeMap<SmolStr, Plan>,
        is_durable: bool,
        log: Arc<Log>,
    ) -> Self {
        let (queue, waiting) = mpsc::channel();
        let fail_next = Arc::new(AtomicBool::new(false));
        let fails = Arc::clone(&fail_next);
        let serving = Serving { connection, plans, is_durable, fails, log };
        let thread = on_a_thread("billing-writer", move || serving.run(waiting));
        let thread = thread.map_err(|error| tracing::error!(%error, "the writer has no thread")).ok();
        Self { queue: Some(queue), fail_next, thread }
    }

    pub(super) async fn write(&self, unit: Unit, now: Timestamp) -> Answer {
        self.ask(|answer| Work::Unit(Waiting { unit, now, answer })).await
    }

    /// Deletes what is past its time, so many rows of each kind at most; how many went.
    pub(super) async fn clean(&self, rows: u32, now: Timestamp) -> Result<u64, StoreError> {
        self.ask(|answer| Work::Clean(Bite { rows, now, answer })).await
    }

    async fn ask<T>(
        &self,
        work: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Work,
    ) -> Result<T, StoreError> {
        let gone = || StoreError::Storage("the writer has stopped".to_owned());
        let (answer, answered) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        queue.send(work(answer)).map_err(|_| gone())?;
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

/// The thread's own.
struct Serving {
    connection: SqliteConnection,
    plans: BTreeMap<SmolStr, Plan>,
    is_durable: bool,
    fails: Arc<AtomicBool>,
    log: Arc<Log>,
}

impl Serving {
    async fn run(mut self, waiting: mpsc::Receiver<Work>) {
        match self.serve(&waiting).await {
            Ok(()) => {
                let closed = sqlx::Connection::close(self.connection).await;
                closed.unwrap_or_else(|error| tracing::error!(%error, "the database did not close"));
            }
            Err(error) => tracing::error!(%error, "the writer stops"),
        }
    }

    async fn serve(&mut self, waiting: &mpsc::Receiver<Work>) -> Result<(), NotDurable> {
        let mut units = 0;
        while let Ok(first) = waiting.recv() {
            let (group, bites) = gathered(first, waiting, units >= CROWD).await;
            units = group.len();
            let written = units + bites.len();
            if units > 0 {
                self.group(group).await;
            }
            // Those who wait for an answer come first.
            for bite in bites {
                self.bite(bite).await?;
            }
            if self.log.has_grown(written) {
                let moved = checkpoint::moved(&mut self.connection).await.map(drop);
                moved.unwrap_or_else(|error| tracing::warn!(%error, "the rest of the log was not moved"));
            }
        }
        Ok(())
    }

    async fn group(&mut self, group: Vec<Waiting>) {
        let mut answers: Vec<(oneshot::Sender<Answer>, Answer)> = Vec::with_capacity(group.len());
        let committed = commit(&mut self.connection, &self.plans, group, &mut answers, &self.fails).await;
        for (sender, answer) in answers {
            let answer = match &committed {
                Ok(()) => answer,
                Err(error) => Err(StoreError::Storage(error.clone())),
            };
            // Who no longer waits needs no answer.
            drop(sender.send(answer));
        }
    }

    async fn bite(&mut self, Bite { rows, now, answer }: Bite) -> Result<(), NotDurable> {
        let cleaned = cleaning::clean(&mut self.connection, self.is_durable, (rows, now)).await?;
        drop(answer.send(cleaned));
        Ok(())
    }
}

/// All that wait, and in a crowd those who come soon; bites apart.
async fn gathered(first: Work, waiting: &mpsc::Receiver<Work>, is_crowd: bool) -> (Vec<Waiting>, Vec<Bite>) {
    let mut work = vec![first];
    work.extend(waiting.try_iter().take(GROUP_MAX - 1));
    if is_crowd && work.len() < GROUP_MAX / 2 {
        tokio::time::sleep(GATHERING).await;
        work.extend(waiting.try_iter().take(GROUP_MAX - work.len()));
    }
    let (mut group, mut bites) = (Vec::with_capacity(work.len()), Vec::new());
    for one in work {
        match one {
            Work::Unit(unit) => group.push(unit),
            Work::Clean(bite) => bites.push(bite),
        }
    }
    (group, bites)
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

/// One unit in a savepoint of its own, unless it is a single statement.
async fn one(
    connection: &mut SqliteConnection,
    plans: &BTreeMap<SmolStr, Plan>,
    unit: Unit,
    now: Timestamp,
) -> Answer {
    if matches!(unit, Unit::Receive(_)) {
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
