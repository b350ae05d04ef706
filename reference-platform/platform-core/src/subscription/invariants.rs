//! What must hold after every write, checked on what the write touches: a decision that would break one is not written.
//!
//! The numbers are those by which billing people know them: one capture per invoice (I1), entries that sum to zero (I2), no more given back
//! than taken (I3), one attempt at a time (I4), periods without overlap (I5), access that is paid, in grace or granted (I6), one audit
//! row per change of state (I7).

use super::account::{Account, Write};
use super::dunning::DUNNING_WINDOW;
use super::rows::{Attempt, AttemptState, GrantKind, Invoice, InvoiceKind, InvoiceState};
use super::view::{Row, View};
use crate::ledger::{Cause, Transaction};

/// Which of them would be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Broken {
    /// An invoice would be paid twice, or have an attempt beside one that took money.
    #[error("I1/I4: two attempts of one invoice that took money or may still take it")]
    OneCharge,
    /// A transaction would create or destroy money.
    #[error("I2: entries that do not sum to zero")]
    Balanced,
    /// More would be given back than was taken.
    #[error("I3: refunds above the payment")]
    Refunds,
    /// A period would be invoiced twice, or end before it starts.
    #[error("I5: two invoices of one period, or a period of no length")]
    Periods,
    /// Access would last longer than what is paid, tried or granted and its grace.
    #[error("I6: access beyond what is paid and its grace")]
    Access,
    /// A state would change without its audit row.
    #[error("I7: a change of state without one audit row")]
    Audited,
}

/// Checks what writes would do to an account. Looks at what they touch alone, so that the cost follows the writes.
///
/// # Errors
/// [`Broken`].
pub fn check(before: &Account, writes: &[Write]) -> Result<(), Broken> {
    let mut changes = 0_usize;
    let mut audited = 0_usize;
    for write in writes {
        match write {
            Write::Subscription(row) => {
                ensure(row.period.start < row.period.end, Broken::Periods)?;
                changes += usize::from(before.subscription.status != row.status);
            }
            Write::Invoice(row) => {
                let known = before.invoice(&row.id);
                changes += usize::from(known.is_none_or(|known| known.state != row.state));
                ensure(
                    row.kind != InvoiceKind::Cycle || one_of_period(before, writes, row),
                    Broken::Periods,
                )?;
            }
            Write::Attempt(row) => {
                let known = before.attempt(&row.key);
                changes += usize::from(known.is_none_or(|known| known.state != row.state));
                ensure(one_charge(before, writes, row), Broken::OneCharge)?;
            }
            Write::Refund(row) => {
                let known = before.refund(&row.id);
                changes += usize::from(known.is_none_or(|known| known.state != row.state));
                ensure(is_covered(before, writes, &row.payment), Broken::Refunds)?;
            }
            Write::Dispute(row) => {
                let known = before.dispute(&row.id);
                changes += usize::from(known.is_none_or(|known| known.state != row.state));
            }
            Write::Grant(row) => {
                let longest = row.until.saturating_add(DUNNING_WINDOW);
                let graced = row.until <= row.grace_until && row.grace_until <= longest;
                let no_grace = row.kind != GrantKind::Override || row.grace_until == row.until;
                ensure(row.from <= row.grace_until && graced && no_grace, Broken::Access)?;
            }
            Write::Book(transaction) => {
                let sum: i128 =
                    transaction.entries.iter().map(|entry| i128::from(entry.amount.minor_units)).sum();
                ensure(sum == 0 && transaction.entries.len() >= 2, Broken::Balanced)?;
            }
            Write::Audit(row) => audited += usize::from(IS_OF_STATE.contains(&row.action.as_str())),
            Write::Customer(_) | Write::Notice(_) | Write::Task(_) => {}
        }
    }
    // A state that changes twice in one decision leaves two audit rows and one row of its own.
    ensure(audited >= changes, Broken::Audited)
}

/// Rows of one kind as they would be: those of the account that no write replaces, and those that are written. A row that is written
/// twice counts as it is last written.
fn after<'a, T: Row>(before: &'a [T], writes: &'a [Write]) -> impl Iterator<Item = &'a T> {
    let again = move |row: &T, from: usize| {
        writes[from..].iter().filter_map(T::of).any(|later| later.id() == row.id())
    };
    let kept = before.iter().filter(move |row| !again(row, 0));
    let new =
        writes.iter().enumerate().filter_map(move |(n, write)| T::of(write).filter(|row| !again(row, n + 1)));
    kept.chain(new)
}

/// Whether a period would have one invoice that is not void.
fn one_of_period(before: &Account, writes: &[Write], row: &Invoice) -> bool {
    let same = |other: &&Invoice| {
        other.kind == InvoiceKind::Cycle
            && other.period.start == row.period.start
            && other.state != InvoiceState::Void
    };
    after(&before.invoices, writes).filter(same).count() <= 1
}

/// Whether at most one attempt of an invoice would have taken money or might still take it.
fn one_charge(before: &Account, writes: &[Write], row: &Attempt) -> bool {
    let takes = |other: &&Attempt| {
        other.invoice == row.invoice && (other.state.is_live() || other.state == AttemptState::Succeeded)
    };
    after(&before.attempts, writes).filter(takes).count() <= 1
}

/// Whether what is given back of a payment, or about to be, would be no more than was taken.
fn is_covered(before: &Account, writes: &[Write], payment: &str) -> bool {
    let paid = after(&before.attempts, writes).find(|attempt| attempt.payment.as_deref() == Some(payment));
    let taken = paid.map(|attempt| attempt.amount.minor_units);
    let of_payment = after(&before.refunds, writes).filter(|refund| refund.takes_from(payment));
    let back: i64 = of_payment.map(|refund| refund.amount.minor_units).sum();
    back <= taken.or_else(|| taken_besides(before, writes, payment)).unwrap_or(0)
}

/// What a payment took that no attempt holds, a second one under one key: it is booked as unexpected by the decision that first
/// gives it back.
fn taken_besides(before: &Account, writes: &[Write], payment: &str) -> Option<i64> {
    let known = before.refunds.iter().find(|refund| refund.unexpected && refund.payment == payment);
    let booked = || {
        writes.iter().find_map(|write| match write {
            Write::Book(Transaction { cause: Cause::UnexpectedPayment(of), entries, .. })
                if of == payment =>
            {
                entries.iter().map(|entry| entry.amount.minor_units).max()
            }
            _ => None,
        })
    };
    known.map(|refund| refund.amount.minor_units).or_else(booked)
}

/// Actions that record a change of state; the others record who asked for something.
const IS_OF_STATE: [&str; 5] = ["subscription", "invoice", "attempt", "refund_state", "dispute"];

fn ensure(holds: bool, otherwise: Broken) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(otherwise) }
}
