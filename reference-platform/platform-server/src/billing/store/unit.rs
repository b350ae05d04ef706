//! One unit of writing: what it loads, what decides, what it writes.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use platform_core::subscription::command::{Command, Context, Decision, Refusal};
use platform_core::subscription::decide::begin::{self, TakenOver};
use platform_core::subscription::decide::decide;
use platform_core::subscription::invariants;
use platform_core::subscription::rows::Plan;
use platform_core::subscription::store::{Consequence, Received, StoreError};
use platform_core::webhook::inbox::{
    self, EventKey, InboxCommand, InboxDecision, InboxRefusal, InboxRow, Settled,
};
use smol_str::SmolStr;
use sqlx::SqliteConnection;
use units::{Micros, Timestamp};

use super::receive::New;
use super::requests::{Request, Response};
use super::{load, receive, requests, storage, write};

/// Bodies of webhooks are kept for 30 days.
const BODY_KEPT: Micros = Micros::from_mins(30 * 24 * 60);

/// What tells a webhook from its duplicates is kept for 400 days.
const EVENT_KEPT: Micros = Micros::from_mins(400 * 24 * 60);

/// Posted notices are kept for a week.
const NOTICE_KEPT: Micros = Micros::from_mins(7 * 24 * 60);

/// Answers under idempotency keys are kept for a day, as long as Stripe keeps them.
const ANSWER_KEPT: Micros = Micros::from_mins(24 * 60);

/// What cleaning does, and for how long its rows are kept; each finds its rows by an index. Parameters are the time of each in its
/// turn, and how many rows each may take.
pub(super) const CLEANING: [(&str, Micros); 4] = [
    (
        "UPDATE inbox SET body = NULL WHERE rowid IN (SELECT rowid FROM inbox
        WHERE body IS NOT NULL AND stored_at < $1 AND check_at IS NULL LIMIT $5)",
        BODY_KEPT,
    ),
    (
        "DELETE FROM inbox WHERE rowid IN (SELECT rowid FROM inbox
        WHERE body IS NULL AND stored_at < $2 AND check_at IS NULL LIMIT $5)",
        EVENT_KEPT,
    ),
    (
        "DELETE FROM notices WHERE rowid IN (SELECT rowid FROM notices
        WHERE posted_at IS NOT NULL AND posted_at < $3 LIMIT $5)",
        NOTICE_KEPT,
    ),
    ("DELETE FROM requests WHERE rowid IN (SELECT rowid FROM requests WHERE at < $4 LIMIT $5)", ANSWER_KEPT),
];

/// All of it in one call.
static CLEAN: LazyLock<String> = LazyLock::new(|| CLEANING.map(|(statement, _)| statement).join("; "));

/// What is to be written.
#[derive(Debug)]
pub(super) enum Unit {
    TakeOver(Box<TakenOver>),
    Act { subscription: SmolStr, command: Box<Command> },
    Request(Box<Request>),
    Receive(Box<New>),
    Claim { key: EventKey, worker: u32 },
    Settle { key: EventKey, worker: u32, outcome: Settled, consequence: Box<Consequence> },
    ClaimNotices(Vec<SmolStr>),
    Posted(Vec<SmolStr>),
    PutOff(Vec<SmolStr>),
    Clean { rows: u32 },
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Reply {
    Nothing,
    Decision(Decision),
    Received(Received),
    Row(Box<InboxRow>),
    /// A claim had lapsed, which was counted: that stays written although nobody gets the row.
    Lapsed,
    Response(Response),
    Notices(Vec<SmolStr>),
    Count(u64),
}

impl Reply {
    pub(super) fn decision(self) -> Decision {
        if let Self::Decision(decision) = self { decision } else { Decision::default() }
    }

    pub(super) fn received(self) -> Received {
        if let Self::Received(received) = self { received } else { Received::Duplicate }
    }

    pub(super) fn row(self) -> Result<InboxRow, StoreError> {
        match self {
            Self::Row(row) => Ok(*row),
            Self::Lapsed => Err(InboxRefusal::NotDue.into()),
            _ => Err(StoreError::Storage("the writer answered with something else".to_owned())),
        }
    }

    pub(super) fn response(self) -> Response {
        if let Self::Response(response) = self { response } else { Response::default() }
    }

    pub(super) fn notices(self) -> Vec<SmolStr> {
        if let Self::Notices(notices) = self { notices } else { Vec::new() }
    }

    pub(super) fn count(self) -> u64 {
        if let Self::Count(count) = self { count } else { 0 }
    }
}

/// Where a unit works.
pub(super) struct Place<'a> {
    pub(super) connection: &'a mut SqliteConnection,
    pub(super) plans: &'a BTreeMap<SmolStr, Plan>,
    pub(super) now: Timestamp,
}

impl Place<'_> {
    pub(super) const fn context(&self) -> Context<'_> {
        Context { now: self.now, plans: self.plans }
    }

    pub(super) async fn run(&mut self, unit: Unit) -> Result<Reply, StoreError> {
        match unit {
            Unit::TakeOver(taken) => {
                let decision = begin::take_over(*taken, self.context())?;
                write::first(self.connection, &decision.writes).await?;
                Ok(Reply::Nothing)
            }
            Unit::Act { subscription, command } => {
                self.act(&subscription, &command).await.map(Reply::Decision)
            }
            Unit::Request(request) => requests::answer(self, *request).await.map(Reply::Response),
            Unit::Receive(new) => receive::one(self, &new).await.map(Reply::Received),
            Unit::Claim { key, worker } => self.claim(&key, worker).await,
            Unit::Settle { key, worker, outcome, consequence } => {
                self.settle(&key, worker, outcome, *consequence).await?;
                Ok(Reply::Nothing)
            }
            Unit::ClaimNotices(notices) => self.claim_notices(notices).await.map(Reply::Notices),
            Unit::PutOff(notices) => self.put_off(&notices).await.map(|()| Reply::Nothing),
            Unit::Posted(notices) => {
                for notice in notices {
                    write::posted(self.connection, &notice, self.now).await?;
                }
                Ok(Reply::Nothing)
            }
            Unit::Clean { rows } => self.clean(rows).await.map(Reply::Count),
        }
    }

    pub(super) async fn act(
        &mut self,
        subscription: &str,
        command: &Command,
    ) -> Result<Decision, StoreError> {
        let account = load::account(self.connection, subscription, self.now).await?;
        let account = account.ok_or(StoreError::NoSuchSubscription)?;
        let decision = decide(&account, command, self.context())?;
        invariants::check(&account, &decision.writes)?;
        write::all(self.connection, &decision.writes).await?;
        Ok(decision)
    }

    pub(super) async fn inbox_act(
        &mut self,
        key: &EventKey,
        command: &InboxCommand,
    ) -> Result<InboxRow, StoreError> {
        let known = load::event(self.connection, key).await?;
        match inbox::decide(known.as_ref(), command, self.now)? {
            InboxDecision::Put(row) => {
                write::event(self.connection, &row).await?;
                Ok(row)
            }
            InboxDecision::Duplicate | InboxDecision::Conflict => Err(StoreError::Unique("event")),
        }
    }

    async fn claim_notices(&mut self, notices: Vec<SmolStr>) -> Result<Vec<SmolStr>, StoreError> {
        let mut claimed = Vec::with_capacity(notices.len());
        for id in notices {
            let known = load::notice(self.connection, &id).await?;
            if let Some(row) = known.filter(|row| row.is_due(self.now)) {
                write::notice(self.connection, &row.claimed(self.now)).await?;
                claimed.push(id);
            }
        }
        Ok(claimed)
    }

    async fn put_off(&mut self, notices: &[SmolStr]) -> Result<(), StoreError> {
        for id in notices {
            let known = load::notice(self.connection, id).await?;
            if let Some(row) = known.filter(|row| row.posted_at.is_none()) {
                write::notice(self.connection, &row.put_off(self.now)).await?;
            }
        }
        Ok(())
    }

    async fn claim(&mut self, key: &EventKey, worker: u32) -> Result<Reply, StoreError> {
        let known = load::event(self.connection, key).await?;
        if known.is_some_and(|row| row.is_lapsed(self.now)) {
            let row = self.inbox_act(key, &InboxCommand::Lapse).await?;
            if !row.is_due(self.now) {
                return Ok(Reply::Lapsed);
            }
        }
        let row = self.inbox_act(key, &InboxCommand::Claim { worker }).await?;
        Ok(Reply::Row(Box::new(row)))
    }

    async fn settle(
        &mut self,
        key: &EventKey,
        worker: u32,
        outcome: Settled,
        consequence: Consequence,
    ) -> Result<(), StoreError> {
        self.inbox_act(key, &InboxCommand::Settle { worker, outcome }).await?;
        match consequence {
            Consequence::Nothing => Ok(()),
            Consequence::Command(subscription, command) => self.act(&subscription, &command).await.map(drop),
            Consequence::Mirror(seen) => {
                let command = Command::MirrorSeen(seen.clone());
                match self.act(&seen.id, &command).await {
                    Err(StoreError::NoSuchSubscription) => {
                        let made = begin::mirror(&seen, self.plans.get(&seen.plan), self.context());
                        let made = made.ok_or(Refusal::UnknownPlan)?;
                        write::first(self.connection, &made.writes).await
                    }
                    other => other.map(drop),
                }
            }
        }
    }

    /// Deletes in small bites, so that nobody waits long behind one.
    async fn clean(&mut self, rows: u32) -> Result<u64, StoreError> {
        let before = |kept: Micros| i64::try_from(self.now.0.saturating_sub(kept.0)).unwrap_or(i64::MAX);
        let query =
            CLEANING.iter().fold(sqlx::query(CLEAN.as_str()), |query, (_, kept)| query.bind(before(*kept)));
        let done = query.bind(i64::from(rows)).execute(&mut *self.connection).await;
        Ok(done.map_err(|error| storage(&error))?.rows_affected())
    }
}
