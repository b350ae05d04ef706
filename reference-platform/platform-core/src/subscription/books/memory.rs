//! The books as a store.

use std::cell::{Ref, RefCell};

use smol_str::SmolStr;
use units::Timestamp;

use super::super::account::Account;
use super::super::command::{Command, Decision};
use super::super::rows::{Notice, RefundState};
use super::super::store::{Consequence, Intake, Received, Store, StoreError};
use super::Books;
use crate::webhook::inbox::{EventKey, InboxCommand, InboxRow, InboxState, Settled};

/// The books as a [`Store`]; every future is ready at once.
#[derive(Debug, Default)]
pub struct Memory {
    books: RefCell<Books>,
}

impl Memory {
    /// A store that starts with these rows.
    #[must_use]
    pub fn new(books: Books) -> Self {
        Self { books: RefCell::new(books) }
    }

    /// The rows.
    ///
    /// # Panics
    /// While a change is being made, which no caller can observe.
    pub fn books(&self) -> Ref<'_, Books> {
        self.books.borrow()
    }

    /// Changes rows directly, outside any job.
    ///
    /// # Panics
    /// While a reference from [`Memory::books`] is held.
    pub fn with<T>(&self, change: impl FnOnce(&mut Books) -> T) -> T {
        change(&mut self.books.borrow_mut())
    }
}

fn limited<T>(rows: impl Iterator<Item = T>, limit: u32) -> Vec<T> {
    rows.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect()
}

impl Store for Memory {
    async fn act(
        &self,
        subscription: &str,
        command: Command,
        now: Timestamp,
    ) -> Result<Decision, StoreError> {
        self.books.borrow_mut().act(subscription, &command, now)
    }

    async fn account(&self, subscription: &str) -> Result<Option<Account>, StoreError> {
        let books = self.books.borrow();
        let mut account = books.accounts.get(subscription).cloned();
        if let Some(account) = &mut account {
            account.customer = books
                .customers
                .get(&account.customer.id)
                .cloned()
                .unwrap_or_else(|| account.customer.clone());
        }
        Ok(account)
    }

    async fn due_subscriptions(&self, now: Timestamp, limit: u32) -> Result<Vec<SmolStr>, StoreError> {
        let books = self.books.borrow();
        let mut due: Vec<(Timestamp, &SmolStr)> = books
            .accounts
            .iter()
            .map(|(id, account)| (account.subscription.due_at, id))
            .filter(|(at, _)| *at <= now)
            .collect();
        due.sort_unstable();
        Ok(limited(due.into_iter().map(|(_, id)| id.clone()), limit))
    }

    async fn due_attempts(&self, now: Timestamp, limit: u32) -> Result<Vec<(SmolStr, SmolStr)>, StoreError> {
        let books = self.books.borrow();
        let rows = books.accounts.values().flat_map(|account| &account.attempts);
        let mut due: Vec<_> = rows.filter(|row| row.state.is_live() && row.check_at <= now).collect();
        due.sort_unstable_by(|a, b| (a.check_at, &a.key).cmp(&(b.check_at, &b.key)));
        Ok(limited(due.into_iter().map(|row| (row.subscription.clone(), row.key.clone())), limit))
    }

    async fn due_refunds(&self, now: Timestamp, limit: u32) -> Result<Vec<(SmolStr, SmolStr)>, StoreError> {
        let books = self.books.borrow();
        let rows = books.accounts.values().flat_map(|account| &account.refunds);
        let pending = RefundState::Pending;
        let mut due: Vec<_> = rows.filter(|row| row.state == pending && row.check_at <= now).collect();
        due.sort_unstable_by(|a, b| (a.check_at, &a.id).cmp(&(b.check_at, &b.id)));
        Ok(limited(due.into_iter().map(|row| (row.subscription.clone(), row.id.clone())), limit))
    }

    async fn subscription_of_payment(&self, payment: &str) -> Result<Option<SmolStr>, StoreError> {
        let books = self.books.borrow();
        let of_payment = |account: &&Account| {
            account.attempts.iter().any(|row| row.payment.as_deref() == Some(payment))
                || account.refunds.iter().any(|row| row.payment == payment)
        };
        let found = books.accounts.values().find(of_payment);
        Ok(found.map(|account| account.subscription.id.clone()))
    }

    async fn receive(&self, intake: Intake, now: Timestamp) -> Result<Received, StoreError> {
        self.books.borrow_mut().receive(intake, now)
    }

    async fn due_events(&self, now: Timestamp, limit: u32) -> Result<Vec<EventKey>, StoreError> {
        let books = self.books.borrow();
        let mut due: Vec<&InboxRow> =
            books.inbox.rows.values().filter(|row| row.is_due(now) || row.is_lapsed(now)).collect();
        due.sort_by(|a, b| (a.stored_at, &a.key).cmp(&(b.stored_at, &b.key)));
        Ok(limited(due.into_iter().map(|row| row.key.clone()), limit))
    }

    async fn claim(&self, key: &EventKey, worker: u32, now: Timestamp) -> Result<InboxRow, StoreError> {
        let mut books = self.books.borrow_mut();
        if books.inbox.rows.get(key).is_some_and(|row| row.is_lapsed(now)) {
            books.inbox_act(key, &InboxCommand::Lapse, now)?;
        }
        books.inbox_act(key, &InboxCommand::Claim { worker }, now)
    }

    async fn latest_processed(&self, object: &str) -> Result<Option<u64>, StoreError> {
        let books = self.books.borrow();
        let about = books
            .inbox
            .rows
            .values()
            .filter(|row| row.state == InboxState::Processed && row.object.as_deref() == Some(object));
        Ok(about.filter_map(|row| row.created_s).max())
    }

    async fn settle(
        &self,
        claim: (&EventKey, u32),
        outcome: Settled,
        consequence: Consequence,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.books.borrow_mut().settle(claim, outcome, &consequence, now)
    }

    async fn unposted(&self, now: Timestamp, limit: u32) -> Result<Vec<Notice>, StoreError> {
        let books = self.books.borrow();
        let mut due: Vec<&Notice> = books.notices.iter().filter(|row| row.is_due(now)).collect();
        due.sort_by_key(|row| row.post_at);
        Ok(limited(due.into_iter().cloned(), limit))
    }

    async fn claim_notices(&self, notices: &[SmolStr], now: Timestamp) -> Result<Vec<SmolStr>, StoreError> {
        let mut books = self.books.borrow_mut();
        let mut claimed = Vec::with_capacity(notices.len());
        for row in books.notices.iter_mut().filter(|row| notices.contains(&row.id) && row.is_due(now)) {
            *row = row.clone().claimed(now);
            claimed.push(row.id.clone());
        }
        Ok(claimed)
    }

    async fn put_off(&self, notices: &[SmolStr], now: Timestamp) -> Result<(), StoreError> {
        let mut books = self.books.borrow_mut();
        let failed = |row: &&mut Notice| notices.contains(&row.id) && row.posted_at.is_none();
        for row in books.notices.iter_mut().filter(failed) {
            *row = row.clone().put_off(now);
        }
        Ok(())
    }

    async fn posted(&self, notices: &[SmolStr], now: Timestamp) -> Result<(), StoreError> {
        let mut books = self.books.borrow_mut();
        for row in books.notices.iter_mut().filter(|row| notices.contains(&row.id)) {
            row.posted_at = row.posted_at.or(Some(now));
        }
        Ok(())
    }
}
