//! Whether a webhook is genuine: signed with a secret of ours, recently, over exactly the bytes that came.
//!
//! Strict where libraries differ: a number is written in one way, a list has a bound, a header comes once, the window has two
//! sides, and an id cannot move the border of the signed text. The signature is checked before the window, so that a genuine
//! request outside it can be told from a forged one: the first means that a clock is wrong (or an old request is replayed), the
//! second that somebody is trying. Signatures are compared in constant time, over all secrets, so that two can be active
//! while one is being replaced.
//!
//! Sources: Standard Webhooks 1.0.0 (<https://www.standardwebhooks.com>) and Stripe's page on signatures
//! (<https://docs.stripe.com/webhooks/signature>). What a body means is [`super::event`]'s business: it need not even be text.

pub mod rules;
pub mod secret;
mod standard;
mod stripe;

use thiserror::Error;
use units::Timestamp;

use self::rules::{Rule, Rules};
use self::secret::{SecretError, StandardKeys, StripeKeys};

/// Largest body that is looked at: 1 MiB, some fifty times what Standard Webhooks asks senders to stay below (20 kB).
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// Half width of the time window, in seconds, both ends included: five minutes, as both schemes' libraries have it.
pub const TOLERANCE_S: u64 = 300;

/// Most signatures in one header; a sender that replaces a secret needs two.
pub const SIGNATURES_MAX: usize = 16;

/// Longest header value that is looked at, in bytes: 16 signatures of the longest kind fill a tenth of it, and what a sender adds of
/// kinds that nobody knows yet has room.
pub const HEADER_BYTES_MAX: usize = 16 * 1_024;

/// A request as it came, before anything is believed of it.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// Header names in any case, with the raw bytes of their values, repeated ones repeated.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The body, byte for byte.
    pub body: &'a [u8],
}

/// What the signature vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The sender's id of the message, where the scheme signs one (Standard Webhooks).
    pub message_id: Option<String>,
    /// When the sender signed, in whole seconds since 1970.
    pub signed_at_s: u64,
}

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Rejection {
    /// The body is too large to be looked at.
    #[error("body of `{bytes}` bytes, at most {max}")]
    BodyTooLarge {
        /// Bytes that came.
        bytes: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// A header that the scheme needs is missing.
    #[error("header `{0}` is missing")]
    MissingHeader(&'static str),
    /// A header of the scheme came more than once, so that readers could disagree on its value.
    #[error("header `{0}` came more than once")]
    RepeatedHeader(String),
    /// A header is longer than any honest one, or is not text.
    #[error("header `{0}` is not readable")]
    UnreadableHeader(&'static str),
    /// The message id has a character or a length that is not allowed.
    #[error("message id is not 1 to 128 letters, digits, `_` or `-`")]
    MalformedId,
    /// The timestamp is missing, came twice, or is no canonical number of seconds.
    #[error("timestamp is not one canonical number of seconds")]
    MalformedTimestamp,
    /// More signatures than anybody needs.
    #[error("more than {SIGNATURES_MAX} signatures")]
    TooManySignatures,
    /// No signature of a known kind is well-formed.
    #[error("no well-formed signature of a known version")]
    NoSignature,
    /// No signature fits any active secret.
    #[error("no signature fits an active secret")]
    BadSignature,
    /// Genuine, but signed too long ago or too far in the future.
    #[error("genuine, but signed `{skew_s}` s from now, at most {tolerance_s}")]
    OutsideWindow {
        /// The sender's clock minus ours, in seconds.
        skew_s: i64,
        /// Largest distance allowed, in seconds.
        tolerance_s: u64,
    },
}

/// What a verifier allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest body, in bytes.
    pub body_bytes_max: usize,
    /// Half width of the time window, in seconds.
    pub tolerance_s: u64,
}

/// Checks requests of one sender.
#[derive(Debug, Clone)]
pub struct Verifier {
    keys: Keys,
    limits: Limits,
    rules: Rules,
}

#[derive(Debug, Clone)]
enum Keys {
    Standard(StandardKeys),
    Stripe(StripeKeys),
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_bytes_max: BODY_BYTES_MAX, tolerance_s: TOLERANCE_S }
    }
}

impl Verifier {
    /// A verifier of Standard Webhooks with all active secrets (`whsec_…`) and public keys (`whpk_…`).
    ///
    /// # Errors
    /// [`SecretError`] for a secret that could not protect anything; it is never part of the text.
    pub fn standard_webhooks<S: AsRef<str>>(secrets: &[S], limits: Limits) -> Result<Self, SecretError> {
        Self::standard_with(secrets, limits, Rules::default())
    }

    /// A verifier of Stripe's webhooks with all active endpoint secrets.
    ///
    /// # Errors
    /// As [`Verifier::standard_webhooks`].
    pub fn stripe<S: AsRef<str>>(secrets: &[S], limits: Limits) -> Result<Self, SecretError> {
        Self::stripe_with(secrets, limits, Rules::default())
    }

    /// As [`Verifier::standard_webhooks`] under a table of rules.
    ///
    /// # Errors
    /// As [`Verifier::standard_webhooks`].
    pub(crate) fn standard_with<S: AsRef<str>>(
        secrets: &[S],
        limits: Limits,
        rules: Rules,
    ) -> Result<Self, SecretError> {
        Ok(Self { keys: Keys::Standard(StandardKeys::read(secrets, rules)?), limits, rules })
    }

    /// As [`Verifier::stripe`] under a table of rules.
    ///
    /// # Errors
    /// As [`Verifier::standard_webhooks`].
    pub(crate) fn stripe_with<S: AsRef<str>>(
        secrets: &[S],
        limits: Limits,
        rules: Rules,
    ) -> Result<Self, SecretError> {
        Ok(Self { keys: Keys::Stripe(StripeKeys::read(secrets, rules)?), limits, rules })
    }

    /// Whether a request is genuine at `now`, microseconds since 1970.
    ///
    /// # Errors
    /// The [`Rejection`], of which only [`Rejection::OutsideWindow`] says that the signature was good.
    pub fn verify(&self, delivery: &Delivery<'_>, now: Timestamp) -> Result<Verified, Rejection> {
        let bytes = delivery.body.len();
        if bytes > self.limits.body_bytes_max && self.rules.holds(Rule::BodyLimit) {
            return Err(Rejection::BodyTooLarge { bytes, max: self.limits.body_bytes_max });
        }
        let verified = match &self.keys {
            Keys::Standard(keys) => standard::verify(keys, delivery, self.rules),
            Keys::Stripe(keys) => stripe::verify(keys, delivery, self.rules),
        }?;
        self.in_window(verified.signed_at_s, now)?;
        Ok(verified)
    }

    fn in_window(&self, signed_at_s: u64, now: Timestamp) -> Result<(), Rejection> {
        let tolerance_s = self.limits.tolerance_s;
        let now_s = now.0 / 1_000_000;
        let too_old = now_s.saturating_sub(signed_at_s) > tolerance_s && self.rules.holds(Rule::WindowPast);
        let too_new = signed_at_s.saturating_sub(now_s) > tolerance_s && self.rules.holds(Rule::WindowFuture);
        if too_old || too_new {
            let skew_s = i64::try_from(i128::from(signed_at_s) - i128::from(now_s)).unwrap_or(i64::MAX);
            return Err(Rejection::OutsideWindow { skew_s, tolerance_s });
        }
        Ok(())
    }
}

impl Rejection {
    /// A stable name for metrics and answers.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::MissingHeader(_) => "missing_header",
            Self::RepeatedHeader(_) => "repeated_header",
            Self::UnreadableHeader(_) => "unreadable_header",
            Self::MalformedId => "malformed_id",
            Self::MalformedTimestamp => "malformed_timestamp",
            Self::TooManySignatures => "too_many_signatures",
            Self::NoSignature => "no_signature",
            Self::BadSignature => "bad_signature",
            Self::OutsideWindow { .. } => "outside_window",
        }
    }

    /// All names, for metrics that start at zero.
    pub const CODES: [&'static str; 10] = [
        "body_too_large",
        "missing_header",
        "repeated_header",
        "unreadable_header",
        "malformed_id",
        "malformed_timestamp",
        "too_many_signatures",
        "no_signature",
        "bad_signature",
        "outside_window",
    ];

    /// Whether the signature was good all the same: then a clock is wrong or an old request was sent again.
    #[must_use]
    pub const fn is_genuine(&self) -> bool {
        matches!(self, Self::OutsideWindow { .. })
    }

    /// Whether the request could be read at all: an unreadable one is the sender's mistake (400), a readable one that does not
    /// verify is not authorised (401).
    #[must_use]
    pub const fn is_unreadable(&self) -> bool {
        !matches!(self, Self::NoSignature | Self::BadSignature | Self::OutsideWindow { .. })
    }
}

/// The value of a header that must come once.
fn header<'a>(delivery: &Delivery<'a>, name: &'static str) -> Result<&'a str, Rejection> {
    let mut found = delivery.headers.iter().filter(|(given, _)| given.eq_ignore_ascii_case(name));
    let (_, value) = found.next_back().ok_or(Rejection::MissingHeader(name))?;
    if value.len() > HEADER_BYTES_MAX {
        return Err(Rejection::UnreadableHeader(name));
    }
    std::str::from_utf8(value).map_err(|_| Rejection::UnreadableHeader(name))
}

/// Refuses a request in which a header whose name begins with `prefix` comes twice.
fn no_repeats(delivery: &Delivery<'_>, prefix: &str, rules: Rules) -> Result<(), Rejection> {
    let ours = |name: &str| name.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    for (at, (name, _)) in delivery.headers.iter().enumerate().filter(|(_, (name, _))| ours(name)) {
        let repeated = delivery.headers[..at].iter().any(|(earlier, _)| earlier.eq_ignore_ascii_case(name));
        if repeated && rules.holds(Rule::HeadersOnce) {
            return Err(Rejection::RepeatedHeader(name.to_ascii_lowercase()));
        }
    }
    Ok(())
}

/// A canonical number of seconds: 1 to 12 digits, the first not a zero.
fn seconds(text: &str, rules: Rules) -> Result<u64, Rejection> {
    let canonical = (1..=12).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && !text.starts_with('0');
    if !canonical && rules.holds(Rule::CanonicalTime) {
        return Err(Rejection::MalformedTimestamp);
    }
    text.trim().parse().map_err(|_| Rejection::MalformedTimestamp)
}

#[cfg(test)]
mod tests;
