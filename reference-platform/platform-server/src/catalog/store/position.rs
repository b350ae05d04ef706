//! How far imports have come, and what they set aside.
//!
//! A batch of records, what was set aside of it and the new position are one transaction: a process that is killed leaves all of
//! a batch or nothing, and the next one reads on from there.

use serde_json::{Value, json};
use sqlx::{Connection, Row, SqliteConnection};

use super::put::{FromLine, put};
use super::{CatalogStore, Incoming, StoreError, Written};

/// Whether a file has been read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// There is more of it.
    Begun,
    /// All of it is in.
    Finished,
}

/// How far a file has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Which reading of it: counts up over all files.
    pub run: i64,
    /// Records read, those set aside among them.
    pub records: u64,
    /// Hash of them.
    pub digest: [u8; 32],
    /// What became of them.
    pub written: Written,
    /// Those set aside.
    pub quarantined: u64,
    /// Whether that is all.
    pub stage: Stage,
}

/// A record that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// The file.
    pub source: String,
    /// Where in it, from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
    /// What a person may do about it.
    pub suggestion: String,
    /// The record as it came, cut short.
    pub raw: String,
}

/// What an import writes at once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Batch {
    pub(crate) titles: Vec<(u64, Incoming)>,
    /// Line, reason, suggestion, raw.
    pub(crate) set_aside: Vec<SetAside>,
    /// Records read by the end of it, from the file's start.
    pub(crate) records: u64,
    pub(crate) digest: [u8; 32],
    pub(crate) is_last: bool,
}

/// A record that cannot be taken.
#[derive(Debug, Clone)]
pub(crate) struct SetAside {
    pub(crate) line: u64,
    pub(crate) reason: String,
    pub(crate) suggestion: String,
    pub(crate) raw: String,
}

/// Which file, and how it is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) name: &'a str,
    pub(crate) format: &'a str,
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl CatalogStore {
    /// How far a file has come when it was last read.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn position(&self, source: &str) -> Result<Option<Position>, StoreError> {
        let row = sqlx::query(
            "SELECT run, records, digest, added, changed, unchanged, quarantined, stage FROM imports \
             WHERE source = $1 ORDER BY run DESC LIMIT 1",
        )
        .bind(source)
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.map(|row| {
            let digest: Vec<u8> = row.get(2);
            Position {
                run: row.get(0),
                records: count(row.get(1)),
                digest: digest.try_into().unwrap_or_default(),
                written: Written {
                    added: count(row.get(3)),
                    changed: count(row.get(4)),
                    unchanged: count(row.get(5)),
                },
                quarantined: count(row.get(6)),
                stage: if row.get::<&str, _>(7) == "finished" { Stage::Finished } else { Stage::Begun },
            }
        }))
    }

    /// Begins to read a file from its start: what an earlier reading set aside is forgotten.
    pub(crate) async fn begin_import(&self, source: Source<'_>) -> Result<Position, StoreError> {
        let mut connection = self.writer.acquire().await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM quarantine WHERE source = $1")
            .bind(source.name)
            .execute(&mut *transaction)
            .await?;
        let digest = *blake3::hash(b"").as_bytes();
        let row = sqlx::query(
            "INSERT INTO imports (source, format, records, digest, added, changed, unchanged, quarantined, stage) \
             VALUES ($1, $2, 0, $3, 0, 0, 0, 0, 'begun') RETURNING run",
        )
        .bind(source.name)
        .bind(source.format)
        .bind(&digest[..])
        .fetch_one(&mut *transaction)
        .await?;
        let run = row.get(0);
        transaction.commit().await?;
        let (written, stage) = (Written::default(), Stage::Begun);
        Ok(Position { run, records: 0, digest, written, quarantined: 0, stage })
    }

    /// Writes a batch and the position after it.
    pub(crate) async fn write_batch(
        &self,
        source: Source<'_>,
        before: &Position,
        batch: Batch,
    ) -> Result<Position, StoreError> {
        let mut connection = self.writer.acquire().await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let lines: Vec<FromLine<'_>> =
            batch.titles.iter().map(|(line, incoming)| FromLine { incoming, line: *line }).collect();
        let (written, repeated) = put(&mut transaction, &lines, Some(before.run)).await?;
        let mut set_aside = batch.set_aside;
        for again in repeated {
            let record = batch.titles.iter().find(|(line, _)| *line == again.line);
            let id = record.map_or("", |(_, incoming)| incoming.record.id.0.as_str());
            set_aside.push(SetAside {
                line: again.line,
                reason: format!("id `{id}` stands in line {} already, with another content", again.first),
                suggestion: "give each record an id of its own, or leave one of the two out".to_owned(),
                raw: record.map_or_else(String::new, |(_, incoming)| incoming.record.title.clone()),
            });
        }
        quarantine(&mut transaction, source.name, &set_aside).await?;
        let after = Position {
            run: before.run,
            records: batch.records,
            digest: batch.digest,
            written: Written {
                added: before.written.added + written.added,
                changed: before.written.changed + written.changed,
                unchanged: before.written.unchanged + written.unchanged,
            },
            quarantined: before.quarantined + set_aside.len() as u64,
            stage: if batch.is_last { Stage::Finished } else { Stage::Begun },
        };
        advance(&mut transaction, &after).await?;
        transaction.commit().await?;
        self.tell();
        Ok(after)
    }

    /// What imports set aside, by file and line, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn quarantine(&self, limit: u32) -> Result<Vec<Quarantined>, StoreError> {
        let rows = sqlx::query(
            "SELECT source, line, reason, suggestion, raw FROM quarantine ORDER BY source, line LIMIT $1",
        )
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        let read = |row: &sqlx::sqlite::SqliteRow| Quarantined {
            source: row.get(0),
            line: count(row.get(1)),
            reason: row.get(2),
            suggestion: row.get(3),
            raw: row.get(4),
        };
        Ok(rows.iter().map(read).collect())
    }

    /// How many records are set aside.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn quarantined(&self) -> Result<u64, StoreError> {
        let row = sqlx::query("SELECT count(*) FROM quarantine").fetch_one(&self.readers).await?;
        Ok(count(row.get(0)))
    }
}

async fn quarantine(
    connection: &mut SqliteConnection,
    source: &str,
    set_aside: &[SetAside],
) -> Result<(), StoreError> {
    if set_aside.is_empty() {
        return Ok(());
    }
    let rows = set_aside.iter().map(|one| json!([one.line, one.reason, one.suggestion, one.raw]));
    let rows: Vec<Value> = rows.collect();
    sqlx::query(
        "INSERT OR REPLACE INTO quarantine (source, line, reason, suggestion, raw) \
         SELECT $1, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each($2)",
    )
    .bind(source)
    .bind(Value::from(rows).to_string())
    .execute(connection)
    .await?;
    Ok(())
}

async fn advance(connection: &mut SqliteConnection, after: &Position) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE imports SET records = $2, digest = $3, added = $4, changed = $5, unchanged = $6, \
         quarantined = $7, stage = $8 WHERE run = $1",
    )
    .bind(after.run)
    .bind(number(after.records))
    .bind(&after.digest[..])
    .bind(number(after.written.added))
    .bind(number(after.written.changed))
    .bind(number(after.written.unchanged))
    .bind(number(after.quarantined))
    .bind(if after.stage == Stage::Finished { "finished" } else { "begun" })
    .execute(connection)
    .await?;
    Ok(())
}
