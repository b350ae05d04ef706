//! A history for a seed: a billing month or two in which everything goes wrong that can.
//!
//! Every choice is a draw of (seed, step, use), so that one step can be looked at without the others. Due dates are what a
//! billing system lives by, so time mostly moves to just after the next one; faults are far more frequent than in the field.

use units::{Draws, Purpose, Seed};

use super::history::{Given, History, Interruption, Meanwhile, Reply, Sending, Step};
use super::system::{Job, Request};

/// Least and most steps of a history.
const STEPS: (u64, u64) = (35, 65);

/// Zones with and without daylight saving, on both sides of the date line, one with half an hour of it.
const ZONES: [&str; 6] =
    ["UTC", "America/New_York", "Europe/Berlin", "Asia/Tokyo", "Australia/Lord_Howe", "Pacific/Auckland"];

/// Currencies with two, no and three decimals, each with a price in minor units.
const PRICES: [(&str, i64); 3] = [("CHF", 1_490), ("JPY", 980), ("KWD", 4_750)];

/// Anchors, seconds since 1970: month ends, a leap day, and hours next to changes of clocks, January to March 2028.
const ANCHORS_S: [u64; 6] =
    [1_832_889_600, 1_832_976_000, 1_834_624_800, 1_835_395_200, 1_835_407_800, 1_836_205_200];

/// Decline codes of every class that leads to another treatment.
const DECLINES: [&str; 7] = [
    "do_not_honor",
    "insufficient_funds",
    "processing_error",
    "stolen_card",
    "expired_card",
    "authentication_required",
    "generic_decline",
];

/// How far time moves, in seconds: from within a lease to several retries.
const ADVANCES_S: [u64; 9] = [60, 600, 600, 3_600, 21_600, 86_400, 86_400, 172_800, 432_000];

/// How far time moves between a decline and its retries, in seconds.
const RETRY_WAITS_S: [u64; 5] = [1_800, 86_400, 86_400, 172_800, 259_200];

/// The draws of one step.
#[derive(Clone, Copy)]
struct Dice {
    draws: Draws,
    step: u64,
}

impl Dice {
    /// A number below `bound`, for one use of the step.
    fn below(self, slot: u64, bound: u64) -> u64 {
        ((u128::from(self.draws.bits(self.step, slot)) * u128::from(bound)) >> 64) as u64
    }

    fn small(self, slot: u64, bound: u32) -> u32 {
        self.below(slot, u64::from(bound)) as u32
    }

    fn one_of<T: Clone>(self, slot: u64, items: &[T]) -> T {
        items[self.below(slot, items.len() as u64) as usize].clone()
    }
}

/// The history of a seed.
#[must_use]
pub fn history(seed: u64) -> History {
    let draws = Draws::new(Seed(seed), Purpose::BillingHistory);
    let dice = Dice { draws, step: u64::MAX };
    let (currency, price) = dice.one_of(0, &PRICES);
    let subscriptions = 1 + dice.below(1, 3);
    let first = dice.below(2, ANCHORS_S.len() as u64);
    // Neighbouring anchors, so that all have begun and none has renewed when the last one begins.
    let anchors_s = (0..subscriptions).map(|n| ANCHORS_S[((first + n).min(5)) as usize]).collect();
    let given = Given {
        zone: dice.one_of(3, &ZONES).to_owned(),
        currency: currency.to_owned(),
        price,
        months: dice.one_of(4, &[1, 1, 1, 1, 3]),
        anchors_s,
        shared_card: dice.below(5, 4) == 0,
    };
    let length = STEPS.0 + dice.below(6, STEPS.1 - STEPS.0 + 1);
    let steps = (0..length).map(|step| one_step(Dice { draws, step })).collect();
    History { seed, given, steps }
}

/// Steps of a round: a script, the next due date, the renewal, then whatever comes.
const ROUND: u64 = 10;

fn one_step(dice: Dice) -> Step {
    match dice.step % ROUND {
        0 if dice.below(9, 10) < 7 => Step::Script(reply(dice)),
        1 if dice.below(9, 25) == 0 => Step::Advance { by_s: 70 * 86_400 },
        1 => Step::AdvanceToDue { past_s: dice.one_of(1, &[0, 0, 1, 300, 5_000]) },
        2 => Step::Tick { job: Job::Renewals, worker: 1, meanwhile: meanwhile(dice) },
        4 | 7 if dice.below(9, 10) < 6 => Step::Advance { by_s: dice.one_of(1, &RETRY_WAITS_S) },
        6 | 9 if dice.below(9, 10) < 6 => Step::Deliver { pick: dice.small(1, 64), how: Sending::Genuine },
        5 | 8 if dice.below(9, 10) < 7 => Step::TickAll,
        _ => mixed_step(dice),
    }
}

fn mixed_step(dice: Dice) -> Step {
    match dice.below(0, 100) {
        0..24 => Step::Advance { by_s: dice.one_of(1, &ADVANCES_S) },
        24..46 => Step::TickAll,
        46..60 => Step::Tick { job: job(dice, 1), worker: 1 + dice.small(2, 3), meanwhile: meanwhile(dice) },
        60..82 => Step::Deliver { pick: dice.small(1, 64), how: sending(dice) },
        82..89 => Step::Script(reply(dice)),
        89..92 => Step::Crash,
        92..95 => Step::ClockBack { by_s: dice.one_of(1, &[1, 90, 3_600, 93_600]) },
        _ => Step::Request { pick: dice.small(1, 3), request: request(dice) },
    }
}

fn job(dice: Dice, slot: u64) -> Job {
    match dice.below(slot, 10) {
        0..5 => Job::Renewals,
        5..7 => Job::Attempts,
        7..9 => Job::Inbox,
        _ => Job::Outbox,
    }
}

fn meanwhile(dice: Dice) -> Option<Meanwhile> {
    let what = match dice.below(3, 100) {
        0..22 => Interruption::Crash,
        22..44 => Interruption::Rival(job(dice, 4)),
        44..58 => Interruption::Webhook(dice.small(5, 64)),
        58..66 => Interruption::CancelNow(dice.small(5, 3)),
        _ => return None,
    };
    Some(Meanwhile { at: dice.small(6, 7).min(dice.small(7, 7)), what })
}

fn reply(dice: Dice) -> Reply {
    match dice.below(1, 100) {
        0..4 => Reply::Ok,
        4..10 => Reply::CapturedTwice,
        10..40 => Reply::Decline(dice.one_of(2, &DECLINES).to_owned()),
        40..58 => Reply::TimeoutCharged,
        58..74 => Reply::TimeoutNotCharged,
        74..82 => Reply::ErrorCharged,
        82..90 => Reply::ErrorNotCharged,
        _ => Reply::KeyInUse,
    }
}

fn sending(dice: Dice) -> Sending {
    match dice.below(2, 10) {
        0..6 => Sending::Genuine,
        6..8 => Sending::Replayed,
        8 => Sending::Forged,
        _ => Sending::Conflicting,
    }
}

fn request(dice: Dice) -> Request {
    match dice.below(2, 10) {
        0..2 => Request::CancelNow,
        2..4 => Request::CancelAtPeriodEnd,
        _ => Request::SetCard(format!("card_{}", 10 + dice.below(3, 3))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_means_one_history() {
        assert_eq!(history(7), history(7));
        assert_ne!(history(7), history(8));
    }

    #[test]
    fn histories_are_long_and_mixed() {
        let histories: Vec<History> = (0..500).map(history).collect();
        let steps: usize = histories.iter().map(|history| history.steps.len()).sum();
        assert!(steps >= 40 * histories.len(), "{steps} steps");
        let faults = |history: &History| {
            let mut kinds: Vec<&str> = history.steps.iter().filter_map(fault).collect();
            kinds.sort_unstable();
            kinds.dedup();
            kinds.len()
        };
        let kinds: usize = histories.iter().map(faults).sum();
        assert!(kinds >= 3 * histories.len(), "{kinds} kinds of fault");
    }

    fn fault(step: &Step) -> Option<&'static str> {
        match step {
            Step::ClockBack { .. } => Some("clock back"),
            Step::Script(Reply::Ok) => None,
            Step::Script(Reply::Decline(_)) => Some("decline"),
            Step::Script(_) => Some("no answer"),
            Step::Tick { meanwhile: Some(Meanwhile { what: Interruption::Rival(_), .. }), .. } => {
                Some("race")
            }
            Step::Tick { meanwhile: Some(Meanwhile { what: Interruption::Crash, .. }), .. } | Step::Crash => {
                Some("crash")
            }
            Step::Deliver { how: Sending::Genuine, .. } => None,
            Step::Deliver { .. } => Some("false webhook"),
            _ => None,
        }
    }
}
