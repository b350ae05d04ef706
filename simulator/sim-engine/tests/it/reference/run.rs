//! The run of the reference: an event heap, exact sharing, nothing else.

use actors::player::{Command, EndReason, Failure, Loaded, Player, Progress, Request, RequestKind, Step};
use fault_plan::{Effect, Failure as PlannedFailure};
use scenarios::world::World;
use units::{Bits, Micros, PopId, Seed, Timestamp, ViewerId};

use super::events::{Event, Heap, Kind};
use super::link::{Link, PARTS_PER_BIT};
use super::tables::Tables;
use super::viewer::{Awaits, Coming, Status, Tally, Viewer, slow_start};

/// An edge's time for a request.
const SERVICE: Micros = Micros::from_millis(2);
/// A connection that rested longer starts slowly again (RFC 6298).
const REST: Micros = Micros::from_secs(1);
/// Size of a playlist.
const PLAYLIST: Bits = Bits(32_000);

/// What a run of the reference gives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    /// What was measured after the warm-up.
    pub(crate) tally: Tally,
    /// Most bits that any link sent, as a share of capacity × time.
    pub(crate) busiest: f64,
    pub(crate) events: u64,
}

/// Runs the reference over a world that holds everything in its caches, with static steering and the players' own load
/// policies.
pub(crate) fn run(world: &World, seed: u64) -> Outcome {
    Reference::new(world, Seed(seed)).run()
}

struct Reference {
    tables: Tables,
    heap: Heap,
    viewers: Vec<Viewer>,
    links: Vec<Link>,
    tally: Tally,
    measuring: bool,
    now: Timestamp,
}

impl Reference {
    fn new(world: &World, seed: Seed) -> Self {
        let tables = Tables::new(world, seed);
        let mut heap = Heap::default();
        let mut viewers = Vec::with_capacity(tables.sessions.len());
        for (who, session) in (0u32..).zip(tables.sessions.iter()) {
            let player = Player::new(&tables.context(who), session.arrives, tables.order(who));
            viewers.push(Viewer::new(player, tables.access(who).viewer(ViewerId(who))));
            heap.push(session.arrives, Kind::Come, who, 0);
            heap.push(session.leaves, Kind::Leave, who, 0);
            if !session.present_at_start && session.startup_patience != Micros::MAX {
                heap.push(session.arrives + session.startup_patience, Kind::Patience, who, 0);
            }
        }
        for fault in &world.faults {
            for at in [fault.at, fault.ends()] {
                for pop in world.pop_ids() {
                    heap.push(at, Kind::Capacity, u32::from(pop.0), 0);
                }
            }
        }
        for cohort in 0..world.audience.cohorts.len() {
            let slot = tables.slot_of(units::CohortId(cohort as u8));
            heap.push(Timestamp(slot.0), Kind::Slot, cohort as u32, 0);
        }
        heap.push(Timestamp(world.clock.warmup.0), Kind::Measure, 0, 0);
        heap.push(world.end(), Kind::Over, 0, 0);
        let links = world.pops.iter().map(|pop| Link::new(pop.capacity)).collect();
        let tally = Tally::default();
        Self { tables, heap, viewers, links, tally, measuring: false, now: Timestamp::ZERO }
    }

    fn run(mut self) -> Outcome {
        let mut events = 0;
        while let Some(event) = self.heap.pop() {
            events += 1;
            self.now = event.at;
            if event.kind == Kind::Over {
                break;
            }
            self.handle(event);
        }
        self.settle_all();
        let span = self.tables.world.clock.duration.0;
        let busy = self.links.iter().zip(&self.tables.world.pops).map(|(link, pop)| {
            let room = pop.capacity.millibits_in(Micros(span)) / 1_000;
            (link.served / u128::from(PARTS_PER_BIT)) as f64 / room as f64
        });
        Outcome { tally: self.tally, busiest: busy.fold(0.0, f64::max), events }
    }

    fn handle(&mut self, event: Event) {
        let who = event.who;
        match event.kind {
            Kind::Capacity => {
                let pop = PopId(who as u8);
                let capacity = self.tables.capacity(pop, self.now);
                self.change_link(pop, |link| link.set_capacity(capacity));
            }
            Kind::Slot => self.next_slot(who),
            Kind::End => self.end_flows(PopId(who as u8), event.serial),
            Kind::Come => self.come(who),
            Kind::Patience => self.give_up(who),
            Kind::Leave => self.leave(who),
            Kind::Measure => {
                self.settle_all();
                self.tally = Tally::default();
                self.measuring = true;
            }
            Kind::Over => {}
            Kind::Answer | Kind::Flow | Kind::Timeout | Kind::Idle | Kind::Look | Kind::Wake => {
                let viewer = &self.viewers[who as usize];
                if viewer.status == Status::On && u64::from(viewer.serial) == event.serial {
                    self.handle_request(event.kind, who);
                }
            }
        }
    }

    fn handle_request(&mut self, kind: Kind, who: u32) {
        match kind {
            Kind::Answer => match self.viewers[who as usize].awaits {
                Awaits::Playlist(loaded) => self.loaded(who, loaded),
                Awaits::Error(failure) => self.failed(who, failure),
                _ => unreachable!("an answer needs a request"),
            },
            Kind::Flow => self.begin_flow(who),
            Kind::Timeout => {
                self.drop_request(who);
                self.failed(who, Failure::Timeout);
            }
            Kind::Idle => {
                let idle = self.viewers[who as usize].request.deadlines.idle;
                if let Awaits::Flow(Coming { silent_from: Some(from), .. }, _) = self.viewers[who as usize].awaits
                    && from + idle == self.now
                {
                    self.drop_request(who);
                    self.failed(who, Failure::Timeout);
                }
            }
            Kind::Look => self.look(who),
            _ => {
                let step = self.viewers[who as usize].player.wake(&self.tables.context(who), self.now);
                self.obey(who, step);
            }
        }
    }

    fn come(&mut self, who: u32) {
        let context = self.tables.context(who);
        let viewer = &mut self.viewers[who as usize];
        viewer.status = Status::On;
        let step = if self.tables.session(who).present_at_start {
            viewer.started = true;
            let found = self.tables.found(who, &viewer.access);
            viewer.player.resume(&context, self.now, found)
        } else {
            viewer.player.begin(&context, self.now)
        };
        self.obey(who, step);
    }

    fn give_up(&mut self, who: u32) {
        let viewer = &self.viewers[who as usize];
        if viewer.status == Status::On && !viewer.started {
            self.drop_request(who);
            self.viewers[who as usize].status = Status::Over;
            self.tally.exits += 1;
        }
    }

    fn leave(&mut self, who: u32) {
        if self.viewers[who as usize].status == Status::On {
            self.drop_request(who);
        }
        self.settle(who);
        self.viewers[who as usize].status = Status::Over;
    }

    /// Counts playback of one viewer up to now.
    fn settle(&mut self, who: u32) {
        let viewer = &mut self.viewers[who as usize];
        match viewer.status {
            Status::On => self.tally.count(viewer.player.settle(self.now)),
            Status::Dead(since) => {
                self.tally.stalled += self.now.since(since).0;
                viewer.status = Status::Dead(self.now);
            }
            Status::Planned | Status::Over => {}
        }
    }

    fn settle_all(&mut self) {
        for who in 0..self.viewers.len() as u32 {
            self.settle(who);
        }
    }

    fn obey(&mut self, who: u32, step: Step) {
        self.tally.count(step.played);
        let viewer = &mut self.viewers[who as usize];
        if step.played.first_frame {
            viewer.started = true;
            self.tally.started += 1;
            self.tally.startup += step.played.to.since(self.tables.session(who).arrives).0;
        }
        match step.command {
            Command::Continue => {}
            Command::Load(request) => self.send(who, request),
            Command::Replace(request) => {
                self.drop_request(who);
                self.send(who, request);
            }
            Command::Wait(until) => {
                self.drop_request(who);
                let serial = u64::from(self.viewers[who as usize].serial);
                self.heap.push(until.max(self.now), Kind::Wake, who, serial);
            }
            Command::End(reason) => {
                self.drop_request(who);
                self.end(who, reason);
            }
        }
    }

    fn end(&mut self, who: u32, reason: EndReason) {
        let viewer = &mut self.viewers[who as usize];
        viewer.status = Status::Over;
        if reason == EndReason::Fatal && viewer.started {
            viewer.status = Status::Dead(self.now);
            self.tally.fatal += 1;
        } else if reason == EndReason::Fatal {
            self.tally.start_failures += 1;
        }
    }

    /// Forgets what is in flight. A body is stopped by closing its connection.
    fn drop_request(&mut self, who: u32) {
        let viewer = &mut self.viewers[who as usize];
        viewer.serial += 1;
        match std::mem::replace(&mut viewer.awaits, Awaits::Nothing) {
            Awaits::Nothing | Awaits::Playlist(_) | Awaits::Error(_) => {}
            Awaits::Silence | Awaits::Body(_) => viewer.connected = None,
            Awaits::Flow(coming, place) => {
                viewer.connected = None;
                self.change_link(coming.pop, |link| {
                    link.remove(who, place);
                });
            }
        }
    }

    fn send(&mut self, who: u32, request: Request) {
        let now = self.now;
        let (pop, rtt) = self.tables.route(who, request.pathway);
        let viewer = &mut self.viewers[who as usize];
        viewer.serial += 1;
        viewer.request = request;
        viewer.requested_at = now;
        let fresh = viewer.connected.replace(pop) != Some(pop);
        let cold = fresh || now.since(viewer.used_at) > REST;
        // TCP and TLS 1.3 each take a round trip before the request.
        let mut first_byte = now + rtt * (if fresh { 3 } else { 1 }) + SERVICE;
        let mut failure = None;
        for effect in self.tables.effects(who, pop, now) {
            match effect {
                Effect::Slow { added_latency, .. } => first_byte += added_latency,
                Effect::Fail { failure: PlannedFailure::Status(status), .. } => failure = Some(status),
                Effect::Fail { .. } | Effect::None => {}
            }
        }
        if let Some(status) = failure {
            self.answer(who, first_byte, Awaits::Error(Failure::Status(status)));
            return;
        }
        match request.kind {
            RequestKind::Segment { variant, index } => {
                let size = self.tables.size(who, variant, index);
                let coming = Coming { pop, first_byte_at: first_byte, size, silent_from: None };
                self.await_body(who, coming, cold.then_some(rtt));
            }
            RequestKind::Multivariant | RequestKind::MediaPlaylist { .. } => {
                let playlist =
                    Loaded { requested_at: now, first_byte_at: first_byte, size: PLAYLIST, newest_listed: None };
                self.answer(who, first_byte, Awaits::Playlist(playlist));
            }
        }
    }

    fn answer(&mut self, who: u32, at: Timestamp, answer: Awaits) {
        let viewer = &mut self.viewers[who as usize];
        let deadlines = viewer.request.deadlines;
        let limit = deadlines.first_byte.min(deadlines.total);
        let serial = u64::from(viewer.serial);
        if at > limit {
            viewer.awaits = Awaits::Silence;
            self.heap.push(limit, Kind::Timeout, who, serial);
        } else {
            viewer.awaits = answer;
            self.heap.push(at, Kind::Answer, who, serial);
        }
    }

    fn await_body(&mut self, who: u32, coming: Coming, slow_start_over: Option<Micros>) {
        let viewer = &mut self.viewers[who as usize];
        let serial = u64::from(viewer.serial);
        let deadlines = viewer.request.deadlines;
        if coming.first_byte_at > deadlines.first_byte {
            viewer.awaits = Awaits::Silence;
            self.heap.push(deadlines.first_byte, Kind::Timeout, who, serial);
            return;
        }
        let rate = self.tables.rate(who, &viewer.access, coming.first_byte_at);
        let lost = slow_start_over.map_or(Micros::ZERO, |rtt| slow_start(coming.size, rate, rtt));
        viewer.awaits = Awaits::Body(coming);
        self.heap.push(coming.first_byte_at + lost, Kind::Flow, who, serial);
        self.heap.push(deadlines.total, Kind::Timeout, who, serial);
        if viewer.request.abandon_watch != Timestamp::NEVER {
            self.heap.push(self.now + Request::PROGRESS_EVERY, Kind::Look, who, serial);
        }
    }

    fn begin_flow(&mut self, who: u32) {
        let Awaits::Body(coming) = self.viewers[who as usize].awaits else {
            unreachable!("a body begins once")
        };
        self.put_in_link(who, coming, coming.size.0 * PARTS_PER_BIT);
    }

    /// Puts a body into its link at the viewer's access rate of now.
    fn put_in_link(&mut self, who: u32, coming: Coming, parts: u64) {
        let now = self.now;
        let viewer = &self.viewers[who as usize];
        let limit = self.tables.rate(who, &viewer.access, now);
        let (serial, idle) = (u64::from(viewer.serial), viewer.request.deadlines.idle);
        let silent_from = (limit.0 == 0).then(|| coming.silent_from.unwrap_or(now));
        if silent_from == Some(now) {
            self.heap.push(now.saturating_add(idle), Kind::Idle, who, serial);
        }
        let mut place = None;
        self.change_link(coming.pop, |link| place = Some(link.add(who, limit, parts)));
        let place = place.expect("the link was changed");
        self.viewers[who as usize].awaits = Awaits::Flow(Coming { silent_from, ..coming }, place);
    }

    /// Access rates of a cohort change.
    fn next_slot(&mut self, cohort: u32) {
        let slot = self.tables.slot_of(units::CohortId(cohort as u8));
        self.heap.push(self.now.saturating_add(slot), Kind::Slot, cohort, 0);
        for who in 0..self.viewers.len() as u32 {
            let Awaits::Flow(coming, place) = self.viewers[who as usize].awaits else { continue };
            let limit = self.tables.rate(who, &self.viewers[who as usize].access, self.now);
            if self.tables.session(who).cohort.index() == cohort as usize && limit.0 * 1_000 != place.limit {
                let link = &mut self.links[coming.pop.index()];
                link.advance(self.now);
                let parts = link.remove(who, place);
                self.put_in_link(who, coming, parts);
            }
        }
    }

    /// Serves a link up to now, changes it, shares it anew, and plans its next end.
    fn change_link(&mut self, pop: PopId, change: impl FnOnce(&mut Link)) {
        let link = &mut self.links[pop.index()];
        link.advance(self.now);
        change(link);
        link.share();
        let (end, version) = (link.next_end(), link.version);
        self.heap.push(end.unwrap_or(Timestamp::NEVER), Kind::End, u32::from(pop.0), version);
    }

    /// Takes a flow that is done out of its link; the next one of the same instant follows at once.
    fn end_flows(&mut self, pop: PopId, version: u64) {
        let link = &mut self.links[pop.index()];
        if link.version != version {
            return;
        }
        link.advance(self.now);
        let Some(who) = link.done() else { unreachable!("an end was planned for now") };
        let Awaits::Flow(coming, place) = self.viewers[who as usize].awaits else {
            unreachable!("whoever is in a link has a body there")
        };
        self.change_link(pop, |link| {
            link.remove(who, place);
        });
        let now = self.now;
        let viewer = &mut self.viewers[who as usize];
        viewer.awaits = Awaits::Nothing;
        viewer.used_at = now;
        if let RequestKind::Segment { variant, .. } = viewer.request.kind {
            self.tally.segments += 1;
            self.tally.kbps += self.tables.ladder.variants[usize::from(variant)].average.0;
        }
        let requested_at = viewer.requested_at;
        let loaded =
            Loaded { requested_at, first_byte_at: coming.first_byte_at, size: coming.size, newest_listed: None };
        self.loaded(who, loaded);
    }

    /// The player looks at its download, whatever it may find.
    fn look(&mut self, who: u32) {
        let now = self.now;
        let (coming, received) = match self.viewers[who as usize].awaits {
            Awaits::Body(coming) => (coming, Bits::ZERO),
            Awaits::Flow(coming, place) => {
                let left = self.links[coming.pop.index()].left(place, now);
                (coming, Bits(coming.size.0 - left.div_ceil(PARTS_PER_BIT)))
            }
            _ => return,
        };
        let viewer = &mut self.viewers[who as usize];
        let progress = Progress {
            requested_at: viewer.requested_at,
            first_byte_at: (coming.first_byte_at <= now).then_some(coming.first_byte_at),
            received,
            size: coming.size,
        };
        let serial = u64::from(viewer.serial);
        let step = viewer.player.progress(&self.tables.context(who), now, progress);
        if step.command == Command::Continue {
            self.heap.push(now + Request::PROGRESS_EVERY, Kind::Look, who, serial);
        }
        self.obey(who, step);
    }

    fn loaded(&mut self, who: u32, loaded: Loaded) {
        let viewer = &mut self.viewers[who as usize];
        viewer.awaits = Awaits::Nothing;
        let step = viewer.player.loaded(&self.tables.context(who), self.now, loaded);
        self.obey(who, step);
    }

    fn failed(&mut self, who: u32, failure: Failure) {
        self.tally.failures += 1;
        let viewer = &mut self.viewers[who as usize];
        viewer.awaits = Awaits::Nothing;
        let step = viewer.player.failed(&self.tables.context(who), self.now, failure);
        self.obey(who, step);
    }
}
