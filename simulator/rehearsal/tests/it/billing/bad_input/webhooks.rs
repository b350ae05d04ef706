//! What anybody sends to the webhook endpoint, up to a flood of forgeries.

use actors::provider::webhooks::sign;
use platform_core::webhook::refusals::{SAMPLE_BYTES_MAX, SAMPLES_MAX};
use platform_core::webhook::verify::HEADER_BYTES_MAX;

use super::super::asked_for;
use super::super::platform::{Platform, Sent};
use super::{NOW, SECRET, check, platform};

/// Forged requests of an ordinary test run; `REHEARSAL_FORGED` asks for another number.
const FORGED: u64 = 20_000;

const BODY: &str = "{\"id\":\"evt_1\",\"type\":\"payment_intent.succeeded\",\"created\":1,\"data\":{\"object\":{\"id\":\"pi_1\"}}}";

fn webhook(signatures: &[&str], body: &str) -> Sent {
    let header = |value: &&str| ("stripe-signature".to_owned(), value.as_bytes().to_vec());
    Sent {
        method: "POST",
        path: "/v1/webhooks/stripe".to_owned(),
        headers: signatures.iter().map(header).collect(),
        body: body.as_bytes().to_vec(),
    }
}

#[test]
fn a_webhook_that_is_not_genuine_is_refused_with_its_reason() {
    let platform = platform();
    let good = sign(SECRET, NOW, BODY.as_bytes());
    let forged = sign("whsec_of_somebody_else", NOW, BODY.as_bytes());
    let old = sign(SECRET, units::Timestamp(NOW.0 - 301_000_000), BODY.as_bytes());
    let hundred = |one: &str| format!("t={}{}", NOW.0 / 1_000_000, one.repeat(100));
    let (many, long) = (hundred(",v1=00"), hundred(&format!(",v1={}", "0".repeat(64))));
    let endless = format!("t={},v0={}", NOW.0 / 1_000_000, "0".repeat(HEADER_BYTES_MAX));
    let large = "x".repeat(10_000_000);
    let nobody = Sent { path: "/v1/webhooks/nobody".to_owned(), ..webhook(&[&good], BODY) };
    let wrong_path = Sent { path: "/v1/webhooks/%FF".to_owned(), ..webhook(&[&good], BODY) };
    let not_text = Sent {
        headers: vec![("stripe-signature".to_owned(), b"t=1,v1=\xff".to_vec())],
        ..webhook(&[], BODY)
    };
    check(
        &platform,
        vec![
            ("an unknown provider", nobody, 404, "unknown_provider"),
            ("no UTF-8 in the path", wrong_path, 400, "bad_path"),
            ("no signature", webhook(&[], BODY), 400, "missing_header"),
            ("two headers", webhook(&[&good, &good], BODY), 400, "repeated_header"),
            ("no text", not_text, 400, "unreadable_header"),
            ("100 signatures", webhook(&[&many], BODY), 400, "too_many_signatures"),
            ("100 long signatures", webhook(&[&long], BODY), 400, "too_many_signatures"),
            ("an endless header", webhook(&[&endless], BODY), 400, "unreadable_header"),
            ("no time", webhook(&["v1=00"], BODY), 400, "malformed_timestamp"),
            ("an empty header", webhook(&[""], BODY), 400, "malformed_timestamp"),
            ("somebody else's secret", webhook(&[&forged], BODY), 401, "bad_signature"),
            ("another body", webhook(&[&good], "{}"), 401, "bad_signature"),
            ("an old signature", webhook(&[&old], BODY), 401, "outside_window"),
            ("10 MB", webhook(&[&good], &large), 413, "body_too_large"),
        ],
    );
    assert_eq!(platform.send(&webhook(&[&good], BODY)).status, 200, "the genuine one is taken in");
}

/// The bytes of the database: the file, and what is not yet folded into it.
fn bytes(platform: &Platform) -> [Vec<u8>; 2] {
    let path = platform.path();
    let log = path.with_extension("sqlite-wal");
    [std::fs::read(&path).expect("the file"), std::fs::read(log).expect("its log")]
}

#[test]
fn a_flood_of_forgeries_leaves_the_database_byte_for_byte_and_memory_bounded() {
    let platform = platform();
    let before = bytes(&platform);
    let number = asked_for("REHEARSAL_FORGED").unwrap_or(FORGED);
    let long = "x".repeat(1_000);
    for n in 0..number {
        let body = format!("{{\"id\":\"evt_{n}\"}}");
        let header = format!("t={},v1={n:064x},v0={long}", NOW.0 / 1_000_000);
        let answer = platform.send(&webhook(&[&header], &body));
        assert_eq!((answer.status, answer.body["code"].as_str()), (401, Some("bad_signature")));
    }
    assert!(bytes(&platform) == before, "the database was changed");
    platform.restart();
    assert!(!bytes(&platform)[0].is_empty());
    println!("{number} forged webhooks");
}

#[test]
fn refused_webhooks_are_counted_and_only_the_newest_kept() {
    let platform = platform();
    let long = "x".repeat(1_000);
    platform.send(&webhook(&[], &"x".repeat(2_000_000)));
    for n in 0..500 {
        let header = format!("t={},v1={n:064x},v0={long}", NOW.0 / 1_000_000);
        platform.send(&webhook(&[&header], BODY));
    }
    let api = platform.api();
    let refusals = api.refusals.lock().expect("nobody panicked");
    let counts: Vec<_> = refusals.counts().filter(|(_, count)| *count > 0).collect();
    assert_eq!(counts, [("body_too_large", 1), ("bad_signature", 500)]);
    assert_eq!(refusals.samples().count(), SAMPLES_MAX);
    let cut = |sample: &platform_core::webhook::refusals::Sample| sample.claimed_id.len() <= SAMPLE_BYTES_MAX;
    assert!(refusals.samples().all(cut));
}
