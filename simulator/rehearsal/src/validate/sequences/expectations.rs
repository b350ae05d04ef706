//! Each key of an expectation: what it speaks of, and how it is compared.

use platform_core::subscription::access;
use platform_core::subscription::rows::InvoiceState;
use serde_json::{Map, Value, json};

use super::compare::{Shape, differs};
use super::http::instant;
use super::observe::{View, counted, money};
use super::stage::Stage;

/// What an expectation's key speaks of.
type Look = fn(&View<'_, '_>) -> Value;

/// Every key that is known.
const KEYS: [(&str, Shape, Look); 45] = [
    ("captured", Shape::Plain, |view| json!(view.captured().count())),
    ("captured_amount", Shape::Closed, |view| money(view.captured().map(|payment| payment.amount))),
    ("captured_by_period", Shape::Closed, |view| view.captured_by_period()),
    ("double_captures", Shape::Plain, |view| json!(view.double_captures())),
    ("refunded_amount", Shape::Closed, |view| view.refunded()),
    ("provider_calls", Shape::Open, |view| view.provider_calls()),
    ("charge_keys", Shape::Plain, |view| json!(view.charge_keys())),
    ("attempts_by_card", Shape::Closed, |view| view.attempts_by_card()),
    ("reattempts_per_card_30d", Shape::Plain, |view| json!(view.reattempts_per_card())),
    ("ledger", Shape::Closed, |view| view.ledger()),
    ("ledger_balance", Shape::OpenOfClosed, |view| view.balances()),
    ("invoices", Shape::Plain, |view| view.invoices()),
    ("invoice_states", Shape::Closed, |view| {
        let invoices = view.accounts().flat_map(|account| &account.invoices);
        counted(invoices.map(|row| row.state.name().to_owned()))
    }),
    ("attempts", Shape::Closed, |view| {
        let attempts = view.accounts().flat_map(|account| &account.attempts);
        counted(attempts.map(|row| row.state.name().to_owned()))
    }),
    ("attempt_history", Shape::Plain, |view| view.attempt_history()),
    ("forgone_amount", Shape::Closed, |view| {
        let invoices = view.accounts().flat_map(|account| &account.invoices);
        money(invoices.filter(|row| row.state == InvoiceState::Paid).filter_map(|row| row.forgone))
    }),
    ("status", Shape::Plain, |view| json!(view.account().map(|account| account.subscription.status))),
    ("status_history", Shape::Plain, |view| view.status_history()),
    ("statuses", Shape::Closed, |view| {
        counted(view.accounts().map(|account| account.subscription.status.name().to_owned()))
    }),
    ("subscriptions", Shape::Plain, |view| json!(view.accounts().count())),
    ("entitled_subscriptions", Shape::Plain, |view| {
        let now = view.stage.now();
        json!(view.accounts().filter(|account| access::has_access(*account, now)).count())
    }),
    ("access", Shape::Plain, |view| json!(view.access())),
    ("access_intervals", Shape::Plain, |view| view.access_intervals()),
    ("period", Shape::Plain, |view| {
        json!(view.account().map(|account| {
            let period = account.subscription.period;
            [instant(period.start), instant(period.end)]
        }))
    }),
    ("period_starts", Shape::Plain, |view| view.period_starts()),
    ("anchor", Shape::Plain, |view| {
        json!(view.account().map(|account| instant(account.subscription.anchor)))
    }),
    ("next_renewal", Shape::Plain, |view| {
        json!(view.account().map(|account| instant(account.subscription.period.end)))
    }),
    ("inbox", Shape::Closed, |view| view.inbox()),
    ("inbox_rows", Shape::Plain, |view| json!(view.books.inbox.rows.len())),
    ("answers", Shape::Answers, |view| json!(view.stage.seen.borrow().answers)),
    ("replayed", Shape::Open, |view| json!(view.stage.seen.borrow().replayed)),
    ("effects", Shape::Open, |view| json!(view.stage.seen.borrow().effects)),
    ("alerts", Shape::Open, |view| view.alerts()),
    ("tasks", Shape::Open, |view| counted(view.books.tasks.iter().map(|task| task.kind.to_string()))),
    ("notices", Shape::Open, |view| counted(view.books.notices.iter().map(|notice| notice.kind.to_string()))),
    ("notice_posts", Shape::Open, |view| {
        counted(view.stage.seen.borrow().posted.iter().map(|(_, kind)| kind.clone()))
    }),
    ("audit", Shape::Open, |view| counted(view.books.audit.iter().map(|row| row.action.to_string()))),
    ("audit_fields", Shape::Fields, |view| view.audit_fields()),
    // Jobs are found by what is due, so none can be given up.
    ("dead_jobs", Shape::Plain, |_| json!(0)),
    ("report", Shape::Open, |_| json!({})),
    ("fixed", Shape::Open, |_| json!({})),
    ("drift", Shape::Closed, |_| json!({})),
    ("sub", Shape::Plain, |view| json!(view.sub)),
    // Every answer and notice is kept apart from what the provider refuses to do.
    ("offences", Shape::Plain, |view| json!(view.stage.seen.borrow().offences)),
    ("provider_offences", Shape::Plain, |view| json!(view.stage.provider().books.offences)),
];

/// Keys that a file may use: all but the two that only we look at.
pub(super) fn is_known(key: &str) -> bool {
    KEYS.iter().any(|(name, ..)| *name == key) && !key.ends_with("offences")
}

/// Compares, and says where the two differ.
pub(super) fn check(stage: &Stage<'_>, expect: &Map<String, Value>) -> Result<(), String> {
    let sub = expect.get("sub").and_then(Value::as_str).unwrap_or("sub_1");
    let view = View::new(stage, sub)?;
    let none = json!([]);
    for (name, shape, look) in &KEYS {
        let expected = match expect.get(*name) {
            Some(expected) => expected,
            None if name.ends_with("offences") => &none,
            None => continue,
        };
        let actual = look(&view);
        if differs(expected, &actual, *shape) {
            return Err(format!("`{name}` is {actual}, expected {expected}"));
        }
    }
    Ok(())
}
