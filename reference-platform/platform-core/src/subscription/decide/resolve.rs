//! A charge without a known outcome: send it again under its key while that is safe, else only ask.
//!
//! A key protects for as long as the provider keeps it. While it surely does, the same request may be sent again; after that only the
//! provider's books can say what happened. A new key needs the old one's life to be over and two look-ups that find nothing.

use units::{Micros, Timestamp};

use super::super::command::{Effect, PaymentSeen, Refusal};
use super::super::draft::Draft;
use super::super::rows::{Attempt, AttemptState, Invoice, InvoiceState, Status};
use super::super::view::View;
use super::time::LEASE;

/// How long the provider keeps a key: 24 hours, the least that Stripe promises.
pub const KEY_LIFE: Micros = Micros::from_mins(24 * 60);

/// How long we trust a key: its life less an hour.
pub const KEY_TRUSTED: Micros = Micros::from_mins(23 * 60);

/// Waits before the first, second, … look-up; the last repeats.
pub const LOOK_UP_AFTER: [Micros; 4] =
    [Micros::from_mins(1), Micros::from_mins(5), Micros::from_mins(60), Micros::from_mins(24 * 60)];

/// Look-ups that must find nothing before an attempt counts as not arrived.
pub const EMPTY_LOOK_UPS: u32 = 2;

/// When to look next: by the schedule, and at the end of the key's life at the latest.
pub(super) fn next_look_up(attempt: &Attempt, now: Timestamp) -> Timestamp {
    let step = usize::try_from(attempt.empty_look_ups).unwrap_or(usize::MAX).min(LOOK_UP_AFTER.len() - 1);
    let scheduled = now.saturating_add(LOOK_UP_AFTER[step]);
    let end_of_key = attempt.sent_at.saturating_add(KEY_LIFE);
    if now < end_of_key { scheduled.min(end_of_key) } else { scheduled }
}

/// When to look next at a payment that the provider has and that is not settled: the longer it waits, the rarer.
pub(super) fn next_look_up_of_pending(attempt: &Attempt, now: Timestamp) -> Timestamp {
    let age = now.since(attempt.sent_at);
    let wait = LOOK_UP_AFTER.iter().rev().find(|&&wait| wait <= age).unwrap_or(&LOOK_UP_AFTER[0]);
    let end_of_key = attempt.sent_at.saturating_add(KEY_LIFE);
    let scheduled = now.saturating_add(*wait);
    if now < end_of_key { scheduled.min(end_of_key) } else { scheduled }
}

impl Draft<'_> {
    /// A request that was stored and not sent: what it was for has ended meanwhile.
    pub(super) fn not_sent(&mut self, key: &str) -> Result<(), Refusal> {
        let attempt = self.known_attempt(key)?;
        if attempt.state == AttemptState::InFlight { self.never_sent(attempt) } else { Ok(()) }
    }

    /// Takes an attempt whose lease or wait is over.
    pub(super) fn pick_up(&mut self, key: &str) -> Result<(), Refusal> {
        let attempt = self.known_attempt(key)?;
        let now = self.now();
        if !attempt.state.is_live() || attempt.check_at > now {
            return Ok(());
        }
        let Some(invoice) = self.invoice(&attempt.invoice).cloned() else { return Ok(()) };
        let request = self.request_of(&attempt, &invoice);
        // In flight means that the answer was never read: the provider gives it again under the same key.
        let resend = attempt.state == AttemptState::InFlight && self.may_send(&attempt, &invoice);
        self.effects.push(if resend { Effect::Charge(request) } else { Effect::LookUp(request) });
        self.put_attempt(Attempt { check_at: now.saturating_add(LEASE), ..attempt });
        Ok(())
    }

    /// Whether the charge is still wanted and its key still protects.
    fn may_send(&self, attempt: &Attempt, invoice: &Invoice) -> bool {
        self.is_wanted(invoice)
            && !attempt.error_stored
            && self.now().since(attempt.sent_at) < KEY_TRUSTED
            && attempt.state != AttemptState::RequiresAction
    }

    fn is_wanted(&self, invoice: &Invoice) -> bool {
        let status = self.subscription().status;
        invoice.state == InvoiceState::Open && !status.is_final() && status != Status::Paused
    }

    pub(super) fn looked_up(&mut self, key: &str, found: Option<&PaymentSeen>) -> Result<(), Refusal> {
        let attempt = self.known_attempt(key)?;
        if let Some(payment) = found {
            return self.learned(attempt, payment);
        }
        if !attempt.state.is_live() {
            return Ok(());
        }
        let Some(invoice) = self.invoice(&attempt.invoice).cloned() else { return Ok(()) };
        let (now, age) = (self.now(), self.now().since(attempt.sent_at));
        let attempt = Attempt {
            state: AttemptState::Unknown,
            empty_look_ups: attempt.empty_look_ups.saturating_add(1),
            ..attempt
        };
        let sure = attempt.empty_look_ups >= EMPTY_LOOK_UPS;
        if sure && (age >= KEY_LIFE || !self.is_wanted(&invoice)) {
            // It is not there, and nothing of ours will send it any more.
            return self.never_sent(attempt);
        }
        if sure && self.may_send(&attempt, &invoice) {
            let request = self.request_of(&attempt, &invoice);
            self.effects.push(Effect::Charge(request));
            self.put_attempt(Attempt { check_at: now.saturating_add(LEASE), ..attempt });
            return Ok(());
        }
        let check_at = self.next_look_up_of(&attempt);
        self.put_attempt(Attempt { check_at, ..attempt });
        Ok(())
    }
}
