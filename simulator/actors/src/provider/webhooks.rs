//! The provider's webhooks: events as bodies, signed as Stripe signs them, and how the net treats them.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use units::{Micros, Timestamp};

use super::script::seconds;

/// An event to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// Its type.
    pub event_type: String,
    /// When it happened.
    pub created: Timestamp,
    /// Whether real money moves.
    pub livemode: bool,
    /// The object that it is about, as it then stands.
    pub object: Value,
}

/// How the net treats a provider's events, in per cent of them: the n-th event (n from 0) has r = n mod 100, and the first `lost`
/// values of r are lost, the next `late` are late, and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shares {
    /// Never sent.
    pub lost: u64,
    /// Sent later, freshly signed.
    pub late: u64,
    /// How much later.
    pub late_by: Micros,
    /// Sent after the event that follows.
    pub out_of_order: u64,
    /// A forged copy with another id is sent as well.
    pub forged: u64,
    /// Sent twice.
    pub duplicate: u64,
}

/// What the net does with one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Never sent.
    Lost,
    /// Sent later.
    Late,
    /// Sent after the event that follows.
    OutOfOrder,
    /// Sent, and a forged copy too.
    Forged,
    /// Sent twice.
    Duplicate,
    /// Sent once.
    Once,
}

impl Shares {
    /// What becomes of the n-th event.
    #[must_use]
    pub const fn fate(&self, n: u64) -> Fate {
        let r = n % 100;
        let lost = self.lost;
        let late = lost + self.late;
        let out_of_order = late + self.out_of_order;
        let forged = out_of_order + self.forged;
        let duplicate = forged + self.duplicate;
        if r < lost {
            Fate::Lost
        } else if r < late {
            Fate::Late
        } else if r < out_of_order {
            Fate::OutOfOrder
        } else if r < forged {
            Fate::Forged
        } else if r < duplicate {
            Fate::Duplicate
        } else {
            Fate::Once
        }
    }
}

impl Event {
    /// The body; `pending_webhooks` counts down from delivery to delivery and belongs to no content.
    #[must_use]
    pub fn body(&self, pending_webhooks: u32) -> String {
        json!({
            "id": self.id, "object": "event", "type": self.event_type, "created": seconds(self.created),
            "livemode": self.livemode, "pending_webhooks": pending_webhooks, "data": {"object": self.object},
        })
        .to_string()
    }
}

/// The `Stripe-Signature` header of a body: HMAC-SHA-256 over `t.body` with the endpoint's secret as it is written.
///
/// <https://docs.stripe.com/webhooks/signature>
///
/// # Panics
/// Never: HMAC takes keys of any length (RFC 2104).
#[must_use]
pub fn sign(secret: &str, at: Timestamp, body: &[u8]) -> String {
    let at = seconds(at);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(at.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    format!("t={at},v1={}", hex::encode(mac.finalize().into_bytes()))
}
