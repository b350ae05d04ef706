//! A decision while it is being made: the account as it will be, and the writes that lead there.

use std::collections::BTreeMap;

use units::{Money, Timestamp};

use super::account::{Account, Write, apply};
use super::calendar::Calendar;
use super::command::{Context, Decision, Effect, Refusal};
use super::rows::{
    Attempt, AuditRow, Dispute, Grant, Invoice, InvoiceState, Notice, Owner, Refund, Status, Subscription,
    Task,
};
use super::{access, due};
use crate::ledger::{Cause, Transaction};

/// Who and what a change goes back to.
#[derive(Debug, Clone)]
pub(super) struct Because {
    pub(super) actor: String,
    pub(super) cause: String,
}

/// An account under change.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub(super) account: Account,
    pub(super) context: Context<'a>,
    because: Because,
    writes: Vec<Write>,
    pub(super) effects: Vec<Effect>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(account: Account, context: Context<'a>, because: Because) -> Self {
        Self { account, context, because, writes: Vec::new(), effects: Vec::new() }
    }

    pub(super) const fn now(&self) -> Timestamp {
        self.context.now
    }

    pub(super) const fn subscription(&self) -> &Subscription {
        &self.account.subscription
    }

    /// The subscription's calendar.
    pub(super) fn calendar(&self) -> Result<Calendar, Refusal> {
        let row = self.subscription();
        Ok(Calendar::new(row.anchor, row.interval, row.zone.clone())?)
    }

    /// What is written, each row once and as it ended.
    pub(super) fn finish(mut self) -> Decision {
        let due_at = due::next(&self.account);
        if !self.writes.is_empty() && due_at != self.subscription().due_at {
            self.change(|row| row.due_at = due_at);
        }
        // Where a row was first written, as it was last written: rows that others belong to stay before them.
        let mut places: BTreeMap<(u8, String), usize> = BTreeMap::new();
        let mut writes: Vec<Write> = Vec::with_capacity(self.writes.len());
        for write in self.writes {
            let place = name(&write).map(|name| *places.entry(name).or_insert(writes.len()));
            match place.and_then(|place| writes.get_mut(place)) {
                Some(earlier) => *earlier = write,
                None => writes.push(write),
            }
        }
        Decision { writes, effects: self.effects }
    }

    pub(super) fn write(&mut self, write: Write) {
        apply(&mut self.account, &write);
        self.writes.push(write);
    }

    /// Changes the subscription; a change of status goes through [`Draft::set_status`].
    pub(super) fn change(&mut self, with: impl FnOnce(&mut Subscription)) {
        let mut row = self.subscription().clone();
        with(&mut row);
        if row != *self.subscription() {
            self.write(Write::Subscription(row));
        }
    }

    pub(super) fn set_status(&mut self, after: Status) {
        let before = self.subscription().status;
        if before == after {
            return;
        }
        self.change(|row| row.status = after);
        let id = self.subscription().id.clone();
        self.audit(("subscription", id), before.name(), after.name());
        let had = access::of_status(before);
        let has = access::of_status(after);
        if had != has {
            let word = if has { "on" } else { "off" };
            let about = format!("{word}:{}", self.now().0);
            self.notify("access", &about);
        }
    }

    pub(super) fn put_invoice(&mut self, row: Invoice) {
        let before = self.account.invoice(&row.id).map_or("", |known| known.state.name());
        self.audit(("invoice", row.id.clone()), before, row.state.name());
        self.write(Write::Invoice(row));
    }

    pub(super) fn put_attempt(&mut self, row: Attempt) {
        let before = self.account.attempt(&row.key).map_or("", |known| known.state.name());
        self.audit(("attempt", row.key.clone()), before, row.state.name());
        self.write(Write::Attempt(row));
    }

    pub(super) fn put_refund(&mut self, row: Refund) {
        let known = self.account.refunds.iter().find(|known| known.id == row.id);
        let before = known.map(|known| format!("{:?}", known.state).to_lowercase()).unwrap_or_default();
        let after = format!("{:?}", row.state).to_lowercase();
        self.audit(("refund_state", row.id.clone()), &before, &after);
        self.write(Write::Refund(row));
    }

    pub(super) fn put_dispute(&mut self, row: Dispute) {
        let known = self.account.disputes.iter().find(|known| known.id == row.id);
        let before = known.map(|known| format!("{:?}", known.state).to_lowercase()).unwrap_or_default();
        let after = format!("{:?}", row.state).to_lowercase();
        self.audit(("dispute", row.id.clone()), &before, &after);
        self.write(Write::Dispute(row));
    }

    pub(super) fn put_grant(&mut self, row: Grant) {
        if self.account.grants.contains(&row) {
            return;
        }
        self.write(Write::Grant(row));
    }

    /// Books the movement of a cause; nothing moves no money.
    pub(super) fn book(&mut self, cause: Cause, amount: Money) -> Result<(), Refusal> {
        if amount.is_zero() {
            return Ok(());
        }
        let transaction = Transaction::of(cause, self.now(), amount)
            .map_err(|_| Refusal::Money(units::money::MoneyError::Overflow))?;
        self.write(Write::Book(transaction));
        Ok(())
    }

    pub(super) fn notify(&mut self, kind: &str, about: &str) {
        let subscription = self.subscription().id.clone();
        self.write(Write::Notice(Notice {
            id: format!("{kind}:{subscription}:{about}"),
            kind: kind.to_owned(),
            subscription,
            about: about.to_owned(),
            created_at: self.now(),
            posted_at: None,
        }));
    }

    pub(super) fn task(&mut self, kind: &str, subject: &str) {
        self.write(Write::Task(Task { kind: kind.to_owned(), subject: subject.to_owned(), at: self.now() }));
    }

    fn audit(&mut self, (action, row): (&str, String), before: &str, after: &str) {
        if before != after {
            self.record(AuditRow {
                at: self.now(),
                subject: self.subscription().id.clone(),
                action: action.to_owned(),
                row,
                before: before.to_owned(),
                after: after.to_owned(),
                actor: self.because.actor.clone(),
                cause: self.because.cause.clone(),
                reason: None,
                expires_at: None,
            });
        }
    }

    pub(super) fn record(&mut self, row: AuditRow) {
        self.write(Write::Audit(row));
    }

    /// Voids what is open and waits for no answer.
    pub(super) fn void_open(&mut self) -> Result<(), Refusal> {
        let open: Vec<Invoice> = self.account.open_invoices().cloned().collect();
        for invoice in open {
            if self.account.live_attempt(&invoice.id).is_some() {
                // It may still take money: the outcome decides. Nothing more is tried.
                self.put_invoice(Invoice { next_attempt_at: None, ..invoice });
            } else {
                self.write_off(invoice, InvoiceState::Void)?;
            }
        }
        Ok(())
    }

    pub(super) fn write_off(&mut self, invoice: Invoice, state: InvoiceState) -> Result<(), Refusal> {
        self.book(Cause::WriteOff(invoice.id.clone()), invoice.amount)?;
        self.put_invoice(Invoice { state, next_attempt_at: None, ..invoice });
        Ok(())
    }

    /// Whether we decide about the subscription, and it goes on.
    pub(super) fn is_ours_and_live(&self) -> bool {
        self.subscription().owner == Owner::Platform && !self.subscription().status.is_final()
    }
}

/// What makes a row one and the same; what is only ever appended has no name.
fn name(write: &Write) -> Option<(u8, String)> {
    Some(match write {
        Write::Customer(row) => (0, row.id.clone()),
        Write::Subscription(row) => (1, row.id.clone()),
        Write::Invoice(row) => (2, row.id.clone()),
        Write::Attempt(row) => (3, row.key.clone()),
        Write::Refund(row) => (4, row.id.clone()),
        Write::Dispute(row) => (5, row.id.clone()),
        Write::Grant(row) => (6, row.id.clone()),
        Write::Book(_) | Write::Notice(_) | Write::Audit(_) | Write::Task(_) => return None,
    })
}
