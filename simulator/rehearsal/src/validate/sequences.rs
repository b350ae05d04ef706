//! `rehearsal validate sequences`: whole stories of billing, played against the platform.
//!
//! Each sequence gets a platform of its own: the router, the jobs and SQLite, with a provider whose books are the truth about
//! money. One clock moves only where the sequence says so. A sequence that needs a part which is not built is skipped, and says which.

mod compare;
mod expectations;
mod format;
mod http;
mod names;
mod observe;
mod script;
mod stage;
mod steps;
mod turns;
mod webhooks;
mod work;

use std::path::Path;

use rayon::prelude::*;
use serde::Deserialize;
use serde::de::IgnoredAny;

use self::format::{Need, Sequence, Step};
use self::stage::Stage;
use self::turns::Order;
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
    let mut all = vec![&sequence.expect];
    names::visit(&mut sequence.steps.iter(), &mut |step| {
        if let Step::Check { expect } = step {
            all.push(expect);
        }
    });
    let mut keys = all.into_iter().flat_map(serde_json::Map::keys);
    keys.find(|key| !expectations::is_known(key)).map_or(Ok(()), |key| Err(key.clone()))
}

fn play(sequence: &Sequence) -> Played {
    if sequence.needs.contains(&Need::Reconcile) {
        return Played::Skipped("sequences that need the reconciler");
    }
    if sequence.needs.contains(&Need::AppStores) || !Stage::is_stripe(&sequence.given) {
        return Played::Skipped("sequences that need app stores");
    }
    if let Some(name) = names::unknown(&sequence.steps, &sequence.expect) {
        return Played::Differs(format!("unknown {name}"));
    }
    let mut schedules = 1;
    names::visit(&mut sequence.steps.iter(), &mut |step| {
        if let Step::Parallel { schedules: asked, .. } = step {
            schedules = schedules.max(*asked);
        }
    });
    match play_under(sequence, schedules) {
        Ok(()) => Played::Agrees,
        Err(difference) => Played::Differs(difference),
    }
}

/// Plays a sequence under so many interleavings at least: drawn ones, of which the first are the serial orders, and beside each the
/// next of all that there are, in order. The latter differ from one another, and where there are few every one is played.
fn play_under(sequence: &Sequence, schedules: u32) -> Result<(), String> {
    if schedules == 1 {
        return play_once(sequence, Order::Drawn(0)).map(drop);
    }
    let mut listed = Vec::new();
    for schedule in 0..schedules {
        let drawn = play_once(sequence, Order::Drawn(schedule));
        drawn.map_err(|wrong| format!("in interleaving {schedule}: {wrong}"))?;
        let next = play_once(sequence, Order::Listed(listed.clone()));
        match next.map_err(|wrong| format!("in interleaving {listed:?}: {wrong}"))? {
            Some(next) => listed = next,
            // Each one has been played, the serial orders too.
            None => break,
        }
    }
    Ok(())
}

/// Plays a sequence once; which interleaving comes next in the order of all that there are.
fn play_once(sequence: &Sequence, order: Order) -> Result<Option<Vec<usize>>, String> {
    let stage = Stage::set(&sequence.given, order)?;
    for (at, step) in sequence.steps.iter().enumerate() {
        stage.take(step).map_err(|wrong| format!("step {}: {wrong}", at + 1))?;
    }
    expectations::check(&stage, &sequence.expect)?;
    Ok(stage.turns.next_listed())
}

#[cfg(test)]
mod tests;
