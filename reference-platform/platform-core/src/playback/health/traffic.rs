//! How much of a region's traffic moves, and where to, when a pathway went out or came back.

use super::pathway::Pathway;
use super::{HealthConfig, PathwaySample};
use crate::playback::steering::{PATHWAYS_MAX, RegionTable, pathway_id};

/// What is known of a region's pathways.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    /// Of the step, by pathway.
    pub(super) samples: &'a [PathwaySample],
    /// By pathway.
    pub(super) healths: &'a [Pathway],
    /// Whether all that are in are bad.
    pub(super) is_short: bool,
}

/// Moves traffic off ejected pathways and back to restored ones, within what the receivers can take now.
///
/// Returns whether anyone was moved; `None` if nobody stood where they should not, so that no turn was used up.
pub(super) fn move_some(config: &HealthConfig, table: &mut RegionTable, seen: &Seen<'_>) -> Option<bool> {
    if !is_displaced(table) {
        return None;
    }
    let before = table.clone();
    let mut budget = budgets(config, table, seen);
    // Who stands on a dead pathway is served by none: they come first, and crowd the others rather than wait.
    for at in 0..table.len() {
        if table.is_ejected(pathway_id(at)) && seen.healths[at].is_dead(config) {
            rescue(config, table, (at, seen), &mut budget);
        }
    }
    // Those who must leave come before those who may go home.
    for at in 0..table.len() {
        if table.is_ejected(pathway_id(at)) {
            empty(config, table, (at, seen.healths), &mut budget);
        }
    }
    for home in 0..table.len() {
        for at in 0..table.len() {
            if at != home && !table.is_ejected(pathway_id(home)) {
                let lane = Lane { home, from: at, to: home };
                let amount =
                    table.standing(home, at).min(budget[home]).min(welcome(config, table, lane, seen));
                shift(table, lane, amount, &mut budget);
            }
        }
    }
    Some(*table != before)
}

/// Whether anyone stands on an ejected pathway, or away from a healthy home.
fn is_displaced(table: &RegionTable) -> bool {
    (0..table.len()).any(|home| {
        (0..table.len()).any(|at| {
            table.standing(home, at) > 0.0
                && (table.is_ejected(pathway_id(at)) || (at != home && !table.is_ejected(pathway_id(home))))
        })
    })
}

/// How much of the region each pathway may take on now, as a share of the region's viewers.
fn budgets(config: &HealthConfig, table: &RegionTable, seen: &Seen<'_>) -> [f64; PATHWAYS_MAX] {
    let demand = demand(table, seen.samples);
    let pace = config.spare_per_ttl.as_f64();
    let mut budget = [0.0; PATHWAYS_MAX];
    for (pathway, sample) in seen.samples.iter().enumerate() {
        if table.is_ejected(pathway_id(pathway)) {
            continue;
        }
        if seen.is_short {
            budget[pathway] = pace;
            continue;
        }
        if seen.healths[pathway].is_strained(config) {
            continue;
        }
        let (share_of_spare, least) = if is_warm(config, sample) { (1.0, pace) } else { (pace, 0.0) };
        budget[pathway] = (share_of_spare * spare(sample, demand)).max(least);
        if seen.healths[pathway].on_trial {
            // It was given up with capacity to spare by its contract: that is not believed before it has carried them all.
            budget[pathway] = budget[pathway].min(pace);
        }
    }
    budget
}

/// What a pathway has to spare, as a share of the region's viewers.
///
/// Where nobody draws anything, viewers are counted as if all of them would fill the spare capacity.
#[expect(clippy::cast_precision_loss, reason = "rates are far below 2^53 kbit/s")]
fn spare(sample: &PathwaySample, demand: f64) -> f64 {
    if demand > 0.0 { sample.spare.0 as f64 / demand } else { 1.0 }
}

/// How much of the region may go home along a lane in one turn.
///
/// Nobody is in a hurry to go home: at most a tenth of the region goes, so that the next turn sees how it went, and only where
/// that leaves free a tenth of what home's own viewers draw: a link filled to the brim holds all of them back. Who stands
/// where there is nothing to spare goes in any case. None goes to where viewers are held back.
fn welcome(config: &HealthConfig, table: &RegionTable, lane: Lane, seen: &Seen<'_>) -> f64 {
    let pace = config.spare_per_ttl.as_f64();
    if seen.is_short {
        return pace;
    }
    if is_held_back(table, seen.healths, (lane.to, lane.from)) {
        return 0.0;
    }
    if seen.healths[lane.from].is_strained(config) {
        return pace;
    }
    let own: f64 = (0..table.len()).map(|at| table.standing(lane.home, at)).sum();
    let room = spare(&seen.samples[lane.to], demand(table, seen.samples)) - pace * own;
    room.clamp(0.0, pace)
}

fn is_warm(config: &HealthConfig, sample: &PathwaySample) -> bool {
    sample.hit_ratio.value().is_some_and(|ratio| ratio >= config.hit_ratio_norm.as_f64())
}

/// Moves everybody off a dead pathway to those that live behind warm caches: by what they can take, evenly where none can.
fn rescue(
    config: &HealthConfig,
    table: &mut RegionTable,
    (at, seen): (usize, &Seen<'_>),
    budget: &mut [f64; PATHWAYS_MAX],
) {
    let mut weights = [0.0; PATHWAYS_MAX];
    for (to, (health, sample)) in seen.healths.iter().zip(seen.samples).enumerate() {
        if !table.is_ejected(pathway_id(to)) && !health.is_dead(config) && is_warm(config, sample) {
            weights[to] = budget[to].max(f64::EPSILON);
        }
    }
    let whole: f64 = weights.iter().sum();
    if whole <= 0.0 {
        return;
    }
    for home in 0..table.len() {
        let standing = table.standing(home, at);
        for (to, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
            shift(table, Lane { home, from: at, to }, standing * weight / whole, budget);
        }
    }
    for room in budget {
        *room = room.max(0.0);
    }
}

/// What all viewers of the region would draw if all were served, in kbit/s.
///
/// A pathway that fails carries less than it is asked for, so the healthy ones are scaled up by their share of viewers.
#[expect(clippy::cast_precision_loss, reason = "rates are far below 2^53 kbit/s")]
fn demand(table: &RegionTable, samples: &[PathwaySample]) -> f64 {
    let (mut carried, mut healthy, mut share) = (0.0, 0.0, 0.0);
    for (pathway, sample) in samples.iter().enumerate() {
        carried += sample.load.0 as f64;
        if !table.is_ejected(pathway_id(pathway)) {
            healthy += sample.load.0 as f64;
            share += table.share(pathway);
        }
    }
    if share > 0.0 { carried.max(healthy / share) } else { carried }
}

/// Whether viewers on one pathway draw clearly less than those on another.
pub(super) fn is_held_back(table: &RegionTable, healths: &[Pathway], (who, than): (usize, usize)) -> bool {
    healths[who].is_held_back(table.share(who), (&healths[than], table.share(than)))
}

/// Moves viewers off an ejected pathway, by what the others can take.
///
/// One that is overfilled loses a tenth of the region at a time, only while it does badly (the rest it can carry), and none to
/// where viewers are held back more.
fn empty(
    config: &HealthConfig,
    table: &mut RegionTable,
    (at, healths): (usize, &[Pathway]),
    budget: &mut [f64; PATHWAYS_MAX],
) {
    let mut offered = *budget;
    if healths[at].overfilled {
        if !healths[at].is_bad(config) {
            return;
        }
        for (to, part) in offered.iter_mut().enumerate().take(table.len()) {
            if is_held_back(table, healths, (to, at)) {
                *part = 0.0;
            }
        }
        let room: f64 = offered.iter().sum();
        let pace = config.spare_per_ttl.as_f64();
        if room > pace {
            offered.iter_mut().for_each(|part| *part *= pace / room);
        }
    }
    let mut left = offered;
    for home in 0..table.len() {
        empty_lane(table, home, at, &mut left);
    }
    for (part, (offered, left)) in budget.iter_mut().zip(offered.iter().zip(left)) {
        *part -= offered - left;
    }
}

/// Moves a home's viewers off an ejected pathway: home if that is healthy, else to all healthy ones in proportion to
/// what they can still take.
fn empty_lane(table: &mut RegionTable, home: usize, at: usize, budget: &mut [f64; PATHWAYS_MAX]) {
    if !table.is_ejected(pathway_id(home)) {
        let amount = table.standing(home, at).min(budget[home]);
        return shift(table, Lane { home, from: at, to: home }, amount, budget);
    }
    let room: f64 = budget[..table.len()].iter().sum();
    let amount = table.standing(home, at).min(room);
    if amount <= 0.0 {
        return;
    }
    let offered = *budget;
    for (to, share) in offered.iter().enumerate().take(table.len()) {
        let part = (amount * share / room).min(table.standing(home, at));
        shift(table, Lane { home, from: at, to }, part, budget);
    }
}

/// A movement of a home's viewers from one pathway to another.
#[derive(Debug, Clone, Copy)]
struct Lane {
    home: usize,
    from: usize,
    to: usize,
}

fn shift(table: &mut RegionTable, lane: Lane, amount: f64, budget: &mut [f64; PATHWAYS_MAX]) {
    if amount > 0.0 {
        table.shift(lane.home, lane.from, lane.to, amount);
        budget[lane.to] -= amount;
    }
}
