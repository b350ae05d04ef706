//! The catalogue's database: one SQLite file.
//!
//! One connection writes, others read beside it (write-ahead log); a commit is on the disk when it returns
//! (`synchronous = FULL`), because a supplier's file may be gone afterwards. Whatever changes a title writes a row of the feed in the same
//! transaction. The feed is coalesced: it holds the latest change of each kind per title, so it is bounded by the
//! catalogue, and whoever reads on from any position sees every title that has changed since.
//!
//! - `put`: many titles written in few statements.
//! - `edit`: single changes by hand.
//! - [`feed`]: what changed since a position, and the whole catalogue at one.
//! - `position`: how far imports have come, and what they set aside.

mod edit;
pub mod feed;
mod position;
mod put;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use platform_core::catalog::record::{Availability, TitleRecord};
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Row, SqlSafeStr};
use tokio::sync::watch;

pub(crate) use position::{Batch, SetAside, Source};
pub use position::{Position, Quarantined, Stage};
pub use put::Written;

/// Version of the schema that this program writes.
pub const SCHEMA: i64 = 1;
/// How long a writer waits for that of another process: longer than a batch of an import takes on a slow disk.
const BUSY: Duration = Duration::from_secs(30);
/// Connections that read: the index's follower, a report, a person.
const READERS: u32 = 4;

/// What can go wrong with the catalogue's database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Written by a later version of this program.
    #[error("the catalogue has schema {found}, and this program knows schemas up to {known}")]
    NewerSchema {
        /// Its version.
        found: i64,
        /// The latest that is known here.
        known: i64,
    },
    /// A database of something else.
    #[error("`{}` is no catalogue", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// There is no such file, and none was to be made.
    #[error("there is no catalogue `{}`", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The schema cannot be made or brought up to date.
    #[error("the catalogue's schema cannot be brought up to date")]
    Migrate(#[source] MigrateError),
    /// A row holds what this program did not write.
    #[error("title number {number} cannot be read")]
    Record {
        /// Number of the title.
        number: i64,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// No such title.
    #[error("there is no title `{id}`")]
    NoTitle {
        /// What was asked for.
        id: String,
    },
    /// The database refused.
    #[error("the catalogue's database failed")]
    Database(#[from] sqlx::Error),
}

/// A title with its windows, to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// The title.
    pub record: TitleRecord,
    /// Where it may be watched: all of it, what is not here is over.
    pub windows: Vec<Availability>,
}

/// A catalogue that is open.
#[derive(Debug, Clone)]
pub struct CatalogStore {
    writer: SqlitePool,
    readers: SqlitePool,
    /// Told after every commit of this process.
    changed: watch::Sender<()>,
    name: String,
}

impl CatalogStore {
    /// Opens a catalogue, or makes an empty one.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`], [`StoreError::Foreign`], or that the file cannot be used.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match Self::try_open(path).await {
                Err(StoreError::Database(error)) if tries < TRIES_MAX && is_busy(&error) => {
                    tokio::time::sleep(PAUSE).await;
                }
                opened => return opened,
            }
        }
    }

    async fn try_open(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY);
        // A connection that idles must not be closed: the next commit would open the file again.
        let pool = |most| {
            SqlitePoolOptions::new()
                .max_connections(most)
                .min_connections(1)
                .idle_timeout(None)
                .max_lifetime(None)
                .test_before_acquire(false)
        };
        let foreign = |error: &sqlx::Error| {
            error
                .as_database_error()
                .and_then(|error| error.code())
                .is_some_and(|code| code == NOT_A_DATABASE)
        };
        let writer = match pool(1).connect_with(options.clone()).await {
            Err(error) if foreign(&error) => return Err(StoreError::Foreign { path: path.to_owned() }),
            opened => opened?,
        };
        if is_foreign(&writer).await? {
            return Err(StoreError::Foreign { path: path.to_owned() });
        }
        migrate(&writer).await?;
        let readers = pool(READERS).connect_with(options.read_only(true)).await?;
        let name = sqlx::query("SELECT name FROM catalogue").fetch_one(&readers).await?.get(0);
        Ok(Self { writer, readers, changed: watch::Sender::new(()), name })
    }

    /// Opens a catalogue that must be there.
    ///
    /// # Errors
    /// [`StoreError::Missing`], and as [`Self::open`].
    pub async fn open_existing(path: &Path) -> Result<Self, StoreError> {
        if !path.is_file() {
            return Err(StoreError::Missing { path: path.to_owned() });
        }
        Self::open(path).await
    }

    /// The name that this catalogue was given at random when it was made: what is derived from it can tell it from others.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Wakes after commits of this process. Those of others are found by looking at the feed now and then.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Closes all connections; the log of writes is folded into the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    fn tell(&self) {
        self.changed.send_replace(());
    }
}

/// How often opening and making the schema are tried while other processes do the same: as often as some may begin at once.
const TRIES_MAX: u32 = 50;
/// Between two tries: longer than it takes to make the schema.
const PAUSE: Duration = Duration::from_millis(20);
/// SQLite's code for a file that another process holds; in the lowest byte, the others say why. A change of the journal's mode and
/// a log that is being read again do not wait for it as other statements do.
const BUSY_CODE: u32 = 5;

fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xFF == BUSY_CODE)
}

/// SQLite's code for a file that is no database.
const NOT_A_DATABASE: &str = "26";

/// Whether there are tables, and none of ours.
async fn is_foreign(pool: &SqlitePool) -> Result<bool, sqlx::Error> {
    // The table of migrations is made first: that alone is a catalogue in the making.
    let names = sqlx::query(
        "SELECT count(*), coalesce(sum(name = 'catalogue'), 0) FROM sqlite_schema \
         WHERE type = 'table' AND name <> '_sqlx_migrations'",
    );
    let row = names.fetch_one(pool).await?;
    Ok(row.get::<i64, _>(0) > 0 && row.get::<i64, _>(1) == 0)
}

async fn migrate(pool: &SqlitePool) -> Result<(), StoreError> {
    let sql = include_str!("store/init.sql").into_sql_str();
    let init = Migration::new(SCHEMA, "init".into(), MigrationType::Simple, sql, false);
    let migrator = Migrator::with_migrations(vec![init]);
    let mut tries = 0;
    loop {
        tries += 1;
        match migrator.run(pool).await {
            Ok(()) => return Ok(()),
            Err(MigrateError::VersionMissing(found)) if found > SCHEMA => {
                return Err(StoreError::NewerSchema { found, known: SCHEMA });
            }
            // Another process makes the same schema at this moment: one of the two comes first, the other finds it made.
            Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..)) if tries < TRIES_MAX => {}
            Err(error) => return Err(StoreError::Migrate(error)),
        }
    }
}
