//! What a customer asks for.

use units::{Micros, Money, Timestamp};

use super::super::calendar::{CalendarError, Zone};
use super::super::command::{CustomerRequest, Refusal};
use super::super::draft::Draft;
use super::super::names::numbered;
use super::super::proration::Split;
use super::super::rows::{
    AttemptState, Invoice, InvoiceKind, InvoiceState, Owner, Plan, Refund, RefundState, Status,
};
use super::super::view::View;
use crate::webhook::event::NAME_BYTES_MAX;

/// Whether a text can be the provider's name for a card.
///
/// # Errors
/// [`Refusal::Name`].
pub fn check_card(card: &str) -> Result<(), Refusal> {
    if !(1..=NAME_BYTES_MAX).contains(&card.len()) || card.chars().any(char::is_control) {
        return Err(Refusal::Name("card"));
    }
    Ok(())
}

impl Draft<'_> {
    pub(super) fn customer_asks(&mut self, request: &CustomerRequest) -> Result<(), Refusal> {
        if let CustomerRequest::SetCard { card } = request {
            return self.set_card(card);
        }
        self.must_live()?;
        // Renewal first, where both fall into the same second.
        self.begin_due_periods()?;
        if self.subscription().status.is_final() && *request != CustomerRequest::CancelNow {
            return match request {
                CustomerRequest::CancelAtPeriodEnd => Ok(()),
                _ => Err(Refusal::Ended),
            };
        }
        match request {
            CustomerRequest::CancelNow => self.cancel_now(),
            CustomerRequest::CancelAtPeriodEnd => self.cancel_at_period_end(),
            CustomerRequest::Keep => self.keep(),
            CustomerRequest::SetZone { zone } => {
                self.set_zone(zone);
                Ok(())
            }
            CustomerRequest::ChangePlan { plan } => self.change_plan(plan),
            CustomerRequest::Pause => self.pause(),
            CustomerRequest::Resume => self.resume(),
            CustomerRequest::PayInvoice { period_start } => self.pay_invoice(*period_start),
            CustomerRequest::SetCard { .. } => Ok(()),
        }
    }

    /// Refuses what has ended, and what another decides about.
    pub(super) fn must_live(&self) -> Result<(), Refusal> {
        let row = self.subscription();
        if row.status.is_final() {
            return Err(Refusal::Ended);
        }
        if row.owner == Owner::Provider {
            return Err(Refusal::WrongState(row.status));
        }
        Ok(())
    }

    fn cancel_now(&mut self) -> Result<(), Refusal> {
        if self.subscription().status.is_final() {
            return Ok(());
        }
        self.refund_unused()?;
        self.set_status(Status::Canceled);
        self.void_open()?;
        self.cut_access();
        Ok(())
    }

    /// Gives the unused days back, where the plan says so: of each payment of the period, those of changes of plan among them.
    fn refund_unused(&mut self) -> Result<(), Refusal> {
        let row = self.subscription();
        if !self.context.plans.get(&row.plan).is_some_and(|plan| plan.refund_on_cancel) {
            return Ok(());
        }
        let start = row.period.start;
        let paid = |invoice: &&Invoice| {
            invoice.period.start == start && invoice.state == InvoiceState::Paid && !invoice.amount.is_zero()
        };
        let invoices: Vec<Invoice> = self.invoices().filter(paid).cloned().collect();
        for invoice in invoices {
            let taken = self
                .attempts()
                .find(|attempt| attempt.invoice == invoice.id && attempt.state == AttemptState::Succeeded);
            let Some(payment) = taken.and_then(|attempt| attempt.payment.clone()) else { continue };
            let unused = self.unused_of(&invoice)?;
            let left = invoice.amount.minor_units - self.refunded(&payment) - self.charged_back(&payment);
            let amount = Money::new(unused.minor_units.min(left), unused.currency);
            if amount.minor_units > 0 {
                self.ask_refund(&payment, amount);
            }
        }
        Ok(())
    }

    /// What of an invoice of the current period is for days from today on. A cycle invoice is for the whole period, one of a change
    /// for the days from the change on.
    fn unused_of(&self, invoice: &Invoice) -> Result<Money, Refusal> {
        let zone = &self.subscription().zone;
        let from = match invoice.kind {
            InvoiceKind::Cycle => invoice.period.start,
            InvoiceKind::Change => invoice.due_at,
        };
        Ok(self.split_from(zone, from)?.unused(invoice.amount)?)
    }

    /// A refund of what was owed and paid.
    pub(super) fn ask_refund(&mut self, payment: &str, amount: Money) {
        let row = self.subscription();
        let refund = Refund {
            id: numbered([&row.id, "-re-"], self.refunds().count() + 1),
            subscription: row.id.clone(),
            payment: payment.into(),
            amount,
            state: RefundState::Pending,
            unexpected: false,
            asked_at: self.now(),
            // Whatever the clock says, should it step back.
            check_at: Timestamp::ZERO,
            sends: 0,
        };
        self.put_refund(refund);
    }

    fn split(&self, zone: &Zone) -> Result<Split, Refusal> {
        self.split_from(zone, self.subscription().period.start)
    }

    /// The days of the current period from one of them on, split today.
    fn split_from(&self, zone: &Zone, from: Timestamp) -> Result<Split, Refusal> {
        let day = |at: Timestamp| zone.local(at).map(|local| local.date());
        let from = day(from)?;
        // A period of a day that a move made shorter may end on the date on which it began: it is a day all the same.
        let next = from.tomorrow().map_err(|_| CalendarError::OutOfRange)?;
        Ok(Split::at(from, day(self.subscription().period.end)?.max(next), day(self.now())?)?)
    }

    fn cancel_at_period_end(&mut self) -> Result<(), Refusal> {
        let status = self.subscription().status;
        if matches!(status, Status::Incomplete | Status::Unpaid) {
            return Err(Refusal::WrongState(status));
        }
        if status == Status::Paused {
            // No period runs that could end first.
            self.set_status(Status::Canceled);
            return Ok(());
        }
        self.change(|row| {
            row.cancel_at_period_end = true;
            row.pause_at_period_end = false;
            row.next_plan = None;
        });
        self.refresh_grace();
        Ok(())
    }

    /// Goes on after all.
    fn keep(&mut self) -> Result<(), Refusal> {
        if !self.subscription().cancel_at_period_end {
            return Err(Refusal::NotEnding);
        }
        self.change(|row| row.cancel_at_period_end = false);
        self.refresh_grace();
        Ok(())
    }

    /// Takes another zone from the next period on: what is paid for stays as long as it was sold.
    fn set_zone(&mut self, zone: &Zone) {
        let next = (self.subscription().zone != *zone).then(|| zone.clone());
        self.change(|row| row.next_zone = next);
    }

    fn change_plan(&mut self, name: &str) -> Result<(), Refusal> {
        let plan = self.context.plans.get(name).cloned().ok_or(Refusal::UnknownPlan)?;
        let row = self.subscription();
        if plan.interval != row.interval || plan.price.currency != row.price.currency {
            return Err(Refusal::IncompatiblePlan);
        }
        if !matches!(row.status, Status::Trialing | Status::Active) || row.cancel_at_period_end {
            return Err(Refusal::WrongState(row.status));
        }
        if plan.name == row.plan {
            self.change(|row| row.next_plan = None);
            return Ok(());
        }
        if plan.price.minor_units < row.price.minor_units && row.trial_end.is_none() {
            self.change(|row| row.next_plan = Some((plan.name, plan.price)));
            return Ok(());
        }
        self.upgrade(plan)
    }

    /// Takes the dearer plan now: the rest of the period costs the difference, the day of the change counts as the new plan's.
    fn upgrade(&mut self, plan: Plan) -> Result<(), Refusal> {
        let row = self.subscription();
        let (old, zone, start, in_trial) =
            (row.price, row.zone.clone(), row.period.start, row.trial_end.is_some());
        self.change(|row| {
            row.plan = plan.name;
            row.price = plan.price;
            row.next_plan = None;
        });
        if in_trial {
            return Ok(());
        }
        let split = self.split(&zone)?;
        let amount = split.unused(plan.price)?.checked_sub(split.unused(old)?)?;
        let earlier = self
            .invoices()
            .filter(|invoice| invoice.kind == InvoiceKind::Change && invoice.period.start == start)
            .count();
        self.issue(InvoiceKind::Change, u32::try_from(earlier).unwrap_or(u32::MAX), amount)
    }

    fn pause(&mut self) -> Result<(), Refusal> {
        let row = self.subscription();
        if row.status != Status::Active || row.cancel_at_period_end {
            return Err(Refusal::WrongState(row.status));
        }
        self.change(|row| row.pause_at_period_end = true);
        self.refresh_grace();
        Ok(())
    }

    fn resume(&mut self) -> Result<(), Refusal> {
        if self.subscription().pause_at_period_end {
            self.change(|row| row.pause_at_period_end = false);
            self.refresh_grace();
            return Ok(());
        }
        if self.subscription().status != Status::Paused {
            return Err(Refusal::NotPaused);
        }
        if self.customer().card.is_none() {
            return Err(Refusal::NoCard);
        }
        // A new anchor and a new period, charged like any renewal and with the same window to succeed.
        let now = self.now();
        self.change(|row| row.anchor = now);
        self.begin_period(0, now)?;
        self.set_status(Status::Active);
        let window = super::super::dunning::window_end(now);
        let row = self.subscription();
        let grant = super::super::rows::Grant {
            id: numbered([&row.id, ":resumed:"], now.0),
            subscription: row.id.clone(),
            kind: super::super::rows::GrantKind::Period,
            from: now,
            until: now,
            grace_until: window.min(row.period.end),
        };
        self.put_grant(grant);
        Ok(())
    }

    /// Replaces the card of the customer; what is open is tried on it next.
    fn set_card(&mut self, card: &str) -> Result<(), Refusal> {
        check_card(card)?;
        if self.customer().card.as_deref() != Some(card) {
            self.put_card(card);
        }
        if self.subscription().status.is_final() || self.subscription().owner == Owner::Provider {
            return Ok(());
        }
        let now = self.now();
        let open: Vec<Invoice> = self.open_invoices().cloned().collect();
        for mut invoice in open {
            invoice.refused_cards.remove(card);
            if self.live_attempt(&invoice.id).is_none() {
                invoice.next_attempt_at = Some(now);
            }
            self.put_invoice(invoice);
        }
        self.refresh_grace();
        Ok(())
    }

    fn pay_invoice(&mut self, period_start: Timestamp) -> Result<(), Refusal> {
        let cycle =
            |invoice: &&Invoice| invoice.kind == InvoiceKind::Cycle && invoice.period.start == period_start;
        let invoice = self.invoices().rfind(cycle).cloned().ok_or(Refusal::Unknown("invoice"))?;
        self.try_soon(invoice)
    }

    /// Has an open invoice tried at the next run of the renewals.
    pub(super) fn try_soon(&mut self, mut invoice: Invoice) -> Result<(), Refusal> {
        if invoice.state != InvoiceState::Open {
            return Err(Refusal::NotOpen);
        }
        if self.live_attempt(&invoice.id).is_some() {
            return Err(Refusal::AttemptUnderWay);
        }
        let Some(card) = self.customer().card.clone() else { return Err(Refusal::NoCard) };
        if self.is_held_back(&invoice.id) {
            return Err(Refusal::WrongState(self.subscription().status));
        }
        if self.allowed_from(&invoice, self.now()) > self.now() {
            return Err(Refusal::Capped);
        }
        // The customer is here and says so: even a card that was refused may be tried once more.
        invoice.refused_cards.remove(&card);
        invoice.next_attempt_at = Some(self.now());
        self.put_invoice(invoice);
        Ok(())
    }
}

/// Longest span that support may grant at once: a year.
pub(super) const OVERRIDE_MAX: Micros = Micros::from_mins(366 * 24 * 60);
