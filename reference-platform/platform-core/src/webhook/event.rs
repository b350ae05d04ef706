//! What a genuine body is about, and the hash that tells a duplicate from a conflict.
//!
//! An event is a hint: it names an object, which is then fetched as it stands, so nothing but names and times is read here. A
//! provider sends an event again with the same id and the same content; the same id with other content is a conflict. The hash is
//! over the parts that stay the same: Stripe counts down `pending_webhooks` from delivery to delivery, so that key is left out, and
//! neither the order of keys nor white space counts.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Longest id or type that is stored, in bytes: providers stay below a hundred.
pub const NAME_BYTES_MAX: usize = 255;

/// Who signed a webhook, and therefore how its body reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    /// Stripe events.
    Stripe,
    /// Standard Webhooks: id in the header, `type` and `data` in the body.
    Standard,
}

/// Hash over the stable parts of an event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContentHash([u8; 32]);

/// What an event says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventHead {
    /// The sender's id: what duplicates are told by.
    pub id: String,
    /// The sender's type, for example `payment_intent.succeeded`.
    pub event_type: String,
    /// When the event happened, in seconds since 1970; the signature's time says only when it was sent.
    pub created_s: Option<u64>,
    /// Whether real money moves; `None` where the sender does not say.
    pub livemode: Option<bool>,
    /// The connected account that the event belongs to; empty for our own.
    pub account: String,
    /// Id of the object that the event is about.
    pub object: Option<String>,
    /// Hash over the stable parts.
    pub content: ContentHash,
}

/// What an event of Stripe makes us fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handling {
    /// The payment intent that it names.
    FetchPayment,
    /// The dispute that it names.
    FetchDispute,
    /// The subscription that it names.
    FetchSubscription,
    /// Nothing: a type that we do not act on.
    Ignore,
}

/// Why a genuine body is no event. The sender signed it, so a repeat would say the same.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EventError {
    /// Not JSON, or not an object.
    #[error("body is no JSON object")]
    NotAnObject,
    /// A key is missing, of the wrong type, empty or too long.
    #[error("`{0}` is missing or is no text of 1 to {NAME_BYTES_MAX} bytes")]
    Key(&'static str),
}

impl EventHead {
    /// Reads a body whose signature was good; `message_id` is what the signature vouched for besides.
    ///
    /// # Errors
    /// [`EventError`].
    pub fn read(sender: Sender, message_id: Option<&str>, body: &[u8]) -> Result<Self, EventError> {
        let parsed: Value = serde_json::from_slice(body).map_err(|_| EventError::NotAnObject)?;
        if !parsed.is_object() {
            return Err(EventError::NotAnObject);
        }
        let about = &parsed["data"]["object"]["id"];
        let id = match message_id {
            Some(id) => id.to_owned(),
            None => name(&parsed, "id")?,
        };
        Ok(Self {
            id,
            event_type: name(&parsed, "type")?,
            created_s: parsed["created"].as_u64(),
            livemode: parsed["livemode"].as_bool(),
            account: parsed["account"].as_str().unwrap_or_default().to_owned(),
            object: about.as_str().filter(|id| is_name(id)).map(str::to_owned),
            content: ContentHash::of(sender, &parsed),
        })
    }
}

impl Handling {
    /// What a type of Stripe's means for us.
    #[must_use]
    pub fn of_stripe(event_type: &str) -> Self {
        match event_type {
            "payment_intent.succeeded" | "payment_intent.payment_failed" => Self::FetchPayment,
            _ if event_type.starts_with("charge.dispute.") => Self::FetchDispute,
            _ if event_type.starts_with("customer.subscription.") => Self::FetchSubscription,
            _ => Self::Ignore,
        }
    }
}

impl ContentHash {
    /// The hash of a parsed body.
    #[must_use]
    pub fn of(sender: Sender, body: &Value) -> Self {
        let mut hasher = Sha256::new();
        match body {
            Value::Object(map) => {
                let unstable = |key: &str| sender == Sender::Stripe && key == "pending_webhooks";
                feed_object(&mut hasher, map.iter().filter(|(key, _)| !unstable(key)));
            }
            other => feed(&mut hasher, other),
        }
        Self(hasher.finalize().into())
    }

    /// The hash of a body that cannot be parsed.
    #[must_use]
    pub fn of_bytes(body: &[u8]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"bytes");
        hasher.update(body);
        Self(hasher.finalize().into())
    }
}

fn name(parsed: &Value, key: &'static str) -> Result<String, EventError> {
    let text = parsed[key].as_str().filter(|text| is_name(text));
    text.map(str::to_owned).ok_or(EventError::Key(key))
}

fn is_name(text: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// Feeds a value so that different values feed different bytes: each kind has a tag, each text and list its length.
fn feed(hasher: &mut Sha256, value: &Value) {
    match value {
        Value::Null => hasher.update(b"n"),
        Value::Bool(true) => hasher.update(b"t"),
        Value::Bool(false) => hasher.update(b"f"),
        Value::Number(number) => feed_text(hasher, b"#", &number.to_string()),
        Value::String(text) => feed_text(hasher, b"s", text),
        Value::Array(items) => {
            hasher.update(b"a");
            hasher.update(items.len().to_le_bytes());
            items.iter().for_each(|item| feed(hasher, item));
        }
        Value::Object(map) => feed_object(hasher, map.iter()),
    }
}

fn feed_object<'a>(hasher: &mut Sha256, entries: impl Iterator<Item = (&'a String, &'a Value)>) {
    let mut entries: Vec<_> = entries.collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    hasher.update(b"o");
    hasher.update(entries.len().to_le_bytes());
    for (key, value) in entries {
        feed_text(hasher, b"k", key);
        feed(hasher, value);
    }
}

fn feed_text(hasher: &mut Sha256, tag: &[u8], text: &str) {
    hasher.update(tag);
    hasher.update(text.len().to_le_bytes());
    hasher.update(text.as_bytes());
}

impl TryFrom<String> for ContentHash {
    type Error = hex::FromHexError;
    fn try_from(text: String) -> Result<Self, hex::FromHexError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map(|()| Self(bytes))
    }
}

impl From<ContentHash> for String {
    fn from(hash: ContentHash) -> Self {
        hex::encode(hash.0)
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests;
