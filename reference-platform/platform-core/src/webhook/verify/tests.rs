//! Every rule has requests that it lets in and requests that it keeps out; without the rule, one of them turns.

mod standard;
mod stripe;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use sha2::Sha256;

use super::*;

/// Our clock in all cases, seconds since 1970.
const NOW_S: u64 = 1_800_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Accepted,
    Rejected,
    ConfigError,
}

#[derive(Debug, Clone)]
struct Case {
    /// The rule as the table of rules names it.
    rule: &'static str,
    claim: &'static str,
    stripe: bool,
    secrets: Vec<String>,
    headers: Vec<(&'static str, Vec<u8>)>,
    body: Vec<u8>,
    now_s: u64,
    /// `accept`, `config_error` or the code of the rejection.
    expected: &'static str,
}

impl Case {
    fn expect(mut self, rule: &'static str, claim: &'static str, expected: &'static str) -> Self {
        (self.rule, self.claim, self.expected) = (rule, claim, expected);
        self
    }

    fn secrets(mut self, secrets: &[&str]) -> Self {
        self.secrets = secrets.iter().map(|&secret| secret.to_owned()).collect();
        self
    }

    fn at(mut self, now_s: u64) -> Self {
        self.now_s = now_s;
        self
    }

    fn header(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.retain(|(given, _)| !given.eq_ignore_ascii_case(name));
        self.headers.push((name, value.into()));
        self
    }

    fn outcome(&self, rules: Rules) -> (Outcome, String) {
        let limits = Limits { body_bytes_max: 4_000, ..Limits::default() };
        let verifier = if self.stripe {
            Verifier::stripe_with(&self.secrets, limits, rules)
        } else {
            Verifier::standard_with(&self.secrets, limits, rules)
        };
        let verifier = match verifier {
            Ok(verifier) => verifier,
            Err(error) => return (Outcome::ConfigError, error.to_string()),
        };
        let headers: Vec<(&str, &[u8])> =
            self.headers.iter().map(|(name, value)| (*name, &value[..])).collect();
        let delivery = Delivery { headers: &headers, body: &self.body };
        match verifier.verify(&delivery, Timestamp(self.now_s * 1_000_000)) {
            Ok(_) => (Outcome::Accepted, "accept".to_owned()),
            Err(rejection) => (Outcome::Rejected, rejection.code().to_owned()),
        }
    }

    fn check(&self) {
        let (outcome, answer) = self.outcome(Rules::default());
        let answer = if outcome == Outcome::ConfigError { "config_error" } else { &answer };
        assert_eq!(answer, self.expected, "{}: {}", self.rule, self.claim);
    }
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

fn all_cases() -> Vec<Case> {
    standard::cases().into_iter().chain(stripe::cases()).collect()
}

#[test]
fn every_case_comes_out_as_its_rule_says() {
    all_cases().iter().for_each(Case::check);
}

#[test]
fn every_rule_lets_something_in_and_keeps_something_out() {
    let rules = ["R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "S1", "S2", "S3", "S4", "S5"];
    let cases = all_cases();
    for rule in rules {
        let mut of_rule = cases.iter().filter(|case| case.rule == rule);
        let (accepting, rejecting): (Vec<_>, Vec<_>) =
            of_rule.by_ref().partition(|case| case.expected == "accept");
        assert!(!accepting.is_empty() && !rejecting.is_empty(), "{rule}");
    }
    assert!(cases.iter().all(|case| rules.contains(&case.rule)));
}

#[test]
fn no_rule_can_be_switched_off_unnoticed() {
    let cases = all_cases();
    let survives = |rule: &Rule| {
        cases.iter().all(|case| case.outcome(Rules::without(*rule)).0 == case.outcome(Rules::default()).0)
    };
    let survivors: Vec<Rule> = Rule::ALL.into_iter().filter(survives).collect();
    assert_eq!(survivors, [], "of {} mutants", Rule::ALL.len());
}

#[test]
fn a_refusal_outside_the_window_says_how_far_and_that_it_was_genuine() {
    let case = standard::signed("msg_1", NOW_S + 360, b"{}");
    let verifier = Verifier::standard_webhooks(&case.secrets, Limits::default()).expect("valid secrets");
    let headers: Vec<(&str, &[u8])> = case.headers.iter().map(|(name, value)| (*name, &value[..])).collect();
    let rejection = verifier
        .verify(&Delivery { headers: &headers, body: &case.body }, Timestamp(NOW_S * 1_000_000))
        .expect_err("six minutes ahead");
    assert_eq!(rejection, Rejection::OutsideWindow { skew_s: 360, tolerance_s: 300 });
    assert!(rejection.is_genuine());
    assert!(!Rejection::BadSignature.is_genuine());
    // A forged request outside the window is forged first of all.
    let forged = case.header("webhook-signature", format!("v1,{}", STANDARD.encode([0; 32])));
    assert_eq!(forged.outcome(Rules::default()).1, "bad_signature");
}

#[test]
fn a_secret_never_shows() {
    let secret = standard::SECRET;
    let verifier = Verifier::standard_webhooks(&[secret], Limits::default()).expect("valid");
    let shown = format!("{verifier:?}");
    assert!(!shown.contains(&secret[6..]), "{shown}");
    let refused = Verifier::standard_webhooks(&["whsec_dG9vLXNob3J0"], Limits::default()).expect_err("short");
    assert_eq!(refused.to_string(), "webhook secret 1 has `9` bytes, not 24 to 64");
}

#[test]
fn codes_are_listed_and_unreadable_is_told_from_unauthorised() {
    let (bytes, max, skew_s, tolerance_s) = (2, 1, 400, 300);
    let rejections = [
        (Rejection::BodyTooLarge { bytes, max }, true),
        (Rejection::MissingHeader("webhook-id"), true),
        (Rejection::RepeatedHeader("webhook-id".into()), true),
        (Rejection::UnreadableHeader("webhook-id"), true),
        (Rejection::MalformedId, true),
        (Rejection::MalformedTimestamp, true),
        (Rejection::TooManySignatures, true),
        (Rejection::NoSignature, false),
        (Rejection::BadSignature, false),
        (Rejection::OutsideWindow { skew_s, tolerance_s }, false),
    ];
    let codes: Vec<&str> = rejections.iter().map(|(rejection, _)| rejection.code()).collect();
    assert_eq!(codes, Rejection::CODES);
    for (rejection, unreadable) in rejections {
        assert_eq!(rejection.is_unreadable(), unreadable, "{rejection}");
    }
}

proptest! {
    #[test]
    fn garbage_is_refused_and_breaks_nothing(
        headers in prop::collection::vec(
            (
                prop::sample::select(vec!["webhook-id", "Webhook-Timestamp", "webhook-signature", "stripe-signature", "x"]),
                prop_oneof![
                    prop::collection::vec(any::<u8>(), 0..80),
                    "[tv01a=, .+-]{0,60}".prop_map(String::into_bytes),
                    "1800000000".prop_map(String::into_bytes),
                    "v1,[A-Za-z0-9+/]{43}=( v1a,[A-Za-z0-9+/]{86}==)?".prop_map(String::into_bytes),
                    "t=1800000000,v1=[0-9a-f]{64}".prop_map(String::into_bytes),
                ],
            ),
            0..6,
        ),
        body in prop::collection::vec(any::<u8>(), 0..64),
        stripe in any::<bool>(),
        now_s in any::<u32>(),
    ) {
        let mut case = if stripe { stripe::signed(NOW_S, b"") } else { standard::signed("msg_1", NOW_S, b"") };
        (case.headers, case.body, case.now_s) = (headers, body, u64::from(now_s));
        prop_assert_eq!(case.outcome(Rules::default()).0, Outcome::Rejected);
    }

    #[test]
    fn one_flipped_bit_is_enough(stripe in any::<bool>(), bit in any::<prop::sample::Index>(), body in prop::collection::vec(any::<u8>(), 1..64)) {
        let mut case = if stripe { stripe::signed(NOW_S, &body) } else { standard::signed("msg_1", NOW_S, &body) };
        prop_assert_eq!(case.outcome(Rules::default()).0, Outcome::Accepted);
        let bit = bit.index(body.len() * 8);
        case.body[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(case.outcome(Rules::default()).1, "bad_signature");
    }
}
