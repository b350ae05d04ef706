use super::*;

fn stripe(body: &str) -> Result<EventHead, EventError> {
    EventHead::read(Sender::Stripe, None, body.as_bytes())
}

fn hash(sender: Sender, body: &str) -> ContentHash {
    ContentHash::of(sender, &serde_json::from_str(body).expect("JSON"))
}

#[test]
fn an_event_says_what_it_is_about() {
    let body = r#"{"id":"evt_7","type":"payment_intent.succeeded","created":1800000000,"livemode":false,"account":"acct_2","data":{"object":{"id":"pi_9"}}}"#;
    let head = stripe(body).expect("an event");
    assert_eq!((head.id.as_str(), head.event_type.as_str()), ("evt_7", "payment_intent.succeeded"));
    assert_eq!((head.created_s, head.livemode), (Some(1_800_000_000), Some(false)));
    assert_eq!((head.account.as_str(), head.object.as_deref()), ("acct_2", Some("pi_9")));
}

#[test]
fn the_signed_header_names_a_standard_webhook_whatever_the_body_says() {
    let head = EventHead::read(Sender::Standard, Some("msg_1"), br#"{"id":"other","type":"x"}"#);
    assert_eq!(head.expect("an event").id, "msg_1");
}

#[test]
fn what_is_no_event_is_refused_by_name() {
    for body in ["", "no json", "[]", "null", "7", "{\"id\":"] {
        assert_eq!(stripe(body), Err(EventError::NotAnObject), "{body}");
    }
    let long = "x".repeat(NAME_BYTES_MAX + 1);
    for (body, key) in [
        ("{}".to_owned(), "id"),
        (r#"{"id":7,"type":"x"}"#.to_owned(), "id"),
        (r#"{"id":"","type":"x"}"#.to_owned(), "id"),
        (r#"{"id":"evt\u0000","type":"x"}"#.to_owned(), "id"),
        (format!(r#"{{"id":"{long}","type":"x"}}"#), "id"),
        (r#"{"id":"evt_1"}"#.to_owned(), "type"),
        (r#"{"id":"evt_1","type":["x"]}"#.to_owned(), "type"),
    ] {
        assert_eq!(stripe(&body), Err(EventError::Key(key)), "{body}");
    }
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(stripe(&nested), Err(EventError::NotAnObject));
}

#[test]
fn stripes_countdown_of_deliveries_is_no_content() {
    let first = hash(Sender::Stripe, r#"{"id":"e","pending_webhooks":2,"data":{"a":[1,2]}}"#);
    assert_eq!(first, hash(Sender::Stripe, r#"{ "data":{"a":[1,2]}, "id":"e", "pending_webhooks":1 }"#));
    assert_eq!(first, hash(Sender::Stripe, r#"{"id":"e","data":{"a":[1,2]}}"#));
    assert_ne!(
        hash(Sender::Standard, r#"{"pending_webhooks":2}"#),
        hash(Sender::Standard, r#"{"pending_webhooks":1}"#)
    );
    assert_ne!(
        hash(Sender::Stripe, r#"{"data":{"pending_webhooks":2}}"#),
        hash(Sender::Stripe, r#"{"data":{"pending_webhooks":1}}"#)
    );
}

#[test]
fn different_content_has_different_hashes() {
    let bodies = [
        "{}",
        "[]",
        "null",
        "true",
        "false",
        "0",
        "1",
        "1.5",
        "\"\"",
        "\"1\"",
        "[1,2]",
        "[[1],2]",
        "[[1,2]]",
        "[null]",
        "{\"a\":{}}",
        "{\"a\":[]}",
        "{\"a\":\"\"}",
        "{\"a\":null}",
        "{\"ab\":null}",
        "{\"a\":\"b\"}",
        "{\"a\":1,\"b\":2}",
        "{\"a\":2,\"b\":1}",
    ];
    let mut hashes: Vec<ContentHash> = bodies.iter().map(|body| hash(Sender::Stripe, body)).collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), bodies.len());
    let text = String::from(hashes[0]);
    assert_eq!(ContentHash::try_from(text), Ok(hashes[0]));
    assert!(ContentHash::try_from("xyz".to_owned()).is_err());
}

#[test]
fn only_types_that_we_act_on_make_us_fetch() {
    for (event_type, handling) in [
        ("payment_intent.succeeded", Handling::FetchPayment),
        ("payment_intent.created", Handling::Ignore),
        ("charge.dispute.funds_withdrawn", Handling::FetchDispute),
        ("charge.refunded", Handling::Ignore),
        ("customer.subscription.paused", Handling::FetchSubscription),
        ("payout.paid", Handling::Ignore),
        ("", Handling::Ignore),
    ] {
        assert_eq!(Handling::of_stripe(event_type), handling, "{event_type}");
    }
}
