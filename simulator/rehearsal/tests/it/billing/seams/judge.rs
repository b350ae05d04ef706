//! What must hold at the end of a month, whatever happened in it.

use std::collections::{BTreeMap, BTreeSet};

use platform_core::ledger::{Account as LedgerAccount, Cause};
use platform_core::subscription::books::Books;
use platform_core::subscription::rows::{InvoiceState, Status};

use super::scene::{CANCELS_IN_BETWEEN, CANCELS_LATE, Scene};

/// Renewals of each subscription in the month.
const RENEWALS: usize = 2;

/// What does not hold, in words.
pub(super) fn complaints(scene: &Scene) -> Vec<String> {
    let books = scene.platform.books();
    let mut found = money(scene, &books);
    found.extend(rows(&books));
    found.extend(events(scene, &books));
    for notice in &books.notices {
        if notice.posted_at.is_none() || !scene.posted().iter().any(|id| *id == notice.id) {
            found.push(format!("notice `{}` was never posted", notice.id));
        }
    }
    found
}

/// The provider's books against ours.
fn money(scene: &Scene, books: &Books) -> Vec<String> {
    let provider = scene.provider();
    let mut found = provider.books.offences.clone();
    let mut captures: BTreeMap<&str, u32> = BTreeMap::new();
    for payment in provider.books.captured() {
        *captures.entry(&payment.metadata["invoice"]).or_default() += 1;
    }
    let twice = captures.iter().filter(|(_, count)| **count > 1);
    found.extend(twice.map(|(invoice, count)| format!("`{invoice}` was captured {count} times")));
    for account in books.accounts.values() {
        let id = &account.subscription.id;
        let theirs = || provider.books.captured().filter(|payment| payment.metadata["subscription"] == *id);
        let kept: i64 =
            theirs().map(|payment| payment.amount.minor_units - provider.books.refunded(&payment.id)).sum();
        let renewals = if [CANCELS_LATE, CANCELS_IN_BETWEEN].contains(&id.as_str()) { 0 } else { RENEWALS };
        let owed = account.subscription.price.minor_units * i64::try_from(renewals).unwrap_or(i64::MAX);
        if kept != owed {
            found.push(format!("`{id}` paid {kept} minor units, owed {owed}"));
        }
    }
    found.extend(ledger(scene, books));
    found
}

fn ledger(scene: &Scene, books: &Books) -> Vec<String> {
    let provider = scene.provider();
    let captured: BTreeSet<&str> = provider.books.captured().map(|payment| payment.id.as_str()).collect();
    let booked: Vec<&str> = books
        .ledger
        .transactions()
        .filter_map(|row| match &row.cause {
            Cause::Payment(id) | Cause::UnexpectedPayment(id) => Some(id.as_str()),
            _ => None,
        })
        .collect();
    let mut found = Vec::new();
    if booked.len() != captured.len() || booked.iter().copied().collect::<BTreeSet<_>>() != captured {
        found.push(format!("the ledger has {booked:?}, the provider {captured:?}"));
    }
    let entries = books.ledger.transactions().flat_map(|row| &row.entries);
    let cash: i64 = entries
        .filter(|entry| entry.account == LedgerAccount::Cash)
        .map(|entry| entry.amount.minor_units)
        .sum();
    let taken: i64 = provider.books.captured().map(|payment| payment.amount.minor_units).sum();
    let returned: i64 = provider.books.refunds.iter().map(|refund| refund.amount.minor_units).sum();
    if cash != taken - returned {
        found.push(format!("the ledger has {cash} in cash, the provider {taken} less {returned}"));
    }
    found
}

fn rows(books: &Books) -> Vec<String> {
    let mut found = Vec::new();
    for account in books.accounts.values() {
        let id = &account.subscription.id;
        let ended = [CANCELS_LATE, CANCELS_IN_BETWEEN].contains(&id.as_str());
        let status = if ended { Status::Canceled } else { Status::Active };
        if account.subscription.status != status {
            found.push(format!("`{id}` is {}", account.subscription.status.name()));
        }
        for invoice in account.invoices.iter().filter(|invoice| invoice.state == InvoiceState::Open) {
            found.push(format!("`{}` is still open", invoice.id));
        }
        for attempt in account.attempts.iter().filter(|attempt| attempt.state.is_live()) {
            found.push(format!("`{}` still has no outcome", attempt.key));
        }
        let pending = |refund: &&platform_core::subscription::rows::Refund| {
            refund.state != platform_core::subscription::rows::RefundState::Succeeded
        };
        for refund in account.refunds.iter().filter(pending) {
            found.push(format!("`{}` did not go back", refund.id));
        }
    }
    found
}

/// The sender's log against our inbox.
fn events(scene: &Scene, books: &Books) -> Vec<String> {
    let mut found = Vec::new();
    for event in scene.acknowledged().iter() {
        match books.inbox.rows.values().find(|row| row.key.event_id == *event) {
            None => found.push(format!("`{event}` was acknowledged and is not stored")),
            Some(row) if !row.is_settled() => found.push(format!("`{event}` is not settled")),
            Some(_) => {}
        }
    }
    if scene.acknowledged().len() < scene.provider().books.payments.len().min(5) {
        found.push("the sender was hardly heard".to_owned());
    }
    found
}
