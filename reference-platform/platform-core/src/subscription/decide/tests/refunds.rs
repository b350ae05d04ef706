//! Money that goes back: what was taken twice, too late, or for days that nobody will use.

use super::super::super::account::Write;
use super::super::super::invariants::{self, Broken};
use super::super::super::rows::Refund;
use super::*;
use crate::ledger::{Cause, Transaction};

#[test]
fn money_that_arrives_after_the_end_goes_back_and_a_person_is_told() {
    let mut books = books();
    let key = advance(&mut books, DUE).unwrap();
    ask(&mut books, CustomerRequest::CancelNow, DUE).unwrap();
    answer(&mut books, &key, PaymentOutcome::Captured, DUE);
    assert_eq!(books.tasks[0].kind, "late_capture");
    let refund = books.accounts["sub_1"].refunds[0].clone();
    let done = Command::RefundAnswered { refund: refund.id, answer: RefundAnswer::Done };
    books.act("sub_1", &done, DUE).unwrap();
    assert_eq!(books.accounts["sub_1"].refunds[0].state, RefundState::Succeeded);
    for account in [Account::Cash, Account::CustomerCredit, Account::Receivable, Account::Revenue] {
        assert!(books.ledger.balance(account, dollars(0).currency).is_zero(), "{account:?}");
    }
}

/// A first charge that was declined and a second that was not: the first one's key, and the time.
fn charged_at_the_second_try(books: &mut Books) -> (SmolStr, Timestamp) {
    let first = advance(books, DUE).unwrap();
    answer(books, &first, declined("do_not_honor"), DUE);
    let next_day = DUE.saturating_add(DAY);
    let second = advance(books, next_day).unwrap();
    answer(books, &second, PaymentOutcome::Captured, next_day);
    (first, next_day)
}

#[test]
fn a_capture_that_was_given_up_is_a_conflict_and_never_a_second_payment() {
    let mut books = books();
    let (first, next_day) = charged_at_the_second_try(&mut books);
    // The provider's books turn out to hold the first one too.
    for _ in 0..2 {
        answer(&mut books, &first, PaymentOutcome::Captured, next_day);
    }
    assert_eq!(tasks(&books), ["conflict", "duplicate_charge"]);
    assert_eq!(books.accounts["sub_1"].refunds.len(), 1);
    assert_eq!(books.accounts["sub_1"].attempt(&first).unwrap().state, AttemptState::Failed);
}

#[test]
fn a_second_payment_under_one_key_goes_back_once() {
    let mut books = books();
    let key = advance(&mut books, DUE).unwrap();
    for payment in ["pi_1", "pi_2", "pi_1", "pi_2"] {
        answer_as(&mut books, &key, payment, PaymentOutcome::Captured, DUE);
    }
    assert_eq!(tasks(&books), ["conflict", "duplicate_charge"]);
    let account = &books.accounts["sub_1"];
    assert_eq!(account.attempt(&key).unwrap().payment.as_deref(), Some("pi_1"));
    let [refund] = &account.refunds[..] else { panic!("{:?}", account.refunds) };
    assert_eq!((refund.payment.as_str(), refund.amount), ("pi_2", dollars(999)));
    let done = Command::RefundAnswered { refund: refund.id.clone(), answer: RefundAnswer::Done };
    books.act("sub_1", &done, DUE).unwrap();
    assert_eq!(status(&books), Status::Active);
    let balance = |account| books.ledger.balance(account, dollars(0).currency);
    assert_eq!((balance(Account::Cash), balance(Account::CustomerCredit)), (dollars(999), dollars(0)));
    // What the provider refused is a person's, and no second try.
    let refused = Command::RefundAnswered { refund: "refund-pi_3".into(), answer: RefundAnswer::Refused };
    answer_as(&mut books, &key, "pi_3", PaymentOutcome::Captured, DUE);
    books.act("sub_1", &refused, DUE).unwrap();
    answer_as(&mut books, &key, "pi_3", PaymentOutcome::Captured, DUE);
    assert_eq!(books.accounts["sub_1"].refunds.len(), 2);
}

#[test]
fn a_second_payment_under_a_key_that_was_given_up_goes_back_as_well() {
    let mut books = books();
    let (first, next_day) = charged_at_the_second_try(&mut books);
    for payment in ["pi_a", "pi_b", "pi_a", "pi_b"] {
        answer_as(&mut books, &first, payment, PaymentOutcome::Captured, next_day);
    }
    let back: Vec<&str> = books.accounts["sub_1"].refunds.iter().map(|row| row.payment.as_str()).collect();
    assert_eq!(back, ["pi_a", "pi_b"]);
    assert_eq!(tasks(&books), ["conflict", "duplicate_charge", "duplicate_charge"]);
}

#[test]
fn nothing_goes_back_that_no_one_booked() {
    let books = books();
    let account = &books.accounts["sub_1"];
    let refund = Refund {
        id: "refund-pi_9".into(),
        subscription: "sub_1".into(),
        payment: "pi_9".into(),
        amount: dollars(999),
        state: RefundState::Pending,
        unexpected: true,
        asked_at: DUE,
        check_at: Timestamp::ZERO,
        sends: 0,
    };
    let booked = |cents| {
        let cause = Cause::UnexpectedPayment("pi_9".into());
        Write::Book(Transaction::of(cause, DUE, dollars(cents)).unwrap())
    };
    let refunds = |mut writes: Vec<Write>| {
        writes.push(Write::Refund(refund.clone()));
        invariants::check(account, &writes).err() == Some(Broken::Refunds)
    };
    assert!(refunds(vec![]));
    assert!(refunds(vec![booked(998)]), "more than was taken");
    assert!(!refunds(vec![booked(999)]));
}

fn pay(books: &mut Books, now: Timestamp, payment: &str, cents: i64) {
    let attempt = advance(books, now).unwrap();
    let payment =
        PaymentSeen { id: payment.into(), amount: dollars(cents), outcome: PaymentOutcome::Captured };
    books.act("sub_1", &Command::Answered { attempt, answer: Answer::Payment(payment) }, now).unwrap();
}

#[test]
fn a_plan_that_refunds_unused_days_gives_back_those_of_an_upgrade_too() {
    let mut books = books_with(|plan| plan.refund_on_cancel = true);
    books.plans.get_mut("plus").unwrap().refund_on_cancel = true;
    // From 28 February on: 31 days; ten of them basic, ten of them plus, eleven unused.
    pay(&mut books, DUE, "pi_1", 999);
    let tenth = DUE.saturating_add(Micros(10 * DAY.0));
    ask(&mut books, CustomerRequest::ChangePlan { plan: "plus".into() }, tenth).unwrap();
    let difference = (1_499 - 484) - (999 - 322);
    pay(&mut books, tenth, "pi_2", difference);
    ask(&mut books, CustomerRequest::CancelNow, DUE.saturating_add(Micros(20 * DAY.0))).unwrap();
    let back: Vec<(&str, i64)> = books.accounts["sub_1"]
        .refunds
        .iter()
        .map(|refund| (refund.payment.as_str(), refund.amount.minor_units))
        .collect();
    // 999 x 11 / 31 and 338 x 11 / 21, each what the days before leave.
    assert_eq!(back, [("pi_1", 999 - 645), ("pi_2", difference - 161)]);
    let (unused_of_plus, sum) = (1_499 - 967, back.iter().map(|(_, cents)| cents).sum::<i64>());
    assert!((sum - unused_of_plus).abs() <= 1, "as if the dearer plan had been paid in one: {sum}");
}
