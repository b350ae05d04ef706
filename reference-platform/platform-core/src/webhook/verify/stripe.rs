//! Stripe: `Stripe-Signature: t=…,v1=…`, HMAC-SHA256 over `t.body`.
//!
//! Stripe's own libraries look at the past side of the window only, take the first or the last of two timestamps, and differ on
//! malformed items; here one reading is right and the rest is refused or passed over.

use hmac::Mac;
use subtle::{Choice, ConstantTimeEq};

use super::rules::{Rule, Rules};
use super::secret::StripeKeys;
use super::standard::update;
use super::{Delivery, Rejection, SIGNATURES_MAX, Verified, header, no_repeats, seconds};

const HEADER: &str = "stripe-signature";

pub(super) fn verify(
    keys: &StripeKeys,
    delivery: &Delivery<'_>,
    rules: Rules,
) -> Result<Verified, Rejection> {
    no_repeats(delivery, HEADER, rules)?;
    let value = header(delivery, HEADER)?;
    let items = || value.split(',').filter_map(|item| item.split_once('='));
    let timestamp = one_timestamp(items(), rules)?;
    let signed_at_s = seconds(timestamp, rules)?;
    let is_signature =
        |version: &str| version == "v1" || (version == "v0" && !rules.holds(Rule::NoVersionZero));
    let given = || items().filter(|(version, _)| is_signature(version)).map(|(_, value)| value);
    if given().count() > SIGNATURES_MAX && rules.holds(Rule::SignatureLimit) {
        return Err(Rejection::TooManySignatures);
    }
    let signatures: Vec<[u8; 32]> = given().filter_map(|value| decode(value, rules)).collect();
    let skipped = signatures.len() < given().count();
    if signatures.is_empty() || (skipped && !rules.holds(Rule::SkipMalformed)) {
        return Err(Rejection::NoSignature);
    }
    let signed = [timestamp.as_bytes(), b".", delivery.body];
    if matches(keys, &signatures, &signed, rules) {
        return Ok(Verified { message_id: None, signed_at_s });
    }
    Err(Rejection::BadSignature)
}

fn one_timestamp<'a>(
    items: impl Iterator<Item = (&'a str, &'a str)>,
    rules: Rules,
) -> Result<&'a str, Rejection> {
    let mut times = items.filter(|(key, _)| *key == "t").map(|(_, value)| value);
    let first = times.next().ok_or(Rejection::MalformedTimestamp)?;
    if times.next().is_some() && rules.holds(Rule::OneTime) {
        return Err(Rejection::MalformedTimestamp);
    }
    Ok(first)
}

/// 64 lower-case hexadecimal digits: a signature is written in one way only.
fn decode(value: &str, rules: Rules) -> Option<[u8; 32]> {
    let lower = !value.bytes().any(|byte| byte.is_ascii_uppercase()) || !rules.holds(Rule::LowerHex);
    let mut bytes = [0; 32];
    (lower && hex::decode_to_slice(value, &mut bytes).is_ok()).then_some(bytes)
}

/// Whether any signature fits any secret; takes as long whichever fits.
fn matches(keys: &StripeKeys, signatures: &[[u8; 32]], signed: &[&[u8]], rules: Rules) -> bool {
    let mut found = Choice::from(0);
    for key in &keys.shared {
        let mut mac = key.clone();
        for &part in signed {
            update(&mut mac, part, rules);
        }
        let mac = mac.finalize().into_bytes();
        for given in signatures {
            found |= mac[..].ct_eq(given);
        }
    }
    bool::from(found) || !rules.holds(Rule::Compare)
}
