//! From a request to what is stored: verified, read, and set aside at once where it must not be acted on.
//!
//! Whatever is genuine is stored, readable or not: the sender vouched for it, would only send it again, and a person can look at
//! it. What is not genuine leaves no trace here.

use units::Timestamp;

use super::event::{ContentHash, EventHead, NAME_BYTES_MAX, Sender};
use super::inbox::{EventKey, Incoming};
use super::verify::{Delivery, Rejection, Verifier};
use crate::subscription::store::Intake;

/// A webhook endpoint: whose requests it takes, and how it knows them.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Who sends.
    pub sender: Sender,
    /// Checks signatures.
    pub verifier: Verifier,
    /// Whether events are about real money; events that say otherwise are set aside.
    pub livemode: bool,
}

impl Endpoint {
    /// What to store of a request.
    ///
    /// # Errors
    /// [`Rejection`] for what is not genuine: nothing of it is to be stored.
    pub fn take_in(&self, delivery: &Delivery<'_>, now: Timestamp) -> Result<Intake, Rejection> {
        let verified = self.verifier.verify(delivery, now)?;
        let message_id = verified.message_id.as_deref();
        let body = delivery.body.to_vec();
        let head = match EventHead::read(self.sender, message_id, delivery.body) {
            Ok(head) => head,
            Err(error) => return Ok(self.unreadable(message_id, body, error.to_string())),
        };
        let quarantine = head
            .livemode
            .filter(|live| *live != self.livemode)
            .map(|live| format!("livemode is {live} at an endpoint where it is {}", self.livemode));
        let key = EventKey { sender: self.sender, account: head.account, event_id: head.id };
        let incoming = Incoming {
            key,
            content: head.content,
            event_type: head.event_type,
            object: head.object,
            created_s: head.created_s,
        };
        Ok(Intake { incoming, body, quarantine })
    }

    /// A genuine body that is no event: known by the sender's id, or else by its bytes.
    fn unreadable(&self, message_id: Option<&str>, body: Vec<u8>, reason: String) -> Intake {
        let content = ContentHash::of_bytes(&body);
        let event_id = match message_id {
            Some(id) if id.len() <= NAME_BYTES_MAX => id.to_owned(),
            _ => format!("unreadable:{}", String::from(content)),
        };
        let key = EventKey { sender: self.sender, account: String::new(), event_id };
        let incoming =
            Incoming { key, content, event_type: "unreadable".to_owned(), object: None, created_s: None };
        Intake { incoming, body, quarantine: Some(reason) }
    }
}
