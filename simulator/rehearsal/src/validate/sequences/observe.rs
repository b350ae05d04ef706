//! What there is to see after a step: the provider's books, our rows, what was answered.

use std::collections::{BTreeMap, BTreeSet};

use actors::provider::books::{ChargeSent, Payment, Sent};
use platform_core::ledger::{Account as LedgerAccount, Cause};
use platform_core::subscription::access;
use platform_core::subscription::account::Account;
use platform_core::subscription::books::Books;
use platform_core::subscription::rows::{InvoiceKind, Owner};
use platform_core::webhook::inbox::InboxState;
use serde_json::{Map, Value, json};
use units::{Micros, Money, Timestamp};

use super::http::instant;
use super::stage::{FOREIGN_PAYMENT, Stage};

/// Table and id of a row.
pub(super) type RowKey = (&'static str, String);

/// Rows by table and id, to tell what a step has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rows(BTreeMap<RowKey, String>);

impl Rows {
    /// The rows that effects are counted in.
    pub(super) fn of(books: &Books) -> Self {
        let mut rows = BTreeMap::new();
        let mut put = |table: &'static str, id: &str, row: Value| {
            rows.insert((table, id.to_owned()), row.to_string());
        };
        for account in books.accounts.values() {
            put("subscriptions", &account.subscription.id, json!(account.subscription));
            account.invoices.iter().for_each(|row| put("invoices", &row.id, json!(row)));
            account.attempts.iter().for_each(|row| put("attempts", &row.key, json!(row)));
            account.refunds.iter().for_each(|row| put("refunds", &row.id, json!(row)));
            account.grants.iter().for_each(|row| put("access", &row.id, json!(row)));
        }
        for row in books.ledger.transactions() {
            put("ledger", &format!("{:?}", row.cause), json!(row));
        }
        books.notices.iter().for_each(|row| put("outbox", &row.id, json!(row)));
        Self(rows)
    }

    /// Those that were added, changed or removed.
    pub(super) fn changed<'r>(&'r self, later: &'r Self) -> impl Iterator<Item = RowKey> + 'r {
        let differs = |key: &&RowKey| self.0.get(*key) != later.0.get(*key);
        let keys: BTreeSet<&RowKey> = self.0.keys().chain(later.0.keys()).filter(differs).collect();
        keys.into_iter().cloned()
    }
}

/// Everything that expectations may be about, at one moment.
pub(super) struct View<'s, 'a> {
    pub(super) stage: &'s Stage<'a>,
    pub(super) books: Books,
    pub(super) sub: String,
    /// Alerts, as (kind, subject).
    alerts: Vec<(String, String)>,
    payments: Vec<Payment>,
    sent: Vec<Sent>,
}

const DAY_30: Micros = Micros::from_mins(30 * 24 * 60);

impl<'s, 'a> View<'s, 'a> {
    pub(super) fn new(stage: &'s Stage<'a>, sub: &str) -> Result<Self, String> {
        // A process that is down is asked through its database all the same.
        let store = stage.to_read()?;
        let books = stage.turns.alone(store.books()).map_err(|error| error.to_string())?;
        let alerts = stage.turns.alone(store.alerts()).map_err(|error| error.to_string())?;
        let provider = stage.provider();
        let ours = provider.books.payments.iter().filter(|payment| payment.id != FOREIGN_PAYMENT);
        let (payments, sent) = (ours.cloned().collect(), provider.books.sent.clone());
        drop(provider);
        Ok(Self { stage, books, sub: sub.to_owned(), alerts, payments, sent })
    }

    pub(super) fn alerts(&self) -> Value {
        counted(self.alerts.iter().map(|(kind, _)| kind.clone()))
    }

    /// Whether the customer of the subscription has access now, by whichever subscription of theirs.
    pub(super) fn access(&self) -> bool {
        let now = self.stage.now();
        let customer = self.account().map(|account| &account.customer.id);
        customer.is_some_and(|customer| {
            let mut theirs = self.accounts().filter(|account| account.customer.id == *customer);
            theirs.any(|account| access::has_access(account, now))
        })
    }

    pub(super) fn captured(&self) -> impl Iterator<Item = &Payment> {
        self.payments.iter().filter(|payment| payment.is_captured())
    }

    pub(super) fn account(&self) -> Option<&Account> {
        self.books.accounts.get(self.sub.as_str())
    }

    pub(super) fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.books.accounts.values()
    }

    pub(super) fn charges(&self) -> impl Iterator<Item = &ChargeSent> {
        self.sent.iter().filter_map(|sent| if let Sent::Charge(charge) = sent { Some(charge) } else { None })
    }

    pub(super) fn captured_by_period(&self) -> Value {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for payment in self.captured() {
            let note = |name: &str| payment.metadata.get(name).map(String::as_str).unwrap_or_default();
            let is_cycle = self
                .accounts()
                .flat_map(|account| &account.invoices)
                .any(|invoice| invoice.id == note("invoice") && invoice.kind == InvoiceKind::Cycle);
            if note("subscription") == self.sub && is_cycle {
                let start = note("period_start").parse().unwrap_or(0);
                *counts.entry(instant(Timestamp(start * 1_000_000))).or_default() += 1;
            }
        }
        json!(counts)
    }

    pub(super) fn double_captures(&self) -> u64 {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for payment in self.captured() {
            let invoice = payment.metadata.get("invoice").map(String::as_str).unwrap_or_default();
            *counts.entry(invoice).or_default() += 1;
        }
        counts.values().filter(|count| **count > 1).count() as u64
    }

    pub(super) fn refunded(&self) -> Value {
        let provider = self.stage.provider();
        money(provider.books.refunds.iter().map(|refund| refund.amount))
    }

    pub(super) fn provider_calls(&self) -> Value {
        let count = |of: fn(&Sent) -> bool| self.sent.iter().filter(|sent| of(sent)).count();
        json!({
            "charge": count(|sent| matches!(sent, Sent::Charge(_))),
            "refund": count(|sent| matches!(sent, Sent::Refund(_))),
            "lookup": count(|sent| matches!(sent, Sent::LookUp)),
        })
    }

    /// The first request of each key, in order.
    fn first_charges(&self) -> Vec<&ChargeSent> {
        let mut keys = BTreeSet::new();
        self.charges().filter(|charge| keys.insert(&charge.key)).collect()
    }

    pub(super) fn charge_keys(&self) -> usize {
        self.first_charges().len()
    }

    pub(super) fn attempts_by_card(&self) -> Value {
        counted(self.first_charges().into_iter().map(|charge| charge.card.clone()))
    }

    pub(super) fn reattempts_per_card(&self) -> usize {
        let mut invoices = BTreeSet::new();
        let mut again: BTreeMap<&str, Vec<Timestamp>> = BTreeMap::new();
        for charge in self.first_charges() {
            if !invoices.insert(&charge.invoice) {
                again.entry(&charge.card).or_default().push(charge.at);
            }
        }
        let most = |times: &Vec<Timestamp>| {
            let within = |last: &Timestamp| {
                times.iter().filter(|at| **at <= *last && last.since(**at) < DAY_30).count()
            };
            times.iter().map(within).max().unwrap_or(0)
        };
        again.values().map(most).max().unwrap_or(0)
    }

    pub(super) fn ledger(&self) -> Value {
        counted(self.books.ledger.transactions().filter_map(|row| {
            Some(match row.cause {
                Cause::Payment(_) | Cause::UnexpectedPayment(_) => "payment".to_owned(),
                Cause::Refund(_) => "refund".to_owned(),
                Cause::DisputeWithdrawn(_) => "dispute_withdrawn".to_owned(),
                Cause::DisputeReinstated(_) => "dispute_reinstated".to_owned(),
                _ => return None,
            })
        }))
    }

    pub(super) fn balances(&self) -> Value {
        let mut cash: BTreeMap<String, i64> = BTreeMap::new();
        let mut owed: BTreeMap<String, i64> = BTreeMap::new();
        for entry in self.books.ledger.transactions().flat_map(|row| &row.entries) {
            let (to, sign) = match entry.account {
                LedgerAccount::Cash => (&mut cash, 1),
                // What we owe stands on the credit side.
                LedgerAccount::CustomerCredit => (&mut owed, -1),
                _ => continue,
            };
            *to.entry(entry.amount.currency.code().to_owned()).or_default() +=
                sign * entry.amount.minor_units;
        }
        json!({"cash": cash, "customer_credit": owed})
    }

    pub(super) fn invoices(&self) -> Value {
        let mut rows: Vec<_> =
            self.account().map(|account| account.invoices.iter().collect()).unwrap_or_default();
        rows.sort_by_key(|row| row.period.start);
        let shown = rows.into_iter().map(|row| {
            let mut shown = json!({
                "period_start": instant(row.period.start), "kind": row.kind, "amount": row.amount.minor_units,
                "state": row.state,
            });
            if let Some(reason) = row.reason {
                shown["reason"] = json!(reason);
            }
            shown
        });
        shown.collect()
    }

    pub(super) fn attempt_history(&self) -> Value {
        let mut order: Vec<&str> = Vec::new();
        let mut histories: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for row in self.books.audit.iter().filter(|row| row.action == "attempt" && row.subject == self.sub) {
            if !histories.contains_key(row.row.as_str()) {
                order.push(&row.row);
            }
            histories.entry(&row.row).or_default().push(&row.after);
        }
        order.into_iter().map(|key| json!(histories[key])).collect()
    }

    pub(super) fn status_history(&self) -> Value {
        let changes: Vec<_> = self
            .books
            .audit
            .iter()
            .filter(|row| row.action == "subscription" && row.subject == self.sub)
            .collect();
        let now = self.account().map(|account| account.subscription.status.name());
        let first = changes.first().map_or(now, |row| Some(row.before.as_str()));
        json!(first.into_iter().chain(changes.iter().map(|row| row.after.as_str())).collect::<Vec<_>>())
    }

    pub(super) fn access_intervals(&self) -> Value {
        let (from, now) = (self.stage.given.now.0, self.stage.now());
        let spans = self.account().map(access::intervals).unwrap_or_default();
        let seen = spans.into_iter().filter(|(start, end)| *start <= now && *end > from);
        seen.map(|(start, end)| json!([instant(start.max(from)), (end <= now).then(|| instant(end))]))
            .collect()
    }

    pub(super) fn period_starts(&self) -> Value {
        let first = self.stage.firsts.borrow().get(&self.sub).copied();
        let cycles = self.account().into_iter().flat_map(|account| &account.invoices);
        let cycles = cycles.filter(|row| row.kind == InvoiceKind::Cycle).map(|row| row.period.start);
        // The provider's periods have no invoices of ours.
        let mirrored = self.account().map(|account| &account.subscription);
        let mirrored = mirrored.filter(|row| row.owner == Owner::Provider).map(|row| row.period.start);
        let starts: BTreeSet<Timestamp> = first.into_iter().chain(cycles).chain(mirrored).collect();
        starts.into_iter().map(|at| json!(instant(at))).collect()
    }

    pub(super) fn inbox(&self) -> Value {
        let seen = self.stage.seen.borrow();
        let mut counts = Map::new();
        for row in self.books.inbox.rows.values() {
            let name = match row.state {
                InboxState::Stored { .. } | InboxState::Claimed { .. } => "stored",
                InboxState::Processed => "processed",
                InboxState::Superseded => "superseded",
                InboxState::Ignored => "ignored",
                InboxState::Quarantined { .. } => "quarantined",
            };
            let count = counts.get(name).and_then(Value::as_u64).unwrap_or(0);
            counts.insert(name.to_owned(), json!(count + 1));
        }
        for (name, count) in
            [("duplicate", seen.duplicate), ("conflict", seen.conflict), ("rejected", seen.rejected)]
        {
            counts.insert(name.to_owned(), json!(count));
        }
        Value::Object(counts)
    }

    pub(super) fn audit_fields(&self) -> Value {
        let mut rows: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for row in &self.books.audit {
            rows.entry(row.action.to_string()).or_default().push(json!({
                "actor": row.actor, "reason": row.reason, "before": row.before, "after": row.after,
                "expires_at": row.expires_at.map(instant),
            }));
        }
        json!(rows)
    }
}

/// Counts of names.
pub(super) fn counted(names: impl Iterator<Item = String>) -> Value {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    json!(counts)
}

/// Sums by currency.
pub(super) fn money(amounts: impl Iterator<Item = Money>) -> Value {
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for amount in amounts {
        *sums.entry(amount.currency.code().to_owned()).or_default() += amount.minor_units;
    }
    json!(sums)
}
