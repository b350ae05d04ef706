//! Bodies on their way: started, advanced each epoch, finished, watched, dropped.

use actors::network::RateClass;
use actors::player::{Content, Failure, Loaded, Progress, Request, RequestKind};
use fault_plan::{Effect, Failure as PlannedFailure};
use units::{Bits, Kbps, Micros, PopId, Timestamp};

use crate::board::Board;
use crate::cause::{Arrived, Losses};
use crate::flow::{Advance, Flow};
use crate::levers::LeverSet;
use crate::seat::{Answer, Pending, Phase};
use crate::stage::Stage;
use crate::wheel::{Event, EventKind};

use super::Cell;
use super::request::Way;

/// What a sender may have in flight at first: ten segments of 1,460 bytes (RFC 6928).
const INITIAL_WINDOW_BITS: u64 = 10 * 1_460 * 8;

/// With this much buffered a viewer is out of danger, and what was lost before no longer matters.
const COMFORT: Micros = Micros::from_secs(10);

impl Cell {
    /// A body comes from the edge, which has its first and last byte at `times`.
    pub(super) fn start_body(
        &mut self,
        stage: &Stage,
        board: &Board,
        slot: u32,
        (way, size): (Way, Bits),
        (ready, filled): (Timestamp, Timestamp),
    ) {
        let seat = &mut self.seats[slot as usize];
        let first_byte_at = ready + way.first_byte;
        seat.fill_wait = ready.since(seat.requested_at);
        if first_byte_at > seat.request.deadlines.first_byte {
            let limit = seat.request.deadlines.first_byte.max(board.from);
            seat.pending = Pending::Silence;
            seat.timeout_at = limit;
            self.wheel.push(Event::new(limit, EventKind::Timeout, slot));
            return;
        }
        let model = &stage.access[seat.cohort.index()];
        let class = model.rate_at(&seat.access, seat.viewer, model.slot_at(first_byte_at.max(board.from)));
        let slow_start = if way.cold { slow_start(size, class.rate(), way.rtt) } else { Micros::ZERO };
        let body_from = first_byte_at + slow_start;
        let deadlines = seat.request.deadlines;
        let flow = Flow {
            slot,
            class,
            blocked: false,
            rate: Kbps::ZERO,
            requested_at: seat.requested_at,
            first_byte_at,
            body_from,
            size: size.0 * 1_000,
            remaining: size.0 * 1_000,
            credited_to: body_from,
            filled_at: filled + way.rtt / 2,
            finish_at: Timestamp::NEVER,
            limit: deadlines.total,
            watch: seat.request.abandon_watch,
            idle: deadlines.idle,
            silent_from: body_from,
            lost_to_link: 0,
        };
        let index = u32::try_from(self.flows[way.pop.index()].len()).expect("fewer flows than seats");
        seat.pending = Pending::Body { pop: way.pop, index };
        self.demand[way.pop.index()] += class.rate().0;
        self.flows[way.pop.index()].push(flow);
        self.join_link(board, way.pop, index);
        self.plan_flow(board, way.pop, index);
    }

    /// Gives a new flow its rate for the rest of the epoch: its fair share, within what the cell may still borrow.
    fn join_link(&mut self, board: &Board, pop: PopId, index: u32) {
        let flow = &mut self.flows[pop.index()][index as usize];
        let from = flow.body_from;
        if from >= board.to {
            return;
        }
        let span = board.to.since(from).0.max(1);
        let rate = flow.class.rate().min(board.share[pop.index()]);
        let headroom = &mut self.headroom[pop.index()];
        flow.rate = rate.min(Kbps(*headroom / span));
        *headroom -= flow.rate.0 * span;
    }

    /// Moves every body in flight through the epoch that begins.
    pub(super) fn advance_flows(&mut self, stage: &Stage, board: &Board) {
        for pop in stage.world.pop_ids() {
            let share = board.share[pop.index()];
            let count = self.flows[pop.index()].len();
            for index in 0..count {
                let flow = &mut self.flows[pop.index()][index];
                flow.rate = if flow.blocked { Kbps::ZERO } else { flow.class.rate().min(share) };
                #[expect(clippy::cast_possible_truncation, reason = "fewer flows than seats")]
                self.plan_flow(board, pop, index as u32);
            }
        }
    }

    /// Delivers a flow's bits up to the end of the epoch, and plans what falls into it: its end, a limit, a look at it.
    fn plan_flow(&mut self, board: &Board, pop: PopId, index: u32) {
        let flow = &mut self.flows[pop.index()][index as usize];
        if flow.finish_at != Timestamp::NEVER {
            return;
        }
        if flow.rate < flow.class.rate() && flow.credited_to < board.to {
            flow.note_held_back(board.to);
        }
        match flow.advance(board.to) {
            Advance::Flowing(bits) => {
                self.sent[pop.index()] += bits;
                if flow.rate != Kbps::ZERO {
                    flow.silent_from = board.to;
                }
            }
            Advance::Ends(bits) => {
                self.sent[pop.index()] += bits;
                self.demand[pop.index()] -= if flow.blocked { 0 } else { flow.class.rate().0 };
                // A body that could have ended before the barrier that started it ends at the barrier.
                flow.finish_at = flow.finish_at.max(board.from);
                self.wheel.push(Event::new(flow.finish_at, EventKind::Finish, flow.slot));
            }
        }
        let idle_limit = flow.silent_from.saturating_add(flow.idle);
        let limit = if idle_limit < board.to { flow.limit.min(idle_limit) } else { flow.limit };
        let (slot, expected_end) = (flow.slot, flow.expected_end());
        if limit < board.to && limit < flow.finish_at {
            self.seats[slot as usize].timeout_at = limit.max(board.from);
            self.wheel.push(Event::new(limit.max(board.from), EventKind::Timeout, slot));
        }
        if expected_end > flow.watch {
            self.plan_look(board, slot, board.from);
        }
    }

    /// Plans the player's next look at its download, if it falls into this epoch.
    fn plan_look(&mut self, board: &Board, slot: u32, after: Timestamp) {
        let seat = &mut self.seats[slot as usize];
        let every = Request::PROGRESS_EVERY.0;
        let next = seat.requested_at + Micros((after.since(seat.requested_at).0 / every + 1) * every);
        if next < board.to {
            seat.progress_at = next;
            self.wheel.push(Event::new(next, EventKind::Progress, slot));
        }
    }

    /// The player looks at its download.
    pub(super) fn progress(&mut self, stage: &Stage, board: &Board, slot: u32, now: Timestamp) {
        let seat = &self.seats[slot as usize];
        let requested_at = seat.requested_at;
        let progress = match seat.pending {
            Pending::Silence => Progress { requested_at, first_byte_at: None, received: Bits::ZERO, size: Bits::ZERO },
            Pending::Body { pop, index } => {
                let flow = &self.flows[pop.index()][index as usize];
                Progress {
                    requested_at,
                    first_byte_at: (flow.first_byte_at <= now).then_some(flow.first_byte_at),
                    received: flow.received(now),
                    size: Bits(flow.size / 1_000),
                }
            }
            Pending::Nothing | Pending::Answer(..) | Pending::Backhaul(_) => return,
        };
        let silent = seat.pending == Pending::Silence;
        let step = self.players[slot as usize].progress(&stage.context(&self.seats[slot as usize]), now, progress);
        let goes_on = step.command == actors::player::Command::Continue;
        self.obey(stage, board, slot, step, now);
        if goes_on && silent {
            let next = now + Request::PROGRESS_EVERY;
            self.seats[slot as usize].progress_at = next;
            self.wheel.push(Event::new(next, EventKind::Progress, slot));
        } else if goes_on {
            self.plan_look(board, slot, now);
        }
    }

    /// A body is complete.
    pub(super) fn finish(&mut self, stage: &Stage, board: &Board, slot: u32, now: Timestamp) {
        let Pending::Body { pop, index } = self.seats[slot as usize].pending else { return };
        let flow = self.flows[pop.index()][index as usize];
        if flow.finish_at != now {
            return;
        }
        self.remove_flow(pop, index);
        let seat = &mut self.seats[slot as usize];
        seat.pending = Pending::Nothing;
        seat.used_at = now;
        seat.timeout_at = Timestamp::NEVER;
        seat.progress_at = Timestamp::NEVER;
        let size = Bits(flow.size / 1_000);
        let loaded = Loaded { requested_at: flow.requested_at, first_byte_at: flow.first_byte_at, size, newest_listed: None };
        self.count_segment(stage, board, slot, &flow, now);
        self.loaded(stage, board, slot, loaded, now);
        let comfort = COMFORT.min(stage.ladder.segment * 3 / 2);
        if self.seats[slot as usize].phase == Phase::Active && self.players[slot as usize].buffer(now) >= comfort {
            self.close_stall(slot);
            self.seats[slot as usize].losses = Losses::default();
        }
    }

    fn count_segment(&mut self, stage: &Stage, board: &Board, slot: u32, flow: &Flow, now: Timestamp) {
        let seat = &mut self.seats[slot as usize];
        let RequestKind::Segment { variant, index } = seat.request.kind else { return };
        let (segment, variants) = (stage.ladder.segment, &stage.ladder.variants);
        let switched = seat.variant.replace(variant).is_some_and(|last| last != variant);
        let transfer = now.since(flow.body_from);
        let pop = seat.connected.map_or(0, PopId::index);
        let at_access_rate = transfer.saturating_sub(Micros(flow.lost_to_link));
        seat.access_limited = at_access_rate > segment;
        seat.losses.arrived(&Arrived {
            media: segment,
            fill_wait: seat.fill_wait,
            fault_wait: seat.fault_wait,
            lost_to_link: Micros(flow.lost_to_link),
            link_faulted: board.slowed[pop],
            at_access_rate,
            variant_kbps: variants[usize::from(variant)].average.0,
            lowest_kbps: variants[0].average.0,
        });
        let distance = match seat.content {
            Content::Live(live) => {
                let ends = Micros((u64::from(index) + 1) * segment.0);
                let playhead = ends.saturating_sub(self.players[slot as usize].buffer(now) + segment);
                Some((now + live.lead).since(Timestamp(playhead.0)))
            }
            Content::Vod { .. } => None,
        };
        let bits = flow.size / 1_000;
        let sums = self.sums_of(slot);
        sums.segments += 1;
        sums.segment_millis += segment.0 / 1_000;
        sums.kbps_millis += variants[usize::from(variant)].average.0 * (segment.0 / 1_000);
        sums.switches += u64::from(switched);
        sums.egress_bits += bits;
        sums.received_bits += bits;
        if let Some(distance) = distance {
            sums.live_distance_millis += distance.0 / 1_000;
            sums.live_distances += 1;
        }
    }

    /// Forgets the request in flight. What was received of a body is wasted, but was sent.
    pub(super) fn drop_pending(&mut self, slot: u32, now: Timestamp) {
        let pending = std::mem::replace(&mut self.seats[slot as usize].pending, Pending::Nothing);
        let seat = &mut self.seats[slot as usize];
        seat.timeout_at = Timestamp::NEVER;
        seat.progress_at = Timestamp::NEVER;
        match pending {
            Pending::Body { pop, index } => {
                let flow = self.flows[pop.index()][index as usize];
                self.remove_flow(pop, index);
                let ahead = flow.ahead(now);
                self.sent[pop.index()] = self.sent[pop.index()].saturating_sub(ahead);
                let received = flow.received(now).0;
                let seat = &mut self.seats[slot as usize];
                // A connection is closed to stop a body, so the next request needs a new one.
                seat.connected = None;
                let sums = self.sums_of(slot);
                sums.egress_bits += received;
                sums.received_bits += received;
            }
            Pending::Backhaul(_) => self.joined.retain(|joined| joined.slot != slot),
            Pending::Silence => self.seats[slot as usize].connected = None,
            Pending::Nothing | Pending::Answer(..) => {}
        }
    }

    fn remove_flow(&mut self, pop: PopId, index: u32) {
        let flows = &mut self.flows[pop.index()];
        let flow = flows.swap_remove(index as usize);
        if flow.finish_at == Timestamp::NEVER && !flow.blocked {
            self.demand[pop.index()] -= flow.class.rate().0;
        }
        if let Some(moved) = flows.get(index as usize) {
            self.seats[moved.slot as usize].pending = Pending::Body { pop, index };
        }
    }

    /// The epoch is over: where a slot of the access networks ends with it, bodies in flight get their new access rate;
    /// where a fault cuts connections, they meet it. What they could take of each link stands in `demand`.
    pub(super) fn end_epoch(&mut self, stage: &Stage, board: &Board) {
        let ends = board.to;
        let slot_ends = ends.0.is_multiple_of(stage.access_slot.0);
        if !slot_ends && !board.cuts {
            return;
        }
        for pop in stage.world.pop_ids() {
            let mut demand = 0;
            let mut index = 0;
            while index < self.flows[pop.index()].len() {
                let flow = &self.flows[pop.index()][index];
                if flow.finish_at != Timestamp::NEVER {
                    index += 1;
                    continue;
                }
                let slot = flow.slot;
                let class = self.access_class(stage, flow, ends);
                let (blocked, reset) = if board.cuts { self.met_fault(stage, board, pop, slot, ends) } else { (false, false) };
                let flow = &mut self.flows[pop.index()][index];
                demand += if blocked { 0 } else { class.rate().0 };
                flow.class = class;
                flow.blocked = blocked;
                if reset {
                    self.drop_pending(slot, ends);
                    self.seats[slot as usize].pending = Pending::Answer(ends, Answer::Failed(Failure::Reset));
                    self.wheel.push(Event::new(ends, EventKind::Answer, slot));
                    demand -= if blocked { 0 } else { class.rate().0 };
                } else {
                    index += 1;
                }
            }
            self.demand[pop.index()] = demand;
        }
    }

    fn access_class(&self, stage: &Stage, flow: &Flow, at: Timestamp) -> RateClass {
        let seat = &self.seats[flow.slot as usize];
        let model = &stage.access[seat.cohort.index()];
        if at.0.is_multiple_of(model.slot_length().0) {
            model.rate_at(&seat.access, seat.viewer, model.slot_at(at))
        } else {
            flow.class
        }
    }

    /// Whether a fault stops a body in flight (a hang), or cuts its connection (a reset).
    fn met_fault(&mut self, stage: &Stage, board: &Board, pop: PopId, slot: u32, at: Timestamp) -> (bool, bool) {
        let seat = &mut self.seats[slot as usize];
        let (mut blocked, mut reset) = (false, false);
        for effect in stage.effects(&board.faults, at, (pop, seat.region, seat.viewer)) {
            if let Effect::Fail { failure, .. } = effect {
                blocked |= failure == PlannedFailure::Hang;
                reset |= failure == PlannedFailure::Reset;
                seat.faulted |= blocked || reset;
            }
        }
        (blocked, reset)
    }

    /// Tells the platform's health checks how a request ended.
    pub(super) fn observe_health(&mut self, stage: &Stage, slot: u32, loaded: Option<&Loaded>, now: Timestamp) {
        let seat = &self.seats[slot as usize];
        // A segment that is slow because of the viewer's own access says nothing about the pathway. An edge can tell: its
        // TCP stack knows whether the network or the sender was the limit (`tcpi_delivery_rate_app_limited`).
        let segment = matches!(seat.request.kind, RequestKind::Segment { .. }) && !seat.access_limited;
        let bad = LeverSet::is_bad(loaded, now, segment.then_some(stage.ladder.segment));
        let outcomes = &mut self.outcomes[stage.pair(seat.region, seat.request.pathway)];
        outcomes.bad += u32::from(bad);
        outcomes.good += u32::from(!bad);
        outcomes.sent += loaded.map_or(0, |loaded| loaded.size.0);
    }

    /// Takes over the steering service's answer to the last poll, if there was one since the player last acted.
    ///
    /// A steering answer takes effect at a player's next request and no sooner, so looking it up then is exact and costs
    /// no event per poll.
    pub(super) fn poll_steering(&mut self, stage: &Stage, board: &Board, slot: u32, now: Timestamp) {
        let seat = &mut self.seats[slot as usize];
        let polls = board.steering.polls_by(seat.viewer, now);
        if polls == seat.polled {
            return;
        }
        seat.polled = polls;
        let asked_at = board.steering.polled_at(seat.viewer, polls);
        let order = board.steering.order_at(asked_at, seat.region, stage.steering_draw(seat.viewer));
        self.players[slot as usize].steer(order);
    }
}

/// Time that TCP's slow start costs a body: one round trip for each doubling from the initial window to what the path
/// holds (or the body, if smaller). Source: playback.md 5.4; the logarithm is linear between powers of two.
fn slow_start(size: Bits, rate: Kbps, rtt: Micros) -> Micros {
    let in_flight = rate.bits_in(rtt).0.min(size.0);
    let Some(windows) = in_flight.checked_div(INITIAL_WINDOW_BITS).filter(|&windows| windows > 0) else {
        return Micros::ZERO;
    };
    let doublings = u64::from(windows.ilog2());
    let floor = INITIAL_WINDOW_BITS << doublings;
    Micros(rtt.0 * doublings + rtt.0 * (in_flight - floor) / floor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_start_costs_a_round_trip_per_doubling() {
        let rtt = Micros::from_millis(50);
        assert_eq!(slow_start(Bits(INITIAL_WINDOW_BITS), Kbps(1_000_000), rtt), Micros::ZERO);
        assert_eq!(slow_start(Bits(8 * INITIAL_WINDOW_BITS), Kbps(1_000_000), rtt), rtt * 3);
        // 20 Mbit/s over 50 ms holds 1 Mbit: 8.56 windows.
        let some = slow_start(Bits(20_000_000), Kbps(20_000), rtt);
        assert!(some > rtt * 3 && some < rtt * 4, "{some:?}");
    }
}
