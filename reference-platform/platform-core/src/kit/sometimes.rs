//! What must have happened at least once in a run: a run in which nothing went wrong proves nothing.

use std::collections::BTreeMap;
use std::fmt;

/// Something that happens in some histories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Happening {
    /// A period was renewed and paid.
    Renewed,
    /// A charge was declined.
    Declined,
    /// A charge was declined, and the period was paid all the same.
    Recovered,
    /// A charge timed out although the money was taken.
    TimedOutCharged,
    /// The process died in the middle of a job.
    CrashedInJob,
    /// A rival worker came in between.
    Raced,
    /// A webhook came in while a charge was under way.
    WebhookInCall,
    /// A genuine webhook was sent a second time.
    Duplicate,
    /// A forged webhook was sent.
    Forged,
    /// A genuine webhook was sent again outside the window.
    Replayed,
    /// One event id came with two contents.
    Conflicting,
    /// Events came in another order than they happened.
    Reordered,
    /// The clock stepped back.
    ClockBack,
    /// A whole period passed in which nothing ran.
    Missed,
    /// A subscription was canceled.
    Canceled,
    /// A card had been replaced before a renewal.
    CardReplaced,
    /// A subscription ended because nobody paid.
    GivenUp,
    /// A payment was given back.
    Refunded,
    /// The provider took money twice under one key, and one of the two went back.
    DoubleGivenBack,
    /// In one history: a duplicate and a retry.
    DuplicateAndRetry,
    /// In one history: a crash while the outcome of a charge was unknown.
    CrashAndUnknown,
    /// In one history: a webhook about a subscription that had been canceled.
    LateAndCanceled,
}

impl Happening {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::Renewed,
        Self::Declined,
        Self::Recovered,
        Self::TimedOutCharged,
        Self::CrashedInJob,
        Self::Raced,
        Self::WebhookInCall,
        Self::Duplicate,
        Self::Forged,
        Self::Replayed,
        Self::Conflicting,
        Self::Reordered,
        Self::ClockBack,
        Self::Missed,
        Self::Canceled,
        Self::CardReplaced,
        Self::GivenUp,
        Self::Refunded,
        Self::DoubleGivenBack,
        Self::DuplicateAndRetry,
        Self::CrashAndUnknown,
        Self::LateAndCanceled,
    ];
}

/// How often each happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sometimes {
    counts: BTreeMap<Happening, u64>,
}

impl Sometimes {
    /// Notes that something happened.
    pub fn note(&mut self, happening: Happening) {
        *self.counts.entry(happening).or_default() += 1;
    }

    /// How often something happened.
    #[must_use]
    pub fn count(&self, happening: Happening) -> u64 {
        self.counts.get(&happening).copied().unwrap_or_default()
    }

    /// Takes in what happened elsewhere.
    pub fn add(&mut self, other: &Self) {
        for (happening, count) in &other.counts {
            *self.counts.entry(*happening).or_default() += count;
        }
    }

    /// What never happened.
    #[must_use]
    pub fn never(&self) -> Vec<Happening> {
        Happening::ALL.into_iter().filter(|happening| self.count(*happening) == 0).collect()
    }
}

impl fmt::Display for Sometimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Happening::ALL
            .iter()
            .try_for_each(|happening| writeln!(f, "{:>10} {happening:?}", self.count(*happening)))
    }
}
