//! The provider's books.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use units::{Money, Timestamp};

use super::script::seconds;

/// A payment intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Its id.
    pub id: String,
    /// Who pays.
    pub customer: String,
    /// With what.
    pub card: String,
    /// How much.
    pub amount: Money,
    /// What the caller noted.
    pub metadata: BTreeMap<String, String>,
    /// When it was made.
    pub created: Timestamp,
    /// Why it was refused; the money was taken where it was not.
    pub decline_code: Option<String>,
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Its id.
    pub id: String,
    /// Of which payment.
    pub payment: String,
    /// How much.
    pub amount: Money,
    /// What the caller noted.
    pub metadata: BTreeMap<String, String>,
}

/// A dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// Its id.
    pub id: String,
    /// Over which payment.
    pub payment: String,
    /// How much.
    pub amount: Money,
    /// `needs_response`, `won` or `lost`.
    pub status: String,
}

/// A subscription that the provider owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub customer: String,
    /// Its plan.
    pub plan: String,
    /// Its state, in the provider's words.
    pub status: String,
    /// What is paid, from when.
    pub period_start: Timestamp,
    /// And to when.
    pub period_end: Timestamp,
}

/// A request that was sent to the provider, whether or not it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// A charge.
    Charge(ChargeSent),
    /// A refund, by its key.
    Refund(String),
    /// A request that only reads.
    LookUp,
}

/// A charge request that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeSent {
    /// When.
    pub at: Timestamp,
    /// Its idempotency key.
    pub key: String,
    /// The card.
    pub card: String,
    /// The invoice in its metadata.
    pub invoice: String,
}

/// What the provider has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    /// Payments in order, refused ones included.
    pub payments: Vec<Payment>,
    /// Refunds in order.
    pub refunds: Vec<Refund>,
    /// Disputes in order.
    pub disputes: Vec<Dispute>,
    /// Subscriptions that the provider owns.
    pub mirrors: BTreeMap<String, Mirror>,
    /// Requests in order.
    pub sent: Vec<Sent>,
    /// What no caller may do, in words: a key for two different requests, more given back than was taken.
    pub offences: Vec<String>,
}

impl Book {
    /// Payments whose money was taken.
    pub fn captured(&self) -> impl Iterator<Item = &Payment> {
        self.payments.iter().filter(|payment| payment.is_captured())
    }

    /// Minor units of a payment that were given back.
    #[must_use]
    pub fn refunded(&self, payment: &str) -> i64 {
        self.refunds
            .iter()
            .filter(|refund| refund.payment == payment)
            .map(|refund| refund.amount.minor_units)
            .sum()
    }

    /// The newest payment of a subscription by the metadata, captured or not.
    #[must_use]
    pub fn latest_of(&self, subscription: &str, captured: bool) -> Option<&Payment> {
        self.payments.iter().rev().find(|payment| {
            payment.metadata.get("subscription").map(String::as_str) == Some(subscription)
                && (payment.is_captured() || !captured)
        })
    }
}

impl Payment {
    /// Whether the money was taken.
    #[must_use]
    pub const fn is_captured(&self) -> bool {
        self.decline_code.is_none()
    }

    /// As the API shows it.
    #[must_use]
    pub fn shown(&self) -> Value {
        let error = self
            .decline_code
            .as_ref()
            .map(|code| json!({"type": "card_error", "code": "card_declined", "decline_code": code}));
        json!({
            "id": self.id, "object": "payment_intent", "amount": self.amount.minor_units,
            "currency": currency(self.amount), "customer": self.customer, "payment_method": self.card,
            "metadata": self.metadata, "created": seconds(self.created), "livemode": true,
            "status": if error.is_none() { "succeeded" } else { "requires_payment_method" },
            "last_payment_error": error,
        })
    }
}

impl Refund {
    /// As the API shows it.
    #[must_use]
    pub fn shown(&self) -> Value {
        json!({
            "id": self.id, "object": "refund", "payment_intent": self.payment, "amount": self.amount.minor_units,
            "currency": currency(self.amount), "metadata": self.metadata, "status": "succeeded",
        })
    }
}

impl Dispute {
    /// As the API shows it.
    #[must_use]
    pub fn shown(&self) -> Value {
        json!({
            "id": self.id, "object": "dispute", "payment_intent": self.payment, "amount": self.amount.minor_units,
            "currency": currency(self.amount), "status": self.status, "livemode": true,
        })
    }
}

impl Mirror {
    /// As the API shows it.
    #[must_use]
    pub fn shown(&self) -> Value {
        json!({
            "id": self.id, "object": "subscription", "customer": self.customer, "status": self.status,
            "current_period_start": seconds(self.period_start), "current_period_end": seconds(self.period_end),
            "metadata": {"plan": self.plan}, "livemode": true,
        })
    }
}

/// The currency of an amount as the wire has it.
pub(super) fn currency(amount: Money) -> String {
    amount.currency.code().to_ascii_lowercase()
}
