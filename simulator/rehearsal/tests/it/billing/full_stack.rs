//! The process as the kit drives it: webhooks and customers come in through the routes, jobs run over SQLite, time is virtual.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use platform_core::kit::core_system::{self, KitPorts, endpoint, plans, run_job, taken_over};
use platform_core::kit::system::{
    Answer, Billing, Crashed, Job, NewSubscription, Outside, Request, Snapshot, Start,
};
use platform_core::subscription::books::Books;
use platform_core::webhook::verify::Delivery;
use serde_json::json;
use units::Timestamp;

use super::platform::{Platform, Sent, wait};

/// The platform over HTTP and SQLite, anew for each history.
#[derive(Default)]
pub(super) struct FullStack {
    platform: RefCell<Option<(Platform, Start)>>,
    now: Cell<Timestamp>,
    firsts: RefCell<BTreeMap<String, Timestamp>>,
    customers: RefCell<BTreeMap<String, String>>,
    keys: Cell<u32>,
    /// The rows as last read, until something may have changed them.
    read: RefCell<Option<Rc<Books>>>,
    /// Jobs at work, one inside the other.
    at_work: Cell<u32>,
}

impl FullStack {
    /// Looks at the process; it may be entered again from inside a job, by a rival or a webhook.
    fn with<T>(&self, look: impl FnOnce(&Platform, &Start) -> T) -> T {
        let running = self.platform.borrow();
        let (platform, start) = running.as_ref().expect("`reset` comes first");
        look(platform, start)
    }

    pub(super) fn books(&self) -> Rc<Books> {
        let known = self.read.borrow().clone();
        known.unwrap_or_else(|| {
            let books = Rc::new(self.with(|platform, _| platform.books()));
            if self.at_work.get() == 0 {
                *self.read.borrow_mut() = Some(Rc::clone(&books));
            }
            books
        })
    }

    /// Has the rows read anew: called with whatever may write.
    fn may_change(&self) {
        drop(self.read.take());
    }

    fn answer(status: u16) -> Answer {
        match status {
            200..=299 => Answer::Accepted,
            400..=499 => Answer::Refused,
            other => panic!("the platform answered {other}"),
        }
    }
}

impl Billing for FullStack {
    fn reset(&self, start: &Start) {
        let platform = Platform::start(plans(start), endpoint(start), start.now);
        *self.platform.borrow_mut() = Some((platform, start.clone()));
        self.may_change();
        self.now.set(start.now);
        self.firsts.borrow_mut().clear();
        self.customers.borrow_mut().clear();
    }

    fn set_clock(&self, now: Timestamp) {
        self.now.set(now);
        self.with(|platform, _| platform.set_clock(now));
    }

    fn create(&self, new: &NewSubscription) {
        self.firsts.borrow_mut().insert(new.subscription.clone(), new.anchor);
        self.customers.borrow_mut().insert(new.subscription.clone(), new.customer.clone());
        self.with(|platform, start| {
            let taken = taken_over(new, start).expect("the kit's plan");
            wait(platform.store().take_over(taken, self.now.get())).expect("a new subscription");
        });
        self.may_change();
    }

    fn tick(&self, job: Job, worker: u32, outside: &dyn Outside) -> Result<(), Crashed> {
        let store = self.with(|platform, _| platform.store());
        let ports = KitPorts { store: &*store, outside, now: self.now.get() };
        self.may_change();
        self.at_work.set(self.at_work.get() + 1);
        let ended = wait(run_job(&ports, job, worker));
        self.at_work.set(self.at_work.get() - 1);
        self.may_change();
        ended
    }

    fn deliver(&self, webhook: &Delivery<'_>) -> Answer {
        let headers =
            webhook.headers.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect();
        let path = "/v1/webhooks/stripe".to_owned();
        let sent = Sent { method: "POST", path, headers, body: webhook.body.to_vec() };
        let answer = self.with(|platform, _| platform.send(&sent));
        self.may_change();
        Self::answer(answer.status)
    }

    fn request(&self, subscription: &str, request: &Request) -> Answer {
        let cancel = format!("/v1/subscriptions/{subscription}/cancel");
        let (method, path, body) = match request {
            Request::CancelNow => ("POST", cancel, json!({"at": "now"})),
            Request::CancelAtPeriodEnd => ("POST", cancel, json!({"at": "period_end"})),
            Request::SetCard(card) => ("PUT", "/v1/card".to_owned(), json!({ "card": card })),
        };
        let customer = self.customers.borrow()[subscription].clone();
        self.keys.set(self.keys.get() + 1);
        self.may_change();
        self.with(|platform, _| {
            let key = format!("key-{}", self.keys.get()).into_bytes();
            let headers = vec![platform.of_customer(&customer), ("idempotency-key".to_owned(), key)];
            let body = body.to_string().into_bytes();
            Self::answer(platform.send(&Sent { method, path, headers, body }).status)
        })
    }

    fn crash(&self) {
        self.with(|platform, _| platform.restart());
        self.may_change();
    }

    fn query(&self) -> Snapshot {
        core_system::snapshot(&self.books(), self.now.get(), &self.firsts.borrow())
    }
}
