//! When time next makes something due for a subscription.
//!
//! One instant per subscription, written with every change, so that a store finds what is due by one index and the jobs need no queue
//! that could lose or repeat an entry.

use units::Timestamp;

use super::dunning::{FIRST_PAYMENT_WITHIN, window_end};
use super::rows::{Invoice, Owner, Status};
use super::view::View;

/// The earliest instant at which [`super::command::Command::Advance`] has something to do.
#[must_use]
pub fn next(rows: &impl View) -> Timestamp {
    let row = rows.subscription();
    if row.owner == Owner::Provider || row.status.is_final() || row.status == Status::Paused {
        return Timestamp::NEVER;
    }
    let of_status = match row.status {
        Status::Trialing => row.trial_end.unwrap_or(row.period.end),
        Status::Active | Status::PastDue => row.period.end,
        _ => Timestamp::NEVER,
    };
    // What waits for the outcome of a charge is due once that is known: every outcome is a decision, which sets this anew.
    let settled = |invoice: &&Invoice| rows.live_attempt(&invoice.id).is_none();
    let of_invoices = rows.open_invoices().filter(settled).map(|invoice| of_invoice(rows, invoice));
    of_invoices.fold(of_status, Timestamp::min)
}

fn of_invoice(rows: &impl View, invoice: &Invoice) -> Timestamp {
    let row = rows.subscription();
    if rows.is_held_back(&invoice.id) {
        return Timestamp::NEVER;
    }
    let tried = invoice.next_attempt_at.unwrap_or(Timestamp::NEVER);
    match row.status {
        Status::Unpaid => tried,
        Status::Incomplete => tried.min(row.created_at.saturating_add(FIRST_PAYMENT_WITHIN)),
        _ => tried.min(window_end(invoice.due_at)),
    }
}
