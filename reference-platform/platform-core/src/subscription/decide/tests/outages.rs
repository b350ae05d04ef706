//! What becomes of renewals while we, the provider, the bank or a dispute stand in their way.

use super::super::super::command::DisputeSeen;
use super::super::super::dunning::DUNNING_WINDOW;
use super::super::super::rows::{DisputeState, InvoiceReason};
use super::*;

const MINUTE: Micros = Micros::from_mins(1);

fn days(count: u64) -> Timestamp {
    DUE.saturating_add(DAY * count)
}

/// A weekly subscription whose card the bank has refused for good, and when that was.
fn weekly_with_a_lost_card() -> (Books, Timestamp) {
    let mut books = books_with(|plan| plan.interval = Interval::Days(7));
    let due = ANCHOR.saturating_add(DAY * 7);
    let key = advance(&mut books, due).unwrap();
    answer(&mut books, &key, declined("lost_card"), due);
    (books, due)
}

/// Two look-ups that find nothing, after the life of the key.
fn never_arrived(books: &mut Books, key: &SmolStr, now: Timestamp) {
    for _ in 0..2 {
        let found = Command::LookedUp { attempt: key.clone(), found: None };
        books.act("sub_1", &found, now).unwrap();
    }
    let account = &books.accounts["sub_1"];
    assert_eq!(account.attempt(key).unwrap().state, AttemptState::Failed);
}

fn dispute(books: &mut Books, payment: &str, state: DisputeState, now: Timestamp) {
    let seen = DisputeSeen { id: "dp_1".into(), payment: payment.into(), amount: dollars(999), state };
    books.act("sub_1", &Command::DisputeSeen(seen), now).unwrap();
}

#[test]
fn a_charge_that_never_left_is_made_up_for_in_its_period_however_late() {
    let mut books = books();
    let key = advance(&mut books, DUE).unwrap();
    never_arrived(&mut books, &key, days(20));
    let again = advance(&mut books, days(20)).expect("nobody has declined it");
    answer(&mut books, &again, PaymentOutcome::Captured, days(20));
    assert_eq!(status(&books), Status::Active);
    assert!(has_access(&books.accounts["sub_1"], days(20)));
}

#[test]
fn a_period_that_passed_without_a_charge_is_forgone_and_the_current_one_is_charged_once() {
    for touched in [false, true] {
        let mut books = books();
        if touched {
            let key = advance(&mut books, DUE).unwrap();
            never_arrived(&mut books, &key, days(40));
        } else {
            // The customer's request issues the invoice in the very instant in which it falls due, and then we are down.
            ask(&mut books, CustomerRequest::Pause, DUE).unwrap();
            ask(&mut books, CustomerRequest::Resume, DUE).unwrap();
        }
        let current = advance(&mut books, days(40)).unwrap();
        assert_eq!(advance(&mut books, days(40)), None, "one charge");
        answer(&mut books, &current, PaymentOutcome::Captured, days(40));
        let account = &books.accounts["sub_1"];
        let [missed, paid] = &account.invoices[..] else { panic!("{:?}", account.invoices) };
        assert_eq!((missed.reason, missed.amount), (Some(InvoiceReason::MissedByUs), dollars(0)));
        assert_eq!((missed.forgone, paid.state), (Some(dollars(999)), InvoiceState::Paid));
        assert_eq!(advance(&mut books, days(59)), None);
        assert_eq!(status(&books), Status::Active, "the old invoice ends nothing");
        assert_eq!(books.ledger.balance(Account::Cash, dollars(0).currency), dollars(999));
        assert!(books.ledger.balance(Account::Receivable, dollars(0).currency).is_zero());
    }
}

#[test]
fn a_dispute_holds_retries_back_and_no_new_period() {
    let mut books = books();
    let first = advance(&mut books, DUE).unwrap();
    answer(&mut books, &first, PaymentOutcome::Captured, DUE);
    dispute(&mut books, &format!("pi_{first}"), DisputeState::Open, days(1));
    let second = advance(&mut books, days(31)).expect("a new period is no retry");
    answer(&mut books, &second, declined("do_not_honor"), days(31));
    for day in 32..60 {
        assert_eq!(advance(&mut books, days(day)), None, "day {day}");
    }
    assert_eq!(status(&books), Status::PastDue, "and nothing ends while the dispute is open");
    let row = &books.accounts["sub_1"].subscription;
    assert_eq!(row.due_at, row.period.end, "nor is anything due before the next period");
}

#[test]
fn what_a_dispute_took_back_is_not_refunded_a_second_time() {
    let mut books = books();
    let key = advance(&mut books, DUE).unwrap();
    answer(&mut books, &key, PaymentOutcome::Captured, DUE);
    let refund = |cents| {
        let action = SupportAction::Refund { amount: cents };
        Command::Support(SupportRequest { actor: "staff".into(), reason: None, action })
    };
    let payment = format!("pi_{key}");
    dispute(&mut books, &payment, DisputeState::Open, days(1));
    let refused = books.act("sub_1", &refund(1), days(1)).unwrap_err();
    assert!(matches!(refused, StoreError::Refused(Refusal::Amount)), "while it is open: {refused:?}");
    dispute(&mut books, &payment, DisputeState::Won, days(2));
    books.act("sub_1", &refund(999), days(2)).expect("it came back");
}

#[test]
fn a_card_that_is_lost_is_not_charged_for_the_periods_that_follow() {
    let (mut books, due) = weekly_with_a_lost_card();
    assert_eq!(advance(&mut books, due.saturating_add(DAY * 7)), None);
    assert_eq!(books.accounts["sub_1"].invoices.len(), 2);
    let asked = due.saturating_add(DAY * 8);
    ask(&mut books, CustomerRequest::SetCard { card: "card_2".into() }, asked).unwrap();
    assert!(advance(&mut books, asked).is_some(), "another card is");
}

#[test]
fn a_card_that_pays_on_request_pays_what_else_is_open() {
    let (mut books, due) = weekly_with_a_lost_card();
    let next = due.saturating_add(DAY * 7);
    assert_eq!(advance(&mut books, next), None);
    ask(&mut books, CustomerRequest::PayInvoice { period_start: due }, next).unwrap();
    let key = advance(&mut books, next).unwrap();
    answer(&mut books, &key, PaymentOutcome::Captured, next);
    let key = advance(&mut books, next).expect("it was found after all");
    answer(&mut books, &key, PaymentOutcome::Captured, next);
    assert_eq!(status(&books), Status::Active);
}

#[test]
fn who_has_no_card_on_the_day_is_told_and_is_past_due() {
    let mut books = books();
    books.customers.get_mut("c_1").unwrap().card = None;
    assert_eq!(advance(&mut books, DUE), None);
    assert_eq!(status(&books), Status::PastDue);
    assert_eq!(books.notices.iter().filter(|notice| notice.kind == "payment_failed").count(), 1);
    ask(&mut books, CustomerRequest::SetCard { card: "card_2".into() }, days(3)).unwrap();
    let key = advance(&mut books, days(3)).unwrap();
    answer(&mut books, &key, PaymentOutcome::Captured, days(3));
    assert_eq!(status(&books), Status::Active);
}

#[test]
fn a_payment_that_nobody_confirms_counts_as_declined_after_a_day_and_is_looked_at_ever_more_rarely() {
    let mut books = books();
    let key = advance(&mut books, DUE).unwrap();
    let mut now = DUE;
    let mut looks = 0;
    while books.accounts["sub_1"].attempt(&key).unwrap().state.is_live() {
        answer(&mut books, &key, PaymentOutcome::RequiresAction, now);
        now = books.accounts["sub_1"].attempt(&key).unwrap().check_at;
        looks += 1;
        assert!(looks < 60, "about hourly after the first hour");
    }
    assert_eq!(status(&books), Status::PastDue);
    assert!(looks > 10);
    // The customer confirms it after all.
    let late = days(2);
    answer(&mut books, &key, PaymentOutcome::Captured, late);
    assert_eq!(status(&books), Status::Active);
    assert_eq!(books.ledger.balance(Account::Cash, dollars(0).currency), dollars(999));
}

#[test]
fn nothing_is_due_while_only_an_outcome_can_help() {
    let mut books = books();
    let key = advance(&mut books, DUE).unwrap();
    let timed_out = Command::Answered { attempt: key, answer: Answer::TimedOut };
    books.act("sub_1", &timed_out, DUE.saturating_add(MINUTE)).unwrap();
    let due_at = books.accounts["sub_1"].subscription.due_at;
    assert!(
        due_at > DUE.saturating_add(DUNNING_WINDOW),
        "the end of the period, not of the window: {due_at:?}"
    );
}
