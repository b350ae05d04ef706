//! Who asks: region, tier and age limit, from where a request may be believed.
//!
//! A service in front of real viewers takes them from a token that the session service signed (HMAC-SHA-256, RFC 2104);
//! a demo on loopback takes them from the query. A token is `v1.PAYLOAD.SIGNATURE`, both base64url without padding
//! (RFC 4648, section 5); the payload is a JSON object, the signature is over `v1.PAYLOAD`. What is not said counts
//! as least: the cheapest tier, and titles for all ages.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use platform_core::catalog::record::{Territory, Tier};
use serde::Deserialize;
use sha2::Sha256;
use units::Timestamp;

use super::problem::Problem;

/// What a viewer may see.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Viewer {
    /// Where they are.
    pub region: Territory,
    /// What they have paid for.
    pub tier: Tier,
    /// Titles for viewers up to this age are shown.
    pub age: u8,
}

/// Where a viewer's context is believed from.
#[derive(Clone)]
pub enum ViewerSource {
    /// From the query: whoever asks may see what they say. For demos and tests on loopback.
    Query,
    /// From a token signed with this key.
    Token(ViewerKey),
}

/// The key that viewers' tokens are signed with.
#[derive(Clone)]
pub struct ViewerKey(Vec<u8>);

impl std::fmt::Debug for ViewerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ViewerKey(..)")
    }
}

/// What a token says. Members that a later version adds are skipped.
#[derive(Deserialize)]
struct Claims {
    region: Territory,
    #[serde(default)]
    tier: Tier,
    #[serde(default)]
    age: u8,
    /// Seconds since 1970-01-01, when it stops being valid.
    exp: u64,
}

const VERSION: &str = "v1.";

impl ViewerKey {
    /// A key of at least 32 bytes: what the hash gives, RFC 2104 section 3.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        (bytes.len() >= 32).then(|| Self(bytes.to_vec()))
    }

    fn mac(&self, signed: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(signed.as_bytes());
        mac
    }

    /// A token that says what a viewer may see until a moment.
    #[must_use]
    pub fn sign(&self, viewer: &Viewer, until: Timestamp) -> String {
        let claims = serde_json::json!({
            "region": viewer.region, "tier": viewer.tier, "age": viewer.age, "exp": until.0 / 1_000_000,
        });
        let signed = format!("{VERSION}{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = self.mac(&signed).finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Reads a token.
    ///
    /// # Errors
    /// [`Problem::ViewerRefused`], whatever is wrong with it: a forger learns nothing.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Viewer, Problem> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Problem::ViewerRefused)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Problem::ViewerRefused)?;
        // Compares in constant time.
        self.mac(signed).verify_slice(&signature).map_err(|_| Problem::ViewerRefused)?;
        let payload = signed.strip_prefix(VERSION).ok_or(Problem::ViewerRefused)?;
        let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| Problem::ViewerRefused)?;
        let claims: Claims = serde_json::from_slice(&payload).map_err(|_| Problem::ViewerRefused)?;
        if now.0 / 1_000_000 >= claims.exp {
            return Err(Problem::ViewerRefused);
        }
        Ok(Viewer { region: claims.region, tier: claims.tier, age: claims.age })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> ViewerKey {
        ViewerKey::new(&[7; 32]).unwrap()
    }

    fn viewer() -> Viewer {
        Viewer { region: "DE".parse().unwrap(), tier: Tier::Basic, age: 12 }
    }

    const UNTIL: Timestamp = Timestamp(100_000_000);

    #[test]
    fn a_signed_token_is_read_back_until_it_ends() {
        let token = key().sign(&viewer(), UNTIL);
        assert_eq!(key().verify(&token, Timestamp(99_999_999)), Ok(viewer()));
        assert_eq!(key().verify(&token, UNTIL), Err(Problem::ViewerRefused));
    }

    #[test]
    fn a_short_key_is_none_and_another_key_refuses() {
        assert!(ViewerKey::new(&[7; 31]).is_none());
        let token = ViewerKey::new(&[8; 32]).unwrap().sign(&viewer(), UNTIL);
        assert_eq!(key().verify(&token, Timestamp(0)), Err(Problem::ViewerRefused));
    }

    proptest! {
        #[test]
        fn a_token_with_one_changed_letter_is_refused(at in 0_usize..120, letter in "[A-Za-z0-9._-]") {
            let token = key().sign(&viewer(), UNTIL);
            let at = at % token.len();
            let changed = format!("{}{letter}{}", &token[..at], &token[at + 1..]);
            // The last letter of base64 carries bits that decode to nothing, and those must be zero.
            prop_assume!(changed != token);
            prop_assert_eq!(key().verify(&changed, Timestamp(0)), Err(Problem::ViewerRefused));
        }

        #[test]
        fn no_text_makes_verifying_panic(token in any::<String>()) {
            prop_assert!(key().verify(&token, Timestamp(0)).is_err());
        }
    }
}
