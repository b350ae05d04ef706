//! Quantities as scenarios write them: a number and a unit that cannot be left out.
//!
//! Read in integers, so that `"1.2Mbps"` is exactly 1,200 kbit/s and a value finer than the smallest unit is an error,
//! not a rounding.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use units::{Bytes, Kbps, Micros, Ppm};

/// A span of time: `"250ms"`, `"4s"`, `"1.5m"`, `"2h"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Duration(pub(crate) Micros);

/// A data rate: `"400kbps"`, `"1.2Mbps"`, `"45Gbps"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate(pub(crate) Kbps);

/// A size: `"64KiB"`, `"1.5TB"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) Bytes);

/// A part of a whole: `"35%"` or `0.35`, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share(pub(crate) Ppm);

/// A factor or an exponent, a number without unit from 0 to 4,000: `1.0`, `0.9`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Factor(pub(crate) Ppm);

/// A unit and how many of the smallest unit it holds.
type UnitTable = &'static [(&'static str, u64)];

const TIME: UnitTable = &[
    ("us", 1),
    ("ms", 1_000),
    ("s", 1_000_000),
    ("m", 60_000_000),
    ("h", 3_600_000_000),
    ("d", 86_400_000_000),
];
const RATE: UnitTable = &[("kbps", 1), ("Mbps", 1_000), ("Gbps", 1_000_000), ("Tbps", 1_000_000_000)];
const SIZE: UnitTable = &[
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("PB", 1_000_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];
const SHARE: UnitTable = &[("%", 10_000)];

/// What one kind of quantity is called and looks like.
struct Words {
    kind: &'static str,
    example: &'static str,
    table: UnitTable,
}

const DURATION_WORDS: Words = Words { kind: "duration", example: "4s", table: TIME };
const RATE_WORDS: Words = Words { kind: "data rate", example: "6Mbps", table: RATE };
const SIZE_WORDS: Words = Words { kind: "size", example: "2TB", table: SIZE };
const SHARE_WORDS: Words = Words { kind: "share", example: "35%", table: SHARE };

/// What is wrong with a quantity: a message, then the hint after [`HINT`].
pub(crate) type Complaint = String;

/// Separates message from hint inside serde's single error string.
pub(crate) const HINT: &str = "\u{1f}";

/// Reads a duration such as `"4s"` or, largest unit first, `"16m30s"`.
pub(crate) fn duration(text: &str) -> Result<Micros, Complaint> {
    let (mut total, mut last_unit) = (0, u64::MAX);
    for part in parts(text) {
        let (amount, unit) = measure(part, &DURATION_WORDS)?;
        if unit >= last_unit {
            return Err(format!(
                "`{text}` is not a duration{HINT}write the larger unit first, such as \"16m30s\""
            ));
        }
        (total, last_unit) = (total + amount, unit);
    }
    Ok(Micros(total))
}

/// `"16m30s"` in `"16m"` and `"30s"`: cut where a digit follows a letter.
fn parts(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut letter) = (Vec::new(), 0, false);
    for (index, c) in text.char_indices() {
        if letter && c.is_ascii_digit() {
            parts.push(&text[start..index]);
            start = index;
        }
        letter = c.is_ascii_alphabetic();
    }
    parts.push(&text[start..]);
    parts
}

/// Reads a share such as `"35%"`.
pub(crate) fn share(text: &str) -> Result<Ppm, Complaint> {
    let parts = amount(text, &SHARE_WORDS)?;
    u32::try_from(parts)
        .ok()
        .filter(|&parts| parts <= 1_000_000)
        .map(Ppm)
        .ok_or_else(|| format!("share `{text}` is above 100 %{HINT}a share lies between 0% and 100%"))
}

fn amount(text: &str, words: &Words) -> Result<u64, Complaint> {
    measure(text, words).map(|(amount, _)| amount)
}

/// What a text amounts to, and the size of the unit that it is written in.
fn measure(text: &str, words: &Words) -> Result<(u64, u64), Complaint> {
    let Words { kind, example, table } = words;
    let digits = text.trim_start_matches('+');
    let number_ends =
        digits.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '_'))).unwrap_or(digits.len());
    let (number, unit) = (&digits[..number_ends], digits[number_ends..].trim_start());
    if number.is_empty() {
        return Err(format!("`{text}` is not a {kind}{HINT}write a {kind} such as \"{example}\""));
    }
    if unit.is_empty() {
        return Err(no_unit(text, words));
    }
    let Some(&(_, per_unit)) = table.iter().find(|(name, _)| *name == unit) else {
        return Err(wrong_unit(text, unit, words));
    };
    exact(number, per_unit).map(|amount| (amount, per_unit)).map_err(|reason| match reason {
        Inexact::NotANumber => format!("`{text}` is not a {kind}{HINT}write a {kind} such as \"{example}\""),
        Inexact::TooFine => {
            format!(
                "`{text}` is finer than the smallest step of a {kind}{HINT}the smallest step is {}",
                finest(words)
            )
        }
        Inexact::TooLarge => format!(
            "{kind} `{text}` is too large{HINT}the limit is 2^53 of the smallest step, {}",
            finest(words)
        ),
    })
}

fn finest(words: &Words) -> String {
    match words.table[0] {
        ("%", _) => "0.0001%".to_owned(),
        (unit, _) => format!("1{unit}"),
    }
}

fn no_unit(text: &str, words: &Words) -> Complaint {
    let Words { kind, table, .. } = words;
    let Some(unit) = table.get(2).or_else(|| table.first()).map(|(unit, _)| unit) else {
        return String::new();
    };
    format!("{kind} `{text}` has no unit{HINT}write it as a string with its unit, such as \"{text}{unit}\"")
}

fn wrong_unit(text: &str, unit: &str, words: &Words) -> Complaint {
    let Words { kind, table, .. } = words;
    let known: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
    let close = known.iter().find(|name| name.eq_ignore_ascii_case(unit));
    let hint = close.map_or_else(
        || format!("a {kind} is given in {}", known.join(", ")),
        |close| format!("did you mean `{}{close}`?", text.trim_end_matches(unit)),
    );
    format!("`{unit}` in `{text}` is not a unit of a {kind}{HINT}{hint}")
}

enum Inexact {
    NotANumber,
    TooFine,
    TooLarge,
}

/// `number × per_unit` without rounding, at most 2^53 so that it survives JSON readers that know only doubles.
fn exact(number: &str, per_unit: u64) -> Result<u64, Inexact> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.contains('.') || (number.contains('.') && fraction.is_empty()) {
        return Err(Inexact::NotANumber);
    }
    let mut digits: u128 = 0;
    let mut scale: u128 = 1;
    for (index, part) in [whole, fraction].into_iter().enumerate() {
        for digit in part.bytes().filter(u8::is_ascii_digit) {
            digits = digits
                .checked_mul(10)
                .and_then(|sum| sum.checked_add(u128::from(digit - b'0')))
                .ok_or(Inexact::TooLarge)?;
            scale = if index == 1 { scale.checked_mul(10).ok_or(Inexact::TooFine)? } else { scale };
        }
    }
    let total = digits.checked_mul(u128::from(per_unit)).ok_or(Inexact::TooLarge)?;
    if !total.is_multiple_of(scale) {
        return Err(Inexact::TooFine);
    }
    u64::try_from(total / scale).ok().filter(|&total| total <= 1 << 53).ok_or(Inexact::TooLarge)
}

struct TextVisitor<T> {
    words: &'static Words,
    read: fn(&str) -> Result<T, Complaint>,
}

impl<T> de::Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a {} such as \"{}\"", self.words.kind, self.words.example)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.read)(text).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        Err(E::custom(no_unit(&number.to_string(), self.words)))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<T, E> {
        Err(E::custom(no_unit(&number.to_string(), self.words)))
    }
}

struct NumberVisitor {
    /// Whether it must lie between 0 and 1, and may be written as a percentage.
    share: bool,
}

impl de::Visitor<'_> for NumberVisitor {
    type Value = Ppm;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.share {
            "a share such as 0.35 or \"35%\""
        } else {
            "a number such as 1.5"
        })
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Ppm, E> {
        if self.share {
            share(text).map_err(E::custom)
        } else {
            Err(E::invalid_type(de::Unexpected::Str(text), &self))
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "numbers beyond 2^53 are far out of range anyway")]
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Ppm, E> {
        self.visit_f64(number as f64)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Ppm, E> {
        if self.share && !(0.0..=1.0).contains(&number) {
            let hint = if (1.0..=100.0).contains(&number) {
                format!("did you mean \"{number}%\"?")
            } else {
                "a share lies between 0 and 1, or \"0%\" and \"100%\"".to_owned()
            };
            return Err(E::custom(format!("share `{number}` is not between 0 and 1{HINT}{hint}")));
        }
        if !(0.0..=4_000.0).contains(&number) {
            return Err(E::custom(format!("`{number}` is out of range{HINT}valid: 0 to 4000")));
        }
        Ok(Ppm::from_f64(number))
    }
}

macro_rules! quantity {
    ($name:ident, $words:ident, $read:expr, $pattern:literal) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(TextVisitor { words: &$words, read: $read }).map(Self)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let description = format!("A {} with its unit.", $words.kind);
                json_schema!({
                    "type": "string", "description": description, "pattern": $pattern, "examples": [$words.example]
                })
            }
        }
    };
}
quantity!(Duration, DURATION_WORDS, duration, r"^\+?([0-9][0-9_]*(\.[0-9]+)? ?(us|ms|s|m|h|d))+$");
quantity!(
    Rate,
    RATE_WORDS,
    |text| amount(text, &RATE_WORDS).map(Kbps),
    r"^\+?[0-9][0-9_]*(\.[0-9]+)? ?(k|M|G|T)bps$"
);
quantity!(
    Size,
    SIZE_WORDS,
    |text| amount(text, &SIZE_WORDS).map(Bytes),
    r"^\+?[0-9][0-9_]*(\.[0-9]+)? ?(B|kB|MB|GB|TB|PB|KiB|MiB|GiB|TiB)$"
);

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor { share: true }).map(Self)
    }
}

impl<'de> Deserialize<'de> for Factor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor { share: false }).map(Self)
    }
}

impl JsonSchema for Share {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Share".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A part of a whole, 0 to 1 or \"0%\" to \"100%\".",
            "anyOf": [
                { "type": "number", "minimum": 0, "maximum": 1 },
                { "type": "string", "pattern": r"^[0-9][0-9_]*(\.[0-9]+)? ?%$" }
            ]
        })
    }
}

impl JsonSchema for Factor {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Factor".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "A number without unit.", "type": "number", "minimum": 0, "maximum": 4000 })
    }
}

#[cfg(test)]
mod tests;
