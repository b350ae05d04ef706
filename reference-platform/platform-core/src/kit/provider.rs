//! The kit's payment provider: scripted, with idempotency keys that expire, and books that are the truth about money.
//!
//! It survives every crash of the system under test, so a second charge shows here whatever the system's own rows say. It also
//! notes what a system must never do: send one key for two different charges, or charge a card after a customer canceled.

use std::collections::{BTreeMap, VecDeque};

use units::{Micros, Timestamp};

use super::history::Reply;
use super::system::{ChargeCall, ChargeReply, Payment};

/// How long a key and its answer are kept: 24 hours, the least that Stripe promises.
pub const KEY_LIFE: Micros = Micros::from_mins(24 * 60);

/// The type of the event that says that money was taken.
const SUCCEEDED: &str = "payment_intent.succeeded";

/// A charge request that arrived, replays apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// What was asked for.
    pub call: ChargeCall,
    /// When.
    pub at: Timestamp,
    /// The decline code, where it was declined.
    pub declined: Option<String>,
    /// The payment, where the money was taken.
    pub captured: Option<String>,
}

/// An event that the provider may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// Its type.
    pub event_type: &'static str,
    /// The payment that it is about, as a position in the books.
    pub payment: usize,
    /// When it happened.
    pub created: Timestamp,
    /// When it was first sent, if it was.
    pub sent: Option<Timestamp>,
}

/// The provider.
#[derive(Debug, Clone, Default)]
pub struct Provider {
    script: VecDeque<Reply>,
    keys: BTreeMap<String, Stored>,
    refund_keys: BTreeMap<String, String>,
    /// All payments, in order.
    pub payments: Vec<Payment>,
    /// All charge requests that were acted on, in order.
    pub arrivals: Vec<Arrival>,
    /// All events, in order.
    pub events: Vec<Event>,
    /// Payments that the provider took a second time under one key, by its own mistake.
    pub doubles: Vec<String>,
    /// Notices posted to us, repeats included.
    pub posted: Vec<String>,
    /// What no system may do, in words.
    pub offences: Vec<String>,
}

#[derive(Debug, Clone)]
struct Stored {
    call: ChargeCall,
    reply: ChargeReply,
    at: Timestamp,
}

/// Why a call gave no answer: the connection, not the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimedOut;

impl Provider {
    /// Treats the next charge that is not a replay like this.
    pub fn script(&mut self, reply: Reply) {
        self.script.push_back(reply);
    }

    /// Forgets what was scripted: the provider is well again.
    pub fn recover(&mut self) {
        self.script.clear();
    }

    /// Acts on a charge.
    ///
    /// # Errors
    /// [`TimedOut`], whether or not the money was taken.
    pub fn charge(&mut self, call: &ChargeCall, now: Timestamp) -> Result<ChargeReply, TimedOut> {
        if let Some(stored) =
            self.keys.get(&call.idempotency_key).filter(|stored| now.since(stored.at) < KEY_LIFE)
        {
            if stored.call != *call {
                self.offences
                    .push(format!("key `{}` was sent for two different charges", call.idempotency_key));
            }
            return Ok(stored.reply.clone());
        }
        let scripted = self.script.pop_front().unwrap_or(Reply::Ok);
        let (reply, arrives) = match &scripted {
            Reply::TimeoutNotCharged => return Err(TimedOut),
            Reply::KeyInUse => return Ok(ChargeReply::KeyInUse),
            Reply::CapturedTwice => {
                let reply = self.capture(call, now);
                self.take_again(call, now);
                (reply, true)
            }
            Reply::Ok | Reply::TimeoutCharged => (self.capture(call, now), scripted == Reply::Ok),
            Reply::Decline(code) => (self.decline(call, now, code), true),
            Reply::ErrorCharged => {
                self.capture(call, now);
                (ChargeReply::ServerError, true)
            }
            Reply::ErrorNotCharged => (ChargeReply::ServerError, true),
        };
        let stored = Stored { call: call.clone(), reply: reply.clone(), at: now };
        self.keys.insert(call.idempotency_key.clone(), stored);
        if arrives { Ok(reply) } else { Err(TimedOut) }
    }

    /// Gives a payment back in full, once per key and once per payment.
    pub fn refund(&mut self, idempotency_key: &str, payment: &str) {
        if self.refund_keys.get(idempotency_key).is_some_and(|earlier| earlier != payment) {
            self.offences.push(format!("refund key `{idempotency_key}` was sent for two payments"));
            return;
        }
        self.refund_keys.insert(idempotency_key.to_owned(), payment.to_owned());
        match self.payments.iter_mut().find(|known| known.id == payment) {
            Some(known) if known.captured => known.refunded = known.call.amount.minor_units,
            _ => self.offences.push(format!("a refund was asked for `{payment}`, which was never captured")),
        }
    }

    /// All payments of a customer, newest first.
    #[must_use]
    pub fn look_up(&self, customer: &str) -> Vec<Payment> {
        self.payments.iter().rev().filter(|payment| payment.call.customer == customer).cloned().collect()
    }

    /// Captured payments under the key of a payment, that one among them.
    pub fn under_key_of<'a>(&'a self, payment: &'a Payment) -> impl Iterator<Item = &'a Payment> {
        let key = &payment.call.idempotency_key;
        self.payments.iter().filter(move |other| other.captured && other.call.idempotency_key == *key)
    }

    /// Whether the system was told by a genuine event that a payment was taken.
    #[must_use]
    pub fn told_of(&self, payment: &str, acknowledged: &[String]) -> bool {
        self.events.iter().any(|event| {
            event.event_type == SUCCEEDED
                && self.payments[event.payment].id == payment
                && acknowledged.contains(&event.id)
        })
    }

    /// A payment as it stands.
    #[must_use]
    pub fn fetch(&self, id: &str) -> Option<Payment> {
        self.payments.iter().find(|payment| payment.id == id).cloned()
    }

    fn capture(&mut self, call: &ChargeCall, now: Timestamp) -> ChargeReply {
        let payment = self.book(call, now, None);
        ChargeReply::Captured { payment }
    }

    /// The mistake of a provider that forgot a key: no request more, and one payment more.
    fn take_again(&mut self, call: &ChargeCall, now: Timestamp) {
        let double = self.record(call, now, None);
        self.doubles.push(double);
    }

    fn decline(&mut self, call: &ChargeCall, now: Timestamp, code: &str) -> ChargeReply {
        self.book(call, now, Some(code.to_owned()));
        ChargeReply::Declined { code: code.to_owned() }
    }

    fn book(&mut self, call: &ChargeCall, now: Timestamp, decline_code: Option<String>) -> String {
        let id = self.record(call, now, decline_code.clone());
        let captured = decline_code.is_none().then(|| id.clone());
        self.arrivals.push(Arrival { call: call.clone(), at: now, declined: decline_code, captured });
        id
    }

    /// A payment, and the events about it.
    fn record(&mut self, call: &ChargeCall, now: Timestamp, decline_code: Option<String>) -> String {
        let position = self.payments.len();
        let id = format!("pi_{}", position + 1);
        let captured = decline_code.is_none();
        self.payments.push(Payment {
            id: id.clone(),
            call: call.clone(),
            captured,
            decline_code,
            refunded: 0,
        });
        let outcome = if captured { SUCCEEDED } else { "payment_intent.payment_failed" };
        for event_type in ["payment_intent.created", outcome] {
            let event = format!("evt_{}", self.events.len() + 1);
            self.events.push(Event { id: event, event_type, payment: position, created: now, sent: None });
        }
        id
    }
}
