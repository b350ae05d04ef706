//! A decision while it is being made: the account as it will be, and the writes that lead there.

use smol_str::{SmolStr, format_smolstr};
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
    pub(super) actor: SmolStr,
    pub(super) cause: SmolStr,
}

/// An account under change.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub(super) account: Account,
    pub(super) context: Context<'a>,
    because: Because,
    writes: Vec<Write>,
    /// Where the subscription's row stands among the writes, and whether it is new.
    written: Option<(usize, bool)>,
    pub(super) effects: Vec<Effect>,
}

/// Rows that most decisions stay below.
const USUAL_WRITES: usize = 12;

impl<'a> Draft<'a> {
    pub(super) fn new(account: Account, context: Context<'a>, because: Because) -> Self {
        let writes = Vec::with_capacity(USUAL_WRITES);
        Self { account, context, because, writes, written: None, effects: Vec::new() }
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
        if due_at != self.subscription().due_at && self.writes_anything() {
            self.change(|row| row.due_at = due_at);
        }
        if let Some((place, is_new)) = self.written {
            if !is_new && self.is_unchanged(place) {
                self.writes.remove(place);
            } else {
                self.writes[place] = Write::Subscription(self.account.subscription);
            }
        }
        Decision { writes: self.writes, effects: self.effects }
    }

    fn writes_anything(&self) -> bool {
        match self.written {
            Some((place, false)) => self.writes.len() > 1 || !self.is_unchanged(place),
            _ => !self.writes.is_empty(),
        }
    }

    /// Whether the subscription ended as it was before its first change.
    fn is_unchanged(&self, place: usize) -> bool {
        matches!(&self.writes[place], Write::Subscription(before) if *before == self.account.subscription)
    }

    /// A new subscription.
    pub(super) fn begin(&mut self) {
        self.written = Some((self.writes.len(), true));
        self.writes.push(Write::Subscription(self.account.subscription.clone()));
    }

    /// Writes a row. One that was written before stays in its place, as it is now: rows that others belong to stay before them.
    pub(super) fn write(&mut self, write: Write) {
        apply(&mut self.account, &write);
        match self.writes.iter_mut().find(|earlier| is_same_row(earlier, &write)) {
            Some(earlier) => *earlier = write,
            None => self.writes.push(write),
        }
    }

    /// Changes the subscription; a change of status goes through [`Draft::set_status`].
    pub(super) fn change(&mut self, with: impl FnOnce(&mut Subscription)) {
        if self.written.is_none() {
            // The row as it was keeps the place until the last change is made.
            self.written = Some((self.writes.len(), false));
            self.writes.push(Write::Subscription(self.account.subscription.clone()));
        }
        with(&mut self.account.subscription);
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
            let about = format_smolstr!("{word}:{}", self.now().0);
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
        let before = known.map_or("", |known| known.state.name());
        self.audit(("refund_state", row.id.clone()), before, row.state.name());
        self.write(Write::Refund(row));
    }

    pub(super) fn put_dispute(&mut self, row: Dispute) {
        let known = self.account.disputes.iter().find(|known| known.id == row.id);
        let before = known.map_or("", |known| known.state.name());
        self.audit(("dispute", row.id.clone()), before, row.state.name());
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

    pub(super) fn notify(&mut self, kind: &'static str, about: &str) {
        let subscription = self.subscription().id.clone();
        self.write(Write::Notice(Notice {
            id: format_smolstr!("{kind}:{subscription}:{about}"),
            kind: SmolStr::new_static(kind),
            subscription,
            about: about.into(),
            created_at: self.now(),
            posted_at: None,
        }));
    }

    pub(super) fn task(&mut self, kind: &'static str, subject: &str) {
        let kind = SmolStr::new_static(kind);
        self.write(Write::Task(Task { kind, subject: subject.into(), at: self.now() }));
    }

    fn audit(&mut self, (action, row): (&'static str, SmolStr), before: &'static str, after: &'static str) {
        if before != after {
            self.record(AuditRow {
                at: self.now(),
                subject: self.subscription().id.clone(),
                action: SmolStr::new_static(action),
                row,
                before: SmolStr::new_static(before),
                after: SmolStr::new_static(after),
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

/// Whether two writes are of one and the same row; what is only ever appended is a row of its own each time.
fn is_same_row(one: &Write, other: &Write) -> bool {
    match (one, other) {
        (Write::Customer(one), Write::Customer(other)) => one.id == other.id,
        (Write::Invoice(one), Write::Invoice(other)) => one.id == other.id,
        (Write::Attempt(one), Write::Attempt(other)) => one.key == other.key,
        (Write::Refund(one), Write::Refund(other)) => one.id == other.id,
        (Write::Dispute(one), Write::Dispute(other)) => one.id == other.id,
        (Write::Grant(one), Write::Grant(other)) => one.id == other.id,
        _ => false,
    }
}
