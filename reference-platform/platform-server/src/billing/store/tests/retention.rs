//! What is past its time goes in small bites; what tells duplicates, and what waits, stays.

use platform_core::subscription::command::Command;
use platform_core::subscription::store::{Received, Store};
use smol_str::SmolStr;
use sqlx::Row;
use units::{Micros, Timestamp};

use super::super::cleaning::{self, CLEANING};
use super::super::migrate;
use super::super::{SqliteStore, StoreOptions};
use super::bed::{Bed, InSqlite, answered, charge_due, event, given, later, options, period_end, plans};
use platform_core::subscription::command::PaymentOutcome;

const DAY: Micros = Micros::from_mins(24 * 60);

fn after(days: u64) -> Timestamp {
    later(0).saturating_add(Micros(days * DAY.0))
}

#[tokio::test]
async fn bodies_go_after_30_days_and_rows_after_400_never_more_than_a_bite_at_a_time() {
    let bed = InSqlite::empty().await;
    for n in 0..120 {
        let mut settled = event(&format!("evt_{n}"), "pi_1", 1);
        settled.quarantine = Some("for a person".to_owned());
        bed.store().receive(settled, later(0)).await.unwrap();
    }
    // One that still waits is kept whatever its age.
    bed.store().receive(event("evt_waits", "pi_1", 1), later(0)).await.unwrap();
    assert_eq!(bed.store.clean(50, after(30)).await.unwrap(), 0, "30 days are not over");
    let month = after(31);
    for expected in [50, 50, 20, 0] {
        assert_eq!(bed.store.clean(50, month).await.unwrap(), expected);
    }
    let again = bed.store().receive(event("evt_7", "pi_1", 1), month).await.unwrap();
    assert_eq!(again, Received::Duplicate, "the row outlives its body");
    while bed.store.clean(50, after(401)).await.unwrap() > 0 {}
    let books = bed.books().await;
    assert_eq!(books.inbox.rows.len(), 1);
}

#[tokio::test]
async fn cleaning_reads_what_it_deletes_and_nothing_else() {
    let bed = InSqlite::empty().await;
    let mut connection = migrate::connect(&bed.options()).await.unwrap();
    for (statement, _) in CLEANING {
        let explained = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let rows = sqlx::query(explained).bind(0).bind(1).fetch_all(&mut connection).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
        assert!(plan.iter().any(|step| step.contains("USING") && step.contains("INDEX")), "{plan:?}");
        assert!(plan.iter().all(|step| !step.starts_with("SCAN")), "a whole table is read: {plan:?}");
    }
}

#[tokio::test]
async fn posted_notices_go_after_a_week_and_the_ledger_never() {
    let bed = InSqlite::empty().await;
    let id = given(&bed, 1).await;
    let due = period_end(&bed, &id).await;
    let request = charge_due(&bed, &id, due).await;
    let paid: Command = answered(&request, "pi_1", PaymentOutcome::Captured);
    bed.store().act(&id, paid, due).await.unwrap();
    let week = due.saturating_add(Micros(8 * DAY.0));
    bed.store.clean(500, week).await.unwrap();
    let notices = bed.store().unposted(week, 100).await.unwrap();
    assert!(!notices.is_empty(), "what was not posted stays");
    let ids: Vec<SmolStr> = notices.into_iter().map(|notice| notice.id).collect();
    bed.store().posted(&ids, due).await.unwrap();
    bed.store.clean(500, week).await.unwrap();
    let books = bed.books().await;
    assert!(books.notices.is_empty());
    bed.store.clean(500, Timestamp(week.0 * 2)).await.unwrap();
    assert!(bed.books().await.ledger.transactions().count() >= 2);
}

/// `PRAGMA synchronous` of a connection: 2 is `FULL`.
async fn synchronous(connection: &mut sqlx::SqliteConnection) -> i64 {
    sqlx::query_scalar("PRAGMA synchronous").persistent(false).fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn after_each_bite_commits_wait_for_the_disk_again_even_if_it_failed() {
    let folder = tempfile::tempdir().unwrap();
    let options = StoreOptions { durable: true, ..options(&folder) };
    let store = SqliteStore::open(&options, plans()).await.unwrap();
    for n in 0..12 {
        let mut settled = event(&format!("evt_{n}"), "pi_1", 1);
        settled.quarantine = Some("for a person".to_owned());
        store.receive(settled, later(0)).await.unwrap();
    }
    drop(store);
    let mut connection = migrate::connect(&options).await.unwrap();
    for expected in [5, 5, 2, 0] {
        let cleaned = cleaning::clean(&mut connection, true, (5, after(31))).await.unwrap();
        assert_eq!(cleaned.unwrap(), expected);
        assert_eq!(synchronous(&mut connection).await, 2);
    }
    // One of the statements of the next bite is refused.
    let refuses = "CREATE TRIGGER refuses BEFORE DELETE ON inbox BEGIN SELECT RAISE(ABORT, 'refused'); END";
    sqlx::query(refuses).execute(&mut connection).await.unwrap();
    let failed = cleaning::clean(&mut connection, true, (5, after(500))).await.unwrap();
    assert!(failed.is_err(), "{failed:?}");
    assert_eq!(synchronous(&mut connection).await, 2);
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM inbox").fetch_one(&mut connection).await.unwrap();
    assert_eq!(left, 12, "a bite that failed is undone whole");
}
