//! Sequences that were judged wrongly once, and what a sequence may not get away with.

use serde_json::{Value, json};

use super::format::Sequence;
use super::{Played, play};

/// A card subscription that renews on 2026-02-28, with what differs from that.
fn given(differs: &Value) -> Value {
    let mut given = json!({
        "now": "2026-02-01T00:00:00Z", "plan": "basic", "price": 999, "currency": "USD", "interval": "P1M",
        "anchor": "2026-01-31T00:00:00Z", "zone": "UTC", "status": "active", "owner": "platform", "card": "card_1",
        "other_plans": {"plus": 1499},
    });
    for (key, value) in differs.as_object().unwrap() {
        given[key] = value.clone();
    }
    given
}

fn played(differs: &Value, steps: &Value, expect: &Value) -> Result<(), String> {
    let sequence: Sequence = serde_json::from_value(json!({
        "id": "x", "why": "x", "source": "x", "given": given(differs), "steps": steps, "expect": expect,
    }))
    .unwrap();
    match play(&sequence) {
        Played::Agrees => Ok(()),
        Played::Differs(text) => Err(text),
        Played::Skipped(part) => Err(format!("skipped: {part}")),
    }
}

fn check(differs: &Value, steps: &Value, expect: &Value) {
    assert_eq!(played(differs, steps, expect), Ok(()));
}

/// Asserts that a sequence fails, for a reason that names something.
fn fails(steps: &Value, expect: &Value, why: &str) {
    let wrong = played(&json!({}), steps, expect).unwrap_err();
    assert!(wrong.contains(why), "{wrong}");
}

fn renewal() -> Value {
    json!({"do": "at", "time": "2026-02-28T00:00:00Z"})
}

fn event(id: &str, more: &Value) -> Value {
    let mut step =
        json!({"do": "deliver", "event": id, "type": "payment_intent.succeeded", "object": "payment"});
    for (key, value) in more.as_object().unwrap() {
        step[key] = value.clone();
    }
    step
}

#[test]
fn steps_during_a_tick_of_all_jobs_are_taken_once() {
    let during = json!([{"after": "PT1S", "step": event("evt_2", &json!({"as": "meanwhile"}))}]);
    // The inbox is the first to ask the provider, the renewals ask it too.
    check(
        &json!({}),
        &json!([
            renewal(),
            {"do": "deliver", "event": "evt_1", "type": "payment_intent.succeeded", "object": "other"},
            {"do": "tick", "job": "all", "during": during},
        ]),
        &json!({"answers": {"meanwhile": {"2xx": 1}}, "inbox_rows": 2, "alerts": {"event_conflict": 0}, "captured": 1}),
    );
}

#[test]
fn what_was_alerted_is_seen_while_the_process_is_down() {
    check(
        &json!({}),
        &json!([
            renewal(),
            {"do": "tick", "job": "renewals"},
            event("evt_1", &json!({})),
            event("evt_1", &json!({"body": "changed"})),
            {"do": "stop"},
        ]),
        &json!({"alerts": {"event_conflict": 1}}),
    );
}

#[test]
fn an_event_that_is_sent_again_shows_its_object_as_it_was() {
    check(
        &json!({"owner": "provider"}),
        &json!([
            {"do": "deliver", "event": "evt_1", "type": "customer.subscription.updated", "object": "subscription"},
            {"do": "advance", "by": "P1D"},
            {"do": "remote", "status": "canceled"},
            {"do": "deliver", "event": "evt_1", "type": "customer.subscription.updated", "object": "subscription",
                "delay": "P1D"},
            {"do": "tick", "job": "inbox"},
        ]),
        &json!({"inbox": {"processed": 1, "duplicate": 1}, "status": "canceled"}),
    );
}

#[test]
fn a_payment_of_somebody_else_is_looked_at_and_counted_nowhere() {
    check(
        &json!({}),
        &json!([event("evt_1", &json!({"object": "other", "as": "e"})), {"do": "tick", "job": "inbox"}]),
        &json!({"answers": {"e": {"2xx": 1}}, "inbox": {"processed": 1}, "captured": 0, "captured_amount": {}}),
    );
}

#[test]
fn a_fault_breaks_a_request_among_others() {
    let upgrade = |fault: &str| json!({"do": "customer", "action": "change_plan", "plan": "plus", "key": "k", "fault": fault, "as": "first"});
    let again = json!({"do": "customer", "action": "change_plan", "plan": "plus", "key": "k", "as": "again"});
    let beside = |fault: &str| {
        let steps = json!([upgrade(fault), {"do": "support", "action": "timeline", "as": "read"}]);
        json!({"do": "parallel", "steps": steps, "schedules": 4})
    };
    check(
        &json!({}),
        &json!([beside("before_commit"), again, {"do": "tick", "job": "all"}]),
        &json!({"answers": {"first": {"503": 1}, "read": {"200": 1}, "again": {"2xx": 1}}, "effects": {"first": 0},
            "replayed": {"again": 0}, "captured": 1}),
    );
    check(
        &json!({}),
        &json!([beside("after_commit"), {"do": "restart"}, again, {"do": "tick", "job": "all"}]),
        &json!({"answers": {"first": {"none": 1}, "read": {"any_of": [{"200": 1}, {"none": 1}]}, "again": {"2xx": 1}},
            "replayed": {"again": 1}, "captured": 1}),
    );
}

#[test]
fn rows_are_not_gone_because_the_process_is() {
    let cancel = |more: &Value| {
        let mut step = json!({"do": "customer", "action": "cancel_at_period_end", "as": "cancel"});
        for (key, value) in more.as_object().unwrap() {
            step[key] = value.clone();
        }
        step
    };
    // The subscription and its access change, and nothing else.
    let expect = json!({"effects": {"cancel": {"min": 1, "max": 3}}});
    check(&json!({}), &json!([cancel(&json!({}))]), &expect);
    check(&json!({}), &json!([cancel(&json!({"fault": "after_commit"}))]), &expect);
}

#[test]
fn a_request_that_commits_nothing_survives_both_faults() {
    let unknown = |fault: &str| json!({"do": "customer", "action": "change_plan", "plan": "none", "fault": fault, "as": fault});
    let bad = json!({"do": "customer", "action": "pause", "key": "", "fault": "before_commit", "as": "bad"});
    check(
        &json!({}),
        &json!([unknown("after_commit"), bad, {"do": "customer", "action": "pause", "as": "good"}]),
        &json!({"answers": {"after_commit": {"422": 1}, "bad": {"400": 1}, "good": {"200": 1}}}),
    );
}

#[test]
fn each_of_several_requests_has_a_key_of_its_own_unless_one_is_given() {
    let subscribe = json!({"do": "customer", "action": "subscribe", "plan": "basic", "times": 2, "as": "s"});
    let none = json!({"status": "none", "anchor": null, "subscriptions": 0});
    check(&none, &json!([subscribe]), &json!({"subscriptions": 2, "replayed": {"s": 0}}));
    let mut named = subscribe;
    named["key"] = json!("k-1");
    check(&none, &json!([named]), &json!({"subscriptions": 1, "replayed": {"s": 1}}));
}

#[test]
fn a_key_with_a_control_character_is_refused() {
    for key in ["a\u{1}b", "a\tb", "a\u{7f}", "schlüssel", ""] {
        check(
            &json!({}),
            &json!([{"do": "customer", "action": "pause", "key": key, "as": "p"}]),
            &json!({"answers": {"p": {"400": 1}}, "effects": {"p": 0}}),
        );
    }
}

#[test]
fn a_crash_stops_every_worker() {
    check(
        &json!({"subscriptions": 3, "workers": 3}),
        &json!([
            renewal(),
            {"do": "crash", "job": "renewals", "at": "after_intent"},
            {"do": "check", "expect": {"captured": 0, "provider_calls": {"charge": 0}}},
            {"do": "restart"},
            {"do": "advance", "by": "PT1H", "every": "PT10M", "tick": ["all"]},
        ]),
        &json!({"captured": 3, "charge_keys": 3, "double_captures": 0}),
    );
}

#[test]
fn names_and_arguments_that_do_not_exist_fail() {
    let tick = json!([{"do": "tick", "job": "all", "as": "t"}]);
    fails(&tick, &json!({"inbox": {"lost": 0}}), "lost");
    fails(&tick, &json!({"effects": {"u": 0}}), "`u`");
    let inside = json!([{"do": "tick", "job": "renewals", "during": [
        {"after": "PT1S", "step": {"do": "check", "expect": {"tasks": {"none": 0}}}},
    ]}]);
    fails(&inside, &json!({"captured": 0}), "none");
    fails(&json!([{"do": "tick", "job": "inbox", "phase": "plan"}]), &json!({"captured": 0}), "phase");
    fails(
        &json!([{"do": "crash", "job": "outbox", "at": "after_send"}]),
        &json!({"captured": 0}),
        "AfterSend",
    );
    fails(&json!([{"do": "customer", "action": "pause", "plan": "plus"}]), &json!({"captured": 0}), "`plan`");
    fails(&json!([{"do": "provider"}]), &json!({"captured": 0}), "`replies`");
}
