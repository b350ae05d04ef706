//! All rows of one subscription, and how a write changes them.
//!
//! An account is what one decision looks at and what one transaction locks. A store in SQL loads it, a store in memory keeps it; both
//! change it by the same writes.

use serde::{Deserialize, Serialize};
use units::Timestamp;

use super::rows::{
    Attempt, AttemptState, AuditRow, Customer, Dispute, DisputeState, Grant, Invoice, InvoiceState, Notice,
    Refund, RefundState, Status, Subscription, Task,
};
use crate::ledger::Transaction;

/// All rows of one subscription that decisions look at, each list in the order in which its rows came into being.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The subscription.
    pub subscription: Subscription,
    /// Whose it is.
    pub customer: Customer,
    /// Its invoices.
    pub invoices: Vec<Invoice>,
    /// Their charge attempts.
    pub attempts: Vec<Attempt>,
    /// Refunds of their payments.
    pub refunds: Vec<Refund>,
    /// Disputes over their payments.
    pub disputes: Vec<Dispute>,
    /// Access that it gives.
    pub grants: Vec<Grant>,
    /// When the customer's card was charged again for an invoice, over all its subscriptions, in the last 30 days, in order.
    pub card_reattempts: Vec<Timestamp>,
}

/// One change of one row. Rows are put whole; only what is never changed is appended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Write {
    /// A customer, new or changed.
    Customer(Customer),
    /// A subscription, new or changed.
    Subscription(Subscription),
    /// An invoice, new or changed.
    Invoice(Invoice),
    /// An attempt, new or changed.
    Attempt(Attempt),
    /// A refund, new or changed.
    Refund(Refund),
    /// A dispute, new or changed.
    Dispute(Dispute),
    /// A span of access, new or changed.
    Grant(Grant),
    /// A transaction of the ledger.
    Book(Transaction),
    /// A notice to be posted.
    Notice(Notice),
    /// An audited change.
    Audit(AuditRow),
    /// Something for a person.
    Task(Task),
}

impl Account {
    /// The invoice with an id.
    #[must_use]
    pub fn invoice(&self, id: &str) -> Option<&Invoice> {
        self.invoices.iter().rev().find(|invoice| invoice.id == id)
    }

    /// The attempt with a key.
    #[must_use]
    pub fn attempt(&self, key: &str) -> Option<&Attempt> {
        self.attempts.iter().rev().find(|attempt| attempt.key == key)
    }

    /// The attempt that an invoice waits for.
    #[must_use]
    pub fn live_attempt(&self, invoice: &str) -> Option<&Attempt> {
        self.attempts.iter().rev().find(|attempt| attempt.invoice == invoice && attempt.state.is_live())
    }

    /// Open invoices.
    pub fn open_invoices(&self) -> impl Iterator<Item = &Invoice> {
        self.invoices.iter().filter(|invoice| invoice.state == InvoiceState::Open)
    }

    /// Whether a payment is disputed at the moment.
    #[must_use]
    pub fn is_disputed(&self) -> bool {
        self.disputes.iter().any(|dispute| dispute.state == DisputeState::Open)
    }

    /// Minor units of a payment that are given back or about to be.
    #[must_use]
    pub fn refunded(&self, payment: &str) -> i64 {
        let counts = |refund: &&Refund| refund.payment == payment && refund.state != RefundState::Failed;
        self.refunds.iter().filter(counts).map(|refund| refund.amount.minor_units).sum()
    }
}

impl Attempt {
    /// Whether the bank said no; an attempt that never arrived was not declined.
    #[must_use]
    pub fn was_declined(&self) -> bool {
        self.state == AttemptState::Failed
            && self.decline.as_ref().is_some_and(|decline| decline.class.is_some())
    }
}

impl Status {
    /// Whether nothing will be charged or granted any more.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Canceled | Self::IncompleteExpired)
    }

    /// The name in rows, answers and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::IncompleteExpired => "incomplete_expired",
            Self::Trialing => "trialing",
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Unpaid => "unpaid",
            Self::Paused => "paused",
            Self::Canceled => "canceled",
        }
    }
}

impl InvoiceState {
    /// The name in rows, answers and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Void => "void",
            Self::Uncollectible => "uncollectible",
        }
    }
}

impl RefundState {
    /// The name in rows, answers and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

impl DisputeState {
    /// The name in rows, answers and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }
}

impl AttemptState {
    /// Whether money may still be taken under its key.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::InFlight | Self::Unknown | Self::RequiresAction)
    }

    /// The name in rows, answers and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InFlight => "in_flight",
            Self::Unknown => "unknown",
            Self::RequiresAction => "requires_action",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

/// Writes one row. Rows that decisions do not look at (ledger, notices, audit, tasks) leave an account as it is.
pub fn apply(account: &mut Account, write: &Write) {
    if !matches!(write, Write::Book(_) | Write::Notice(_) | Write::Audit(_) | Write::Task(_)) {
        apply_owned(account, write.clone());
    }
}

/// Writes the rows of a decision, in order.
pub fn apply_all(account: &mut Account, writes: Vec<Write>) {
    writes.into_iter().for_each(|write| apply_owned(account, write));
}

fn apply_owned(account: &mut Account, write: Write) {
    match write {
        Write::Customer(row) if row.id == account.customer.id => account.customer = row,
        Write::Subscription(row) => account.subscription = row,
        Write::Invoice(row) => put(&mut account.invoices, row, |row| &row.id),
        Write::Attempt(row) => {
            let known = account.attempts.iter().any(|known| known.key == row.key);
            if !known && row.ordinal > 1 {
                account.card_reattempts.push(row.sent_at);
            }
            put(&mut account.attempts, row, |row| &row.key);
        }
        Write::Refund(row) => put(&mut account.refunds, row, |row| &row.id),
        Write::Dispute(row) => put(&mut account.disputes, row, |row| &row.id),
        Write::Grant(row) => put(&mut account.grants, row, |row| &row.id),
        Write::Customer(_) | Write::Book(_) | Write::Notice(_) | Write::Audit(_) | Write::Task(_) => {}
    }
}

fn put<T>(rows: &mut Vec<T>, row: T, id: impl Fn(&T) -> &str) {
    match rows.iter_mut().rev().find(|known| id(known) == id(&row)) {
        Some(known) => *known = row,
        None => rows.push(row),
    }
}
