//! Numbers that reach `report.json`: nine significant digits, one rounding function, the same bytes everywhere.
//!
//! Nine digits are more than any interval over seeds deserves and few enough that a JSON reader gets the same number
//! back. Counts stay integers and never pass through here.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// A floating-point result, rounded to nine significant digits when it is made. Infinite where an interval is open.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Num(f64);

/// Rounds to nine significant digits, half to even on the decimal expansion; -0 becomes 0, non-finite values stay.
///
/// # Panics
/// Never: Rust reads back the numbers it writes.
#[must_use]
pub fn round_significant(value: f64) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    if !value.is_finite() {
        return value;
    }
    format!("{value:.8e}").parse().expect("Rust reads back the numbers it writes")
}

impl Num {
    /// Zero.
    pub const ZERO: Self = Self(0.0);

    /// Rounds `value` and keeps it; not-a-number becomes infinity, so that it can satisfy no upper bound.
    #[must_use]
    pub fn new(value: f64) -> Self {
        Self(if value.is_nan() { f64::INFINITY } else { round_significant(value) })
    }

    /// The rounded value.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl From<f64> for Num {
    fn from(value: f64) -> Self {
        Self::new(value)
    }
}

impl Serialize for Num {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() {
            serializer.serialize_f64(self.0)
        } else {
            serializer.serialize_str(if self.0 > 0.0 { "inf" } else { "-inf" })
        }
    }
}

struct NumVisitor;

impl Visitor<'_> for NumVisitor {
    type Value = Num;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a number, `inf` or `-inf`")
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Num, E> {
        Ok(Num::new(value))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a report writes no integer here; a foreign one is rounded anyway"
    )]
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Num, E> {
        Ok(Num::new(value as f64))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a report writes no integer here; a foreign one is rounded anyway"
    )]
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Num, E> {
        Ok(Num::new(value as f64))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Num, E> {
        match text {
            "inf" => Ok(Num(f64::INFINITY)),
            "-inf" => Ok(Num(f64::NEG_INFINITY)),
            other => Err(E::custom(format!("`{other}` is not a number, `inf` or `-inf`"))),
        }
    }
}

impl<'de> Deserialize<'de> for Num {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_nine_digits_and_survive_json() {
        for (given, kept) in [
            (0.1 + 0.2, "0.3"),
            (-0.0, "0.0"),
            (1.0 / 3.0, "0.333333333"),
            (123_456_789_012.0, "123456789000.0"),
            (f64::INFINITY, "\"inf\""),
            (f64::NEG_INFINITY, "\"-inf\""),
        ] {
            let written = serde_json::to_string(&Num::new(given)).unwrap();
            assert_eq!(written, kept);
            assert_eq!(serde_json::from_str::<Num>(&written).unwrap(), Num::new(given));
        }
        assert_eq!(Num::new(f64::NAN).get(), f64::INFINITY);
    }
}
