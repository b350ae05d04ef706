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
use super::view::{Row, View};
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
    /// An account that has nothing yet but its subscription.
    #[must_use]
    pub const fn new(subscription: Subscription, customer: Customer) -> Self {
        Self {
            subscription,
            customer,
            invoices: Vec::new(),
            attempts: Vec::new(),
            refunds: Vec::new(),
            disputes: Vec::new(),
            grants: Vec::new(),
            card_reattempts: Vec::new(),
        }
    }
}

impl Refund {
    /// Whether it gives back of a payment, or is about to.
    #[must_use]
    pub fn takes_from(&self, payment: &str) -> bool {
        self.payment == payment && self.state != RefundState::Failed
    }
}

/// What stands in place of a decline where an attempt that was given up turned out to have taken money.
pub(super) const CAPTURED_AFTER_ALL: &str = "captured_after_all";

impl Attempt {
    /// Whether the bank said no; an attempt that never arrived was not declined.
    #[must_use]
    pub fn was_declined(&self) -> bool {
        self.state == AttemptState::Failed
            && self.decline.as_ref().is_some_and(|decline| decline.class.is_some())
    }

    /// Whether money was taken under its key, in time or after the attempt had been given up.
    #[must_use]
    pub fn took_money(&self) -> bool {
        let after_all = || self.decline.as_ref().is_some_and(|decline| decline.code == CAPTURED_AFTER_ALL);
        self.state == AttemptState::Succeeded || (self.state == AttemptState::Failed && after_all())
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
pub fn apply(account: &mut Account, write: Write) {
    match write {
        Write::Customer(row) if row.id == account.customer.id => account.customer = row,
        Write::Subscription(row) => account.subscription = row,
        Write::Invoice(row) => put(&mut account.invoices, row),
        Write::Attempt(row) => {
            if row.ordinal > 1 && account.attempt(&row.key).is_none() {
                account.card_reattempts.push(row.sent_at);
            }
            put(&mut account.attempts, row);
        }
        Write::Refund(row) => put(&mut account.refunds, row),
        Write::Dispute(row) => put(&mut account.disputes, row),
        Write::Grant(row) => put(&mut account.grants, row),
        Write::Customer(_) | Write::Book(_) | Write::Notice(_) | Write::Audit(_) | Write::Task(_) => {}
    }
}

/// Puts a row in the place of the one with its id, else behind the others.
fn put<T: Row>(rows: &mut Vec<T>, row: T) {
    match rows.iter_mut().rev().find(|known| known.id() == row.id()) {
        Some(known) => *known = row,
        None => rows.push(row),
    }
}
