//! What a store of billing can do: decide and write in one transaction, and find what is due.
//!
//! A store loads what a command is about, lets [`super::decide`] decide, and writes what was decided, all in one transaction. It
//! decides nothing itself. Futures, so that one set of jobs runs over memory and over SQL; nothing here needs a runtime.

use std::future::Future;

use smol_str::SmolStr;
use thiserror::Error;
use units::Timestamp;

use super::account::Account;
use super::command::{Command, Decision, MirrorSeen, Refusal};
use super::invariants::Broken;
use super::rows::Notice;
use crate::ledger::LedgerError;
use crate::webhook::inbox::{EventKey, InboxRefusal, InboxRow, Incoming, Settled};

/// Why a transaction was not made; nothing of it was written.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The command was refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The inbox refused.
    #[error(transparent)]
    Inbox(#[from] InboxRefusal),
    /// The books refused: a bug, or two sources that contradict each other.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A decision would break what must always hold: a bug, and nothing of it is written.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// A row would exist twice.
    #[error("`{0}` would exist twice")]
    Unique(&'static str),
    /// There is no such subscription.
    #[error("no such subscription")]
    NoSuchSubscription,
    /// The database failed.
    #[error("the store failed: {0}")]
    Storage(String),
}

/// What became of a genuine webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It is new, and stored.
    Stored,
    /// It was there already.
    Duplicate,
    /// Its id was there already, with other content.
    Conflict,
}

/// A genuine webhook to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intake {
    /// What it says of itself.
    pub incoming: Incoming,
    /// The body, byte for byte.
    pub body: Vec<u8>,
    /// Why it is set aside for a person at once, if it is.
    pub quarantine: Option<String>,
}

/// What an event changes besides its own row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consequence {
    /// Nothing.
    Nothing,
    /// A subscription is told.
    Command(SmolStr, Command),
    /// A subscription that the provider owns is followed, or made.
    Mirror(MirrorSeen),
}

/// A store.
pub trait Store {
    /// Loads, decides and writes in one transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    fn act(
        &self,
        subscription: &str,
        command: Command,
        now: Timestamp,
    ) -> impl Future<Output = Result<Decision, StoreError>>;

    /// A subscription as it stands.
    ///
    /// # Errors
    /// [`StoreError::Storage`].
    fn account(&self, subscription: &str) -> impl Future<Output = Result<Option<Account>, StoreError>>;

    /// Subscriptions for which time has made something due, the longest due first.
    ///
    /// # Errors
    /// [`StoreError::Storage`].
    fn due_subscriptions(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<SmolStr>, StoreError>>;

    /// Charges to be looked at, as (subscription, key).
    ///
    /// # Errors
    /// [`StoreError::Storage`].
    fn due_attempts(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<(SmolStr, SmolStr)>, StoreError>>;

    /// Refunds to be sent or looked up, as (subscription, id).
    ///
    /// # Errors
    /// [`StoreError::Storage`].
    fn due_refunds(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<(SmolStr, SmolStr)>, StoreError>>;

    /// The subscription that a payment of the provider's was for.
    ///
    /// # Errors
    /// [`StoreError::Storage`].
    fn subscription_of_payment(
        &self,
        payment: &str,
    ) -> impl Future<Output = Result<Option<SmolStr>, StoreError>>;

    /// Stores a genuine webhook once; durable when it returns.
    ///
    /// # Errors
    /// [`StoreError`].
    fn receive(&self, intake: Intake, now: Timestamp) -> impl Future<Output = Result<Received, StoreError>>;

    /// Webhooks that may be claimed, or whose claim has lapsed, the oldest first.
    ///
    /// # Errors
    /// [`StoreError::Storage`].
    fn due_events(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<EventKey>, StoreError>>;

    /// Claims a webhook; counts a lapsed claim as a failure first.
    ///
    /// # Errors
    /// [`StoreError::Inbox`] where another has it or nothing is due.
    fn claim(
        &self,
        key: &EventKey,
        worker: u32,
        now: Timestamp,
    ) -> impl Future<Output = Result<InboxRow, StoreError>>;

    /// When the newest processed event about an object happened, in seconds since 1970.
    ///
    /// # Errors
    /// [`StoreError::Storage`].
    fn latest_processed(&self, object: &str) -> impl Future<Output = Result<Option<u64>, StoreError>>;

    /// Settles a webhook that a worker has claimed, and writes what follows from it, in one transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    fn settle(
        &self,
        claim: (&EventKey, u32),
        outcome: Settled,
        consequence: Consequence,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>>;

    /// Notices that may be posted now: those that never failed first, in the order in which they came into being.
    ///
    /// # Errors
    /// [`StoreError::Storage`].
    fn unposted(&self, now: Timestamp, limit: u32) -> impl Future<Output = Result<Vec<Notice>, StoreError>>;

    /// Keeps others off notices while they are posted; those that nobody else has.
    ///
    /// # Errors
    /// [`StoreError::Storage`].
    fn claim_notices(
        &self,
        notices: &[SmolStr],
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<SmolStr>, StoreError>>;

    /// Marks notices as posted.
    ///
    /// # Errors
    /// [`StoreError::Storage`].
    fn posted(&self, notices: &[SmolStr], now: Timestamp) -> impl Future<Output = Result<(), StoreError>>;

    /// Puts notices off whose receiver failed.
    ///
    /// # Errors
    /// [`StoreError::Storage`].
    fn put_off(&self, notices: &[SmolStr], now: Timestamp) -> impl Future<Output = Result<(), StoreError>>;
}
