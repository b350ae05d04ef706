//! A cell: a fixed slice of the world's viewers, with the matching slice of every POP's cache and uplink.
//!
//! One epoch of a cell: deliver bits to the bodies in flight at the published rates, take the backhaul's answers, then
//! work through the events in order of (time, kind, seat). Cells share nothing within an epoch, so any thread may run
//! any of them.
//!
//! A cell is its seats and the [`Hall`], which is all that they share. What happens to one viewer is a method of the hall
//! on that viewer's seat, so that a seat is looked up once per event.
//!
//! Split: this file holds the state and the loop; `session` begins and ends sessions, `request` turns a player's
//! commands into answers, `failure` takes those that are none, `transfer` moves bits, `sweep` moves them for all bodies at
//! a barrier, `account` counts.

use actors::player::{Command, Loaded, Step};
use units::draws::mix;
use units::{Bits, PopId, Timestamp};

use crate::backhaul::{Fetch, Fetched};
use crate::board::Board;
use crate::edge::Slice;
use crate::flow::Body;
use crate::ledger::Ledger;
use crate::seat::{Margin, Pending, Phase, Seat};
use crate::stage::Stage;
use crate::wheel::{Event, EventKind, Wheel};

mod account;
mod ahead;
mod failure;
mod request;
mod session;
mod sweep;
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

/// Whose turn it is, and when.
#[derive(Debug, Clone, Copy)]
struct Turn<'a> {
    stage: &'a Stage,
    board: &'a Board,
    slot: u32,
    now: Timestamp,
}

/// A fixed slice of the simulated world.
#[derive(Debug)]
pub(crate) struct Cell {
    seats: Vec<Seat>,
    hall: Hall,
    /// Answers of the backhaul, put here at the barrier.
    pub(crate) inbox: Vec<Fetched>,
    /// Sessions granted in the coming epoch: index into the plan, and when; put here at the barrier.
    pub(crate) granted: Vec<(u32, Option<Timestamp>)>,
    /// Running hash of all events.
    pub(crate) hash: u64,
    pub(crate) events: u64,
}

/// What the seats of a cell share.
#[derive(Debug)]
struct Hall {
    id: u16,
    wheel: Wheel,
    /// By slot, as the seats.
    margins: Vec<Margin>,
    free: Vec<u32>,
    /// Bodies in flight, by POP.
    bodies: Vec<Vec<Body>>,
    /// By slot: where a seat's body is in its POP's list.
    places: Vec<u32>,
    /// Places in a list of the bodies that do not glide; empty but during the sweep.
    noticed: Vec<u32>,
    /// Slices of the edge caches, by POP.
    edges: Vec<Slice>,
    joined: Vec<Joined>,
    /// What remains of the epoch's headroom, by POP, in millibits.
    headroom: Vec<u64>,
    /// Fetches of this epoch.
    outbox: Vec<Fetch>,
    /// Millibits sent in this epoch, by POP.
    sent: Vec<u64>,
    /// Rate that the bodies in flight could take at the end of the epoch, by POP, in kbit/s.
    demand: Vec<u64>,
    outcomes: Vec<Outcomes>,
    /// Its group's (`crew.rs`), within `with_ledger`; else an empty one.
    ledger: Ledger,
    /// Sessions that are on.
    present: u32,
}

impl Cell {
    pub(crate) fn new(id: u16, stage: &Stage, edges: Vec<Slice>) -> Self {
        let pops = stage.world.pops.len();
        let hall = Hall {
            id,
            wheel: Wheel::new(stage.world.clock.epoch),
            margins: Vec::new(),
            free: Vec::new(),
            bodies: vec![Vec::new(); pops],
            places: Vec::new(),
            noticed: Vec::new(),
            edges,
            joined: Vec::new(),
            headroom: vec![0; pops],
            outbox: Vec::new(),
            sent: vec![0; pops],
            demand: vec![0; pops],
            outcomes: vec![Outcomes::default(); stage.shape.regions * stage.shape.pathways],
            ledger: Ledger::default(),
            present: 0,
        };
        Self {
            seats: Vec::new(),
            hall,
            inbox: Vec::new(),
            granted: Vec::new(),
            hash: mix(u64::from(id)),
            events: 0,
        }
    }

    pub(crate) fn id(&self) -> u16 {
        self.hall.id
    }

    /// Does some work of the cell that counts into `ledger`.
    pub(crate) fn with_ledger(&mut self, ledger: &mut Ledger, work: impl FnOnce(&mut Self)) {
        std::mem::swap(&mut self.hall.ledger, ledger);
        work(self);
        std::mem::swap(&mut self.hall.ledger, ledger);
    }

    /// Runs one epoch.
    pub(crate) fn run_epoch(&mut self, stage: &Stage, board: &Board) {
        self.begin_epoch(stage, board);
        self.hall.wheel.sort();
        for turn in 0.. {
            let Some(event) = self.hall.wheel.pop() else { break };
            if turn % ahead::BATCH == 0 {
                self.look_ahead(stage, event);
            }
            self.hash = mix(self.hash ^ event.word());
            self.events += 1;
            self.handle(stage, board, event);
        }
        self.end_epoch(stage, board);
        self.hall.wheel.file();
    }

    fn begin_epoch(&mut self, stage: &Stage, board: &Board) {
        let hall = &mut self.hall;
        hall.wheel.turn_to(board.ordinal);
        hall.headroom.copy_from_slice(&board.headroom);
        hall.sent.fill(0);
        hall.outcomes.fill(Outcomes::default());
        for edge in &mut hall.edges {
            edge.admit_filled(board.from);
        }
        self.advance_bodies(stage, board);
        self.take_answers(stage, board);
        self.take_granted(stage, board);
    }

    fn handle(&mut self, stage: &Stage, board: &Board, event: Event) {
        let turn = &Turn { stage, board, slot: event.slot(), now: event.at() };
        let (hall, seat, now) = (&mut self.hall, &mut self.seats[turn.slot as usize], turn.now);
        match event.kind() {
            EventKind::Begin if seat.phase == Phase::Granting && seat.due == now => hall.begin(turn, seat),
            EventKind::Finish if seat.due == now && matches!(seat.pending, Pending::Ending(_)) => {
                hall.finish(turn, seat)
            }
            EventKind::Answer if seat.due == now => match seat.pending {
                Pending::Playlist { newest_listed } => hall.playlist(turn, seat, newest_listed),
                Pending::Error(failure) => hall.refused(turn, seat, failure),
                _ => {}
            },
            EventKind::Timeout if seat.timeout_at == now && seat.pending != Pending::Nothing => {
                hall.timed_out(turn, seat)
            }
            EventKind::Progress if seat.progress_at == now => hall.progress(turn, seat),
            EventKind::Wake
                if seat.phase == Phase::Active && seat.due == now && seat.pending == Pending::Nothing =>
            {
                seat.due = Timestamp::NEVER;
                hall.poll_steering(turn, seat);
                let step = seat.player.wake(&stage.context(seat), now);
                hall.obey(turn, seat, &step);
            }
            EventKind::Patience if hall.margin(turn).patience_until == now && !seat.started => {
                hall.give_up(turn, seat)
            }
            EventKind::Leave if hall.margin(turn).leaves_at == now => hall.leave(turn, seat),
            _ => {}
        }
    }

    /// Counts playback up to `now`, the end of a bucket.
    pub(crate) fn end_bucket(&mut self, now: Timestamp, close_stalls: bool) {
        for (slot, seat) in (0u32..).zip(&mut self.seats) {
            match seat.phase {
                Phase::Active => {
                    let played = seat.player.settle(now);
                    self.hall.account(slot, seat, &played);
                }
                Phase::Dead => self.hall.settle_dead(slot, seat, now),
                Phase::Empty | Phase::Granting => continue,
            }
            if close_stalls {
                self.hall.close_stall(slot, seat);
            }
        }
    }

    /// Bodies in flight of one POP, by access class: what max-min sharing needs.
    pub(crate) fn count_classes(&self, pop: PopId, flows: &mut [u32; crate::sharing::CLASSES]) {
        for body in self.hall.bodies[pop.index()].iter().filter(|body| !body.is_blocked()) {
            flows[usize::from(body.class.0)] += 1;
        }
    }

    /// Bits that bodies in flight have brought by the end of the last epoch: what conservation is checked with.
    pub(crate) fn bits_in_flight(&self) -> Bits {
        let known = self.hall.bodies.iter().flatten();
        let flowing =
            known.map(|body| Bits((self.seats[body.slot as usize].size.0 * 1_000 - body.remaining) / 1_000));
        let ending =
            self.seats.iter().filter(|seat| matches!(seat.pending, Pending::Ending(_))).map(|seat| seat.size);
        flowing.chain(ending).sum()
    }

    /// Live misses that the barrier has answered and this cell has not counted yet.
    pub(crate) fn misses_unanswered(&self) -> u64 {
        use crate::backhaul::Found;
        self.inbox
            .iter()
            .filter(|answer| answer.fetch.live.is_some() && answer.found == Found::Fetched)
            .count() as u64
    }

    /// Seats that were ever taken at the same time, for `memory` figures.
    pub(crate) fn seats_allocated(&self) -> usize {
        self.seats.len()
    }

    /// Sessions that are on.
    pub(crate) fn present(&self) -> u32 {
        self.hall.present
    }

    pub(crate) fn outcomes(&self) -> &[Outcomes] {
        &self.hall.outcomes
    }

    /// Millibits sent to the bodies of a POP in this epoch.
    pub(crate) fn sent(&self, pop: usize) -> u64 {
        self.hall.sent[pop]
    }

    /// Rate that the bodies in flight could take of a POP's link, in kbit/s.
    pub(crate) fn demand(&self, pop: PopId) -> u64 {
        self.hall.demand[pop.index()]
    }

    /// Fetches that the last epoch left.
    pub(crate) fn outbox(&mut self) -> &mut Vec<Fetch> {
        &mut self.hall.outbox
    }
}

impl Hall {
    fn margin(&self, turn: &Turn<'_>) -> &Margin {
        &self.margins[turn.slot as usize]
    }

    /// A playlist has come.
    fn playlist(&mut self, turn: &Turn<'_>, seat: &mut Seat, newest_listed: Option<u32>) {
        let loaded = Loaded {
            requested_at: seat.requested_at,
            first_byte_at: turn.now,
            size: request::PLAYLIST_SIZE,
            newest_listed,
        };
        seat.pending = Pending::Nothing;
        seat.due = Timestamp::NEVER;
        self.loaded(turn, seat, loaded);
    }

    /// A request succeeded.
    fn loaded(&mut self, turn: &Turn<'_>, seat: &mut Seat, loaded: Loaded) {
        self.observe_health(turn, seat, Some(&loaded));
        self.sums_of(seat).answered += 1;
        self.poll_steering(turn, seat);
        let step = seat.player.loaded(&turn.stage.context(seat), turn.now, loaded);
        self.obey(turn, seat, &step);
    }

    /// Takes over the steering service's answer to the last poll, if there was one since the player last acted.
    ///
    /// A steering answer takes effect at a player's next request and no sooner, so looking it up then is exact and costs
    /// no event per poll.
    fn poll_steering(&self, turn: &Turn<'_>, seat: &mut Seat) {
        if turn.now < seat.next_poll {
            return;
        }
        let steering = &turn.board.steering;
        let (asked_at, next) = steering.last_poll(seat.next_poll, turn.now);
        seat.next_poll = next;
        let version = steering.version_at(asked_at);
        // The same table answers the same viewer the same order.
        let known = u16::try_from(version).unwrap_or(0);
        if known != 0 && seat.steered_by == known {
            seat.player.steer_as_before();
            return;
        }
        seat.steered_by = known;
        let draw = turn.stage.steering_draw(seat.viewer);
        seat.player.steer(steering.order(version, seat.region, draw));
    }

    /// Obeys a player's command.
    fn obey(&mut self, turn: &Turn<'_>, seat: &mut Seat, step: &Step) {
        self.account(turn.slot, seat, &step.played);
        match &step.command {
            Command::Continue => {}
            Command::Load(request) => self.send(turn, seat, request),
            Command::Replace(request) => {
                self.drop_pending(turn, seat);
                self.send(turn, seat, request);
            }
            Command::Wait(until) => {
                self.drop_pending(turn, seat);
                self.plan(turn.slot, seat, EventKind::Wake, (*until).max(turn.now));
            }
            Command::End(reason) => {
                self.drop_pending(turn, seat);
                self.ended(turn, seat, *reason);
            }
        }
    }

    /// Plans what the seat waits for, unless it lies beyond any run.
    fn plan(&mut self, slot: u32, seat: &mut Seat, kind: EventKind, at: Timestamp) {
        seat.due = at;
        if at < Event::END {
            self.wheel.push(Event::new(at, kind, slot));
        }
    }

    /// Plans a time-out of the request in flight.
    fn plan_timeout(&mut self, slot: u32, seat: &mut Seat, at: Timestamp) {
        seat.timeout_at = at;
        if at < Event::END {
            self.wheel.push(Event::new(at, EventKind::Timeout, slot));
        }
    }

    /// Plans the player's next look at its download.
    fn plan_look(&mut self, slot: u32, seat: &mut Seat, at: Timestamp) {
        seat.progress_at = at;
        if at < Event::END {
            self.wheel.push(Event::new(at, EventKind::Progress, slot));
        }
    }
}
