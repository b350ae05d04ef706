//! From text to checked expressions. Errors carry a byte offset and length, so that a caller can point with a caret.
//!
//! Two steps: `Cursor` reads the grammar, `check` holds it against the metric: aggregation, unit, and whether a
//! percentage is a share of the metric or a change against `vs`.

mod cursor;

use units::Micros;

use super::expr::{Aggregation, Bound, Condition, Decimal, Expr, Quantity, Suffix};
use super::{During, Versus};
use crate::measure::SplitBy;
use crate::metric::{self, Kind, Metric, Unit};
use crate::suggest;
use cursor::{Cursor, RawCondition, Spanned};

/// What is wrong with a text of a gate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Nothing was written.
    #[error("the text is empty")]
    Empty,
    /// Something other than the grammar allows here.
    #[error("expected {expected}, found `{found}`")]
    Expected {
        /// What the grammar allows.
        expected: &'static str,
        /// What stands there, or `end`.
        found: String,
    },
    /// A word that is no aggregation.
    #[error("unknown aggregation `{0}`")]
    UnknownAggregation(String),
    /// An aggregation that this kind of metric does not have.
    #[error("`{aggregation}` cannot be taken of `{metric}`, which is a {kind}")]
    AggregationDoesNotFit {
        /// As written.
        aggregation: String,
        /// Id of the metric.
        metric: &'static str,
        /// Kind of the metric.
        kind: &'static str,
    },
    /// A distribution needs to be told which value is meant.
    #[error("`{0}` is a distribution: a limit must say which value it bounds")]
    AggregationNeeded(&'static str),
    /// A quantile outside 0 to 100.
    #[error("`{0}` is not a percentile above p0 and up to p100, with at most four decimals")]
    BadQuantile(String),
    /// More digits than a limit can mean.
    #[error("`{0}` has more than 15 digits")]
    NumberTooLong(String),
    /// A suffix that names no unit.
    #[error("unknown unit `{0}`")]
    UnknownUnit(String),
    /// A suffix of another dimension.
    #[error("unit `{unit}` does not fit `{metric}`")]
    WrongUnit {
        /// As written.
        unit: &'static str,
        /// Id of the metric.
        metric: &'static str,
    },
    /// A bare number for a quantity.
    #[error("`{number}` has no unit, and `{metric}` needs one")]
    MissingUnit {
        /// As written.
        number: String,
        /// Id of the metric.
        metric: &'static str,
    },
    /// A signed limit without anything to be relative to.
    #[error("a limit with a sign is a change, and the gate has no `vs`")]
    SignWithoutVs,
    /// An absolute limit on a comparison.
    #[error("the gate compares (`vs`), so its limit must be a change in per cent")]
    AbsoluteWithVs,
    /// A percentage that could be either.
    #[error("with `vs`, `{0}%` must have a sign")]
    UnsignedChange(String),
    /// `or` with another sign.
    #[error("both sides of `or` must have the same sign")]
    SignsDiffer,
    /// More than eight conditions.
    #[error("more than {0} conditions in one limit")]
    TooManyConditions(usize),
    /// A metric that is not in the catalogue.
    #[error("unknown metric `{0}`")]
    UnknownMetric(String),
    /// A split that is no dimension.
    #[error("unknown split `{0}`")]
    UnknownSplit(String),
    /// A split by which this metric is not kept.
    #[error("`{metric}` is not kept by {split}")]
    NotSplit {
        /// Id of the metric.
        metric: &'static str,
        /// The dimension.
        split: &'static str,
    },
    /// A part of the time of a metric that is kept for the whole time.
    #[error("`{0}` is kept for the whole measured time only")]
    NotOverTime(&'static str),
    /// A part of the time of a part of the viewers.
    #[error("`{0}` is kept over time for everyone only, not for every {1}")]
    SplitNotOverTime(&'static str, &'static str),
    /// A limit that nothing can meet.
    #[error("no value meets `{0}`")]
    Contradiction(String),
    /// A warning that does not hold wherever the gate passes, or adds nothing to it.
    #[error("`warn` is not wider than `pass`")]
    WarnNotWider,
}

/// A problem, where it stands, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct ExprError {
    /// Byte offset in the text.
    pub at: usize,
    /// Length in bytes; zero at the end of the text.
    pub len: usize,
    /// What is wrong.
    pub problem: Problem,
    /// The next step for the user.
    pub hint: Option<String>,
}

impl ExprError {
    fn at<T>(span: &Spanned<T>, problem: Problem) -> Self {
        Self { at: span.at, len: span.len, problem, hint: None }
    }

    /// A problem of a whole text.
    pub(super) fn whole(text: &str, problem: Problem, hint: impl Into<String>) -> Self {
        Self { at: 0, len: text.len(), problem, hint: Some(hint.into()) }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl Expr {
    /// Reads a limit on `metric`; `relative` says whether the gate has `vs`.
    ///
    /// # Errors
    /// The first problem from the left: grammar first, then aggregation, unit and sign.
    pub fn parse(text: &str, metric: &'static Metric, relative: bool) -> Result<Self, ExprError> {
        let raw = Cursor::new(text).expression()?;
        let conditions = raw.iter().map(|condition| check(condition, metric, relative));
        Ok(Self { conditions: conditions.collect::<Result<_, _>>()? })
    }

    /// Reads the grammar only, for when the metric is not known.
    pub(super) fn grammar(text: &str) -> Result<Self, ExprError> {
        let raw = Cursor::new(text).expression()?;
        let bound =
            |c: &RawCondition| Bound::Absolute(Quantity { number: c.number.value, suffix: c.suffix.value });
        let condition = |c: &RawCondition| Condition {
            aggregation: c.aggregation.as_ref().map(|a| a.value),
            op: c.op,
            bound: bound(c),
        };
        Ok(Self { conditions: raw.iter().map(condition).collect() })
    }
}

impl Metric {
    /// The unit of an aggregation of this metric; `None` where it has no such aggregation.
    #[must_use]
    pub const fn unit_of(&self, aggregation: Option<Aggregation>) -> Option<Unit> {
        use Aggregation::{Count, Last, Max, Mean, Min, Quantile, Rate, Sum};
        match (self.kind, aggregation) {
            (Kind::Count, Some(Rate)) => match self.unit {
                Unit::Number => Some(Unit::PerSecond),
                Unit::Size => Some(Unit::SizePerSecond),
                _ => None,
            },
            (Kind::Spread, Some(Count)) => Some(Unit::Number),
            (Kind::Ratio, None | Some(Rate))
            | (Kind::Count, None | Some(Sum))
            | (Kind::Mean, None | Some(Mean))
            | (Kind::Spread, Some(Quantile(_) | Mean | Min | Max))
            | (Kind::Gauge, None | Some(Mean | Min | Max | Last)) => Some(self.unit),
            _ => None,
        }
    }

    /// The aggregations that gates may write, for messages.
    #[must_use]
    pub const fn aggregations(&self) -> &'static str {
        match self.kind {
            Kind::Ratio => "none, or `rate`",
            Kind::Count => "none, `sum`, or `rate` per second",
            Kind::Mean => "none, or `mean`",
            Kind::Spread => "`p50` to `p99.99`, `mean`, `min`, `max` or `count`",
            Kind::Gauge => "none, `mean`, `min`, `max` or `last`",
        }
    }
}

fn check(raw: &RawCondition, metric: &'static Metric, relative: bool) -> Result<Condition, ExprError> {
    let aggregation = raw.aggregation.as_ref().map(|written| written.value);
    let unit = metric.unit_of(aggregation).ok_or_else(|| aggregation_error(raw, metric))?;
    let bound = if relative { change(raw, metric, unit)? } else { limit(raw, metric, unit)? };
    Ok(Condition { aggregation, op: raw.op, bound })
}

fn aggregation_error(raw: &RawCondition, metric: &'static Metric) -> ExprError {
    let problem = |span: &Spanned<Aggregation>| Problem::AggregationDoesNotFit {
        aggregation: span.value.to_string(),
        metric: metric.id,
        kind: metric.kind.word(),
    };
    let error = match &raw.aggregation {
        Some(span) => ExprError::at(span, problem(span)),
        None => ExprError { at: raw.at, len: 0, problem: Problem::AggregationNeeded(metric.id), hint: None },
    };
    error.hint(format!("`{}` takes {}", metric.id, metric.aggregations()))
}

fn limit(raw: &RawCondition, metric: &'static Metric, unit: Unit) -> Result<Bound, ExprError> {
    if let Some(sign) = &raw.sign {
        let error = ExprError::at(sign, Problem::SignWithoutVs);
        return Err(error.hint("add `vs = \"arm:<id>\"` or `vs = \"baseline\"`, or drop the sign"));
    }
    if let Some(or) = &raw.or {
        let error = ExprError::at(&or.number, Problem::SignWithoutVs);
        return Err(error.hint("`or` belongs to relative limits: add `vs`"));
    }
    Ok(Bound::Absolute(quantity(&raw.number, &raw.suffix, metric, unit)?))
}

fn change(raw: &RawCondition, metric: &'static Metric, unit: Unit) -> Result<Bound, ExprError> {
    if raw.suffix.value != Suffix::Percent {
        return Err(ExprError::at(&raw.number, Problem::AbsoluteWithVs).hint("write `<= +5%`, or drop `vs`"));
    }
    let percent = raw.number.value;
    let sign = raw.sign.as_ref().map(|sign| sign.value);
    if sign.is_none() && percent.digits != 0 {
        let hint = format!("write `+{percent}%` or `-{percent}%`");
        return Err(ExprError::at(&raw.number, Problem::UnsignedChange(percent.to_string())).hint(hint));
    }
    let or = match &raw.or {
        None => None,
        Some(or) if or.sign.as_ref().map(|s| s.value) != sign => {
            return Err(ExprError::at(&or.number, Problem::SignsDiffer).hint("write `<= +10% or +20ms`"));
        }
        Some(or) => Some(quantity(&or.number, &or.suffix, metric, unit)?),
    };
    Ok(Bound::Relative { sign, percent, or })
}

fn quantity(
    number: &Spanned<Decimal>,
    suffix: &Spanned<Suffix>,
    metric: &'static Metric,
    unit: Unit,
) -> Result<Quantity, ExprError> {
    let quantity = Quantity { number: number.value, suffix: suffix.value };
    let bare_zero = number.value.digits == 0 && suffix.value == Suffix::None;
    if suffix.value.unit() == unit || bare_zero {
        return Ok(quantity);
    }
    let hint = match unit {
        Unit::Number => "it is a plain number: drop the unit (`k` and `M` are allowed)".to_owned(),
        _ => format!("write one of: {}", unit.written()),
    };
    let error = if suffix.value == Suffix::None {
        let number_text = number.value.to_string();
        ExprError::at(number, Problem::MissingUnit { number: number_text, metric: metric.id })
    } else {
        ExprError::at(suffix, Problem::WrongUnit { unit: suffix.value.text(), metric: metric.id })
    };
    Err(error.hint(hint))
}

/// Reads `playback.start_failure_ratio <= 0.5%`: a metric and a limit on it, as `steady_state.expect` holds.
///
/// # Errors
/// As [`Expr::parse`], offsets counted in the whole text.
pub fn parse_expectation(text: &str) -> Result<(&'static Metric, Expr), ExprError> {
    let start = text.len() - text.trim_start().len();
    let is_end = |c: char| c.is_whitespace() || "<>=".contains(c);
    let end = text[start..].find(is_end).map_or(text.len(), |at| start + at);
    let shift = |by: usize| move |error: ExprError| ExprError { at: error.at + by, ..error };
    let metric = parse_metric(&text[start..end]).map_err(shift(start))?;
    Ok((metric, Expr::parse(&text[end..], metric, false).map_err(shift(end))?))
}

/// Reads a span of time such as `90s` or `2m`.
///
/// # Errors
/// Anything but a number with `us`, `ms`, `s`, `m` or `h`.
pub fn parse_span(text: &str) -> Result<Micros, ExprError> {
    let mut cursor = Cursor::new(text);
    let span = cursor.span()?;
    cursor.end()?;
    Ok(span)
}

pub(super) fn parse_metric(text: &str) -> Result<&'static Metric, ExprError> {
    metric::lookup(text).ok_or_else(|| ExprError {
        at: 0,
        len: text.len(),
        problem: Problem::UnknownMetric(text.to_owned()),
        hint: Some(unknown_hint(metric::did_you_mean(text), "rehearsal list metrics", metric::all().len())),
    })
}

fn unknown_hint(nearest: Option<&str>, list: &str, count: usize) -> String {
    let list = format!("`{list}` shows all {count}");
    nearest.map_or_else(|| list.clone(), |word| format!("did you mean `{word}`? {list}"))
}

pub(super) fn parse_split(text: &str) -> Result<SplitBy, ExprError> {
    let words = SplitBy::ALL.map(SplitBy::word);
    SplitBy::parse(text).ok_or_else(|| ExprError {
        at: 0,
        len: text.len(),
        problem: Problem::UnknownSplit(text.to_owned()),
        hint: Some(match suggest::nearest(text, words) {
            Some(word) => format!("did you mean `{word}`?"),
            None => format!("write one of: {}", words.join(", ")),
        }),
    })
}

pub(super) fn parse_versus(text: &str) -> Result<Versus, ExprError> {
    match text.split_once(':') {
        None if text == "baseline" => Ok(Versus::Baseline),
        Some(("arm", id)) if is_id(id) => Ok(Versus::Arm(id.to_owned())),
        _ => Err(ExprError {
            at: 0,
            len: text.len(),
            problem: Problem::Expected { expected: "`baseline` or `arm:<id>`", found: text.to_owned() },
            hint: None,
        }),
    }
}

pub(super) fn parse_during(text: &str) -> Result<During, ExprError> {
    let mut cursor = Cursor::new(text);
    let fault = cursor.fault()?;
    let plus = if cursor.eat('+') { cursor.span()? } else { Micros::ZERO };
    cursor.end()?;
    Ok(During { fault, plus })
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

#[cfg(test)]
mod tests;
