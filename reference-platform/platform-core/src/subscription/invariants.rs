//! What must hold after every write, checked on what the write touches: a decision that would break one is not written.
//!
//! The numbers are those by which billing people know them: one capture per invoice (I1), entries that sum to zero (I2), no more given back
//! than taken (I3), one attempt at a time (I4), periods without overlap (I5), access that is paid, in grace or granted (I6), one audit
//! row per change of state (I7).

use super::account::{Account, Write, apply};
use super::dunning::DUNNING_WINDOW;
use super::rows::{AttemptState, GrantKind, InvoiceKind, InvoiceState};

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

/// Checks what writes would do to an account, and returns the account as it then is.
///
/// # Errors
/// [`Broken`].
pub fn check(before: &Account, writes: &[Write]) -> Result<Account, Broken> {
    let mut after = before.clone();
    writes.iter().for_each(|write| apply(&mut after, write));
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
                let same = after.invoices.iter().filter(|other| {
                    row.kind == InvoiceKind::Cycle
                        && other.kind == InvoiceKind::Cycle
                        && other.period.start == row.period.start
                        && other.state != InvoiceState::Void
                });
                ensure(same.count() <= 1, Broken::Periods)?;
            }
            Write::Attempt(row) => {
                let known = before.attempt(&row.key);
                changes += usize::from(known.is_none_or(|known| known.state != row.state));
                let takes = |state: AttemptState| state.is_live() || state == AttemptState::Succeeded;
                let of_invoice = after.attempts.iter().filter(|other| other.invoice == row.invoice);
                ensure(of_invoice.filter(|other| takes(other.state)).count() <= 1, Broken::OneCharge)?;
            }
            Write::Refund(row) => {
                let known = before.refunds.iter().find(|known| known.id == row.id);
                changes += usize::from(known.is_none_or(|known| known.state != row.state));
                let paid =
                    after.attempts.iter().find(|attempt| attempt.payment.as_ref() == Some(&row.payment));
                let paid = paid.map_or(0, |attempt| attempt.amount.minor_units);
                ensure(after.refunded(&row.payment) <= paid, Broken::Refunds)?;
            }
            Write::Dispute(row) => {
                let known = before.disputes.iter().find(|known| known.id == row.id);
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
    ensure(audited >= changes, Broken::Audited)?;
    Ok(after)
}

/// Actions that record a change of state; the others record who asked for something.
const IS_OF_STATE: [&str; 5] = ["subscription", "invoice", "attempt", "refund_state", "dispute"];

fn ensure(holds: bool, otherwise: Broken) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(otherwise) }
}
