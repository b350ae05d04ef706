//! Deleting what is past its time, in small bites between the groups of webhooks.
//!
//! A bite is a transaction of its own, and the one kind of commit that does not wait for the disk: a power cut that undoes it costs
//! nothing, as the same rows are found again. The next webhook's flush takes the bite's pages along, as they stand before its own in the
//! same file, so that cleaning adds no flush of its own (SQLite, `PRAGMA synchronous`: in WAL mode `NORMAL` keeps the database
//! consistent, and only what was committed last may be undone).

use std::sync::LazyLock;

use platform_core::subscription::store::StoreError;
use sqlx::SqliteConnection;
use tokio::sync::oneshot;
use units::{Micros, Timestamp};

use super::storage;

/// Bodies of webhooks are kept for 30 days.
const BODY_KEPT: Micros = Micros::from_mins(30 * 24 * 60);

/// What tells a webhook from its duplicates is kept for 400 days.
const EVENT_KEPT: Micros = Micros::from_mins(400 * 24 * 60);

/// Posted notices are kept for a week.
const NOTICE_KEPT: Micros = Micros::from_mins(7 * 24 * 60);

/// Answers under idempotency keys are kept for a day, as long as Stripe keeps them.
const ANSWER_KEPT: Micros = Micros::from_mins(24 * 60);

/// What cleaning does, and for how long its rows are kept; each finds its rows by an index. Parameters are the time of each in its
/// turn, and how many rows each may take.
pub(super) const CLEANING: [(&str, Micros); 4] = [
    (
        "UPDATE inbox SET body = NULL WHERE rowid IN (SELECT rowid FROM inbox
        WHERE body IS NOT NULL AND stored_at < $1 AND check_at IS NULL LIMIT $5)",
        BODY_KEPT,
    ),
    (
        "DELETE FROM inbox WHERE rowid IN (SELECT rowid FROM inbox
        WHERE body IS NULL AND stored_at < $2 AND check_at IS NULL LIMIT $5)",
        EVENT_KEPT,
    ),
    (
        "DELETE FROM notices WHERE rowid IN (SELECT rowid FROM notices
        WHERE posted_at IS NOT NULL AND posted_at < $3 LIMIT $5)",
        NOTICE_KEPT,
    ),
    ("DELETE FROM requests WHERE rowid IN (SELECT rowid FROM requests WHERE at < $4 LIMIT $5)", ANSWER_KEPT),
];

/// All of it in one call.
static CLEAN: LazyLock<String> = LazyLock::new(|| CLEANING.map(|(statement, _)| statement).join("; "));

/// A bite that waits for the writer.
#[derive(Debug)]
pub(super) struct Bite {
    /// Of each kind at most.
    pub(super) rows: u32,
    pub(super) now: Timestamp,
    pub(super) answer: oneshot::Sender<Result<u64, StoreError>>,
}

/// The writer's connection waits for the disk no more: nothing may be acknowledged by it.
#[derive(Debug, thiserror::Error)]
#[error("commits cannot be made to wait for the disk again")]
pub(super) struct NotDurable(#[source] sqlx::Error);

/// Deletes rows of each kind that are past their time; how many went. Outside of transactions only.
///
/// # Errors
/// [`NotDurable`], after which the connection must not be used.
pub(super) async fn clean(
    connection: &mut SqliteConnection,
    is_durable: bool,
    (rows, now): (u32, Timestamp),
) -> Result<Result<u64, StoreError>, NotDurable> {
    if !is_durable {
        return Ok(bite(connection, rows, now).await.map_err(|error| storage(&error)));
    }
    // As text each time: a prepared one of these takes effect when it is prepared, not when it runs.
    let cleaned = match sqlx::raw_sql("PRAGMA synchronous = NORMAL").execute(&mut *connection).await {
        Ok(_) => bite(connection, rows, now).await,
        Err(error) => Err(error),
    };
    sqlx::raw_sql("PRAGMA synchronous = FULL").execute(connection).await.map_err(NotDurable)?;
    Ok(cleaned.map_err(|error| storage(&error)))
}

/// One transaction, by hand like the others of the writer: sqlx counts its own as open for ever once the database has ended one by itself, as on
/// a full disk.
async fn bite(connection: &mut SqliteConnection, rows: u32, now: Timestamp) -> Result<u64, sqlx::Error> {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
    let before = |kept: Micros| i64::try_from(now.0.saturating_sub(kept.0)).unwrap_or(i64::MAX);
    let query =
        CLEANING.iter().fold(sqlx::query(CLEAN.as_str()), |query, (_, kept)| query.bind(before(*kept)));
    let cleaned = match query.bind(i64::from(rows)).execute(&mut *connection).await {
        Ok(done) => sqlx::query("COMMIT").execute(&mut *connection).await.map(|_| done.rows_affected()),
        Err(error) => Err(error),
    };
    if cleaned.is_err() {
        // The transaction may be over already; then there is nothing to roll back.
        drop(sqlx::query("ROLLBACK").execute(connection).await);
    }
    cleaned
}
