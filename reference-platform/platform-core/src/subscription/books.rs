//! The store in memory: every row of billing, changed by [`super::account::apply`] alone.
//!
//! It is the simulator's store, and the model that the stores in SQL are tested against. It keeps the same uniqueness that they keep
//! by constraints, and refuses the same writes.
//!
//! Reading order:
//! - this file: the rows, and how they change.
//! - `memory`: the books as a store.

mod memory;

use std::collections::BTreeMap;

use smol_str::SmolStr;
use units::Timestamp;

pub use self::memory::Memory;

use super::account::{Account, Write, apply};
use super::command::{Command, Context, Decision, Refusal};
use super::decide::begin::{self, TakenOver};
use super::decide::decide;
use super::invariants;
use super::rows::{
    AttemptState, AuditRow, Customer, InvoiceKind, InvoiceState, Notice, Plan, Subscription, Task,
};
use super::store::{Consequence, Intake, Received, StoreError};
use super::view::View;
use crate::ledger::Ledger;
use crate::webhook::inbox::{
    self, EventKey, Inbox, InboxCommand, InboxDecision, InboxRow, InboxState, Settled,
};
use units::Micros;

/// Re-attempts on a card older than this bind no longer.
pub const CAP_WINDOW: Micros = Micros::from_mins(30 * 24 * 60);

/// All rows.
#[derive(Debug, Clone, Default)]
pub struct Books {
    /// Plans by name.
    pub plans: BTreeMap<SmolStr, Plan>,
    /// Subscriptions by id, each with its rows.
    pub accounts: BTreeMap<SmolStr, Account>,
    /// Customers by id.
    pub customers: BTreeMap<SmolStr, Customer>,
    /// Re-attempts by card, in order of time.
    pub card_reattempts: BTreeMap<SmolStr, Vec<Timestamp>>,
    /// The ledger.
    pub ledger: Ledger,
    /// Notices in the order in which they came into being.
    pub notices: Vec<Notice>,
    /// Audited changes in order.
    pub audit: Vec<AuditRow>,
    /// Tasks in order.
    pub tasks: Vec<Task>,
    /// Stored webhooks.
    pub inbox: Inbox,
    /// Their bodies.
    pub bodies: BTreeMap<EventKey, Vec<u8>>,
    /// Keys of webhooks that came with two contents.
    pub conflicts: Vec<EventKey>,
}

impl Books {
    /// Takes over an existing subscription.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn take_over(&mut self, taken: TakenOver, now: Timestamp) -> Result<(), StoreError> {
        let decision = begin::take_over(taken, Context { now, plans: &self.plans })?;
        self.write(&decision.writes)
    }

    /// Loads, decides and writes.
    ///
    /// # Errors
    /// [`StoreError`]; nothing has changed then.
    pub fn act(
        &mut self,
        subscription: &str,
        command: &Command,
        now: Timestamp,
    ) -> Result<Decision, StoreError> {
        let account = self.loaded(subscription, now).ok_or(StoreError::NoSuchSubscription)?;
        let decision = decide(&account, command, Context { now, plans: &self.plans })?;
        invariants::check(&account, &decision.writes)?;
        self.write(&decision.writes)?;
        Ok(decision)
    }

    /// An account with the re-attempts that its customer's card has seen lately.
    #[must_use]
    pub fn loaded(&self, subscription: &str, now: Timestamp) -> Option<Account> {
        let mut account = self.accounts.get(subscription)?.clone();
        account.customer = self.customers.get(&account.customer.id)?.clone();
        let since = Timestamp(now.0.saturating_sub(CAP_WINDOW.0));
        let all = account.customer.card.as_ref().and_then(|card| self.card_reattempts.get(card));
        account.card_reattempts = all.into_iter().flatten().copied().filter(|at| *at > since).collect();
        Some(account)
    }

    /// Writes what was decided, all of it or nothing.
    ///
    /// # Errors
    /// [`StoreError::Unique`], [`StoreError::Ledger`].
    pub fn write(&mut self, writes: &[Write]) -> Result<(), StoreError> {
        let mut ledger = None;
        for write in writes {
            self.check_unique(write)?;
            if let Write::Book(transaction) = write {
                ledger.get_or_insert_with(|| self.ledger.clone()).book(transaction.clone())?;
            }
        }
        if let Some(ledger) = ledger {
            self.ledger = ledger;
        }
        writes.iter().for_each(|write| self.put(write));
        Ok(())
    }

    fn put(&mut self, write: &Write) {
        match write {
            Write::Customer(row) => {
                self.customers.insert(row.id.clone(), row.clone());
            }
            Write::Subscription(row) => self.put_subscription(write, row),
            Write::Invoice(row) => self.put_in(&row.subscription, write),
            Write::Attempt(row) => {
                let known =
                    self.accounts.get(&row.subscription).and_then(|account| account.attempt(&row.key));
                if known.is_none() && row.ordinal > 1 {
                    self.card_reattempts.entry(row.card.clone()).or_default().push(row.sent_at);
                }
                self.put_in(&row.subscription, write);
            }
            Write::Refund(row) => self.put_in(&row.subscription, write),
            Write::Dispute(row) => self.put_in(&row.subscription, write),
            Write::Grant(row) => self.put_in(&row.subscription, write),
            Write::Notice(row) if self.notices.iter().all(|known| known.id != row.id) => {
                self.notices.push(row.clone());
            }
            Write::Audit(row) => self.audit.push(row.clone()),
            Write::Task(row) => {
                let known = |task: &Task| task.kind == row.kind && task.subject == row.subject;
                if !self.tasks.iter().any(known) {
                    self.tasks.push(row.clone());
                }
            }
            Write::Book(_) | Write::Notice(_) => {}
        }
    }

    fn put_subscription(&mut self, write: &Write, row: &Subscription) {
        if let Some(account) = self.accounts.get_mut(&row.id) {
            apply(account, write.clone());
            return;
        }
        let customer = self
            .customers
            .get(&row.customer)
            .cloned()
            .unwrap_or_else(|| Customer { id: row.customer.clone(), card: None });
        self.accounts.insert(row.id.clone(), Account::new(row.clone(), customer));
    }

    fn put_in(&mut self, subscription: &str, write: &Write) {
        if let Some(account) = self.accounts.get_mut(subscription) {
            apply(account, write.clone());
        }
    }

    /// What stores in SQL keep by constraints.
    fn check_unique(&self, write: &Write) -> Result<(), StoreError> {
        match write {
            Write::Invoice(row) => {
                let Some(account) = self.accounts.get(&row.subscription) else { return Ok(()) };
                let same = account.invoices.iter().any(|known| {
                    let cycles = known.state != InvoiceState::Void && row.state != InvoiceState::Void;
                    known.id != row.id
                        && known.kind == row.kind
                        && known.period.start == row.period.start
                        && match row.kind {
                            InvoiceKind::Cycle => cycles,
                            InvoiceKind::Change => known.ordinal == row.ordinal,
                        }
                });
                if same { Err(StoreError::Unique("invoice of a period")) } else { Ok(()) }
            }
            Write::Attempt(row) => {
                let takes = |state: AttemptState| state.is_live() || state == AttemptState::Succeeded;
                let Some(account) = self.accounts.get(&row.subscription) else { return Ok(()) };
                let same = account.attempts.iter().any(|known| {
                    known.key != row.key
                        && known.invoice == row.invoice
                        && takes(known.state)
                        && takes(row.state)
                });
                if same { Err(StoreError::Unique("live attempt of an invoice")) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    fn inbox_act(
        &mut self,
        key: &EventKey,
        command: &InboxCommand,
        now: Timestamp,
    ) -> Result<InboxRow, StoreError> {
        match inbox::decide(self.inbox.rows.get(key), command, now)? {
            InboxDecision::Put(row) => {
                inbox::apply(&mut self.inbox, &row);
                Ok(row)
            }
            InboxDecision::Duplicate | InboxDecision::Conflict => Err(StoreError::Unique("event")),
        }
    }

    fn receive(&mut self, intake: Intake, now: Timestamp) -> Result<Received, StoreError> {
        let key = intake.incoming.key.clone();
        let command = InboxCommand::Receive(intake.incoming);
        match inbox::decide(self.inbox.rows.get(&key), &command, now)? {
            InboxDecision::Put(mut row) => {
                if let Some(reason) = intake.quarantine {
                    row.state = InboxState::Quarantined { reason };
                }
                inbox::apply(&mut self.inbox, &row);
                self.bodies.insert(key, intake.body);
                Ok(Received::Stored)
            }
            InboxDecision::Duplicate => Ok(Received::Duplicate),
            InboxDecision::Conflict => {
                if !self.conflicts.contains(&key) {
                    self.conflicts.push(key);
                }
                Ok(Received::Conflict)
            }
        }
    }

    fn settle(
        &mut self,
        (key, worker): (&EventKey, u32),
        outcome: Settled,
        consequence: &Consequence,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let command = InboxCommand::Settle { worker, outcome };
        let InboxDecision::Put(row) = inbox::decide(self.inbox.rows.get(key), &command, now)? else {
            return Err(StoreError::Unique("event"));
        };
        match consequence {
            Consequence::Nothing => {}
            Consequence::Command(subscription, command) => {
                self.act(subscription, command, now)?;
            }
            Consequence::Mirror(seen) if self.accounts.contains_key(&seen.id) => {
                self.act(&seen.id, &Command::MirrorSeen(seen.clone()), now)?;
            }
            Consequence::Mirror(seen) => {
                let context = Context { now, plans: &self.plans };
                let made = begin::mirror(seen, self.plans.get(&seen.plan), context);
                self.write(&made.ok_or(Refusal::UnknownPlan)?.writes)?;
            }
        }
        inbox::apply(&mut self.inbox, &row);
        Ok(())
    }
}
