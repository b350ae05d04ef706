//! The rows of billing in SQLite.
//!
//! One thread writes. It takes whatever waits, up to [`GROUP_MAX`] units, and makes one transaction of them, each unit in a savepoint of
//! its own: a unit that is refused takes nothing of its neighbours' with it, and nobody is answered before the disk has it (WAL,
//! `synchronous=FULL`). Cleaning alone waits for no disk. Reads go past the writer and see what is committed. A second thread moves
//! pages from the log into the file.

mod checkpoint;
mod cleaning;
mod load;
mod migrate;
mod receive;
mod requests;
mod unit;
pub(in crate::billing) mod write;
mod writer;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use platform_core::subscription::account::Account;
use platform_core::subscription::books::Books;
use platform_core::subscription::command::{Command, Decision};
use platform_core::subscription::decide::begin::TakenOver;
use platform_core::subscription::rows::{AuditRow, Notice, Plan};
use platform_core::subscription::store::{Consequence, Intake, Received, Store, StoreError};
use platform_core::webhook::inbox::{EventKey, InboxRow, Settled};
use smol_str::SmolStr;
use sqlx::SqliteConnection;
use tokio::sync::Mutex;
use units::Timestamp;

use self::checkpoint::{Checkpointer, Log};
use self::receive::New;
pub use self::requests::{Asked, CustomerCall, Request, Response};
pub(in crate::billing) use self::requests::{instant, shown};
use self::unit::{Reply, Unit};
use self::writer::Writer;

/// Units in one transaction at most: enough that the disk's flush is shared, few enough that nobody waits for long.
pub const GROUP_MAX: usize = 128;

/// How a database is opened.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// The file; made if it does not exist.
    pub path: PathBuf,
    /// Whether each commit waits for the disk. Without it a killed process loses nothing, a power cut may: for tests.
    pub durable: bool,
}

/// Why a database was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It was written by a newer version of the program.
    #[error(
        "{path} has a schema that this version does not know (migration {version}); run the newer version, or choose another file"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its unknown migration.
        version: i64,
    },
    /// Another file, a broken one, or no permission.
    #[error("cannot open {path}: {reason}; choose another file, or move this one away")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the database said.
        reason: String,
    },
}

/// The store.
#[derive(Debug)]
pub struct SqliteStore {
    /// Ends before the writer. A store without a disk has none: all of its work is in its commits, in order.
    _checkpointer: Option<Checkpointer>,
    writer: Writer,
    reader: Mutex<SqliteConnection>,
}

impl SqliteStore {
    /// Opens or makes a database, and brings its schema up to date.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(options: &StoreOptions, plans: BTreeMap<SmolStr, Plan>) -> Result<Self, OpenError> {
        let mut first = migrate::connect(options).await?;
        migrate::migrate(&mut first, &options.path).await?;
        let log = Arc::new(Log::default());
        let checkpointer = if options.durable {
            checkpoint::leave_to_others(&mut first, &options.path).await?;
            Some(Checkpointer::start(options, Arc::clone(&log)).await?)
        } else {
            None
        };
        let reader = migrate::connect(options).await?;
        let writer = Writer::start(first, plans, options.durable, log);
        Ok(Self { _checkpointer: checkpointer, writer, reader: Mutex::new(reader) })
    }

    async fn write(&self, unit: Unit, now: Timestamp) -> Result<Reply, StoreError> {
        self.writer.write(unit, now).await
    }

    /// Takes over an existing subscription.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_over(&self, taken: TakenOver, now: Timestamp) -> Result<(), StoreError> {
        self.write(Unit::TakeOver(Box::new(taken)), now).await.map(drop)
    }

    /// Answers a request of a customer or of support, once per idempotency key.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was written and the key is free.
    pub async fn request(&self, request: Request, now: Timestamp) -> Result<Response, StoreError> {
        self.write(Unit::Request(Box::new(request)), now).await.map(Reply::response)
    }

    /// Deletes what is past its time, at most `rows` of each kind; how many were deleted. It does not wait for the disk: after a power cut
    /// they may be there again.
    ///
    /// # Errors
    /// [`StoreError::Storage`].
    pub async fn clean(&self, rows: u32, now: Timestamp) -> Result<u64, StoreError> {
        self.writer.clean(rows, now).await
    }

    /// A stored webhook.
    ///
    /// # Errors
    /// [`StoreError::Storage`].
    pub async fn event(&self, key: &EventKey) -> Result<Option<InboxRow>, StoreError> {
        load::event(&mut *self.reader.lock().await, key).await
    }

    /// Audited changes about a subject, in order.
    ///
    /// # Errors
    /// [`StoreError::Storage`].
    pub async fn audit(&self, subject: &str) -> Result<Vec<AuditRow>, StoreError> {
        load::audit(&mut *self.reader.lock().await, subject).await
    }

    /// Ids of a customer's subscriptions, in order.
    ///
    /// # Errors
    /// [`StoreError::Storage`].
    pub async fn subscriptions_of(&self, customer: &str) -> Result<Vec<String>, StoreError> {
        load::subscriptions_of(&mut *self.reader.lock().await, customer).await
    }

    /// Everything, for comparisons and small databases.
    ///
    /// # Errors
    /// [`StoreError::Storage`].
    pub async fn books(&self) -> Result<Books, StoreError> {
        load::books(&mut *self.reader.lock().await).await
    }

    /// Bytes of the database, with what is still in its log alone.
    ///
    /// # Errors
    /// [`StoreError::Storage`].
    pub async fn size_bytes(&self) -> Result<u64, StoreError> {
        load::size_bytes(&mut *self.reader.lock().await).await
    }

    /// Alerts, as (kind, subject).
    ///
    /// # Errors
    /// [`StoreError::Storage`].
    pub async fn alerts(&self) -> Result<Vec<(String, String)>, StoreError> {
        load::alerts(&mut *self.reader.lock().await).await
    }

    /// Makes the next unit fail before its commit, as a full disk would.
    pub fn fail_next(&self) {
        self.writer.fail_next();
    }
}

/// A payment belongs to another attempt already: the provider and we do not mean the same by its id, and its money is not booked.
const PAYMENT_OF_ANOTHER: &str = "payment of an attempt";

/// A database's error as a store's.
fn storage(error: &sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(database) if database.is_unique_violation() => {
            // The database names the columns; which rule they belong to is told by the table.
            let text = database.message();
            if text.contains("attempts.payment") {
                StoreError::Unique(PAYMENT_OF_ANOTHER)
            } else if text.contains("attempts") {
                StoreError::Unique("live attempt of an invoice")
            } else if text.contains("invoices") {
                StoreError::Unique("invoice of a period")
            } else {
                StoreError::Unique("row")
            }
        }
        other => StoreError::Storage(other.to_string()),
    }
}

/// Where rows cannot be read, somebody else wrote them.
fn unreadable(error: &serde_json::Error) -> StoreError {
    StoreError::Storage(format!("a row cannot be read: {error}"))
}

/// A thread that does one thing, with a runtime of its own.
fn on_a_thread<W: Future<Output = ()>>(
    name: &str,
    work: impl FnOnce() -> W + Send + 'static,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    let run = move || match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(work()),
        Err(error) => tracing::error!(%error, "a thread of the database has no runtime"),
    };
    std::thread::Builder::new().name(name.to_owned()).spawn(run)
}

/// The database at a path, without changing it: whether it is there at all.
#[must_use]
pub fn exists(path: &Path) -> bool {
    path.is_file()
}

impl Store for SqliteStore {
    async fn act(
        &self,
        subscription: &str,
        command: Command,
        now: Timestamp,
    ) -> Result<Decision, StoreError> {
        let unit = Unit::Act { subscription: subscription.into(), command: Box::new(command) };
        self.write(unit, now).await.map(Reply::decision)
    }

    async fn account(&self, subscription: &str) -> Result<Option<Account>, StoreError> {
        load::account(&mut *self.reader.lock().await, subscription, Timestamp::NEVER).await
    }

    async fn due_subscriptions(&self, now: Timestamp, limit: u32) -> Result<Vec<SmolStr>, StoreError> {
        load::due_subscriptions(&mut *self.reader.lock().await, now, limit).await
    }

    async fn due_attempts(&self, now: Timestamp, limit: u32) -> Result<Vec<(SmolStr, SmolStr)>, StoreError> {
        load::due_attempts(&mut *self.reader.lock().await, now, limit).await
    }

    async fn due_refunds(&self, now: Timestamp, limit: u32) -> Result<Vec<(SmolStr, SmolStr)>, StoreError> {
        load::due_refunds(&mut *self.reader.lock().await, now, limit).await
    }

    async fn subscription_of_payment(&self, payment: &str) -> Result<Option<SmolStr>, StoreError> {
        load::subscription_of_payment(&mut *self.reader.lock().await, payment).await
    }

    async fn receive(&self, intake: Intake, now: Timestamp) -> Result<Received, StoreError> {
        self.write(Unit::Receive(Box::new(New::of(intake, now)?)), now).await.map(Reply::received)
    }

    async fn due_events(&self, now: Timestamp, limit: u32) -> Result<Vec<EventKey>, StoreError> {
        load::due_events(&mut *self.reader.lock().await, now, limit).await
    }

    async fn claim(&self, key: &EventKey, worker: u32, now: Timestamp) -> Result<InboxRow, StoreError> {
        self.write(Unit::Claim { key: key.clone(), worker }, now).await?.row()
    }

    async fn latest_processed(&self, object: &str) -> Result<Option<u64>, StoreError> {
        load::latest_processed(&mut *self.reader.lock().await, object).await
    }

    async fn settle(
        &self,
        (key, worker): (&EventKey, u32),
        outcome: Settled,
        consequence: Consequence,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let unit = Unit::Settle { key: key.clone(), worker, outcome, consequence: Box::new(consequence) };
        self.write(unit, now).await.map(drop)
    }

    async fn unposted(&self, now: Timestamp, limit: u32) -> Result<Vec<Notice>, StoreError> {
        load::unposted(&mut *self.reader.lock().await, now, limit).await
    }

    async fn claim_notices(&self, notices: &[SmolStr], now: Timestamp) -> Result<Vec<SmolStr>, StoreError> {
        self.write(Unit::ClaimNotices(notices.to_vec()), now).await.map(Reply::notices)
    }

    async fn put_off(&self, notices: &[SmolStr], now: Timestamp) -> Result<(), StoreError> {
        self.write(Unit::PutOff(notices.to_vec()), now).await.map(drop)
    }

    async fn posted(&self, notices: &[SmolStr], now: Timestamp) -> Result<(), StoreError> {
        self.write(Unit::Posted(notices.to_vec()), now).await.map(drop)
    }
}

#[cfg(test)]
mod tests;
