//! Rows as the kit wants to see them.

use std::collections::BTreeMap;

use units::Timestamp;

use super::super::system::{
    AttemptView, AuditView, InboxView, InvoiceState as KitInvoiceState, InvoiceView, LedgerView, ReceiptView,
    Snapshot, Status as KitStatus, SubscriptionView,
};
use crate::ledger::Cause;
use crate::subscription::access;
use crate::subscription::account::Account;
use crate::subscription::books::Books;
use crate::subscription::rows::{AttemptState, AuditRow, Invoice, InvoiceKind, InvoiceState, Status};

/// Rows as the kit wants to see them.
#[must_use]
pub fn snapshot(books: &Books, now: Timestamp, firsts: &BTreeMap<String, Timestamp>) -> Snapshot {
    let accounts = || books.accounts.values();
    Snapshot {
        subscriptions: accounts().map(|account| subscription_view(account, now, firsts)).collect(),
        invoices: accounts().flat_map(|account| &account.invoices).filter_map(invoice_view).collect(),
        attempts: accounts()
            .flat_map(|account| &account.attempts)
            .map(|row| AttemptView {
                invoice: row.invoice.to_string(),
                idempotency_key: row.key.to_string(),
                live: row.state.is_live(),
                unknown: row.state == AttemptState::Unknown,
            })
            .collect(),
        ledger: ledger_views(books),
        inbox: books
            .inbox
            .rows
            .values()
            .map(|row| InboxView {
                event: row.key.event_id.clone(),
                settled: row.is_settled(),
                stored_at: row.stored_at,
            })
            .collect(),
        receipts: books
            .notices
            .iter()
            .filter(|row| row.kind == "receipt")
            .map(|row| ReceiptView {
                notice: row.id.to_string(),
                payment: row.about.to_string(),
                posted: row.posted_at.is_some(),
            })
            .collect(),
        audit: books.audit.iter().filter(|row| row.action == "subscription").filter_map(audit_view).collect(),
    }
}

fn subscription_view(
    account: &Account,
    now: Timestamp,
    firsts: &BTreeMap<String, Timestamp>,
) -> SubscriptionView {
    let cycles = account.invoices.iter().filter(|invoice| invoice.kind == InvoiceKind::Cycle);
    let id = &account.subscription.id;
    SubscriptionView {
        subscription: id.to_string(),
        status: kit_status(account.subscription.status),
        access: access::has_access(account, now),
        period_starts: firsts
            .get(id.as_str())
            .copied()
            .into_iter()
            .chain(cycles.map(|row| row.period.start))
            .collect(),
    }
}

/// A cycle invoice; one for a period that we missed asks nobody for anything.
fn invoice_view(row: &Invoice) -> Option<InvoiceView> {
    (row.kind == InvoiceKind::Cycle && row.reason.is_none()).then(|| InvoiceView {
        invoice: row.id.to_string(),
        subscription: row.subscription.to_string(),
        period_start: row.period.start,
        amount: row.amount,
        state: match row.state {
            InvoiceState::Open => KitInvoiceState::Open,
            InvoiceState::Paid => KitInvoiceState::Paid,
            InvoiceState::Void => KitInvoiceState::Void,
            InvoiceState::Uncollectible => KitInvoiceState::Uncollectible,
        },
    })
}

fn ledger_views(books: &Books) -> Vec<LedgerView> {
    let refunded = |id: &str| {
        let mut refunds = books.accounts.values().flat_map(|account| &account.refunds);
        refunds.find(|refund| refund.id == *id).map(|refund| refund.payment.clone())
    };
    books
        .ledger
        .transactions()
        .filter_map(|row| {
            let (payment, refund) = match &row.cause {
                Cause::Payment(payment) | Cause::UnexpectedPayment(payment) => (payment.clone(), false),
                Cause::Refund(id) => (refunded(id)?, true),
                _ => return None,
            };
            let entries = row.entries.iter().map(|entry| entry.amount.minor_units).collect();
            Some(LedgerView { payment: payment.to_string(), refund, entries })
        })
        .collect()
}

fn audit_view(row: &AuditRow) -> Option<AuditView> {
    let status = |name: &str| match name {
        "canceled" => KitStatus::Canceled,
        "past_due" => KitStatus::PastDue,
        _ => KitStatus::Active,
    };
    (!row.before.is_empty()).then(|| AuditView {
        subscription: row.subject.to_string(),
        before: status(&row.before),
        after: status(&row.after),
        cause: row.cause.to_string(),
    })
}

const fn kit_status(status: Status) -> KitStatus {
    match status {
        Status::Canceled | Status::IncompleteExpired => KitStatus::Canceled,
        Status::PastDue => KitStatus::PastDue,
        _ => KitStatus::Active,
    }
}
