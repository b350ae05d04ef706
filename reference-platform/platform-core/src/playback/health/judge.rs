//! Which pathways are in and which are out.

use units::Timestamp;

use super::pathway::Pathway;
use super::{HealthChange, HealthState, traffic};
use crate::playback::steering::pathway_id;

impl HealthState {
    /// Whether a region is short: all of its pathways that are in have been bad for a TTL.
    pub(super) fn is_short(&mut self, now: Timestamp, region: usize) -> bool {
        let all_bad = self.present(region).all(|health| health.is_bad(&self.config));
        let since = &mut self.bad_since[region];
        *since = all_bad.then(|| since.unwrap_or(now));
        since.is_some_and(|since| now.since(since) >= self.config.ttl)
    }

    /// Ejects or restores one pathway of a region.
    pub(super) fn judge(
        &mut self,
        now: Timestamp,
        (region, pathway): (usize, usize),
        is_short: bool,
    ) -> Option<HealthChange> {
        let at = region * self.tables[region].len() + pathway;
        let change = if self.tables[region].is_ejected(pathway_id(pathway)) {
            let comes_back = self.is_well_again(now, at) || self.is_needed((region, at), is_short);
            comes_back.then_some(HealthChange::Restored)
        } else {
            self.reason_to_eject((region, at), is_short)
        }?;
        let is_out = change != HealthChange::Restored;
        let health = &mut self.pathways[at];
        health.well_since = None;
        health.overfilled = is_out && health.on_trial && !health.is_broken(&self.config);
        health.on_trial = true;
        self.tables[region].set_ejected(pathway, is_out);
        Some(change)
    }

    /// Whether a pathway that was merely overfilled has broken since: then it is left like any other.
    pub(super) fn breaks(&mut self, at: usize) -> bool {
        let health = &mut self.pathways[at];
        let breaks = health.overfilled && health.is_broken(&self.config);
        health.overfilled &= !breaks;
        breaks
    }

    /// Ends the trial of a pathway that is in, has all of its viewers home, and has done well with them for long enough.
    pub(super) fn end_trial(&mut self, now: Timestamp, (region, home): (usize, usize)) {
        let table = &self.tables[region];
        let at = region * table.len() + home;
        if !self.pathways[at].on_trial || table.is_ejected(pathway_id(home)) {
            return;
        }
        let all_home = (0..table.len()).all(|other| other == home || table.standing(home, other) <= 0.0);
        let carries_all = all_home && self.is_well_again(now, at);
        let health = &mut self.pathways[at];
        health.on_trial = !carries_all;
        if !all_home || carries_all {
            health.well_since = None;
        }
    }

    /// The pathways of a region that are in.
    fn present(&self, region: usize) -> impl Iterator<Item = &Pathway> {
        let table = &self.tables[region];
        let healths = &self.pathways[region * table.len()..];
        (0..table.len()).filter(|&at| !table.is_ejected(pathway_id(at))).map(|at| &healths[at])
    }

    /// Whether a pathway that is out has been below the limit for long enough.
    fn is_well_again(&mut self, now: Timestamp, at: usize) -> bool {
        let health = &mut self.pathways[at];
        if !health.is_well(&self.config) {
            health.well_since = None;
            return false;
        }
        now.since(*health.well_since.get_or_insert(now)) >= self.config.restore_after
    }

    /// Whether a pathway that is out and alive is wanted by what is left: all dead, as short as it is itself, or, where
    /// it was merely overfilled, fuller than it is now.
    fn is_needed(&self, (region, at): (usize, usize), is_short: bool) -> bool {
        let health = &self.pathways[at];
        if health.is_dead(&self.config) {
            return false;
        }
        if health.overfilled && self.is_better_off((region, at)) {
            return true;
        }
        let all_dead = self.present(region).all(|other| other.is_dead(&self.config));
        all_dead || (is_short && self.present(region).all(|other| health.is_as_short_as(other)))
    }

    /// Whether a pathway that is out does well enough, and viewers on all that are in are held back more than those on it.
    fn is_better_off(&self, (region, at): (usize, usize)) -> bool {
        let table = &self.tables[region];
        let first = region * table.len();
        let healths = &self.pathways[first..first + table.len()];
        !self.pathways[at].is_bad(&self.config)
            && (0..table.len())
                .filter(|&other| !table.is_ejected(pathway_id(other)))
                .all(|other| traffic::is_held_back(table, healths, (other, at - first)))
    }

    /// Why a pathway that is in goes out, if it does: only where another is left, and for slow requests only where that is better.
    fn reason_to_eject(&self, (region, at): (usize, usize), is_short: bool) -> Option<HealthChange> {
        let (config, health) = (&self.config, &self.pathways[at]);
        let mut others = self.present(region).filter(|other| !std::ptr::eq(*other, health)).peekable();
        others.peek()?;
        let is_better = |other: &Pathway| health.is_worse_than(other);
        if health.fails_probes(config) {
            let serves = is_short && !health.is_dead(config);
            return (!serves || others.any(is_better)).then_some(HealthChange::EjectedByProbes);
        }
        let by_requests = health.is_bad(config) && health.is_asked_enough(config);
        (by_requests && others.any(|other| !other.is_bad(config) || is_better(other)))
            .then_some(HealthChange::EjectedByRequests)
    }
}
