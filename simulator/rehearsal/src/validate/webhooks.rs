//! `rehearsal validate webhooks`: our verifier against signed requests with a known answer.
//!
//! The requests go through [`platform_core::webhook::verify`], the code that the intake route calls, with the vector's clock and
//! secrets. Kinds that are not built are counted and named.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use platform_core::webhook::verify::{Delivery, Limits, TOLERANCE_S, Verifier};
use serde::Deserialize;
use serde::de::IgnoredAny;
use units::Timestamp;

use super::vectors::{Document, nothing_to_judge, read};
use super::{Validation, cpu};
use crate::failure::Failure;

/// One signed request, as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawVector {
    #[serde(default, rename = "id")]
    _id: IgnoredAny,
    scheme: Scheme,
    now: u64,
    secrets: Vec<String>,
    headers: Headers,
    body: Option<String>,
    body_b64: Option<String>,
    expect: Expectation,
    #[serde(default)]
    why: String,
    #[serde(default, rename = "class")]
    _class: IgnoredAny,
    #[serde(default, rename = "source")]
    _source: IgnoredAny,
    #[serde(default, rename = "reference")]
    _reference: IgnoredAny,
    #[serde(default = "default_tolerance_s")]
    tolerance: u64,
}

/// One signed request, ready to be judged.
#[derive(Deserialize)]
#[serde(try_from = "RawVector")]
struct Vector {
    scheme: Scheme,
    now: Timestamp,
    secrets: Vec<String>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    limits: Limits,
    expect: Expectation,
    why: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Scheme {
    #[serde(rename = "standard-webhooks")]
    Standard,
    #[serde(rename = "stripe")]
    Stripe,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Expectation {
    Accept,
    Reject,
    ConfigError,
}

/// `{name: value}`, or `[[name, value], …]` where one is repeated.
#[derive(Deserialize)]
#[serde(untagged, expecting = "headers are `{name: value}` or `[[name, value], ...]`")]
enum Headers {
    Map(std::collections::BTreeMap<String, String>),
    Pairs(Vec<(String, String)>),
}

const fn default_tolerance_s() -> u64 {
    TOLERANCE_S
}

impl TryFrom<RawVector> for Vector {
    type Error = String;

    fn try_from(raw: RawVector) -> Result<Self, String> {
        let body = match (raw.body, raw.body_b64) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(text)) => STANDARD.decode(text).map_err(|_| "`body_b64` is not base64")?,
            _ => return Err("expected one of `body` and `body_b64`".to_owned()),
        };
        let now = raw.now.checked_mul(1_000_000).map(Timestamp).ok_or("`now` is out of range")?;
        let headers = match raw.headers {
            Headers::Map(map) => map.into_iter().collect(),
            Headers::Pairs(pairs) => pairs,
        };
        let limits = Limits { tolerance_s: raw.tolerance, ..Limits::default() };
        let (scheme, secrets, expect, why) = (raw.scheme, raw.secrets, raw.expect, raw.why);
        Ok(Self { scheme, now, secrets, headers, body, limits, expect, why })
    }
}

/// Judges every vector of `data` that we build and says where we differ.
///
/// # Errors
/// Exit code 2 when the file cannot be read, has a key that is not known, or nothing to judge.
pub fn run(data: &Path) -> Result<Validation, Failure> {
    let document: Document<Vector> = read(data)?;
    let kinds = [("standard_webhooks", &document.standard_webhooks), ("stripe", &document.stripe)];
    if kinds.iter().all(|(_, vectors)| vectors.is_empty()) {
        return Err(nothing_to_judge(data, "`standard_webhooks` or `stripe`"));
    }
    let mut found = Validation { throughput_unit: "verifications per CPU-second", ..Validation::default() };
    for (kind, vectors) in kinds {
        for (ordinal, vector) in (1..).zip(vectors) {
            found.judge(kind, ordinal, difference(vector));
        }
    }
    for (kind, vectors) in [("adyen", &document.adyen), ("apple_jws", &document.apple_jws)] {
        if !vectors.is_empty() {
            found.skip(kind, vectors.len());
        }
    }
    let judged: Vec<&Vector> = kinds.iter().flat_map(|(_, vectors)| vectors.iter()).collect();
    found.throughput = cpu::rate(judged.len(), || {
        for vector in &judged {
            std::hint::black_box(answer(vector));
        }
    });
    found.agrees = found.failed == 0;
    Ok(found)
}

fn difference(vector: &Vector) -> Option<String> {
    let (answer, reason) = answer(vector);
    let (expected, why) = (vector.expect, &vector.why);
    (answer != expected).then(|| format!("expected {expected:?}, got {answer:?} ({reason}): {why}"))
}

/// What our verifier says, and why.
fn answer(vector: &Vector) -> (Expectation, String) {
    let verifier = match vector.scheme {
        Scheme::Standard => Verifier::standard_webhooks(&vector.secrets, vector.limits),
        Scheme::Stripe => Verifier::stripe(&vector.secrets, vector.limits),
    };
    let verifier = match verifier {
        Ok(verifier) => verifier,
        Err(error) => return (Expectation::ConfigError, error.to_string()),
    };
    let headers: Vec<(&str, &[u8])> =
        vector.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    match verifier.verify(&Delivery { headers: &headers, body: &vector.body }, vector.now) {
        Ok(_) => (Expectation::Accept, "genuine".to_owned()),
        Err(rejection) => (Expectation::Reject, rejection.to_string()),
    }
}
