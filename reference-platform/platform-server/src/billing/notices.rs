//! Notices as signed webhooks to whoever subscribed to them: Standard Webhooks 1.0.0, one id per notice however often it is posted.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::{Request, Uri, header};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use platform_core::subscription::rows::Notice;
use serde_json::json;
use sha2::Sha256;
use std::time::Duration;
use units::Timestamp;

/// How long a receiver may take: the lower end of what Standard Webhooks suggests.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why notices cannot be posted to an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoticeError {
    /// Not an address, or not `http`.
    #[error("`{0}` is no http address; give one like http://127.0.0.1:9000/hook")]
    Address(String),
    /// The secret protects nothing.
    #[error("the secret for notices has fewer than 24 bytes")]
    Secret,
}

/// Posts notices to one address.
#[derive(Clone)]
pub struct Poster {
    address: Uri,
    secret: Vec<u8>,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl std::fmt::Debug for Poster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Poster").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Poster {
    /// A poster to an address, with a secret of at least 24 bytes.
    ///
    /// # Errors
    /// [`NoticeError`].
    pub fn new(address: &str, secret: &[u8]) -> Result<Self, NoticeError> {
        let wrong = || NoticeError::Address(address.to_owned());
        let uri: Uri = address.parse().map_err(|_| wrong())?;
        if uri.scheme_str() != Some("http") || uri.host().is_none() {
            return Err(wrong());
        }
        if secret.len() < 24 {
            return Err(NoticeError::Secret);
        }
        let client = Client::builder(TokioExecutor::new()).build_http();
        Ok(Self { address: uri, secret: secret.to_vec(), client })
    }

    /// The body of a notice and its three headers.
    ///
    /// # Panics
    /// Never: HMAC takes keys of any length (RFC 2104).
    #[must_use]
    pub fn signed(&self, notice: &Notice, now: Timestamp) -> ([(&'static str, String); 3], String) {
        let body = json!({
            "type": notice.kind, "timestamp": super::store::instant(notice.created_at),
            "data": {"subscription": notice.subscription, "about": notice.about},
        })
        .to_string();
        // Receivers as strict as we are take letters, digits, `_` and `-` alone, and 128 of them.
        let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
        let id: String = notice.id.chars().map(plain).take(128).collect();
        let at = now.0 / 1_000_000;
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{at}.{body}").as_bytes());
        let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        let headers =
            [("webhook-id", id), ("webhook-timestamp", at.to_string()), ("webhook-signature", signature)];
        (headers, body)
    }

    /// Posts a notice; whether the receiver took it.
    pub async fn post(&self, notice: &Notice, now: Timestamp) -> bool {
        let (headers, body) = self.signed(notice, now);
        let mut request =
            Request::post(self.address.clone()).header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let Ok(request) = request.body(Full::new(Bytes::from(body))) else { return false };
        match tokio::time::timeout(PATIENCE, self.client.request(request)).await {
            Ok(Ok(response)) => response.status().is_success(),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a notice was not taken");
                false
            }
            Err(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use platform_core::webhook::verify::{Delivery, Limits, Verifier};

    use super::*;

    const SECRET: [u8; 32] = [9; 32];

    #[test]
    fn a_notice_is_signed_as_our_own_verifier_wants_it() {
        let poster = Poster::new("http://127.0.0.1:9/hook", &SECRET).unwrap();
        let notice = Notice {
            id: "receipt:1".into(),
            kind: "receipt".into(),
            subscription: "sub_1".into(),
            about: "pi_1".into(),
            created_at: Timestamp(0),
            posted_at: None,
            post_at: Timestamp::ZERO,
            failures: 0,
        };
        let now = Timestamp(1_800_000_000_000_000);
        let (headers, body) = poster.signed(&notice, now);
        let secret = format!("whsec_{}", STANDARD.encode(SECRET));
        let verifier = Verifier::standard_webhooks(&[secret], Limits::default()).unwrap();
        let headers: Vec<(&str, &[u8])> =
            headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let verified = verifier.verify(&Delivery { headers: &headers, body: body.as_bytes() }, now);
        assert_eq!(verified.unwrap().message_id.as_deref(), Some("receipt-1"));
    }

    #[test]
    fn only_http_addresses_and_real_secrets_are_taken() {
        assert!(Poster::new("https://127.0.0.1/", &SECRET).is_err());
        assert!(Poster::new("nonsense", &SECRET).is_err());
        assert_eq!(Poster::new("http://127.0.0.1:1/", b"short").unwrap_err(), NoticeError::Secret);
    }
}
