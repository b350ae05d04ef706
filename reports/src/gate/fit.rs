//! Whether a gate can be judged at all: each text alone is well-formed, and together they must mean something.
//!
//! A gate that asks for what no run keeps would never be judged, and one whose limits exclude each other would never pass:
//! both are mistakes of the writer, so they are errors before anything runs.

use super::expr::{Aggregation, Bound, Expr, Op};
use super::parse::{ExprError, Problem};
use super::{Gate, GateError, GateText};
use crate::measure::SplitBy;

/// What does not fit together in a gate.
pub(super) fn problems(gate: &Gate, text: &GateText<'_>) -> Vec<GateError> {
    let mut errors = Vec::new();
    let mut add = |field: &'static str, text: Option<&str>, problem: Problem, hint: String| {
        errors.push(GateError { field, error: ExprError::whole(text.unwrap_or_default(), problem, hint) });
    };
    let (metric, parts) = (gate.metric.id, gate.metric.parts);
    if let Some(by) = gate.split.filter(|by| !parts.splits.contains(by)) {
        let words: Vec<&str> = parts.splits.iter().copied().map(SplitBy::word).collect();
        let hint = match &words[..] {
            [] => "it is kept for everyone together: drop `split`".to_owned(),
            words => format!("it is kept by {}", words.join(", ")),
        };
        add("split", text.split, Problem::NotSplit { metric, split: by.word() }, hint);
    }
    for (field, text) in [("during", text.during), ("window", text.window)] {
        if text.is_none() {
            continue;
        }
        if !parts.over_time {
            add(field, text, Problem::NotOverTime(metric), format!("drop `{field}`"));
        } else if let Some(by) = gate.split {
            let problem = Problem::SplitNotOverTime(metric, by.word());
            add(field, text, problem, format!("drop `{field}`, or drop `split`"));
        }
    }
    for (field, text, expr) in
        [("pass", Some(text.pass), Some(&gate.pass)), ("warn", text.warn, gate.warn.as_ref())]
    {
        if let Some(expr) = expr.filter(|expr| ranges(expr).iter().any(|(_, range)| range.is_empty())) {
            let hint = "conditions joined by `and` must all hold: one of them has the wrong sign";
            add(field, text, Problem::Contradiction(expr.to_string()), hint.to_owned());
        }
    }
    if gate.warn.as_ref().is_some_and(|warn| !is_wider(warn, &gate.pass)) {
        let hint = format!("what meets `{}` passes: let `warn` allow all of it and more", gate.pass);
        add("warn", text.warn, Problem::WarnNotWider, hint);
    }
    errors
}

/// The values that meet all conditions on one aggregation.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Range {
    low: f64,
    high: f64,
    /// Whether an end itself belongs to it.
    with_low: bool,
    with_high: bool,
}

impl Range {
    const ALL: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY, with_low: false, with_high: false };

    fn is_empty(&self) -> bool {
        self.low > self.high || (self.low == self.high && !(self.with_low && self.with_high))
    }

    fn narrow(&mut self, op: Op, bound: f64) {
        if matches!(op, Op::AtLeast | Op::Above | Op::Equal) {
            let with = op != Op::Above;
            if bound > self.low || (bound == self.low && !with) {
                (self.low, self.with_low) = (bound, with);
            }
        }
        if matches!(op, Op::AtMost | Op::Below | Op::Equal) {
            let with = op != Op::Below;
            if bound < self.high || (bound == self.high && !with) {
                (self.high, self.with_high) = (bound, with);
            }
        }
    }

    /// Whether every value of `other` is in it.
    fn holds_all_of(&self, other: &Self) -> bool {
        let low = self.low < other.low || (self.low == other.low && (self.with_low || !other.with_low));
        let high =
            self.high > other.high || (self.high == other.high && (self.with_high || !other.with_high));
        low && high
    }
}

/// One range per aggregation that is bounded.
fn ranges(expr: &Expr) -> Vec<(Option<Aggregation>, Range)> {
    let mut ranges: Vec<(Option<Aggregation>, Range)> = Vec::new();
    for condition in expr.conditions() {
        let known = ranges.iter().position(|(aggregation, _)| *aggregation == condition.aggregation);
        let at = known.unwrap_or_else(|| {
            ranges.push((condition.aggregation, Range::ALL));
            ranges.len() - 1
        });
        ranges[at].1.narrow(condition.op, condition.bound.value());
    }
    ranges
}

/// Whether `warn` holds wherever `pass` does, and somewhere else.
///
/// Relative limits with an `or` are left to their writer: their two halves are not on one scale.
fn is_wider(warn: &Expr, pass: &Expr) -> bool {
    let has_or = |expr: &Expr| {
        let two = |bound: Bound| matches!(bound, Bound::Relative { or: Some(_), .. });
        expr.conditions().iter().any(|condition| two(condition.bound))
    };
    if has_or(warn) || has_or(pass) {
        return true;
    }
    let passes = ranges(pass);
    let of_pass = |aggregation: Option<Aggregation>| {
        passes.iter().find(|(known, _)| *known == aggregation).map_or(Range::ALL, |(_, range)| *range)
    };
    let warns = ranges(warn);
    let wider = warns.iter().all(|(aggregation, range)| range.holds_all_of(&of_pass(*aggregation)));
    let same = warns.len() == passes.len()
        && warns.iter().all(|(aggregation, range)| *range == of_pass(*aggregation));
    wider && !same
}

#[cfg(test)]
mod tests;
