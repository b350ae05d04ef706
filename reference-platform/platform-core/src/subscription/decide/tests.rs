//! The decisions that people get wrong, one by one; whole stories are played by `kit` and by `validate sequences`.

mod outages;
mod refunds;
mod zones;

use std::collections::BTreeMap;

use smol_str::SmolStr;
use units::{Currency, Micros, Money, Timestamp};

use super::super::access::has_access;
use super::super::books::Books;
use super::super::calendar::{Interval, Zone};
use super::super::command::{
    Answer, Command, CustomerRequest, Effect, PaymentOutcome, PaymentSeen, RefundAnswer, Refusal,
    SupportAction, SupportRequest,
};
use super::super::rows::{
    AttemptState, Customer, EndOfDunning, InvoiceState, Owner, Plan, RefundState, Status,
};
use super::super::store::StoreError;
use super::super::view::View;
use super::begin::TakenOver;
use crate::ledger::Account;

const DAY: Micros = Micros::from_mins(24 * 60);
/// 31 January 2026, midnight.
const ANCHOR: Timestamp = Timestamp(1_769_817_600_000_000);
/// 28 February 2026, midnight.
const DUE: Timestamp = Timestamp(1_772_236_800_000_000);

fn dollars(cents: i64) -> Money {
    Money::new(cents, Currency::from_code("USD").unwrap())
}

fn plan(name: &str, cents: i64) -> Plan {
    Plan {
        name: name.into(),
        price: dollars(cents),
        interval: Interval::Months(1),
        end: EndOfDunning::Canceled,
        refund_on_cancel: false,
    }
}

fn books_with(change: impl FnOnce(&mut Plan)) -> Books {
    books_in(Zone::UTC, ANCHOR, change)
}

fn books_in(zone: Zone, anchor: Timestamp, change: impl FnOnce(&mut Plan)) -> Books {
    let mut basic = plan("basic", 999);
    change(&mut basic);
    let plans = BTreeMap::from([("basic".into(), basic.clone()), ("plus".into(), plan("plus", 1_499))]);
    let mut books = Books { plans, ..Books::default() };
    let taken = TakenOver {
        id: "sub_1".into(),
        customer: Customer { id: "c_1".into(), card: Some("card_1".into()) },
        owner: Owner::Platform,
        plan: basic,
        zone,
        anchor,
        trial_end: None,
    };
    books.take_over(taken, anchor).unwrap();
    books
}

fn books() -> Books {
    books_with(|_| {})
}

/// The key of the charge that is asked for, if one is.
fn advance(books: &mut Books, now: Timestamp) -> Option<SmolStr> {
    let decision = books.act("sub_1", &Command::Advance, now).unwrap();
    decision.effects.into_iter().find_map(|effect| match effect {
        Effect::Charge(request) => Some(request.key),
        _ => None,
    })
}

fn answer(books: &mut Books, attempt: &str, outcome: PaymentOutcome, now: Timestamp) {
    answer_as(books, attempt, &format!("pi_{attempt}"), outcome, now);
}

fn answer_as(books: &mut Books, attempt: &str, payment: &str, outcome: PaymentOutcome, now: Timestamp) {
    let payment = PaymentSeen { id: payment.into(), amount: dollars(999), outcome };
    let command = Command::Answered { attempt: attempt.into(), answer: Answer::Payment(payment) };
    books.act("sub_1", &command, now).unwrap();
}

fn tasks(books: &Books) -> Vec<&str> {
    books.tasks.iter().map(|task| task.kind.as_str()).collect()
}

fn declined(code: &str) -> PaymentOutcome {
    PaymentOutcome::Declined { code: code.into() }
}

fn status(books: &Books) -> Status {
    books.accounts["sub_1"].subscription.status
}

fn ask(books: &mut Books, request: CustomerRequest, now: Timestamp) -> Result<(), StoreError> {
    books.act("sub_1", &Command::Customer(request), now).map(drop)
}

#[test]
fn a_renewal_is_charged_once_however_often_it_is_advanced_and_answered() {
    let mut books = books();
    let key = advance(&mut books, DUE).unwrap();
    assert_eq!(advance(&mut books, DUE), None, "its charge is under way");
    for _ in 0..3 {
        answer(&mut books, &key, PaymentOutcome::Captured, DUE);
    }
    assert_eq!(advance(&mut books, DUE), None);
    assert_eq!(books.ledger.balance(Account::Cash, dollars(0).currency), dollars(999));
    assert_eq!(books.notices.iter().filter(|notice| notice.kind == "receipt").count(), 1);
}

#[test]
fn no_answer_is_unknown_and_nothing_is_charged_until_the_books_say_what_happened() {
    let mut books = books();
    let key = advance(&mut books, DUE).unwrap();
    let timed_out = Command::Answered { attempt: key, answer: Answer::TimedOut };
    books.act("sub_1", &timed_out, DUE).unwrap();
    let retry = SupportRequest { actor: "staff".into(), reason: None, action: SupportAction::RetryCharge };
    let refused = books.act("sub_1", &Command::Support(retry), DUE).unwrap_err();
    assert!(matches!(refused, StoreError::Refused(Refusal::AttemptUnderWay)));
    assert_eq!(advance(&mut books, DUE.saturating_add(DAY)), None);
    assert_eq!(status(&books), Status::Active, "access goes on");
}

#[test]
fn a_lost_card_is_tried_once_and_the_window_ends_access_to_the_second() {
    let mut books = books();
    let key = advance(&mut books, DUE).unwrap();
    answer(&mut books, &key, declined("lost_card"), DUE);
    assert_eq!(status(&books), Status::PastDue);
    let end = DUE.saturating_add(Micros(14 * DAY.0));
    let account = &books.accounts["sub_1"];
    assert!(has_access(account, Timestamp(end.0 - 1)) && !has_access(account, end), "without a job");
    assert_eq!(advance(&mut books, Timestamp(end.0 - 1)), None);
    assert_eq!(advance(&mut books, end), None);
    assert_eq!(status(&books), Status::Canceled);
    assert_eq!(books.accounts["sub_1"].invoices[0].state, InvoiceState::Uncollectible);
}

#[test]
fn an_unpaid_plan_waits_and_goes_on_from_its_anchor_when_it_is_paid() {
    let mut books = books_with(|plan| plan.end = EndOfDunning::Unpaid);
    let key = advance(&mut books, DUE).unwrap();
    answer(&mut books, &key, declined("lost_card"), DUE);
    let late = DUE.saturating_add(Micros(15 * DAY.0));
    advance(&mut books, late);
    assert_eq!(status(&books), Status::Unpaid);
    ask(&mut books, CustomerRequest::SetCard { card: "card_2".into() }, late).unwrap();
    let key = advance(&mut books, late).unwrap();
    answer(&mut books, &key, PaymentOutcome::Captured, late);
    assert_eq!((status(&books), books.accounts["sub_1"].subscription.anchor), (Status::Active, ANCHOR));
}

#[test]
fn an_upgrade_costs_the_difference_of_the_days_that_are_left() {
    let mut books = books();
    let tenth = ANCHOR.saturating_add(Micros(10 * DAY.0 + DAY.0 / 3));
    ask(&mut books, CustomerRequest::ChangePlan { plan: "plus".into() }, tenth).unwrap();
    assert_eq!(books.accounts["sub_1"].invoices[0].amount, dollars((1_499 - 535) - (999 - 357)));
}

#[test]
fn another_amount_than_was_asked_for_is_believed_by_nobody() {
    let mut books = books();
    let key = advance(&mut books, DUE).unwrap();
    let payment = PaymentSeen { id: "pi_1".into(), amount: dollars(1), outcome: PaymentOutcome::Captured };
    let refused = books.act("sub_1", &Command::PaymentSeen { attempt: key, payment }, DUE).unwrap_err();
    assert!(matches!(refused, StoreError::Refused(Refusal::AmountDiffers)));
}
