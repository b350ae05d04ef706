//! Which files are opened and which are refused, always with the next step; and a full disk.

use std::fs;

use platform_core::subscription::command::Command;
use platform_core::subscription::store::{Store, StoreError};
use units::Timestamp;

use super::super::{OpenError, SqliteStore, checkpoint, migrate};
use super::bed::{Bed, InSqlite, dump, given, later, options, period_end, plans};

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_with_the_next_step() {
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteStore::open(&options(&folder), plans()).await.unwrap());
    let mut connection = migrate::connect(&options(&folder)).await.unwrap();
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (7, 'of a later day', 1, x'00', 0)";
    sqlx::query(newer).execute(&mut connection).await.unwrap();
    sqlx::Connection::close(connection).await.unwrap();
    let refused = SqliteStore::open(&options(&folder), plans()).await.unwrap_err();
    assert!(matches!(refused, OpenError::Newer { version: 7, .. }), "{refused:?}");
    let text = refused.to_string();
    assert!(text.contains("billing.sqlite") && text.contains("migration 7"), "{text}");
    assert!(text.ends_with("run the newer version, or choose another file"), "{text}");
}

#[tokio::test]
async fn a_database_of_any_older_version_is_brought_up_to_date_with_its_rows() {
    for version in 1..migrate::steps().len() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = migrate::connect(&options(&folder)).await.unwrap();
        let older = migrate::steps().into_iter().take(version).collect();
        sqlx::migrate::Migrator::with_migrations(older).run(&mut connection).await.unwrap();
        let alert = "INSERT INTO alerts (kind, subject, at) VALUES ('event_conflict', 'evt_1', 1)";
        sqlx::query(alert).execute(&mut connection).await.unwrap();
        sqlx::Connection::close(connection).await.unwrap();
        let store = SqliteStore::open(&options(&folder), plans()).await.unwrap();
        assert_eq!(store.alerts().await.unwrap(), [("event_conflict".to_owned(), "evt_1".to_owned())]);
        let mut connection = migrate::connect(&options(&folder)).await.unwrap();
        let run =
            sqlx::query("SELECT version FROM _sqlx_migrations").fetch_all(&mut connection).await.unwrap();
        assert_eq!(run.len(), migrate::steps().len(), "from version {version}");
    }
}

#[tokio::test]
async fn what_is_no_database_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = options(&folder).path;
    for text in ["the shopping list: ".repeat(1_000), "x".repeat(100), "short".to_owned()] {
        fs::write(&path, &text).unwrap();
        let refused = SqliteStore::open(&options(&folder), plans()).await.unwrap_err();
        assert!(matches!(refused, OpenError::Unusable { .. }), "{refused:?}");
        let shown = refused.to_string();
        assert!(shown.ends_with("choose another file, or move this one away"), "{shown}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[tokio::test]
async fn a_folder_or_a_place_that_is_not_there_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = options(&folder);
    wrong.path = folder.path().to_path_buf();
    assert!(matches!(SqliteStore::open(&wrong, plans()).await, Err(OpenError::Unusable { .. })));
    wrong.path = folder.path().join("nowhere/billing.sqlite");
    assert!(matches!(SqliteStore::open(&wrong, plans()).await, Err(OpenError::Unusable { .. })));
}

#[tokio::test]
async fn a_commit_that_the_disk_refuses_changes_nothing_and_the_next_one_works() {
    let bed = InSqlite::empty().await;
    let id = given(&bed, 1).await;
    let due = period_end(&bed, &id).await;
    let before = dump(&bed).await;
    bed.store.fail_next();
    let failed = bed.store.act(&id, Command::Advance, due).await;
    assert!(matches!(failed, Err(StoreError::Storage(_))), "{failed:?}");
    assert_eq!(dump(&bed).await, before);
    assert_eq!(bed.store.act(&id, Command::Advance, due).await.unwrap().effects.len(), 1);
}

#[tokio::test]
async fn an_empty_store_has_nothing_due_and_cleans_nothing() {
    let bed = InSqlite::empty().await;
    assert!(bed.path().is_file());
    assert_eq!(bed.store().due_subscriptions(Timestamp::NEVER, 10).await.unwrap(), [""; 0]);
    assert_eq!(bed.store().due_attempts(Timestamp::NEVER, 10).await.unwrap(), []);
    assert_eq!(bed.store().due_refunds(Timestamp::NEVER, 10).await.unwrap(), []);
    assert_eq!(bed.store().due_events(Timestamp::NEVER, 10).await.unwrap(), []);
    assert_eq!(bed.store.clean(500, later(0)).await.unwrap(), 0);
}

/// Some pages of the log.
async fn write_rows(connection: &mut sqlx::SqliteConnection, from: i64) {
    for row in from..from + 200 {
        let insert = sqlx::query("INSERT INTO alerts (kind, subject, at) VALUES ('k', ?, 1)");
        insert.bind(row.to_string()).execute(&mut *connection).await.unwrap();
    }
}

#[tokio::test]
async fn a_log_that_two_move_by_turns_begins_anew_while_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder);
    let mut writer = migrate::connect(&options).await.unwrap();
    migrate::migrate(&mut writer, &options.path).await.unwrap();
    checkpoint::leave_to_others(&mut writer, &options.path).await.unwrap();
    let mut helper = migrate::connect(&options).await.unwrap();
    let mut reader = migrate::connect(&options).await.unwrap();
    write_rows(&mut writer, 0).await;
    sqlx::raw_sql("BEGIN; SELECT count(*) FROM alerts").execute(&mut reader).await.unwrap();
    // Written meanwhile: who reads keeps the helper from moving it, so that the log only grows.
    write_rows(&mut writer, 200).await;
    let log = checkpoint::moved(&mut helper).await.unwrap();
    sqlx::raw_sql("COMMIT").execute(&mut reader).await.unwrap();
    write_rows(&mut writer, 400).await;
    let longer = checkpoint::moved(&mut writer).await.unwrap();
    assert!(log > 100 && longer > log, "{log} pages, then {longer}");
    write_rows(&mut writer, 600).await;
    let anew = checkpoint::moved(&mut helper).await.unwrap();
    assert!(anew < longer, "{longer} pages, then {anew}");
}
