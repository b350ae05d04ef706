//! Cases of rules S1 to S5, signed with keys of this file's own.

use super::*;

const SECRET: &str = "whsec_rehearsal_stripe_one";
const OTHER: &str = "whsec_rehearsal_stripe_two";
const BODY: &[u8] = br#"{"id":"evt_7","object":"event"}"#;

fn mac(key: &str, timestamp: &str, body: &[u8]) -> String {
    hex::encode(hmac(key.as_bytes(), &[timestamp.as_bytes(), b".", body]))
}

fn with(value: String) -> Case {
    Case {
        rule: "",
        claim: "",
        stripe: true,
        secrets: vec![SECRET.to_owned()],
        headers: vec![("Stripe-Signature", value.into())],
        body: BODY.to_vec(),
        now_s: NOW_S,
        expected: "accept",
    }
}

pub(super) fn signed(at_s: u64, body: &[u8]) -> Case {
    let at = at_s.to_string();
    Case { body: body.to_vec(), ..with(format!("t={at},v1={}", mac(SECRET, &at, body))) }
}

fn genuine() -> Case {
    signed(NOW_S, BODY)
}

pub(super) fn cases() -> Vec<Case> {
    [secrets(), times(), signatures(), windows(), headers()].concat()
}

fn secrets() -> Vec<Case> {
    let now = NOW_S.to_string();
    let stripped = with(format!("t={now},v1={}", mac(&SECRET[6..], &now, BODY)));
    let spaced = |secret: &str| with(format!("t={now},v1={}", mac(secret, &now, BODY))).secrets(&[secret]);
    vec![
        genuine().expect("S1", "the whole secret is the key", "accept"),
        stripped.expect("S1", "the secret without its prefix", "bad_signature"),
        genuine().secrets(&[OTHER, SECRET]).expect("S1", "the second of two secrets", "accept"),
        genuine().secrets(&[OTHER]).expect("S1", "a secret that is not active", "bad_signature"),
        spaced("plain-secret").expect("S5", "a secret without prefix", "accept"),
        spaced(" whsec_x").expect("S5", "a space in front", "config_error"),
        spaced("whsec_x\n").expect("S5", "a line end", "config_error"),
        spaced("whsec\u{a0}x").expect("S5", "a space that does not break", "config_error"),
        spaced("").expect("S5", "an empty secret", "config_error"),
        genuine().secrets(&[]).expect("S5", "no secret", "config_error"),
    ]
}

fn times() -> Vec<Case> {
    let now = NOW_S.to_string();
    let right = mac(SECRET, &now, BODY);
    let odd = |t: &str| with(format!("t={t},v1={}", mac(SECRET, t, BODY)));
    vec![
        with(format!("v1={right},t={now}")).expect("S2", "the time may come last", "accept"),
        with(format!("t={now},t={now},v1={right}")).expect(
            "S2",
            "the same time twice",
            "malformed_timestamp",
        ),
        with(format!("t={now},t=1,v1={right}")).expect("S2", "two times", "malformed_timestamp"),
        with(format!("v1={right}")).expect("S2", "no time", "malformed_timestamp"),
        odd(&format!("+{now}")).expect("S2", "a sign", "malformed_timestamp"),
        odd(&format!("0{now}")).expect("S2", "a leading zero", "malformed_timestamp"),
        odd("").expect("S2", "no digit", "malformed_timestamp"),
    ]
}

fn signatures() -> Vec<Case> {
    let now = NOW_S.to_string();
    let right = mac(SECRET, &now, BODY);
    let wrong = "0".repeat(64);
    let filled = |others: usize| with(format!("t={now},{}v1={right}", format!("v1={wrong},").repeat(others)));
    let list = |rest: String| with(format!("t={now},{rest}"));
    vec![
        list(format!("v1={wrong},v1={right}")).expect("S3", "the second of two fits", "accept"),
        list(format!("v1=short,v1={right}")).expect("S3", "a malformed one is passed over", "accept"),
        list(format!("nonsense,v1={right}")).expect("S3", "an item without `=` is passed over", "accept"),
        list(format!("v0={wrong},v1={right}")).expect("S3", "version 0 beside version 1", "accept"),
        filled(15).expect("S3", "16 signatures", "accept"),
        filled(16).expect("S3", "17 signatures", "too_many_signatures"),
        list(format!("v0={right}")).expect("S3", "the right bytes as version 0", "no_signature"),
        list(format!("v1={}", right.to_uppercase())).expect("S3", "upper-case digits", "no_signature"),
        list(format!("v1={}", &right[..32])).expect("S3", "half of it", "no_signature"),
        list(format!(" v1={right}")).expect("S3", "spaces are not trimmed", "no_signature"),
        list(format!("v1={wrong}")).expect("S3", "another signature", "bad_signature"),
        list(String::new()).expect("S3", "no signature", "no_signature"),
    ]
}

fn windows() -> Vec<Case> {
    vec![
        genuine().at(NOW_S + 300).expect("S4", "300 s old", "accept"),
        genuine().at(NOW_S - 300).expect("S4", "300 s ahead", "accept"),
        genuine().at(NOW_S + 301).expect("S4", "301 s old", "outside_window"),
        genuine().at(NOW_S - 301).expect("S4", "301 s ahead", "outside_window"),
    ]
}

fn headers() -> Vec<Case> {
    let mut twice = genuine();
    twice.headers.push(("stripe-signature", twice.headers[0].1.clone()));
    let mut none = genuine();
    none.headers.clear();
    let mut large = signed(NOW_S, &[b'x'; 4_001]);
    large.headers.push(("accept", b"*/*".to_vec()));
    vec![
        twice.expect("S2", "the header twice", "repeated_header"),
        none.expect("S2", "no header", "missing_header"),
        large.expect("S3", "a byte too many", "body_too_large"),
    ]
}
