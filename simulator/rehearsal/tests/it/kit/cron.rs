//! A billing system as it is often found: a job that charges whoever is due, with a new key per try, and books a time-out as failed.
//!
//! It verifies webhooks and ignores them, so that it can only be wrong about charging.

use std::cell::RefCell;

use platform_core::kit::system::{
    Answer, AuditView, Billing, CallError, ChargeCall, ChargeReply, Crashed, InboxView, InvoiceState,
    InvoiceView, Job, LedgerView, NewSubscription, Outside, ReceiptView, Request, Snapshot, Start, Status,
    SubscriptionView,
};
use platform_core::subscription::calendar::Calendar;
use platform_core::webhook::event::{EventHead, Sender};
use platform_core::webhook::verify::{Delivery, Limits, Verifier};
use units::Timestamp;

/// The system.
#[derive(Default)]
pub(super) struct NightlyCron(RefCell<Rows>);

#[derive(Default)]
struct Rows {
    now: Timestamp,
    start: Option<Start>,
    keys: u32,
    subscribers: Vec<Subscriber>,
    shown: Snapshot,
}

struct Subscriber {
    new: NewSubscription,
    calendar: Calendar,
    starts: Vec<Timestamp>,
    paid: u32,
    status: Status,
}

impl Rows {
    /// The first subscriber whose current period is due and unpaid.
    fn due(&self) -> Option<(usize, u32)> {
        self.subscribers.iter().enumerate().find_map(|(at, row)| {
            let current = row.calendar.ordinal_at(self.now).ok()?;
            (row.status != Status::Canceled && current > row.paid).then_some((at, current))
        })
    }

    fn set_status(&mut self, at: usize, after: Status) {
        let row = &mut self.subscribers[at];
        let (subscription, before) = (row.new.subscription.clone(), row.status);
        row.status = after;
        if before != after {
            self.shown.audit.push(AuditView { subscription, before, after, cause: "cron".to_owned() });
        }
    }

    fn call(&mut self, at: usize, current: u32) -> ChargeCall {
        self.keys += 1;
        let row = &mut self.subscribers[at];
        let start = self.start.as_ref().expect("reset comes first");
        for k in row.starts.len()..=current as usize {
            row.starts.extend(row.calendar.start(u32::try_from(k).expect("few periods")));
        }
        ChargeCall {
            idempotency_key: format!("key_{}", self.keys),
            customer: row.new.customer.clone(),
            card: row.new.card.clone(),
            amount: start.price,
            subscription: row.new.subscription.clone(),
            period_start: row.starts[current as usize],
        }
    }

    fn captured(&mut self, at: usize, current: u32, payment: &str, call: &ChargeCall) {
        self.subscribers[at].paid = current;
        let (amount, payment) = (call.amount.minor_units, payment.to_owned());
        self.shown.ledger.push(LedgerView {
            payment: payment.clone(),
            refund: false,
            entries: vec![amount, -amount],
        });
        self.shown.invoices.push(InvoiceView {
            invoice: call.idempotency_key.clone(),
            subscription: call.subscription.clone(),
            period_start: call.period_start,
            amount: call.amount,
            state: InvoiceState::Paid,
        });
        self.shown.receipts.push(ReceiptView {
            notice: format!("receipt_{payment}"),
            payment,
            posted: false,
        });
        self.set_status(at, Status::Active);
    }
}

impl Billing for NightlyCron {
    fn reset(&self, start: &Start) {
        *self.0.borrow_mut() = Rows { start: Some(start.clone()), now: start.now, ..Rows::default() };
    }

    fn set_clock(&self, now: Timestamp) {
        self.0.borrow_mut().now = now;
    }

    fn create(&self, new: &NewSubscription) {
        let mut rows = self.0.borrow_mut();
        let start = rows.start.clone().expect("reset comes first");
        let calendar = Calendar::new(new.anchor, start.interval, start.zone).expect("a sound history");
        let (starts, status) = (vec![new.anchor], Status::Active);
        rows.subscribers.push(Subscriber { new: new.clone(), calendar, starts, paid: 0, status });
    }

    fn tick(&self, job: Job, _worker: u32, outside: &dyn Outside) -> Result<(), Crashed> {
        if job != Job::Renewals {
            return Ok(());
        }
        // As often as there are subscribers, so that a provider that gives no answer does not keep the job busy for ever.
        let tries = self.0.borrow().subscribers.len();
        for _ in 0..tries {
            let Some((at, current)) = self.0.borrow().due() else { return Ok(()) };
            let call = self.0.borrow_mut().call(at, current);
            match outside.charge(&call) {
                Err(CallError::Crashed) => return Err(Crashed),
                Ok(ChargeReply::Captured { payment }) => {
                    self.0.borrow_mut().captured(at, current, &payment, &call);
                }
                Ok(ChargeReply::Declined { .. }) => self.0.borrow_mut().set_status(at, Status::Canceled),
                // The mistake: no answer is taken for a refusal, and the next try has a key of its own.
                Err(CallError::TimedOut) | Ok(_) => self.0.borrow_mut().set_status(at, Status::PastDue),
            }
        }
        Ok(())
    }

    fn deliver(&self, webhook: &Delivery<'_>) -> Answer {
        let mut rows = self.0.borrow_mut();
        let secret = rows.start.as_ref().expect("reset comes first").secret.clone();
        let verifier = Verifier::stripe(&[secret], Limits::default()).expect("the kit's secret is one");
        if verifier.verify(webhook, rows.now).is_err() {
            return Answer::Refused;
        }
        let event = EventHead::read(Sender::Stripe, None, webhook.body).expect("the kit sends events").id;
        if rows.shown.inbox.iter().all(|row| row.event != event) {
            let stored_at = rows.now;
            rows.shown.inbox.push(InboxView { event, settled: true, stored_at });
        }
        Answer::Accepted
    }

    fn request(&self, _subscription: &str, _request: &Request) -> Answer {
        Answer::Refused
    }

    fn crash(&self) {}

    fn query(&self) -> Snapshot {
        let rows = self.0.borrow();
        let grace = rows.start.as_ref().expect("reset comes first").grace;
        let access = |row: &Subscriber| {
            row.calendar.period(row.paid).is_ok_and(|paid| rows.now < paid.end.saturating_add(grace))
        };
        let subscriptions = rows.subscribers.iter().map(|row| SubscriptionView {
            subscription: row.new.subscription.clone(),
            status: row.status,
            access: access(row),
            period_starts: row.starts.clone(),
        });
        Snapshot { subscriptions: subscriptions.collect(), ..rows.shown.clone() }
    }
}
