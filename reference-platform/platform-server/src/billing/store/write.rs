//! Writing rows: each kind by one statement.

use platform_core::ledger::{Ledger, LedgerError, Transaction};
use platform_core::subscription::account::Write;
use platform_core::subscription::rows::Notice;
use platform_core::subscription::store::StoreError;
use platform_core::webhook::event::Sender;
use platform_core::webhook::inbox::{EventKey, InboxRow};
use serde::Serialize;
use sqlx::{Row, SqliteConnection};
use units::Timestamp;

use super::{storage, unreadable};

/// The name of a sender in keys and paths.
pub(in crate::billing) const fn sender_name(sender: Sender) -> &'static str {
    match sender {
        Sender::Stripe => "stripe",
        Sender::Standard => "standard",
    }
}

pub(super) fn json(row: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(row).map_err(|error| unreadable(&error))
}

async fn run(
    connection: &mut SqliteConnection,
    statement: &'static str,
    bound: &[&str],
) -> Result<u64, StoreError> {
    let mut query = sqlx::query(statement);
    for text in bound {
        query = query.bind((*text).to_owned());
    }
    let done = query.execute(connection).await.map_err(|error| storage(&error))?;
    Ok(done.rows_affected())
}

/// Writes all rows of a decision by which a subscription begins: an id that somebody has already is refused, not taken over.
pub(super) async fn first(connection: &mut SqliteConnection, writes: &[Write]) -> Result<(), StoreError> {
    for write in writes {
        match write {
            Write::Subscription(row) => {
                let statement = "INSERT INTO subscriptions (id, row) VALUES ($1, $2)";
                run(connection, statement, &[row.id.as_str(), &json(row)?]).await?;
            }
            other => one(connection, other).await?,
        }
    }
    Ok(())
}

/// Writes all rows of a decision.
pub(super) async fn all(connection: &mut SqliteConnection, writes: &[Write]) -> Result<(), StoreError> {
    for write in writes {
        one(connection, write).await?;
    }
    Ok(())
}

async fn one(connection: &mut SqliteConnection, write: &Write) -> Result<(), StoreError> {
    let (statement, id, row) = match write {
        Write::Customer(row) => (
            "INSERT INTO customers (id, row) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET row = excluded.row",
            row.id.as_str(),
            json(row)?,
        ),
        Write::Subscription(row) => (
            "INSERT INTO subscriptions (id, row) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET row = excluded.row",
            row.id.as_str(),
            json(row)?,
        ),
        Write::Invoice(row) => (
            "INSERT INTO invoices (id, row) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET row = excluded.row",
            row.id.as_str(),
            json(row)?,
        ),
        Write::Attempt(row) => (
            "INSERT INTO attempts (key, row) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET row = excluded.row",
            row.key.as_str(),
            json(row)?,
        ),
        Write::Refund(row) => (
            "INSERT INTO refunds (id, row) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET row = excluded.row",
            row.id.as_str(),
            json(row)?,
        ),
        Write::Dispute(row) => (
            "INSERT INTO disputes (id, row) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET row = excluded.row",
            row.id.as_str(),
            json(row)?,
        ),
        Write::Grant(row) => (
            "INSERT INTO grants (id, row) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET row = excluded.row",
            row.id.as_str(),
            json(row)?,
        ),
        Write::Notice(row) => (
            "INSERT INTO notices (id, row) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
            row.id.as_str(),
            json(row)?,
        ),
        Write::Book(transaction) => return book(connection, transaction).await,
        Write::Audit(row) => {
            run(connection, "INSERT INTO audit (row) VALUES ($1)", &[&json(row)?]).await?;
            return Ok(());
        }
        Write::Task(row) => {
            let statement = "INSERT INTO tasks (row) VALUES ($1) ON CONFLICT DO NOTHING";
            run(connection, statement, &[&json(row)?]).await?;
            return Ok(());
        }
    };
    run(connection, statement, &[id, &row]).await.map(drop)
}

/// Books a cause once; the same cause with other entries is a contradiction.
async fn book(connection: &mut SqliteConnection, transaction: &Transaction) -> Result<(), StoreError> {
    // An empty ledger refuses what no ledger may hold.
    Ledger::default().book(transaction.clone())?;
    let cause = json(&transaction.cause)?;
    let statement = "INSERT INTO ledger (cause, row) VALUES ($1, $2) ON CONFLICT (cause) DO NOTHING";
    if run(connection, statement, &[&cause, &json(transaction)?]).await? == 1 {
        return Ok(());
    }
    let row = sqlx::query("SELECT row FROM ledger WHERE cause = $1")
        .bind(cause)
        .fetch_one(connection)
        .await
        .map_err(|error| storage(&error))?;
    let known: Transaction =
        serde_json::from_str(row.get::<&str, _>(0)).map_err(|error| unreadable(&error))?;
    if known.entries == transaction.entries {
        Ok(())
    } else {
        Err(LedgerError::Contradiction(transaction.cause.clone()).into())
    }
}

/// Changes the row of a stored webhook.
pub(super) async fn event(connection: &mut SqliteConnection, row: &InboxRow) -> Result<(), StoreError> {
    let EventKey { sender, account, event_id } = &row.key;
    let statement = "UPDATE inbox SET row = $4 WHERE sender = $1 AND account = $2 AND event_id = $3";
    run(connection, statement, &[sender_name(*sender), account, event_id, &json(row)?]).await.map(drop)
}

/// Marks a notice as posted.
pub(super) async fn posted(
    connection: &mut SqliteConnection,
    notice: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let statement = "UPDATE notices SET row = json_set(row, '$.posted_at', CAST($2 AS INTEGER))
        WHERE id = $1 AND posted_at IS NULL";
    run(connection, statement, &[notice, &now.0.to_string()]).await.map(drop)
}

/// Changes the row of a notice.
pub(super) async fn notice(connection: &mut SqliteConnection, row: &Notice) -> Result<(), StoreError> {
    let statement = "UPDATE notices SET row = $2 WHERE id = $1";
    run(connection, statement, &[row.id.as_str(), &json(row)?]).await.map(drop)
}

/// Notes an alert once per kind and subject.
pub(super) async fn alert(
    connection: &mut SqliteConnection,
    kind: &str,
    subject: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let statement =
        "INSERT INTO alerts (kind, subject, at) VALUES ($1, $2, CAST($3 AS INTEGER)) ON CONFLICT DO NOTHING";
    run(connection, statement, &[kind, subject, &now.0.to_string()]).await.map(drop)
}
