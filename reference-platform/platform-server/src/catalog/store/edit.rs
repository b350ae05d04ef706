//! Single changes by hand: text, windows, removal. Each is one transaction with its row of the feed.

use std::collections::{BTreeMap, BTreeSet};

use platform_core::catalog::record::{Availability, RecordId};
use serde_json::{Value, json};
use sqlx::{Connection, Row};

use super::put::{FromLine, INSERT_WINDOWS, put, windows};
use super::{CatalogStore, Incoming, StoreError, Written};

impl CatalogStore {
    /// Writes titles with their windows, in one transaction.
    ///
    /// # Errors
    /// [`StoreError::Database`]; nothing is written then.
    pub async fn put(&self, titles: &[Incoming]) -> Result<Written, StoreError> {
        let lines: Vec<FromLine<'_>> =
            (1..).zip(titles).map(|(line, incoming)| FromLine { incoming, line }).collect();
        let mut connection = self.writer.acquire().await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let (written, _) = put(&mut transaction, &lines, None).await?;
        transaction.commit().await?;
        self.tell();
        Ok(written)
    }

    /// Replaces the windows of a title.
    ///
    /// # Errors
    /// As [`Self::set_windows_of`].
    pub async fn set_windows(&self, id: &RecordId, list: &[Availability]) -> Result<(), StoreError> {
        self.set_windows_of(&[(id.clone(), list.to_vec())]).await
    }

    /// Replaces the windows of titles, all in one transaction: a disk does some hundred commits a second, however little
    /// each of them holds. Of edits of the same title the last counts.
    ///
    /// # Errors
    /// [`StoreError::NoTitle`], or that the database refused; nothing is written then.
    pub async fn set_windows_of(&self, edits: &[(RecordId, Vec<Availability>)]) -> Result<(), StoreError> {
        let latest: BTreeMap<&str, &[Availability]> =
            edits.iter().map(|(id, list)| (id.0.as_str(), list.as_slice())).collect();
        let (mut titles, mut rows) = (Vec::new(), Vec::new());
        for (id, list) in &latest {
            let (own, hash) = windows(list);
            titles.push(json!([id, hash]));
            rows.extend((0..).zip(own).map(|(place, row)| json!([id, place, row])));
        }
        let mut connection = self.writer.acquire().await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let titles = Value::from(titles).to_string();
        let changed = sqlx::query(
            "UPDATE titles SET windows_hash = new.value ->> 1 FROM json_each($1) AS new \
             WHERE titles.id = new.value ->> 0 RETURNING titles.id",
        )
        .bind(&titles)
        .fetch_all(&mut *transaction)
        .await?;
        if changed.len() < latest.len() {
            let known: BTreeSet<&str> = changed.iter().map(|row| row.get(0)).collect();
            let missing = latest.keys().find(|id| !known.contains(**id)).copied().unwrap_or_default();
            return Err(StoreError::NoTitle { id: missing.to_owned() });
        }
        for (sql, list) in [
            (
                "DELETE FROM availability WHERE title IN \
                 (SELECT number FROM json_each($1) JOIN titles ON titles.id = value ->> 0)",
                &titles,
            ),
            (INSERT_WINDOWS, &Value::from(rows).to_string()),
            (
                "INSERT OR REPLACE INTO feed (title, what) \
                 SELECT number, 'windows' FROM json_each($1) JOIN titles ON titles.id = value ->> 0",
                &titles,
            ),
        ] {
            sqlx::query(sql).bind(list).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        self.tell();
        Ok(())
    }

    /// Takes titles out of the catalogue; says how many there were.
    ///
    /// # Errors
    /// [`StoreError::Database`]; nothing is taken out then.
    pub async fn remove(&self, ids: &[RecordId]) -> Result<u64, StoreError> {
        let mut connection = self.writer.acquire().await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let gone =
            sqlx::query("DELETE FROM titles WHERE id IN (SELECT value FROM json_each($1)) RETURNING number")
                .bind(json!(ids).to_string())
                .fetch_all(&mut *transaction)
                .await?;
        let numbers: Vec<i64> = gone.iter().map(|row| row.get(0)).collect();
        for sql in [
            "DELETE FROM availability WHERE title IN (SELECT value FROM json_each($1))",
            "INSERT OR REPLACE INTO feed (title, what) SELECT value, 'title' FROM json_each($1)",
        ] {
            sqlx::query(sql).bind(json!(numbers).to_string()).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        self.tell();
        Ok(numbers.len() as u64)
    }
}
