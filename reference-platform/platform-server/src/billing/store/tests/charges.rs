//! Renewals, captures, and the uniqueness that no command can get around.

use platform_core::ledger::Cause;
use platform_core::subscription::account::Write;
use platform_core::subscription::command::{
    Answer, Command, CustomerRequest, Effect, PaymentOutcome, RefundAnswer,
};
use platform_core::subscription::rows::{
    AttemptState, Invoice, InvoiceKind, InvoiceState, RefundState, Status,
};
use platform_core::subscription::store::{Store, StoreError};
use smol_str::format_smolstr;
use units::Timestamp;

use super::bed::{
    self, Bed, account, act, answered, charge_due, dump, event, given, minutes, payment, period_end,
};

async fn a_due_period_is_renewed_once<B: Bed>(bed: B) {
    let id = given(&bed, 1).await;
    let due = period_end(&bed, &id).await;
    let before = Timestamp(due.0 - 1);
    assert_eq!(bed.store().due_subscriptions(before, 10).await.unwrap(), [""; 0]);
    assert_eq!(bed.store().due_subscriptions(due, 10).await.unwrap(), [id.as_str()]);
    let request = charge_due(&bed, &id, due).await;
    assert_eq!(bed.store().due_subscriptions(due, 10).await.unwrap(), [""; 0]);
    let again = act(&bed, &id, Command::Advance, due).await;
    assert_eq!((again.writes, again.effects), (vec![], vec![]));
    let command = answered(&request, "pi_1", PaymentOutcome::Captured);
    act(&bed, &id, command.clone(), due).await;
    assert_eq!(act(&bed, &id, command, due).await.writes, []);
    let account = account(&bed, &id).await;
    assert_eq!(account.subscription.status, Status::Active);
    assert_eq!(account.subscription.period.start, due);
    let states: Vec<_> = account.invoices.iter().map(|row| row.state).collect();
    assert_eq!(states, [InvoiceState::Paid]);
    let books = bed.books().await;
    let payments = books.ledger.transactions().filter(|row| matches!(row.cause, Cause::Payment(_))).count();
    assert_eq!(payments, 1);
    assert_eq!(bed.store().subscription_of_payment("pi_1").await.unwrap(), Some(id));
    assert_eq!(bed.store().subscription_of_payment("pi_2").await.unwrap(), None);
}

async fn what_is_longest_due_comes_first_and_no_more_than_asked<B: Bed>(bed: B) {
    for n in 1..=3 {
        given(&bed, n).await;
    }
    let due = period_end(&bed, "sub_1").await;
    // A declined charge moves the next date of one of them; the others tie, and their ids decide.
    let request = charge_due(&bed, "sub_1", due).await;
    let declined = PaymentOutcome::Declined { code: "generic_decline".into() };
    act(&bed, "sub_1", answered(&request, "pi_1", declined), due).await;
    let later = due.saturating_add(minutes(3 * 24 * 60));
    let all = bed.store().due_subscriptions(later, 10).await.unwrap();
    assert_eq!(all, ["sub_2", "sub_3", "sub_1"]);
    assert_eq!(bed.store().due_subscriptions(later, 2).await.unwrap(), ["sub_2", "sub_3"]);
    assert_eq!(bed.store().due_subscriptions(later, 0).await.unwrap(), [""; 0]);
}

async fn a_charge_without_an_answer_is_due_when_its_lease_ends<B: Bed>(bed: B) {
    let id = given(&bed, 1).await;
    let due = period_end(&bed, &id).await;
    let request = charge_due(&bed, &id, due).await;
    assert_eq!(bed.store().due_attempts(due, 10).await.unwrap(), []);
    let lapsed = due.saturating_add(minutes(5));
    let expected = [(id.clone(), request.key.clone())];
    assert_eq!(bed.store().due_attempts(lapsed, 10).await.unwrap(), expected);
    let pick_up = Command::PickUp { attempt: request.key.clone() };
    assert_eq!(
        act(&bed, &id, pick_up.clone(), lapsed).await.effects,
        [Effect::Charge(request.clone())],
        "the same request under the same key"
    );
    assert_eq!(act(&bed, &id, pick_up, lapsed).await.effects, [], "another worker has it");
    assert_eq!(bed.store().due_attempts(lapsed, 10).await.unwrap(), []);
    let timed_out = Command::Answered { attempt: request.key.clone(), answer: Answer::TimedOut };
    act(&bed, &id, timed_out, lapsed).await;
    let states: Vec<_> = account(&bed, &id).await.attempts.iter().map(|row| row.state).collect();
    assert_eq!(states, [AttemptState::Unknown]);
    let looked_up = lapsed.saturating_add(minutes(1));
    assert_eq!(bed.store().due_attempts(looked_up, 10).await.unwrap(), expected);
}

/// A declined charge, a second one that is captured, and then the first one captured after all; when that was.
async fn captured_twice<B: Bed>(bed: &B, id: &str) -> Timestamp {
    let due = period_end(bed, id).await;
    let first = charge_due(bed, id, due).await;
    let declined = PaymentOutcome::Declined { code: "generic_decline".into() };
    act(bed, id, answered(&first, "pi_1", declined), due).await;
    let again = account(bed, id).await.invoices[0].next_attempt_at.unwrap();
    let second = charge_due(bed, id, again).await;
    assert_ne!(first.key, second.key);
    act(bed, id, answered(&second, "pi_2", PaymentOutcome::Captured), again).await;
    // The bank had said no to the first; now its books say yes.
    let captured = payment("pi_1", PaymentOutcome::Captured);
    let seen = Command::PaymentSeen { attempt: first.key, payment: captured };
    act(bed, id, seen.clone(), again).await;
    assert_eq!(act(bed, id, seen, again).await.writes, [], "the second look changes nothing");
    again
}

async fn a_second_capture_is_given_back<B: Bed>(bed: B) {
    let id = given(&bed, 1).await;
    let again = captured_twice(&bed, &id).await;
    let [(subscription, refund)] = &bed.store().due_refunds(again, 10).await.unwrap()[..] else {
        panic!("one refund is due")
    };
    assert_eq!(*subscription, id);
    let pick_up = Command::RefundPickUp { refund: refund.clone() };
    let effects = act(&bed, &id, pick_up.clone(), again).await.effects;
    assert!(
        matches!(&effects[..], [Effect::Refund(request)] if request.payment == "pi_1" && request.amount == bed::euro(999)),
        "{effects:?}"
    );
    assert_eq!(bed.store().due_refunds(again, 10).await.unwrap(), []);
    assert_eq!(act(&bed, &id, pick_up, again).await.effects, [], "another worker has it");
    let done = Command::RefundAnswered { refund: refund.clone(), answer: RefundAnswer::Done };
    act(&bed, &id, done.clone(), again).await;
    assert_eq!(act(&bed, &id, done, again).await.writes, []);
    one_payment_one_refund(&bed, &id).await;
}

async fn a_second_payment_under_one_key_is_given_back_and_known<B: Bed>(bed: B) {
    let id = given(&bed, 1).await;
    let due = period_end(&bed, &id).await;
    let request = charge_due(&bed, &id, due).await;
    act(&bed, &id, answered(&request, "pi_1", PaymentOutcome::Captured), due).await;
    let double = Command::PaymentSeen {
        attempt: request.key.clone(),
        payment: payment("pi_2", PaymentOutcome::Captured),
    };
    act(&bed, &id, double.clone(), due).await;
    assert_eq!(act(&bed, &id, double, due).await.writes, [], "the second look changes nothing");
    let due_refunds = bed.store().due_refunds(due, 10).await.unwrap();
    assert_eq!(due_refunds, [(id.clone(), "refund-pi_2".into())]);
    let pick_up = Command::RefundPickUp { refund: "refund-pi_2".into() };
    act(&bed, &id, pick_up, due).await;
    // A dispute over the payment that no attempt holds finds its subscription.
    for payment in ["pi_1", "pi_2"] {
        assert_eq!(
            bed.store().subscription_of_payment(payment).await.unwrap(),
            Some(id.clone()),
            "{payment}"
        );
    }
    let done = Command::RefundAnswered { refund: "refund-pi_2".into(), answer: RefundAnswer::Done };
    act(&bed, &id, done, due).await;
    one_payment_one_refund(&bed, &id).await;
}

async fn one_payment_one_refund<B: Bed>(bed: &B, id: &str) {
    let account = account(bed, id).await;
    assert_eq!(account.refunds[0].state, RefundState::Succeeded);
    let paid: Vec<_> = account.attempts.iter().filter(|row| row.state == AttemptState::Succeeded).collect();
    assert_eq!(paid.len(), 1);
    let books = bed.books().await;
    let count = |of: fn(&Cause) -> bool| books.ledger.transactions().filter(|row| of(&row.cause)).count();
    assert_eq!(count(|cause| matches!(cause, Cause::Payment(_))), 1);
    assert_eq!(count(|cause| matches!(cause, Cause::UnexpectedPayment(_))), 1);
    assert_eq!(count(|cause| matches!(cause, Cause::Refund(_))), 1);
    let tasks: Vec<_> = books.tasks.iter().map(|row| row.kind.as_str()).collect();
    assert_eq!(tasks, ["conflict", "duplicate_charge"]);
}

async fn a_card_tells_all_subscriptions_that_pay_with_it_how_often_it_was_tried<B: Bed>(bed: B) {
    let id = given(&bed, 1).await;
    let due = period_end(&bed, &id).await;
    let first = charge_due(&bed, &id, due).await;
    let declined = PaymentOutcome::Declined { code: "generic_decline".into() };
    act(&bed, &id, answered(&first, "pi_1", declined.clone()), due).await;
    let again = account(&bed, &id).await.invoices[0].next_attempt_at.unwrap();
    let second = charge_due(&bed, &id, again).await;
    act(&bed, &id, answered(&second, "pi_2", declined), again).await;
    // Another customer comes with the same card: its allowance is used by both.
    let other = given(&bed, 2).await;
    let set = Command::Customer(CustomerRequest::SetCard { card: "card_1".into() });
    act(&bed, &other, set, again).await;
    assert_eq!(account(&bed, &other).await.customer.card.as_deref(), Some("card_1"));
    let decision = act(&bed, &other, Command::Advance, again).await;
    assert!(matches!(&decision.effects[..], [Effect::Charge(request)] if request.card == "card_1"));
}

async fn two_live_attempts_of_an_invoice_are_refused<B: Bed>(bed: B) {
    let id = given(&bed, 1).await;
    let due = period_end(&bed, &id).await;
    charge_due(&bed, &id, due).await;
    let live = account(&bed, &id).await.attempts.remove(0);
    let before = dump(&bed).await;
    for state in
        [AttemptState::InFlight, AttemptState::Unknown, AttemptState::RequiresAction, AttemptState::Succeeded]
    {
        let mut other = live.clone();
        other.key = format_smolstr!("{}-2", other.key);
        other.state = state;
        let refused = bed.put(&[Write::Attempt(other)]).await;
        assert!(matches!(refused, Err(StoreError::Unique("live attempt of an invoice"))), "{refused:?}");
        assert_eq!(dump(&bed).await, before, "{state:?}");
    }
    let mut failed = live;
    failed.key = format_smolstr!("{}-2", failed.key);
    failed.state = AttemptState::Failed;
    bed.put(&[Write::Attempt(failed)]).await.unwrap();
    assert_eq!(account(&bed, &id).await.attempts.len(), 2);
}

async fn two_cycle_invoices_of_a_period_are_refused<B: Bed>(bed: B) {
    let id = given(&bed, 1).await;
    let due = period_end(&bed, &id).await;
    charge_due(&bed, &id, due).await;
    let known = account(&bed, &id).await.invoices.remove(0);
    let before = dump(&bed).await;
    let other = Invoice { id: "another".into(), ..known.clone() };
    let neighbour = Write::Task(platform_core::subscription::rows::Task {
        kind: "our_bug".into(),
        subject: "neighbour".into(),
        at: due,
    });
    let refused = bed.put(&[neighbour, Write::Invoice(other.clone())]).await;
    assert!(matches!(refused, Err(StoreError::Unique("invoice of a period"))), "{refused:?}");
    assert_eq!(dump(&bed).await, before, "nothing of a refused transaction stays");
    bed.put(&[Write::Invoice(Invoice { state: InvoiceState::Void, ..other.clone() })]).await.unwrap();
    let change = Invoice { id: "change".into(), kind: InvoiceKind::Change, ..known };
    bed.put(&[Write::Invoice(change.clone())]).await.unwrap();
    let refused = bed.put(&[Write::Invoice(Invoice { id: "change_2".into(), ..change })]).await;
    assert!(matches!(refused, Err(StoreError::Unique("invoice of a period"))), "{refused:?}");
    let refused = bed.put(&[Write::Invoice(other)]).await;
    assert!(refused.is_err(), "a void invoice does not come back beside another");
}

async fn an_event_about_another_amount_is_refused_and_changes_nothing<B: Bed>(bed: B) {
    let id = given(&bed, 1).await;
    let due = period_end(&bed, &id).await;
    let request = charge_due(&bed, &id, due).await;
    bed.store().receive(event("evt_1", "pi_1", 1), due).await.unwrap();
    let before = dump(&bed).await;
    let mut other = payment("pi_1", PaymentOutcome::Captured);
    other.amount = bed::euro(998);
    let refused =
        bed.store().act(&id, Command::PaymentSeen { attempt: request.key, payment: other }, due).await;
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    assert_eq!(dump(&bed).await, before);
}

super::over_every_store!(
    a_due_period_is_renewed_once,
    what_is_longest_due_comes_first_and_no_more_than_asked,
    a_charge_without_an_answer_is_due_when_its_lease_ends,
    a_second_capture_is_given_back,
    a_second_payment_under_one_key_is_given_back_and_known,
    a_card_tells_all_subscriptions_that_pay_with_it_how_often_it_was_tried,
    two_live_attempts_of_an_invoice_are_refused,
    two_cycle_invoices_of_a_period_are_refused,
    an_event_about_another_amount_is_refused_and_changes_nothing,
);
