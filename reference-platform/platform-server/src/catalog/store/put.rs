//! Many titles written in few statements: a row sent by itself costs a change of threads, which at a million titles is minutes.
//!
//! What is written already is not written again, so a file that is imported twice moves neither the feed nor the index.

use std::collections::BTreeMap;

use platform_core::catalog::record::{Availability, Tier};
use serde_json::{Value, json};
use sqlx::{Row, SqliteConnection};

use super::{Incoming, StoreError};

/// What became of titles that were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// New ones.
    pub added: u64,
    /// Known ones whose text or windows are others now.
    pub changed: u64,
    /// Known ones that were as they are.
    pub unchanged: u64,
}

/// Windows, each with the id of its title and its place among the title's.
pub(super) const INSERT_WINDOWS: &str = "INSERT INTO availability (title, place, territory, start_us, end_us, tier) \
     SELECT titles.number, value ->> 1, value ->> '$[2][0]', value ->> '$[2][1]', value ->> '$[2][2]', \
     value ->> '$[2][3]' FROM json_each($1) JOIN titles ON titles.id = value ->> 0";

/// A title from a line of an import.
#[derive(Debug, Clone)]
pub(super) struct FromLine<'a> {
    pub(super) incoming: &'a Incoming,
    pub(super) line: u64,
}

/// An id that stands twice in one import, with another content: the second is not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Repeated {
    /// Where it stands again.
    pub(super) line: u64,
    /// Where it stood first.
    pub(super) first: u64,
}

/// What the database has of a title, or will have after this batch.
struct Known {
    text_hash: i64,
    windows_hash: i64,
    origin: Option<(i64, u64)>,
}

/// The first 64 bits of the hash of a text.
fn hash(text: &str) -> i64 {
    let hash = blake3::hash(text.as_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash.as_bytes()[..8]);
    i64::from_le_bytes(bytes)
}

pub(super) const fn tier_number(tier: Tier) -> i64 {
    match tier {
        Tier::Free => 0,
        Tier::Basic => 1,
        Tier::Premium => 2,
    }
}

/// A moment as the database keeps it. Moments after the year 290,000 are that year.
pub(super) fn moment(at: units::Timestamp) -> i64 {
    i64::try_from(at.0).unwrap_or(i64::MAX)
}

/// Windows as rows without their title, and their hash.
pub(super) fn windows(windows: &[Availability]) -> (Vec<Value>, i64) {
    let rows: Vec<Value> = windows
        .iter()
        .map(|window| {
            let (start, end) = (moment(window.start), window.end.map(moment));
            json!([window.territory, start, end, tier_number(window.tier)])
        })
        .collect();
    let hash = hash(&Value::from(rows.clone()).to_string());
    (rows, hash)
}

/// Rows of one batch, by table.
#[derive(Default)]
struct Rows {
    titles: Vec<Value>,
    ids_of_windows: Vec<String>,
    windows: Vec<Value>,
    feed: Vec<Value>,
}

/// Writes titles, their windows and the feed.
pub(super) async fn put(
    connection: &mut SqliteConnection,
    lines: &[FromLine<'_>],
    run: Option<i64>,
) -> Result<(Written, Vec<Repeated>), StoreError> {
    let mut known = known(connection, lines).await?;
    let (mut written, mut repeated, mut rows) = (Written::default(), Vec::new(), Rows::default());
    for FromLine { incoming, line } in lines {
        let id = &incoming.record.id.0;
        let record = serde_json::to_string(&incoming.record)
            .map_err(|error| StoreError::Database(sqlx::Error::Encode(error.into())))?;
        let (window_rows, windows_hash) = windows(&incoming.windows);
        let text_hash = hash(&record);
        let before = known.get(id);
        let first = before.and_then(|known| known.origin).filter(|(of, at)| Some(*of) == run && at < line);
        let same_text = before.is_some_and(|known| known.text_hash == text_hash);
        let same_windows = before.is_some_and(|known| known.windows_hash == windows_hash);
        match (before, first) {
            (Some(_), _) if same_text && same_windows => {
                written.unchanged += 1;
                continue;
            }
            (Some(_), Some((_, first))) => {
                repeated.push(Repeated { line: *line, first });
                continue;
            }
            (Some(_), None) => written.changed += 1,
            (None, _) => written.added += 1,
        }
        rows.titles.push(json!([id, record, text_hash, windows_hash, run, line]));
        rows.feed.push(json!([id, if same_text { "windows" } else { "title" }]));
        if !same_windows {
            rows.ids_of_windows.push(id.clone());
            rows.windows.extend((0..).zip(window_rows).map(|(place, row)| json!([id, place, row])));
        }
        let origin = run.map(|run| (run, *line));
        known.insert(id.clone(), Known { text_hash, windows_hash, origin });
    }
    rows.write(connection).await?;
    Ok((written, repeated))
}

async fn known(
    connection: &mut SqliteConnection,
    lines: &[FromLine<'_>],
) -> Result<BTreeMap<String, Known>, StoreError> {
    let ids: Vec<&str> = lines.iter().map(|line| line.incoming.record.id.0.as_str()).collect();
    let rows = sqlx::query(
        "SELECT id, text_hash, windows_hash, run, line FROM titles WHERE id IN (SELECT value FROM json_each($1))",
    )
    .bind(json!(ids).to_string())
    .fetch_all(connection)
    .await?;
    let known = rows.into_iter().map(|row| {
        let line = row.get::<Option<i64>, _>(4).and_then(|line| u64::try_from(line).ok());
        let origin = row.get::<Option<i64>, _>(3).zip(line);
        (row.get(0), Known { text_hash: row.get(1), windows_hash: row.get(2), origin })
    });
    Ok(known.collect())
}

impl Rows {
    async fn write(self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        if self.titles.is_empty() {
            return Ok(());
        }
        let steps = [
            (
                "INSERT INTO titles (id, record, text_hash, windows_hash, run, line) \
                 SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 \
                 FROM json_each($1) WHERE true \
                 ON CONFLICT (id) DO UPDATE SET record = excluded.record, text_hash = excluded.text_hash, \
                 windows_hash = excluded.windows_hash, run = excluded.run, line = excluded.line",
                Value::from(self.titles),
            ),
            (
                "DELETE FROM availability WHERE title IN \
                 (SELECT number FROM titles WHERE id IN (SELECT value FROM json_each($1)))",
                Value::from(self.ids_of_windows),
            ),
            (INSERT_WINDOWS, Value::from(self.windows)),
            (
                "INSERT OR REPLACE INTO feed (title, what) \
                 SELECT titles.number, value ->> 1 FROM json_each($1) JOIN titles ON titles.id = value ->> 0 \
                 ORDER BY json_each.key",
                Value::from(self.feed),
            ),
        ];
        for (sql, rows) in steps {
            sqlx::query(sql).bind(rows.to_string()).execute(&mut *connection).await?;
        }
        Ok(())
    }
}
