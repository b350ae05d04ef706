//! What time makes due: the end of a trial, of a period, of a window; the next try of a declined charge.

use smol_str::SmolStr;
use units::Timestamp;

use super::super::calendar::{Period, Zone};
use super::super::command::{ChargeRequest, Effect, Refusal};
use super::super::draft::Draft;
use super::super::dunning::{self, DUNNING_WINDOW, FIRST_PAYMENT_WITHIN, window_end};
use super::super::names::numbered;
use super::super::rows::{
    Attempt, AttemptState, EndOfDunning, Invoice, InvoiceKind, InvoiceReason, InvoiceState, Plan, Status,
};
use super::super::view::View;
use crate::ledger::Cause;
use units::{Micros, Money};

/// How long a worker may hold an attempt before another looks at it: five minutes, several times the longest call.
pub const LEASE: Micros = Micros::from_mins(5);

impl Draft<'_> {
    /// Does everything that is due now; asks for the charges that follow.
    pub(super) fn advance(&mut self) -> Result<(), Refusal> {
        if !self.is_ours_and_live() {
            return Ok(());
        }
        self.begin_due_periods()?;
        self.work_open_invoices()
    }

    /// Ends what ends, and begins what begins, up to now; charges nothing.
    pub(super) fn begin_due_periods(&mut self) -> Result<(), Refusal> {
        // Each pass begins a period or changes the status, so the passes are bounded by the periods since the last one.
        loop {
            let row = self.subscription();
            let (status, now) = (row.status, self.now());
            match (status, row.trial_end) {
                (Status::Trialing, Some(end)) if end <= now => self.end_trial(end)?,
                (Status::Trialing | Status::Active | Status::PastDue, None) if row.period.end <= now => {
                    self.end_period()?;
                }
                _ => return Ok(()),
            }
        }
    }

    fn end_trial(&mut self, end: Timestamp) -> Result<(), Refusal> {
        if self.subscription().cancel_at_period_end {
            self.set_status(Status::Canceled);
            self.cut_access();
        } else if self.customer().card.is_none() {
            self.change(|row| row.trial_end = None);
            self.set_status(Status::Paused);
            self.cut_access();
        } else {
            self.change(|row| {
                row.anchor = end;
                row.trial_end = None;
            });
            self.begin_period(0, end)?;
        }
        Ok(())
    }

    fn end_period(&mut self) -> Result<(), Refusal> {
        let row = self.subscription();
        if row.cancel_at_period_end {
            self.set_status(Status::Canceled);
            self.void_open()?;
            self.cut_access();
        } else if row.pause_at_period_end {
            self.change(|row| row.pause_at_period_end = false);
            self.set_status(Status::Paused);
            self.void_open()?;
            self.cut_access();
        } else {
            let (next, from) = (row.ordinal.saturating_add(1), row.period.end);
            self.begin_period(next, from)?;
        }
        Ok(())
    }

    /// Begins the period with an ordinal where the one before it ended: its invoice is due at its start, unless the whole period
    /// has passed unserved.
    pub(super) fn begin_period(&mut self, ordinal: u32, start: Timestamp) -> Result<(), Refusal> {
        let end = self.calendar()?.period(ordinal)?.end;
        let (ordinal, end) = match self.subscription().next_zone.clone() {
            Some(zone) => self.move_to(zone, end)?,
            None => (ordinal, end),
        };
        let period = Period { start, end };
        self.change(|row| {
            row.ordinal = ordinal;
            row.period = period;
            if let Some((plan, price)) = row.next_plan.take() {
                row.plan = plan;
                row.price = price;
            }
        });
        let price = self.subscription().price;
        if period.end <= self.now() {
            let missed = self.new_invoice(InvoiceKind::Cycle, 0, price);
            self.put_invoice(missed_by_us(missed));
            return Ok(());
        }
        self.issue(InvoiceKind::Cycle, 0, price)
    }

    /// Reads the calendar in another zone from now on. The anchor stays, so periods end on its day and at its time of day there; the
    /// first ends where they do nearest to where it would have ended. Returns its ordinal and its end.
    fn move_to(&mut self, zone: Zone, end: Timestamp) -> Result<(u32, Timestamp), Refusal> {
        self.change(|row| (row.zone, row.next_zone) = (zone, None));
        let (next, end) = self.calendar()?.nearest_start(end)?;
        Ok((next.saturating_sub(1), end))
    }

    /// Issues an invoice for the current period, to be charged at once; one of nothing is paid as it is issued.
    pub(super) fn issue(&mut self, kind: InvoiceKind, ordinal: u32, amount: Money) -> Result<(), Refusal> {
        let invoice = self.new_invoice(kind, ordinal, amount);
        self.book(Cause::Invoice(invoice.id.clone()), amount)?;
        if amount.is_zero() {
            self.put_invoice(Invoice { state: InvoiceState::Paid, next_attempt_at: None, ..invoice });
            if kind == InvoiceKind::Cycle {
                self.grant_period();
                self.settle_status();
            }
            return Ok(());
        }
        self.put_invoice(invoice);
        Ok(())
    }

    fn new_invoice(&mut self, kind: InvoiceKind, ordinal: u32, amount: Money) -> Invoice {
        self.change(|row| row.invoices_made += 1);
        // A card that cannot be charged for what is owed already is not asked for more: a new period makes it no better.
        let refused_cards =
            self.open_invoices().flat_map(|invoice| invoice.refused_cards.iter().cloned()).collect();
        let row = self.subscription();
        let due_at = match kind {
            InvoiceKind::Cycle => row.period.start,
            InvoiceKind::Change => self.now(),
        };
        Invoice {
            id: numbered([&row.id, "-in-"], row.invoices_made),
            subscription: row.id.clone(),
            kind,
            ordinal,
            period: row.period,
            amount,
            forgone: None,
            state: InvoiceState::Open,
            reason: None,
            due_at,
            next_attempt_at: Some(due_at),
            refused_cards,
            attempts_made: 0,
        }
    }

    fn work_open_invoices(&mut self) -> Result<(), Refusal> {
        let open: Vec<SmolStr> = self.open_invoices().map(|invoice| invoice.id.clone()).collect();
        for id in open {
            // Earlier ones may have ended the subscription, and with it the rest.
            let Some(invoice) = self.invoice(&id).cloned() else { continue };
            let waits = self.live_attempt(&id).is_some() || self.subscription().status.is_final();
            if waits || invoice.state != InvoiceState::Open || self.is_held_back(&id) {
                continue;
            }
            if self.was_missed(&invoice) {
                self.forgo(invoice)?;
            } else if self.is_over(&invoice) {
                self.end_of_window(invoice)?;
            } else if invoice.next_attempt_at.is_some_and(|at| at <= self.now()) {
                self.try_now(invoice)?;
            }
        }
        Ok(())
    }

    /// Whether a period has passed without a charge for it, and not for want of a card: we did not run, or none of what we
    /// sent ever arrived.
    fn was_missed(&self, invoice: &Invoice) -> bool {
        let untouched = invoice.attempts_made == 0 && invoice.next_attempt_at == Some(invoice.due_at);
        let none_arrived = invoice.attempts_made > 0 && !self.is_declined(&invoice.id);
        invoice.kind == InvoiceKind::Cycle
            && invoice.period.end <= self.now()
            && self.usable_card(invoice).is_some()
            && (untouched || none_arrived)
    }

    /// Closes an invoice of a period that is over and that we failed to charge for: nobody pays for the past.
    fn forgo(&mut self, invoice: Invoice) -> Result<(), Refusal> {
        self.book(Cause::WriteOff(invoice.id.clone()), invoice.amount)?;
        self.put_invoice(missed_by_us(invoice));
        self.settle_status();
        Ok(())
    }

    /// Whether the time for an invoice is over. One that was never declined is not: it is tried once all the same.
    fn is_over(&self, invoice: &Invoice) -> bool {
        let row = self.subscription();
        let until = match row.status {
            Status::Incomplete => row.created_at.saturating_add(FIRST_PAYMENT_WITHIN),
            Status::Unpaid => return false,
            _ => window_end(invoice.due_at),
        };
        // Who has only just signed up is no longer there to be charged a day later; a subscriber is.
        let untried = match row.status {
            Status::Incomplete => invoice.attempts_made == 0,
            _ => !self.is_declined(&invoice.id),
        };
        let comes = untried && self.usable_card(invoice).is_some() && invoice.next_attempt_at.is_some();
        until <= self.now() && !comes
    }

    fn end_of_window(&mut self, invoice: Invoice) -> Result<(), Refusal> {
        let row = self.subscription();
        let stays =
            self.context.plans.get(&row.plan).map(|plan: &Plan| plan.end) == Some(EndOfDunning::Unpaid);
        match row.status {
            Status::Incomplete => {
                self.set_status(Status::IncompleteExpired);
                self.void_open()?;
            }
            _ if stays => {
                self.put_invoice(Invoice { next_attempt_at: None, ..invoice });
                self.set_status(Status::Unpaid);
            }
            _ => {
                self.write_off(invoice, InvoiceState::Uncollectible)?;
                self.set_status(Status::Canceled);
                self.void_open()?;
            }
        }
        self.cut_access();
        Ok(())
    }

    /// The card on file, if it can pay the invoice.
    pub(super) fn usable_card(&self, invoice: &Invoice) -> Option<&SmolStr> {
        self.customer().card.as_ref().filter(|card| !invoice.refused_cards.contains(*card))
    }

    /// When the card networks allow the next attempt for an invoice, at `wanted` or later.
    pub(super) fn allowed_from(&self, invoice: &Invoice, wanted: Timestamp) -> Timestamp {
        if invoice.attempts_made == 0 {
            return wanted;
        }
        dunning::earliest_allowed(dunning::Network::Unknown, self.card_reattempts(), wanted)
    }

    /// Stores a charge request, and asks for it to be sent.
    fn try_now(&mut self, invoice: Invoice) -> Result<(), Refusal> {
        let now = self.now();
        let Some(card) = self.usable_card(&invoice).cloned() else {
            // Only the customer can help now, so the customer hears of it, as after a decline.
            if invoice.attempts_made == 0 && self.subscription().status != Status::Incomplete {
                self.notify("payment_failed", &invoice.id);
            }
            self.put_invoice(Invoice { next_attempt_at: None, ..invoice });
            self.fall_behind();
            return Ok(());
        };
        let allowed = self.allowed_from(&invoice, now);
        if allowed > now {
            let within = allowed < invoice.due_at.saturating_add(DUNNING_WINDOW);
            self.put_invoice(Invoice { next_attempt_at: within.then_some(allowed), ..invoice });
            return Ok(());
        }
        let ordinal = invoice.attempts_made.saturating_add(1);
        let attempt = Attempt {
            key: numbered([&invoice.id, ":"], ordinal),
            invoice: invoice.id.clone(),
            subscription: invoice.subscription.clone(),
            ordinal,
            card,
            amount: invoice.amount,
            state: AttemptState::InFlight,
            sent_at: now,
            check_at: now.saturating_add(LEASE),
            empty_look_ups: 0,
            error_stored: false,
            payment: None,
            decline: None,
        };
        let request = self.request_of(&attempt, &invoice);
        self.put_invoice(Invoice { attempts_made: ordinal, next_attempt_at: None, ..invoice });
        self.put_attempt(attempt);
        self.effects.push(Effect::Charge(request));
        Ok(())
    }

    /// The request of an attempt: the same each time it is sent.
    pub(super) fn request_of(&self, attempt: &Attempt, invoice: &Invoice) -> ChargeRequest {
        ChargeRequest {
            key: attempt.key.clone(),
            customer: self.customer().id.clone(),
            card: attempt.card.clone(),
            amount: attempt.amount,
            invoice: invoice.id.clone(),
            subscription: invoice.subscription.clone(),
            period_start: invoice.period.start,
        }
    }
}

/// An invoice of nothing, for a period that we did not charge for.
fn missed_by_us(invoice: Invoice) -> Invoice {
    Invoice {
        state: InvoiceState::Paid,
        reason: Some(InvoiceReason::MissedByUs),
        amount: Money::zero(invoice.amount.currency),
        forgone: Some(invoice.amount),
        next_attempt_at: None,
        ..invoice
    }
}
