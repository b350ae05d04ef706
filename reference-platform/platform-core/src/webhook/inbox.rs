//! The states of a stored webhook: stored, claimed under a lease, then processed, superseded, ignored, or tried again until it is
//! quarantined.
//!
//! A webhook is answered once its row is durable and not before; everything else happens later. Two workers cannot hold one row:
//! a claim names its worker and its end, and only the holder of a running claim may settle. A claim that runs out counts as a
//! failure, so that a message that kills its worker every time is set aside like any other that fails. No row is tried for
//! longer than a day: then it waits for a person, and blocks nothing. [`decide`] says what to write, [`apply`] writes it, and
//! a store in SQL does the same with one row per key.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use units::{Micros, Timestamp};

use super::event::{ContentHash, Sender};

/// How long a worker may hold a row: five minutes, several times the longest call that processing makes.
pub const CLAIM_LEASE: Micros = Micros::from_mins(5);

/// Waits after the first, second, … failure; the last repeats.
pub const BACK_OFF: [Micros; 5] = [
    Micros::from_mins(1),
    Micros::from_mins(5),
    Micros::from_mins(30),
    Micros::from_mins(120),
    Micros::from_mins(360),
];

/// A row that is still failing this long after it was stored is quarantined: one day.
pub const TRIED_FOR: Micros = Micros::from_mins(24 * 60);

/// Least failures before a row is quarantined, however old it is: one crash before a day without us is not an event that fails.
pub const FAILURES_MIN: u32 = BACK_OFF.len() as u32;

/// What makes an event one and the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventKey {
    /// Who sent it.
    pub sender: Sender,
    /// The connected account; empty for our own.
    pub account: String,
    /// The sender's id.
    pub event_id: String,
}

/// A row of the inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxRow {
    /// Unique.
    pub key: EventKey,
    /// Hash over the stable parts.
    pub content: ContentHash,
    /// The sender's type.
    pub event_type: String,
    /// Id of the object that it is about.
    pub object: Option<String>,
    /// When the sender says that it happened, in seconds since 1970.
    pub created_s: Option<u64>,
    /// When it was stored.
    pub stored_at: Timestamp,
    /// Failures so far, lapsed claims included.
    pub failures: u32,
    /// Where it stands.
    pub state: InboxState,
}

/// Where a row stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InboxState {
    /// Waits to be processed, from `due` on.
    Stored {
        /// When it may be claimed.
        due: Timestamp,
    },
    /// A worker has it.
    Claimed {
        /// Which worker.
        worker: u32,
        /// When the claim lapses.
        until: Timestamp,
    },
    /// Looked at and settled, whether or not anything changed.
    Processed,
    /// Older than one that was processed about the same object.
    Superseded,
    /// A type that we do not act on.
    Ignored,
    /// Waits for a person.
    Quarantined {
        /// What a person has to know.
        reason: String,
    },
}

/// What happens to a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboxCommand {
    /// A genuine event came in.
    Receive(Incoming),
    /// A worker wants the row.
    Claim {
        /// Which worker.
        worker: u32,
    },
    /// A claim has run out: its worker died, or is slower than it may be.
    Lapse,
    /// The worker that holds it is done with it.
    Settle {
        /// Which worker.
        worker: u32,
        /// With what result.
        outcome: Settled,
    },
    /// A person asks for it to be processed again.
    Reprocess,
}

/// A genuine event, as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// What makes it one and the same.
    pub key: EventKey,
    /// Hash over the stable parts.
    pub content: ContentHash,
    /// The sender's type.
    pub event_type: String,
    /// Id of the object that it is about.
    pub object: Option<String>,
    /// When the sender says that it happened, in seconds since 1970.
    pub created_s: Option<u64>,
}

/// With what result a worker is done with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// The object was fetched and our state follows it.
    Processed,
    /// An event that happened later was processed before it.
    Superseded,
    /// A type that we do not act on.
    Ignored,
    /// Something failed that may work later.
    Failed {
        /// What failed.
        reason: String,
    },
    /// It can never be applied, or must not be.
    Unusable {
        /// Why.
        reason: String,
    },
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboxDecision {
    /// The row to store in place of the old one, if there was one.
    Put(InboxRow),
    /// Seen before with the same content: answer as the first time, write nothing.
    Duplicate,
    /// Seen before with other content: answer as the first time, write nothing, alert.
    Conflict,
}

/// Why a command was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InboxRefusal {
    /// There is no such row.
    #[error("no such event")]
    Unknown,
    /// The row is not due, or settled.
    #[error("event is not due")]
    NotDue,
    /// Another worker has the row.
    #[error("event is held by worker {worker}")]
    Held {
        /// Which worker.
        worker: u32,
    },
    /// The worker's claim has lapsed or was never made: its work may have been done by another.
    #[error("worker {worker} does not hold the event")]
    NotHeld {
        /// Which worker.
        worker: u32,
    },
}

/// The inbox in memory: the model that SQL stores are tested against.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inbox {
    /// All rows.
    pub rows: BTreeMap<EventKey, InboxRow>,
}

impl InboxRow {
    /// Whether a worker may claim the row at `now`.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        matches!(self.state, InboxState::Stored { due } if due <= now)
    }

    /// Whether the worker that holds the row has run out of time.
    #[must_use]
    pub fn is_lapsed(&self, now: Timestamp) -> bool {
        matches!(self.state, InboxState::Claimed { until, .. } if until <= now)
    }

    /// Whether the row needs nothing more from a worker.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        !matches!(self.state, InboxState::Stored { .. } | InboxState::Claimed { .. })
    }

    /// Whether an event that happened later has been processed about the same object.
    #[must_use]
    pub fn is_superseded_by(&self, latest_processed_s: Option<u64>) -> bool {
        matches!((self.created_s, latest_processed_s), (Some(own), Some(latest)) if own < latest)
    }

    /// Counts a failure, and says when to try again or that it has failed for too long.
    fn failed(&self, now: Timestamp, reason: &str) -> Self {
        let failures = self.failures.saturating_add(1);
        let step = usize::try_from(failures - 1).unwrap_or(usize::MAX).min(BACK_OFF.len() - 1);
        let due = now.saturating_add(BACK_OFF[step]);
        let is_old = due > self.stored_at.saturating_add(TRIED_FOR);
        let state = if is_old && failures >= FAILURES_MIN {
            InboxState::Quarantined { reason: format!("failed {failures} times, last: {reason}") }
        } else {
            InboxState::Stored { due }
        };
        Self { failures, state, ..self.clone() }
    }
}

/// What a command does to the row with its key, if there is one.
///
/// # Errors
/// [`InboxRefusal`]; nothing is to be written then.
pub fn decide(
    row: Option<&InboxRow>,
    command: &InboxCommand,
    now: Timestamp,
) -> Result<InboxDecision, InboxRefusal> {
    match (command, row) {
        (InboxCommand::Receive(incoming), None) => Ok(InboxDecision::Put(store(incoming, now))),
        (InboxCommand::Receive(incoming), Some(row)) if row.content == incoming.content => {
            Ok(InboxDecision::Duplicate)
        }
        (InboxCommand::Receive(_), Some(_)) => Ok(InboxDecision::Conflict),
        (_, None) => Err(InboxRefusal::Unknown),
        (InboxCommand::Claim { worker }, Some(row)) => claim(row, *worker, now).map(InboxDecision::Put),
        (InboxCommand::Lapse, Some(row)) => lapse(row, now).map(InboxDecision::Put),
        (InboxCommand::Settle { worker, outcome }, Some(row)) => {
            settle(row, *worker, outcome, now).map(InboxDecision::Put)
        }
        (InboxCommand::Reprocess, Some(row)) => reprocess(row, now).map(InboxDecision::Put),
    }
}

/// Writes a row.
pub fn apply(inbox: &mut Inbox, row: &InboxRow) {
    inbox.rows.insert(row.key.clone(), row.clone());
}

/// Due whatever the clock says: one that steps back must not hold up what just came in.
const AT_ONCE: Timestamp = Timestamp::ZERO;

fn store(incoming: &Incoming, now: Timestamp) -> InboxRow {
    let Incoming { key, content, event_type, object, created_s } = incoming.clone();
    let state = InboxState::Stored { due: AT_ONCE };
    InboxRow { key, content, event_type, object, created_s, stored_at: now, failures: 0, state }
}

fn claim(row: &InboxRow, worker: u32, now: Timestamp) -> Result<InboxRow, InboxRefusal> {
    match row.state {
        _ if row.is_due(now) => {
            let until = now.saturating_add(CLAIM_LEASE);
            Ok(InboxRow { state: InboxState::Claimed { worker, until }, ..row.clone() })
        }
        InboxState::Claimed { worker, .. } => Err(InboxRefusal::Held { worker }),
        _ => Err(InboxRefusal::NotDue),
    }
}

fn lapse(row: &InboxRow, now: Timestamp) -> Result<InboxRow, InboxRefusal> {
    match row.state {
        _ if row.is_lapsed(now) => Ok(row.failed(now, "the worker let its claim lapse")),
        InboxState::Claimed { worker, .. } => Err(InboxRefusal::Held { worker }),
        _ => Err(InboxRefusal::NotDue),
    }
}

fn settle(row: &InboxRow, worker: u32, outcome: &Settled, now: Timestamp) -> Result<InboxRow, InboxRefusal> {
    let held =
        matches!(row.state, InboxState::Claimed { worker: holder, until } if holder == worker && now < until);
    if !held {
        return Err(InboxRefusal::NotHeld { worker });
    }
    let state = match outcome {
        Settled::Processed => InboxState::Processed,
        Settled::Superseded => InboxState::Superseded,
        Settled::Ignored => InboxState::Ignored,
        Settled::Unusable { reason } => InboxState::Quarantined { reason: reason.clone() },
        Settled::Failed { reason } => return Ok(row.failed(now, reason)),
    };
    Ok(InboxRow { state, ..row.clone() })
}

/// A person's wish starts the day anew: the failures so far were before what the person has mended.
fn reprocess(row: &InboxRow, now: Timestamp) -> Result<InboxRow, InboxRefusal> {
    if !row.is_settled() {
        return Err(match row.state {
            InboxState::Claimed { worker, .. } => InboxRefusal::Held { worker },
            _ => InboxRefusal::NotDue,
        });
    }
    let state = InboxState::Stored { due: AT_ONCE };
    Ok(InboxRow { state, failures: 0, stored_at: now, ..row.clone() })
}

#[cfg(test)]
mod tests;
