//! What customers send.

use super::super::platform::Sent;
use super::{bearer, check, key, of_customer, platform};

const TEN_MB: usize = 10_000_000;

#[test]
fn a_body_that_is_not_what_the_route_takes_is_refused() {
    let platform = platform();
    let nested = "[".repeat(100_000);
    let large = format!("{{\"plan\":\"{}\"}}", "x".repeat(TEN_MB));
    let subscribe = |body: &str| of_customer(&platform, "c_1", ("POST", "/v1/subscriptions"), body);
    let cancel = |body: &str| of_customer(&platform, "c_1", ("POST", "/v1/subscriptions/sub_1/cancel"), body);
    let mut not_text = subscribe("");
    not_text.body = b"{\"plan\":\"\xff\xfe\"}".to_vec();
    check(
        &platform,
        vec![
            ("cut off", subscribe("{\"plan\":"), 400, "bad_body"),
            ("no JSON", subscribe("plan=basic"), 400, "bad_body"),
            ("two documents", subscribe("{\"plan\":\"basic\"} {}"), 400, "bad_body"),
            ("a list", subscribe("[]"), 400, "bad_body"),
            ("null", subscribe("null"), 400, "bad_body"),
            ("nothing", subscribe(""), 400, "bad_body"),
            ("a number as plan", subscribe("{\"plan\":7}"), 400, "bad_body"),
            ("an unknown field", subscribe("{\"plan\":\"basic\",\"currency\":\"ZZZ\"}"), 400, "bad_body"),
            ("no UTF-8", not_text, 400, "bad_body"),
            ("too deep", subscribe(&nested), 400, "bad_body"),
            ("10 MB", subscribe(&large), 413, "body_too_large"),
            ("10 MB to another route", cancel(&large), 413, "body_too_large"),
            ("an unknown moment", cancel("{\"at\":\"yesterday\"}"), 400, "bad_body"),
            ("a list as moment", cancel("{\"at\":[\"now\"]}"), 400, "bad_body"),
        ],
    );
}

#[test]
fn a_header_that_is_missing_or_repeated_is_refused() {
    let platform = platform();
    let body = "{\"at\":\"now\"}";
    let good = of_customer(&platform, "c_1", ("POST", "/v1/subscriptions/sub_1/cancel"), body);
    let with = |headers: Vec<(String, Vec<u8>)>| Sent { headers, ..good.clone() };
    let token = platform.of_customer("c_1");
    let flipped = {
        let mut flipped = token.1.clone();
        let last = flipped.len() - 1;
        flipped[last] = if flipped[last] == b'A' { b'Q' } else { b'A' };
        ("authorization".to_owned(), flipped)
    };
    check(
        &platform,
        vec![
            ("no token", with(vec![key("k")]), 401, "unauthorised"),
            ("an empty token", with(vec![bearer(""), key("k")]), 401, "unauthorised"),
            (
                "another scheme",
                with(vec![("authorization".to_owned(), b"Basic YTpi".to_vec()), key("k")]),
                401,
                "unauthorised",
            ),
            (
                "no text",
                with(vec![("authorization".to_owned(), b"Bearer \xff".to_vec()), key("k")]),
                401,
                "unauthorised",
            ),
            ("a changed token", with(vec![flipped, key("k")]), 401, "unauthorised"),
            (
                "two tokens",
                with(vec![token.clone(), platform.of_customer("c_2"), key("k")]),
                401,
                "unauthorised",
            ),
            ("no key", with(vec![token.clone()]), 400, "idempotency_key_missing"),
            ("two keys", with(vec![token.clone(), key("a"), key("b")]), 400, "idempotency_key_malformed"),
            ("an empty key", with(vec![token.clone(), key("")]), 400, "idempotency_key_malformed"),
            ("a long key", with(vec![token, key(&"k".repeat(256))]), 400, "idempotency_key_malformed"),
        ],
    );
}

#[test]
fn a_key_is_good_for_one_request_at_each_route() {
    let platform = platform();
    let ask = |what: &str, body: &str| {
        let path = format!("/v1/subscriptions/sub_1/{what}");
        platform.send(&of_customer(&platform, "c_1", ("POST", &path), body))
    };
    let cancel = ("cancel", "{\"at\":\"period_end\"}");
    let moving = ("zone", "{\"zone\":\"Asia/Tokyo\"}");
    for (what, body) in [("pause", ""), ("resume", ""), cancel, ("keep", ""), moving] {
        let answer = ask(what, body);
        assert_eq!(answer.status, 200, "{what}: {}", answer.body);
        if what == "zone" {
            assert_eq!(answer.body["next_zone"], "Asia/Tokyo");
            assert_eq!(answer.body["cancel_at_period_end"], false, "withdrawn just before");
        }
    }
    let reused = ask("cancel", "{\"at\":\"now\"}");
    assert_eq!((reused.status, reused.body["code"].as_str()), (422, Some("idempotency_key_reused")));
    let repeated = ask("pause", "");
    assert_eq!(
        repeated.status, 200,
        "the first answer, although by now it would be refused: {}",
        repeated.body
    );
}

#[test]
fn an_unknown_plan_currency_zone_card_or_time_is_refused() {
    let platform = platform();
    let subscribe = |body: &str| of_customer(&platform, "c_1", ("POST", "/v1/subscriptions"), body);
    let change = |body: &str| of_customer(&platform, "c_1", ("POST", "/v1/subscriptions/sub_1/plan"), body);
    let moving = |body: &str| of_customer(&platform, "c_1", ("POST", "/v1/subscriptions/sub_1/zone"), body);
    let keep = |body: &str| of_customer(&platform, "c_1", ("POST", "/v1/subscriptions/sub_1/keep"), body);
    let pay = |body: &str| of_customer(&platform, "c_1", ("POST", "/v1/subscriptions/sub_1/pay"), body);
    let card = |customer: &str, body: &str| of_customer(&platform, customer, ("PUT", "/v1/card"), body);
    let long = format!("{{\"card\":\"{}\"}}", "c".repeat(256));
    check(
        &platform,
        vec![
            ("an unknown plan", subscribe("{\"plan\":\"gold\"}"), 422, "unknown_plan"),
            ("an unknown zone", subscribe("{\"plan\":\"basic\",\"zone\":\"Mars/Olympus\"}"), 400, "bad_body"),
            ("an empty zone", subscribe("{\"plan\":\"basic\",\"zone\":\"\"}"), 400, "bad_body"),
            ("an unknown zone to move to", moving("{\"zone\":\"Mars/Olympus\"}"), 400, "bad_body"),
            ("no zone to move to", moving(""), 400, "bad_body"),
            ("a number as zone", moving("{\"zone\":7}"), 400, "bad_body"),
            ("no end to withdraw", keep(""), 409, "not_ending"),
            ("more than nothing", keep("{\"at\":\"now\"}"), 400, "bad_body"),
            ("an unknown plan to change to", change("{\"plan\":\"gold\"}"), 422, "unknown_plan"),
            ("a plan in another currency", change("{\"plan\":\"abroad\"}"), 422, "incompatible_plan"),
            ("no time", pay("{\"period_start\":\"yesterday\"}"), 400, "bad_body"),
            ("a time without zone", pay("{\"period_start\":\"2026-02-01T00:00:00\"}"), 400, "bad_body"),
            ("a time before 1970", pay("{\"period_start\":\"1950-01-01T00:00:00Z\"}"), 400, "bad_body"),
            ("no such invoice", pay("{\"period_start\":\"2027-01-01T00:00:00Z\"}"), 404, "unknown"),
            ("a paid invoice", pay("{\"period_start\":\"2026-02-01T00:00:00Z\"}"), 409, "invoice_not_open"),
            ("an empty card", card("c_1", "{\"card\":\"\"}"), 422, "name_invalid"),
            ("a long card", card("c_1", &long), 422, "name_invalid"),
            ("a control character", card("c_1", "{\"card\":\"a\\u0000b\"}"), 422, "name_invalid"),
            ("a number as card", card("c_1", "{\"card\":4242}"), 400, "bad_body"),
            ("an empty card of a new customer", card("c_9", "{\"card\":\"\"}"), 422, "name_invalid"),
            ("a long card of a new customer", card("c_9", &long), 422, "name_invalid"),
            (
                "a customer without card",
                of_customer(&platform, "c_9", ("POST", "/v1/subscriptions"), "{\"plan\":\"basic\"}"),
                409,
                "no_card",
            ),
        ],
    );
}

#[test]
fn an_unknown_subscription_and_somebody_elses_look_the_same() {
    let platform = platform();
    let mut cases = Vec::new();
    let long = "s".repeat(5_000);
    for id in ["sub_9", "sub_2", "..", "%00", "%27%20OR%201=1", &long] {
        for (method, what, body) in [
            ("POST", "/cancel", "{\"at\":\"now\"}"),
            ("POST", "/plan", "{\"plan\":\"basic\"}"),
            ("POST", "/pause", ""),
            ("POST", "/resume", ""),
            ("POST", "/keep", ""),
            ("POST", "/zone", "{\"zone\":\"UTC\"}"),
            ("POST", "/pay", "{\"period_start\":\"2026-02-01T00:00:00Z\"}"),
            ("GET", "", ""),
            ("GET", "/invoices", ""),
        ] {
            let path = format!("/v1/subscriptions/{id}{what}");
            let sent = of_customer(&platform, "c_1", (method, &path), body);
            cases.push((what, sent, 404, "unknown_subscription"));
        }
    }
    check(&platform, cases);
}

#[test]
fn a_path_or_method_that_does_not_exist_is_refused() {
    let platform = platform();
    let ask = |method, path: &str| of_customer(&platform, "c_1", (method, path), "{}");
    check(
        &platform,
        vec![
            ("no such path", ask("POST", "/v1/nothing"), 404, "not_found"),
            ("the root", ask("GET", "/"), 404, "not_found"),
            ("another method", ask("DELETE", "/v1/subscriptions/sub_1"), 405, "wrong_method"),
            ("no UTF-8 in a path", ask("POST", "/v1/subscriptions/%FF/pause"), 400, "bad_path"),
            ("no UTF-8 in a path that is read", ask("GET", "/v1/subscriptions/%FF"), 400, "bad_path"),
        ],
    );
}
