//! One condition over all seeds: value, interval, state.

use super::super::Gate;
use super::super::expr::{Bound, Condition, Op, Quantity, Sign};
use super::super::result::{Checked, GateState, Interval, Reason};
use super::super::sample::{Query, Sample};
use super::{Sides, paired};
use crate::measure::Split;
use crate::metric::Unit;
use crate::num::Num;
use crate::stats::{Estimate, mean_interval, paired_change, paired_difference, unpaired_change, welch};

pub(super) struct Judged {
    pub(super) checked: Checked,
    pub(super) seeds: u32,
    pub(super) note: Option<String>,
}

pub(super) fn judge_condition(
    gate: &Gate,
    condition: &Condition,
    sides: &Sides<'_>,
    split: &Split,
) -> Result<Judged, Reason> {
    let query = Query {
        metric: gate.metric,
        aggregation: condition.aggregation,
        split,
        during: gate.during.as_ref(),
        window: gate.window,
        greatest_is_worst: condition.op.is_upper(),
        faults: sides.faults,
    };
    let unit = gate.metric.unit_of(condition.aggregation).unwrap_or(gate.metric.unit);
    let subject = query.sample(&sides.subject)?;
    let judged = match (&sides.reference, condition.bound) {
        (Some(reference), Bound::Relative { sign, or, .. }) => {
            let reference = query.sample(reference)?;
            let or = or.zip(sign.or(Some(Sign::Plus)));
            judge_change(
                condition,
                unit,
                &Comparison { reference, subject, or, confidence: sides.confidence },
            )
        }
        _ if condition.op == Op::Equal => judge_invariant(condition, unit, &subject),
        _ => judge_value(condition, unit, &subject, sides.confidence),
    };
    Ok(judged)
}

fn judge_value(condition: &Condition, unit: Unit, sample: &Sample, confidence: f64) -> Judged {
    let values = sample.values();
    let interval = mean_interval(&values, confidence).and_then(|estimate| estimate.interval);
    let limit = condition.bound.value();
    let checked = Checked {
        condition: condition.to_string(),
        unit,
        change: false,
        value: Some(Num::new(sample.pooled)),
        interval: interval.map(|(low, high)| Interval::new(low, high)),
        limit: Num::new(limit),
        state: place(condition.op, limit, Estimate { value: sample.pooled, interval }),
    };
    Judged { checked, seeds: count(values.len()), note: None }
}

/// An invariant is met by every seed or broken: the value shown is the one farthest from the limit.
fn judge_invariant(condition: &Condition, unit: Unit, sample: &Sample) -> Judged {
    let limit = condition.bound.value();
    let mut worst = sample.per_seed[0];
    for &(seed, value) in &sample.per_seed {
        if (value - limit).abs() > (worst.1 - limit).abs() {
            worst = (seed, value);
        }
    }
    let (seed, value) = worst;
    let holds = value == limit;
    let checked = Checked {
        condition: condition.to_string(),
        unit,
        change: false,
        value: Some(Num::new(value)),
        interval: None,
        limit: Num::new(limit),
        state: if holds { GateState::Pass } else { GateState::Fail },
    };
    let note = (!holds).then(|| format!("counterexample: seed {}, {}", seed.0, unit.format(value)));
    Judged { checked, seeds: count(sample.per_seed.len()), note }
}

struct Comparison {
    reference: Sample,
    subject: Sample,
    /// The absolute change that is fine as well, and its direction.
    or: Option<(Quantity, Sign)>,
    confidence: f64,
}

impl Comparison {
    fn pairs(&self) -> Vec<(f64, f64)> {
        paired(&self.reference.per_seed, &self.subject.per_seed)
    }

    fn change(&self) -> Option<Estimate> {
        match self.pairs() {
            pairs if pairs.is_empty() => {
                unpaired_change(&self.reference.values(), &self.subject.values(), self.confidence)
            }
            pairs => paired_change(&pairs, self.confidence),
        }
    }

    fn difference(&self) -> Option<Estimate> {
        match self.pairs() {
            pairs if pairs.is_empty() => {
                welch(&self.reference.values(), &self.subject.values(), self.confidence)
            }
            pairs => paired_difference(&pairs, self.confidence),
        }
    }
}

fn judge_change(condition: &Condition, unit: Unit, comparison: &Comparison) -> Judged {
    let limit = condition.bound.value();
    let change = comparison.change().unwrap_or(Estimate { value: f64::INFINITY, interval: None });
    let mut state = place(condition.op, limit, change);
    let from_zero = change.value == f64::INFINITY;
    let mut note = from_zero.then(|| {
        format!("from zero to {}: no relative change can be given", unit.format(comparison.subject.pooled))
    });
    if let Some((quantity, sign)) = comparison.or {
        let difference = comparison.difference().unwrap_or(Estimate { value: f64::INFINITY, interval: None });
        state = state.min(place(condition.op, sign.factor() * quantity.value(), difference));
        note = Some(format!("difference {}", with_interval(unit, difference)));
    }
    let pairs = comparison.pairs().len();
    let checked = Checked {
        condition: condition.to_string(),
        unit: Unit::Share,
        change: true,
        value: Some(Num::new(change.value)),
        interval: change.interval.map(|(low, high)| Interval::new(low, high)),
        limit: Num::new(limit),
        state,
    };
    let seeds = if pairs == 0 { comparison.subject.per_seed.len() } else { pairs };
    Judged { checked, seeds: count(seeds), note }
}

fn with_interval(unit: Unit, estimate: Estimate) -> String {
    let value = unit.format(estimate.value);
    estimate.interval.map_or_else(
        || value.clone(),
        |(low, high)| format!("{value} ({} to {})", unit.format(low), unit.format(high)),
    )
}

/// Inside, outside or across the limit.
fn place(op: Op, limit: f64, estimate: Estimate) -> GateState {
    let (low, high) = estimate.interval.unwrap_or((estimate.value, estimate.value));
    match (op.holds(low, limit), op.holds(high, limit)) {
        (true, true) => GateState::Pass,
        (false, false) => GateState::Fail,
        _ => GateState::Inconclusive,
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
