//! `rehearsal validate calendar`: our calendar, proration and currencies against known answers.
//!
//! Period starts, the period that holds a day, the next anchor day, local times around changes of clocks, days before and after a
//! change of plan, and decimals of currencies.

use std::path::Path;

use jiff::civil::{Date, DateTime};
use platform_core::subscription::calendar::{
    CalendarError, Interval, Zone, civil_ordinal, civil_start, next_anchor_day,
};
use platform_core::subscription::proration::Split;
use serde::Deserialize;
use serde::de::IgnoredAny;
use units::{Currency, Money};

use super::vectors::{Document, nothing_to_judge, read};
use super::{Validation, cpu};
use crate::failure::Failure;

/// Prices that every proration is tried with, in minor units: odd ones, so that rounding has something to do.
const PRICES: [i64; 4] = [1, 999, 1_001, 123_457];

/// A vector of `calendar`, whose form shows by its keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCalendar {
    #[serde(default, rename = "id")]
    _id: IgnoredAny,
    #[serde(default, rename = "source")]
    _source: IgnoredAny,
    anchor: Option<Text<Date>>,
    interval_months: Option<u16>,
    expect_starts: Option<Vec<Text<Date>>>,
    billing_date: Option<Text<Date>>,
    expect_current_start: Option<Text<Date>>,
    anchor_day: Option<u8>,
    proposed: Option<Text<Date>>,
    expect_next: Option<Text<Date>>,
}

#[derive(Deserialize)]
#[serde(try_from = "RawCalendar")]
enum CalendarVector {
    Starts { anchor: Date, interval: Interval, expected: Vec<Date> },
    Current { anchor: Date, day: Date, expected: Date },
    Next { anchor_day: u8, proposed: Date, expected: Date },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DstVector {
    #[serde(default, rename = "id")]
    _id: IgnoredAny,
    #[serde(default, rename = "rule")]
    _rule: IgnoredAny,
    #[serde(default, rename = "source")]
    _source: IgnoredAny,
    local: Text<DateTime>,
    tz: String,
    expect_utc: Text<jiff::Timestamp>,
    gap: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProrationVector {
    #[serde(default, rename = "id")]
    _id: IgnoredAny,
    #[serde(default, rename = "source")]
    _source: IgnoredAny,
    #[serde(rename = "mode")]
    _mode: Mode,
    period: (Text<Date>, Text<Date>),
    change: Text<Date>,
    used_days: u32,
    total_days: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Days,
}

/// A value written as text, such as a date.
#[derive(Deserialize)]
#[serde(try_from = "String", bound = "")]
struct Text<T: std::str::FromStr<Err = jiff::Error>>(T);

impl<T: std::str::FromStr<Err = jiff::Error>> TryFrom<String> for Text<T> {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error| format!("`{text}`: {error}"))
    }
}

impl TryFrom<RawCalendar> for CalendarVector {
    type Error = &'static str;

    fn try_from(raw: RawCalendar) -> Result<Self, &'static str> {
        match raw {
            RawCalendar {
                anchor: Some(anchor),
                interval_months: Some(months),
                expect_starts: Some(starts),
                billing_date: None,
                expect_current_start: None,
                anchor_day: None,
                proposed: None,
                expect_next: None,
                ..
            } => Ok(Self::Starts {
                anchor: anchor.0,
                interval: Interval::Months(months),
                expected: starts.into_iter().map(|start| start.0).collect(),
            }),
            RawCalendar {
                anchor: Some(anchor),
                billing_date: Some(day),
                expect_current_start: Some(expected),
                interval_months: None,
                expect_starts: None,
                anchor_day: None,
                proposed: None,
                expect_next: None,
                ..
            } => Ok(Self::Current { anchor: anchor.0, day: day.0, expected: expected.0 }),
            RawCalendar {
                anchor_day: Some(anchor_day),
                proposed: Some(proposed),
                expect_next: Some(expected),
                anchor: None,
                interval_months: None,
                expect_starts: None,
                billing_date: None,
                expect_current_start: None,
                ..
            } => Ok(Self::Next { anchor_day, proposed: proposed.0, expected: expected.0 }),
            _ => Err("no form of calendar: expected `anchor, interval_months, expect_starts`, \
                      `anchor, billing_date, expect_current_start` or `anchor_day, proposed, expect_next`"),
        }
    }
}

/// The lists that are judged here.
type Vectors = Document<IgnoredAny, CalendarVector, DstVector, ProrationVector>;

/// Judges every vector of `data` and says where we differ.
///
/// # Errors
/// Exit code 2 when the file cannot be read, has a key that is not known, or nothing to judge.
pub fn run(data: &Path) -> Result<Validation, Failure> {
    let document: Vectors = read(data)?;
    let found = judge(&document);
    let judged = found.passed + found.failed;
    if judged == 0 {
        return Err(nothing_to_judge(data, "`calendar`, `dst`, `proration` or `currency_exponents`"));
    }
    let throughput = cpu::rate(judged as usize, || {
        std::hint::black_box(judge(&document));
    });
    let agrees = found.failed == 0;
    Ok(Validation { throughput, throughput_unit: "vectors per CPU-second", agrees, ..found })
}

fn judge(document: &Vectors) -> Validation {
    let mut found = Validation::default();
    for (ordinal, vector) in (1..).zip(&document.calendar) {
        found.judge("calendar", ordinal, calendar(vector).unwrap_or_else(|error| Some(error.to_string())));
    }
    for (ordinal, vector) in (1..).zip(&document.dst) {
        found.judge("dst", ordinal, dst(vector).unwrap_or_else(|error| Some(error.to_string())));
    }
    for (ordinal, vector) in (1..).zip(&document.proration) {
        found.judge("proration", ordinal, proration(vector));
    }
    for (ordinal, (code, decimals)) in (1..).zip(&document.currency_exponents) {
        found.judge("currency_exponents", ordinal, currency(code, *decimals));
    }
    found
}

fn calendar(vector: &CalendarVector) -> Result<Option<String>, CalendarError> {
    Ok(match vector {
        CalendarVector::Starts { anchor, interval, expected } => {
            let starts = (0..).take(expected.len()).map(|k| civil_start(*anchor, *interval, k));
            differs(expected, &starts.collect::<Result<Vec<Date>, _>>()?)
        }
        CalendarVector::Current { anchor, day, expected } => {
            let monthly = Interval::Months(1);
            differs(expected, &civil_start(*anchor, monthly, civil_ordinal(*anchor, monthly, *day)?)?)
        }
        CalendarVector::Next { anchor_day, proposed, expected } => {
            differs(expected, &next_anchor_day(*anchor_day, *proposed)?)
        }
    })
}

fn dst(vector: &DstVector) -> Result<Option<String>, CalendarError> {
    let zone = Zone::named(&vector.tz)?;
    let expected = (i128::from(vector.expect_utc.0.as_microsecond()), vector.gap);
    let found = (i128::from(zone.instant(vector.local.0)?.0), zone.skips(vector.local.0));
    Ok(differs(&expected, &found))
}

fn proration(vector: &ProrationVector) -> Option<String> {
    let split = match Split::at(vector.period.0.0, vector.period.1.0, vector.change.0) {
        Ok(split) => split,
        Err(error) => return Some(error.to_string()),
    };
    let expected = Split { used_days: vector.used_days, total_days: vector.total_days };
    differs(&expected, &split).or_else(|| PRICES.into_iter().find_map(|price| parts_differ(split, price)))
}

/// Both parts of a price must add up to it, and neither be negative.
fn parts_differ(split: Split, price: i64) -> Option<String> {
    let currency = Currency::from_code("EUR").ok()?;
    let parts = [split.used(Money::new(price, currency)), split.unused(Money::new(price, currency))];
    match parts {
        [Ok(used), Ok(unused)]
            if used.minor_units >= 0
                && unused.minor_units >= 0
                && used.minor_units + unused.minor_units == price =>
        {
            None
        }
        other => Some(format!("the parts of {price} are {other:?}")),
    }
}

fn currency(code: &str, decimals: u8) -> Option<String> {
    match Currency::from_code(code) {
        Ok(currency) => differs(&decimals, &currency.exponent()).map(|text| format!("{code}: {text}")),
        Err(error) => Some(error.to_string()),
    }
}

fn differs<T: PartialEq + std::fmt::Debug>(expected: &T, found: &T) -> Option<String> {
    (expected != found).then(|| format!("expected {expected:?}, got {found:?}"))
}
