//! Business tables in key order, so that two stores can be compared row by row.

use std::collections::BTreeMap;

use platform_core::subscription::books::Books;
use serde::Serialize;

/// Rows as JSON by table and key.
pub(super) type Tables = BTreeMap<(&'static str, String), String>;

/// All business tables. Rows that are only ever appended are keyed by their place.
pub(super) fn tables(books: &Books) -> Tables {
    let mut tables = Tables::new();
    let mut put = |table: &'static str, key: &str, row: &dyn erased::Row| {
        let earlier = tables.insert((table, key.to_owned()), row.json());
        assert_eq!(earlier, None, "{table} `{key}` exists twice");
    };
    books.customers.values().for_each(|row| put("customers", &row.id, row));
    for account in books.accounts.values() {
        put("subscriptions", &account.subscription.id, &account.subscription);
        account.invoices.iter().for_each(|row| put("invoices", &row.id, row));
        account.attempts.iter().for_each(|row| put("attempts", &row.key, row));
        account.refunds.iter().for_each(|row| put("refunds", &row.id, row));
        account.disputes.iter().for_each(|row| put("disputes", &row.id, row));
        account.grants.iter().for_each(|row| put("grants", &row.id, row));
    }
    books.ledger.transactions().for_each(|row| put("ledger", &format!("{:?}", row.cause), row));
    books.notices.iter().for_each(|row| put("notices", &row.id, row));
    books.tasks.iter().for_each(|row| put("tasks", &format!("{} {}", row.kind, row.subject), row));
    books.audit.iter().enumerate().for_each(|(at, row)| put("audit", &format!("{at:06}"), row));
    books.inbox.rows.values().for_each(|row| put("inbox", &format!("{:?}", row.key), row));
    tables
}

/// The first row, in key order, that is not the same in both.
pub(super) fn first_difference(one: &Tables, other: &Tables) -> Option<String> {
    let keys: std::collections::BTreeSet<_> = one.keys().chain(other.keys()).collect();
    let differs = |key: &&&(&'static str, String)| one.get(**key) != other.get(**key);
    keys.iter().find(differs).map(|key| {
        let shown = |tables: &Tables| tables.get(*key).cloned().unwrap_or_else(|| "no row".to_owned());
        format!("{} `{}`\n  {}\n  {}", key.0, key.1, shown(one), shown(other))
    })
}

mod erased {
    //! A row of any kind as JSON.

    /// A row.
    pub(super) trait Row {
        fn json(&self) -> String;
    }

    impl<T: super::Serialize> Row for T {
        fn json(&self) -> String {
            serde_json::to_string(self).expect("rows are plain")
        }
    }
}
