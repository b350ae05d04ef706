//! What a part of a period costs.
//!
//! The price of days [a, b) is `R(b) - R(a)` with `R(x) = price × x / total`, halves rounded up. Each border is rounded once,
//! from the period's start, so parts add up to the price exactly, whatever the number and order of the cuts: rounding each
//! part by itself would gain or lose a minor unit per cut. A change of plan belongs to the new plan from the day it is made.

use jiff::civil::Date;
use thiserror::Error;
use units::Money;
use units::money::share_half_up;

use super::calendar::days_between;

/// Whole local days of a period, and the day in it at which something changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// Days from the start of the period to the change.
    pub used_days: u32,
    /// Days of the period.
    pub total_days: u32,
}

/// Why a part of a period has no price.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProrationError {
    /// The period ends before it starts, or has no day.
    #[error("period from `{start}` to `{end}` has no day")]
    EmptyPeriod {
        /// First day.
        start: Date,
        /// First day after.
        end: Date,
    },
    /// The part is not inside the period, or ends before it starts.
    #[error("days `{from}` to `{to}` are not inside a period of {total} days")]
    Outside {
        /// First day of the part, counted from the period's start.
        from: u32,
        /// First day after the part.
        to: u32,
        /// Days of the period.
        total: u32,
    },
    /// A price below zero cannot be split.
    #[error("price `{0}` is negative")]
    NegativePrice(Money),
}

impl Split {
    /// The split of the period [`start`, `end`) at `change`; a change outside is moved to the nearer end.
    ///
    /// # Errors
    /// [`ProrationError::EmptyPeriod`].
    pub fn at(start: Date, end: Date, change: Date) -> Result<Self, ProrationError> {
        let empty = ProrationError::EmptyPeriod { start, end };
        let total_days = u32::try_from(days_between(start, end)).map_err(|_| empty.clone())?;
        if total_days == 0 {
            return Err(empty);
        }
        let used_days = u32::try_from(days_between(start, change).max(0)).unwrap_or(u32::MAX).min(total_days);
        Ok(Self { used_days, total_days })
    }

    /// Price of the days before the change.
    ///
    /// # Errors
    /// [`ProrationError::NegativePrice`].
    pub fn used(self, price: Money) -> Result<Money, ProrationError> {
        part(price, 0, self.used_days, self.total_days)
    }

    /// Price of the days from the change on.
    ///
    /// # Errors
    /// [`ProrationError::NegativePrice`].
    pub fn unused(self, price: Money) -> Result<Money, ProrationError> {
        part(price, self.used_days, self.total_days, self.total_days)
    }
}

/// Price of days [`from`, `to`) of a period of `total` days.
///
/// # Errors
/// [`ProrationError::Outside`], [`ProrationError::NegativePrice`].
pub fn part(price: Money, from: u32, to: u32, total: u32) -> Result<Money, ProrationError> {
    if from > to || to > total || total == 0 {
        return Err(ProrationError::Outside { from, to, total });
    }
    if price.minor_units < 0 {
        return Err(ProrationError::NegativePrice(price));
    }
    // A share of at most the whole of a price that is an `i64` is one too.
    let until =
        |day: u32| share_half_up(price.minor_units, day.into(), total.into()).unwrap_or(price.minor_units);
    Ok(Money::new(until(to) - until(from), price.currency))
}

#[cfg(test)]
mod tests;
