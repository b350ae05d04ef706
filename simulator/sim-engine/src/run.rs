//! One run: epochs, barriers, threads.
//!
//! Within an epoch every cell works alone; at the barrier one thread takes what they left (fetches, bits sent, outcomes)
//! in a fixed order and publishes the next board. So the thread count changes no byte.

use fault_plan::{Action, Failure};
use units::draws::{Draws, mix};
use units::{Kbps, Micros, Purpose, Timestamp};

use crate::backhaul::{Backhaul, Fetch, Fetched};
use crate::board::{Board, Shelf, Stocked, UNSHARED};
use crate::cell::{Cell, Outcomes};
use crate::control::Control;
use crate::crew::Crew;
use crate::flow::Rates;
use crate::ledger::Sums;
use crate::link::Link;
use crate::output::RunOutput;
use crate::queue::{Queue, Served};
use crate::service::ServiceTime;
use crate::stage::Stage;
use crate::{sharing, warm};

/// How to run, as opposed to what: nothing here changes a byte of the result.
#[derive(Clone, Copy, Default)]
pub struct RunOptions<'a> {
    /// Threads for the cells of this run; 0 and 1 mean the caller's own.
    pub threads: usize,
    /// Called at the end of each bucket with the virtual time reached; `false` stops the run.
    pub on_bucket: Option<&'a (dyn Fn(Timestamp) -> bool + Sync)>,
    /// For tests of `reproduce` only: a word to mix into a cell's trace, by epoch and cell. A function that is not pure
    /// plants non-determinism.
    pub plant: Option<&'a (dyn Fn(u64, u16) -> u64 + Sync)>,
}

/// Runs one arm with one seed.
#[must_use]
pub fn run(stage: &Stage, options: RunOptions<'_>) -> RunOutput {
    if options.threads <= 1 {
        return World::new(stage, 1).run(options);
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build();
    match pool {
        Ok(pool) => pool.install(|| World::new(stage, options.threads).run(options)),
        // Without threads the result is the same, only later.
        Err(_) => World::new(stage, 1).run(options),
    }
}

struct World<'a> {
    stage: &'a Stage,
    cells: Vec<Cell>,
    crew: Crew,
    board: Board,
    backhaul: Backhaul,
    control: Control,
    links: Vec<Link>,
    store: Option<(Queue, ServiceTime)>,
    store_draws: Draws,
    /// The next session of the plan.
    next_session: usize,
    output: RunOutput,
    /// Sums of the present bucket.
    viewers: u64,
    sessions: u64,
    store_waits: Vec<Micros>,
    /// By POP, in millibits.
    egress: Vec<u64>,
    fetches: Vec<Fetch>,
}

impl<'a> World<'a> {
    fn new(stage: &'a Stage, threads: usize) -> Self {
        let (edges, shield) = warm::caches(stage);
        let (mut control, steering) = Control::new(stage);
        let world = &stage.world;
        let route = control.routes(stage, Timestamp::ZERO);
        let pops = world.pops.len();
        let board = Board {
            ordinal: 0,
            from: Timestamp::ZERO,
            to: Timestamp(world.clock.epoch.0),
            rates: vec![Rates::unshared(); pops],
            headroom: vec![0; pops],
            route,
            faults: Vec::new(),
            cuts: false,
            slowed: vec![false; pops],
            slot_ends: Vec::new(),
            live: vec![Shelf::new(); pops],
            steering,
        };
        let cells = (0..).zip(edges).map(|(id, edges)| Cell::new(id, stage, edges));
        Self {
            cells: cells.collect(),
            crew: Crew::new(stage.shape, usize::from(world.clock.cells), threads),
            board,
            backhaul: Backhaul::new(world, shield, Draws::new(stage.seed, Purpose::OriginService)),
            control,
            links: vec![Link::default(); pops],
            store: world
                .session_store
                .as_ref()
                .map(|store| (Queue::new(store.servers, store.queue_limit), ServiceTime::new(store.service))),
            store_draws: Draws::new(stage.seed, Purpose::SessionStore),
            next_session: 0,
            output: RunOutput::default(),
            viewers: 0,
            sessions: 0,
            store_waits: Vec::new(),
            egress: vec![0; pops],
            fetches: Vec::new(),
            stage,
        }
    }

    fn run(mut self, options: RunOptions<'_>) -> RunOutput {
        let epoch = self.stage.world.clock.epoch;
        let epochs = self.stage.world.clock.duration.0.div_ceil(epoch.0);
        self.publish(0);
        for ordinal in 0..epochs {
            self.crew.run_epoch(&mut self.cells, self.stage, &self.board);
            self.trace(ordinal, options);
            self.settle_epoch();
            let to = self.board.to;
            if to.0.is_multiple_of(self.stage.world.clock.bucket.0) || ordinal + 1 == epochs {
                self.end_bucket(to, ordinal + 1 == epochs);
                if options.on_bucket.is_some_and(|on_bucket| !on_bucket(to)) {
                    self.output.stopped = ordinal + 1 != epochs;
                    break;
                }
            }
            self.publish(ordinal + 1);
        }
        self.finish()
    }

    /// Hashes of the epoch, so that a divergence can be traced to it.
    fn trace(&mut self, ordinal: u64, options: RunOptions<'_>) {
        if let Some(plant) = options.plant {
            for cell in &mut self.cells {
                cell.hash ^= plant(ordinal, cell.id());
            }
        }
        let all = self.cells.iter().fold(ordinal, |hash, cell| mix(hash ^ cell.hash));
        self.output.epoch_hashes.push(fold(all));
        let minute = 60_000_000;
        if self.board.to.0.is_multiple_of(minute) {
            self.output.minute_hashes.push(self.cells.iter().map(|cell| fold(cell.hash)).collect());
        }
    }

    /// The barrier's first half: what the epoch left.
    fn settle_epoch(&mut self) {
        self.answer_fetches();
        let mut outcomes = vec![Outcomes::default(); self.stage.shape.regions * self.stage.shape.pathways];
        for cell in &self.cells {
            for (sum, part) in outcomes.iter_mut().zip(cell.outcomes()) {
                sum.add(part);
            }
            self.viewers += u64::from(cell.present());
        }
        let sent: Vec<u64> =
            (0..self.links.len()).map(|pop| self.cells.iter().map(|cell| cell.sent(pop)).sum()).collect();
        for (pop, link) in self.links.iter_mut().enumerate() {
            link.account(sent[pop], self.board.rates[pop].share() != UNSHARED);
            self.output.conservation.sent_millibits += sent[pop];
            self.egress[pop] += sent[pop];
        }
        self.control.step(self.stage, &mut self.board, &outcomes, &sent);
    }

    /// Answers the fetches of all cells in order of (time, cell, seat).
    fn answer_fetches(&mut self) {
        let mut fetches = std::mem::take(&mut self.fetches);
        for cell in &mut self.cells {
            fetches.append(cell.outbox());
        }
        fetches.sort_unstable_by_key(|fetch| (fetch.at, fetch.cell, fetch.slot));
        self.backhaul.admit_filled(self.board.from);
        for &fetch in &fetches {
            let (times, found) = match fetch.live {
                None => (self.backhaul.fetch(&fetch), crate::backhaul::Found::Fetched),
                Some(index) => self.fetch_live(&fetch, index),
            };
            self.cells[usize::from(fetch.cell)].inbox.push(Fetched { fetch, times, found });
        }
        fetches.clear();
        self.fetches = fetches;
    }

    /// A live object belongs to the POP: the first request makes the fill, later ones of the epoch find it.
    fn fetch_live(
        &mut self,
        fetch: &Fetch,
        index: u32,
    ) -> (Option<(Timestamp, Timestamp)>, crate::backhaul::Found) {
        use crate::backhaul::Found;
        use platform_core::cache::policy::fill::InFlight;
        let shelf = &mut self.board.live[fetch.pop.index()];
        if let Some(stocked) = shelf.look(fetch.key) {
            if stocked.filled_at <= fetch.at {
                return (Some((fetch.at, fetch.at)), Found::Hit);
            }
            if self.stage.levers.joins(InFlight::at(fetch.at, (stocked.asked_at, stocked.ready_at))) {
                return (Some((stocked.ready_at.max(fetch.at), stocked.filled_at)), Found::Joined);
            }
        }
        let times = self.backhaul.fetch(fetch);
        if let Some((ready_at, filled_at)) = times {
            shelf.stock(fetch.key, Stocked { asked_at: fetch.at, ready_at, filled_at, index });
        }
        (times, Found::Fetched)
    }

    /// The barrier's second half: the board of epoch `ordinal`.
    fn publish(&mut self, ordinal: u64) {
        let clock = &self.stage.world.clock;
        let from = Timestamp(ordinal * clock.epoch.0);
        let to = from + clock.epoch;
        self.board.ordinal = ordinal;
        self.board.from = from;
        self.board.to = to;
        self.board.route = self.control.routes(self.stage, from);
        let faults = self.stage.world.faults.iter().enumerate();
        self.board.faults =
            faults.filter(|(_, fault)| fault.at <= to && fault.ends() > from).map(|(at, _)| at).collect();
        self.board.cuts = self.stage.world.faults.iter().any(|fault| {
            let cuts = matches!(fault.action, Action::Outage { failure: Failure::Hang | Failure::Reset, .. });
            cuts && fault.at <= to && fault.ends() + clock.epoch >= from
        });
        for pop in self.stage.world.pop_ids() {
            self.share_link(pop, from);
        }
        self.note_slot_ends(to);
        self.seat_sessions(to);
        if let Some(live) = self.stage.live
            && from.0.is_multiple_of(60_000_000)
        {
            let newest = live.newest(from, self.stage.ladder.segment).unwrap_or(0);
            #[expect(clippy::cast_possible_truncation, reason = "a window of a few minutes")]
            let kept = 4 + (live.window.0 / self.stage.ladder.segment.0) as u32;
            for shelf in &mut self.board.live {
                shelf.drop_before(newest.saturating_sub(kept));
            }
        }
    }

    /// Notes whose access rates change at the end of the epoch.
    fn note_slot_ends(&mut self, to: Timestamp) {
        self.board.slot_ends.clear();
        let ends = |slot: &Micros| to.0.is_multiple_of(slot.0);
        if self.stage.access_slots.iter().any(ends) {
            self.board.slot_ends.extend(self.stage.access_slots.iter().map(ends));
        }
    }

    /// Max-min over the flows that are known now, within what the link may send this epoch.
    fn share_link(&mut self, pop: units::PopId, from: Timestamp) {
        let epoch = self.stage.world.clock.epoch;
        let (capacity, slowed) = self.capacity_at(pop, from);
        let link = &mut self.links[pop.index()];
        let grant = link.grant(capacity, epoch);
        let demand = Kbps(self.cells.iter().map(|cell| cell.demand(pop)).sum());
        let usable = Kbps(grant / epoch.0);
        let (share, planned) = if demand <= usable {
            (UNSHARED, demand)
        } else {
            let mut flows = [0u32; sharing::CLASSES];
            for cell in &self.cells {
                cell.count_classes(pop, &mut flows);
            }
            match sharing::fair_share(usable, &flows, sharing::limits()) {
                Some(share) => (share, usable),
                None => (UNSHARED, demand),
            }
        };
        self.board.rates[pop.index()].set_share(share, epoch);
        self.board.slowed[pop.index()] = slowed;
        // What is not planned for, and one epoch's capacity to be repaid first, is split evenly for flows yet to start.
        let spare = grant - planned.millibits_in(epoch).min(grant);
        self.board.headroom[pop.index()] = (spare + link.borrow_max()) / self.cells.len() as u64;
    }

    fn capacity_at(&self, pop: units::PopId, now: Timestamp) -> (Kbps, bool) {
        let site = &self.stage.world.pops[pop.index()];
        let mut capacity = site.capacity;
        let mut slowed = false;
        for &fault in &self.board.faults {
            let fault = &self.stage.world.faults[fault];
            if let fault_plan::Effect::Slow { capacity_factor, .. } = fault.effect_at(now)
                && fault.target.cdn == site.cdn
                && fault.target.pops.contains(&pop)
            {
                capacity = capacity.scaled(capacity_factor);
                slowed = true;
            }
        }
        (capacity, slowed)
    }

    /// Sessions that arrive in the coming epoch pass the session store in order of arrival, and are told to their cells.
    fn seat_sessions(&mut self, to: Timestamp) {
        while let Some(session) =
            self.stage.sessions.get(self.next_session).filter(|session| session.arrives < to)
        {
            #[expect(clippy::cast_possible_truncation, reason = "sessions are numbered by u32")]
            let index = self.next_session as u32;
            self.next_session += 1;
            let granted = match &mut self.store {
                Some((queue, service)) if !session.present_at_start => {
                    let time = service.sample(self.store_draws.bits(u64::from(session.viewer.0), 0));
                    match queue.serve(session.arrives, time) {
                        Served::Done { at, .. } => {
                            self.store_waits.push(at.since(session.arrives));
                            Some(at)
                        }
                        Served::Rejected => None,
                    }
                }
                _ => Some(session.arrives),
            };
            self.sessions += u64::from(!session.present_at_start);
            let cell = self.stage.cell_of(session);
            self.cells[usize::from(cell)].granted.push((index, granted));
        }
    }

    fn end_bucket(&mut self, now: Timestamp, last: bool) {
        let warmup = self.stage.world.clock.warmup;
        let close = last || now == Timestamp(warmup.0);
        let mut sums = vec![Sums::default(); self.stage.shape.len()];
        let mut startups = Vec::new();
        for cell in &mut self.cells {
            cell.with_ledger(self.crew.ledger(), |cell| {
                cell.end_bucket(now, close);
                if last {
                    cell.count_remaining();
                }
            });
            if now == Timestamp(warmup.0) {
                cell.forget_warmup();
            }
        }
        self.crew.flush(&mut sums, &mut startups);
        for part in &sums {
            self.output.conservation.received_bits += part.received_bits;
            self.output.conservation.edge_misses += part.edge_misses;
        }
        let backhaul = std::mem::take(&mut self.backhaul.sums);
        let edge_requests =
            if self.stage.levers.shielded() { backhaul.shield_requests } else { backhaul.origin_requests };
        self.output.conservation.backhaul_requests += edge_requests;
        self.output.buckets.push(sums);
        self.output.startups.push(startups);
        self.output.backhaul.push(backhaul);
        let pops = self.egress.len();
        self.output.egress.push(std::mem::replace(&mut self.egress, vec![0; pops]));
        self.output.viewers.push(std::mem::take(&mut self.viewers));
        self.output.sessions.push(std::mem::take(&mut self.sessions));
        self.output.store_waits.push(std::mem::take(&mut self.store_waits));
        self.output.origin_waits.push(std::mem::take(&mut self.backhaul.waits));
    }

    fn finish(mut self) -> RunOutput {
        let in_flight: u64 = self.cells.iter().map(|cell| cell.bits_in_flight().0).sum();
        let answers_due: u64 = self.cells.iter().map(Cell::misses_unanswered).sum();
        let conservation = &mut self.output.conservation;
        conservation.received_bits += in_flight;
        conservation.edge_misses += answers_due;
        conservation.overdraft_ppm_max = self.links.iter().map(Link::overdraft_ppm_max).max().unwrap_or(0);
        self.output.steering_decisions = self.control.moves;
        self.output.events = self.cells.iter().map(|cell| cell.events).sum();
        self.output.seats = self.cells.iter().map(Cell::seats_allocated).sum();
        self.output
    }
}

/// 64 bits to 32: enough to tell runs apart, and half the report.
#[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
const fn fold(hash: u64) -> u32 {
    (hash >> 32) as u32 ^ hash as u32
}
