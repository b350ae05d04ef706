//! Opening a database: its settings, and its schema up to date.

use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, SqlSafeStr, SqliteConnection};

use super::{GROUP_MAX, OpenError, StoreOptions};

/// Statements that stay prepared: one for each size of a group of webhooks, and those of all other work.
const STATEMENTS: usize = 2 * GROUP_MAX;

pub(super) async fn connect(options: &StoreOptions) -> Result<SqliteConnection, OpenError> {
    let synchronous = if options.durable { SqliteSynchronous::Full } else { SqliteSynchronous::Off };
    SqliteConnectOptions::new()
        .filename(&options.path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous)
        .busy_timeout(Duration::from_secs(10))
        .disable_statement_logging()
        .statement_cache_capacity(STATEMENTS)
        .connect()
        .await
        .map_err(|error| unusable(&options.path, &error))
}

pub(super) async fn migrate(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    match Migrator::with_migrations(steps()).run(connection).await {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(version)) => {
            Err(OpenError::Newer { path: path.to_path_buf(), version })
        }
        Err(error) => Err(unusable(path, &error)),
    }
}

/// The steps of the schema, in order.
pub(super) fn steps() -> Vec<Migration> {
    vec![
        migration(1, "billing", include_str!("schema.sql")),
        migration(2, "cleaning", include_str!("cleaning.sql")),
        migration(3, "outbox", include_str!("outbox.sql")),
        migration(4, "refunds", include_str!("refunds.sql")),
    ]
}

/// A step of the schema. One that has been run anywhere is never changed: the next one changes what it made.
fn migration(version: i64, description: &'static str, statements: &'static str) -> Migration {
    Migration::new(version, description.into(), MigrationType::Simple, statements.into_sql_str(), false)
}

pub(super) fn unusable(path: &Path, error: &dyn std::error::Error) -> OpenError {
    OpenError::Unusable { path: path.to_path_buf(), reason: error.to_string() }
}
