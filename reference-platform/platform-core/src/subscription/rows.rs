//! The rows of billing, as they stand in any store.
//!
//! Each row names all that is needed to decide about it, so that a store is tables of rows and nothing more. Ids are made from the
//! subscription's id and counters, never drawn: the same history makes the same ids.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use units::{Money, Timestamp};

use super::calendar::{Interval, Period, Zone};
use super::decline::DeclineClass;

/// What a plan costs, and how it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Its name.
    pub name: SmolStr,
    /// Gross price of a period.
    pub price: Money,
    /// Length of a period.
    pub interval: Interval,
    /// What a failed renewal leads to when its window is over.
    #[serde(default)]
    pub end: EndOfDunning,
    /// Whether the unused days of a period are given back when it is canceled at once.
    #[serde(default)]
    pub refund_on_cancel: bool,
}

/// What a failed renewal leads to when its window is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndOfDunning {
    /// The subscription ends.
    #[default]
    Canceled,
    /// It waits without access until the open invoice is paid.
    Unpaid,
}

/// Who decides about a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// We renew, invoice and charge.
    Platform,
    /// The provider does; we mirror what we fetch from it.
    Provider,
}

/// State of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// New, and its first invoice is not paid yet.
    Incomplete,
    /// The first invoice was not paid in time; final.
    IncompleteExpired,
    /// In trial: access without an invoice.
    Trialing,
    /// Paid, or its next charge has no answer yet.
    Active,
    /// A charge was declined and the window is running.
    PastDue,
    /// The window is over and the invoice still open (an option of the plan).
    Unpaid,
    /// No invoices and no access until it is resumed.
    Paused,
    /// Ended; final.
    Canceled,
}

/// A customer, as far as billing knows one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Its id.
    pub id: SmolStr,
    /// The provider's name for the card on file.
    pub card: Option<SmolStr>,
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Its id.
    pub id: SmolStr,
    /// Whose it is.
    pub customer: SmolStr,
    /// Who decides about it.
    pub owner: Owner,
    /// Its plan.
    pub plan: SmolStr,
    /// Gross price of a period.
    pub price: Money,
    /// Length of a period.
    pub interval: Interval,
    /// Billing zone of the customer.
    pub zone: Zone,
    /// Where its calendar begins.
    pub anchor: Timestamp,
    /// Ordinal of the current period, from 0 at the anchor.
    pub ordinal: u32,
    /// The current period.
    pub period: Period,
    /// Where it stands.
    pub status: Status,
    /// End of the trial, while in one.
    pub trial_end: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// It ends when the current period does.
    pub cancel_at_period_end: bool,
    /// It pauses when the current period ends.
    pub pause_at_period_end: bool,
    /// Plan and price from the next period on.
    pub next_plan: Option<(SmolStr, Money)>,
    /// Billing zone from the next period on, where the customer has moved.
    #[serde(default)]
    pub next_zone: Option<Zone>,
    /// Invoices made so far: the next one's id.
    pub invoices_made: u32,
    /// The provider's own word for its state, where the provider owns it.
    pub provider_status: Option<SmolStr>,
    /// When time next makes something due here.
    pub due_at: Timestamp,
}

/// What an invoice is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceKind {
    /// A period.
    Cycle,
    /// A change of plan within one.
    Change,
}

/// Where an invoice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

/// Why an invoice is not what its plan costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceReason {
    /// We were down for the whole period: it costs nothing.
    MissedByUs,
}

/// An invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// Its id.
    pub id: SmolStr,
    /// Its subscription.
    pub subscription: SmolStr,
    /// What it is for.
    pub kind: InvoiceKind,
    /// Number among the invoices of its kind and period, from 0.
    pub ordinal: u32,
    /// The period that it is for, or in which the change is made.
    pub period: Period,
    /// What is to be paid.
    pub amount: Money,
    /// What was not charged because we were down.
    pub forgone: Option<Money>,
    /// Where it stands.
    pub state: InvoiceState,
    /// Why it is not what its plan costs.
    pub reason: Option<InvoiceReason>,
    /// When it was due.
    pub due_at: Timestamp,
    /// When it is next tried; `None` waits for the customer or for the end of the window.
    pub next_attempt_at: Option<Timestamp>,
    /// Cards that can never pay it.
    pub refused_cards: BTreeSet<SmolStr>,
    /// Attempts made so far: the next one's key.
    pub attempts_made: u32,
}

/// Where a charge attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    /// The request is stored and may have been sent.
    InFlight,
    /// It was sent, and nobody knows yet what became of it.
    Unknown,
    /// The bank waits for the customer.
    RequiresAction,
    /// The money was taken.
    Succeeded,
    /// It was not, and will not be under this key.
    Failed,
}

/// A charge attempt: one intent at the provider, under one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its idempotency key, and its id.
    pub key: SmolStr,
    /// What it pays for.
    pub invoice: SmolStr,
    /// Its subscription.
    pub subscription: SmolStr,
    /// Number among the attempts of its invoice, from 1.
    pub ordinal: u32,
    /// The card.
    pub card: SmolStr,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub state: AttemptState,
    /// When it was stored, before it was first sent: the key's life counts from here.
    pub sent_at: Timestamp,
    /// When somebody has to look at it: the end of a lease, or the next look-up.
    pub check_at: Timestamp,
    /// Look-ups that found nothing.
    pub empty_look_ups: u32,
    /// The provider stored an error under the key: to send it again only repeats the error.
    pub error_stored: bool,
    /// The provider's payment.
    pub payment: Option<SmolStr>,
    /// What the bank said.
    pub decline: Option<Decline>,
}

/// What the bank said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decline {
    /// The code, or `never_sent` where nothing arrived.
    pub code: SmolStr,
    /// What it means.
    pub class: Option<DeclineClass>,
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    /// To be sent, or sent without an answer.
    Pending,
    /// The money went back.
    Succeeded,
    /// The provider refused.
    Failed,
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Its idempotency key, and its id.
    pub id: SmolStr,
    /// Its subscription.
    pub subscription: SmolStr,
    /// Of which payment.
    pub payment: SmolStr,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub state: RefundState,
    /// Whether it gives back what was never owed; else revenue goes down by it.
    pub unexpected: bool,
    /// When it was asked for: the key's life counts from here.
    pub asked_at: Timestamp,
    /// When it is next sent or looked up.
    pub check_at: Timestamp,
    /// How often it was sent.
    pub sends: u32,
}

/// Where a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeState {
    /// The bank has taken the money back for the time being.
    Open,
    /// It came back.
    Won,
    /// It stays with the bank.
    Lost,
}

/// A dispute over a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// The provider's id.
    pub id: SmolStr,
    /// Its subscription.
    pub subscription: SmolStr,
    /// Over which payment.
    pub payment: SmolStr,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub state: DisputeState,
}

/// Why somebody has access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantKind {
    /// The period is paid, or its charge has the window's time to succeed.
    Period,
    /// A trial.
    Trial,
    /// Support granted it.
    Override,
    /// The provider, which owns the subscription, says so.
    Mirror,
}

/// A span of access: to the second, whether or not a job runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its id.
    pub id: SmolStr,
    /// Its subscription.
    pub subscription: SmolStr,
    /// Why.
    pub kind: GrantKind,
    /// First instant.
    pub from: Timestamp,
    /// First instant after what is paid, tried or granted.
    pub until: Timestamp,
    /// First instant after the grace that follows; `until` where there is none.
    pub grace_until: Timestamp,
}

/// A notice to be posted: at least once, under one id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its id, the same each time it is posted.
    pub id: SmolStr,
    /// Its kind: `receipt`, `payment_failed`, `access`, `refund`.
    pub kind: SmolStr,
    /// Its subscription.
    pub subscription: SmolStr,
    /// The payment, invoice or state that it tells about.
    pub about: SmolStr,
    /// When it came into being.
    pub created_at: Timestamp,
    /// When it was marked as posted.
    pub posted_at: Option<Timestamp>,
    /// When it may be posted, or posted again: its receiver failed before, or somebody is posting it now.
    #[serde(default)]
    pub post_at: Timestamp,
    /// How often its receiver failed.
    #[serde(default)]
    pub failures: u32,
}

/// An audited change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// When.
    pub at: Timestamp,
    /// Its subscription, or the event that it is about.
    pub subject: SmolStr,
    /// What changed: `subscription`, `invoice`, `attempt`, `refund`, `dispute`, or the name of a support action.
    pub action: SmolStr,
    /// Which row.
    pub row: SmolStr,
    /// State before; empty for a new row.
    pub before: SmolStr,
    /// State after.
    pub after: SmolStr,
    /// Who: `timer`, `provider`, `customer:…`, `staff:…`.
    pub actor: SmolStr,
    /// What caused it: the answer, event or request.
    pub cause: SmolStr,
    /// Why, in the words of a person.
    pub reason: Option<SmolStr>,
    /// When what was granted ends.
    pub expires_at: Option<Timestamp>,
}

/// Something that a person has to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Kind: `late_capture`, `duplicate_charge`, `conflict`, `our_bug`.
    pub kind: SmolStr,
    /// What it is about; one task per kind and subject.
    pub subject: SmolStr,
    /// When it was opened.
    pub at: Timestamp,
}
