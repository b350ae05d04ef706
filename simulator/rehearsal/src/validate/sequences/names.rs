//! Names inside an expectation and between steps. One that is not known is told, never counted as zero.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::format::Step;
use super::steps::label;

/// Statuses of a subscription: the provider's words and ours.
pub(super) const STATUSES: &[&str] =
    &["incomplete", "incomplete_expired", "trialing", "active", "past_due", "unpaid", "paused", "canceled"];
const ATTEMPT_STATES: &[&str] = &["in_flight", "unknown", "succeeded", "failed"];
const INVOICE_STATES: &[&str] = &["open", "paid", "void", "uncollectible"];
const ACTIONS: &[&str] = &["reprocess", "retry_charge", "refund", "override_access", "extend_trial"];
const FINDINGS: &[&str] = &["missing_local", "missing_remote", "unknown_stale"];
const LEDGER_CAUSES: &[&str] = &["payment", "refund", "dispute_withdrawn", "dispute_reinstated"];
const INBOX: &[&str] =
    &["stored", "processed", "duplicate", "conflict", "rejected", "ignored", "superseded", "quarantined"];

/// Expectations that are maps, with the names that may stand in them.
const MAPS: [(&str, &[&str]); 16] = [
    ("provider_calls", &["charge", "refund", "lookup"]),
    ("ledger", LEDGER_CAUSES),
    ("ledger_balance", &["cash", "customer_credit"]),
    ("invoice_states", INVOICE_STATES),
    ("attempts", ATTEMPT_STATES),
    ("statuses", STATUSES),
    ("inbox", INBOX),
    ("alerts", &["event_conflict"]),
    ("tasks", &["late_capture", "consumption_request", "missing_remote"]),
    ("notices", &["receipt"]),
    ("notice_posts", &["receipt"]),
    ("audit", ACTIONS),
    ("audit_fields", ACTIONS),
    ("report", FINDINGS),
    ("fixed", FINDINGS),
    ("drift", &["found", "fixed"]),
];

/// Expectations whose texts are names, with those that there are.
const WORDS: [(&str, &[&str]); 4] = [
    ("status", STATUSES),
    ("status_history", STATUSES),
    ("attempt_history", ATTEMPT_STATES),
    ("audit_fields", &["actor", "reason", "expires_at", "before", "after"]),
];

/// Expectations by label.
const BY_LABEL: [&str; 3] = ["answers", "replayed", "effects"];

/// Keys of an invoice that are expected as they stand.
const INVOICE_KEYS: [&str; 2] = ["period_start", "amount"];

/// Keys of an invoice whose texts are names.
const INVOICE_WORDS: [(&str, &[&str]); 3] =
    [("kind", &["cycle", "change"]), ("state", INVOICE_STATES), ("reason", &["missed_by_us"])];

/// Visits steps and the steps inside them.
pub(super) fn visit<'s>(steps: &mut dyn Iterator<Item = &'s Step>, with: &mut dyn FnMut(&'s Step)) {
    for step in steps {
        with(step);
        match step {
            Step::Parallel { steps, .. } => visit(&mut steps.iter(), with),
            Step::Tick { during, .. } => visit(&mut during.iter().map(|one| &*one.step), with),
            _ => {}
        }
    }
}

/// The first name in the expectations of a sequence that is not known.
pub(super) fn unknown(steps: &[Step], expect: &Map<String, Value>) -> Option<String> {
    let mut labels = BTreeSet::new();
    let mut all = vec![expect];
    visit(&mut steps.iter(), &mut |step| {
        labels.extend(label(step));
        if let Step::Check { expect } = step {
            all.push(expect);
        }
    });
    all.into_iter().flatten().find_map(|(key, value)| {
        let choices = value.get("any_of").and_then(Value::as_array);
        let mut choices = choices.map_or(std::slice::from_ref(value), Vec::as_slice).iter();
        choices.find_map(|value| in_value(key, value, &labels)).map(|name| format!("`{name}` in `{key}`"))
    })
}

fn in_value(key: &str, value: &Value, labels: &BTreeSet<&str>) -> Option<String> {
    let of = |table: &[(&str, &'static [&'static str])]| {
        table.iter().find(|(known, _)| *known == key).map(|(_, names)| *names)
    };
    let map = value.as_object();
    let mut names = map.into_iter().flat_map(Map::keys);
    if let Some(known) = of(&MAPS)
        && let Some(name) = names.clone().find(|name| !known.contains(&name.as_str()))
    {
        return Some(name.clone());
    }
    if BY_LABEL.contains(&key)
        && let Some(name) = names.find(|name| !labels.contains(name.as_str()))
    {
        return Some(name.clone());
    }
    if let Some(known) = of(&WORDS)
        && let Some(word) = strange_word(value, known)
    {
        return Some(word);
    }
    match key {
        "invoices" => value.as_array().into_iter().flatten().find_map(in_invoice),
        "answers" => map.into_iter().flat_map(Map::values).find_map(in_answers),
        _ => None,
    }
}

fn in_invoice(row: &Value) -> Option<String> {
    row.as_object().into_iter().flatten().find_map(|(key, value)| {
        if INVOICE_KEYS.contains(&key.as_str()) {
            return None;
        }
        match INVOICE_WORDS.iter().find(|(known, _)| known == key) {
            Some((_, known)) => strange_word(value, known),
            None => Some(key.clone()),
        }
    })
}

fn in_answers(answers: &Value) -> Option<String> {
    let choices = answers.get("any_of").and_then(Value::as_array);
    let choices = choices.map_or(std::slice::from_ref(answers), Vec::as_slice).iter();
    let mut names = choices.filter_map(Value::as_object).flat_map(Map::keys);
    names.find(|name| !is_status(name)).cloned()
}

/// A status, a class of them, or none.
fn is_status(name: &str) -> bool {
    let rest =
        |rest: &str| rest == "xx" || (rest.len() == 2 && rest.bytes().all(|byte| byte.is_ascii_digit()));
    name == "none" || name.strip_prefix(['1', '2', '3', '4', '5']).is_some_and(rest)
}

/// A text inside a value that is none of the known ones.
fn strange_word(value: &Value, known: &[&str]) -> Option<String> {
    match value {
        Value::String(word) => (!known.contains(&word.as_str())).then(|| word.clone()),
        Value::Array(all) => all.iter().find_map(|one| strange_word(one, known)),
        Value::Object(all) => all.values().find_map(|one| strange_word(one, known)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(expect: &Value) -> Option<String> {
        let steps: Vec<Step> =
            serde_json::from_value(json!([{"do": "tick", "job": "all", "as": "job"}])).unwrap();
        unknown(&steps, expect.as_object().unwrap())
    }

    #[test]
    fn a_name_that_is_not_known_is_told_wherever_it_stands() {
        for (expect, name) in [
            (json!({"inbox": {"any_of": [{"stored": 1}, {"lost": 0}]}}), "lost"),
            (json!({"effects": {"jobs": 0}}), "jobs"),
            (json!({"answers": {"job": {"6xx": 0}}}), "6xx"),
            (json!({"answers": {"job": {"any_of": [{"2xx": 1}, {"20": 1}]}}}), "20"),
            (json!({"status": {"any_of": ["active", "gone"]}}), "gone"),
            (json!({"attempt_history": [["in_flight", "lost"]]}), "lost"),
            (
                json!({"invoices": [{"period_start": "x", "kind": "cycle", "amount": 1, "state": "due"}]}),
                "due",
            ),
            (json!({"audit_fields": {"refund": ["who"]}}), "who"),
        ] {
            assert!(found(&expect).is_some_and(|text| text.contains(name)), "{expect}");
        }
    }

    #[test]
    fn names_that_are_known_pass() {
        let expect = json!({
            "inbox": {"stored": {"min": 1}}, "effects": {"job": 0}, "answers": {"job": {"2xx": 1, "409": 0, "none": 0}},
            "status_history": ["active", "past_due"], "captured_amount": {"USD": 1}, "sub": "sub_2",
            "invoices": [{"period_start": "x", "kind": "cycle", "amount": 1, "state": "paid", "reason": "missed_by_us"}],
        });
        assert_eq!(found(&expect), None);
    }
}
