//! Judges a gate over seeds.
//!
//! The interval entirely inside the limit is a pass, entirely outside a failure, else inconclusive. An invariant (`==`)
//! needs no statistics: one counterexample in one seed fails it. With one seed there is no interval, and the value
//! alone decides; the result says so.

mod condition;

use units::Seed;

use super::expr::Expr;
use super::result::{Checked, GateResult, GateState, Reason};
use super::{Fidelity, Gate, NoBaseline, Severity, Versus};
use crate::measure::{FaultBand, SeedRun, Split};
use crate::num::Num;
use crate::stats::confidence_per_look;
use condition::judge_condition;

/// What a gate is judged on.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The runs of all arms and seeds.
    pub runs: &'a [SeedRun],
    /// The runs of an earlier report.
    pub baseline: Option<&'a [SeedRun]>,
    /// The faults that were applied.
    pub faults: &'a [FaultBand],
    /// Which driver made the numbers.
    pub fidelity: Fidelity,
    /// Confidence of the interval over all looks together, such as 0.95.
    pub confidence: f64,
    /// How many looks `seeds = { min, max }` allows: see [`crate::stats::looks`].
    pub looks: u32,
}

/// The two sides that a gate reads.
pub(super) struct Sides<'a> {
    subject: Vec<&'a SeedRun>,
    reference: Option<Vec<&'a SeedRun>>,
    faults: &'a [FaultBand],
    confidence: f64,
}

/// One split, judged.
struct Part {
    split: Split,
    state: GateState,
    reason: Option<Reason>,
    checked: Vec<Checked>,
    seeds: u32,
    notes: Vec<String>,
}

/// Judges a gate on the evidence.
#[must_use]
pub fn evaluate(gate: &Gate, evidence: &Evidence<'_>) -> GateResult {
    let confidence = confidence_per_look(evidence.confidence, evidence.looks);
    let part = match sides(gate, evidence, confidence) {
        Ok(sides) => worst_part(gate, &sides),
        Err(reason) => unjudged(Split::All, reason, reason_note(gate, evidence, reason)),
    };
    let missing = match part.reason {
        Some(Reason::EmptySample) => true,
        Some(Reason::NoBaseline) => gate.no_baseline == NoBaseline::Fail,
        _ => false,
    };
    GateResult {
        id: gate.id.clone(),
        metric: gate.metric.id.to_owned(),
        arm: gate.arm.clone(),
        limit: gate.limit(),
        state: part.state,
        reason: part.reason,
        severity: gate.severity,
        required: gate.required,
        unjudgeable: missing && gate.severity == Severity::Block,
        split: part.split.text(),
        checked: part.checked,
        seeds: part.seeds,
        confidence: Num::new(confidence),
        notes: part.notes,
        location: gate.location.clone(),
    }
}

fn sides<'a>(gate: &Gate, evidence: &Evidence<'a>, confidence: f64) -> Result<Sides<'a>, Reason> {
    if gate.fidelity.is_some_and(|fidelity| fidelity != evidence.fidelity) {
        return Err(Reason::OtherFidelity);
    }
    let subject = of_arm(evidence.runs, &gate.arm);
    let reference = match &gate.vs {
        None => None,
        Some(Versus::Arm(arm)) => Some(of_arm(evidence.runs, arm)),
        Some(Versus::Baseline) => Some(of_arm(evidence.baseline.ok_or(Reason::NoBaseline)?, &gate.arm)),
    };
    if subject.is_empty() || reference.as_ref().is_some_and(Vec::is_empty) {
        return Err(Reason::NotObserved);
    }
    Ok(Sides { subject, reference, faults: evidence.faults, confidence })
}

/// The runs of an arm in the order of their seeds.
fn of_arm<'a>(runs: &'a [SeedRun], arm: &str) -> Vec<&'a SeedRun> {
    let mut found: Vec<&SeedRun> = runs.iter().filter(|run| run.arm == arm).collect();
    found.sort_by_key(|run| run.seed);
    found
}

fn reason_note(gate: &Gate, evidence: &Evidence<'_>, reason: Reason) -> Vec<String> {
    let missing = |arm: &str| !evidence.runs.iter().any(|run| run.arm == arm);
    match (&gate.vs, reason) {
        (_, Reason::NotObserved) if missing(&gate.arm) => vec![format!("arm `{}` was not run", gate.arm)],
        (Some(Versus::Arm(arm)), Reason::NotObserved) => vec![format!("arm `{arm}` was not run")],
        (Some(Versus::Baseline), Reason::NotObserved) => {
            vec![format!("the baseline has no arm `{}`", gate.arm)]
        }
        _ => Vec::new(),
    }
}

/// All parts of a split gate must hold; the worst one speaks for it.
fn worst_part(gate: &Gate, sides: &Sides<'_>) -> Part {
    let splits = splits(gate, sides);
    let parts = splits.into_iter().map(|split| judge_part(gate, sides, split));
    let worse = |a: Part, b: Part| {
        let order = a.state.cmp(&b.state).then(excess(&a).total_cmp(&excess(&b)));
        if order.is_lt() { b } else { a }
    };
    parts.reduce(worse).unwrap_or_else(|| unjudged(Split::All, Reason::NotObserved, Vec::new()))
}

fn splits(gate: &Gate, sides: &Sides<'_>) -> Vec<Split> {
    let Some(by) = gate.split else { return vec![Split::All] };
    let measurements = sides.subject.iter().flat_map(|run| &run.measurements);
    let of_metric = measurements.filter(|m| m.metric == gate.metric.id && m.split.by() == Some(by));
    let mut splits: Vec<Split> = of_metric.map(|m| m.split.clone()).collect();
    splits.sort();
    splits.dedup();
    splits
}

/// How far the first condition lies beyond its limit, relative to the limit; to pick the worst of equals.
fn excess(part: &Part) -> f64 {
    let Some(checked) = part.checked.first() else { return f64::NEG_INFINITY };
    let Some(value) = checked.value else { return f64::NEG_INFINITY };
    let over = value.get() - checked.limit.get();
    let upper = !checked.condition.contains('>');
    (if upper { over } else { -over }) / checked.limit.get().abs().max(f64::MIN_POSITIVE)
}

fn unjudged(split: Split, reason: Reason, notes: Vec<String>) -> Part {
    Part { split, state: GateState::NotJudged, reason: Some(reason), checked: Vec::new(), seeds: 0, notes }
}

fn judge_part(gate: &Gate, sides: &Sides<'_>, split: Split) -> Part {
    let mut notes = Vec::new();
    let (checked, seeds) = match judge_expr(gate, &gate.pass, sides, &split, &mut notes) {
        Ok(judged) => judged,
        Err(reason) => {
            let note = during_note(gate, sides, reason);
            return unjudged(split, reason, note);
        }
    };
    let pass = all(&checked);
    let warn = gate.warn.as_ref().filter(|_| pass != GateState::Pass).map(|warn| {
        let judged = judge_expr(gate, warn, sides, &split, &mut Vec::new());
        judged.map_or(GateState::NotJudged, |(checked, _)| all(&checked))
    });
    let state = match (pass, warn) {
        (GateState::Pass, _) => GateState::Pass,
        (_, Some(GateState::Pass)) => GateState::Warn,
        (GateState::Fail, None | Some(GateState::Fail)) => GateState::Fail,
        _ => GateState::Inconclusive,
    };
    if seeds == 1 && !gate.pass.is_invariant() {
        notes.push("one seed: judged by its value, without an interval".to_owned());
    }
    let ran = u32::try_from(sides.subject.len()).unwrap_or(u32::MAX);
    if seeds < ran {
        notes.push(format!("{} of {ran} seeds had nothing to count", ran - seeds));
    }
    Part { split, state, reason: None, checked, seeds, notes }
}

fn during_note(gate: &Gate, sides: &Sides<'_>, reason: Reason) -> Vec<String> {
    let fault = gate.during.as_ref().map(|during| &during.fault);
    match fault {
        Some(fault)
            if reason == Reason::NotObserved && !sides.faults.iter().any(|band| &band.id == fault) =>
        {
            vec![format!("fault `{fault}` did not happen")]
        }
        _ => Vec::new(),
    }
}

fn judge_expr(
    gate: &Gate,
    expr: &Expr,
    sides: &Sides<'_>,
    split: &Split,
    notes: &mut Vec<String>,
) -> Result<(Vec<Checked>, u32), Reason> {
    let mut checked = Vec::with_capacity(expr.conditions().len());
    let mut seeds = u32::MAX;
    for condition in expr.conditions() {
        let judged = judge_condition(gate, condition, sides, split)?;
        seeds = seeds.min(judged.seeds);
        notes.extend(judged.note);
        checked.push(judged.checked);
    }
    Ok((checked, seeds))
}

/// All conditions must hold: the worst state (pass < inconclusive < fail).
fn all(checked: &[Checked]) -> GateState {
    checked.iter().map(|condition| condition.state).max().unwrap_or(GateState::NotJudged)
}

/// The seeds that both sides ran, each with its two values.
pub(crate) fn paired(before: &[(Seed, f64)], after: &[(Seed, f64)]) -> Vec<(f64, f64)> {
    let of = |seed: Seed| before.iter().find(|&&(other, _)| other == seed).map(|&(_, value)| value);
    after.iter().filter_map(|&(seed, value)| of(seed).map(|before| (before, value))).collect()
}

#[cfg(test)]
mod tests;
