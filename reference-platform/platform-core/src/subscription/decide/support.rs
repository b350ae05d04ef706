//! What support asks for. Each action leaves one audit row with who and why, besides the rows of what it changed.

use smol_str::SmolStr;
use units::{Micros, Money, Timestamp};

use super::super::access::has_access;
use super::super::command::{Refusal, SupportAction, SupportRequest};
use super::super::draft::Draft;
use super::super::names::numbered;
use super::super::rows::{AttemptState, AuditRow, Grant, GrantKind, Invoice, Status};
use super::super::view::View;
use super::customer::OVERRIDE_MAX;

impl Draft<'_> {
    pub(super) fn support_asks(&mut self, request: &SupportRequest) -> Result<(), Refusal> {
        let (before, after, expires_at) = match request.action {
            SupportAction::RetryCharge => self.retry_charge()?,
            SupportAction::Refund { amount } => self.refund_part(amount)?,
            SupportAction::OverrideAccess { lasting } => self.override_access(lasting)?,
            SupportAction::ExtendTrial { until } => self.extend_trial(until)?,
        };
        let subject = self.subscription().id.clone();
        self.record(AuditRow {
            at: self.now(),
            row: subject.clone(),
            subject,
            action: request.action.word().into(),
            before,
            after,
            actor: request.actor.clone(),
            cause: "request".into(),
            reason: request.reason.clone(),
            expires_at,
        });
        Ok(())
    }

    fn retry_charge(&mut self) -> Result<Change, Refusal> {
        self.must_live()?;
        self.begin_due_periods()?;
        let open: Option<Invoice> = self.open_invoices().last().cloned();
        let invoice = open.ok_or(Refusal::NotOpen)?;
        let before = format!("{} open", invoice.id);
        let after = format!("{} to be tried", invoice.id);
        self.try_soon(invoice)?;
        Ok((before.into(), after.into(), None))
    }

    fn refund_part(&mut self, amount: i64) -> Result<Change, Refusal> {
        let captured = self
            .attempts()
            .rfind(|attempt| attempt.state == AttemptState::Succeeded)
            .cloned()
            .ok_or(Refusal::Unknown("payment"))?;
        let payment = captured.payment.ok_or(Refusal::Unknown("payment"))?;
        let given_back = self.refunded(&payment);
        // What the bank has taken back already is not ours to give.
        let left = captured.amount.minor_units - given_back - self.charged_back(&payment);
        if amount <= 0 || amount > left {
            return Err(Refusal::Amount);
        }
        self.ask_refund(&payment, Money::new(amount, captured.amount.currency));
        Ok((
            format!("{payment} refunded {given_back}").into(),
            format!("{payment} refunded {}", given_back + amount).into(),
            None,
        ))
    }

    fn override_access(&mut self, lasting: Micros) -> Result<Change, Refusal> {
        if lasting == Micros::ZERO || lasting > OVERRIDE_MAX {
            return Err(Refusal::NotInFuture);
        }
        let word = |has: bool| if has { "access" } else { "no access" };
        let now = self.now();
        let before = word(has_access(self, now)).to_owned();
        let until = now.saturating_add(lasting);
        let row = self.subscription();
        let given = self.grants().filter(|grant| grant.kind == GrantKind::Override).count();
        let grant = Grant {
            id: numbered([&row.id, ":override:"], given + 1),
            subscription: row.id.clone(),
            kind: GrantKind::Override,
            from: now,
            until,
            grace_until: until,
        };
        self.put_grant(grant);
        Ok((before.into(), SmolStr::new_static(word(true)), Some(until)))
    }

    fn extend_trial(&mut self, until: Timestamp) -> Result<Change, Refusal> {
        self.must_live()?;
        let row = self.subscription();
        let Some(end) = row.trial_end.filter(|end| *end > self.now() && row.status == Status::Trialing)
        else {
            return Err(Refusal::WrongState(row.status));
        };
        if until <= end {
            return Err(Refusal::NotInFuture);
        }
        self.change(|row| {
            row.trial_end = Some(until);
            row.period.end = until;
        });
        let running: Vec<Grant> =
            self.grants().filter(|grant| grant.kind == GrantKind::Trial).cloned().collect();
        for grant in running {
            self.put_grant(Grant { until, grace_until: until, ..grant });
        }
        self.refresh_grace();
        Ok((format!("trial_end {}", end.0).into(), format!("trial_end {}", until.0).into(), Some(until)))
    }
}

/// Before, after, and when what was granted ends.
type Change = (SmolStr, SmolStr, Option<Timestamp>);
