//! Opening a database: its settings, and its schema up to date.

use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, SqlSafeStr, SqliteConnection};

use super::{OpenError, StoreOptions};

pub(super) async fn connect(options: &StoreOptions) -> Result<SqliteConnection, OpenError> {
    let synchronous = if options.durable { SqliteSynchronous::Full } else { SqliteSynchronous::Off };
    SqliteConnectOptions::new()
        .filename(&options.path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous)
        .busy_timeout(Duration::from_secs(10))
        .disable_statement_logging()
        .connect()
        .await
        .map_err(|error| unusable(&options.path, &error))
}

pub(super) async fn migrate(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    let first = Migration::new(
        1,
        "billing".into(),
        MigrationType::Simple,
        include_str!("schema.sql").into_sql_str(),
        false,
    );
    let migrator = Migrator::with_migrations(vec![first]);
    match migrator.run(connection).await {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(version)) => {
            Err(OpenError::Newer { path: path.to_path_buf(), version })
        }
        Err(error) => Err(unusable(path, &error)),
    }
}

fn unusable(path: &Path, error: &dyn std::error::Error) -> OpenError {
    OpenError::Unusable { path: path.to_path_buf(), reason: error.to_string() }
}
