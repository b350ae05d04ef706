//! Single changes by hand: text, windows, removal. Each is one transaction with its row of the feed.

use platform_core::catalog::record::{Availability, RecordId};
use serde_json::{Value, json};
use sqlx::{Connection, Row};

use super::put::{FromLine, put, windows};
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
    /// [`StoreError::NoTitle`], or that the database refused; nothing is written then.
    pub async fn set_windows(&self, id: &RecordId, list: &[Availability]) -> Result<(), StoreError> {
        let (rows, hash) = windows(list);
        let mut connection = self.writer.acquire().await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let title = sqlx::query("UPDATE titles SET windows_hash = $2 WHERE id = $1 RETURNING number")
            .bind(&id.0)
            .bind(hash)
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(title) = title else { return Err(StoreError::NoTitle { id: id.0.clone() }) };
        let number: i64 = title.get(0);
        sqlx::query("DELETE FROM availability WHERE title = $1")
            .bind(number)
            .execute(&mut *transaction)
            .await?;
        if !rows.is_empty() {
            sqlx::query(
                "INSERT INTO availability (title, place, territory, start_us, end_us, tier) \
                 SELECT $1, key, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each($2)",
            )
            .bind(number)
            .bind(Value::from(rows).to_string())
            .execute(&mut *transaction)
            .await?;
        }
        sqlx::query("INSERT OR REPLACE INTO feed (title, what) VALUES ($1, 'windows')")
            .bind(number)
            .execute(&mut *transaction)
            .await?;
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
