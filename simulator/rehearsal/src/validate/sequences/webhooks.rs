//! Webhooks in a sequence: sent by the provider, or by somebody who pretends to be it.

use actors::provider::books::{Dispute, Mirror, Payment};
use actors::provider::webhooks::{Event, sign};
use serde_json::{Value, json};
use units::Timestamp;

use super::format::{BodyName, Deliver, ObjectName, SignatureName};
use super::http::{Answer, Prepared};
use super::stage::{FOREIGN_PAYMENT, FOREIGN_SECRET, SECRET, Stage};

impl Stage<'_> {
    pub(super) async fn deliver(&self, step: &Deliver) -> Result<(), String> {
        let all = vec![self.webhook(step); usize::try_from(step.times).unwrap_or(1)];
        let delivered = |answer: Option<&Answer>| self.delivered(step.label.as_ref(), answer);
        self.send_all(&all, (step.concurrent, None), &delivered).await
    }

    fn delivered(&self, label: Option<&String>, answer: Option<&Answer>) {
        self.note(label, answer);
        let Some(answer) = answer else { return };
        let mut seen = self.seen.borrow_mut();
        match answer.body["received"].as_str() {
            Some("duplicate") => seen.duplicate += 1,
            Some("conflict") => seen.conflict += 1,
            Some(_) => {}
            None if (400..500).contains(&answer.status) => seen.rejected += 1,
            None => {}
        }
    }

    /// The webhook of a step.
    fn webhook(&self, step: &Deliver) -> Prepared {
        let now = self.now();
        let ago = Timestamp(now.0.saturating_sub(step.delay.0.0));
        let mut object = self.object_of(step);
        if step.body == BodyName::Changed {
            object["amount"] = json!(object["amount"].as_i64().unwrap_or(0) + 1);
        }
        let event = Event {
            id: step.event.clone(),
            event_type: step.event_type.clone(),
            created: ago,
            livemode: step.livemode,
            object,
        };
        let body = match step.body {
            BodyName::NotJson => "this is not JSON".to_owned(),
            BodyName::VolatileChanged => event.body(2),
            BodyName::Original | BodyName::Changed => event.body(1),
        };
        let (secret, at) = match step.signature {
            SignatureName::Good => (SECRET, now),
            SignatureName::Forged => (FOREIGN_SECRET, now),
            SignatureName::Replayed => (SECRET, ago),
        };
        signed(body, secret, at)
    }

    /// The object as it stood in the provider's books when the event was made: an event that is sent again is sent as it was, whatever
    /// has become of its object since. A forger made no event.
    fn object_of(&self, step: &Deliver) -> Value {
        let key = (step.event.clone(), step.object);
        let known = self.made.borrow().get(&key).cloned();
        if let Some(known) = known {
            return known;
        }
        let object = self.object(step);
        if step.signature != SignatureName::Forged {
            self.made.borrow_mut().insert(key, object.clone());
        }
        object
    }

    fn object(&self, step: &Deliver) -> Value {
        let mut provider = self.provider();
        let books = &mut provider.books;
        match step.object {
            ObjectName::Payment => books.latest_of("sub_1", false).map_or_else(
                || json!({"id": "pi_none", "object": "payment_intent", "amount": 1}),
                Payment::shown,
            ),
            ObjectName::Subscription => books
                .mirrors
                .get("sub_1")
                .map_or_else(|| json!({"id": "sub_none", "object": "subscription"}), Mirror::shown),
            ObjectName::Dispute => books
                .disputes
                .last()
                .map_or_else(|| json!({"id": "dp_none", "object": "dispute"}), Dispute::shown),
            ObjectName::Other if step.event_type.starts_with("payment_intent.") => {
                let known = books.payments.iter().any(|payment| payment.id == FOREIGN_PAYMENT);
                let payment = self.foreign_payment();
                let shown = payment.shown();
                if !known {
                    // It can be fetched like any other payment of the account.
                    books.payments.push(payment);
                }
                shown
            }
            ObjectName::Other => json!({"id": "po_1", "object": "payout", "amount": 1}),
        }
    }

    /// A payment of another shop with the same account: nothing in it names anything of ours.
    fn foreign_payment(&self) -> Payment {
        Payment {
            id: FOREIGN_PAYMENT.to_owned(),
            customer: "cus_of_somebody_else".to_owned(),
            card: "card_of_somebody_else".to_owned(),
            amount: self.price,
            metadata: std::collections::BTreeMap::new(),
            created: self.given.now.0,
            decline_code: None,
        }
    }

    /// A webhook that the provider sends by itself.
    pub(super) fn provider_sends(&self, event: &Event, secret: &str) -> Result<(), String> {
        let prepared = signed(event.body(1), secret, self.now());
        let answer = self.turns.alone(self.send(&prepared))?;
        self.delivered(None, answer.as_ref());
        Ok(())
    }
}

fn signed(body: String, secret: &str, at: Timestamp) -> Prepared {
    let signature = sign(secret, at, body.as_bytes());
    Prepared {
        method: "POST",
        path: "/v1/webhooks/stripe".to_owned(),
        headers: vec![("stripe-signature", signature.into_bytes())],
        body: body.into_bytes(),
    }
}
