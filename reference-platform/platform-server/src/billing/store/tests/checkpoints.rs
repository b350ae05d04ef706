//! Pages go from the log to the database beside the writer, and a long log is begun anew.

use sqlx::{Row, SqliteConnection};

use super::super::checkpointer::round;
use super::super::migrate;
use super::super::{SqliteStore, StoreOptions};
use super::bed::{InSqlite, options, plans};

/// A text that is looked for in the file.
const MARK: &str = "a mark that no other row has";

async fn run(connection: &mut SqliteConnection, statement: &'static str) {
    sqlx::query(statement).execute(connection).await.unwrap();
}

async fn write_mark(connection: &mut SqliteConnection) {
    run(connection, "CREATE TABLE marks (mark TEXT)").await;
    run(connection, "INSERT INTO marks VALUES ('a mark that no other row has')").await;
}

fn holds_mark(path: &std::path::Path) -> bool {
    std::fs::read(path).unwrap().windows(MARK.len()).any(|bytes| bytes == MARK.as_bytes())
}

/// Pages in the log.
async fn pages(connection: &mut SqliteConnection) -> i64 {
    sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(connection).await.unwrap().get(1)
}

#[tokio::test]
async fn a_round_brings_what_is_committed_into_the_database_while_a_writer_is_in_a_transaction() {
    let bed = InSqlite::empty().await;
    let mut writer = migrate::connect(&bed.options()).await.unwrap();
    let mut checkpointer = migrate::connect(&bed.options()).await.unwrap();
    write_mark(&mut writer).await;
    run(&mut writer, "BEGIN IMMEDIATE").await;
    assert!(!holds_mark(&bed.path()));
    round(&mut checkpointer).await.unwrap();
    assert!(holds_mark(&bed.path()));
    run(&mut writer, "ROLLBACK").await;
}

#[tokio::test]
async fn a_long_log_is_begun_anew() {
    let bed = InSqlite::empty().await;
    let mut checkpointer = migrate::connect(&bed.options()).await.unwrap();
    let mut writer = migrate::connect(&bed.options()).await.unwrap();
    run(&mut writer, "PRAGMA wal_autocheckpoint = 0").await;
    run(&mut writer, "CREATE TABLE filling (bytes BLOB)").await;
    run(&mut writer, "INSERT INTO filling VALUES (zeroblob(40000000))").await;
    round(&mut checkpointer).await.unwrap();
    run(&mut writer, "INSERT INTO filling VALUES (zeroblob(1))").await;
    assert!(pages(&mut checkpointer).await < 100);
}

#[tokio::test]
async fn a_durable_store_does_it_without_being_asked() {
    let folder = tempfile::tempdir().unwrap();
    let durable = StoreOptions { durable: true, ..options(&folder) };
    let store = SqliteStore::open(&durable, plans()).await.unwrap();
    let mut other = migrate::connect(&durable).await.unwrap();
    write_mark(&mut other).await;
    // Its thread runs twice a second; a minute is for a machine that has much else to do.
    for _ in 0..600 {
        if holds_mark(&durable.path) {
            return drop(store);
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the mark never left the log");
}
