//! New ids, and answers under keys; SQLite alone.

use platform_core::subscription::account::Write;
use platform_core::subscription::calendar::Zone;
use platform_core::subscription::command::PaymentOutcome;
use platform_core::subscription::store::{Consequence, Store, StoreError};
use platform_core::webhook::inbox::{InboxRefusal, Settled};

use super::super::{Asked, CustomerCall, Request, migrate, write};
use super::bed::{Bed, InSqlite, account, answered, charge_due, event, event_key, given, later, period_end};

fn subscribe(customer: &str, key: &str) -> Request {
    let call = CustomerCall::Subscribe { plan: "basic".to_owned(), zone: Zone::UTC };
    Request {
        scope: format!("subscribe customer:{customer}"),
        key: key.to_owned(),
        hash: "subscribe".to_owned(),
        asked: Asked::Customer { customer: customer.to_owned(), call },
    }
}

fn reprocess(event: &str, key: &str) -> Request {
    let asked = Asked::Reprocess { event: event_key(event), actor: "staff_1".into(), reason: None };
    Request {
        scope: "reprocess staff:staff_1".to_owned(),
        key: key.to_owned(),
        hash: event.to_owned(),
        asked,
    }
}

#[tokio::test]
async fn a_new_subscription_leaves_those_that_are_there_as_they_were() {
    let bed = InSqlite::empty().await;
    given(&bed, 1).await;
    given(&bed, 3).await;
    let before = account(&bed, "sub_3").await;
    let answer = bed.store.request(subscribe("c_1", "k-1"), later(1)).await.unwrap();
    assert_eq!(answer.status, 201);
    assert_eq!(account(&bed, "sub_3").await, before);
    assert_eq!(bed.store.subscriptions_of("c_1").await.unwrap(), ["sub_1", "sub_4"]);
}

#[tokio::test]
async fn ids_count_on_where_there_is_no_gap() {
    let bed = InSqlite::empty().await;
    given(&bed, 1).await;
    for (key, id) in [("k-1", "sub_2"), ("k-2", "sub_3")] {
        let answer = bed.store.request(subscribe("c_1", key), later(1)).await.unwrap();
        assert!(answer.body.contains(&format!("\"{id}\"")), "{}", answer.body);
    }
}

#[tokio::test]
async fn the_first_row_of_a_subscription_overwrites_none() {
    let bed = InSqlite::empty().await;
    given(&bed, 1).await;
    let before = account(&bed, "sub_1").await;
    let mut other = before.subscription.clone();
    other.customer = "c_2".into();
    let mut connection = migrate::connect(&bed.options()).await.unwrap();
    let refused = write::first(&mut connection, &[Write::Subscription(other)]).await;
    assert!(matches!(refused, Err(StoreError::Unique("row"))), "{refused:?}");
    assert_eq!(account(&bed, "sub_1").await, before);
}

#[tokio::test]
async fn a_repeated_request_to_reprocess_gets_the_first_answer_and_does_nothing() {
    let bed = InSqlite::empty().await;
    let (store, key) = (bed.store(), event_key("evt_1"));
    store.receive(event("evt_1", "pi_1", 1), later(0)).await.unwrap();
    let finish = async || {
        store.claim(&key, 1, later(0)).await.unwrap();
        store.settle((&key, 1), Settled::Processed, Consequence::Nothing, later(0)).await.unwrap();
    };
    finish().await;
    let first = store.request(reprocess("evt_1", "k-1"), later(0)).await.unwrap();
    assert!(!first.replayed && first.status == 200);
    finish().await;
    let processed = store.event(&key).await.unwrap();
    let again = store.request(reprocess("evt_1", "k-1"), later(0)).await.unwrap();
    assert!(again.replayed && again.body == first.body);
    assert_eq!(store.event(&key).await.unwrap(), processed);
    assert_eq!(store.audit("evt_1").await.unwrap().len(), 1);
    let unknown = store.request(reprocess("evt_2", "k-2"), later(0)).await;
    assert!(matches!(unknown, Err(StoreError::Inbox(InboxRefusal::Unknown))), "{unknown:?}");
}

#[tokio::test]
async fn a_payment_that_belongs_to_another_attempt_leaves_an_alert() {
    let bed = InSqlite::empty().await;
    for n in 1..=2 {
        given(&bed, n).await;
    }
    let due = period_end(&bed, "sub_1").await;
    let first = charge_due(&bed, "sub_1", due).await;
    let second = charge_due(&bed, "sub_2", due).await;
    let paid = answered(&first, "pi_1", PaymentOutcome::Captured);
    bed.store().act("sub_1", paid, due).await.unwrap();
    let twice = answered(&second, "pi_1", PaymentOutcome::Captured);
    let refused = bed.store().act("sub_2", twice, due).await;
    assert!(matches!(refused, Err(StoreError::Unique("payment of an attempt"))), "{refused:?}");
    let alert = ("payment_not_booked".to_owned(), "sub_2".to_owned());
    assert_eq!(bed.store.alerts().await.unwrap(), [alert]);
}
