//! One unit of writing: what it loads, what decides, what it writes.

use std::collections::BTreeMap;

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
use units::Timestamp;

use super::receive::New;
use super::requests::{Request, Response};
use super::{load, receive, requests, write};

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
}
