//! Rates, sizes and shares as integers.
//!
//! One kbit/s is one bit per millisecond, so `rate × microseconds` is an exact integer of millibits: [`Kbps::millibits_in`].

use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Sub, SubAssign};

use serde::{Deserialize, Serialize};

use crate::time::Micros;

/// A data rate in kbit/s (1 kbit = 1,000 bits).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Kbps(pub u64);

/// A size in bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bits(pub u64);

/// A size in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bytes(pub u64);

/// A share in parts per million, 0..=1,000,000 where it is a probability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ppm(pub u32);

/// A ratio kept as its two counts until it is printed, so that sums stay exact and order-free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Ratio {
    /// The counted part.
    pub part: u64,
    /// The whole that it is a part of.
    pub whole: u64,
}

impl Kbps {
    /// No capacity.
    pub const ZERO: Self = Self(0);

    /// A rate of whole Mbit/s.
    pub const fn from_mbps(mbps: u64) -> Self {
        Self(mbps * 1_000)
    }

    /// What flows in `span`, in millibits (1/1,000 bit): exact, or `u64::MAX` if it is more than that.
    #[must_use]
    pub const fn millibits_in(self, span: Micros) -> u64 {
        self.0.saturating_mul(span.0)
    }

    /// What flows in `span`, rounded down to whole bits.
    #[must_use]
    pub const fn bits_in(self, span: Micros) -> Bits {
        Bits(self.0 * span.0 / 1_000)
    }

    /// The least time in which `bits` flow, rounded up; [`Micros::MAX`] at rate zero.
    #[must_use]
    pub const fn time_for(self, bits: Bits) -> Micros {
        match (bits.0 * 1_000).checked_div(self.0) {
            Some(whole) => Micros(whole + (!(bits.0 * 1_000).is_multiple_of(self.0)) as u64),
            None => Micros::MAX,
        }
    }

    /// `self × share`, rounded down.
    #[must_use]
    pub const fn scaled(self, share: Ppm) -> Self {
        Self((self.0 as u128 * share.0 as u128 / 1_000_000) as u64)
    }
}

impl Bits {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Whole bytes, rounded up.
    #[must_use]
    pub const fn to_bytes(self) -> Bytes {
        Bytes(self.0.div_ceil(8))
    }
}

impl Bytes {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The same size in bits.
    #[must_use]
    pub const fn to_bits(self) -> Bits {
        Bits(self.0 * 8)
    }
}

impl Ppm {
    /// Never, or none of it.
    pub const ZERO: Self = Self(0);
    /// Always, or all of it.
    pub const ONE: Self = Self(1_000_000);

    /// The share as a fraction.
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 1e6
    }

    /// The nearest share to a fraction in 0..=4294; others saturate.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturating by definition of `as`"
    )]
    pub fn from_f64(fraction: f64) -> Self {
        Self((fraction * 1e6 + 0.5) as u32)
    }
}

impl Ratio {
    /// A ratio of two counts.
    pub const fn new(part: u64, whole: u64) -> Self {
        Self { part, whole }
    }

    /// The quotient, or `None` where nothing was counted.
    #[expect(clippy::cast_precision_loss, reason = "both counts are converted once, for display")]
    pub fn value(self) -> Option<f64> {
        (self.whole != 0).then(|| self.part as f64 / self.whole as f64)
    }
}

impl Add for Ratio {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { part: self.part + other.part, whole: self.whole + other.whole }
    }
}

impl AddAssign for Ratio {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

macro_rules! additive {
    ($($name:ident),*) => {$(
        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self { Self(self.0 + other.0) }
        }
        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) { self.0 += other.0; }
        }
        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self { Self(self.0 - other.0) }
        }
        impl SubAssign for $name {
            fn sub_assign(&mut self, other: Self) { self.0 -= other.0; }
        }
        impl Mul<u64> for $name {
            type Output = Self;
            fn mul(self, factor: u64) -> Self { Self(self.0 * factor) }
        }
        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(items: I) -> Self { Self(items.map(|item| item.0).sum()) }
        }
        impl $name {
            /// Difference that stops at zero.
            #[must_use]
            pub const fn saturating_sub(self, other: Self) -> Self { Self(self.0.saturating_sub(other.0)) }
        }
    )*};
}
additive!(Kbps, Bits, Bytes);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transfer_time_is_the_least_that_carries_the_bits() {
        for (rate, bits) in [(1, 1), (3, 10), (7_919, 20_000_000), (900_000_000, 1)] {
            let span = Kbps(rate).time_for(Bits(bits));
            assert!(Kbps(rate).bits_in(span) >= Bits(bits));
            assert!(Kbps(rate).bits_in(Micros(span.0 - 1)) < Bits(bits));
        }
        assert_eq!(Kbps::ZERO.time_for(Bits(1)), Micros::MAX);
    }

    #[test]
    fn a_ratio_of_nothing_has_no_value() {
        assert_eq!(Ratio::default().value(), None);
        assert_eq!((Ratio::new(1, 2) + Ratio::new(0, 2)).value(), Some(0.25));
    }
}
