//! Cases of rules R1 to R9, signed with keys of this file's own.

use ed25519_dalek::{Signer, SigningKey};

use super::*;

pub(super) const SECRET: &str = "whsec_cmVoZWFyc2FsLXRlc3Qtc2VjcmV0LW9uZS4=";
const OTHER: &str = "whsec_cmVoZWFyc2FsLXRlc3Qtc2VjcmV0LXR3by4=";
const BODY: &[u8] = br#"{"type":"payment.captured","data":{"amount":1250}}"#;

fn key(secret: &str) -> Vec<u8> {
    STANDARD.decode(&secret[6..]).expect("base64")
}

fn secret_of(bytes: usize) -> String {
    format!("whsec_{}", STANDARD.encode(vec![7; bytes]))
}

fn v1_with(key: &[u8], id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    hmac(key, &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body])
}

fn v1(id: &str, timestamp: &str, body: &[u8]) -> String {
    format!("v1,{}", STANDARD.encode(v1_with(&key(SECRET), id, timestamp, body)))
}

fn signing_key() -> SigningKey {
    SigningKey::from_bytes(&[42; 32])
}

fn public() -> String {
    format!("whpk_{}", STANDARD.encode(signing_key().verifying_key().as_bytes()))
}

fn v1a(id: &str, timestamp: &str, body: &[u8]) -> String {
    let message = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
    format!("v1a,{}", STANDARD.encode(signing_key().sign(&message).to_bytes()))
}

/// A genuine request as a sender with these three header values would make it.
fn with(id: &str, timestamp: &str, body: &[u8]) -> Case {
    Case {
        rule: "",
        claim: "",
        stripe: false,
        secrets: vec![SECRET.to_owned()],
        headers: vec![
            ("webhook-id", id.into()),
            ("webhook-timestamp", timestamp.into()),
            ("webhook-signature", v1(id, timestamp, body).into()),
        ],
        body: body.to_vec(),
        now_s: NOW_S,
        expected: "accept",
    }
}

pub(super) fn signed(id: &str, at_s: u64, body: &[u8]) -> Case {
    with(id, &at_s.to_string(), body)
}

fn genuine() -> Case {
    signed("msg_1", NOW_S, BODY)
}

fn signature(list: &str) -> Case {
    genuine().header("webhook-signature", list)
}

pub(super) fn cases() -> Vec<Case> {
    [times(), ids(), lists(), values(), headers(), secrets(), kinds_of_key(), bodies()].concat()
}

fn times() -> Vec<Case> {
    let now = NOW_S.to_string();
    let odd = |timestamp: &str| with("msg_1", timestamp, BODY);
    vec![
        genuine().expect("R1", "ten digits", "accept"),
        odd("1").at(1).expect("R1", "a single digit", "accept"),
        odd("999999999999").at(999_999_999_999).expect("R1", "twelve digits", "accept"),
        odd(&format!("+{now}")).expect("R1", "a sign", "malformed_timestamp"),
        odd(&format!("0{now}")).expect("R1", "a leading zero", "malformed_timestamp"),
        odd(&format!(" {now}")).expect("R1", "a space", "malformed_timestamp"),
        odd(&format!("{now}.0")).expect("R1", "a fraction", "malformed_timestamp"),
        odd("0").at(0).expect("R1", "zero", "malformed_timestamp"),
        odd("1000000000000").expect("R1", "thirteen digits", "malformed_timestamp"),
        odd("").expect("R1", "no digit", "malformed_timestamp"),
        genuine().at(NOW_S + 300).expect("R2", "300 s old", "accept"),
        genuine().at(NOW_S - 300).expect("R2", "300 s ahead", "accept"),
        genuine().at(NOW_S + 301).expect("R2", "301 s old", "outside_window"),
        genuine().at(NOW_S - 301).expect("R2", "301 s ahead", "outside_window"),
        genuine().at(0).expect("R2", "a clock at 1970", "outside_window"),
    ]
}

fn ids() -> Vec<Case> {
    let named = |id: &str| signed(id, NOW_S, BODY);
    vec![
        named("a").expect("R3", "one letter", "accept"),
        named(&"x-_9".repeat(32)).expect("R3", "128 characters", "accept"),
        named(&"x".repeat(129)).expect("R3", "129 characters", "malformed_id"),
        named("").expect("R3", "no character", "malformed_id"),
        named("msg.1").expect("R3", "a full stop", "malformed_id"),
        named("msg 1").expect("R3", "a space", "malformed_id"),
        named("msg_é").expect("R3", "a letter with an accent", "malformed_id"),
    ]
}

fn lists() -> Vec<Case> {
    let right = v1("msg_1", &NOW_S.to_string(), BODY);
    let wrong = format!("v1,{}", STANDARD.encode([1; 32]));
    let filled = |others: usize| format!("{}{right}", format!("{wrong} ").repeat(others));
    vec![
        signature(&format!("{wrong} {right}")).expect("R4", "the second of two fits", "accept"),
        signature(&format!(" {right} ")).expect("R4", "empty tokens are passed over", "accept"),
        signature(&format!("nonsense {right}")).expect(
            "R4",
            "a token without a comma is passed over",
            "accept",
        ),
        signature(&format!("v9,abc {right}")).expect("R4", "an unknown version is passed over", "accept"),
        signature(&filled(15)).expect("R4", "16 tokens", "accept"),
        signature(&filled(16)).expect("R4", "17 tokens", "too_many_signatures"),
        signature(&format!("{right}{}", " ".repeat(16))).expect(
            "R4",
            "empty tokens count",
            "too_many_signatures",
        ),
        signature(&right.replacen("v1", "v2", 1)).expect("R4", "the right bytes as v2", "no_signature"),
        signature(&right.replace(',', ", ")).expect("R4", "a space inside a token", "no_signature"),
        signature(&right.replace(' ', "\t")).expect("R4", "one token alone", "accept"),
        signature(&format!("{wrong}\t{right}")).expect("R4", "a tab does not separate", "no_signature"),
        signature("").expect("R4", "no token", "no_signature"),
    ]
}

fn values() -> Vec<Case> {
    let right = v1("msg_1", &NOW_S.to_string(), BODY);
    let (bare, padding) = right.split_at(right.len() - 1);
    assert_eq!(padding, "=");
    // 32 bytes leave two bits of the last letter unused: any other value of them decodes to the same bytes.
    let last = bare.as_bytes()[bare.len() - 1];
    let neighbour = [
        "ABCD", "EFGH", "IJKL", "MNOP", "QRST", "UVWX", "YZab", "cdef", "ghij", "klmn", "opqr", "stuv",
        "wxyz", "0123", "4567", "89+/",
    ]
    .iter()
    .find(|four| four.as_bytes()[0] == last)
    .expect("unused bits are zero");
    let tail = format!("{}{}=", &bare[..bare.len() - 1], &neighbour[1..2]);
    let half = STANDARD.encode(&v1_with(&key(SECRET), "msg_1", &NOW_S.to_string(), BODY)[..16]);
    vec![
        signature(&right).expect("R5", "canonical base64", "accept"),
        signature(&tail).expect("R5", "unused bits set", "no_signature"),
        signature(bare).expect("R5", "no padding", "no_signature"),
        signature(&format!("{right}=")).expect("R5", "too much padding", "no_signature"),
        signature(&format!("v1,{half}")).expect("R5", "the first 16 bytes", "no_signature"),
        signature("v1,").expect("R5", "no bytes", "no_signature"),
        signature(&right.replacen(',', ",x,", 1)).expect(
            "R5",
            "the value begins at the first comma",
            "no_signature",
        ),
        url_safe().expect("R5", "the other alphabet", "no_signature"),
        signature(&format!("v1,{}", STANDARD.encode([0; 32]))).expect(
            "R5",
            "another signature",
            "bad_signature",
        ),
    ]
}

/// A genuine signature in the alphabet for addresses: of the first message whose signature looks different in it.
fn url_safe() -> Case {
    let differs = |id: &String| v1(id, &NOW_S.to_string(), BODY).contains(['+', '/']);
    let id = (0..).map(|n| format!("msg_{n}")).find(differs).expect("soon");
    let list = v1(&id, &NOW_S.to_string(), BODY).replace('+', "-").replace('/', "_");
    signed(&id, NOW_S, BODY).header("webhook-signature", list)
}

fn headers() -> Vec<Case> {
    let twice = |name: &'static str, value: &[u8]| {
        let mut case = genuine();
        case.headers.push((name, value.to_vec()));
        case
    };
    let without = |name: &str| {
        let mut case = genuine();
        case.headers.retain(|(given, _)| *given != name);
        case
    };
    let right = v1("msg_1", &NOW_S.to_string(), BODY);
    vec![
        twice("other", b"x").expect("R6", "other headers do not matter", "accept"),
        twice("WEBHOOK-ID", b"msg_1").expect("R6", "the same id twice", "repeated_header"),
        twice("Webhook-Timestamp", NOW_S.to_string().as_bytes()).expect("R6", "two times", "repeated_header"),
        twice("webhook-signature", right.as_bytes()).expect("R6", "two lists", "repeated_header"),
        without("webhook-id").expect("R6", "no id", "missing_header"),
        without("webhook-timestamp").expect("R6", "no time", "missing_header"),
        without("webhook-signature").expect("R6", "no list", "missing_header"),
        genuine().header("webhook-id", [0xff, 0xfe]).expect(
            "R6",
            "bytes that are no text",
            "unreadable_header",
        ),
        signature(&format!("{right} {}", "x".repeat(HEADER_BYTES_MAX - right.len() - 1))).expect(
            "R6",
            "the longest value",
            "accept",
        ),
        signature(&format!("{right} {}", "x".repeat(HEADER_BYTES_MAX - right.len()))).expect(
            "R6",
            "an endless value",
            "unreadable_header",
        ),
    ]
}

fn secrets() -> Vec<Case> {
    let with_secret = |secret: &str, key: &[u8]| {
        let mac = STANDARD.encode(v1_with(key, "msg_1", &NOW_S.to_string(), BODY));
        signature(&format!("v1,{mac}")).secrets(&[secret])
    };
    let sized = |bytes| with_secret(&secret_of(bytes), &vec![7; bytes]);
    vec![
        sized(24).expect("R7", "24 bytes", "accept"),
        sized(64).expect("R7", "64 bytes", "accept"),
        sized(23).expect("R7", "23 bytes", "config_error"),
        sized(65).expect("R7", "65 bytes", "config_error"),
        sized(0).expect("R7", "an empty secret", "config_error"),
        genuine().secrets(&[&SECRET[6..]]).expect("R7", "no prefix", "accept"),
        genuine().secrets(&[SECRET.trim_end_matches('=')]).expect("R7", "no padding", "accept"),
        genuine().secrets(&["whsec_not base64"]).expect("R7", "no base64", "config_error"),
        genuine().secrets(&[]).expect("R7", "no secret", "config_error"),
        genuine().secrets(&[SECRET; 16]).expect("R7", "16 secrets", "accept"),
        genuine().secrets(&[SECRET; 17]).expect("R7", "17 secrets", "config_error"),
        genuine().secrets(&[&public().replace("whpk_", "whsk_")]).expect(
            "R7",
            "a private key",
            "config_error",
        ),
        genuine().secrets(&["whpk_AAAA"]).expect("R7", "a public key of three bytes", "config_error"),
        genuine().secrets(&[&format!("whpk_{}", STANDARD.encode([&[1_u8][..], &[0; 31]].concat()))]).expect(
            "R7",
            "a public key that fits anybody",
            "config_error",
        ),
    ]
}

fn kinds_of_key() -> Vec<Case> {
    let now = NOW_S.to_string();
    let asymmetric = || signature(&v1a("msg_1", &now, BODY)).secrets(&[&public()]);
    let public_bytes = *signing_key().verifying_key().as_bytes();
    let confused = STANDARD.encode(v1_with(&public_bytes, "msg_1", &now, BODY));
    vec![
        genuine().secrets(&[OTHER, SECRET]).expect("R8", "the second of two secrets", "accept"),
        genuine().secrets(&[OTHER]).expect("R8", "a secret that is not active", "bad_signature"),
        asymmetric().expect("R8", "ed25519 with the public key", "accept"),
        asymmetric().secrets(&[SECRET, &public()]).expect("R8", "both kinds are active", "accept"),
        genuine().secrets(&[&public(), SECRET]).expect(
            "R8",
            "both kinds, signed with the shared one",
            "accept",
        ),
        asymmetric().secrets(&[SECRET]).expect("R8", "ed25519 without the public key", "bad_signature"),
        signature(&v1a("msg_2", &now, BODY)).secrets(&[&public()]).expect(
            "R8",
            "of another message",
            "bad_signature",
        ),
        signature(&format!("v1,{confused}")).secrets(&[&public()]).expect(
            "R8",
            "the public key is no shared secret",
            "bad_signature",
        ),
    ]
}

fn bodies() -> Vec<Case> {
    let bytes: &[u8] = &[0x00, 0xff, 0xfe, 0x0a, 0xc3, 0x28];
    let mut altered = genuine();
    altered.body.insert(8, b' ');
    vec![
        signed("msg_1", NOW_S, bytes).expect("R9", "bytes that are no text", "accept"),
        signed("msg_1", NOW_S, b"").expect("R9", "an empty body", "accept"),
        signed("msg_1", NOW_S, &[b'x'; 4_000]).expect("R9", "the largest body", "accept"),
        signed("msg_1", NOW_S, &[b'x'; 4_001]).expect("R9", "a byte too many", "body_too_large"),
        altered.expect("R9", "the same JSON with another space", "bad_signature"),
    ]
}
