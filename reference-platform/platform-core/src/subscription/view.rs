//! The rows of one subscription as a reader sees them: as they are stored, or as a decision in the making would leave them.

use super::account::{Account, Write};
use super::rows::{
    Attempt, Customer, Dispute, DisputeState, Grant, Invoice, InvoiceState, Refund, Subscription,
};

/// The rows of one subscription, each list in the order in which its rows came into being.
pub trait View {
    /// The subscription.
    fn subscription(&self) -> &Subscription;

    /// Whose it is.
    fn customer(&self) -> &Customer;

    /// Its invoices.
    fn invoices(&self) -> impl DoubleEndedIterator<Item = &Invoice>;

    /// Their charge attempts.
    fn attempts(&self) -> impl DoubleEndedIterator<Item = &Attempt>;

    /// Refunds of their payments.
    fn refunds(&self) -> impl DoubleEndedIterator<Item = &Refund>;

    /// Disputes over their payments.
    fn disputes(&self) -> impl DoubleEndedIterator<Item = &Dispute>;

    /// Access that it gives.
    fn grants(&self) -> impl DoubleEndedIterator<Item = &Grant>;

    /// The invoice with an id.
    fn invoice(&self, id: &str) -> Option<&Invoice> {
        self.invoices().rfind(|invoice| invoice.id == id)
    }

    /// The attempt with a key.
    fn attempt(&self, key: &str) -> Option<&Attempt> {
        self.attempts().rfind(|attempt| attempt.key == key)
    }

    /// The refund with an id.
    fn refund(&self, id: &str) -> Option<&Refund> {
        self.refunds().rfind(|refund| refund.id == id)
    }

    /// The dispute with an id.
    fn dispute(&self, id: &str) -> Option<&Dispute> {
        self.disputes().rfind(|dispute| dispute.id == id)
    }

    /// The attempt that an invoice waits for.
    fn live_attempt(&self, invoice: &str) -> Option<&Attempt> {
        self.attempts().rfind(|attempt| attempt.state.is_live() && attempt.invoice == invoice)
    }

    /// Whether the bank has said no to a charge for an invoice.
    fn is_declined(&self, invoice: &str) -> bool {
        self.attempts().any(|attempt| attempt.invoice == invoice && attempt.was_declined())
    }

    /// Whether a dispute keeps an invoice from being tried: what was never declined is no retry.
    fn is_held_back(&self, invoice: &str) -> bool {
        self.is_disputed() && self.is_declined(invoice)
    }

    /// Open invoices.
    fn open_invoices(&self) -> impl DoubleEndedIterator<Item = &Invoice> {
        self.invoices().filter(|invoice| invoice.state == InvoiceState::Open)
    }

    /// Whether a payment is disputed at the moment.
    fn is_disputed(&self) -> bool {
        self.disputes().any(|dispute| dispute.state == DisputeState::Open)
    }

    /// Minor units of a payment that disputes have taken back, or keep from us while they are open.
    fn charged_back(&self, payment: &str) -> i64 {
        let taken = |dispute: &&Dispute| dispute.payment == payment && dispute.state != DisputeState::Won;
        self.disputes().filter(taken).map(|dispute| dispute.amount.minor_units).sum()
    }

    /// Minor units of a payment that are given back or about to be.
    fn refunded(&self, payment: &str) -> i64 {
        let of_payment = self.refunds().filter(|refund| refund.takes_from(payment));
        of_payment.map(|refund| refund.amount.minor_units).sum()
    }
}

impl View for Account {
    fn subscription(&self) -> &Subscription {
        &self.subscription
    }

    fn customer(&self) -> &Customer {
        &self.customer
    }

    fn invoices(&self) -> impl DoubleEndedIterator<Item = &Invoice> {
        self.invoices.iter()
    }

    fn attempts(&self) -> impl DoubleEndedIterator<Item = &Attempt> {
        self.attempts.iter()
    }

    fn refunds(&self) -> impl DoubleEndedIterator<Item = &Refund> {
        self.refunds.iter()
    }

    fn disputes(&self) -> impl DoubleEndedIterator<Item = &Dispute> {
        self.disputes.iter()
    }

    fn grants(&self) -> impl DoubleEndedIterator<Item = &Grant> {
        self.grants.iter()
    }
}

/// A row that an account holds a list of.
pub(super) trait Row: Sized {
    /// What tells it from the others of its list.
    fn id(&self) -> &str;

    /// The row that a write puts, if it is of this kind.
    fn of(write: &Write) -> Option<&Self>;

    /// The write that puts it.
    fn into_write(self) -> Write;
}

/// Each row is told by a field and put by the write of its own name.
macro_rules! rows {
    ($($row:ident by $id:ident),+) => {
        $(impl Row for $row {
            fn id(&self) -> &str {
                &self.$id
            }

            fn of(write: &Write) -> Option<&Self> {
                if let Write::$row(row) = write { Some(row) } else { None }
            }

            fn into_write(self) -> Write {
                Write::$row(self)
            }
        })+
    };
}

rows!(Invoice by id, Attempt by key, Refund by id, Dispute by id, Grant by id);

/// Stored rows as writes leave them: each in its place, new ones behind. Writes put a row once at most.
pub(super) fn with_writes<'s, T: Row>(
    stored: &'s [T],
    writes: &'s [Write],
) -> impl DoubleEndedIterator<Item = &'s T> {
    let written = move |row: &T| writes.iter().filter_map(T::of).find(|written| written.id() == row.id());
    let is_new = move |row: &&T| stored.iter().all(|known| known.id() != row.id());
    let changed = stored.iter().map(move |row| written(row).unwrap_or(row));
    changed.chain(writes.iter().filter_map(T::of).filter(is_new))
}
