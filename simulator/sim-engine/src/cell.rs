//! A cell: a fixed slice of the world's viewers, with the matching slice of every POP's cache and uplink.
//!
//! One epoch of a cell: take the backhaul's answers, deliver bits to the bodies in flight at the published rates, then
//! work through the events in order of (time, kind, seat). Cells share nothing within an epoch, so any thread may run
//! any of them.
//!
//! Split: this file holds the state and the loop; `session` begins and ends sessions, `request` turns a player's
//! commands into answers, `transfer` moves bits.

use actors::player::{Failure, Loaded, Played, Player, Step};
use units::draws::mix;
use units::{Bits, Micros, PopId, Timestamp};

use crate::backhaul::{Fetch, Fetched};
use crate::board::Board;
use crate::edge::Slice;
use crate::flow::Flow;
use crate::ledger::{Ledger, Sums};
use crate::seat::{Answer, Pending, Phase, Seat};
use crate::stage::Stage;
use crate::wheel::{Event, EventKind, Wheel};

mod request;
mod session;
mod transfer;

/// Counts of one epoch that the platform's health checks read, by (region, pathway).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Outcomes {
    pub(crate) good: u32,
    pub(crate) bad: u32,
    pub(crate) lookups: u32,
    pub(crate) hits: u32,
    /// Body bits of requests that ended.
    pub(crate) sent: u64,
}

impl Outcomes {
    /// Adds another cell's counts.
    pub(crate) fn add(&mut self, other: &Self) {
        self.good += other.good;
        self.bad += other.bad;
        self.lookups += other.lookups;
        self.hits += other.hits;
        self.sent += other.sent;
    }
}

/// A request that waits for a fill that another one asked for.
#[derive(Debug, Clone, Copy)]
struct Joined {
    pop: PopId,
    key: platform_core::cache::CacheKey,
    slot: u32,
    requested_at: Timestamp,
}

/// A fixed slice of the simulated world.
#[derive(Debug)]
pub(crate) struct Cell {
    id: u16,
    wheel: Wheel,
    players: Vec<Player>,
    seats: Vec<Seat>,
    free: Vec<u32>,
    /// Bodies in flight, by POP.
    flows: Vec<Vec<Flow>>,
    /// Slices of the edge caches, by POP.
    pub(crate) edges: Vec<Slice>,
    joined: Vec<Joined>,
    /// What remains of the epoch's headroom, by POP, in millibits.
    headroom: Vec<u64>,
    /// Answers of the backhaul, put here at the barrier.
    pub(crate) inbox: Vec<Fetched>,
    /// Sessions granted in the coming epoch: index into the plan, and when; put here at the barrier.
    pub(crate) granted: Vec<(u32, Option<Timestamp>)>,
    /// Fetches of this epoch.
    pub(crate) outbox: Vec<Fetch>,
    /// Millibits sent in this epoch, by POP.
    pub(crate) sent: Vec<u64>,
    /// Rate that the bodies in flight could take at the end of the epoch, by POP, in kbit/s.
    pub(crate) demand: Vec<u64>,
    pub(crate) outcomes: Vec<Outcomes>,
    pub(crate) ledger: Ledger,
    /// Running hash of all events.
    pub(crate) hash: u64,
    pub(crate) events: u64,
    /// Sessions that are on.
    pub(crate) present: u32,
}

impl Cell {
    pub(crate) fn new(id: u16, stage: &Stage, edges: Vec<Slice>) -> Self {
        let pops = stage.world.pops.len();
        Self {
            id,
            wheel: Wheel::new(stage.world.clock.epoch),
            players: Vec::new(),
            seats: Vec::new(),
            free: Vec::new(),
            flows: vec![Vec::new(); pops],
            edges,
            joined: Vec::new(),
            headroom: vec![0; pops],
            inbox: Vec::new(),
            granted: Vec::new(),
            outbox: Vec::new(),
            sent: vec![0; pops],
            demand: vec![0; pops],
            outcomes: vec![Outcomes::default(); stage.shape.regions * stage.shape.pathways],
            ledger: Ledger::new(stage.shape),
            hash: mix(u64::from(id)),
            events: 0,
            present: 0,
        }
    }

    pub(crate) fn id(&self) -> u16 {
        self.id
    }

    /// Runs one epoch.
    pub(crate) fn run_epoch(&mut self, stage: &Stage, board: &Board) {
        self.begin_epoch(stage, board);
        while let Some(event) = self.wheel.pop() {
            self.hash = mix(self.hash ^ event.word());
            self.events += 1;
            self.handle(stage, board, event);
        }
        self.end_epoch(stage, board);
    }

    fn begin_epoch(&mut self, stage: &Stage, board: &Board) {
        self.wheel.turn_to(board.ordinal);
        self.headroom.copy_from_slice(&board.headroom);
        self.sent.fill(0);
        self.outcomes.fill(Outcomes::default());
        for edge in &mut self.edges {
            edge.admit_filled(board.from);
        }
        self.advance_flows(stage, board);
        self.take_answers(stage, board);
        self.take_granted(stage, board);
    }

    fn handle(&mut self, stage: &Stage, board: &Board, event: Event) {
        let (slot, now) = (event.slot(), event.at());
        let seat = &self.seats[slot as usize];
        match event.kind() {
            EventKind::Begin if seat.phase == Phase::Granting && seat.wake_at == now => self.begin(stage, board, slot, now),
            EventKind::Finish => self.finish(stage, board, slot, now),
            EventKind::Answer => {
                if let Pending::Answer(at, answer) = seat.pending
                    && at == now
                {
                    self.seats[slot as usize].pending = Pending::Nothing;
                    match answer {
                        Answer::Loaded(loaded) => self.loaded(stage, board, slot, loaded, now),
                        Answer::Failed(failure) => self.failed(stage, board, slot, failure, now),
                    }
                }
            }
            EventKind::Timeout if seat.phase == Phase::Active && seat.timeout_at == now && seat.pending != Pending::Nothing => {
                self.drop_pending(slot, now);
                self.failed(stage, board, slot, Failure::Timeout, now);
            }
            EventKind::Progress if seat.phase == Phase::Active && seat.progress_at == now => {
                self.progress(stage, board, slot, now);
            }
            EventKind::Wake if seat.phase == Phase::Active && seat.wake_at == now && seat.pending == Pending::Nothing => {
                self.poll_steering(stage, board, slot, now);
                let step = self.players[slot as usize].wake(&stage.context(&self.seats[slot as usize]), now);
                self.obey(stage, board, slot, step, now);
            }
            EventKind::Patience if seat.phase != Phase::Empty && seat.patience_until == now && !seat.started => {
                self.give_up(slot, now);
            }
            EventKind::Leave if seat.phase != Phase::Empty && seat.leaves_at == now => self.leave(slot, now),
            _ => {}
        }
    }

    /// A request succeeded.
    fn loaded(&mut self, stage: &Stage, board: &Board, slot: u32, loaded: Loaded, now: Timestamp) {
        self.observe_health(stage, slot, Some(&loaded), now);
        self.poll_steering(stage, board, slot, now);
        let step = self.players[slot as usize].loaded(&stage.context(&self.seats[slot as usize]), now, loaded);
        self.obey(stage, board, slot, step, now);
    }

    /// A request failed.
    fn failed(&mut self, stage: &Stage, board: &Board, slot: u32, failure: Failure, now: Timestamp) {
        self.observe_health(stage, slot, None, now);
        let seat = &mut self.seats[slot as usize];
        let lost = now.since(seat.requested_at);
        let cause = if seat.faulted { crate::ledger::Cause::OutageDetection } else { crate::ledger::Cause::OriginOrMiss };
        seat.losses.add(cause, lost);
        seat.failed_at = Some(now);
        self.sums_of(slot).failures += 1;
        self.poll_steering(stage, board, slot, now);
        let step = self.players[slot as usize].failed(&stage.context(&self.seats[slot as usize]), now, failure);
        self.obey(stage, board, slot, step, now);
    }

    /// The sums that a seat's doings count into.
    fn sums_of(&mut self, slot: u32) -> &mut Sums {
        let seat = &self.seats[slot as usize];
        let pathway = self.players[slot as usize].pathway();
        self.ledger.at(seat.cohort, seat.region, pathway)
    }

    /// Counts playback since the last call. A stall gets its cause once playback goes on.
    fn account(&mut self, slot: u32, played: Played) {
        let play = played.stalled_from.since(played.from);
        let stall = played.to.since(played.stalled_from);
        if play > Micros::ZERO {
            self.close_stall(slot);
        }
        let seat = &mut self.seats[slot as usize];
        seat.open_stall += stall;
        seat.stalled_once |= played.stall_began;
        if played.first_frame {
            seat.started = true;
            let startup = played.to.since(seat.arrived_at);
            let (cohort, region) = (seat.cohort, seat.region);
            self.ledger.startups.push((cohort, region, startup));
            self.sums_of(slot).started += 1;
        }
        let sums = self.sums_of(slot);
        sums.played += play.0;
        sums.stalled += stall.0;
        sums.stalls += u64::from(played.stall_began);
    }

    /// Gives the stall time that has none its cause.
    fn close_stall(&mut self, slot: u32) {
        let seat = &mut self.seats[slot as usize];
        let stall = std::mem::take(&mut seat.open_stall);
        if stall > Micros::ZERO {
            let cause = seat.losses.primary();
            self.sums_of(slot).caused[cause as usize] += stall.0;
        }
    }

    /// Counts playback up to `now`, the end of a bucket, and hands the bucket over.
    pub(crate) fn end_bucket(&mut self, now: Timestamp, close_stalls: bool) {
        for slot in 0..self.seats.len() {
            #[expect(clippy::cast_possible_truncation, reason = "a cell has at most 2^20 seats")]
            let slot = slot as u32;
            match self.seats[slot as usize].phase {
                Phase::Active => {
                    let played = self.players[slot as usize].settle(now);
                    self.account(slot, played);
                }
                Phase::Dead => self.settle_dead(slot, now),
                Phase::Empty | Phase::Granting => continue,
            }
            if close_stalls {
                self.close_stall(slot);
            }
        }
    }

    /// Bodies in flight of one POP, by access class: what max-min sharing needs.
    pub(crate) fn count_classes(&self, pop: PopId, flows: &mut [u32; crate::sharing::CLASSES]) {
        for flow in &self.flows[pop.index()] {
            if !flow.blocked && flow.finish_at == Timestamp::NEVER {
                flows[usize::from(flow.class.0)] += 1;
            }
        }
    }

    /// Bits that flows in flight have received so far: what conservation is checked with.
    pub(crate) fn bits_in_flight(&self, now: Timestamp) -> Bits {
        Bits(self.flows.iter().flatten().map(|flow| flow.received(now).0).sum())
    }

    /// Live misses that the barrier has answered and this cell has not counted yet.
    pub(crate) fn misses_unanswered(&self) -> u64 {
        use crate::backhaul::Found;
        self.inbox.iter().filter(|answer| answer.fetch.live.is_some() && answer.found == Found::Fetched).count() as u64
    }

    /// Players that have a session, for `memory` figures.
    pub(crate) fn seats_allocated(&self) -> usize {
        self.seats.len()
    }

    /// Obeys a player's command.
    fn obey(&mut self, stage: &Stage, board: &Board, slot: u32, step: Step, now: Timestamp) {
        use actors::player::Command;
        self.account(slot, step.played);
        match step.command {
            Command::Continue => {}
            Command::Load(request) => self.send(stage, board, slot, request, now),
            Command::Replace(request) => {
                self.drop_pending(slot, now);
                self.send(stage, board, slot, request, now);
            }
            Command::Wait(until) => {
                self.drop_pending(slot, now);
                let until = until.max(now);
                self.seats[slot as usize].wake_at = until;
                if until < Timestamp(1 << 40) {
                    self.wheel.push(Event::new(until, EventKind::Wake, slot));
                }
            }
            Command::End(reason) => {
                self.drop_pending(slot, now);
                self.ended(slot, reason, now);
            }
        }
    }
}
