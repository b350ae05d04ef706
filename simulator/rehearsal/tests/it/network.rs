//! Fitted access links against the measured sets that they were fitted to.
//!
//! Every statistic is taken per trace and then averaged over traces, as a viewer on a random trace would meet it (the
//! first three are quantiles over traces). A model must be within 10 % of each, or within [`ZERO_FLOOR`] for the shares of dead slots: the FCC sets hold two dozen of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use actors::network::{AccessModel, AccessSet, AccessSpec, TraceSet};
use units::{Micros, Seed, ViewerId};

use crate::support::reference_data;

const SETS: [(&str, AccessSet); 4] = [
    ("fcc-sd", AccessSet::FccSd),
    ("fcc-hd", AccessSet::FccHd),
    ("4g", AccessSet::Lte),
    ("3g", AccessSet::Hspa),
];

/// Allowed relative error.
const TOLERANCE: f64 = 0.10;

/// Allowed absolute error of the shares of dead slots: 3 slots in 10,000.
const ZERO_FLOOR: f64 = 3e-4;

const NAMES: [&str; 7] = ["mean p10", "mean p50", "mean p90", "cv", "lag-1", "zero share", "below 100"];

/// Statistics that are held to [`ZERO_FLOOR`] where they are next to nothing.
const NEAR_ZERO: [&str; 2] = ["zero share", "below 100"];

#[test]
fn fitted_links_have_the_statistics_of_their_sets() {
    check_sets(
        |_, set| AccessSpec::Fitted(set),
        |traces| traces.iter().copied().cycle().take(4_000).collect(),
    );
}

/// Looped from a random offset for about the usual length of a 3G trace, with rates rounded to classes.
#[test]
fn links_played_from_trace_files_have_the_statistics_of_their_sets() {
    check_sets(
        |json, _| AccessSpec::Trace(TraceSet::from_json(json).expect("a trace set")),
        |_| vec![1_200; 6_000],
    );
}

/// `watched`: the slots that each viewer watches, given those of the traces.
#[track_caller]
fn check_sets(spec: impl Fn(&[u8], AccessSet) -> AccessSpec, watched: fn(&[usize]) -> Vec<usize>) {
    let mut table = String::from("set      statistic     reference      model   error\n");
    let mut misses = Vec::new();
    for (name, set) in SETS {
        let Some(path) = reference_data(&format!("abr/sabre/traces-{name}.json")) else { return };
        let json = std::fs::read(path).expect("reference data is readable");
        let reference = on_grid(&json, set.slot_length());
        let lengths: Vec<usize> = reference.iter().map(Vec::len).collect();
        let modelled = summary(&simulate(spec(&json, set), &watched(&lengths)));
        for ((statistic, want), got) in NAMES.into_iter().zip(summary(&reference)).zip(modelled) {
            let error = got / want - 1.0;
            let _ =
                writeln!(table, "{name:<8} {statistic:<10} {want:>12.4} {got:>10.4} {:>6.1}%", error * 100.0);
            let near_zero = NEAR_ZERO.contains(&statistic) && (got - want).abs() <= ZERO_FLOOR;
            if (error.is_nan() || error.abs() > TOLERANCE) && !near_zero {
                misses.push(format!("{name} {statistic}"));
            }
        }
    }
    println!("{table}");
    assert!(misses.is_empty(), "not within tolerance: {misses:?}\n{table}");
}

/// Duration in ms, rate in kbit/s, latency in ms.
type Periods = Vec<(u64, f64, u64)>;

/// The traces of a set in kbit/s, read off in the middle of each slot of the model's grid.
///
/// By time, not by period: the 3G set holds dead periods of up to 995 s beside its usual ones of 1 s.
fn on_grid(json: &[u8], slot: Micros) -> Vec<Vec<f64>> {
    let traces: BTreeMap<String, Periods> = serde_json::from_slice(json).expect("a trace set");
    let slot_ms = slot.0 / 1_000;
    let lay_out = |periods: Periods| {
        let (mut rates, mut end) = (Vec::new(), 0);
        for (duration_ms, rate, _) in periods {
            end += duration_ms;
            while rates.len() as u64 * slot_ms + slot_ms / 2 < end {
                rates.push(rate);
            }
        }
        rates
    };
    traces.into_values().map(lay_out).collect()
}

fn simulate(spec: AccessSpec, watched: &[usize]) -> Vec<Vec<f64>> {
    let model = AccessModel::new(spec, Seed(20_261_120));
    (0..)
        .map(ViewerId)
        .zip(watched)
        .map(|(viewer, &slots)| {
            let state = model.viewer(viewer);
            (0..slots as u64).map(|slot| model.rate_at(&state, viewer, slot).rate().0 as f64).collect()
        })
        .collect()
}

/// Variation and autocorrelation are taken over series that vary at all: a dead one has neither.
fn summary(series: &[Vec<f64>]) -> [f64; 7] {
    let mut means: Vec<f64> = series.iter().map(|rates| mean(rates)).collect();
    means.sort_by(f64::total_cmp);
    let over = |statistic: fn(&[f64]) -> f64| {
        let values: Vec<f64> =
            series.iter().map(|rates| statistic(rates)).filter(|value| !value.is_nan()).collect();
        mean(&values)
    };
    [
        quantile(&means, 0.1),
        quantile(&means, 0.5),
        quantile(&means, 0.9),
        over(cv),
        over(lag_1),
        over(zero_share),
        over(low_share),
    ]
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn squares(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean) * (value - mean)).sum()
}

fn cv(rates: &[f64]) -> f64 {
    (squares(rates) / rates.len() as f64).sqrt() / mean(rates)
}

/// The usual estimate: products of neighbours' deviations over the sum of squared deviations.
fn lag_1(rates: &[f64]) -> f64 {
    let mean = mean(rates);
    rates.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum::<f64>() / squares(rates)
}

fn zero_share(rates: &[f64]) -> f64 {
    rates.iter().filter(|&&rate| rate == 0.0).count() as f64 / rates.len() as f64
}

/// The share of slots below 100 kbit/s, where no ladder has a variant: outages in all but name.
fn low_share(rates: &[f64]) -> f64 {
    rates.iter().filter(|&&rate| rate < 100.0).count() as f64 / rates.len() as f64
}

/// Interpolated between order statistics.
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let at = p * (sorted.len() - 1) as f64;
    let (low, high) = (at.floor() as usize, at.ceil() as usize);
    sorted[low] + (sorted[high] - sorted[low]) * (at - at.floor())
}
