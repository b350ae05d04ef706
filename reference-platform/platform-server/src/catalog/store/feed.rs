//! What changed since a position, and the whole catalogue at one.
//!
//! Each reading is one transaction, so a title's text and its windows are of the same moment: whoever applies them never joins a new
//! window to an old text.

use std::collections::{BTreeMap, BTreeSet};

use platform_core::catalog::record::{Availability, RecordId, Territory, Tier, TitleRecord};
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, Row, SqliteConnection};
use units::Timestamp;

use super::{CatalogStore, Incoming, StoreError};

/// A place in the feed: all changes up to it are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Seq(pub u64);

/// A title of the catalogue under its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    /// Given once and never again.
    pub number: u64,
    /// The title and its windows.
    pub title: Incoming,
}

/// A title that changed, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is new, or its text is; windows may be.
    Title(Box<Numbered>),
    /// Only its windows are new.
    Windows {
        /// Of the title.
        number: u64,
        /// All that it has now.
        windows: Vec<Availability>,
    },
    /// There is no such title any more.
    Gone {
        /// Of the title.
        number: u64,
    },
}

/// A piece of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// In order, each title at most once.
    pub list: Vec<Change>,
    /// Where to read on.
    pub upto: Seq,
}

fn whole(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn sql(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl CatalogStore {
    /// The end of the feed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn last_seq(&self) -> Result<Seq, StoreError> {
        let row = sqlx::query("SELECT coalesce(max(seq), 0) FROM feed").fetch_one(&self.readers).await?;
        Ok(Seq(whole(row.get(0))))
    }

    /// How many titles there are.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn titles(&self) -> Result<u64, StoreError> {
        let row = sqlx::query("SELECT count(*) FROM titles").fetch_one(&self.readers).await?;
        Ok(whole(row.get(0)))
    }

    /// How many titles nobody may watch anywhere, ever.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn titles_without_windows(&self) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM titles WHERE number NOT IN (SELECT title FROM availability)";
        Ok(whole(sqlx::query(sql).fetch_one(&self.readers).await?.get(0)))
    }

    /// All titles by number, and the place in the feed that they stand for.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Record`].
    pub async fn all(&self) -> Result<(Vec<Numbered>, Seq), StoreError> {
        let mut connection = self.readers.acquire().await?;
        let mut transaction = connection.begin().await?;
        let row = sqlx::query("SELECT coalesce(max(seq), 0) FROM feed").fetch_one(&mut *transaction).await?;
        let seq = Seq(whole(row.get(0)));
        let records = sqlx::query("SELECT number, record FROM titles ORDER BY number")
            .fetch_all(&mut *transaction)
            .await?;
        let windows = sqlx::query(
            "SELECT title, territory, start_us, end_us, tier FROM availability ORDER BY title, place",
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let mut windows = windows.iter().peekable();
        let mut all = Vec::with_capacity(records.len());
        for row in &records {
            let (number, record) = record(row)?;
            let mut own = Vec::new();
            while let Some(row) = windows.next_if(|row| row.get::<i64, _>(0) <= number) {
                own.extend(window(row, &record.id).filter(|_| row.get::<i64, _>(0) == number));
            }
            all.push(Numbered { number: whole(number), title: Incoming { record, windows: own } });
        }
        Ok((all, seq))
    }

    /// Numbers of the titles whose text changed after a position, or that are gone since.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn texts_since(&self, seq: Seq) -> Result<BTreeSet<u64>, StoreError> {
        let rows = sqlx::query("SELECT title FROM feed WHERE seq > $1 AND what = 'title'")
            .bind(sql(seq.0))
            .fetch_all(&self.readers)
            .await?;
        Ok(rows.iter().map(|row| whole(row.get(0))).collect())
    }

    /// At most `limit` changes after a position; none if nothing has changed.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Record`].
    pub async fn changes_since(&self, seq: Seq, limit: u32) -> Result<Changes, StoreError> {
        let mut connection = self.readers.acquire().await?;
        let mut transaction = connection.begin().await?;
        let rows = sqlx::query("SELECT seq, title FROM feed WHERE seq > $1 ORDER BY seq LIMIT $2")
            .bind(sql(seq.0))
            .bind(limit)
            .fetch_all(&mut *transaction)
            .await?;
        let Some(last) = rows.last() else { return Ok(Changes { list: Vec::new(), upto: seq }) };
        let upto = Seq(whole(last.get(0)));
        let mut order: Vec<i64> = Vec::with_capacity(rows.len());
        let mut seen = BTreeSet::new();
        order.extend(rows.iter().map(|row| row.get::<i64, _>(1)).filter(|title| seen.insert(*title)));
        let mut found = changed(&mut transaction, &order, seq).await?;
        transaction.commit().await?;
        let list = order
            .iter()
            .map(|number| found.remove(number).unwrap_or(Change::Gone { number: whole(*number) }));
        Ok(Changes { list: list.collect(), upto })
    }
}

/// Titles as they are now; the text only of those whose text changed after `seq`, even if that row of the feed is still to come:
/// their windows belong to it.
async fn changed(
    connection: &mut SqliteConnection,
    numbers: &[i64],
    seq: Seq,
) -> Result<BTreeMap<i64, Change>, StoreError> {
    let list = json!(numbers).to_string();
    let titles = sqlx::query(
        "SELECT number, iif(EXISTS (SELECT 1 FROM feed WHERE title = number AND what = 'title' AND seq > $2), \
         record, NULL), id FROM titles WHERE number IN (SELECT value FROM json_each($1))",
    )
    .bind(&list)
    .bind(sql(seq.0))
    .fetch_all(&mut *connection)
    .await?;
    let rows = sqlx::query(
        "SELECT title, territory, start_us, end_us, tier FROM availability \
         WHERE title IN (SELECT value FROM json_each($1)) ORDER BY title, place",
    )
    .bind(&list)
    .fetch_all(&mut *connection)
    .await?;
    let mut windows: BTreeMap<i64, Vec<&SqliteRow>> = BTreeMap::new();
    rows.iter().for_each(|row| windows.entry(row.get(0)).or_default().push(row));
    let mut found = BTreeMap::new();
    for row in &titles {
        let number: i64 = row.get(0);
        let id = RecordId(row.get(2));
        let own = windows.remove(&number).unwrap_or_default();
        let windows: Vec<Availability> = own.into_iter().filter_map(|row| window(row, &id)).collect();
        let change = if row.get::<Option<&str>, _>(1).is_some() {
            let (_, record) = record(row)?;
            Change::Title(Box::new(Numbered { number: whole(number), title: Incoming { record, windows } }))
        } else {
            Change::Windows { number: whole(number), windows }
        };
        found.insert(number, change);
    }
    Ok(found)
}

fn record(row: &SqliteRow) -> Result<(i64, TitleRecord), StoreError> {
    let number = row.get(0);
    let record = serde_json::from_str(row.get(1)).map_err(|source| StoreError::Record { number, source })?;
    Ok((number, record))
}

/// A window; one that this program did not write opens nothing.
fn window(row: &SqliteRow, title: &RecordId) -> Option<Availability> {
    let territory: Territory = row.get::<&str, _>(1).parse().ok()?;
    let tier = match row.get::<i64, _>(4) {
        0 => Tier::Free,
        1 => Tier::Basic,
        2 => Tier::Premium,
        _ => return None,
    };
    let end = row.get::<Option<i64>, _>(3).map(|end| Timestamp(whole(end)));
    Some(Availability { title: title.clone(), territory, start: Timestamp(whole(row.get(2))), end, tier })
}
