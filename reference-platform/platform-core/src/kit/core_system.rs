//! The platform's own core, plugged into the kit: its decisions and jobs over the store in memory.
//!
//! What is particular to the store is small, so that the same jobs over another store are plugged in by the same parts:
//! [`KitPorts`] lets jobs reach the kit's outside, [`snapshot`] shows rows as the kit wants to see them.
//!
//! Reading order:
//! - this file: jobs, webhooks and requests of a history.
//! - [`views`]: rows as the kit wants to see them.

mod views;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::task::{Context as TaskContext, Poll, Waker};

use smol_str::SmolStr;
use units::Timestamp;

pub use self::views::snapshot;
use super::system::{
    Answer as KitAnswer, Billing, CallError, ChargeCall, ChargeReply, Crashed, Job, NewSubscription, Outside,
    Payment, Request, Snapshot, Start,
};
use crate::subscription::books::{Books, Memory};
use crate::subscription::command::{
    Answer, ChargeRequest, Command, CustomerRequest, PaymentOutcome, PaymentSeen, RefundAnswer, RefundRequest,
};
use crate::subscription::decide::begin::TakenOver;
use crate::subscription::jobs::{self, Fetched, LookUp, Ports, Seam, Stopped};
use crate::subscription::rows::{Customer, EndOfDunning, Notice, Owner, Plan};
use crate::subscription::store::{Store, StoreError};
use crate::webhook::event::{Handling, Sender};
use crate::webhook::intake::Endpoint;
use crate::webhook::verify::{Delivery, Limits, Verifier};

/// The name of the plan that every subscription of a history has.
pub const PLAN: &str = "basic";

/// What jobs reach outside in a history.
pub struct KitPorts<'a, S> {
    /// The store under test.
    pub store: &'a S,
    /// The kit's provider and seams.
    pub outside: &'a dyn Outside,
    /// The clock.
    pub now: Timestamp,
}

impl<S> std::fmt::Debug for KitPorts<'_, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KitPorts").field("now", &self.now).finish_non_exhaustive()
    }
}

impl From<Crashed> for Stopped {
    fn from(Crashed: Crashed) -> Self {
        Self
    }
}

/// The outcome of a call, or that the process died meanwhile.
fn answered<T>(reply: Result<T, CallError>) -> Result<Option<T>, Stopped> {
    match reply {
        Ok(reply) => Ok(Some(reply)),
        Err(CallError::TimedOut) => Ok(None),
        Err(CallError::Crashed) => Err(Stopped),
    }
}

fn seen(payment: &Payment) -> PaymentSeen {
    let outcome = match &payment.decline_code {
        _ if payment.captured => PaymentOutcome::Captured,
        Some(code) => PaymentOutcome::Declined { code: code.as_str().into() },
        None => PaymentOutcome::Processing,
    };
    PaymentSeen { id: payment.id.as_str().into(), amount: payment.call.amount, outcome }
}

impl<S: Store> Ports for KitPorts<'_, S> {
    type Store = S;

    fn store(&self) -> &S {
        self.store
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    async fn charge(&self, request: &ChargeRequest) -> Result<Answer, Stopped> {
        let call = ChargeCall {
            idempotency_key: request.key.to_string(),
            customer: request.customer.to_string(),
            card: request.card.to_string(),
            amount: request.amount,
            subscription: request.subscription.to_string(),
            period_start: request.period_start,
        };
        let payment = |id: String, outcome: PaymentOutcome| {
            Answer::Payment(PaymentSeen { id: id.into(), amount: request.amount, outcome })
        };
        Ok(match answered(self.outside.charge(&call))? {
            None => Answer::TimedOut,
            Some(ChargeReply::Captured { payment: id }) => payment(id, PaymentOutcome::Captured),
            Some(ChargeReply::Declined { code }) => {
                payment(format!("declined:{}", request.key), PaymentOutcome::Declined { code: code.into() })
            }
            Some(ChargeReply::KeyInUse) => Answer::KeyInUse,
            Some(ChargeReply::ServerError) => Answer::ServerError,
        })
    }

    async fn look_up(&self, request: &ChargeRequest) -> Result<LookUp, Stopped> {
        let Some(payments) = answered(self.outside.look_up(&request.customer))? else {
            return Ok(LookUp::Unavailable);
        };
        let found = payments.iter().find(|payment| payment.call.idempotency_key == request.key);
        Ok(found.map_or(LookUp::Nothing, |payment| LookUp::Found(seen(payment))))
    }

    async fn refund(&self, request: &RefundRequest) -> Result<RefundAnswer, Stopped> {
        let done = answered(self.outside.refund(&request.key, &request.payment))?;
        Ok(if done.is_some() { RefundAnswer::Done } else { RefundAnswer::Unclear })
    }

    async fn look_up_refund(&self, request: &RefundRequest) -> Result<RefundAnswer, Stopped> {
        Ok(match answered(self.outside.fetch(&request.payment))? {
            Some(Some(payment)) if payment.refunded > 0 => RefundAnswer::Done,
            Some(_) => RefundAnswer::NotFound,
            None => RefundAnswer::Unclear,
        })
    }

    async fn fetch(&self, _what: Handling, object: &str) -> Result<Fetched, Stopped> {
        Ok(match answered(self.outside.fetch(object))? {
            None => Fetched::Unavailable,
            Some(None) => Fetched::Missing,
            Some(Some(payment)) => Fetched::Payment {
                subscription: payment.call.subscription.as_str().into(),
                attempt: payment.call.idempotency_key.as_str().into(),
                payment: seen(&payment),
            },
        })
    }

    async fn post(&self, notice: &Notice) -> Result<bool, Stopped> {
        Ok(answered(self.outside.post(&notice.id))?.is_some())
    }

    async fn seam(&self, seam: Seam) -> Result<(), Stopped> {
        match seam {
            // The kit counts calls itself.
            Seam::BeforeCall(_) | Seam::AfterCall(_) => Ok(()),
            Seam::BeforeCommit(_) => Ok(self.outside.seam("before_commit")?),
            Seam::AfterCommit(_) => Ok(self.outside.seam("after_commit")?),
        }
    }

    fn failed(&self, subject: &str, error: &StoreError) {
        // A refusal is an answer to a race; anything else is a bug that a history has found.
        assert!(matches!(error, StoreError::Refused(_)), "{subject}: {error}");
    }
}

/// Runs a future that never waits for anybody else.
///
/// # Panics
/// When it does.
pub fn run_inline<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut TaskContext::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a store in memory never waits"),
    }
}

/// Runs a job over any store.
///
/// # Errors
/// [`Crashed`] when the outside said so.
pub async fn run_job<P: Ports>(ports: &P, job: Job, worker: u32) -> Result<(), Crashed> {
    let ended = match job {
        Job::Renewals => jobs::renewals(ports).await,
        Job::Attempts => jobs::attempts(ports).await,
        Job::Inbox => jobs::inbox(ports, worker).await,
        Job::Outbox => jobs::outbox(ports).await,
    };
    ended.map_err(|Stopped| Crashed)
}

/// What a history starts from, as plans.
#[must_use]
pub fn plans(start: &Start) -> BTreeMap<SmolStr, Plan> {
    let plan = Plan {
        name: SmolStr::new_static(PLAN),
        price: start.price,
        interval: start.interval,
        end: EndOfDunning::Canceled,
        refund_on_cancel: false,
    };
    BTreeMap::from([(SmolStr::new_static(PLAN), plan)])
}

/// What a history creates, as the core takes it over.
#[must_use]
pub fn taken_over(new: &NewSubscription, start: &Start) -> Option<TakenOver> {
    Some(TakenOver {
        id: new.subscription.as_str().into(),
        customer: Customer { id: new.customer.as_str().into(), card: Some(new.card.as_str().into()) },
        owner: Owner::Platform,
        plan: plans(start).remove(PLAN)?,
        zone: start.zone.clone(),
        anchor: new.anchor,
        trial_end: None,
    })
}

/// What a customer asks for in a history, as the core knows it.
#[must_use]
pub fn request(request: &Request) -> CustomerRequest {
    match request {
        Request::CancelNow => CustomerRequest::CancelNow,
        Request::CancelAtPeriodEnd => CustomerRequest::CancelAtPeriodEnd,
        Request::SetCard(card) => CustomerRequest::SetCard { card: card.as_str().into() },
    }
}

/// The endpoint that takes in a history's webhooks.
///
/// # Panics
/// Never: the kit's secret is one.
#[must_use]
pub fn endpoint(start: &Start) -> Endpoint {
    let verifier = Verifier::stripe(std::slice::from_ref(&start.secret), Limits::default())
        .expect("the kit's secret is one");
    Endpoint { sender: Sender::Stripe, verifier, livemode: false }
}

/// The core over the store in memory.
#[derive(Debug, Default)]
pub struct CoreSystem {
    start: RefCell<Option<Start>>,
    now: Cell<Timestamp>,
    store: Memory,
    firsts: RefCell<BTreeMap<String, Timestamp>>,
}

impl CoreSystem {
    /// Its rows, to compare them with those of another store.
    #[must_use]
    pub fn books(&self) -> Books {
        self.store.books().clone()
    }
}

impl Billing for CoreSystem {
    fn reset(&self, start: &Start) {
        self.now.set(start.now);
        self.firsts.borrow_mut().clear();
        self.store.with(|books| *books = Books { plans: plans(start), ..Books::default() });
        *self.start.borrow_mut() = Some(start.clone());
    }

    fn set_clock(&self, now: Timestamp) {
        self.now.set(now);
    }

    fn create(&self, new: &NewSubscription) {
        let start = self.start.borrow();
        let Some(taken) = start.as_ref().and_then(|start| taken_over(new, start)) else { return };
        self.firsts.borrow_mut().insert(new.subscription.clone(), new.anchor);
        let made = self.store.with(|books| books.take_over(taken, self.now.get()));
        assert!(made.is_ok(), "{made:?}");
    }

    fn tick(&self, job: Job, worker: u32, outside: &dyn Outside) -> Result<(), Crashed> {
        let ports = KitPorts { store: &self.store, outside, now: self.now.get() };
        run_inline(run_job(&ports, job, worker))
    }

    fn deliver(&self, webhook: &Delivery<'_>) -> KitAnswer {
        let start = self.start.borrow();
        let taken = start.as_ref().map(|start| endpoint(start).take_in(webhook, self.now.get()));
        let Some(Ok(intake)) = taken else { return KitAnswer::Refused };
        match run_inline(self.store.receive(intake, self.now.get())) {
            Ok(_) => KitAnswer::Accepted,
            Err(_) => KitAnswer::Refused,
        }
    }

    fn request(&self, subscription: &str, asked: &Request) -> KitAnswer {
        let command = Command::Customer(request(asked));
        match self.store.with(|books| books.act(subscription, &command, self.now.get())) {
            Ok(_) => KitAnswer::Accepted,
            Err(_) => KitAnswer::Refused,
        }
    }

    fn crash(&self) {
        // Every row is durable and nothing else is kept.
    }

    fn query(&self) -> Snapshot {
        snapshot(&self.store.books(), self.now.get(), &self.firsts.borrow())
    }
}
