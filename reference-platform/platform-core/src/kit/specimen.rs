//! A small billing system that is right, and can be made wrong on purpose.
//!
//! It exists to calibrate the kit: right, it passes every history; with any one [`Fault`] planted, the kit must find it within a few
//! seeds. It keeps its rows in memory and calls them durable: [`Billing::crash`] loses only what is in its working memory.
//! Policies are as simple as the invariants allow: a fixed dunning schedule, no proration, no pauses.

mod jobs;
mod resolution;
mod rows;

use std::cell::RefCell;

use units::Timestamp;

use self::rows::{Rows, ended};
use super::system::{
    Answer, Billing, Crashed, Job, NewSubscription, Outside, Request, Snapshot, Start, Status,
};
use crate::webhook::event::{EventHead, Sender};
use crate::webhook::verify::rules::{Rule, Rules};
use crate::webhook::verify::{Delivery, Limits, Verifier};

/// Something wrong on purpose, each as it was seen in the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Two workers may both write an invoice for one period.
    NoUniqueness,
    /// Webhooks are told apart by their object and not by their id.
    DedupeByObject,
    /// A charge that timed out counts as failed, and is tried again under a new key.
    UnknownAsFailed,
    /// The next period is counted from the last one.
    IteratedAnchor,
    /// A genuine webhook is accepted however old it is.
    UnboundedReplayWindow,
    /// A webhook is accepted whatever its signature.
    NoSignatureCheck,
    /// A webhook is acknowledged before it is stored.
    AcknowledgedBeforeStored,
    /// After a crash the charge is sent again under a new key.
    NewKeyAfterCrash,
    /// What an event says is believed, without a look at the object as it stands.
    EventBelieved,
    /// The answer and the webhook both book the payment.
    BookedTwice,
    /// The price is taken to have two decimals in every currency.
    TwoDecimals,
    /// A charge that was queued is sent although the customer has canceled meanwhile.
    ChargedAfterCancel,
    /// Access does not end when the window does.
    EndlessAccess,
    /// Every decline is retried alike.
    ClassIgnored,
    /// After our own downtime every missed period is charged.
    CatchUpCharges,
    /// The receipt is sent after the result is committed, from memory.
    ReceiptFromMemory,
    /// A change of status is not audited when a job made it.
    AuditSkipped,
    /// An attempt without an answer is forgotten.
    UnknownForgotten,
    /// A second payment under one key is left where it is.
    DoubleKept,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::NoUniqueness,
        Self::DedupeByObject,
        Self::UnknownAsFailed,
        Self::IteratedAnchor,
        Self::UnboundedReplayWindow,
        Self::NoSignatureCheck,
        Self::AcknowledgedBeforeStored,
        Self::NewKeyAfterCrash,
        Self::EventBelieved,
        Self::BookedTwice,
        Self::TwoDecimals,
        Self::ChargedAfterCancel,
        Self::EndlessAccess,
        Self::ClassIgnored,
        Self::CatchUpCharges,
        Self::ReceiptFromMemory,
        Self::AuditSkipped,
        Self::UnknownForgotten,
        Self::DoubleKept,
    ];
}

/// The system.
#[derive(Debug, Default)]
pub struct Specimen {
    fault: Option<Fault>,
    rows: RefCell<Rows>,
    memory: RefCell<Memory>,
}

/// What a crash loses.
#[derive(Debug, Default)]
struct Memory {
    events: Vec<rows::Stored>,
    receipts: Vec<String>,
}

impl Specimen {
    /// The system with one fault.
    #[must_use]
    pub fn with(fault: Fault) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn verifier(&self) -> Verifier {
        let rules = match self.fault {
            Some(Fault::UnboundedReplayWindow) => Rules::without(Rule::WindowPast),
            Some(Fault::NoSignatureCheck) => Rules::without(Rule::Compare),
            _ => Rules::default(),
        };
        let secret = self.rows.borrow().secret.clone();
        Verifier::stripe_with(&[secret], Limits::default(), rules).expect("the kit's secret is one")
    }
}

impl Billing for Specimen {
    fn reset(&self, start: &Start) {
        *self.rows.borrow_mut() = Rows::new(start);
        *self.memory.borrow_mut() = Memory::default();
    }

    fn set_clock(&self, now: Timestamp) {
        self.rows.borrow_mut().now = now;
    }

    fn create(&self, new: &NewSubscription) {
        self.rows.borrow_mut().create(new);
    }

    fn tick(&self, job: Job, worker: u32, outside: &dyn Outside) -> Result<(), Crashed> {
        match job {
            Job::Renewals => self.renew(outside),
            Job::Attempts => self.resolve(outside),
            Job::Inbox => self.work_inbox(worker, outside),
            Job::Outbox => self.post(outside),
        }
    }

    fn deliver(&self, webhook: &Delivery<'_>) -> Answer {
        let now = self.rows.borrow().now;
        let Ok(_) = self.verifier().verify(webhook, now) else { return Answer::Refused };
        let Ok(head) = EventHead::read(Sender::Stripe, None, webhook.body) else { return Answer::Refused };
        let mut rows = self.rows.borrow_mut();
        let same = |stored: &rows::Stored| {
            if self.has(Fault::DedupeByObject) {
                stored.object == head.object
            } else {
                stored.event == head.id
            }
        };
        if rows.inbox.iter().any(same) {
            return Answer::Accepted;
        }
        let stored = rows::Stored {
            event: head.id,
            object: head.object,
            failed: head.event_type.ends_with("failed"),
            settled: false,
            stored_at: now,
        };
        if self.has(Fault::AcknowledgedBeforeStored) {
            self.memory.borrow_mut().events.push(stored);
        } else {
            rows.inbox.push(stored);
        }
        Answer::Accepted
    }

    fn request(&self, subscription: &str, request: &Request) -> Answer {
        let mut rows = self.rows.borrow_mut();
        let Some(at) = rows.position(subscription) else { return Answer::Refused };
        if ended(rows.subscriptions[at].status) {
            return Answer::Refused;
        }
        match request {
            Request::CancelNow => {
                rows.set_status(at, Status::Canceled, "customer");
                rows.void_open(at);
            }
            Request::CancelAtPeriodEnd => rows.subscriptions[at].cancel_at_end = true,
            Request::SetCard(card) => rows.set_card(at, card),
        }
        Answer::Accepted
    }

    fn crash(&self) {
        *self.memory.borrow_mut() = Memory::default();
    }

    fn query(&self) -> Snapshot {
        self.rows.borrow().snapshot(self.has(Fault::EndlessAccess))
    }
}
