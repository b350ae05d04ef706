//! One suite for every store: the model in memory and SQLite pass the same assertions.
//!
//! Reading order:
//! - [`bed`]: a store under test, and what the suite does to it past its trait.
//! - [`charges`]: renewals, captures, uniqueness.
//! - [`events`]: stored webhooks and notices.
//! - [`groups`]: webhooks that are stored together; SQLite alone.
//! - [`units`]: what is refused takes nothing with it; what is written stays.
//! - [`requests`]: new ids, and answers under keys; SQLite alone.
//! - [`retention`]: what goes after its time; SQLite alone.
//! - [`opening`]: which files are opened and which refused; SQLite alone.

mod bed;
mod charges;
mod events;
mod groups;
mod opening;
mod requests;
mod retention;
mod units;

/// Makes two tests of each claim: one over memory, one over SQLite.
macro_rules! over_every_store {
    ($($claim:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test]
            async fn $claim() {
                super::$claim(super::super::bed::InMemory::empty()).await;
            })*
        }
        mod sqlite {
            $(#[tokio::test]
            async fn $claim() {
                super::$claim(super::super::bed::InSqlite::empty().await).await;
            })*
        }
    };
}
use over_every_store;
