//! `rehearsal validate sequences`: whole stories of billing, played against the platform.
//!
//! Each sequence gets a platform of its own: the router, the jobs and SQLite, with a provider whose books are the truth about
//! money. One clock moves only where the sequence says so. A sequence that needs a part which is not built is skipped, and says which.

mod compare;
mod expectations;
mod format;
mod http;
mod observe;
mod script;
mod stage;
mod steps;
mod turns;
mod work;

use std::path::Path;

use rayon::prelude::*;
use serde::Deserialize;
use serde::de::IgnoredAny;

use self::format::{Need, Sequence, Step};
use self::stage::Stage;
use super::vectors::{nothing_to_judge, read};
use super::{Validation, cpu};
use crate::failure::Failure;

/// The file, of which this reads the two lists of sequences.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "meta")]
    _meta: IgnoredAny,
    #[serde(default, rename = "rules")]
    _rules: IgnoredAny,
    #[serde(default, rename = "sequence_format")]
    _sequence_format: IgnoredAny,
    #[serde(default)]
    sequences: Vec<Sequence>,
    #[serde(default)]
    idempotency_http: Vec<Sequence>,
    #[serde(default, rename = "standard_webhooks")]
    _standard_webhooks: IgnoredAny,
    #[serde(default, rename = "stripe")]
    _stripe: IgnoredAny,
    #[serde(default, rename = "adyen")]
    _adyen: IgnoredAny,
    #[serde(default, rename = "apple_jws")]
    _apple_jws: IgnoredAny,
    #[serde(default, rename = "calendar")]
    _calendar: IgnoredAny,
    #[serde(default, rename = "dst")]
    _dst: IgnoredAny,
    #[serde(default, rename = "proration")]
    _proration: IgnoredAny,
    #[serde(default, rename = "currency_exponents")]
    _currency_exponents: IgnoredAny,
}

/// What became of one sequence.
enum Played {
    Agrees,
    Differs(String),
    Skipped(&'static str),
}

/// Plays every sequence of a file.
///
/// # Errors
/// [`Failure`] for a file that cannot be read or has no sequence.
pub fn run(path: &Path) -> Result<Validation, Failure> {
    let file: File = read(path)?;
    let lists = [("sequences", &file.sequences), ("idempotency_http", &file.idempotency_http)];
    if lists.iter().all(|(_, list)| list.is_empty()) {
        return Err(nothing_to_judge(path, "`sequences` or `idempotency_http`"));
    }
    for (kind, list) in lists {
        for (at, sequence) in list.iter().enumerate() {
            known_keys(sequence).map_err(|key| {
                Failure::usage(format!("{kind} {at} of `{}` expects unknown `{key}`", path.display()))
                    .hint("every key must be one that this version knows: a sequence is never half judged")
            })?;
        }
    }
    let began = cpu::process_seconds();
    let mut found =
        Validation { agrees: true, throughput_unit: "sequences per CPU-second", ..Validation::default() };
    let mut played = 0_u32;
    for (kind, list) in lists {
        let results: Vec<Played> = list.par_iter().map(play).collect();
        for (at, result) in results.into_iter().enumerate() {
            match result {
                Played::Agrees => found.judge(kind, at, None),
                Played::Differs(text) => found.judge(kind, at, Some(text)),
                Played::Skipped(part) => found.skip(part, 1),
            }
            played += 1;
        }
    }
    found.agrees = found.failed == 0;
    found.throughput = f64::from(played) / (cpu::process_seconds() - began).max(1e-9);
    Ok(found)
}

fn known_keys(sequence: &Sequence) -> Result<(), String> {
    let checks = sequence
        .steps
        .iter()
        .filter_map(|step| if let Step::Check { expect } = step { Some(expect) } else { None });
    let mut keys = checks.chain([&sequence.expect]).flat_map(serde_json::Map::keys);
    keys.find(|key| !expectations::is_known(key)).map_or(Ok(()), |key| Err(key.clone()))
}

fn play(sequence: &Sequence) -> Played {
    if sequence.needs.contains(&Need::Reconcile) {
        return Played::Skipped("sequences that need the reconciler");
    }
    if sequence.needs.contains(&Need::AppStores) || !Stage::is_stripe(&sequence.given) {
        return Played::Skipped("sequences that need app stores");
    }
    let parallel = sequence
        .steps
        .iter()
        .filter_map(|step| if let Step::Parallel { schedules, .. } = step { Some(*schedules) } else { None });
    let schedules = parallel.max().unwrap_or(1).max(1);
    for schedule in 0..schedules {
        if let Err(difference) = play_once(sequence, schedule) {
            let which = if schedules > 1 { format!("in interleaving {schedule}: ") } else { String::new() };
            return Played::Differs(format!("{which}{difference}"));
        }
    }
    Played::Agrees
}

fn play_once(sequence: &Sequence, schedule: u32) -> Result<(), String> {
    let stage = Stage::set(&sequence.given, schedule)?;
    for (at, step) in sequence.steps.iter().enumerate() {
        stage.take(step).map_err(|wrong| format!("step {}: {wrong}", at + 1))?;
    }
    expectations::check(&stage, &sequence.expect)
}
