//! The control plane: DNS, probes, health, steering. Works at the barrier on what the cells saw in the epoch.

use actors::player::PathwayOrder;
use fault_plan::{Action, Effect};
use legacy::Either;
use platform_core::playback::health::{Observation, PathwaySample, Probe};
use platform_core::playback::steering::{RegionTable, Steering};
use units::draws::Draws;
use units::{Kbps, Micros, PathwayId, PopId, Ratio, RegionId, Timestamp, ViewerId};

use crate::board::{Board, UNSHARED};
use crate::cell::Outcomes;
use crate::stage::Stage;

/// The steering service's tables over time, and when each viewer's player asks for them.
#[derive(Debug, Clone)]
pub(crate) struct History {
    ttl: Option<Micros>,
    timers: Draws,
    /// Tables by region, and since when they hold; rising.
    versions: Vec<(Timestamp, Vec<RegionTable>)>,
}

/// Purpose of a viewer's timer draw: the phase of its steering polls. (Players use lower slots for retries.)
const POLL_PHASE: u64 = 1 << 40;

impl History {
    /// When a viewer's player asks for the first time after `now`; never if there is nobody to ask.
    pub(crate) fn first_poll(&self, viewer: ViewerId, now: Timestamp) -> Timestamp {
        let Some(ttl) = self.ttl else { return Timestamp::NEVER };
        let phase = Timestamp(self.phase(viewer, ttl));
        if now < phase { phase } else { self.last_poll(phase, now).1 }
    }

    /// The last time that a player asked by `now`, and the next time after, from any time (not after `now`) at which it
    /// did.
    pub(crate) fn last_poll(&self, asked: Timestamp, now: Timestamp) -> (Timestamp, Timestamp) {
        let Some(ttl) = self.ttl else { return (Timestamp::ZERO, Timestamp::NEVER) };
        let last = asked + ttl * (now.since(asked).0 / ttl.0.max(1));
        (last, last + ttl)
    }

    fn phase(&self, viewer: ViewerId, ttl: Micros) -> u64 {
        self.timers.bits(u64::from(viewer.0), POLL_PHASE) % ttl.0.max(1)
    }

    /// Which version of the tables held at `at`, counted from 1.
    #[expect(clippy::cast_possible_truncation, reason = "at most one version per epoch")]
    pub(crate) fn version_at(&self, at: Timestamp) -> u32 {
        self.versions.iter().rposition(|(since, _)| *since <= at).unwrap_or(0) as u32 + 1
    }

    /// The order of pathways that a viewer with this draw is answered from a version of [`History::version_at`].
    pub(crate) fn order(&self, version: u32, region: RegionId, draw: f64) -> PathwayOrder {
        let (_, tables) = &self.versions[version as usize - 1];
        PathwayOrder::new(tables[region.index()].order(draw).as_slice())
    }
}

/// The state of the control plane.
#[derive(Debug)]
pub(crate) struct Control {
    steering: Either<platform_core::playback::health::HealthSteering, legacy::StaticSteering>,
    /// Since when each (region, POP) is dead or alive again; POP-minor.
    dead_since: Vec<Option<Timestamp>>,
    alive_since: Vec<Option<Timestamp>>,
    /// Hits and lookups of late, by (region, pathway). See [`lately`].
    lookups: Vec<Ratio>,
    /// Bits received of late, by (region, pathway).
    received: Vec<u64>,
    /// Millibits sent of late, by POP.
    sent: Vec<u64>,
    /// How many epochs these sums hold, each faded as they are, in ppm.
    weight: u64,
    next_probe: Timestamp,
    /// Ejections and restorations so far.
    pub(crate) moves: u64,
}

impl Control {
    pub(crate) fn new(stage: &Stage) -> (Self, History) {
        let slots = stage.shape.regions * stage.world.pops.len();
        let control = Self {
            steering: stage.levers.arm.steering.clone(),
            dead_since: vec![None; slots],
            alive_since: vec![None; slots],
            lookups: vec![Ratio::default(); stage.shape.regions * stage.shape.pathways],
            received: vec![0; stage.shape.regions * stage.shape.pathways],
            sent: vec![0; stage.world.pops.len()],
            weight: 0,
            next_probe: Timestamp::ZERO,
            moves: 0,
        };
        let history = History {
            ttl: control.steering.ttl(),
            timers: stage.timer_draws,
            versions: vec![(Timestamp::ZERO, control.tables(stage))],
        };
        (control, history)
    }

    fn tables(&self, stage: &Stage) -> Vec<RegionTable> {
        match &self.steering {
            Either::Modern(steering) => {
                stage.world.region_ids().map(|region| steering.state().table(region).clone()).collect()
            }
            Either::Naive(_) => {
                let weights: Vec<u32> = stage.world.cdns.iter().map(|cdn| cdn.weight).collect();
                vec![RegionTable::new(&weights); stage.shape.regions]
            }
        }
    }

    /// The POP that DNS names at `now` for each (region, pathway): a dead one for 60 s more, then the next of that CDN.
    pub(crate) fn routes(&mut self, stage: &Stage, now: Timestamp) -> Vec<(PopId, Micros)> {
        let mut routes = Vec::with_capacity(stage.routes.len());
        for region in stage.world.region_ids() {
            for pathway in stage.world.cdn_ids() {
                let candidates = &stage.routes[stage.pair(region, pathway)];
                let named = candidates.iter().find(|(pop, _)| !self.moved_away(stage, now, region, *pop));
                // A CDN that serves no region's viewers is refused by `check`; one that is dead everywhere keeps its first POP.
                routes.push(*named.or(candidates.first()).expect("every CDN serves every region"));
            }
        }
        routes
    }

    fn moved_away(&mut self, stage: &Stage, now: Timestamp, region: RegionId, pop: PopId) -> bool {
        let cdn = stage.world.pops[pop.index()].cdn;
        let dead = stage.world.faults.iter().any(|fault| {
            fault.target.matches(cdn, pop, region)
                && matches!(fault.action, Action::Outage { .. })
                && matches!(fault.effect_at(now), Effect::Fail { share, .. } if share.0 > 500_000)
        });
        let at = region.index() * stage.world.pops.len() + pop.index();
        if dead {
            let since = *self.dead_since[at].get_or_insert(now);
            self.alive_since[at] = None;
            return now.since(since) >= stage.world.dns_move;
        }
        let Some(since) = self.dead_since[at] else { return false };
        // It comes back as slowly as it went.
        let alive = *self.alive_since[at].get_or_insert(now);
        let moved = alive.since(since) >= stage.world.dns_move;
        if now.since(alive) >= stage.world.dns_move || !moved {
            self.dead_since[at] = None;
            self.alive_since[at] = None;
            return false;
        }
        true
    }

    /// Takes in an epoch that ended at `now`, and publishes new tables if they changed.
    pub(crate) fn step(&mut self, stage: &Stage, board: &mut Board, outcomes: &[Outcomes], sent: &[u64]) {
        let now = board.to;
        if self.steering.ttl().is_none() {
            return;
        }
        let probing = now >= self.next_probe;
        if probing {
            self.next_probe = now + stage.world.platform.steering.probe_every;
        }
        let epoch = stage.world.clock.epoch;
        let epochs = (LATELY.0 / epoch.0.max(1)).max(1);
        for (sum, new) in self.sent.iter_mut().zip(sent) {
            *sum = lately(*sum, *new, epochs);
        }
        self.weight = lately(self.weight, EPOCH_WEIGHT, epochs);
        // Nobody is moved to a POP before it has been measured for as long as figures are averaged: until then what it has
        // to spare is not known, which is not the same as all that it has.
        let is_measured = now >= Timestamp(LATELY.0);
        let mut samples = Vec::with_capacity(outcomes.len());
        for region in stage.world.region_ids() {
            for pathway in stage.world.cdn_ids() {
                let pair = stage.pair(region, pathway);
                let seen = outcomes[pair];
                let lookups = &mut self.lookups[pair];
                *lookups = Ratio::new(
                    lately(lookups.part, u64::from(seen.hits), epochs),
                    lately(lookups.whole, u64::from(seen.lookups), epochs),
                );
                self.received[pair] = lately(self.received[pair], seen.sent, epochs);
                let (pop, rtt) = board.route[pair];
                let used = Kbps(per_epoch(self.sent[pop.index()], self.weight) / epoch.0.max(1));
                let spare = if is_measured {
                    stage.world.pops[pop.index()].capacity.saturating_sub(used)
                } else {
                    Kbps::ZERO
                };
                // What a POP has to spare is there once, however many regions it serves now.
                let sharing = board.route.iter().filter(|(other, _)| *other == pop).count() as u64;
                samples.push(PathwaySample {
                    outcomes: platform_core::playback::health::Outcomes { good: seen.good, bad: seen.bad },
                    probe: if probing {
                        probe(stage, board, (region, pathway), (pop, rtt))
                    } else {
                        Probe::None
                    },
                    load: Kbps(per_epoch(self.received[pair] * 1_000, self.weight) / epoch.0.max(1)),
                    spare: Kbps(spare.0 / sharing.max(1)),
                    hit_ratio: self.lookups[pair],
                });
            }
        }
        let mut moves = 0;
        self.steering.observe(now, &Observation { samples: &samples }, |_| moves += 1);
        self.moves += moves;
        let tables = self.tables(stage);
        if board.steering.versions.last().is_none_or(|(_, last)| *last != tables) {
            board.steering.versions.push((now, tables));
        }
    }
}

/// Over how long telemetry is averaged: the steering TTL.
///
/// Live viewers ask for each segment within the same seconds, so that a link's load swings threefold in every segment
/// duration: an instant says nothing about what a POP has to spare.
const LATELY: Micros = Micros::from_secs(10);

/// What one epoch adds to the weight of sums of late.
const EPOCH_WEIGHT: u64 = 1_000_000;

/// A sum over the last so many epochs, fading.
const fn lately(sum: u64, new: u64, epochs: u64) -> u64 {
    sum - sum / epochs + new
}

/// The mean of late of what was summed by [`lately`], also while fewer epochs have passed than it looks back on: `weight` is the
/// same sum of [`EPOCH_WEIGHT`].
fn per_epoch(sum: u64, weight: u64) -> u64 {
    let mean = u128::from(sum) * u128::from(EPOCH_WEIGHT) / u128::from(weight.max(1));
    u64::try_from(mean).unwrap_or(u64::MAX)
}

/// The platform asks a POP for a small object, as a viewer of that region would.
fn probe(
    stage: &Stage,
    board: &Board,
    (region, _): (RegionId, PathwayId),
    (pop, rtt): (PopId, Micros),
) -> Probe {
    let policy = &stage.world.platform.steering;
    // Probes have numbers beyond all viewers', so that they draw their own luck.
    let prober = ViewerId(u32::MAX - u32::from(pop.0));
    let mut took = rtt;
    for effect in stage.effects(&board.faults, board.to, (pop, region, prober)) {
        match effect {
            Effect::None => {}
            Effect::Fail { .. } => return Probe::Failed,
            Effect::Slow { added_latency, .. } => took += added_latency,
        }
    }
    let share = board.rates[pop.index()].share();
    if share != UNSHARED {
        let transfer = share.time_for(policy.probe_size.to_bits());
        took = Micros(took.0.saturating_add(transfer.0));
    }
    if took > policy.probe_deadline { Probe::Failed } else { Probe::Passed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_load_reads_the_same_from_the_first_epoch_on() {
        let (mut sum, mut weight) = (0, 0);
        for epoch in 0..400 {
            sum = lately(sum, 70_000_000, 40);
            weight = lately(weight, EPOCH_WEIGHT, 40);
            let mean = per_epoch(sum, weight);
            assert!(mean.abs_diff(70_000_000) < 1_000, "{mean} in epoch {epoch}");
        }
    }
}
