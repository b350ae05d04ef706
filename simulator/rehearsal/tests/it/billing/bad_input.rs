//! Bad input at every route: a 4xx with problem details and a stable code, and not a row is changed.
//!
//! Reading order:
//! - [`customers`]: what customers send.
//! - [`support`]: what support sends.
//! - [`webhooks`]: what anybody sends to the webhook endpoint, up to a flood of forgeries.

mod customers;
mod support;
mod webhooks;

use std::collections::BTreeMap;

use platform_core::subscription::calendar::{Interval, Zone};
use platform_core::subscription::command::{Answer, Command, Effect, PaymentOutcome, PaymentSeen};
use platform_core::subscription::decide::begin::TakenOver;
use platform_core::subscription::rows::{Customer, EndOfDunning, Owner, Plan};
use platform_core::subscription::store::Store;
use platform_core::webhook::event::Sender;
use platform_core::webhook::intake::Endpoint;
use platform_core::webhook::verify::{Limits, Verifier};
use smol_str::SmolStr;
use units::{Currency, Money, Timestamp};

use super::platform::{INTERNAL, Platform, Sent, wait};

const SECRET: &str = "whsec_of_bad_input";

/// 1 January 2026, when both subscriptions begin.
const START: Timestamp = Timestamp(1_767_225_600_000_000);

/// 1 February 2026: both renewals are paid by then.
const NOW: Timestamp = Timestamp(1_769_904_000_000_000);

fn plan(name: &str, currency: &str) -> (SmolStr, Plan) {
    let plan = Plan {
        name: name.to_owned().into(),
        price: Money::new(999, Currency::from_code(currency).expect("a currency")),
        interval: Interval::Months(1),
        end: EndOfDunning::Canceled,
        refund_on_cancel: false,
    };
    (name.into(), plan)
}

/// Two customers with a paid subscription each.
fn platform() -> Platform {
    let verifier = Verifier::stripe(&[SECRET], Limits::default()).expect("a secret");
    let endpoint = Endpoint { sender: Sender::Stripe, verifier, livemode: true };
    let plans = BTreeMap::from([plan("basic", "EUR"), plan("abroad", "USD")]);
    let platform = Platform::start(plans.clone(), endpoint, NOW);
    for n in 1..=2 {
        let id = format!("sub_{n}");
        let taken = TakenOver {
            id: id.clone().into(),
            customer: Customer { id: format!("c_{n}").into(), card: Some(format!("card_{n}").into()) },
            owner: Owner::Platform,
            plan: plans["basic"].clone(),
            zone: Zone::UTC,
            anchor: START,
            trial_end: None,
        };
        wait(platform.store().take_over(taken, START)).expect("a new subscription");
        let decision = wait(platform.store().act(&id, Command::Advance, NOW)).expect("a renewal");
        let [Effect::Charge(request)] = &decision.effects[..] else { panic!("{decision:?}") };
        let captured = PaymentSeen {
            id: format!("pi_{n}").into(),
            amount: request.amount,
            outcome: PaymentOutcome::Captured,
        };
        let paid = Command::Answered { attempt: request.key.clone(), answer: Answer::Payment(captured) };
        wait(platform.store().act(&id, paid, NOW)).expect("a payment");
    }
    platform
}

/// A request of a customer's, under a key.
fn of_customer(
    platform: &Platform,
    customer: &str,
    (method, path): (&'static str, &str),
    body: &str,
) -> Sent {
    let headers = vec![platform.of_customer(customer), key("key-1")];
    Sent { method, path: path.to_owned(), headers, body: body.as_bytes().to_vec() }
}

/// A request of support's, under a key.
fn of_support(path: &str, body: &str) -> Sent {
    let headers = vec![bearer(INTERNAL), key("key-1")];
    Sent { method: "POST", path: path.to_owned(), headers, body: body.as_bytes().to_vec() }
}

fn key(value: &str) -> (String, Vec<u8>) {
    ("idempotency-key".to_owned(), value.as_bytes().to_vec())
}

fn bearer(token: &str) -> (String, Vec<u8>) {
    ("authorization".to_owned(), format!("Bearer {token}").into_bytes())
}

/// Sends each request; it must be answered with its status and code, and change no row.
fn check(platform: &Platform, cases: Vec<(&str, Sent, u16, &str)>) {
    let rows = || format!("{:#?} {:?}", platform.books(), wait(platform.store().alerts()));
    let before = rows();
    let mut wrong = Vec::new();
    for (name, sent, status, code) in cases {
        let answer = platform.send(&sent);
        let problem = &answer.body;
        let same_status = problem["status"].as_u64() == Some(u64::from(answer.status));
        let has_words = problem["title"].is_string() && problem["detail"].is_string();
        let good = answer.status == status
            && answer.content_type == "application/problem+json"
            && problem["code"] == code
            && same_status
            && has_words;
        if !good {
            wrong.push(format!(
                "{name}: {} {} {problem}, not {status} `{code}`",
                answer.status, answer.content_type
            ));
        }
        if rows() != before {
            wrong.push(format!("{name}: rows were changed"));
            break;
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
