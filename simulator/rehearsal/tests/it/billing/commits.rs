//! What a renewal costs the disk: one transaction for the intent, one for the result, and a share of one for its receipt.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use actors::provider::Provider;
use actors::provider::api::{Outcome, Request};
use platform_core::subscription::calendar::{Interval, Zone};
use platform_core::subscription::decide::begin::TakenOver;
use platform_core::subscription::jobs::{Point, Seam, Stopped};
use platform_core::subscription::rows::{Customer, EndOfDunning, Notice, Owner, Plan};
use platform_core::webhook::event::Sender;
use platform_core::webhook::intake::Endpoint;
use platform_core::webhook::verify::{Limits, Verifier};
use platform_server::billing::ports::{NoAnswer, Outside, ServerPorts};
use platform_server::billing::provider::{ApiRequest, ApiResponse};
use platform_server::billing::runner;
use smol_str::format_smolstr;
use units::{Currency, Micros, Money, Timestamp};

use super::platform::{Platform, wait};

/// Renewals that are due at once.
const RENEWALS: u32 = 60;

/// Most transactions of a renewal.
const COMMITS_MAX: f64 = 3.0;

/// 1 January 2026.
const START: Timestamp = Timestamp(1_767_225_600_000_000);

/// 32 days: all renewals are due.
const MONTH: Micros = Micros::from_mins(32 * 24 * 60);

/// A provider that says yes, and a count of transactions by what they are for.
struct Counting {
    now: Timestamp,
    provider: RefCell<Provider>,
    commits: RefCell<BTreeMap<Point, u32>>,
    posted: Cell<u32>,
}

impl Outside for Counting {
    fn now(&self) -> Timestamp {
        self.now
    }

    async fn send(&self, request: ApiRequest) -> Result<ApiResponse, NoAnswer> {
        let request = Request {
            method: request.method,
            path: &request.path,
            params: &request.params,
            idempotency_key: request.idempotency_key.as_deref(),
        };
        match self.provider.borrow_mut().handle(request, self.now) {
            Outcome::Answered { response, .. } => {
                Ok(ApiResponse { status: response.status, body: response.body })
            }
            Outcome::TimedOut => Err(NoAnswer::TimedOut),
        }
    }

    async fn post(&self, _: &Notice) -> Result<bool, Stopped> {
        self.posted.set(self.posted.get() + 1);
        Ok(true)
    }

    async fn seam(&self, seam: Seam) -> Result<(), Stopped> {
        if let Seam::AfterCommit(point) = seam {
            *self.commits.borrow_mut().entry(point).or_default() += 1;
        }
        Ok(())
    }
}

#[test]
fn a_renewal_takes_at_most_three_transactions() {
    let plan = Plan {
        name: "basic".into(),
        price: Money::new(999, Currency::from_code("EUR").expect("a currency")),
        interval: Interval::Months(1),
        end: EndOfDunning::Canceled,
        refund_on_cancel: false,
    };
    let verifier = Verifier::stripe(&["whsec_of_the_commits"], Limits::default()).expect("a secret");
    let endpoint = Endpoint { sender: Sender::Stripe, verifier, livemode: true };
    let platform = Platform::start(BTreeMap::from([(plan.name.clone(), plan.clone())]), endpoint, START);
    let store = platform.store();
    for n in 1..=RENEWALS {
        let customer = Customer { id: format_smolstr!("c_{n}"), card: Some(format_smolstr!("card_{n}")) };
        let taken = TakenOver {
            id: format_smolstr!("sub_{n}"),
            customer,
            owner: Owner::Platform,
            plan: plan.clone(),
            zone: Zone::UTC,
            anchor: START,
            trial_end: None,
        };
        wait(store.take_over(taken, START)).expect("a new subscription");
    }
    let outside = Counting {
        now: START.saturating_add(MONTH),
        provider: RefCell::default(),
        commits: RefCell::default(),
        posted: Cell::new(0),
    };
    wait(runner::once(&ServerPorts { store: &store, outside: &outside })).expect("nobody stops it");
    let captured = outside.provider.borrow().books.captured().count();
    assert_eq!(captured, usize::try_from(RENEWALS).expect("few"), "each is charged once");
    assert!(outside.posted.get() >= RENEWALS, "each gets its receipt");
    let commits = outside.commits.into_inner();
    let renewals = f64::from(RENEWALS);
    let each: f64 = commits.values().map(|count| f64::from(*count) / renewals).sum();
    println!("{each:.2} transactions for each of {RENEWALS} renewals: {commits:?}");
    assert!(each <= COMMITS_MAX, "{commits:?}");
    assert_eq!(commits.get(&Point::Intent), Some(&RENEWALS), "the intent before the call");
    assert_eq!(commits.get(&Point::Result), Some(&RENEWALS), "the result in one");
    let known =
        |point: &Point| matches!(point, Point::Intent | Point::Result | Point::Posting | Point::Posted);
    assert!(commits.keys().all(known), "{commits:?}");
}
