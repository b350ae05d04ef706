//! The specimen's other jobs: look up what has no outcome, give back, work off the inbox, post.

use units::Micros;

use super::super::provider::KEY_LIFE;
use super::super::system::{CallError, Crashed, LedgerView, Outside, Payment, ReceiptView, Status};
use super::jobs::{At, LEASE};
use super::rows::{AttemptState, ended};
use super::{Fault, Specimen};

/// A key is used again as long as it surely lives: an hour less than the provider keeps it.
const KEY_TRUSTED: Micros = Micros(KEY_LIFE.0 - Micros::from_mins(60).0);

impl Specimen {
    pub(super) fn resolve(&self, outside: &dyn Outside) -> Result<(), Crashed> {
        if self.has(Fault::UnknownForgotten) {
            return Ok(());
        }
        let live = self.live_attempts();
        for at in live {
            self.resolve_one(at, outside)?;
        }
        let open: Vec<String> = self
            .rows
            .borrow()
            .refunds
            .iter()
            .filter(|(_, done)| !done)
            .map(|(payment, _)| payment.clone())
            .collect();
        for payment in open {
            match outside.refund(&format!("refund_{payment}"), &payment) {
                Err(CallError::Crashed) => return Err(Crashed),
                Err(CallError::TimedOut) => continue,
                Ok(()) => self.refunded(&payment),
            }
        }
        Ok(())
    }

    fn live_attempts(&self) -> Vec<At> {
        let rows = self.rows.borrow();
        let invoices = rows.invoices.iter().enumerate();
        let attempts = invoices.flat_map(|(invoice, row)| {
            row.attempts.iter().enumerate().map(move |(attempt, row)| ((invoice, attempt), row))
        });
        attempts
            .filter(|(_, row)| match row.state {
                AttemptState::InFlight => row.leased_until <= rows.now,
                AttemptState::Unknown => true,
                _ => false,
            })
            .map(|(at, _)| at)
            .collect()
    }

    fn resolve_one(&self, at: At, outside: &dyn Outside) -> Result<(), Crashed> {
        if self.has(Fault::NewKeyAfterCrash) {
            let mut rows = self.rows.borrow_mut();
            let now = rows.now;
            rows.invoices[at.0].attempts[at.1].state = AttemptState::Failed;
            rows.invoices[at.0].next_try = Some(now);
            return Ok(());
        }
        let call = self.call(at);
        let found = match outside.look_up(&call.customer) {
            Err(CallError::Crashed) => return Err(Crashed),
            Err(CallError::TimedOut) => return Ok(()),
            Ok(payments) => {
                payments.into_iter().find(|payment| payment.call.idempotency_key == call.idempotency_key)
            }
        };
        outside.seam("before_resolution")?;
        if let Some(payment) = found {
            self.found(at, &payment, "look-up");
            return outside.seam("resolution");
        }
        self.not_found(at, outside)
    }

    /// Sends again under the old key while it lives; gives the attempt up when it is dead and nothing was found twice.
    fn not_found(&self, at: At, outside: &dyn Outside) -> Result<(), Crashed> {
        let resend = {
            let mut rows = self.rows.borrow_mut();
            let now = rows.now;
            let canceled = ended(rows.subscriptions[rows.invoices[at.0].subscription].status);
            let attempt = &mut rows.invoices[at.0].attempts[at.1];
            if !attempt.state.is_live() || attempt.leased_until > now {
                return Ok(());
            }
            attempt.look_ups += 1;
            let age = now.since(attempt.sent_at);
            let resend = age < KEY_TRUSTED && !canceled && attempt.state == AttemptState::InFlight;
            if resend {
                attempt.leased_until = now.saturating_add(LEASE);
            } else if age >= KEY_LIFE && attempt.look_ups >= 2 {
                attempt.state = AttemptState::Failed;
                let (invoice, subscription) = (at.0, rows.invoices[at.0].subscription);
                rows.invoices[invoice].next_try = Some(now);
                if canceled {
                    rows.void_open(subscription);
                } else {
                    rows.set_status(subscription, Status::PastDue, "look-up");
                }
            }
            resend
        };
        if resend { self.send(at, outside) } else { outside.seam("resolution") }
    }

    fn found(&self, at: At, payment: &Payment, cause: &str) {
        match &payment.decline_code {
            None if payment.captured => self.captured(at, &payment.id, payment.call.amount, cause),
            code => self.declined(at, code.as_deref().unwrap_or_default(), cause),
        }
    }

    fn refunded(&self, payment: &str) {
        let mut rows = self.rows.borrow_mut();
        let Some(amount) = rows.price.map(|price| price.minor_units) else { return };
        let Some(open) = rows.refunds.iter_mut().find(|(open, done)| open == payment && !done) else {
            return;
        };
        open.1 = true;
        rows.ledger.push(LedgerView {
            payment: payment.to_owned(),
            refund: true,
            entries: vec![-amount, amount],
        });
    }

    pub(super) fn work_inbox(&self, _worker: u32, outside: &dyn Outside) -> Result<(), Crashed> {
        let moved = std::mem::take(&mut self.memory.borrow_mut().events);
        self.rows.borrow_mut().inbox.extend(moved);
        let count = self.rows.borrow().inbox.len();
        for at in 0..count {
            let stored = self.rows.borrow().inbox[at].clone();
            let Some(object) = stored.object.filter(|_| !stored.settled) else { continue };
            let payment = match outside.fetch(&object) {
                Err(CallError::Crashed) => return Err(Crashed),
                Err(CallError::TimedOut) => continue,
                Ok(payment) => payment,
            };
            outside.seam("before_processing")?;
            if let Some(payment) = payment {
                let known = self.rows.borrow().by_key(&payment.call.idempotency_key);
                if let Some(at) = known {
                    self.apply_event(at, &payment, stored.failed);
                }
            }
            self.rows.borrow_mut().inbox[at].settled = true;
            outside.seam("processing")?;
        }
        Ok(())
    }

    fn apply_event(&self, at: At, payment: &Payment, failed: bool) {
        if self.has(Fault::EventBelieved) && failed {
            self.declined(at, "generic_decline", "event");
        } else {
            self.found(at, payment, "event");
        }
    }

    pub(super) fn post(&self, outside: &dyn Outside) -> Result<(), Crashed> {
        let moved = std::mem::take(&mut self.memory.borrow_mut().receipts);
        for payment in moved {
            let notice = format!("receipt_{payment}");
            self.rows.borrow_mut().receipts.push(ReceiptView { notice, payment, posted: false });
        }
        let count = self.rows.borrow().receipts.len();
        for at in 0..count {
            let receipt = self.rows.borrow().receipts[at].clone();
            if receipt.posted {
                continue;
            }
            match outside.post(&receipt.notice) {
                Err(CallError::Crashed) => return Err(Crashed),
                Err(CallError::TimedOut) => continue,
                Ok(()) => {}
            }
            self.rows.borrow_mut().receipts[at].posted = true;
            outside.seam("outbox_mark")?;
        }
        Ok(())
    }
}
