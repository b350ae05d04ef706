//! Webhooks that wait together are stored by few statements, and each is answered as if it had come alone.

use std::sync::Arc;

use platform_core::subscription::store::{Intake, Received, Store};
use platform_core::webhook::event::ContentHash;
use tokio::task::JoinSet;

use super::super::SqliteStore;
use super::bed::{event, event_key, later, options, plans};

/// More than one statement takes, and than one group.
const MANY: u32 = 300;

fn id(n: u32) -> String {
    format!("evt_{n}")
}

/// The same id with other content.
fn forged(n: u32) -> Intake {
    let mut intake = event(&id(n), "pi_1", 1);
    intake.incoming.content = ContentHash::of_bytes(b"forged");
    intake
}

/// Receives all at once; what each was answered, in order.
async fn together(store: &Arc<SqliteStore>, intakes: Vec<Intake>) -> Vec<Received> {
    let mut running = JoinSet::new();
    for (n, intake) in intakes.into_iter().enumerate() {
        let store = Arc::clone(store);
        running.spawn(async move { (n, store.receive(intake, later(0)).await.unwrap()) });
    }
    let mut answers = running.join_all().await;
    answers.sort_unstable_by_key(|(n, _)| *n);
    answers.into_iter().map(|(_, received)| received).collect()
}

#[tokio::test]
async fn new_known_repeated_and_forged_ones_of_a_group_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(&options(&folder), plans()).await.unwrap());
    let known: Vec<Intake> = (0..MANY).step_by(7).map(|n| event(&id(n), "pi_1", 1)).collect();
    let known_before = known.len();
    assert!(together(&store, known).await.iter().all(|received| *received == Received::Stored));
    // Each once, every eleventh twice, and a forgery of every seventh, which is known.
    let once = (0..MANY).map(|n| event(&id(n), "pi_1", 1));
    let again = (0..MANY).step_by(11).map(|n| event(&id(n), "pi_1", 1));
    let forgeries = (0..MANY).step_by(7).map(forged);
    let answers = together(&store, once.chain(again).chain(forgeries).collect()).await;
    let count = |wanted| answers.iter().filter(|received| **received == wanted).count();
    assert_eq!(count(Received::Stored), MANY as usize - known_before);
    assert_eq!(count(Received::Conflict), known_before);
    let books = store.books().await.unwrap();
    assert_eq!(books.inbox.rows.len(), MANY as usize);
    assert!(
        books.inbox.rows[&event_key(&id(14))].content != ContentHash::of_bytes(b"forged"),
        "the first one stays"
    );
    assert_eq!(store.alerts().await.unwrap().len(), known_before);
}

#[tokio::test]
async fn a_group_that_cannot_be_committed_is_acknowledged_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(&options(&folder), plans()).await.unwrap());
    store.fail_next();
    let failed = store.receive(event("evt_1", "pi_1", 1), later(0)).await;
    assert!(failed.is_err(), "{failed:?}");
    assert_eq!(store.books().await.unwrap().inbox.rows.len(), 0);
    assert_eq!(store.receive(event("evt_1", "pi_1", 1), later(0)).await.unwrap(), Received::Stored);
}
