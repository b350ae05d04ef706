//! Refunds and disputes: money that goes back.

use units::{Micros, Timestamp};

use super::super::command::{DisputeSeen, Effect, RefundAnswer, RefundRequest, Refusal};
use super::super::draft::Draft;
use super::super::rows::{Dispute, DisputeState, Owner, Refund, RefundState, Status};
use super::super::view::View;
use super::resolve::{KEY_TRUSTED, LOOK_UP_AFTER};
use super::time::LEASE;
use crate::ledger::Cause;

impl Draft<'_> {
    fn known_refund(&self, id: &str) -> Result<Refund, Refusal> {
        self.refund(id).cloned().ok_or(Refusal::Unknown("refund"))
    }

    pub(super) fn refund_pick_up(&mut self, id: &str) -> Result<(), Refusal> {
        let refund = self.known_refund(id)?;
        let now = self.now();
        if refund.state != RefundState::Pending || refund.check_at > now {
            return Ok(());
        }
        self.effects.push(send_or_ask(&refund));
        let sends = refund.sends.saturating_add(1);
        self.put_refund(Refund { sends, check_at: now.saturating_add(LEASE), ..refund });
        Ok(())
    }

    pub(super) fn refund_answered(&mut self, id: &str, answer: RefundAnswer) -> Result<(), Refusal> {
        let refund = self.known_refund(id)?;
        if refund.state != RefundState::Pending {
            return Ok(());
        }
        match answer {
            RefundAnswer::Done => {
                if !refund.unexpected {
                    self.book(Cause::CreditNote(refund.id.clone()), refund.amount)?;
                }
                self.book(Cause::Refund(refund.id.clone()), refund.amount)?;
                self.notify("refund", &refund.id);
                self.put_refund(Refund {
                    state: RefundState::Succeeded,
                    check_at: Timestamp::NEVER,
                    ..refund
                });
            }
            RefundAnswer::Refused => {
                self.task("refund_failed", &refund.id);
                self.put_refund(Refund { state: RefundState::Failed, check_at: Timestamp::NEVER, ..refund });
            }
            RefundAnswer::Unclear => {
                let step = usize::try_from(refund.sends.saturating_sub(1)).unwrap_or(usize::MAX);
                let wait = LOOK_UP_AFTER[step.min(LOOK_UP_AFTER.len() - 1)];
                let check_at = self.now().saturating_add(wait.min(Micros::from_mins(60)));
                self.put_refund(Refund { check_at, ..refund });
            }
            RefundAnswer::NotFound => {
                // A dead key protects no more: only what was just not found makes it safe to ask again.
                let age = self.now().since(refund.asked_at);
                if age < KEY_TRUSTED || refund.sends > 2 {
                    self.effects.push(Effect::Refund(request_of(&refund)));
                    let check_at = self.now().saturating_add(LEASE);
                    self.put_refund(Refund { check_at, ..refund });
                } else {
                    let check_at = self.now().saturating_add(LOOK_UP_AFTER[1]);
                    self.put_refund(Refund { check_at, ..refund });
                }
            }
        }
        Ok(())
    }

    pub(super) fn dispute_seen(&mut self, seen: &DisputeSeen) -> Result<(), Refusal> {
        let known = self.dispute(&seen.id).cloned();
        if known.as_ref().is_some_and(|known| known.state == seen.state || known.state != DisputeState::Open)
        {
            // Seen before, or decided before: a decision is final.
            return Ok(());
        }
        let row = Dispute {
            id: seen.id.clone(),
            subscription: self.subscription().id.clone(),
            payment: seen.payment.clone(),
            amount: seen.amount,
            state: seen.state,
        };
        if known.is_none() {
            self.book(Cause::DisputeWithdrawn(seen.id.clone()), seen.amount)?;
        }
        match seen.state {
            DisputeState::Open => {}
            DisputeState::Won => self.book(Cause::DisputeReinstated(seen.id.clone()), seen.amount)?,
            DisputeState::Lost => self.book(Cause::DisputeLost(seen.id.clone()), seen.amount)?,
        }
        self.put_dispute(row);
        let ends = seen.state == DisputeState::Lost && !self.subscription().status.is_final();
        if ends && self.subscription().owner == Owner::Platform {
            self.set_status(Status::Canceled);
            self.void_open()?;
            self.cut_access();
        }
        Ok(())
    }
}

/// The first time it is sent; after that the provider's books are asked first.
fn send_or_ask(refund: &Refund) -> Effect {
    if refund.sends == 0 {
        Effect::Refund(request_of(refund))
    } else {
        Effect::LookUpRefund(request_of(refund))
    }
}

fn request_of(refund: &Refund) -> RefundRequest {
    RefundRequest { key: refund.id.clone(), payment: refund.payment.clone(), amount: refund.amount }
}
