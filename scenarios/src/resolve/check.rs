//! Checks that several sections share, in one wording.

use std::ops::RangeInclusive;

use units::{Kbps, Micros, Ppm};

use crate::de::At;
use crate::error::{Outcome, Problem};
use crate::quantity::{Duration, Factor, Rate, Share};
use crate::source::Place;

/// A name: letters, digits, dashes and underscores, so that dotted keys and file names stay unambiguous.
pub(super) fn identifier(id: &At<String>, what: &str) -> Outcome<()> {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !id.value.is_empty() && id.value.len() <= 64 && id.value.chars().all(fine) {
        return Ok(());
    }
    Err(Problem::new(id.at, format!("{what} `{}` is not a name", id.value))
        .hint("valid: 1 to 64 letters, digits, `-` and `_`"))
}

/// Names that must differ.
pub(super) fn unique<'a>(ids: impl IntoIterator<Item = &'a At<String>>, what: &str) -> Outcome<()> {
    let mut seen: Vec<&str> = Vec::new();
    for id in ids {
        identifier(id, what)?;
        if seen.contains(&id.value.as_str()) {
            return Err(Problem::new(id.at, format!("a second {what} with the id `{}`", id.value))
                .hint(format!("every {what} needs an id of its own")));
        }
        seen.push(&id.value);
    }
    Ok(())
}

/// The index of a name that must be among `known`.
pub(super) fn reference(name: &At<String>, known: &[&str], what: &str) -> Outcome<usize> {
    known.iter().position(|known| *known == name.value).ok_or_else(|| {
        Problem::new(name.at, format!("no {what} is called `{}`", name.value))
            .suggest(&name.value, known.iter().copied())
    })
}

/// A number of things within a range.
pub(super) fn whole(number: &At<u32>, what: &str, range: RangeInclusive<u32>) -> Outcome<u32> {
    if range.contains(&number.value) {
        return Ok(number.value);
    }
    Err(Problem::new(number.at, format!("{what} = `{}` is out of range", number.value)).hint(format!(
        "valid: {} to {}",
        range.start(),
        range.end()
    )))
}

/// A span of time within a range that is given in words, too.
pub(super) fn span(given: &At<Duration>, what: &str, range: RangeInclusive<Micros>) -> Outcome<Micros> {
    let value = given.value.0;
    if range.contains(&value) {
        return Ok(value);
    }
    Err(Problem::new(given.at, format!("{what} of `{}` is out of range", in_words(value))).hint(format!(
        "valid: {} to {}",
        in_words(*range.start()),
        in_words(*range.end())
    )))
}

/// A span, or its default where none is given.
pub(super) fn span_or(
    given: Option<&At<Duration>>,
    default: Micros,
    what: &str,
    range: RangeInclusive<Micros>,
) -> Outcome<Micros> {
    given.map_or(Ok(default), |given| span(given, what, range))
}

/// More than all of the world's CDNs together carry, and little enough for an epoch's millibits to fit 64 bits.
pub(super) const CAPACITY_MAX: Kbps = Kbps(1_000_000_000_000);

/// A capacity above zero.
pub(super) fn rate(given: &At<Rate>, what: &str) -> Outcome<Kbps> {
    if given.value.0 == Kbps::ZERO {
        return Err(Problem::new(given.at, format!("{what} of zero")).hint("to take it away, plan a fault"));
    }
    if given.value.0 > CAPACITY_MAX {
        return Err(Problem::new(given.at, format!("{what} is out of range")).hint("valid: up to 1000Tbps"));
    }
    Ok(given.value.0)
}

/// A factor within a range, in millionths.
pub(super) fn factor(given: &At<Factor>, what: &str, range: RangeInclusive<f64>) -> Outcome<Ppm> {
    if range.contains(&given.value.0.as_f64()) {
        return Ok(given.value.0);
    }
    Err(Problem::new(given.at, format!("{what} = `{}` is out of range", given.value.0.as_f64()))
        .hint(format!("valid: {} to {}", range.start(), range.end())))
}

/// Shares that must sum to one. What rounding to millionths lost goes to the largest.
pub(super) fn shares<'a>(
    given: impl IntoIterator<Item = &'a At<Share>>,
    what: &str,
    at: Place,
) -> Outcome<Vec<Ppm>> {
    let mut shares: Vec<Ppm> = given.into_iter().map(|share| share.value.0).collect();
    let sum: i64 = shares.iter().map(|share| i64::from(share.0)).sum();
    let lost = 1_000_000 - sum;
    if lost.unsigned_abs() > shares.len() as u64 {
        return Err(Problem::new(at, format!("shares of {what} sum to {}, not 100%", percent(sum))).hint(
            if lost > 0 {
                format!("{} is missing", percent(lost))
            } else {
                format!("{} is too much", percent(-lost))
            },
        ));
    }
    if let Some(largest) = shares.iter_mut().max() {
        largest.0 = largest.0.saturating_add_signed(i32::try_from(lost).unwrap_or(0));
    }
    Ok(shares)
}

/// A list of bounded length with at least one element.
pub(super) fn length<T>(list: &At<Vec<T>>, what: &str, max: usize) -> Outcome<()> {
    if list.value.is_empty() {
        return Err(Problem::new(list.at, format!("no {what} is given"))
            .hint(format!("at least one {what} is needed")));
    }
    if list.value.len() > max {
        return Err(Problem::new(list.at, format!("{} of {what} are too many", list.value.len()))
            .hint(format!("valid: 1 to {max}")));
    }
    Ok(())
}

/// A span as people write it, in the largest unit that keeps it whole.
pub(crate) fn in_words(span: Micros) -> String {
    let units = [("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000)];
    match units.into_iter().find(|(_, size)| span.0 > 0 && span.0.is_multiple_of(*size)) {
        Some((unit, size)) => format!("{}{unit}", span.0 / size),
        None if span == Micros::ZERO => "0s".to_owned(),
        None => format!("{}us", span.0),
    }
}

/// Parts per million as a percentage without trailing zeros.
pub(crate) fn percent(parts: i64) -> String {
    let text = format!("{}.{:04}", parts / 10_000, parts % 10_000);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}
