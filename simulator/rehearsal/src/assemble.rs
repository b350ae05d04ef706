//! From a resolved scenario and its runs to a judged report.

use std::collections::BTreeMap;
use std::fmt::Write;

use fault_plan::{Action, Failure as Kind, Fault};
use reports::gate::Fidelity;
use reports::metric::Unit;
use reports::report::{Arm, Assumption, Compared, Sensitivity, Subject};
use reports::verdict::{OnInconclusive, Rules};
use reports::{FaultBand, Gate, Num, Report, SeedRun, TimeAxis, stats};
use scenarios::assumptions::ASSUMPTIONS;
use scenarios::resolved::Inconclusive;
use scenarios::{Levers, Resolved, ResolvedArm};
use units::{Seed, Timestamp};

use crate::failure::Failure;
use crate::simulate::{Ran, Trace};

/// What a report is made of.
pub struct Parts<'a> {
    /// The scenario as it was run.
    pub resolved: &'a Resolved,
    /// The jobs that were finished.
    pub ran: Vec<Ran>,
    /// What happens at the ends of the assumptions.
    pub sensitivity: Option<Sensitivity>,
    /// The runs of an earlier report.
    pub baseline: Option<Vec<SeedRun>>,
    /// False if the run was interrupted.
    pub complete: bool,
    /// The command that repeats the run.
    pub repeat: String,
}

/// The gates of a scenario, ready to judge.
///
/// # Errors
/// A gate that `check` would have refused: our own bug, or a record changed by hand.
pub fn gates(resolved: &Resolved) -> Result<Vec<Gate>, Failure> {
    let parsed = resolved.gates.iter().map(|gate| {
        gate.parsed().map_err(|errors| {
            let first = errors.first().map_or_else(String::new, |error| format!("{}: {error}", error.field));
            Failure::usage(format!("gate `{}`: {first}", gate.id))
        })
    });
    parsed.collect()
}

/// The report.
///
/// # Errors
/// See [`gates`].
pub fn report(parts: Parts<'_>) -> Result<Report, Failure> {
    let gates = gates(parts.resolved)?;
    let subject = subject(&parts)?;
    let runs = parts.ran.into_iter().map(|ran| ran.run).collect();
    Ok(Report::assemble(subject, &gates, runs, parts.baseline.as_deref()))
}

fn subject(parts: &Parts<'_>) -> Result<Subject, Failure> {
    let resolved = parts.resolved;
    let first = resolved.arms.first().ok_or_else(|| Failure::usage("the scenario has no arm"))?;
    let clock = first.world.clock;
    let mut seeds: Vec<Seed> = parts.ran.iter().map(|ran| ran.run.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    Ok(Subject {
        name: resolved.name.clone(),
        title: resolved.title.clone(),
        description: description(resolved),
        fidelity: Fidelity::Simulated,
        complete: parts.complete,
        repeat: parts.repeat.clone(),
        inputs_hash: inputs_hash(resolved),
        fingerprints: parts.ran.iter().flat_map(fingerprints).collect(),
        seeds,
        arms: resolved.arms.iter().map(|arm| self::arm(&arm.id, arm.levers)).collect(),
        compared: compared(resolved),
        axis: TimeAxis { bucket: clock.bucket, from: Timestamp(clock.warmup.0), to: first.world.end() },
        confidence: Num::new(resolved.statistics.confidence.as_f64()),
        looks: u32::try_from(stats::looks(resolved.seeds.min, resolved.seeds.max).len()).unwrap_or(u32::MAX),
        rules: Rules {
            inconclusive: match resolved.statistics.inconclusive {
                Inconclusive::Fail => OnInconclusive::Fail,
                Inconclusive::Warn => OnInconclusive::Warn,
                Inconclusive::Pass => OnInconclusive::Pass,
            },
            warn_is_failure: false,
        },
        faults: faults(resolved),
        sensitivity: parts.sensitivity.clone(),
        assumptions: ASSUMPTIONS.iter().map(assumption).collect(),
        resolved: serde_json::to_value(resolved).map_err(|error| Failure::bug(error.to_string()))?,
    })
}

fn arm(id: &str, levers: Levers) -> Arm {
    let settings = match serde_json::to_value(levers) {
        Ok(serde_json::Value::Object(map)) => map,
        _ => serde_json::Map::new(),
    };
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let levers = settings.iter().map(|(lever, setting)| (lever.clone(), text(setting))).collect();
    Arm { id: id.to_owned(), label: id.to_owned(), levers }
}

/// The two sides of the comparison: the arms that the gates compare, else `before` and `after`, else the first two. A
/// further arm is never one of them, wherever it stands.
#[must_use]
pub fn sides(resolved: &Resolved) -> Option<(&ResolvedArm, &ResolvedArm)> {
    let arm = |id: &str| resolved.arms.iter().find(|arm| arm.id == id);
    let by_gate = resolved.gates.iter().find_map(|gate| {
        let before = gate.vs.as_deref()?.strip_prefix("arm:").and_then(arm)?;
        Some((before, arm(&gate.arm)?))
    });
    let by_role = || arm("before").zip(arm("after"));
    let by_place = || resolved.arms.first().zip(resolved.arms.get(1));
    by_gate.or_else(by_role).or_else(by_place)
}

/// The headline compares arms that differ in nothing but levers.
fn compared(resolved: &Resolved) -> Option<Compared> {
    let (before, after) = sides(resolved)?;
    (before.id != after.id && before.world == after.world)
        .then(|| Compared { before: before.id.clone(), after: after.id.clone() })
}

/// The scenario's own words, and the one number in them that overlays change.
fn description(resolved: &Resolved) -> String {
    let peak = resolved.arms.iter().map(|arm| arm.world.peak_viewers()).max().unwrap_or(0);
    let peak = Unit::Number.format(f64::from(u32::try_from(peak).unwrap_or(u32::MAX)));
    let words = resolved.description.trim_end();
    let space = if words.is_empty() { "" } else { " " };
    format!("{words}{space}At most {peak} viewers at once, as planned.")
}

fn assumption(assumption: &scenarios::assumptions::Assumption) -> Assumption {
    Assumption {
        name: assumption.name.to_owned(),
        value: assumption.value.to_owned(),
        unit: assumption.unit.to_owned(),
        source: assumption.source.to_owned(),
        low: assumption.low.to_owned(),
        high: assumption.high.to_owned(),
    }
}

/// One hash over everything that decides the result: files, overlays, and the version of the program.
fn inputs_hash(resolved: &Resolved) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
    for input in &resolved.inputs {
        hasher.update(input.name.as_bytes()).update(&[0]).update(input.blake3.as_bytes()).update(&[0]);
    }
    for set in &resolved.sets {
        hasher.update(set.key.as_bytes()).update(&[0]).update(set.value.as_bytes()).update(&[0]);
    }
    hasher.finalize().to_hex().to_string()
}

fn fingerprints(ran: &Ran) -> [(String, String); 2] {
    let whose = format!("{}/{}", ran.run.arm, ran.run.seed.0);
    [
        (format!("{whose}/epochs"), hex(&ran.trace.epochs)),
        (
            format!("{whose}/minutes"),
            ran.trace.minutes.iter().map(|cells| hex(cells)).collect::<Vec<_>>().join(" "),
        ),
    ]
}

fn hex(words: &[u32]) -> String {
    words.iter().fold(String::with_capacity(words.len() * 8), |mut text, word| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{word:08x}");
        text
    })
}

/// The trace of an (arm, seed) as a report recorded it; `None` if it did not, or not in this form.
#[must_use]
pub fn recorded_trace(fingerprints: &BTreeMap<String, String>, arm: &str, seed: Seed) -> Option<Trace> {
    let get = |what: &str| fingerprints.get(&format!("{arm}/{}/{what}", seed.0));
    let minutes = get("minutes")?.split(' ').filter(|text| !text.is_empty());
    Some(Trace { epochs: words(get("epochs")?)?, minutes: minutes.map(words).collect::<Option<_>>()? })
}

fn words(text: &str) -> Option<Vec<u32>> {
    let bytes = text.as_bytes();
    let word = |chunk: &[u8]| u32::from_str_radix(std::str::from_utf8(chunk).ok()?, 16).ok();
    bytes.len().is_multiple_of(8).then(|| bytes.chunks(8).map(word).collect())?
}

/// The faults of all arms, each once; with the arms that it is in, where not in all.
fn faults(resolved: &Resolved) -> Vec<FaultBand> {
    let mut bands: Vec<FaultBand> = Vec::new();
    for arm in &resolved.arms {
        for fault in &arm.world.faults {
            let band = band(fault, arm.world.end());
            match bands
                .iter_mut()
                .find(|known| (&known.id, known.from, known.to) == (&band.id, band.from, band.to))
            {
                Some(known) => known.arms.push(arm.id.clone()),
                None => bands.push(FaultBand { arms: vec![arm.id.clone()], ..band }),
            }
        }
    }
    for band in &mut bands {
        if band.arms.len() == resolved.arms.len() {
            band.arms.clear();
        }
    }
    bands
}

fn band(fault: &Fault, end: Timestamp) -> FaultBand {
    let what = match fault.action {
        Action::Outage { failure: Kind::Hang, .. } => "hangs".to_owned(),
        Action::Outage { failure: Kind::Reset, .. } => "resets connections".to_owned(),
        Action::Outage { failure: Kind::Status(status), .. } => format!("answers {status}"),
        Action::SlowLink { capacity_factor, .. } => format!("{} % capacity", capacity_factor.0 / 10_000),
    };
    let label = format!("{}: {what}", fault.id);
    FaultBand { id: fault.id.clone(), label, from: fault.at, to: fault.ends().min(end), arms: Vec::new() }
}

#[cfg(test)]
mod tests;
