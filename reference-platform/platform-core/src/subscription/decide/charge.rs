//! What an answer, an event or a look-up says about a charge. All three lead here, in any order and as often as they like.

use units::{Money, Timestamp};

use super::super::account::CAPTURED_AFTER_ALL;
use super::super::command::{Answer, PaymentOutcome, PaymentSeen, Refusal};
use super::super::decline::DeclineClass;
use super::super::draft::Draft;
use super::super::dunning::{self, Declined, NextStep, window_end};
use super::super::names::joined;
use super::super::rows::{
    Attempt, AttemptState, Decline, Invoice, InvoiceKind, InvoiceState, Refund, RefundState, Status,
};
use super::super::view::View;
use super::resolve::{KEY_LIFE, next_look_up, next_look_up_of_pending};
use crate::ledger::Cause;

/// The decline code of a payment that waits for its customer, as the provider's own is.
const NOBODY_CONFIRMED: &str = "authentication_required";

impl Draft<'_> {
    pub(super) fn answered(&mut self, key: &str, answer: &Answer) -> Result<(), Refusal> {
        let attempt = self.known_attempt(key)?;
        match answer {
            Answer::Payment(payment) => self.learned(attempt, payment),
            Answer::KeyInUse | Answer::TimedOut => self.unknown(attempt, false),
            Answer::ServerError => self.unknown(attempt, true),
        }
    }

    pub(super) fn payment_seen(&mut self, key: &str, payment: &PaymentSeen) -> Result<(), Refusal> {
        let attempt = self.known_attempt(key)?;
        self.learned(attempt, payment)
    }

    pub(super) fn known_attempt(&self, key: &str) -> Result<Attempt, Refusal> {
        self.attempt(key).cloned().ok_or(Refusal::Unknown("attempt"))
    }

    /// Follows what the provider's books say about an attempt.
    pub(super) fn learned(&mut self, attempt: Attempt, payment: &PaymentSeen) -> Result<(), Refusal> {
        if payment.amount != attempt.amount {
            return Err(Refusal::AmountDiffers);
        }
        match &payment.outcome {
            PaymentOutcome::Captured => self.captured(attempt, &payment.id),
            PaymentOutcome::Declined { code } => self.declined(attempt, &payment.id, code),
            PaymentOutcome::RequiresAction => {
                if attempt.state.is_live() && self.now().since(attempt.sent_at) >= KEY_LIFE {
                    // Nobody came to confirm it: the customer is asked as after a decline, and may still bring another card.
                    return self.declined(attempt, &payment.id, NOBODY_CONFIRMED);
                }
                if attempt.state.is_live() {
                    let check_at = next_look_up_of_pending(&attempt, self.now());
                    let payment = Some(payment.id.clone());
                    self.put_attempt(Attempt {
                        state: AttemptState::RequiresAction,
                        payment,
                        check_at,
                        ..attempt
                    });
                }
                Ok(())
            }
            PaymentOutcome::Processing => {
                if attempt.state.is_live() {
                    let check_at = next_look_up_of_pending(&attempt, self.now());
                    self.put_attempt(Attempt { state: AttemptState::Unknown, check_at, ..attempt });
                }
                Ok(())
            }
        }
    }

    /// Nobody knows: the next look-up will tell.
    fn unknown(&mut self, attempt: Attempt, error_stored: bool) -> Result<(), Refusal> {
        if attempt.state.is_live() {
            let check_at = self.next_look_up_of(&attempt);
            let error_stored = error_stored || attempt.error_stored;
            self.put_attempt(Attempt { state: AttemptState::Unknown, check_at, error_stored, ..attempt });
        }
        Ok(())
    }

    pub(super) fn next_look_up_of(&self, attempt: &Attempt) -> Timestamp {
        next_look_up(attempt, self.now())
    }

    fn captured(&mut self, attempt: Attempt, payment: &str) -> Result<(), Refusal> {
        if attempt.took_money() {
            return self.captured_again(&attempt, payment);
        }
        let (invoice, amount) = (attempt.invoice.clone(), attempt.amount);
        let (card, sent_at) = (attempt.card.clone(), attempt.sent_at);
        if attempt.state == AttemptState::Failed {
            // We had given it up, and another may be under way by now: the attempt stays as it is, the money is dealt with.
            let decline = Some(Decline { code: CAPTURED_AFTER_ALL.into(), class: None });
            self.task("conflict", &attempt.key);
            self.put_attempt(Attempt { payment: Some(payment.into()), decline, ..attempt });
        } else {
            self.put_attempt(Attempt {
                state: AttemptState::Succeeded,
                payment: Some(payment.into()),
                check_at: Timestamp::NEVER,
                ..attempt
            });
        }
        let invoice = self.invoice(&invoice).cloned().ok_or(Refusal::Unknown("invoice"))?;
        let status = self.subscription().status;
        match invoice.state {
            InvoiceState::Open | InvoiceState::Uncollectible
                if !status.is_final() && status != Status::Paused =>
            {
                self.paid(invoice, payment, amount)?;
                self.trust_again(&card, sent_at);
                Ok(())
            }
            InvoiceState::Paid => self.give_back(payment, amount, "duplicate_charge"),
            InvoiceState::Open => {
                self.write_off(invoice, InvoiceState::Void)?;
                self.give_back(payment, amount, "late_capture")
            }
            InvoiceState::Void | InvoiceState::Uncollectible => {
                self.give_back(payment, amount, "late_capture")
            }
        }
    }

    /// An attempt that took money is heard of once more. Another payment under its key means that the provider forgot the key and
    /// took the money twice: what came second goes back, once, however often it is heard of.
    fn captured_again(&mut self, attempt: &Attempt, payment: &str) -> Result<(), Refusal> {
        let is_known = attempt.payment.as_deref() == Some(payment)
            || self.refunds().any(|refund| refund.payment == payment);
        if is_known {
            return Ok(());
        }
        self.task("conflict", &attempt.key);
        self.give_back(payment, attempt.amount, "duplicate_charge")
    }

    fn paid(&mut self, invoice: Invoice, payment: &str, amount: Money) -> Result<(), Refusal> {
        self.book(Cause::Payment(payment.into()), amount)?;
        self.notify("receipt", payment);
        let is_current =
            invoice.kind == InvoiceKind::Cycle && invoice.period.start == self.subscription().period.start;
        self.put_invoice(Invoice { state: InvoiceState::Paid, next_attempt_at: None, ..invoice });
        if is_current {
            self.grant_period();
        }
        self.settle_status();
        // Someone who paid late goes on where the calendar is by now.
        self.begin_due_periods()
    }

    /// A card that was charged is good for everything that is open, whatever was said of it before the charge.
    fn trust_again(&mut self, card: &str, charged_at: Timestamp) {
        let of_later = |attempt: &Attempt| {
            attempt.card == card && attempt.was_declined() && attempt.sent_at > charged_at
        };
        if self.attempts().any(of_later) {
            return;
        }
        let refusing = |invoice: &&Invoice| invoice.refused_cards.contains(card);
        let open: Vec<Invoice> = self.open_invoices().filter(refusing).cloned().collect();
        for mut invoice in open {
            invoice.refused_cards.remove(card);
            if self.live_attempt(&invoice.id).is_none() {
                invoice.next_attempt_at = Some(self.now());
            }
            self.put_invoice(invoice);
        }
    }

    /// Money for which nothing is due: credit, an automatic refund, and a task.
    fn give_back(&mut self, payment: &str, amount: Money, task: &'static str) -> Result<(), Refusal> {
        self.book(Cause::UnexpectedPayment(payment.into()), amount)?;
        self.task(task, payment);
        let refund = Refund {
            id: joined(["refund-", payment]),
            subscription: self.subscription().id.clone(),
            payment: payment.into(),
            amount,
            state: RefundState::Pending,
            unexpected: true,
            asked_at: self.now(),
            // Whatever the clock says, should it step back.
            check_at: Timestamp::ZERO,
            sends: 0,
        };
        self.put_refund(refund);
        Ok(())
    }

    /// The status that open invoices leave: active only if none of them was declined or given up for now.
    pub(super) fn settle_status(&mut self) {
        let behind = self.open_invoices().any(|invoice| {
            let waits = invoice.next_attempt_at.is_none() && self.live_attempt(&invoice.id).is_none();
            waits || self.is_declined(&invoice.id)
        });
        let after = match self.subscription().status {
            Status::Incomplete | Status::Trialing | Status::Active | Status::PastDue | Status::Unpaid
                if !behind =>
            {
                Status::Active
            }
            before => before,
        };
        self.set_status(after);
    }

    /// Something is owed that nothing but the customer can pay.
    pub(super) fn fall_behind(&mut self) {
        if matches!(self.subscription().status, Status::Trialing | Status::Active) {
            self.set_status(Status::PastDue);
        }
    }

    fn declined(&mut self, attempt: Attempt, payment: &str, code: &str) -> Result<(), Refusal> {
        match attempt.state {
            AttemptState::Failed => return Ok(()),
            AttemptState::Succeeded => {
                self.task("conflict", &attempt.key);
                return Ok(());
            }
            AttemptState::InFlight | AttemptState::Unknown | AttemptState::RequiresAction => {}
        }
        let mut class = DeclineClass::of_code(code);
        let decline = Some(Decline { code: code.into(), class: Some(class) });
        if class == DeclineClass::VerifyFirst {
            if attempt.decline.is_none() {
                // The bank has seen it already: ask the provider's books once more before believing the refusal.
                let check_at = self.next_look_up_of(&attempt);
                self.put_attempt(Attempt { state: AttemptState::Unknown, decline, check_at, ..attempt });
                return Ok(());
            }
            class = DeclineClass::GenericSoft;
        }
        let (key, invoice, card) = (attempt.key.clone(), attempt.invoice.clone(), attempt.card.clone());
        self.put_attempt(Attempt {
            state: AttemptState::Failed,
            payment: Some(payment.into()),
            decline,
            check_at: Timestamp::NEVER,
            ..attempt
        });
        let invoice = self.invoice(&invoice).cloned().ok_or(Refusal::Unknown("invoice"))?;
        if class == DeclineClass::OurBug {
            self.task("our_bug", &key);
        }
        self.after_decline(invoice, &card, class, &key)
    }

    fn after_decline(
        &mut self,
        mut invoice: Invoice,
        card: &str,
        class: DeclineClass,
        key: &str,
    ) -> Result<(), Refusal> {
        if invoice.state != InvoiceState::Open {
            return Ok(());
        }
        if self.subscription().status.is_final() || self.subscription().status == Status::Paused {
            return self.write_off(invoice, InvoiceState::Void);
        }
        let now = self.now();
        if matches!(class, DeclineClass::Hard | DeclineClass::CustomerAction) {
            invoice.refused_cards.insert(card.into());
        }
        let other_card = self.customer().card.as_deref().is_some_and(|on_file| on_file != card);
        let step =
            dunning::next_step(Declined { class, due: invoice.due_at, at: now }, &self.subscription().zone)?;
        let next = match step {
            _ if other_card => Some(now),
            NextStep::RetryAt(at) => Some(self.allowed_from(&invoice, at)),
            NextStep::LookUpFirst | NextStep::AwaitCustomer | NextStep::AlertUs | NextStep::NoneLeft => None,
        };
        invoice.next_attempt_at = next.filter(|at| *at < window_end(invoice.due_at) || other_card);
        self.put_invoice(invoice);
        self.notify("payment_failed", key);
        self.fall_behind();
        Ok(())
    }

    /// An attempt that never reached the provider, and never will.
    pub(super) fn never_sent(&mut self, attempt: Attempt) -> Result<(), Refusal> {
        let id = attempt.invoice.clone();
        self.put_attempt(Attempt {
            state: AttemptState::Failed,
            decline: Some(Decline { code: "never_sent".into(), class: None }),
            check_at: Timestamp::NEVER,
            ..attempt
        });
        let Some(invoice) = self.invoice(&id).cloned() else { return Ok(()) };
        if invoice.state != InvoiceState::Open {
            return Ok(());
        }
        if self.subscription().status.is_final() || self.subscription().status == Status::Paused {
            return self.write_off(invoice, InvoiceState::Void);
        }
        let now = self.now();
        self.put_invoice(Invoice { next_attempt_at: Some(now), ..invoice });
        Ok(())
    }
}
