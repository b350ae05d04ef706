//! The specimen's renewals: what the calendar makes due, the charge, and what its answer means.

use units::{Currency, Micros, Money, Timestamp};

use super::super::system::{
    CallError, ChargeCall, ChargeReply, Crashed, InvoiceState, LedgerView, Outside, ReceiptView, Status,
};
use super::rows::{Attempt, AttemptState, Invoice, Rows, ended};
use super::{Fault, Specimen};
use crate::subscription::decline::DeclineClass;

/// Lease of an attempt: nobody else touches it meanwhile.
pub(super) const LEASE: Micros = Micros::from_mins(5);

/// Days after the due date on which a decline that time may heal is tried again.
const RETRY_DAYS: [u64; 5] = [1, 3, 5, 7, 10];

const DAY: Micros = Micros::from_mins(24 * 60);

/// Which attempt of which invoice.
pub(super) type At = (usize, usize);

impl Specimen {
    pub(super) fn renew(&self, outside: &dyn Outside) -> Result<(), Crashed> {
        let count = self.rows.borrow().subscriptions.len();
        for at in 0..count {
            self.begin_periods(at, outside)?;
            self.retry_or_end(at, outside)?;
        }
        Ok(())
    }

    /// Writes what the calendar has made due, and charges for it.
    fn begin_periods(&self, at: usize, outside: &dyn Outside) -> Result<(), Crashed> {
        while let Some(start) = self.next_start(at) {
            if self.end_if_asked(at) {
                return Ok(());
            }
            let known = self.rows.borrow().invoices.len();
            outside.seam("before_intent")?;
            let mut rows = self.rows.borrow_mut();
            let taken = rows.subscriptions[at].starts.contains(&start);
            let ended = ended(rows.subscriptions[at].status) && !self.has(Fault::ChargedAfterCancel);
            if ended || (taken && !self.has(Fault::NoUniqueness)) {
                return Ok(());
            }
            if !taken {
                rows.subscriptions[at].starts.push(start);
            }
            if self.is_missed(&rows, at, start) && !self.has(Fault::CatchUpCharges) {
                continue;
            }
            let id = format!("inv_{}_{known}_{}", rows.subscriptions[at].name, start.0);
            rows.invoices.push(Invoice {
                id,
                subscription: at,
                start,
                state: InvoiceState::Open,
                next_try: None,
                hopeless: Vec::new(),
                attempts: Vec::new(),
            });
            let invoice = rows.invoices.len() - 1;
            drop(rows);
            self.attempt(invoice, outside)?;
        }
        Ok(())
    }

    fn next_start(&self, at: usize) -> Option<Timestamp> {
        let rows = self.rows.borrow();
        let row = &rows.subscriptions[at];
        if ended(row.status) {
            return None;
        }
        let k = u32::try_from(row.starts.len()).ok()?;
        let start = if self.has(Fault::IteratedAnchor) {
            row.calendar.restarted_at(*row.starts.last()?).ok()?.start(1).ok()?
        } else {
            row.calendar.start(k).ok()?
        };
        (start <= rows.now).then_some(start)
    }

    fn is_missed(&self, rows: &Rows, at: usize, start: Timestamp) -> bool {
        let calendar = &rows.subscriptions[at].calendar;
        let period = calendar.ordinal_at(start).and_then(|k| calendar.period(k));
        period.is_ok_and(|period| period.end <= rows.now)
    }

    fn end_if_asked(&self, at: usize) -> bool {
        let mut rows = self.rows.borrow_mut();
        let asked = rows.subscriptions[at].cancel_at_end;
        if asked {
            rows.set_status(at, Status::Canceled, "timer");
            rows.void_open(at);
        }
        asked
    }

    fn retry_or_end(&self, at: usize, outside: &dyn Outside) -> Result<(), Crashed> {
        let count = self.rows.borrow().invoices.len();
        for invoice in 0..count {
            let (over, due) = {
                let rows = self.rows.borrow();
                let row = &rows.invoices[invoice];
                let waits = row.subscription == at && row.state == InvoiceState::Open && !row.has_live();
                let over = waits && rows.now >= row.start.saturating_add(rows.grace);
                let hopeless = row.hopeless.contains(&rows.subscriptions[at].card);
                let due = waits
                    && !ended(rows.subscriptions[at].status)
                    && !hopeless
                    && row.next_try.is_some_and(|next| next <= rows.now);
                (over, due)
            };
            if over {
                let mut rows = self.rows.borrow_mut();
                rows.invoices[invoice].state = InvoiceState::Uncollectible;
                rows.set_status(at, Status::Canceled, "timer");
                rows.void_open(at);
            } else if due {
                self.attempt(invoice, outside)?;
            }
        }
        Ok(())
    }

    /// Commits a new attempt and sends it.
    fn attempt(&self, invoice: usize, outside: &dyn Outside) -> Result<(), Crashed> {
        let attempt = {
            let mut rows = self.rows.borrow_mut();
            let now = rows.now;
            let card = rows.subscriptions[rows.invoices[invoice].subscription].card.clone();
            let row = &mut rows.invoices[invoice];
            let key = format!("{}:{}", row.id, row.attempts.len() + 1);
            row.next_try = None;
            row.attempts.push(Attempt {
                key,
                card,
                state: AttemptState::InFlight,
                sent_at: now,
                leased_until: now.saturating_add(LEASE),
                look_ups: 0,
            });
            row.attempts.len() - 1
        };
        outside.seam("intent")?;
        self.send((invoice, attempt), outside)
    }

    pub(super) fn send(&self, at: At, outside: &dyn Outside) -> Result<(), Crashed> {
        let call = self.call(at);
        let canceled = {
            let rows = self.rows.borrow();
            ended(rows.subscriptions[rows.invoices[at.0].subscription].status)
        };
        // Canceled between the commit and the call: whether an earlier send arrived is for the look-ups to find out.
        if canceled && !self.has(Fault::ChargedAfterCancel) {
            self.rows.borrow_mut().invoices[at.0].attempts[at.1].state = AttemptState::Unknown;
            return Ok(());
        }
        let reply = match outside.charge(&call) {
            Err(CallError::Crashed) => return Err(Crashed),
            Err(CallError::TimedOut) => None,
            Ok(reply) => Some(reply),
        };
        outside.seam("before_result")?;
        self.answered(at, &call, reply);
        outside.seam("result")
    }

    pub(super) fn call(&self, (invoice, attempt): At) -> ChargeCall {
        let rows = self.rows.borrow();
        let row = &rows.invoices[invoice];
        let subscription = &rows.subscriptions[row.subscription];
        let price =
            rows.price.unwrap_or_else(|| Money::zero(Currency::from_code("CHF").expect("in ISO 4217")));
        let amount = if self.has(Fault::TwoDecimals) {
            Money::new(price.minor_units * 100 / price.currency.minor_per_major(), price.currency)
        } else {
            price
        };
        ChargeCall {
            idempotency_key: row.attempts[attempt].key.clone(),
            customer: subscription.customer.clone(),
            card: row.attempts[attempt].card.clone(),
            amount,
            subscription: subscription.name.clone(),
            period_start: row.start,
        }
    }

    fn answered(&self, at: At, call: &ChargeCall, reply: Option<ChargeReply>) {
        match reply {
            Some(ChargeReply::Captured { payment }) => self.captured(at, &payment, call.amount, "answer"),
            Some(ChargeReply::Declined { code }) => self.declined(at, &code, "answer"),
            Some(ChargeReply::KeyInUse) => {}
            Some(ChargeReply::ServerError) | None => {
                let mut rows = self.rows.borrow_mut();
                let now = rows.now;
                let invoice = &mut rows.invoices[at.0];
                if invoice.attempts[at.1].state != AttemptState::InFlight {
                    return;
                }
                if self.has(Fault::UnknownAsFailed) {
                    invoice.attempts[at.1].state = AttemptState::Failed;
                    invoice.next_try = Some(now);
                } else {
                    invoice.attempts[at.1].state = AttemptState::Unknown;
                }
            }
        }
    }

    /// Books a payment, once: attempt, invoice, subscription, ledger, receipt and audit in one commit.
    pub(super) fn captured(&self, (invoice, attempt): At, payment: &str, amount: Money, cause: &str) {
        let mut rows = self.rows.borrow_mut();
        let known = rows.ledger.iter().any(|row| row.payment == payment && !row.refund);
        if known && !self.has(Fault::BookedTwice) {
            return;
        }
        let is_double = !known && rows.invoices[invoice].attempts[attempt].state == AttemptState::Succeeded;
        if is_double && self.has(Fault::DoubleKept) {
            return;
        }
        let entries = vec![amount.minor_units, -amount.minor_units];
        rows.ledger.push(LedgerView { payment: payment.to_owned(), refund: false, entries });
        if is_double {
            rows.refunds.push((payment.to_owned(), false));
            return;
        }
        rows.invoices[invoice].attempts[attempt].state = AttemptState::Succeeded;
        let at = rows.invoices[invoice].subscription;
        let start = rows.invoices[invoice].start;
        if ended(rows.subscriptions[at].status) {
            rows.invoices[invoice].state = InvoiceState::Void;
            rows.refunds.push((payment.to_owned(), false));
            return;
        }
        rows.invoices[invoice].state = InvoiceState::Paid;
        rows.invoices[invoice].next_try = None;
        let calendar = &rows.subscriptions[at].calendar;
        if let Ok(period) = calendar.ordinal_at(start).and_then(|k| calendar.period(k)) {
            rows.subscriptions[at].paid.push((start, period.end));
        }
        if self.has(Fault::AuditSkipped) {
            rows.subscriptions[at].status = Status::Active;
        }
        // Money for an earlier period does not pay for the one that has begun since.
        if rows.subscriptions[at].starts.last() == Some(&start) {
            rows.set_status(at, Status::Active, cause);
        }
        if self.has(Fault::ReceiptFromMemory) {
            self.memory.borrow_mut().receipts.push(payment.to_owned());
        } else {
            let notice = format!("receipt_{payment}");
            rows.receipts.push(ReceiptView { notice, payment: payment.to_owned(), posted: false });
        }
    }

    pub(super) fn declined(&self, (invoice, attempt): At, code: &str, cause: &str) {
        let mut rows = self.rows.borrow_mut();
        let believed = self.has(Fault::EventBelieved) && cause == "event";
        if !rows.invoices[invoice].attempts[attempt].state.is_live() && !believed {
            return;
        }
        let now = rows.now;
        let class = DeclineClass::of_code(code);
        let row = &mut rows.invoices[invoice];
        row.attempts[attempt].state = AttemptState::Failed;
        row.state = InvoiceState::Open;
        if class.may_retry() || self.has(Fault::ClassIgnored) {
            let retries = RETRY_DAYS.iter().map(|days| row.start.saturating_add(DAY * *days));
            row.next_try = retries.into_iter().find(|retry| *retry > now);
        } else {
            let card = row.attempts[attempt].card.clone();
            row.hopeless.push(card);
        }
        let at = row.subscription;
        // A card that was replaced while the old one was being tried gets its own try.
        if rows.subscriptions[at].card != rows.invoices[invoice].attempts[attempt].card {
            rows.invoices[invoice].next_try = Some(now);
        }
        if ended(rows.subscriptions[at].status) {
            rows.void_open(at);
        } else {
            rows.set_status(at, Status::PastDue, cause);
        }
    }
}
