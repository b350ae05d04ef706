//! Standard Webhooks 1.0.0: `id.timestamp.body`, signed with HMAC-SHA256 (`v1`) or ed25519 (`v1a`).

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ed25519_dalek::Signature;
use hmac::Mac;
use subtle::{Choice, ConstantTimeEq};

use super::rules::{Rule, Rules};
use super::secret::StandardKeys;
use super::{Delivery, Rejection, SIGNATURES_MAX, Verified, header, no_repeats, seconds};

/// Signatures of a header that are well-formed, by kind.
#[derive(Default)]
struct Signatures {
    hmac: Vec<Vec<u8>>,
    ed25519: Vec<Signature>,
}

pub(super) fn verify(
    keys: &StandardKeys,
    delivery: &Delivery<'_>,
    rules: Rules,
) -> Result<Verified, Rejection> {
    no_repeats(delivery, "webhook-", rules)?;
    let id = header(delivery, "webhook-id")?;
    let timestamp = header(delivery, "webhook-timestamp")?;
    let signatures = header(delivery, "webhook-signature")?;
    check_id(id, rules)?;
    let signed_at_s = seconds(timestamp, rules)?;
    let signatures = read(signatures, rules)?;
    if signatures.hmac.is_empty() && signatures.ed25519.is_empty() {
        return Err(Rejection::NoSignature);
    }
    let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", delivery.body];
    if matches_hmac(keys, &signatures, &signed, rules) || matches_ed25519(keys, &signatures, &signed) {
        return Ok(Verified { message_id: Some(id.to_owned()), signed_at_s });
    }
    Err(Rejection::BadSignature)
}

/// A full stop in an id would let one signature stand for two splits of the same text into id, timestamp and body.
fn check_id(id: &str, rules: Rules) -> Result<(), Rejection> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let length = (1..=128).contains(&id.len()) || !rules.holds(Rule::IdLength);
    let alphabet = id.bytes().all(allowed) || !rules.holds(Rule::IdAlphabet);
    if length && alphabet { Ok(()) } else { Err(Rejection::MalformedId) }
}

fn read(list: &str, rules: Rules) -> Result<Signatures, Rejection> {
    if list.split(' ').count() > SIGNATURES_MAX && rules.holds(Rule::SignatureLimit) {
        return Err(Rejection::TooManySignatures);
    }
    let mut found = Signatures::default();
    for token in list.split(' ') {
        if !read_token(token, &mut found, rules) && !rules.holds(Rule::SkipMalformed) {
            return Err(Rejection::NoSignature);
        }
    }
    Ok(found)
}

/// Takes in one `version,value`; says whether it was well-formed.
fn read_token(token: &str, found: &mut Signatures, rules: Rules) -> bool {
    let Some((version, value)) = token.split_once(',') else { return false };
    let value = if rules.holds(Rule::FirstComma) { value } else { value.rsplit(',').next().unwrap_or(value) };
    let Some(bytes) = decode(value, rules) else { return false };
    match version {
        "v1a" => {
            let Ok(signature) = Signature::from_slice(&bytes) else { return false };
            found.ed25519.push(signature);
            true
        }
        _ if version == "v1" || !rules.holds(Rule::KnownVersions) => {
            let whole = bytes.len() == 32 || !rules.holds(Rule::WholeSignature);
            if whole {
                found.hmac.push(bytes);
            }
            whole
        }
        _ => false,
    }
}

/// Canonical padded standard base64 (RFC 4648, section 4, with the checks of sections 3.3 and 3.5).
fn decode(value: &str, rules: Rules) -> Option<Vec<u8>> {
    if rules.holds(Rule::CanonicalBase64) {
        return STANDARD.decode(value).ok();
    }
    let lenient = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&alphabet::STANDARD, lenient).decode(value).ok()
}

/// Whether any signature fits any shared secret; takes as long whichever fits.
fn matches_hmac(keys: &StandardKeys, signatures: &Signatures, signed: &[&[u8]], rules: Rules) -> bool {
    if signatures.hmac.is_empty() {
        return false;
    }
    let mut found = Choice::from(0);
    for key in &keys.shared {
        let mut mac = key.clone();
        for &part in signed {
            update(&mut mac, part, rules);
        }
        let mac = mac.finalize().into_bytes();
        for given in &signatures.hmac {
            let compared =
                if rules.holds(Rule::WholeSignature) { mac.len() } else { given.len().min(mac.len()) };
            found |= mac[..compared].ct_eq(given);
        }
    }
    bool::from(found) || !rules.holds(Rule::Compare)
}

/// Feeds bytes as they are; the mutant makes text of them first.
pub(super) fn update(mac: &mut impl Mac, part: &[u8], rules: Rules) {
    if rules.holds(Rule::RawBody) {
        mac.update(part);
    } else {
        mac.update(String::from_utf8_lossy(part).as_bytes());
    }
}

/// Whether any signature fits any public key. Nothing here is secret, so the first that fits ends it.
fn matches_ed25519(keys: &StandardKeys, signatures: &Signatures, signed: &[&[u8]]) -> bool {
    if signatures.ed25519.is_empty() || keys.public.is_empty() {
        return false;
    }
    let message = signed.concat();
    let fits = |signature| keys.public.iter().any(|key| key.verify_strict(&message, signature).is_ok());
    signatures.ed25519.iter().any(fits)
}
