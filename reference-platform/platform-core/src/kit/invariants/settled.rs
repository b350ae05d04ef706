//! What must hold when the faults have ended and the jobs have run for two days.

use std::collections::BTreeSet;

use super::super::system::Status;
use super::{DAY, Scene, shown};

impl Scene<'_> {
    pub(super) fn rows_settled(&self) -> Result<(), String> {
        if let Some(attempt) = self.snapshot.attempts.iter().find(|attempt| attempt.live) {
            return Err(format!("attempt `{}` still has no outcome", attempt.idempotency_key));
        }
        if let Some(row) = self.snapshot.inbox.iter().find(|row| !row.settled) {
            return Err(format!("event `{}` is still not settled", row.event));
        }
        let books = self.world.books();
        for receipt in &self.snapshot.receipts {
            if !receipt.posted || !books.posted.contains(&receipt.notice) {
                return Err(format!("receipt `{}` was never posted", receipt.notice));
            }
        }
        for payment in books.payments.iter().filter(|payment| payment.captured) {
            let known = || books.under_key_of(payment).filter(|other| self.booked(&other.id));
            // Of two payments under one key, one answers the charge; of the other nobody knows who was not told.
            let untold = !books.told_of(&payment.id, &self.world.acknowledged.borrow());
            let is_hidden = untold && known().count() > 0;
            if !self.booked(&payment.id) && !is_hidden {
                return Err(format!("`{}` was captured and is in no ledger", payment.id));
            }
            if known().filter(|other| other.refunded == 0).count() > 1 {
                return Err(format!("`{}` was taken twice under one key and kept", payment.id));
            }
        }
        Ok(())
    }

    pub(super) fn subscriptions_settled(&self) -> Result<(), String> {
        let now = self.world.now.get();
        for view in &self.snapshot.subscriptions {
            let name = &view.subscription;
            if let Some(at) = self.canceled_at(name) {
                let books = self.world.books();
                let late = books.arrivals.iter().skip(at);
                let late: BTreeSet<&str> = late
                    .filter(|arrival| arrival.call.subscription == *name)
                    .map(|arrival| arrival.call.idempotency_key.as_str())
                    .collect();
                let taken = books.payments.iter().filter(|payment| {
                    late.contains(payment.call.idempotency_key.as_str()) && self.booked(&payment.id)
                });
                for payment in taken {
                    if payment.refunded != payment.call.amount.minor_units {
                        return Err(format!(
                            "`{}` came after `{name}` was canceled and was kept",
                            payment.id
                        ));
                    }
                }
            }
            if view.status == Status::Canceled {
                continue;
            }
            let last = view.period_starts.last().copied().unwrap_or_default();
            let period = self.period(name, last)?;
            if period.end <= now {
                return Err(format!("`{name}` was not renewed at {}", shown(period.end)));
            }
            let covered = self.paid(view, false)?.iter().any(|paid| paid.holds(now));
            let window_open = now < last.saturating_add(self.model.start.grace).saturating_add(DAY);
            match view.status {
                Status::Active if !covered => return Err(format!("`{name}` is active and nobody paid")),
                Status::PastDue if covered => return Err(format!("`{name}` is past due and paid")),
                Status::PastDue if !window_open => return Err(format!("`{name}` is past due for ever")),
                _ => {}
            }
        }
        Ok(())
    }
}
