//! Secrets as configured, refused while configuring if they could not protect anything.
//!
//! An empty or short secret verifies what anybody can sign, so it is an error of the configuration and not a verifier that says
//! yes. The two schemes read the same prefix differently: Standard Webhooks decodes what follows `whsec_`, Stripe uses the whole
//! text as the key.

use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ed25519_dalek::VerifyingKey;
use hmac::{Hmac, KeyInit};
use sha2::Sha256;
use thiserror::Error;

use super::rules::{Rule, Rules};

/// HMAC-SHA256, keyed.
pub(super) type HmacSha256 = Hmac<Sha256>;

/// Most secrets that can be active at once: replacing one needs two, a sender with several endpoints two for each, and each costs a MAC
/// per request.
pub const SECRETS_MAX: usize = 16;

/// Standard base64 whose padding may be left out.
const SECRET_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a configured secret was refused; the secret itself is never part of the text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SecretError {
    /// No secret at all.
    #[error("no webhook secret is configured")]
    None,
    /// More secrets than can be tried per request.
    #[error("`{count}` webhook secrets are configured, at most {SECRETS_MAX}")]
    TooMany {
        /// How many were configured.
        count: usize,
    },
    /// What follows the prefix is not base64.
    #[error("webhook secret {ordinal} is not base64")]
    NotBase64 {
        /// Which secret, from 1.
        ordinal: usize,
    },
    /// Too short to be safe, or too long to be meant.
    #[error("webhook secret {ordinal} has `{bytes}` bytes, not 24 to 64")]
    Length {
        /// Which secret, from 1.
        ordinal: usize,
        /// Its length.
        bytes: usize,
    },
    /// Not a point of the curve, or a weak one that fits signatures of nobody.
    #[error("webhook key {ordinal} is no ed25519 public key")]
    NotPublicKey {
        /// Which secret, from 1.
        ordinal: usize,
    },
    /// A signing key, which a receiver must not have.
    #[error("webhook key {ordinal} is a private key: configure the public key (`whpk_`)")]
    PrivateKey {
        /// Which secret, from 1.
        ordinal: usize,
    },
    /// Empty, or with white space that came in with copying.
    #[error("webhook secret {ordinal} is empty or contains white space")]
    Whitespace {
        /// Which secret, from 1.
        ordinal: usize,
    },
}

/// Active keys of a sender of Standard Webhooks.
#[derive(Clone)]
pub(super) struct StandardKeys {
    pub(super) shared: Vec<HmacSha256>,
    pub(super) public: Vec<VerifyingKey>,
}

/// Active keys of a Stripe endpoint.
#[derive(Clone)]
pub(super) struct StripeKeys {
    pub(super) shared: Vec<HmacSha256>,
}

impl StandardKeys {
    pub(super) fn read<S: AsRef<str>>(secrets: &[S], rules: Rules) -> Result<Self, SecretError> {
        let mut keys = Self { shared: Vec::new(), public: Vec::new() };
        for (ordinal, secret) in counted(secrets)? {
            let decode =
                |text: &str| SECRET_BASE64.decode(text).map_err(|_| SecretError::NotBase64 { ordinal });
            if secret.starts_with("whsk_") {
                return Err(SecretError::PrivateKey { ordinal });
            }
            if let Some(text) = secret.strip_prefix("whpk_") {
                let key = public_key(&decode(text)?).ok_or(SecretError::NotPublicKey { ordinal })?;
                if !rules.holds(Rule::KeyKinds) {
                    keys.shared.push(keyed(key.as_bytes()));
                }
                keys.public.push(key);
                continue;
            }
            let key = decode(secret.strip_prefix("whsec_").unwrap_or(secret))?;
            let bytes = key.len();
            let short = bytes < 24 && rules.holds(Rule::SecretMin);
            let long = bytes > 64 && rules.holds(Rule::SecretMax);
            if short || long {
                return Err(SecretError::Length { ordinal, bytes });
            }
            keys.shared.push(keyed(&key));
        }
        if !rules.holds(Rule::AllSecrets) {
            keys.shared.truncate(1);
            keys.public.truncate(1);
        }
        Ok(keys)
    }
}

impl StripeKeys {
    pub(super) fn read<S: AsRef<str>>(secrets: &[S], rules: Rules) -> Result<Self, SecretError> {
        let mut shared = Vec::new();
        for (ordinal, secret) in counted(secrets)? {
            let spaced = secret.chars().any(char::is_whitespace) && rules.holds(Rule::NoWhitespace);
            if secret.is_empty() || spaced {
                return Err(SecretError::Whitespace { ordinal });
            }
            let whole = if rules.holds(Rule::WholeSecret) {
                secret
            } else {
                secret.strip_prefix("whsec_").unwrap_or(secret)
            };
            shared.push(keyed(whole.as_bytes()));
        }
        if !rules.holds(Rule::AllSecrets) {
            shared.truncate(1);
        }
        Ok(Self { shared })
    }
}

/// The secrets with their ordinals from 1, if there is a sensible number of them.
fn counted<S: AsRef<str>>(secrets: &[S]) -> Result<impl Iterator<Item = (usize, &str)>, SecretError> {
    match secrets.len() {
        0 => Err(SecretError::None),
        count if count > SECRETS_MAX => Err(SecretError::TooMany { count }),
        _ => Ok((1..).zip(secrets.iter().map(AsRef::as_ref))),
    }
}

fn public_key(bytes: &[u8]) -> Option<VerifyingKey> {
    let key = VerifyingKey::from_bytes(bytes.try_into().ok()?).ok()?;
    (!key.is_weak()).then_some(key)
}

fn keyed(key: &[u8]) -> HmacSha256 {
    HmacSha256::new_from_slice(key).expect("HMAC takes keys of any length (RFC 2104)")
}

impl fmt::Debug for StandardKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} shared and {} public keys", self.shared.len(), self.public.len())
    }
}

impl fmt::Debug for StripeKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} shared keys", self.shared.len())
    }
}
