//! Virtual time in integer microseconds.
//!
//! Microseconds because one bit at 1 Tbit/s is far below what matters and a player's timers are milliseconds; `u64`
//! because 2^64 µs are 584,000 years, so nothing here can overflow in a run.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Sub, SubAssign};

use serde::{Deserialize, Serialize};

/// A span of time, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Micros(pub u64);

/// A point of virtual time, in microseconds since the start of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Micros {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// Longer than any run; used for "no limit".
    pub const MAX: Self = Self(u64::MAX);

    /// A span of whole milliseconds.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms * 1_000)
    }

    /// A span of whole seconds.
    pub const fn from_secs(s: u64) -> Self {
        Self(s * 1_000_000)
    }

    /// A span of whole minutes.
    pub const fn from_mins(m: u64) -> Self {
        Self(m * 60_000_000)
    }

    /// The span in seconds, for display and for formulas in floating point.
    #[expect(clippy::cast_precision_loss, reason = "a run is shorter than 2^53 microseconds")]
    pub const fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// The span in milliseconds, for formulas in floating point.
    #[expect(clippy::cast_precision_loss, reason = "a run is shorter than 2^53 microseconds")]
    pub const fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1e3
    }

    /// The nearest span to `seconds`; negative and non-finite values become zero.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturating by definition of `as`"
    )]
    pub fn from_secs_f64(seconds: f64) -> Self {
        Self((seconds * 1e6 + 0.5).max(0.0) as u64)
    }

    /// Difference that stops at zero.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Timestamp {
    /// The start of the run.
    pub const ZERO: Self = Self(0);
    /// Later than anything that happens; used for "never".
    pub const NEVER: Self = Self(u64::MAX);

    /// The time elapsed since `earlier`, zero if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Micros {
        Micros(self.0.saturating_sub(earlier.0))
    }

    /// This time plus a span, or [`Timestamp::NEVER`] when it would not fit.
    #[must_use]
    pub const fn saturating_add(self, span: Micros) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// Seconds since the start of the run, for display.
    pub const fn as_secs_f64(self) -> f64 {
        Micros(self.0).as_secs_f64()
    }
}

impl Add for Micros {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Micros {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Micros {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl SubAssign for Micros {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

impl Mul<u64> for Micros {
    type Output = Self;
    fn mul(self, factor: u64) -> Self {
        Self(self.0 * factor)
    }
}

impl Div<u64> for Micros {
    type Output = Self;
    fn div(self, divisor: u64) -> Self {
        Self(self.0 / divisor)
    }
}

impl Sum for Micros {
    fn sum<I: Iterator<Item = Self>>(spans: I) -> Self {
        Self(spans.map(|span| span.0).sum())
    }
}

impl Add<Micros> for Timestamp {
    type Output = Self;
    fn add(self, span: Micros) -> Self {
        Self(self.0 + span.0)
    }
}

impl AddAssign<Micros> for Timestamp {
    fn add_assign(&mut self, span: Micros) {
        self.0 += span.0;
    }
}

impl Sub<Micros> for Timestamp {
    type Output = Self;
    fn sub(self, span: Micros) -> Self {
        Self(self.0 - span.0)
    }
}
