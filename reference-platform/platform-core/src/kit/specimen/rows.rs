//! The specimen's rows and what is read off them.

use units::{Micros, Money, Timestamp};

use super::super::system::{
    AttemptView, AuditView, InboxView, InvoiceState, InvoiceView, LedgerView, NewSubscription, ReceiptView,
    Snapshot, Start, Status, SubscriptionView,
};
use crate::subscription::calendar::{Calendar, Interval, Zone};

/// All rows, and the clock.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) now: Timestamp,
    pub(super) price: Option<Money>,
    pub(super) secret: String,
    pub(super) grace: Micros,
    interval: Option<Interval>,
    zone: Option<Zone>,
    pub(super) subscriptions: Vec<Subscription>,
    pub(super) invoices: Vec<Invoice>,
    pub(super) inbox: Vec<Stored>,
    pub(super) ledger: Vec<LedgerView>,
    pub(super) receipts: Vec<ReceiptView>,
    pub(super) audit: Vec<AuditView>,
    /// Payments to be given back, and whether that is done.
    pub(super) refunds: Vec<(String, bool)>,
}

#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) name: String,
    pub(super) customer: String,
    pub(super) card: String,
    pub(super) status: Status,
    pub(super) cancel_at_end: bool,
    /// Whether the end came by the customer's wish or by default, not at the end of a paid period.
    pub(super) calendar: Calendar,
    pub(super) starts: Vec<Timestamp>,
    pub(super) paid: Vec<(Timestamp, Timestamp)>,
}

#[derive(Debug)]
pub(super) struct Invoice {
    pub(super) id: String,
    pub(super) subscription: usize,
    pub(super) start: Timestamp,
    pub(super) state: InvoiceState,
    pub(super) next_try: Option<Timestamp>,
    /// Cards that will never pay this invoice.
    pub(super) hopeless: Vec<String>,
    pub(super) attempts: Vec<Attempt>,
}

#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) key: String,
    pub(super) card: String,
    pub(super) state: AttemptState,
    pub(super) sent_at: Timestamp,
    pub(super) leased_until: Timestamp,
    pub(super) look_ups: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AttemptState {
    InFlight,
    Unknown,
    Succeeded,
    Failed,
}

/// A stored webhook.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) event: String,
    pub(super) object: Option<String>,
    pub(super) failed: bool,
    pub(super) settled: bool,
    pub(super) stored_at: Timestamp,
}

/// Whether a status is final.
pub(super) fn ended(status: Status) -> bool {
    status == Status::Canceled
}

impl AttemptState {
    pub(super) fn is_live(self) -> bool {
        matches!(self, Self::InFlight | Self::Unknown)
    }
}

impl Invoice {
    pub(super) fn has_live(&self) -> bool {
        self.attempts.iter().any(|attempt| attempt.state.is_live())
    }
}

impl Rows {
    pub(super) fn new(start: &Start) -> Self {
        Self {
            now: start.now,
            price: Some(start.price),
            secret: start.secret.clone(),
            grace: start.grace,
            interval: Some(start.interval),
            zone: Some(start.zone.clone()),
            ..Self::default()
        }
    }

    pub(super) fn create(&mut self, new: &NewSubscription) {
        let interval = self.interval.unwrap_or(Interval::Months(1));
        let zone = self.zone.clone().unwrap_or(Zone::UTC);
        let Ok(calendar) = Calendar::new(new.anchor, interval, zone) else { return };
        let paid = calendar.period(0).map(|period| (period.start, period.end)).into_iter().collect();
        self.subscriptions.push(Subscription {
            name: new.subscription.clone(),
            customer: new.customer.clone(),
            card: new.card.clone(),
            status: Status::Active,
            cancel_at_end: false,
            calendar,
            starts: vec![new.anchor],
            paid,
        });
    }

    pub(super) fn position(&self, subscription: &str) -> Option<usize> {
        self.subscriptions.iter().position(|row| row.name == subscription)
    }

    /// The invoice and the attempt that have a key.
    pub(super) fn by_key(&self, key: &str) -> Option<(usize, usize)> {
        self.invoices.iter().enumerate().find_map(|(at, invoice)| {
            Some((at, invoice.attempts.iter().position(|attempt| attempt.key == key)?))
        })
    }

    pub(super) fn set_status(&mut self, at: usize, after: Status, cause: &str) {
        let row = &mut self.subscriptions[at];
        if row.status == after {
            return;
        }
        let (subscription, before) = (row.name.clone(), row.status);
        row.status = after;
        self.audit.push(AuditView { subscription, before, after, cause: cause.to_owned() });
    }

    pub(super) fn void_open(&mut self, at: usize) {
        for invoice in self.invoices.iter_mut().filter(|invoice| invoice.subscription == at) {
            // A live attempt may still take money: its invoice waits for the outcome.
            if invoice.state == InvoiceState::Open && !invoice.has_live() {
                invoice.state = InvoiceState::Void;
            }
            invoice.next_try = None;
        }
    }

    pub(super) fn set_card(&mut self, at: usize, card: &str) {
        card.clone_into(&mut self.subscriptions[at].card);
        let now = self.now;
        for invoice in self.invoices.iter_mut().filter(|invoice| invoice.subscription == at) {
            invoice.hopeless.retain(|hopeless| hopeless != card);
            if invoice.state == InvoiceState::Open && !invoice.has_live() {
                invoice.next_try = Some(now);
            }
        }
    }

    fn has_access(&self, row: &Subscription, endless: bool) -> bool {
        if ended(row.status) {
            return false;
        }
        let paid = row.paid.iter().any(|(start, end)| *start <= self.now && self.now < *end);
        let grace = row.starts.last().is_some_and(|start| {
            let end = start.saturating_add(self.grace);
            row.paid.iter().all(|(paid, _)| paid != start) && (self.now < end || endless)
        });
        // Between the end of a paid period and the job that renews it nobody is shut out.
        let late =
            row.paid.iter().any(|(_, end)| *end <= self.now && self.now < end.saturating_add(self.grace));
        paid || grace || (late && !row.cancel_at_end)
    }

    pub(super) fn snapshot(&self, endless: bool) -> Snapshot {
        let subscriptions = self.subscriptions.iter().map(|row| SubscriptionView {
            subscription: row.name.clone(),
            status: row.status,
            access: self.has_access(row, endless),
            period_starts: row.starts.clone(),
        });
        let price = self.price.into_iter();
        let invoices = self.invoices.iter().zip(price.cycle()).map(|(row, amount)| InvoiceView {
            invoice: row.id.clone(),
            subscription: self.subscriptions[row.subscription].name.clone(),
            period_start: row.start,
            amount,
            state: row.state,
        });
        let attempts = self.invoices.iter().flat_map(|row| {
            row.attempts.iter().map(|attempt| AttemptView {
                invoice: row.id.clone(),
                idempotency_key: attempt.key.clone(),
                live: attempt.state.is_live(),
                unknown: attempt.state == AttemptState::Unknown,
            })
        });
        let inbox = self.inbox.iter().map(|row| InboxView {
            event: row.event.clone(),
            settled: row.settled,
            stored_at: row.stored_at,
        });
        Snapshot {
            subscriptions: subscriptions.collect(),
            invoices: invoices.collect(),
            attempts: attempts.collect(),
            ledger: self.ledger.clone(),
            inbox: inbox.collect(),
            receipts: self.receipts.clone(),
            audit: self.audit.clone(),
        }
    }
}
