//! Reading rows.

use platform_core::subscription::account::Account;
use platform_core::subscription::books::{Books, CAP_WINDOW};
use platform_core::subscription::rows::{AuditRow, Customer, Notice, Subscription};
use platform_core::subscription::store::StoreError;
use platform_core::webhook::inbox::{EventKey, InboxRow};
use serde::de::DeserializeOwned;
use smol_str::SmolStr;
use sqlx::{Row, SqliteConnection};
use units::Timestamp;

use super::{storage, unreadable};
use crate::billing::store::write::sender_name;

fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| unreadable(&error))
}

fn micros(at: Timestamp) -> i64 {
    i64::try_from(at.0).unwrap_or(i64::MAX)
}

/// All rows of a subscription in one statement; `now` bounds the re-attempts that still count.
pub(super) async fn account(
    connection: &mut SqliteConnection,
    subscription: &str,
    now: Timestamp,
) -> Result<Option<Account>, StoreError> {
    let rows = sqlx::query(
        "SELECT 0 AS part, 0 AS seq, row FROM subscriptions WHERE id = $1
         UNION ALL SELECT 1, 0, row FROM customers WHERE id = (SELECT customer FROM subscriptions WHERE id = $1)
         UNION ALL SELECT 2, rowid, row FROM invoices WHERE subscription = $1
         UNION ALL SELECT 3, rowid, row FROM attempts WHERE subscription = $1
         UNION ALL SELECT 4, rowid, row FROM refunds WHERE subscription = $1
         UNION ALL SELECT 5, rowid, row FROM disputes WHERE subscription = $1
         UNION ALL SELECT 6, rowid, row FROM grants WHERE subscription = $1
         UNION ALL SELECT 7, sent_at, CAST(sent_at AS TEXT) FROM attempts
             WHERE ordinal > 1 AND sent_at > $2 AND card = (
                 SELECT c.row ->> 'card' FROM customers c JOIN subscriptions s ON s.customer = c.id WHERE s.id = $1)
         ORDER BY 1, 2",
    )
    .bind(subscription)
    .bind(if now == Timestamp::NEVER { i64::MAX } else { micros(now) - micros(Timestamp(CAP_WINDOW.0)) })
    .fetch_all(connection)
    .await
    .map_err(|error| storage(&error))?;
    let mut parts = rows.iter();
    let Some(first) = parts.next() else { return Ok(None) };
    let row: Subscription = parsed(first.get::<&str, _>(2))?;
    let customer = Customer { id: row.customer.clone(), card: None };
    let mut account = Account::new(row, customer);
    for part in parts {
        let text: &str = part.get(2);
        match part.get::<i64, _>(0) {
            1 => account.customer = parsed(text)?,
            2 => account.invoices.push(parsed(text)?),
            3 => account.attempts.push(parsed(text)?),
            4 => account.refunds.push(parsed(text)?),
            5 => account.disputes.push(parsed(text)?),
            6 => account.grants.push(parsed(text)?),
            _ => account.card_reattempts.push(parsed(text)?),
        }
    }
    Ok(Some(account))
}

async fn texts(
    connection: &mut SqliteConnection,
    query: &'static str,
    bound: &[&str],
) -> Result<Vec<String>, StoreError> {
    let mut query = sqlx::query(query);
    for text in bound {
        query = query.bind((*text).to_owned());
    }
    let rows = query.fetch_all(connection).await.map_err(|error| storage(&error))?;
    Ok(rows.iter().map(|row| row.get::<String, _>(0)).collect())
}

async fn due(
    connection: &mut SqliteConnection,
    query: &'static str,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<sqlx::sqlite::SqliteRow>, StoreError> {
    let query = sqlx::query(query).bind(micros(now)).bind(i64::from(limit));
    query.fetch_all(connection).await.map_err(|error| storage(&error))
}

pub(super) async fn due_subscriptions(
    connection: &mut SqliteConnection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<SmolStr>, StoreError> {
    let query = "SELECT id FROM subscriptions WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2";
    let rows = due(connection, query, now, limit).await?;
    Ok(rows.iter().map(|row| name(row, 0)).collect())
}

/// A name in a column.
fn name(row: &sqlx::sqlite::SqliteRow, column: usize) -> SmolStr {
    row.get::<&str, _>(column).into()
}

pub(super) async fn due_attempts(
    connection: &mut SqliteConnection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<(SmolStr, SmolStr)>, StoreError> {
    let query = "SELECT subscription, key FROM attempts
        WHERE state IN ('in_flight', 'unknown', 'requires_action') AND check_at <= $1 ORDER BY check_at, key LIMIT $2";
    let rows = due(connection, query, now, limit).await?;
    Ok(rows.iter().map(|row| (name(row, 0), name(row, 1))).collect())
}

pub(super) async fn due_refunds(
    connection: &mut SqliteConnection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<(SmolStr, SmolStr)>, StoreError> {
    let query = "SELECT subscription, id FROM refunds
        WHERE state = 'pending' AND check_at <= $1 ORDER BY check_at, id LIMIT $2";
    let rows = due(connection, query, now, limit).await?;
    Ok(rows.iter().map(|row| (name(row, 0), name(row, 1))).collect())
}

pub(super) async fn due_events(
    connection: &mut SqliteConnection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<EventKey>, StoreError> {
    let query =
        "SELECT row FROM inbox WHERE check_at <= $1 ORDER BY stored_at, sender, account, event_id LIMIT $2";
    let rows = due(connection, query, now, limit).await?;
    rows.iter().map(|row| parsed::<InboxRow>(row.get(0)).map(|row| row.key)).collect()
}

pub(super) async fn subscription_of_payment(
    connection: &mut SqliteConnection,
    payment: &str,
) -> Result<Option<SmolStr>, StoreError> {
    let query = "SELECT subscription FROM attempts WHERE payment = $1 \
        UNION ALL SELECT subscription FROM refunds WHERE row ->> 'payment' = $1 LIMIT 1";
    Ok(texts(connection, query, &[payment]).await?.pop().map(Into::into))
}

pub(super) async fn latest_processed(
    connection: &mut SqliteConnection,
    object: &str,
) -> Result<Option<u64>, StoreError> {
    let row =
        sqlx::query("SELECT max(created_s) FROM inbox WHERE object = $1 AND row ->> 'state' = 'processed'")
            .bind(object.to_owned())
            .fetch_one(connection)
            .await
            .map_err(|error| storage(&error))?;
    Ok(row.get::<Option<i64>, _>(0).and_then(|seconds| u64::try_from(seconds).ok()))
}

pub(super) async fn unposted(
    connection: &mut SqliteConnection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Notice>, StoreError> {
    let query =
        "SELECT row FROM notices WHERE posted_at IS NULL AND post_at <= $1 ORDER BY post_at, rowid LIMIT $2";
    let rows = due(connection, query, now, limit).await?;
    rows.iter().map(|row| parsed(row.get(0))).collect()
}

pub(super) async fn notice(
    connection: &mut SqliteConnection,
    id: &str,
) -> Result<Option<Notice>, StoreError> {
    let rows = texts(connection, "SELECT row FROM notices WHERE id = $1", &[id]).await?;
    rows.first().map(|text| parsed(text)).transpose()
}

pub(super) async fn event(
    connection: &mut SqliteConnection,
    key: &EventKey,
) -> Result<Option<InboxRow>, StoreError> {
    let query = "SELECT row FROM inbox WHERE sender = $1 AND account = $2 AND event_id = $3";
    let rows = texts(connection, query, &[sender_name(key.sender), &key.account, &key.event_id]).await?;
    rows.first().map(|text| parsed(text)).transpose()
}

pub(super) async fn audit(
    connection: &mut SqliteConnection,
    subject: &str,
) -> Result<Vec<AuditRow>, StoreError> {
    let rows = texts(connection, "SELECT row FROM audit WHERE subject = $1 ORDER BY seq", &[subject]).await?;
    rows.iter().map(|text| parsed(text)).collect()
}

pub(super) async fn subscriptions_of(
    connection: &mut SqliteConnection,
    customer: &str,
) -> Result<Vec<String>, StoreError> {
    texts(connection, "SELECT id FROM subscriptions WHERE customer = $1 ORDER BY rowid", &[customer]).await
}

/// The database's own count of its pages has those that stand in the log alone.
pub(super) async fn size_bytes(connection: &mut SqliteConnection) -> Result<u64, StoreError> {
    let size = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
    let bytes: i64 = sqlx::query_scalar(size).fetch_one(connection).await.map_err(|error| storage(&error))?;
    Ok(bytes.unsigned_abs())
}

pub(super) async fn alerts(connection: &mut SqliteConnection) -> Result<Vec<(String, String)>, StoreError> {
    let rows = sqlx::query("SELECT kind, subject FROM alerts ORDER BY at, kind, subject")
        .fetch_all(connection)
        .await
        .map_err(|error| storage(&error))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

pub(super) async fn books(connection: &mut SqliteConnection) -> Result<Books, StoreError> {
    let mut books = Books::default();
    for id in texts(connection, "SELECT id FROM subscriptions ORDER BY rowid", &[]).await? {
        if let Some(account) = account(connection, &id, Timestamp::NEVER).await? {
            books.accounts.insert(id.into(), account);
        }
    }
    for text in texts(connection, "SELECT row FROM customers ORDER BY rowid", &[]).await? {
        let row: Customer = parsed(&text)?;
        books.customers.insert(row.id.clone(), row);
    }
    for text in texts(connection, "SELECT row FROM ledger ORDER BY rowid", &[]).await? {
        books.ledger.book(parsed(&text)?)?;
    }
    for text in texts(connection, "SELECT row FROM notices ORDER BY rowid", &[]).await? {
        books.notices.push(parsed(&text)?);
    }
    for text in texts(connection, "SELECT row FROM audit ORDER BY seq", &[]).await? {
        books.audit.push(parsed(&text)?);
    }
    for text in texts(connection, "SELECT row FROM tasks ORDER BY rowid", &[]).await? {
        books.tasks.push(parsed(&text)?);
    }
    for text in texts(connection, "SELECT row FROM inbox ORDER BY rowid", &[]).await? {
        let row: InboxRow = parsed(&text)?;
        books.inbox.rows.insert(row.key.clone(), row);
    }
    Ok(books)
}
