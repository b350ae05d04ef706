//! `rehearsal check`: everything about a scenario that can be known without running it.

use scenarios::estimate::{Estimate, estimate};
use scenarios::{Resolved, ResolvedArm};
use serde_json::json;
use units::Ppm;

use super::sensitivity::Table;
use super::{open, resolve};
use crate::cli::CheckArgs;
use crate::failure::{Outcome, exit};
use crate::terminal;

/// CPU time of one segment with all its events, on one quiet core of the machine that the project is measured on: `benches`,
/// engine suite, `before-after`.
const NANOSECONDS_PER_SEGMENT: u64 = 620;

pub(super) fn check(args: &CheckArgs) -> Outcome {
    let mut values = Vec::new();
    for name in &args.scenarios {
        let document = open(name, &args.set)?;
        let resolved = resolve(&document, &[])?;
        crate::assemble::gates(&resolved)?;
        let table = Table::of(&document, &resolved)?;
        if args.json {
            values.push(value(&resolved, table.as_ref()));
        } else {
            describe(&resolved);
            table.iter().for_each(describe_table);
        }
    }
    match &values[..] {
        [] => {}
        [one] => terminal::data(&one.to_string()),
        several => terminal::data(&json!(several).to_string()),
    }
    Ok(exit::OK)
}

fn value(resolved: &Resolved, table: Option<&Table>) -> serde_json::Value {
    let arms = resolved.arms.iter().map(|arm| json!({ "arm": arm.id, "estimate": estimate(&arm.world) }));
    let sensitivity = table.map(|table| {
        let (runs, seconds) = cost(table);
        json!({ "runs": runs, "cpu_seconds": seconds })
    });
    json!({
        "scenario": resolved.name, "valid": true, "arms": arms.collect::<Vec<_>>(), "sensitivity": sensitivity,
    })
}

/// How many runs the sensitivity table takes, and how many CPU-seconds.
fn cost(table: &Table) -> (usize, f64) {
    let jobs = table.jobs();
    let seconds: f64 = jobs.iter().map(|job| seconds_of(&estimate(&job.arm.world))).sum();
    (jobs.len(), seconds)
}

fn describe_table(table: &Table) {
    let (runs, seconds) = cost(table);
    terminal::data(&format!(
        "  the sensitivity table comes on top: {runs} smaller runs, about {seconds:.0} CPU-seconds (--no-sensitivity leaves it out)"
    ));
}

fn seconds_of(plan: &Estimate) -> f64 {
    plan.time_at(NANOSECONDS_PER_SEGMENT).as_secs_f64()
}

fn describe(resolved: &Resolved) {
    let seeds = resolved.seeds;
    let count = if seeds.min == seeds.max {
        seeds.min.to_string()
    } else {
        format!("{} to {}", seeds.min, seeds.max)
    };
    terminal::data(&format!("{}: valid", resolved.name));
    terminal::data(&format!("  {}", resolved.title));
    let arms: Vec<&str> = resolved.arms.iter().map(|arm| arm.id.as_str()).collect();
    terminal::data(&format!(
        "  arms {}, {count} seeds from {}, {} gates",
        arms.join(", "),
        seeds.first.0,
        resolved.gates.len()
    ));
    let mut shown: Vec<&ResolvedArm> = Vec::new();
    for arm in &resolved.arms {
        if shown.iter().all(|other| other.world != arm.world) {
            describe_arm(arm, resolved);
            shown.push(arm);
        }
    }
}

fn describe_arm(arm: &ResolvedArm, resolved: &Resolved) {
    let plan: Estimate = estimate(&arm.world);
    let runs = u64::from(resolved.seeds.min) * resolved.arms.len() as u64;
    let seconds = seconds_of(&plan) * to_f64(runs);
    terminal::data(&format!(
        "  {} viewers at the peak, {} sessions, {} h watched; {:.1} million events and {} MB for each of {runs} runs, about {seconds:.0} CPU-seconds in all",
        plan.peak_viewers,
        plan.sessions,
        plan.viewer_seconds / 3_600,
        to_f64(plan.events) / 1e6,
        plan.memory.0 / 1_000_000
    ));
    terminal::data(&format!(
        "  {} cells, epoch {} ms; scaled to a million viewers: {} titles, {:.0} TB of edge cache, {:.1} Tbit/s",
        arm.world.clock.cells,
        arm.world.clock.epoch.0 / 1_000,
        plan.titles_per_million_viewers,
        to_f64(plan.cache_per_million_viewers.0) / 1e12,
        to_f64(plan.capacity_per_million_viewers.0) / 1e9
    ));
    for pop in &plan.pops {
        terminal::data(&format!(
            "  {}/{}: {:.1} of {:.1} Gbit/s at the planned peak, {}",
            pop.cdn,
            pop.pop,
            to_f64(pop.demand.0) / 1e6,
            to_f64(pop.capacity.0) / 1e6,
            percent(pop.utilisation)
        ));
    }
    for blast in &plan.blasts {
        let limit = blast.limit.map_or_else(String::new, |limit| format!(" (limit {})", percent(limit)));
        terminal::data(&format!(
            "  fault {}: hits {} of viewers{limit}",
            blast.fault,
            percent(blast.viewers)
        ));
    }
}

fn percent(share: Ppm) -> String {
    format!("{:.1} %", share.as_f64() * 100.0)
}

#[expect(clippy::cast_precision_loss, reason = "for display")]
fn to_f64(count: u64) -> f64 {
    count as f64
}
