//! The steps of a history, and how it reads as a table.
//!
//! Steps name what they act on by position, taken modulo what there is, and points in time relative to what is due, so that a
//! history from which steps were taken out still makes sense: that is what lets it be shrunk. A history is plain data that can be
//! kept in a file and run again.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::system::{Job, Request};

/// A history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The seed that made it.
    pub seed: u64,
    /// The world at the start.
    pub given: Given,
    /// What happens.
    pub steps: Vec<Step>,
}

/// The world at the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// IANA name of the billing zone.
    pub zone: String,
    /// ISO 4217 code.
    pub currency: String,
    /// Price of a period in minor units.
    pub price: i64,
    /// Length of a period in months.
    pub months: u16,
    /// Anchors of the subscriptions, seconds since 1970; all have begun and none has renewed.
    pub anchors_s: Vec<u64>,
    /// Whether all pay with one card.
    pub shared_card: bool,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Time passes.
    Advance {
        /// Seconds.
        by_s: u64,
    },
    /// Time passes until the next period of any subscription begins, and a little more.
    AdvanceToDue {
        /// Seconds after the start of the period.
        past_s: u64,
    },
    /// The clock steps back.
    ClockBack {
        /// Seconds.
        by_s: u64,
    },
    /// The provider treats the next charge like this.
    Script(Reply),
    /// A worker runs a job.
    Tick {
        /// Which job.
        job: Job,
        /// Which worker.
        worker: u32,
        /// What comes in between.
        meanwhile: Option<Meanwhile>,
    },
    /// Worker 1 runs all jobs: inbox, attempts, renewals, outbox.
    TickAll,
    /// A webhook is sent.
    Deliver {
        /// Which of the provider's events: an even number picks among those never sent, an odd one among all.
        pick: u32,
        /// How.
        how: Sending,
    },
    /// The process dies between two jobs.
    Crash,
    /// A customer asks for something.
    Request {
        /// Which subscription, modulo how many there are.
        pick: u32,
        /// For what.
        request: Request,
    },
}

/// How the provider treats a charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// Done.
    Ok,
    /// Declined with this code.
    Decline(String),
    /// Done, but the call times out.
    TimeoutCharged,
    /// Not done; the call times out.
    TimeoutNotCharged,
    /// Fails after taking the money.
    ErrorCharged,
    /// Fails before taking the money.
    ErrorNotCharged,
    /// The key is said to be in use; nothing done.
    KeyInUse,
    /// Done twice: the provider takes the money two times under the one key, and answers with the first payment.
    CapturedTwice,
}

/// What comes in while a job is at work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meanwhile {
    /// At which call or commit, counted from 0, before and after each.
    pub at: u32,
    /// What.
    pub what: Interruption,
}

/// What comes in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interruption {
    /// The process dies.
    Crash,
    /// Another worker runs a job.
    Rival(Job),
    /// A webhook comes in and is worked off by another worker.
    Webhook(u32),
    /// A customer cancels.
    CancelNow(u32),
}

/// How a webhook is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sending {
    /// As the provider sends it, for the first time or again, freshly signed.
    Genuine,
    /// Recorded by somebody and sent again later, with the signature of then.
    Replayed,
    /// Made up, with a signature of somebody else's secret.
    Forged,
    /// Known id, other content, freshly signed.
    Conflicting,
}

impl History {
    /// The same history with other steps.
    #[must_use]
    pub fn with_steps(&self, steps: Vec<Step>) -> Self {
        Self { steps, ..self.clone() }
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Given { zone, currency, price, months, anchors_s, shared_card } = &self.given;
        let cards = if *shared_card { "one card" } else { "a card each" };
        writeln!(
            f,
            "{} subscriptions of {price} {currency} minor units every {months} months, {zone}, {cards}",
            anchors_s.len()
        )?;
        for (ordinal, anchor_s) in (1..).zip(anchors_s) {
            writeln!(f, "  sub_{ordinal} since {}", Instant(*anchor_s))?;
        }
        writeln!(f, "  step | what")?;
        writeln!(f, "  -----+------------------------------------------------")?;
        (1..)
            .zip(&self.steps)
            .try_for_each(|(ordinal, step): (u32, _)| writeln!(f, "  {ordinal:>4} | {step}"))
    }
}

/// Seconds since 1970 as a date.
struct Instant(u64);

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instant = i64::try_from(self.0).ok().and_then(|s| jiff::Timestamp::from_second(s).ok());
        match instant {
            Some(instant) => write!(f, "{instant}"),
            None => write!(f, "{} s", self.0),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Advance { by_s } => write!(f, "{} pass", Span(*by_s)),
            Self::AdvanceToDue { past_s } => {
                write!(f, "time passes to {} after the next due date", Span(*past_s))
            }
            Self::ClockBack { by_s } => write!(f, "the clock steps back by {}", Span(*by_s)),
            Self::Script(reply) => write!(f, "the next charge: {reply:?}"),
            Self::Tick { job, worker, meanwhile: None } => write!(f, "worker {worker} runs {job:?}"),
            Self::Tick { job, worker, meanwhile: Some(Meanwhile { at, what }) } => {
                write!(f, "worker {worker} runs {job:?}; at its point {at}: {what:?}")
            }
            Self::TickAll => write!(f, "worker 1 runs all jobs"),
            Self::Deliver { pick, how } => write!(f, "event {pick} is sent: {how:?}"),
            Self::Crash => write!(f, "the process dies and starts again"),
            Self::Request { pick, request } => write!(f, "customer {pick} asks: {request:?}"),
        }
    }
}

struct Span(u64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            s if s >= 86_400 && s.is_multiple_of(3_600) => {
                write!(f, "{} d {} h", s / 86_400, s % 86_400 / 3_600)
            }
            s if s >= 60 && s.is_multiple_of(60) => write!(f, "{} min", s / 60),
            s => write!(f, "{s} s"),
        }
    }
}
