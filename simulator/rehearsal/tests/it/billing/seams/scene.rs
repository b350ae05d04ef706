//! Seven subscriptions over two renewals, the provider, the sender of webhooks, and the seams between them.
//!
//! What the provider does with a charge is set per card and not per call, so that a crash does not give one customer's decline to
//! another.

use std::cell::{Cell, Ref, RefCell, RefMut};
use std::collections::{BTreeMap, VecDeque};

use actors::provider::Provider;
use actors::provider::api::{Outcome, Request};
use actors::provider::script::{Reply, ReplyKind, Script};
use actors::provider::webhooks::{Event, sign};
use platform_core::subscription::calendar::{Interval, Zone};
use platform_core::subscription::decide::begin::TakenOver;
use platform_core::subscription::jobs::{Point, Seam, Stopped};
use platform_core::subscription::rows::{AttemptState, Customer, EndOfDunning, Notice, Owner, Plan};
use platform_core::subscription::store::Store;
use platform_core::webhook::event::Sender;
use platform_core::webhook::intake::Endpoint;
use platform_core::webhook::verify::{Limits, Verifier};
use platform_server::billing::ports::{NoAnswer, Outside, ServerPorts};
use platform_server::billing::provider::{ApiRequest, ApiResponse};
use platform_server::billing::runner;
use serde_json::json;
use units::{Currency, Micros, Money, Timestamp};

use super::super::platform::{Platform, Sent, wait};

const SECRET: &str = "whsec_of_the_seams";

/// 1 January 2026, when all periods begin.
const START: Timestamp = Timestamp(1_767_225_600_000_000);

/// 1 February 2026, when all renewals are due.
const DUE: Timestamp = Timestamp(1_769_904_000_000_000);

/// Who cancels while nobody knows what became of the charge: what was captured is given back.
pub(super) const CANCELS_LATE: &str = "sub_5";

/// Who cancels between the intent and the charge: nothing is charged.
pub(super) const CANCELS_IN_BETWEEN: &str = "sub_7";

/// Minutes after the renewal at which the jobs run, before they run daily.
const MINUTES: [u64; 13] = [0, 2, 4, 7, 9, 14, 20, 30, 75, 140, 420, 900, 1_440];

/// Days that follow: the decline is retried, and the next renewal is due after 28.
const DAYS: u64 = 33;

/// A month, and where the process dies in it.
pub(super) struct Scene {
    pub(super) platform: Platform,
    provider: RefCell<Provider>,
    replies: RefCell<BTreeMap<String, VecDeque<ReplyKind>>>,
    log: RefCell<Vec<String>>,
    die_at: Option<u64>,
    crashes: Cell<u32>,
    posted: RefCell<Vec<String>>,
    turned_away: Cell<bool>,
    acknowledged: RefCell<Vec<String>>,
    unsent: RefCell<VecDeque<Event>>,
    payments_told: Cell<usize>,
    canceled: Cell<bool>,
}

impl Scene {
    pub(super) fn new(die_at: Option<u64>) -> Self {
        let verifier = Verifier::stripe(&[SECRET], Limits::default()).expect("a secret");
        let endpoint = Endpoint { sender: Sender::Stripe, verifier, livemode: true };
        let plan = plan();
        let plans = BTreeMap::from([(plan.name.clone(), plan.clone())]);
        let platform = Platform::start(plans, endpoint, START);
        for n in 1..=7 {
            let taken = TakenOver {
                id: format!("sub_{n}").into(),
                customer: Customer { id: format!("c_{n}").into(), card: Some(format!("card_{n}").into()) },
                owner: Owner::Platform,
                plan: plan.clone(),
                zone: Zone::UTC,
                anchor: START,
                trial_end: None,
            };
            wait(platform.store().take_over(taken, START)).expect("a new subscription");
        }
        let first = |card: &str, kind: ReplyKind| (card.to_owned(), VecDeque::from([kind]));
        let mut provider = Provider::default();
        provider.refunds = Script::new([Reply::now(ReplyKind::TimeoutCharged)], false);
        Self {
            platform,
            provider: RefCell::new(provider),
            replies: RefCell::new(BTreeMap::from([
                first("card_2", ReplyKind::Decline { code: "insufficient_funds".to_owned() }),
                first("card_3", ReplyKind::TimeoutCharged),
                first("card_4", ReplyKind::TimeoutNotCharged),
                first("card_5", ReplyKind::TimeoutCharged),
                first("card_6", ReplyKind::Error { charged: true }),
            ])),
            log: RefCell::default(),
            die_at,
            crashes: Cell::new(0),
            turned_away: Cell::default(),
            posted: RefCell::default(),
            acknowledged: RefCell::default(),
            unsent: RefCell::default(),
            payments_told: Cell::new(0),
            canceled: Cell::new(false),
        }
    }

    /// Plays the month from the first renewal on.
    pub(super) fn play(&self) {
        let minutes = MINUTES.into_iter().chain((2..=DAYS).map(|day| day * 24 * 60));
        for minute in minutes {
            self.platform.set_clock(DUE.saturating_add(Micros::from_mins(minute)));
            self.work();
            if minute == 0 {
                self.cancel(CANCELS_LATE);
            } else if minute != 2 {
                // The sender is slow on the first day: look-ups come before the events.
                self.deliver();
            }
        }
    }

    /// Runs all jobs once, again after a crash.
    fn work(&self) {
        loop {
            let store = self.platform.store();
            let ended = wait(runner::once(&ServerPorts { store: &store, outside: self }));
            drop(store);
            match ended {
                Ok(()) => return,
                Err(Stopped) => self.platform.restart(),
            }
        }
    }

    /// Sends what the provider has to tell; without an answer it is sent again.
    fn deliver(&self) {
        self.tell();
        loop {
            let Some(event) = self.unsent.borrow().front().cloned() else { return };
            if self.pass("BeforeReceive").is_err() {
                self.platform.restart();
                continue;
            }
            let body = event.body(1).into_bytes();
            let signature = sign(SECRET, self.platform.now(), &body).into_bytes();
            let answer = self.platform.send(&Sent {
                method: "POST",
                path: "/v1/webhooks/stripe".to_owned(),
                headers: vec![("stripe-signature".to_owned(), signature)],
                body,
            });
            if self.pass("AfterReceive").is_err() {
                // The answer never left the process.
                self.platform.restart();
                continue;
            }
            assert_eq!(answer.status, 200, "{answer:?}");
            self.note_acknowledged(&event.id);
            self.unsent.borrow_mut().pop_front();
        }
    }

    /// Makes an event of each payment that has none.
    fn tell(&self) {
        let provider = self.provider.borrow();
        let fresh = provider.books.payments.iter().skip(self.payments_told.get());
        self.unsent.borrow_mut().extend(fresh.map(|payment| Event {
            id: format!("evt_{}", payment.id),
            event_type: if payment.is_captured() {
                "payment_intent.succeeded".to_owned()
            } else {
                "payment_intent.payment_failed".to_owned()
            },
            created: payment.created,
            livemode: true,
            object: payment.shown(),
        }));
        self.payments_told.set(provider.books.payments.len());
    }

    fn cancel(&self, subscription: &str) {
        let customer = subscription.replace("sub", "c");
        let key = ("idempotency-key".to_owned(), b"cancel".to_vec());
        let answer = self.platform.send(&Sent {
            method: "POST",
            path: format!("/v1/subscriptions/{subscription}/cancel"),
            headers: vec![self.platform.of_customer(&customer), key],
            body: json!({"at": "now"}).to_string().into_bytes(),
        });
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Cancels as soon as the intent of a charge is stored, before the charge is sent.
    fn cancel_in_between(&self) {
        let account = wait(self.platform.store().account(CANCELS_IN_BETWEEN)).expect("our own row");
        let attempts = account.map(|account| account.attempts).unwrap_or_default();
        let stored = attempts.iter().any(|attempt| attempt.state == AttemptState::InFlight);
        if stored && !self.canceled.replace(true) {
            self.cancel(CANCELS_IN_BETWEEN);
        }
    }

    /// Passes a seam, or dies there.
    fn pass(&self, name: &str) -> Result<(), Stopped> {
        self.log.borrow_mut().push(name.to_owned());
        let passed = u64::try_from(self.log.borrow().len()).expect("a month is short");
        if self.die_at == Some(passed) {
            self.crashes.set(self.crashes.get() + 1);
            return Err(Stopped);
        }
        Ok(())
    }

    pub(super) fn log(&self) -> Vec<String> {
        self.log.borrow().clone()
    }

    pub(super) fn crashes(&self) -> u32 {
        self.crashes.get()
    }

    pub(super) fn provider(&self) -> Ref<'_, Provider> {
        self.provider.borrow()
    }

    pub(super) fn provider_mut(&self) -> RefMut<'_, Provider> {
        self.provider.borrow_mut()
    }

    pub(super) fn posted(&self) -> Ref<'_, Vec<String>> {
        self.posted.borrow()
    }

    pub(super) fn acknowledged(&self) -> Ref<'_, Vec<String>> {
        self.acknowledged.borrow()
    }

    pub(super) fn note_acknowledged(&self, event: &str) {
        self.acknowledged.borrow_mut().push(event.to_owned());
    }
}

impl Outside for Scene {
    fn now(&self) -> Timestamp {
        self.platform.now()
    }

    async fn send(&self, request: ApiRequest) -> Result<ApiResponse, NoAnswer> {
        let mut provider = self.provider.borrow_mut();
        let card = request.params.iter().find(|(name, _)| name == "payment_method").map(|(_, card)| card);
        let mut replies = self.replies.borrow_mut();
        let queue = card.and_then(|card| replies.get_mut(card));
        let next = queue.as_ref().and_then(|queue| queue.front()).cloned().unwrap_or(ReplyKind::Ok);
        // A mark behind the reply tells whether the reply was used: a repeat under a known key uses none.
        let mark = Reply { kind: ReplyKind::Ok, lose_response: false, delay: Micros(1) };
        provider.charges = Script::new([Reply::now(next), mark.clone()], false);
        let outcome = provider.handle(
            Request {
                method: request.method,
                path: &request.path,
                params: &request.params,
                idempotency_key: request.idempotency_key.as_deref(),
            },
            self.platform.now(),
        );
        if provider.charges.next_reply() == mark
            && let Some(queue) = queue
        {
            queue.pop_front();
        }
        match outcome {
            Outcome::Answered { response, .. } => {
                Ok(ApiResponse { status: response.status, body: response.body })
            }
            Outcome::TimedOut => Err(NoAnswer::TimedOut),
        }
    }

    async fn post(&self, notice: &Notice) -> Result<bool, Stopped> {
        // The receiver is not there when the first notice comes.
        if self.turned_away.replace(true) {
            self.posted.borrow_mut().push(notice.id.to_string());
            return Ok(true);
        }
        Ok(false)
    }

    async fn seam(&self, seam: Seam) -> Result<(), Stopped> {
        if seam == Seam::AfterCommit(Point::Intent) {
            self.cancel_in_between();
        }
        self.pass(&format!("{seam:?}"))
    }
}

fn plan() -> Plan {
    Plan {
        name: "basic".to_owned().into(),
        price: Money::new(999, Currency::from_code("EUR").expect("a currency")),
        interval: Interval::Months(1),
        end: EndOfDunning::Canceled,
        refund_on_cancel: false,
    }
}
