//! What is refused takes nothing with it, and what is written stays.

use std::future::Future;
use std::pin::Pin;

use platform_core::subscription::command::{Command, CustomerRequest, PaymentOutcome, Refusal};
use platform_core::subscription::rows::InvoiceState;
use platform_core::subscription::store::{Consequence, Received, Store, StoreError};
use platform_core::webhook::inbox::{InboxRefusal, InboxState, Settled};
use smol_str::SmolStr;
use units::Timestamp;

use super::bed::{
    Bed, account, act, all, answered, charge_due, dump, event, event_key, given, later, payment, period_end,
};

type Task<'a> = Pin<Box<dyn Future<Output = Result<(), StoreError>> + 'a>>;

async fn an_unknown_subscription_is_refused<B: Bed>(bed: B) {
    given(&bed, 1).await;
    let before = dump(&bed).await;
    let refused = bed.store().act("sub_9", Command::Advance, later(1)).await;
    assert!(matches!(refused, Err(StoreError::NoSuchSubscription)), "{refused:?}");
    assert_eq!(bed.store().account("sub_9").await.unwrap(), None);
    assert_eq!(dump(&bed).await, before);
}

async fn a_settlement_whose_consequence_is_refused_leaves_the_event_claimed<B: Bed>(bed: B) {
    let id = given(&bed, 1).await;
    bed.store().receive(event("evt_1", "pi_1", 1), later(0)).await.unwrap();
    bed.store().claim(&event_key("evt_1"), 1, later(0)).await.unwrap();
    let before = dump(&bed).await;
    let seen = Command::PaymentSeen {
        attempt: "no such attempt".into(),
        payment: payment("pi_1", PaymentOutcome::Captured),
    };
    for subscription in [id.as_str(), "sub_9"] {
        let consequence = Consequence::Command(subscription.into(), seen.clone());
        let key = event_key("evt_1");
        let refused = bed.store().settle((&key, 1), Settled::Processed, consequence, later(0)).await;
        assert!(refused.is_err());
        assert_eq!(dump(&bed).await, before);
    }
    let settled = bed
        .store()
        .settle((&event_key("evt_1"), 1), Settled::Processed, Consequence::Nothing, later(0))
        .await;
    settled.unwrap();
}

async fn a_refused_unit_takes_nothing_of_its_neighbours_with_it<B: Bed>(bed: B) {
    const COUNT: u32 = 20;
    for n in 1..=COUNT {
        given(&bed, n).await;
        bed.store().receive(event(&format!("evt_{n}"), "pi_1", 1), later(0)).await.unwrap();
        bed.store().claim(&event_key(&format!("evt_{n}")), 1, later(0)).await.unwrap();
    }
    let due = period_end(&bed, "sub_1").await;
    let store = bed.store();
    let mut tasks: Vec<Task<'_>> = Vec::new();
    for n in 1..=COUNT {
        // Good, refused before it wrote, good, refused after it wrote: all wait for the writer at once.
        tasks.push(Box::pin(
            async move { store.act(&format!("sub_{n}"), Command::Advance, due).await.map(drop) },
        ));
        tasks.push(Box::pin(async move {
            let resume = Command::Customer(CustomerRequest::Resume);
            store.act(&format!("sub_{n}"), resume, due).await.map(drop)
        }));
        tasks.push(Box::pin(async move {
            store.receive(event(&format!("new_{n}"), "pi_1", 1), due).await.map(|received| {
                assert_eq!(received, Received::Stored);
            })
        }));
        tasks.push(Box::pin(async move {
            let pay = Command::Customer(CustomerRequest::SetCard { card: String::new().into() });
            let consequence = Consequence::Command(format!("sub_{n}").into(), pay);
            let key = event_key(&format!("evt_{n}"));
            store.settle((&key, 1), Settled::Processed, consequence, later(1)).await
        }));
    }
    for four in all(tasks).await.chunks(4) {
        assert!(
            matches!(
                four,
                [
                    Ok(()),
                    Err(StoreError::Refused(Refusal::NotPaused)),
                    Ok(()),
                    Err(StoreError::Refused(Refusal::Name("card")))
                ]
            ),
            "{four:?}"
        );
    }
    let books = bed.books().await;
    for n in 1..=COUNT {
        let account = account(&bed, &format!("sub_{n}")).await;
        let states: Vec<_> = account.invoices.iter().map(|row| row.state).collect();
        assert_eq!((states, account.attempts.len()), (vec![InvoiceState::Open], 1));
        let state = |id: String| books.inbox.rows[&event_key(&id)].state.clone();
        assert!(matches!(state(format!("evt_{n}")), InboxState::Claimed { worker: 1, .. }));
        assert_eq!(state(format!("new_{n}")), InboxState::Stored { due: Timestamp::ZERO }, "at once");
    }
}

async fn of_many_who_want_the_same_one_gets_it<B: Bed>(bed: B) {
    let id = given(&bed, 1).await;
    let due = period_end(&bed, &id).await;
    bed.store().receive(event("evt_1", "pi_1", 1), due).await.unwrap();
    let (store, id) = (bed.store(), id.as_str());
    let charges: Vec<Pin<Box<dyn Future<Output = usize>>>> = (0..20)
        .map(|_| -> Pin<Box<dyn Future<Output = usize>>> {
            Box::pin(async move { store.act(id, Command::Advance, due).await.unwrap().effects.len() })
        })
        .collect();
    assert_eq!(all(charges).await.into_iter().sum::<usize>(), 1);
    let claims: Vec<Task<'_>> = (1..=20)
        .map(|worker| -> Task<'_> {
            Box::pin(async move { store.claim(&event_key("evt_1"), worker, due).await.map(drop) })
        })
        .collect();
    let claims = all(claims).await;
    assert_eq!(claims.iter().filter(|claim| claim.is_ok()).count(), 1);
    let refused = |claim: &Result<(), StoreError>| {
        matches!(claim, Ok(()) | Err(StoreError::Inbox(InboxRefusal::Held { .. })))
    };
    assert!(claims.iter().all(refused), "{claims:?}");
}

async fn reopening_keeps_everything<B: Bed>(bed: B) {
    let id = given(&bed, 1).await;
    let due = period_end(&bed, &id).await;
    let request = charge_due(&bed, &id, due).await;
    act(&bed, &id, answered(&request, "pi_1", PaymentOutcome::Captured), due).await;
    let other = given(&bed, 2).await;
    charge_due(&bed, &other, due).await;
    bed.store().receive(event("evt_1", "pi_1", 1), due).await.unwrap();
    bed.store().claim(&event_key("evt_1"), 1, due).await.unwrap();
    bed.store().receive(event("evt_2", "pi_2", 1), due).await.unwrap();
    let notices: Vec<SmolStr> =
        bed.store().unposted(due, 1).await.unwrap().into_iter().map(|row| row.id).collect();
    bed.store().posted(&notices, due).await.unwrap();
    let before = dump(&bed).await;
    assert!(before.contains("evt_1") && before.contains("pi_1"));
    let bed = bed.reopened().await;
    assert_eq!(dump(&bed).await, before);
    // And it goes on where it was.
    let again = act(&bed, &other, Command::Advance, due).await;
    assert_eq!(again.effects, []);
    assert_eq!(bed.store().due_events(due, 10).await.unwrap(), [event_key("evt_2")]);
}

super::over_every_store!(
    an_unknown_subscription_is_refused,
    a_settlement_whose_consequence_is_refused_leaves_the_event_claimed,
    a_refused_unit_takes_nothing_of_its_neighbours_with_it,
    of_many_who_want_the_same_one_gets_it,
    reopening_keeps_everything,
);
