//! A decision while it is being made: rows as they are stored, and the writes that lie over them.

use std::borrow::Cow;

use smol_str::SmolStr;
use units::{Money, Timestamp};

use super::account::{Account, Write};
use super::calendar::Calendar;
use super::command::{Command, Context, Decision, Effect, Refusal};
use super::names::{joined, numbered};
use super::origin::{Because, Origin};
use super::rows::{
    Attempt, AuditRow, Customer, Dispute, Grant, Invoice, InvoiceState, Notice, Owner, Refund, Status,
    Subscription, Task,
};
use super::view::{Row, View, with_writes};
use super::{access, due};
use crate::ledger::{Cause, Transaction};

/// An account under change. What is stored is borrowed, what changes stands among the writes alone, so that a decision costs what it
/// writes, however long the account's history is.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    /// The subscription as it is stored; none of a new one.
    stored: Option<&'a Subscription>,
    subscription: Cow<'a, Subscription>,
    customer: Cow<'a, Customer>,
    invoices: &'a [Invoice],
    attempts: &'a [Attempt],
    refunds: &'a [Refund],
    disputes: &'a [Dispute],
    grants: &'a [Grant],
    card_reattempts: Cow<'a, [Timestamp]>,
    pub(super) context: Context<'a>,
    origin: Origin<'a>,
    because: Option<Because>,
    writes: Vec<Write>,
    /// Where the subscription's row comes among the writes, once it was changed.
    place: Option<usize>,
    pub(super) effects: Vec<Effect>,
}

/// Rows that most decisions stay below.
const USUAL_WRITES: usize = 8;

impl View for Draft<'_> {
    fn subscription(&self) -> &Subscription {
        &self.subscription
    }

    fn customer(&self) -> &Customer {
        &self.customer
    }

    fn invoices(&self) -> impl DoubleEndedIterator<Item = &Invoice> {
        with_writes(self.invoices, &self.writes)
    }

    fn attempts(&self) -> impl DoubleEndedIterator<Item = &Attempt> {
        with_writes(self.attempts, &self.writes)
    }

    fn refunds(&self) -> impl DoubleEndedIterator<Item = &Refund> {
        with_writes(self.refunds, &self.writes)
    }

    fn disputes(&self) -> impl DoubleEndedIterator<Item = &Dispute> {
        with_writes(self.disputes, &self.writes)
    }

    fn grants(&self) -> impl DoubleEndedIterator<Item = &Grant> {
        with_writes(self.grants, &self.writes)
    }
}

impl<'a> Draft<'a> {
    /// A decision about an account.
    pub(super) fn about(account: &'a Account, command: &'a Command, context: Context<'a>) -> Self {
        let Account {
            subscription,
            customer,
            invoices,
            attempts,
            refunds,
            disputes,
            grants,
            card_reattempts,
        } = account;
        Self {
            stored: Some(subscription),
            subscription: Cow::Borrowed(subscription),
            customer: Cow::Borrowed(customer),
            invoices,
            attempts,
            refunds,
            disputes,
            grants,
            card_reattempts: Cow::Borrowed(card_reattempts),
            context,
            origin: Origin::Command(command),
            because: None,
            writes: Vec::new(),
            place: None,
            effects: Vec::new(),
        }
    }

    /// A new subscription; `cause` says how it came to be.
    pub(super) fn of_new(
        subscription: Subscription,
        customer: Customer,
        cause: &'static str,
        context: Context<'a>,
    ) -> Self {
        let writes = vec![Write::Customer(customer.clone())];
        Self {
            stored: None,
            subscription: Cow::Owned(subscription),
            customer: Cow::Owned(customer),
            invoices: &[],
            attempts: &[],
            refunds: &[],
            disputes: &[],
            grants: &[],
            card_reattempts: Cow::Borrowed(&[]),
            context,
            origin: Origin::Beginning(cause),
            because: None,
            place: Some(writes.len()),
            writes,
            effects: Vec::new(),
        }
    }

    pub(super) const fn now(&self) -> Timestamp {
        self.context.now
    }

    /// The subscription's calendar.
    pub(super) fn calendar(&self) -> Result<Calendar, Refusal> {
        let row = self.subscription();
        Ok(Calendar::new(row.anchor, row.interval, row.zone.clone())?)
    }

    /// When the customer's card was charged again for an invoice, in the last 30 days.
    pub(super) fn card_reattempts(&self) -> &[Timestamp] {
        &self.card_reattempts
    }

    /// What is written, each row once and as it ended.
    pub(super) fn finish(mut self) -> Decision {
        let due_at = due::next(&self);
        if due_at != self.subscription.due_at && (!self.writes.is_empty() || self.is_changed()) {
            self.change(|row| row.due_at = due_at);
        }
        if let Some(place) = self.place.filter(|_| self.is_changed()) {
            self.writes.insert(place, Write::Subscription(self.subscription.into_owned()));
        }
        Decision { writes: self.writes, effects: self.effects }
    }

    /// Whether the subscription is other than it is stored.
    fn is_changed(&self) -> bool {
        self.stored.is_none_or(|stored| *stored != *self.subscription)
    }

    /// Writes a row that is never changed, or a customer.
    fn add(&mut self, write: Write) {
        if self.writes.is_empty() {
            self.writes.reserve(USUAL_WRITES);
        }
        self.writes.push(write);
    }

    /// Writes a row. One that was written before stays in its place, as it is now: rows that others belong to stay before them.
    fn put<T: Row>(&mut self, row: T) {
        let earlier =
            self.writes.iter().position(|write| T::of(write).is_some_and(|known| known.id() == row.id()));
        match earlier {
            Some(place) => self.writes[place] = row.into_write(),
            None => self.add(row.into_write()),
        }
    }

    /// Changes the subscription; a change of status goes through [`Draft::set_status`].
    pub(super) fn change(&mut self, with: impl FnOnce(&mut Subscription)) {
        self.place.get_or_insert(self.writes.len());
        with(self.subscription.to_mut());
    }

    /// Puts another card on file. What it was charged before is not known here; the store loads it before the next decision.
    pub(super) fn put_card(&mut self, card: &str) {
        self.customer.to_mut().card = Some(card.into());
        self.card_reattempts = Cow::Borrowed(&[]);
        self.add(Write::Customer(self.customer.clone().into_owned()));
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
            let about = numbered([word, ":"], self.now().0);
            self.notify("access", &about);
        }
    }

    pub(super) fn put_invoice(&mut self, row: Invoice) {
        let before = self.invoice(&row.id).map_or("", |known| known.state.name());
        self.audit(("invoice", row.id.clone()), before, row.state.name());
        self.put(row);
    }

    pub(super) fn put_attempt(&mut self, row: Attempt) {
        let known = self.attempt(&row.key);
        let is_another_try = known.is_none() && row.ordinal > 1;
        let before = known.map_or("", |known| known.state.name());
        self.audit(("attempt", row.key.clone()), before, row.state.name());
        if is_another_try {
            self.card_reattempts.to_mut().push(row.sent_at);
        }
        self.put(row);
    }

    pub(super) fn put_refund(&mut self, row: Refund) {
        let before = self.refund(&row.id).map_or("", |known| known.state.name());
        self.audit(("refund_state", row.id.clone()), before, row.state.name());
        self.put(row);
    }

    pub(super) fn put_dispute(&mut self, row: Dispute) {
        let before = self.dispute(&row.id).map_or("", |known| known.state.name());
        self.audit(("dispute", row.id.clone()), before, row.state.name());
        self.put(row);
    }

    pub(super) fn put_grant(&mut self, row: Grant) {
        if self.grants().all(|known| *known != row) {
            self.put(row);
        }
    }

    /// Books the movement of a cause; nothing moves no money.
    pub(super) fn book(&mut self, cause: Cause, amount: Money) -> Result<(), Refusal> {
        if amount.is_zero() {
            return Ok(());
        }
        let transaction = Transaction::of(cause, self.now(), amount)
            .map_err(|_| Refusal::Money(units::money::MoneyError::Overflow))?;
        self.add(Write::Book(transaction));
        Ok(())
    }

    pub(super) fn notify(&mut self, kind: &'static str, about: &str) {
        let subscription = self.subscription().id.clone();
        self.add(Write::Notice(Notice {
            id: joined([kind, ":", &subscription, ":", about]),
            kind: SmolStr::new_static(kind),
            subscription,
            about: about.into(),
            created_at: self.now(),
            posted_at: None,
            post_at: Timestamp::ZERO,
            failures: 0,
        }));
    }

    pub(super) fn task(&mut self, kind: &'static str, subject: &str) {
        let kind = SmolStr::new_static(kind);
        self.add(Write::Task(Task { kind, subject: subject.into(), at: self.now() }));
    }

    fn audit(&mut self, (action, row): (&'static str, SmolStr), before: &'static str, after: &'static str) {
        if before != after {
            let (origin, customer) = (self.origin, &self.customer.id);
            let because = self.because.get_or_insert_with(|| Because::of(origin, customer));
            let Because { actor, cause } = because.clone();
            self.record(AuditRow {
                at: self.now(),
                subject: self.subscription().id.clone(),
                action: SmolStr::new_static(action),
                row,
                before: SmolStr::new_static(before),
                after: SmolStr::new_static(after),
                actor,
                cause,
                reason: None,
                expires_at: None,
            });
        }
    }

    pub(super) fn record(&mut self, row: AuditRow) {
        self.add(Write::Audit(row));
    }

    /// Voids what is open and waits for no answer.
    pub(super) fn void_open(&mut self) -> Result<(), Refusal> {
        let open: Vec<Invoice> = self.open_invoices().cloned().collect();
        for invoice in open {
            if self.live_attempt(&invoice.id).is_some() {
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
