//! The outside as a job sees it: the provider, the seams between commits, and whatever comes in between.
//!
//! Every call and every commit is a point, counted from the start of the job; one interruption can be set for one point. A rival or
//! a webhook comes in from here, while the job that called waits.

use std::cell::{Cell, Ref, RefCell};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use units::Timestamp;

use super::history::{Interruption, Meanwhile, Sending};
use super::provider::Provider;
use super::sometimes::{Happening, Sometimes};
use super::system::{
    Answer, Billing, CallError, ChargeCall, ChargeReply, Crashed, Job, Outside, Payment, Request,
};
use crate::webhook::verify::Delivery;

/// The provider, the clock and the interruptions around one system.
pub(super) struct World<'a> {
    system: &'a dyn Billing,
    secret: String,
    pub(super) provider: RefCell<Provider>,
    pub(super) now: Cell<Timestamp>,
    meanwhile: RefCell<Option<Meanwhile>>,
    points: Cell<u32>,
    pub(super) sometimes: RefCell<Sometimes>,
    /// Ids of the events that were answered with 2xx.
    pub(super) acknowledged: RefCell<Vec<String>>,
    /// Subscriptions canceled at once, with the number of charges that had arrived by then.
    pub(super) canceled: RefCell<Vec<(String, usize)>>,
    /// Subscriptions whose card was replaced, with the number of charges that had arrived by then.
    pub(super) card_changes: RefCell<Vec<(String, usize)>>,
    /// What the system did that it must not, in words.
    pub(super) offences: RefCell<Vec<String>>,
    subscriptions: Vec<String>,
}

impl<'a> World<'a> {
    pub(super) fn new(
        system: &'a dyn Billing,
        secret: &str,
        now: Timestamp,
        subscriptions: Vec<String>,
    ) -> Self {
        Self {
            system,
            secret: secret.to_owned(),
            provider: RefCell::default(),
            now: Cell::new(now),
            meanwhile: RefCell::default(),
            points: Cell::new(0),
            sometimes: RefCell::default(),
            acknowledged: RefCell::default(),
            canceled: RefCell::default(),
            card_changes: RefCell::default(),
            offences: RefCell::default(),
            subscriptions,
        }
    }

    pub(super) fn system(&self) -> &'a dyn Billing {
        self.system
    }

    pub(super) fn books(&self) -> Ref<'_, Provider> {
        self.provider.borrow()
    }

    pub(super) fn note(&self, happening: Happening) {
        self.sometimes.borrow_mut().note(happening);
    }

    /// Runs a job with an interruption; restarts the process where that was a crash.
    pub(super) fn tick(&self, job: Job, worker: u32, meanwhile: Option<Meanwhile>) {
        *self.meanwhile.borrow_mut() = meanwhile;
        self.points.set(0);
        let ended = self.system.tick(job, worker, self);
        self.meanwhile.borrow_mut().take();
        if ended == Err(Crashed) {
            self.note(Happening::CrashedInJob);
            if self.system.query().attempts.iter().any(|attempt| attempt.live) {
                self.note(Happening::CrashAndUnknown);
            }
            self.system.crash();
        }
    }

    pub(super) fn request(&self, pick: u32, request: &Request) {
        let subscription = &self.subscriptions[pick as usize % self.subscriptions.len()];
        let answer = self.system.request(subscription, request);
        if answer == Answer::Refused {
            return;
        }
        let arrived = self.books().arrivals.len();
        match request {
            Request::CancelNow => {
                self.note(Happening::Canceled);
                self.canceled.borrow_mut().push((subscription.clone(), arrived));
            }
            Request::SetCard(_) => {
                self.card_changes.borrow_mut().push((subscription.clone(), arrived));
            }
            Request::CancelAtPeriodEnd => {}
        }
    }

    /// Sends one of the provider's events, and judges the answer.
    pub(super) fn deliver(&self, pick: u32, how: Sending) {
        let Some(position) = self.pick(pick) else { return };
        let now = self.now.get();
        let event = self.books().events[position].clone();
        let signed_at = match how {
            Sending::Replayed => Timestamp(now.0.saturating_sub(400_000_000)),
            _ => now,
        };
        let id = if how == Sending::Forged { format!("{}_forged", event.id) } else { event.id.clone() };
        let created_s = event.created.0 / 1_000_000 + u64::from(how == Sending::Conflicting);
        let payment = self.books().payments[event.payment].clone();
        let body = body(&id, event.event_type, created_s, &payment);
        let secret = if how == Sending::Forged { "whsec_somebody_else" } else { &self.secret };
        let header = signature(secret, signed_at, &body);
        let before = matches!(how, Sending::Forged | Sending::Replayed).then(|| self.system.query());
        let headers: [(&str, &[u8]); 1] = [("Stripe-Signature", header.as_bytes())];
        let answer = self.system.deliver(&Delivery { headers: &headers, body: body.as_bytes() });
        self.judge_answer(&event.id, how, answer, position);
        if before.is_some_and(|before| before != self.system.query()) {
            self.offences.borrow_mut().push(format!("a {how:?} webhook changed something").to_lowercase());
        }
    }

    /// Position of an event: even numbers pick among those that were never sent, odd ones among all.
    fn pick(&self, pick: u32) -> Option<usize> {
        let books = self.books();
        let unsent: Vec<usize> =
            (0..books.events.len()).filter(|at| books.events[*at].sent.is_none()).collect();
        let (pick, any) = (pick as usize / 2, pick % 2 == 1 || unsent.is_empty());
        if any { pick.checked_rem(books.events.len()) } else { Some(unsent[pick % unsent.len()]) }
    }

    fn judge_answer(&self, event: &str, how: Sending, answer: Answer, position: usize) {
        let expected = match how {
            Sending::Genuine | Sending::Conflicting => Answer::Accepted,
            Sending::Forged | Sending::Replayed => Answer::Refused,
        };
        if answer != expected {
            self.offences.borrow_mut().push(format!("a {how:?} webhook was {answer:?}").to_lowercase());
        }
        let known = self.acknowledged.borrow().iter().any(|known| known == event);
        match how {
            Sending::Forged => self.note(Happening::Forged),
            Sending::Replayed => self.note(Happening::Replayed),
            Sending::Conflicting if known => self.note(Happening::Conflicting),
            _ if known => self.note_duplicate(),
            _ => self.note_first(position),
        }
        if answer == Answer::Accepted && !known {
            self.acknowledged.borrow_mut().push(event.to_owned());
        }
    }

    fn note_duplicate(&self) {
        self.note(Happening::Duplicate);
        if self.books().arrivals.iter().any(|arrival| arrival.declined.is_some()) {
            self.note(Happening::DuplicateAndRetry);
        }
    }

    fn note_first(&self, position: usize) {
        let now = self.now.get();
        let later_sent = self.books().events[position + 1..].iter().any(|event| event.sent.is_some());
        if later_sent {
            self.note(Happening::Reordered);
        }
        let (payment, subscription) = {
            let books = self.books();
            let payment = books.events[position].payment;
            (payment, books.payments[payment].call.subscription.clone())
        };
        let canceled = self.canceled.borrow().iter().any(|(canceled, _)| *canceled == subscription);
        if canceled && self.books().payments[payment].captured {
            self.note(Happening::LateAndCanceled);
        }
        self.provider.borrow_mut().events[position].sent = Some(now);
    }

    /// Counts a point, and lets in what is set for it.
    fn reach(&self, in_call: bool) -> Result<(), Crashed> {
        let point = self.points.get();
        self.points.set(point + 1);
        let due = self.meanwhile.borrow().as_ref().is_some_and(|meanwhile| meanwhile.at == point);
        let Some(meanwhile) = due.then(|| self.meanwhile.borrow_mut().take()).flatten() else {
            return Ok(());
        };
        match meanwhile.what {
            Interruption::Crash => return Err(Crashed),
            Interruption::Rival(job) => {
                self.note(Happening::Raced);
                // Nothing is set any more, so a rival cannot be interrupted, and cannot crash.
                self.system.tick(job, 9, self)?;
            }
            Interruption::Webhook(pick) => {
                if in_call && !self.books().events.is_empty() {
                    self.note(Happening::WebhookInCall);
                }
                // The newest: what comes in during a call is mostly about that call.
                let newest = u32::try_from(self.books().events.len()).unwrap_or(u32::MAX).saturating_sub(1);
                self.deliver(if pick % 4 == 0 { pick } else { newest * 2 + 1 }, Sending::Genuine);
                self.system.tick(Job::Inbox, 9, self)?;
            }
            Interruption::CancelNow(pick) => self.request(pick, &Request::CancelNow),
        }
        Ok(())
    }

    fn call<T>(&self, act: impl FnOnce(&mut Provider, Timestamp) -> T) -> Result<T, Crashed> {
        self.reach(true)?;
        let answer = act(&mut self.provider.borrow_mut(), self.now.get());
        self.reach(true)?;
        Ok(answer)
    }
}

impl Outside for World<'_> {
    fn charge(&self, call: &ChargeCall) -> Result<ChargeReply, CallError> {
        let canceled = self.canceled.borrow().iter().any(|(canceled, _)| *canceled == call.subscription);
        if canceled {
            self.offences
                .borrow_mut()
                .push(format!("`{}` was charged after it was canceled", call.subscription));
        }
        let captured_before = self.books().payments.len();
        match self.call(|provider, now| provider.charge(call, now))? {
            Ok(reply) => Ok(reply),
            Err(_) => {
                if self.books().payments.len() > captured_before {
                    self.note(Happening::TimedOutCharged);
                }
                Err(CallError::TimedOut)
            }
        }
    }

    fn refund(&self, idempotency_key: &str, payment: &str) -> Result<(), CallError> {
        self.note(Happening::Refunded);
        Ok(self.call(|provider, _| provider.refund(idempotency_key, payment))?)
    }

    fn look_up(&self, customer: &str) -> Result<Vec<Payment>, CallError> {
        Ok(self.call(|provider, _| provider.look_up(customer))?)
    }

    fn fetch(&self, payment: &str) -> Result<Option<Payment>, CallError> {
        Ok(self.call(|provider, _| provider.fetch(payment))?)
    }

    fn post(&self, notice: &str) -> Result<(), CallError> {
        Ok(self.call(|provider, _| provider.posted.push(notice.to_owned()))?)
    }

    fn seam(&self, _name: &'static str) -> Result<(), Crashed> {
        self.reach(false)
    }
}

/// The body of an event, in Stripe's form.
fn body(id: &str, event_type: &str, created_s: u64, payment: &Payment) -> String {
    let call = &payment.call;
    serde_json::json!({
        "id": id, "object": "event", "type": event_type, "created": created_s, "livemode": false, "pending_webhooks": 1,
        "data": {"object": {
            "id": payment.id, "object": "payment_intent", "amount": call.amount.minor_units, "customer": call.customer,
            "currency": call.amount.currency.code().to_ascii_lowercase(),
            "status": if payment.captured { "succeeded" } else { "requires_payment_method" },
            "metadata": {"subscription": call.subscription, "attempt": call.idempotency_key},
        }},
    })
    .to_string()
}

/// A header as Stripe would sign it.
fn signature(secret: &str, at: Timestamp, body: &str) -> String {
    let at_s = at.0 / 1_000_000;
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length (RFC 2104)");
    mac.update(format!("{at_s}.{body}").as_bytes());
    format!("t={at_s},v1={}", hex::encode(mac.finalize().into_bytes()))
}
