//! Storing webhooks: all that wait in one call where they are new, as nearly all are; else many in one statement, and one by one
//! where the statement finds one that is not.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use platform_core::subscription::store::{Intake, Received, StoreError};
use platform_core::webhook::inbox::{self, EventKey, InboxCommand, InboxDecision, InboxState};
use sqlx::SqliteConnection;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use units::Timestamp;

use super::unit::Place;
use super::write::{json, sender_name};
use super::{GROUP_MAX, load, storage, write};

/// Rows of one statement, from many to few: any number is a sum of these, and few statements stay prepared.
const ROWS: [usize; 4] = [64, 16, 4, 1];

/// One statement for each.
static INSERT: LazyLock<[String; 4]> = LazyLock::new(|| ROWS.map(insert));

/// A transaction of so many rows and one more. Each of its statements would else be handed to the database's thread and back.
static AT_ONCE: LazyLock<Vec<String>> = LazyLock::new(|| {
    (1..=GROUP_MAX).map(|rows| format!("BEGIN IMMEDIATE; {}; COMMIT", insert(rows))).collect()
});

const INSERT_IF_NEW: &str =
    "INSERT INTO inbox (sender, account, event_id, row, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";

fn insert(rows: usize) -> String {
    let values = vec!["(?, ?, ?, ?, ?)"; rows].join(", ");
    format!("INSERT INTO inbox (sender, account, event_id, row, body) VALUES {values}")
}

/// A webhook as it is to be stored.
#[derive(Debug)]
pub(super) struct New {
    intake: Intake,
    row: String,
}

impl New {
    /// Made by whoever brings the webhook: the writer has enough to do.
    pub(super) fn of(intake: Intake, now: Timestamp) -> Result<Self, StoreError> {
        let command = InboxCommand::Receive(intake.incoming.clone());
        let InboxDecision::Put(mut row) = inbox::decide(None, &command, now)? else {
            return Err(StoreError::Unique("event"));
        };
        if let Some(reason) = &intake.quarantine {
            row.state = InboxState::Quarantined { reason: reason.clone() };
        }
        Ok(Self { row: json(&row)?, intake })
    }

    fn bound<'q>(
        &self,
        query: Query<'q, sqlx::Sqlite, SqliteArguments>,
    ) -> Query<'q, sqlx::Sqlite, SqliteArguments> {
        let EventKey { sender, account, event_id } = &self.intake.incoming.key;
        query
            .bind(sender_name(*sender))
            .bind(account.clone())
            .bind(event_id.clone())
            .bind(self.row.clone())
            .bind(self.intake.body.clone())
    }
}

/// Stores webhooks in a transaction of its own, if all of them are new; whether it did. If not, nothing was written.
pub(super) async fn at_once(connection: &mut SqliteConnection, webhooks: &[&New]) -> bool {
    let Some(statements) = webhooks.len().checked_sub(1).and_then(|rows| AT_ONCE.get(rows)) else {
        return false;
    };
    let query = webhooks.iter().fold(sqlx::query(statements.as_str()), |query, new| new.bound(query));
    let is_stored = query.execute(&mut *connection).await.is_ok();
    if !is_stored {
        // Where it did not even begin there is nothing to roll back.
        drop(sqlx::query("ROLLBACK").execute(connection).await);
    }
    is_stored
}

/// Stores those of many webhooks that are new, in few statements; tells for each whether it did. The others, and any that stands
/// twice among them, are left to [`one`].
pub(super) async fn new_ones(connection: &mut SqliteConnection, webhooks: &[&New]) -> Vec<bool> {
    let mut seen: BTreeSet<&EventKey> = BTreeSet::new();
    let is_first = |n: &usize| seen.insert(&webhooks[*n].intake.incoming.key);
    let mut places: &[usize] = &(0..webhooks.len()).filter(is_first).collect::<Vec<_>>();
    let mut done = vec![false; webhooks.len()];
    for (rows_at_once, statement) in ROWS.into_iter().zip(&*INSERT) {
        while places.len() >= rows_at_once {
            let (now, later) = places.split_at(rows_at_once);
            let new = now.iter().map(|n| webhooks[*n]);
            let query = new.fold(sqlx::query(statement.as_str()), |query, new| new.bound(query));
            // A statement that meets a known webhook writes nothing, so that each of its own can be looked at by itself.
            if query.execute(&mut *connection).await.is_ok() {
                now.iter().for_each(|n| done[*n] = true);
            }
            places = later;
        }
    }
    done
}

/// Stores a webhook that is not there yet, or says what became of one that is.
pub(super) async fn one(place: &mut Place<'_>, new: &New) -> Result<Received, StoreError> {
    let incoming = &new.intake.incoming;
    let key = &incoming.key;
    let query = new.bound(sqlx::query(INSERT_IF_NEW));
    let written = query.execute(&mut *place.connection).await.map_err(|error| storage(&error))?;
    if written.rows_affected() == 1 {
        return Ok(Received::Stored);
    }
    let known = load::event(place.connection, key).await?;
    match inbox::decide(known.as_ref(), &InboxCommand::Receive(incoming.clone()), place.now)? {
        InboxDecision::Duplicate => Ok(Received::Duplicate),
        InboxDecision::Conflict => {
            write::alert(place.connection, "event_conflict", &key.event_id, place.now).await?;
            Ok(Received::Conflict)
        }
        InboxDecision::Put(_) => Err(StoreError::Unique("event")),
    }
}
