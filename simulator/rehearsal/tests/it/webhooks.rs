//! `validate webhooks`: what agrees, what differs, what is refused as garbage.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::program::Sandbox;
use crate::support::reference_data;

const SECRET: &str = "whsec_validation";

/// A request that Stripe would have signed at 1,800,000,000.
fn vector() -> Value {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length");
    mac.update(b"1800000000.{}");
    let signature = hex::encode(mac.finalize().into_bytes());
    json!({
        "id": "a", "scheme": "stripe", "now": 1_800_000_000, "tolerance": 300, "secrets": [SECRET], "body": "{}",
        "headers": {"Stripe-Signature": format!("t=1800000000,v1={signature}")},
        "expect": "accept", "why": "genuine", "class": "conformance", "source": "here",
    })
}

fn changed(key: &str, value: Value) -> Value {
    let mut vector = vector();
    vector[key] = value;
    vector
}

/// Runs the verb over a file with this text; gives the exit code, stdout and stderr.
fn validate(text: &str) -> (i32, String, String) {
    let sandbox = Sandbox::new();
    sandbox.write("vectors.json", text);
    let finished = sandbox.run(&["validate", "webhooks", "--data", "vectors.json"]);
    (finished.code.expect("an exit code"), finished.stdout, finished.stderr)
}

#[test]
fn every_reference_vector_agrees() {
    let Some(file) = reference_data("billing/public.json") else { return };
    let found = rehearsal::validate::webhooks::run(&file).expect("readable");
    assert!(found.agrees, "{:#?}", found.first_failures);
    assert_eq!((found.passed, found.failed, found.skipped), (37 + 22, 0, 5 + 11));
}

#[test]
fn a_difference_is_counted_by_kind_and_fails() {
    let skewed = changed("now", json!(1_800_000_301));
    let document = json!({"stripe": [vector(), skewed], "adyen": [{}, {}], "meta": {}});
    let (code, stdout, _) = validate(&document.to_string());
    assert_eq!(code, 99);
    assert!(stdout.contains("differs: stripe 2: expected Accept, got Reject"), "{stdout}");
    assert!(stdout.contains("stripe: 1 passed, 1 failed\nadyen: 2 skipped, not built here\n"), "{stdout}");
    assert!(stdout.ends_with("\n1 passed, 1 failed, 2 skipped\n"), "{stdout}");
}

#[test]
fn the_name_of_a_vector_means_nothing() {
    let (code, stdout, _) = validate(&json!({"stripe": [changed("id", json!(["no", "name"]))]}).to_string());
    assert_eq!((code, stdout.ends_with("\n1 passed, 0 failed\n")), (0, true), "{stdout}");
}

#[test]
fn garbage_is_refused_with_file_and_position() {
    for (text, complaint) in [
        (String::new(), "vectors.json:1:0: EOF while parsing"),
        ("[1, 2".to_owned(), "vectors.json:1:1: expected one JSON object"),
        ("{\"stripe\": [\n{\"scheme\": \"paper\"}]}".to_owned(), "vectors.json:2:"),
        (json!({"stripes": []}).to_string(), "unknown field `stripes`"),
        (json!({"stripe": [changed("expected", json!("accept"))]}).to_string(), "unknown field `expected`"),
        (json!({"stripe": [changed("expect", json!("maybe"))]}).to_string(), "unknown variant `maybe`"),
        (json!({"stripe": [changed("body_b64", json!("e30="))]}).to_string(), "one of `body` and `body_b64`"),
        (json!({"stripe": [changed("headers", json!([["a"]]))]}).to_string(), "headers are `{name: value}`"),
        (json!({"stripe": [changed("now", json!(u64::MAX))]}).to_string(), "`now` is out of range"),
        (json!({"stripe": [changed("now", json!(-1))]}).to_string(), "invalid value"),
        (json!({"calendar": []}).to_string(), "has no vector to judge"),
    ] {
        let (code, stdout, stderr) = validate(&text);
        assert_eq!((code, stdout.as_str()), (2, ""), "{text}: {stderr}");
        assert!(stderr.starts_with("error: ") && stderr.contains(complaint), "{text}: {stderr}");
        assert_eq!(stderr.lines().count(), 2, "{stderr}");
        assert!(stderr.contains("\nhint: "), "{stderr}");
    }
}
