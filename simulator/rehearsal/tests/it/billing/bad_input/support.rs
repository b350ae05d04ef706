//! What support sends.

use super::super::platform::{INTERNAL, Sent};
use super::{bearer, check, key, of_support, platform};

const ROUTES: [(&str, &str); 4] = [
    ("retry-charge", ""),
    ("refund", "\"amount\":1"),
    ("override-access", "\"for_s\":60"),
    ("extend-trial", "\"until\":\"2027-01-01T00:00:00Z\""),
];

/// A body with an actor and more.
fn body(actor: &str, more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    format!("{{\"actor\":\"{actor}\"{comma}{more}}}")
}

fn path(subscription: &str, what: &str) -> String {
    format!("/internal/v1/subscriptions/{subscription}/{what}")
}

#[test]
fn nobody_without_the_token_of_support_is_let_in() {
    let platform = platform();
    let mut cases = Vec::new();
    for (what, more) in ROUTES {
        let good = of_support(&path("sub_1", what), &body("staff_1", more));
        let with = |headers: Vec<(String, Vec<u8>)>| Sent { headers, ..good.clone() };
        cases.push(("no token", with(vec![key("k")]), 401, "unauthorised"));
        cases.push(("a customer", with(vec![platform.of_customer("c_1"), key("k")]), 401, "unauthorised"));
        cases.push(("almost", with(vec![bearer(&INTERNAL[1..]), key("k")]), 401, "unauthorised"));
        cases.push(("two tokens", with(vec![bearer(INTERNAL), bearer("b"), key("k")]), 401, "unauthorised"));
        cases.push(("no key", with(vec![bearer(INTERNAL)]), 400, "idempotency_key_missing"));
        let two = with(vec![bearer(INTERNAL), key("a"), key("b")]);
        cases.push(("two keys", two, 400, "idempotency_key_malformed"));
    }
    for path in
        [path("sub_1", "timeline"), path("sub_1", "access"), "/internal/v1/webhooks/refusals".to_owned()]
    {
        let sent = Sent { method: "GET", headers: Vec::new(), ..of_support(&path, "") };
        cases.push(("reads", sent, 401, "unauthorised"));
    }
    check(&platform, cases);
}

#[test]
fn an_amount_or_time_out_of_range_is_refused() {
    let platform = platform();
    let refund = |amount: &str| {
        of_support(&path("sub_1", "refund"), &body("staff_1", &format!("\"amount\":{amount}")))
    };
    let access = |for_s: &str| {
        of_support(&path("sub_1", "override-access"), &body("staff_1", &format!("\"for_s\":{for_s}")))
    };
    let trial = |until: &str| {
        of_support(&path("sub_1", "extend-trial"), &body("staff_1", &format!("\"until\":\"{until}\"")))
    };
    check(
        &platform,
        vec![
            ("a negative amount", refund("-1"), 422, "amount_invalid"),
            ("nothing", refund("0"), 422, "amount_invalid"),
            ("the least amount there is", refund("-9223372036854775808"), 422, "amount_invalid"),
            ("more than was paid", refund("1000"), 422, "amount_invalid"),
            ("the largest amount there is", refund("9223372036854775807"), 422, "amount_invalid"),
            ("more than a number holds", refund("9223372036854775808"), 400, "bad_body"),
            ("a fraction", refund("1.5"), 400, "bad_body"),
            ("a text", refund("\"5\""), 400, "bad_body"),
            ("no time", access("0"), 422, "not_in_future"),
            ("for ever", access("18446744073709551615"), 422, "not_in_future"),
            ("into the past", access("-1"), 400, "bad_body"),
            ("no instant", trial("soon"), 400, "bad_body"),
            ("no trial", trial("2027-01-01T00:00:00Z"), 409, "wrong_state"),
            (
                "nothing open",
                of_support(&path("sub_1", "retry-charge"), &body("staff_1", "")),
                409,
                "invoice_not_open",
            ),
        ],
    );
}

#[test]
fn who_asks_must_be_said_and_what_is_asked_about_must_exist() {
    let platform = platform();
    let mut cases = Vec::new();
    for (what, more) in ROUTES {
        cases.push(("nobody", of_support(&path("sub_1", what), &body("", more)), 400, "bad_body"));
        let unsaid = of_support(&path("sub_1", what), &format!("{{{more}}}"));
        cases.push(("no actor", unsaid, 400, "bad_body"));
        let unknown = of_support(&path("sub_9", what), &body("staff_1", more));
        cases.push(("an unknown subscription", unknown, 404, "unknown_subscription"));
        let cut_off = of_support(&path("sub_1", what), "{\"actor\":");
        cases.push(("cut off", cut_off, 400, "bad_body"));
        let large = of_support(&path("sub_1", what), &body(&"x".repeat(10_000_000), more));
        cases.push(("10 MB", large, 413, "body_too_large"));
        let wrong = of_support(&path("%FF", what), &body("staff_1", more));
        cases.push(("no UTF-8 in the path", wrong, 400, "bad_path"));
    }
    for what in ["timeline", "access"] {
        let sent = Sent { method: "GET", ..of_support(&path("sub_9", what), "") };
        cases.push((what, sent, 404, "unknown_subscription"));
    }
    let reprocess = |provider: &str, body: &str| {
        of_support(&format!("/internal/v1/events/{provider}/evt_9/reprocess"), body)
    };
    cases.push(("an unknown provider", reprocess("nobody", &body("staff_1", "")), 404, "unknown_provider"));
    cases.push(("an unknown event", reprocess("stripe", &body("staff_1", "")), 404, "unknown_event"));
    cases.push(("nobody", reprocess("stripe", &body("", "")), 400, "bad_body"));
    cases.push(("wrong types", reprocess("stripe", &body("staff_1", "\"dry_run\":1")), 400, "bad_body"));
    let mut of_account = reprocess("stripe", &body("staff_1", ""));
    of_account.path.push_str("?account=acct_1");
    cases.push(("an unknown event of an account", of_account, 404, "unknown_event"));
    let mut misspelt = reprocess("stripe", &body("staff_1", ""));
    misspelt.path.push_str("?acount=acct_1");
    cases.push(("an unknown parameter", misspelt, 400, "bad_query"));
    let no_key = Sent { headers: vec![bearer(INTERNAL)], ..reprocess("stripe", &body("staff_1", "")) };
    cases.push(("no key", no_key, 400, "idempotency_key_missing"));
    check(&platform, cases);
}
