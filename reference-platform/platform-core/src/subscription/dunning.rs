//! When a declined charge is tried again: by class of decline, on paydays, within the card networks' caps.
//!
//! One window is at once the time for retries, the grace period and the access that goes with it, so that the retries and the
//! entitlement cannot drift apart. Each answer is a function of what was declined and when: nothing here counts attempts,
//! so a lost or repeated tick changes no schedule. Cards that cannot succeed are not tried at all; the customer is asked.

use jiff::civil::{Date, Time, Weekday};
use jiff::{Span, ToSpan};
use serde::{Deserialize, Serialize};
use units::{Micros, Timestamp};

use super::calendar::{CalendarError, Zone};
use super::decline::DeclineClass;

const HOUR: Micros = Micros::from_mins(60);
const DAY: Micros = Micros::from_mins(24 * 60);

/// How long a failed renewal is retried, and access kept: 14 days from the due instant.
///
/// Within the one to four weeks that billing systems and app stores offer as grace; range 3 to 30 days.
pub const DUNNING_WINDOW: Micros = Micros(14 * DAY.0);

/// Time that a new subscription has to pay its first invoice: 23 hours, as Stripe has it.
pub const FIRST_PAYMENT_WITHIN: Micros = Micros::from_mins(23 * 60);

/// Days since the due instant on which a soft decline is tried again.
pub const SOFT_RETRY_DAYS: [u64; 6] = [1, 3, 5, 7, 10, 14];

/// Days since the due instant on which a lack of funds is tried again where no payday is left in the window.
pub const FUNDS_RETRY_DAYS: [u64; 3] = [3, 7, 14];

/// Time since the due instant after which a technical decline is tried again, before the soft days.
pub const TECHNICAL_RETRIES: [Micros; 3] = [Micros::from_mins(15), HOUR, Micros(6 * HOUR.0)];

/// Local time of day at which a payday's money is taken to have arrived.
pub const PAYDAY_TIME: Time = Time::constant(9, 0, 0, 0);

/// Least time between two attempts for lack of funds: an empty account does not fill overnight.
pub const FUNDS_SPACING: Micros = Micros(2 * DAY.0);

/// A charge that was declined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declined {
    /// What the decline code means.
    pub class: DeclineClass,
    /// When the renewal was due.
    pub due: Timestamp,
    /// When the charge was declined.
    pub at: Timestamp,
}

/// What follows from a decline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextStep {
    /// Try the same card again then.
    RetryAt(Timestamp),
    /// Ask the provider what became of the earlier charge; if there is none, go on as after a soft decline.
    LookUpFirst,
    /// Only a change by the customer makes another attempt worthwhile.
    AwaitCustomer,
    /// A person of ours has to look; no attempt until then.
    AlertUs,
    /// The window has no attempt left.
    NoneLeft,
}

/// Which network's rules bind a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// Visa's rule on excessive re-attempts.
    Visa,
    /// Mastercard's rule on excessive authorisations.
    Mastercard,
    /// Not known: the strictest published numbers hold.
    #[default]
    Unknown,
}

/// At most `count` re-attempts in any span of `within`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    /// Re-attempts allowed.
    pub count: usize,
    /// Length of the rolling window.
    pub within: Micros,
}

/// End of the window of a renewal that was due at `due`.
#[must_use]
pub const fn window_end(due: Timestamp) -> Timestamp {
    due.saturating_add(DUNNING_WINDOW)
}

/// What to do after a decline, before the network caps are applied.
///
/// # Errors
/// [`CalendarError::OutOfRange`] after the year 9999.
pub fn next_step(declined: Declined, zone: &Zone) -> Result<NextStep, CalendarError> {
    let Declined { class, due, at } = declined;
    let retry = match class {
        DeclineClass::Hard | DeclineClass::CustomerAction | DeclineClass::Authentication => {
            return Ok(NextStep::AwaitCustomer);
        }
        DeclineClass::VerifyFirst => return Ok(NextStep::LookUpFirst),
        DeclineClass::OurBug => return Ok(NextStep::AlertUs),
        DeclineClass::GenericSoft => soft(due, at),
        DeclineClass::Technical => {
            let soon =
                TECHNICAL_RETRIES.iter().map(|&wait| due.saturating_add(wait)).find(|&retry| retry > at);
            soon.or_else(|| soft(due, at))
        }
        DeclineClass::Funds => funds(due, at, zone)?,
    };
    Ok(retry.map_or(NextStep::NoneLeft, NextStep::RetryAt))
}

/// The caps that bind a card of `network`.
///
/// Visa: 20 re-attempts in 30 days since 19 May 2025 (15 before). Mastercard: 10 in 24 hours and 35 in 30 days.
/// Sources: the processors' published summaries of both schemes' rules, such as Checkout.com's and `TabaPay`'s pages on excessive
/// retries.
#[must_use]
pub const fn caps(network: Network) -> &'static [Cap] {
    const MONTH: Micros = Micros(30 * DAY.0);
    match network {
        Network::Visa => &[Cap { count: 20, within: MONTH }],
        Network::Mastercard => &[Cap { count: 10, within: DAY }, Cap { count: 35, within: MONTH }],
        Network::Unknown => &[Cap { count: 10, within: DAY }, Cap { count: 15, within: MONTH }],
    }
}

/// The earliest instant, from `wanted` on, at which the caps allow one more re-attempt on a card.
///
/// `reattempts` are the instants of the card's re-attempts over all its subscriptions, in order of time.
#[must_use]
pub fn earliest_allowed(network: Network, reattempts: &[Timestamp], wanted: Timestamp) -> Timestamp {
    let freed = |cap: &Cap| {
        let oldest_counted = reattempts.len().checked_sub(cap.count)?;
        reattempts.get(oldest_counted).map(|at| at.saturating_add(cap.within))
    };
    caps(network).iter().filter_map(freed).fold(wanted, Timestamp::max)
}

/// First payday at or after `from`: the 1st, the 15th or the last working day of a month, at nine in the morning.
///
/// Working days are Monday to Friday: public holidays differ by region and are not known here.
///
/// # Errors
/// [`CalendarError::OutOfRange`] after the year 9999.
pub fn next_payday(from: Timestamp, zone: &Zone) -> Result<Timestamp, CalendarError> {
    let first = zone.local(from)?.date().first_of_month();
    for months in 0..=1 {
        let month = add(first, months.months())?;
        for day in [month, add(month, 14.days())?, last_working_day(month)?] {
            let payday = zone.instant(day.to_datetime(PAYDAY_TIME))?;
            if payday >= from {
                return Ok(payday);
            }
        }
    }
    Err(CalendarError::OutOfRange)
}

fn soft(due: Timestamp, after: Timestamp) -> Option<Timestamp> {
    SOFT_RETRY_DAYS.iter().map(|&days| due.saturating_add(DAY * days)).find(|&retry| retry > after)
}

fn funds(due: Timestamp, after: Timestamp, zone: &Zone) -> Result<Option<Timestamp>, CalendarError> {
    let earliest = after.saturating_add(FUNDS_SPACING);
    let payday = next_payday(earliest, zone)?;
    if payday <= window_end(due) {
        return Ok(Some(payday));
    }
    Ok(FUNDS_RETRY_DAYS.iter().map(|&days| due.saturating_add(DAY * days)).find(|&retry| retry >= earliest))
}

fn last_working_day(month: Date) -> Result<Date, CalendarError> {
    let last = month.last_of_month();
    let weekend = match last.weekday() {
        Weekday::Saturday => 1,
        Weekday::Sunday => 2,
        _ => 0,
    };
    add(last, (-weekend).days())
}

fn add(day: Date, span: Span) -> Result<Date, CalendarError> {
    day.checked_add(span).map_err(|_| CalendarError::OutOfRange)
}

#[cfg(test)]
mod tests;
