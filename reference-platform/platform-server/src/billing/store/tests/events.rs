//! Stored webhooks, and notices to be posted.

use platform_core::subscription::command::PaymentOutcome;
use platform_core::subscription::outbox::POST_AGAIN_AFTER;
use platform_core::subscription::store::{Consequence, Intake, Received, Store, StoreError};
use platform_core::webhook::event::ContentHash;
use platform_core::webhook::inbox::{CLAIM_LEASE, EventKey, InboxRefusal, InboxState, Settled, TRIED_FOR};
use smol_str::SmolStr;
use units::Timestamp;

use super::bed::{Bed, act, answered, charge_due, dump, event, event_key, given, later, minutes, period_end};

async fn due<B: Bed>(bed: &B, now: Timestamp) -> Vec<String> {
    let keys = bed.store().due_events(now, 10).await.unwrap();
    keys.into_iter().map(|key: EventKey| key.event_id).collect()
}

async fn state<B: Bed>(bed: &B, id: &str) -> InboxState {
    bed.books().await.inbox.rows[&event_key(id)].state.clone()
}

async fn settle<B: Bed>(
    bed: &B,
    (id, worker): (&str, u32),
    outcome: Settled,
    now: Timestamp,
) -> Result<(), StoreError> {
    bed.store().settle((&event_key(id), worker), outcome, Consequence::Nothing, now).await
}

async fn an_event_is_held_by_one_worker<B: Bed>(bed: B) {
    let now = later(1);
    assert_eq!(bed.store().receive(event("evt_1", "pi_1", 7), now).await.unwrap(), Received::Stored);
    assert_eq!(due(&bed, now).await, ["evt_1"]);
    let row = bed.store().claim(&event_key("evt_1"), 1, now).await.unwrap();
    assert_eq!(row.state, InboxState::Claimed { worker: 1, until: now.saturating_add(CLAIM_LEASE) });
    assert_eq!(due(&bed, now).await, [""; 0]);
    let held = bed.store().claim(&event_key("evt_1"), 2, now).await;
    assert!(matches!(held, Err(StoreError::Inbox(InboxRefusal::Held { worker: 1 }))), "{held:?}");
    let not_held = settle(&bed, ("evt_1", 2), Settled::Processed, now).await;
    assert!(matches!(not_held, Err(StoreError::Inbox(InboxRefusal::NotHeld { worker: 2 }))), "{not_held:?}");
    let unknown = bed.store().claim(&event_key("evt_9"), 1, now).await;
    assert!(matches!(unknown, Err(StoreError::Inbox(InboxRefusal::Unknown))), "{unknown:?}");
}

async fn a_settled_event_is_settled_for_good<B: Bed>(bed: B) {
    let now = later(1);
    bed.store().receive(event("evt_1", "pi_1", 7), now).await.unwrap();
    bed.store().claim(&event_key("evt_1"), 1, now).await.unwrap();
    assert_eq!(bed.store().latest_processed("pi_1").await.unwrap(), None);
    settle(&bed, ("evt_1", 1), Settled::Processed, now).await.unwrap();
    assert_eq!(state(&bed, "evt_1").await, InboxState::Processed);
    assert_eq!(bed.store().latest_processed("pi_1").await.unwrap(), Some(7));
    assert_eq!(bed.store().latest_processed("pi_2").await.unwrap(), None);
    assert_eq!(due(&bed, later(10_000)).await, [""; 0]);
    let again = settle(&bed, ("evt_1", 1), Settled::Processed, now).await;
    assert!(matches!(again, Err(StoreError::Inbox(InboxRefusal::NotHeld { .. }))), "{again:?}");
}

async fn a_lapsed_claim_counts_as_a_failure_and_the_event_is_tried_again<B: Bed>(bed: B) {
    bed.store().receive(event("evt_1", "pi_1", 1), later(0)).await.unwrap();
    bed.store().claim(&event_key("evt_1"), 1, later(0)).await.unwrap();
    assert_eq!(due(&bed, later(4)).await, [""; 0]);
    assert_eq!(due(&bed, later(5)).await, ["evt_1"]);
    // The failure is counted first, and sends the event into its wait.
    let waits = bed.store().claim(&event_key("evt_1"), 2, later(5)).await;
    assert!(matches!(waits, Err(StoreError::Inbox(InboxRefusal::NotDue))), "{waits:?}");
    let late = settle(&bed, ("evt_1", 1), Settled::Processed, later(5)).await;
    assert!(matches!(late, Err(StoreError::Inbox(InboxRefusal::NotHeld { .. }))), "{late:?}");
    assert_eq!(due(&bed, later(5)).await, [""; 0]);
    assert_eq!(due(&bed, later(6)).await, ["evt_1"]);
    let row = bed.store().claim(&event_key("evt_1"), 2, later(6)).await.unwrap();
    assert_eq!(row.failures, 1);
    settle(&bed, ("evt_1", 2), Settled::Ignored, later(6)).await.unwrap();
    assert_eq!(state(&bed, "evt_1").await, InboxState::Ignored);
}

async fn an_event_that_kills_its_worker_every_time_is_set_aside_within_a_day<B: Bed>(bed: B) {
    bed.store().receive(event("evt_1", "pi_1", 1), later(0)).await.unwrap();
    let (mut now, mut claims) = (later(0), 0);
    while now < later(0).saturating_add(TRIED_FOR).saturating_add(TRIED_FOR) {
        if bed.store().claim(&event_key("evt_1"), 1, now).await.is_ok() {
            claims += 1;
        }
        now = now.saturating_add(minutes(5));
    }
    assert!((5..=12).contains(&claims), "{claims} claims");
    let state = state(&bed, "evt_1").await;
    assert!(matches!(&state, InboxState::Quarantined { reason } if reason.contains("lapse")), "{state:?}");
    assert_eq!(due(&bed, Timestamp(now.0 * 2)).await, [""; 0]);
}

async fn a_failed_event_waits_longer_each_time<B: Bed>(bed: B) {
    bed.store().receive(event("evt_1", "pi_1", 1), later(0)).await.unwrap();
    let mut now = later(0);
    for wait in [1, 5, 30, 120, 360] {
        bed.store().claim(&event_key("evt_1"), 1, now).await.unwrap();
        let failed = Settled::Failed { reason: "silent".to_owned() };
        settle(&bed, ("evt_1", 1), failed, now).await.unwrap();
        let next = now.saturating_add(minutes(wait));
        assert_eq!(due(&bed, Timestamp(next.0 - 1)).await, [""; 0], "{wait}");
        assert_eq!(due(&bed, next).await, ["evt_1"], "{wait}");
        now = next;
    }
}

async fn the_same_event_again_is_a_duplicate_and_other_content_a_conflict<B: Bed>(bed: B) {
    let first = event("evt_1", "pi_1", 1);
    bed.store().receive(first.clone(), later(0)).await.unwrap();
    let row = bed.books().await.inbox.rows.clone();
    for minute in 1..=3 {
        let again = bed.store().receive(first.clone(), later(minute)).await.unwrap();
        assert_eq!(again, Received::Duplicate);
    }
    let mut other = first.clone();
    other.incoming.content = ContentHash::of_bytes(b"other");
    for _ in 0..2 {
        assert_eq!(bed.store().receive(other.clone(), later(4)).await.unwrap(), Received::Conflict);
    }
    assert_eq!(bed.books().await.inbox.rows, row, "the first content stays");
    let bed = bed.reopened().await;
    assert_eq!(bed.store().receive(first.clone(), later(5)).await.unwrap(), Received::Duplicate);
    assert_eq!(bed.store().receive(other, later(5)).await.unwrap(), Received::Conflict);
    // The same id of another account is another event.
    let mut connected = first;
    connected.incoming.key.account = "acct_1".to_owned();
    assert_eq!(bed.store().receive(connected, later(5)).await.unwrap(), Received::Stored);
}

async fn an_event_set_aside_at_once_is_stored_and_never_due<B: Bed>(bed: B) {
    let reason = Some("no event".to_owned());
    let intake = Intake { quarantine: reason, ..event("evt_1", "pi_1", 1) };
    assert_eq!(bed.store().receive(intake.clone(), later(0)).await.unwrap(), Received::Stored);
    assert_eq!(bed.store().receive(intake, later(0)).await.unwrap(), Received::Duplicate);
    assert_eq!(due(&bed, later(1)).await, [""; 0]);
    let claimed = bed.store().claim(&event_key("evt_1"), 1, later(1)).await;
    assert!(matches!(claimed, Err(StoreError::Inbox(InboxRefusal::NotDue))), "{claimed:?}");
}

async fn the_oldest_event_is_due_first_and_ties_go_by_id<B: Bed>(bed: B) {
    for (id, minute) in [("evt_c", 1), ("evt_b", 1), ("evt_a", 2), ("evt_d", 0)] {
        bed.store().receive(event(id, "pi_1", 1), later(minute)).await.unwrap();
    }
    assert_eq!(due(&bed, later(5)).await, ["evt_d", "evt_b", "evt_c", "evt_a"]);
    let two = bed.store().due_events(later(5), 2).await.unwrap();
    assert_eq!(two, [event_key("evt_d"), event_key("evt_b")]);
}

async fn the_newest_processed_event_of_an_object_counts<B: Bed>(bed: B) {
    for (id, created_s) in [("evt_1", 5), ("evt_2", 9), ("evt_3", 7), ("evt_4", 20)] {
        bed.store().receive(event(id, "pi_1", created_s), later(0)).await.unwrap();
        bed.store().claim(&event_key(id), 1, later(0)).await.unwrap();
        let outcome = if id == "evt_4" { Settled::Superseded } else { Settled::Processed };
        settle(&bed, (id, 1), outcome, later(0)).await.unwrap();
    }
    assert_eq!(bed.store().latest_processed("pi_1").await.unwrap(), Some(9));
}

async fn notices_wait_in_order_until_they_are_posted<B: Bed>(bed: B) {
    for n in 1..=3 {
        let id = given(&bed, n).await;
        let due = period_end(&bed, &id).await;
        let request = charge_due(&bed, &id, due).await;
        let paid = answered(&request, &format!("pi_{}", 9 - n), PaymentOutcome::Captured);
        act(&bed, &id, paid, due).await;
    }
    let waiting = bed.store().unposted(later(1), 10).await.unwrap();
    let about: Vec<_> = waiting.iter().map(|row| row.about.as_str()).collect();
    assert_eq!(about, ["pi_8", "pi_7", "pi_6"], "in the order in which they came into being");
    assert_eq!(bed.store().unposted(later(1), 2).await.unwrap(), waiting[..2]);
    let ids: Vec<SmolStr> = waiting[..2].iter().map(|row| row.id.clone()).collect();
    bed.store().posted(&ids, later(1)).await.unwrap();
    assert_eq!(bed.store().unposted(later(1), 10).await.unwrap(), waiting[2..]);
    let before = dump(&bed).await;
    bed.store().posted(&ids, later(2)).await.unwrap();
    bed.store().posted(&["no such notice".into()], later(2)).await.unwrap();
    bed.store().posted(&[], later(2)).await.unwrap();
    assert_eq!(dump(&bed).await, before, "the first time stays");
    let books = bed.books().await;
    let posted: Vec<_> = books.notices.iter().map(|row| row.posted_at).collect();
    assert_eq!(posted, [Some(later(1)), Some(later(1)), None]);
}

async fn a_notice_that_is_being_posted_or_was_not_taken_waits<B: Bed>(bed: B) {
    let id = given(&bed, 1).await;
    let due = period_end(&bed, &id).await;
    let request = charge_due(&bed, &id, due).await;
    act(&bed, &id, answered(&request, "pi_1", PaymentOutcome::Captured), due).await;
    let waiting: Vec<SmolStr> =
        bed.store().unposted(due, 10).await.unwrap().into_iter().map(|row| row.id).collect();
    assert!(!waiting.is_empty());
    assert_eq!(bed.store().claim_notices(&waiting, due).await.unwrap(), waiting, "one worker has them");
    assert_eq!(bed.store().claim_notices(&waiting, due).await.unwrap(), [] as [SmolStr; 0]);
    assert_eq!(bed.store().unposted(due, 10).await.unwrap(), []);
    bed.store().put_off(&waiting, due).await.unwrap();
    assert_eq!(bed.store().unposted(due, 10).await.unwrap(), []);
    let soon = due.saturating_add(POST_AGAIN_AFTER[0]);
    let again = bed.store().unposted(soon, 10).await.unwrap();
    assert!(again.iter().all(|row| row.failures == 1) && again.len() == waiting.len(), "{again:?}");
    bed.store().posted(&waiting, soon).await.unwrap();
    bed.store().put_off(&waiting, soon).await.unwrap();
    assert!(bed.books().await.notices.iter().all(|row| row.posted_at == Some(soon) && row.failures == 1));
}

super::over_every_store!(
    an_event_is_held_by_one_worker,
    a_settled_event_is_settled_for_good,
    a_lapsed_claim_counts_as_a_failure_and_the_event_is_tried_again,
    an_event_that_kills_its_worker_every_time_is_set_aside_within_a_day,
    a_failed_event_waits_longer_each_time,
    the_same_event_again_is_a_duplicate_and_other_content_a_conflict,
    an_event_set_aside_at_once_is_stored_and_never_due,
    the_oldest_event_is_due_first_and_ties_go_by_id,
    the_newest_processed_event_of_an_object_counts,
    notices_wait_in_order_until_they_are_posted,
    a_notice_that_is_being_posted_or_was_not_taken_waits,
);
