//! Who asks: customers by a token that the session service signed, support by one shared token.
//!
//! A customer's token is `v1.PAYLOAD.SIGNATURE`, both base64url without padding (RFC 4648, section 5); the payload is the customer's
//! id and the second at which the token ends, the signature is HMAC-SHA-256 over `v1.PAYLOAD` (RFC 2104).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use units::Timestamp;

use super::problem::Problem;

/// The key that customers' tokens are signed with.
#[derive(Clone)]
pub struct CustomerKey(Vec<u8>);

/// What support shows; kept as its hash.
#[derive(Clone)]
pub struct InternalToken([u8; 32]);

impl std::fmt::Debug for CustomerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CustomerKey(..)")
    }
}

impl std::fmt::Debug for InternalToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InternalToken(..)")
    }
}

impl CustomerKey {
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

    /// A token that says who a customer is until a moment.
    #[must_use]
    pub fn sign(&self, customer: &str, until: Timestamp) -> String {
        let payload = format!("{}:{customer}", until.0 / 1_000_000);
        let signed = format!("v1.{}", URL_SAFE_NO_PAD.encode(payload));
        let signature = self.mac(&signed).finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The customer whose token a request carries.
    ///
    /// # Errors
    /// [`Problem::Unauthorised`], whatever is wrong with it: a forger learns nothing.
    pub fn customer(&self, headers: &HeaderMap, now: Timestamp) -> Result<String, Problem> {
        self.read(bearer(headers)?, now).ok_or(Problem::Unauthorised)
    }

    fn read(&self, token: &str, now: Timestamp) -> Option<String> {
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        // Compares in constant time.
        self.mac(signed).verify_slice(&signature).ok()?;
        let payload = URL_SAFE_NO_PAD.decode(signed.strip_prefix("v1.")?).ok()?;
        let payload = String::from_utf8(payload).ok()?;
        let (until_s, customer) = payload.split_once(':')?;
        let until_s: u64 = until_s.parse().ok()?;
        (now.0 / 1_000_000 < until_s && !customer.is_empty()).then(|| customer.to_owned())
    }
}

impl InternalToken {
    /// A token of at least 16 bytes.
    #[must_use]
    pub fn new(token: &str) -> Option<Self> {
        (token.len() >= 16).then(|| Self(Sha256::digest(token.as_bytes()).into()))
    }

    /// Lets a request of support's pass.
    ///
    /// # Errors
    /// [`Problem::Unauthorised`].
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let shown: [u8; 32] = Sha256::digest(bearer(headers)?.as_bytes()).into();
        // Hashes of equal length are compared, so that time tells nothing about the token.
        let same = shown.iter().zip(self.0).fold(0_u8, |differs, (a, b)| differs | (a ^ b)) == 0;
        if same { Ok(()) } else { Err(Problem::Unauthorised) }
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    // Of two that differ nobody could say which one counts.
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().filter(|_| values.next().is_none()).and_then(|value| value.to_str().ok());
    value.and_then(|value| value.strip_prefix("Bearer ")).ok_or(Problem::Unauthorised)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(token: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        headers
    }

    #[test]
    fn a_customer_is_known_until_the_token_ends() {
        let key = CustomerKey::new(&[7; 32]).unwrap();
        let token = key.sign("c:1", Timestamp(100_000_000));
        assert_eq!(key.customer(&headers(&token), Timestamp(99_999_999)).unwrap(), "c:1");
        assert!(key.customer(&headers(&token), Timestamp(100_000_000)).is_err());
        let other = CustomerKey::new(&[8; 32]).unwrap();
        assert!(other.customer(&headers(&token), Timestamp(0)).is_err());
        assert!(CustomerKey::new(&[7; 31]).is_none());
    }

    #[test]
    fn support_shows_its_token_or_is_refused() {
        let token = InternalToken::new("a token of support").unwrap();
        assert!(token.check(&headers("a token of support")).is_ok());
        for wrong in ["a token of support ", "", "a token of suppor"] {
            assert!(token.check(&headers(wrong)).is_err());
        }
        assert!(token.check(&HeaderMap::new()).is_err());
        assert!(InternalToken::new("short").is_none());
    }
}
