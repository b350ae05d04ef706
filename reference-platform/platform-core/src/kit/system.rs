//! What a billing system under test can do, and what it shows of itself.
//!
//! Synchronous and single-threaded, so that a history is one order of events and repeats exactly. Methods take `&self` because a
//! rival worker, a webhook or a crash may come in while a job waits for an answer: a system keeps its store in a cell, and
//! holds no borrow of it across a call of [`Outside`].

use units::{Micros, Money, Timestamp};

use crate::subscription::calendar::{Interval, Zone};
use crate::webhook::verify::Delivery;

/// What all subscriptions of a history have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The clock at the start.
    pub now: Timestamp,
    /// Price of a period.
    pub price: Money,
    /// Length of a period.
    pub interval: Interval,
    /// Billing zone of all customers.
    pub zone: Zone,
    /// Secret of the webhook endpoint, in Stripe's scheme.
    pub secret: String,
    /// How long a failed renewal is retried, and access kept, after it was due.
    pub grace: Micros,
}

/// An existing subscription, active, whose current period is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSubscription {
    /// Its id.
    pub subscription: String,
    /// Its customer, who has no other.
    pub customer: String,
    /// The card on file; others may have the same.
    pub card: String,
    /// Start of its first period, which holds the start of the history.
    pub anchor: Timestamp,
}

/// A job that runs until nothing is due for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Period ends, retries, ends of dunning windows.
    Renewals,
    /// Charges and refunds without a known outcome.
    Attempts,
    /// Stored webhooks.
    Inbox,
    /// Notices to be posted.
    Outbox,
}

/// What a customer asks for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// End the subscription now, without a refund.
    CancelNow,
    /// End it when the paid period ends.
    CancelAtPeriodEnd,
    /// Pay with another card from now on.
    SetCard(String),
}

/// Whether the system took something in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Stored durably; for a webhook, the 2xx.
    Accepted,
    /// Refused; nothing was stored.
    Refused,
}

/// The process died; whoever sees this passes it up at once and does nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crashed;

/// Why a call to the outside gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallError {
    /// It may or may not have been done.
    TimedOut,
    /// The process died meanwhile.
    Crashed,
}

impl From<Crashed> for CallError {
    fn from(Crashed: Crashed) -> Self {
        Self::Crashed
    }
}

/// A charge, as sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeCall {
    /// The caller's name for this one charge.
    pub idempotency_key: String,
    /// Who pays.
    pub customer: String,
    /// With what.
    pub card: String,
    /// How much.
    pub amount: Money,
    /// Metadata: for which subscription.
    pub subscription: String,
    /// Metadata: for the period that starts then.
    pub period_start: Timestamp,
}

/// What the provider answers to a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChargeReply {
    /// The money is there.
    Captured {
        /// Id of the payment.
        payment: String,
    },
    /// The bank said no.
    Declined {
        /// The decline code.
        code: String,
    },
    /// The same key is under way; nothing was done.
    KeyInUse,
    /// The provider failed, before or after taking the money; a repeat under the key gives the same answer.
    ServerError,
}

/// A payment as the provider shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Its id.
    pub id: String,
    /// The call that made it.
    pub call: ChargeCall,
    /// Whether the money was taken.
    pub captured: bool,
    /// Why not, where it was declined.
    pub decline_code: Option<String>,
    /// Minor units given back.
    pub refunded: i64,
}

/// What a job reaches outside the process.
pub trait Outside {
    /// Charges a card.
    ///
    /// # Errors
    /// [`CallError`].
    fn charge(&self, call: &ChargeCall) -> Result<ChargeReply, CallError>;

    /// Gives a payment back in full, once per key.
    ///
    /// # Errors
    /// [`CallError`].
    fn refund(&self, idempotency_key: &str, payment: &str) -> Result<(), CallError>;

    /// All payments of a customer, newest first: captured and declined.
    ///
    /// # Errors
    /// [`CallError`].
    fn look_up(&self, customer: &str) -> Result<Vec<Payment>, CallError>;

    /// A payment as it stands.
    ///
    /// # Errors
    /// [`CallError`].
    fn fetch(&self, payment: &str) -> Result<Option<Payment>, CallError>;

    /// Posts a notice.
    ///
    /// # Errors
    /// [`CallError`].
    fn post(&self, notice: &str) -> Result<(), CallError>;

    /// To be called before and after every commit: the process may die here, and a rival may come in.
    ///
    /// # Errors
    /// [`Crashed`].
    fn seam(&self, name: &'static str) -> Result<(), Crashed>;
}

/// A billing system under test.
pub trait Billing {
    /// Starts anew with an empty store.
    fn reset(&self, start: &Start);
    /// Sets its clock; the new time may be earlier.
    fn set_clock(&self, now: Timestamp);
    /// Takes over an existing subscription.
    fn create(&self, new: &NewSubscription);
    /// Runs a job until nothing is due for it at this moment.
    ///
    /// # Errors
    /// [`Crashed`] when the outside said so.
    fn tick(&self, job: Job, worker: u32, outside: &dyn Outside) -> Result<(), Crashed>;
    /// Takes in a webhook, or refuses it.
    fn deliver(&self, webhook: &Delivery<'_>) -> Answer;
    /// Takes in a customer's request, or refuses it.
    fn request(&self, subscription: &str, request: &Request) -> Answer;
    /// Loses everything that is not durable, and starts again on the same store.
    fn crash(&self);
    /// Shows itself.
    fn query(&self) -> Snapshot;
}

/// What a system shows of itself: rows in the order in which they came into being.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Subscriptions.
    pub subscriptions: Vec<SubscriptionView>,
    /// Cycle invoices since the start.
    pub invoices: Vec<InvoiceView>,
    /// Charge attempts since the start.
    pub attempts: Vec<AttemptView>,
    /// Ledger transactions about captured payments and refunds.
    pub ledger: Vec<LedgerView>,
    /// Stored webhooks.
    pub inbox: Vec<InboxView>,
    /// Receipts, whether posted or waiting.
    pub receipts: Vec<ReceiptView>,
    /// Audited changes of status.
    pub audit: Vec<AuditView>,
}

/// Status of a subscription, as far as the kit tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// The current period is paid, or its first attempt is open.
    Active,
    /// A charge was declined and is retried.
    PastDue,
    /// Ended.
    Canceled,
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionView {
    /// Its id.
    pub subscription: String,
    /// Its status.
    pub status: Status,
    /// Whether its customer has access now.
    pub access: bool,
    /// Starts of its periods, the first included.
    pub period_starts: Vec<Timestamp>,
}

/// A cycle invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceView {
    /// Its id.
    pub invoice: String,
    /// Its subscription.
    pub subscription: String,
    /// The period that it is for.
    pub period_start: Timestamp,
    /// Its amount.
    pub amount: Money,
    /// Where it stands.
    pub state: InvoiceState,
}

/// Where an invoice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InvoiceState {
    /// To be paid.
    Open,
    /// Paid.
    Paid,
    /// Withdrawn.
    Void,
    /// Given up.
    Uncollectible,
}

/// A charge attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptView {
    /// Its invoice.
    pub invoice: String,
    /// Its idempotency key.
    pub idempotency_key: String,
    /// Whether it may still take money: created, in flight, unknown or waiting for the customer.
    pub live: bool,
    /// Whether its outcome is unknown.
    pub unknown: bool,
}

/// A ledger transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerView {
    /// The payment that it is about.
    pub payment: String,
    /// Whether it books a refund and not a payment.
    pub refund: bool,
    /// Its entries in minor units; they sum to zero.
    pub entries: Vec<i64>,
}

/// A stored webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxView {
    /// The event's id.
    pub event: String,
    /// Whether it is settled: processed, ignored, superseded or quarantined.
    pub settled: bool,
    /// When it was stored.
    pub stored_at: Timestamp,
}

/// A receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptView {
    /// The notice's id, which stays the same when it is posted again.
    pub notice: String,
    /// The payment that it is about.
    pub payment: String,
    /// Whether it is marked as posted.
    pub posted: bool,
}

/// An audited change of status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditView {
    /// The subscription.
    pub subscription: String,
    /// Status before.
    pub before: Status,
    /// Status after.
    pub after: Status,
    /// What caused it: a timer, an answer, an event, a person; never empty.
    pub cause: String,
}
