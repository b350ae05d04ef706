//! The run of the reference: sessions, and the loop over the heap.

use actors::player::{Command, EndReason, Failure, Player, Step};
use scenarios::world::World;
use units::{Micros, PopId, Seed, Timestamp, ViewerId};

use super::events::{Event, Heap, Kind};
use super::link::{Link, PARTS_PER_BIT};
use super::tables::Tables;
use super::viewer::{Awaits, Coming, Status, Tally, Viewer};

/// What a run of the reference gives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    /// What was measured after the warm-up.
    pub(crate) tally: Tally,
    /// Most bits that any link sent, as a share of capacity × time.
    pub(crate) busiest: f64,
}

/// Runs the reference over a world that holds everything in its caches, with static steering and the players' own load
/// policies.
pub(crate) fn run(world: &World, seed: u64) -> Outcome {
    Reference::new(world, Seed(seed)).run()
}

pub(super) struct Reference {
    pub(super) tables: Tables,
    pub(super) heap: Heap,
    pub(super) viewers: Vec<Viewer>,
    pub(super) links: Vec<Link>,
    pub(super) tally: Tally,
    pub(super) now: Timestamp,
}

impl Reference {
    fn new(world: &World, seed: Seed) -> Self {
        let tables = Tables::new(world, seed);
        let mut heap = Heap::default();
        let mut viewers = Vec::with_capacity(tables.sessions.len());
        for (who, session) in (0u32..).zip(tables.sessions.iter()) {
            let player = Player::new(&tables.context(who), session.arrives, tables.order(who));
            viewers.push(Viewer::new(player, tables.access(who).viewer(ViewerId(who))));
            heap.push(tables.comes(who), Kind::Come, who, 0);
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
        Self { tables, heap, viewers, links, tally, now: Timestamp::ZERO }
    }

    fn run(mut self) -> Outcome {
        while let Some(event) = self.heap.pop() {
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
        Outcome { tally: self.tally, busiest: busy.fold(0.0, f64::max) }
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
                if let Awaits::Flow(Coming { silent_from: Some(from), .. }, _) =
                    self.viewers[who as usize].awaits
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

    pub(super) fn obey(&mut self, who: u32, step: Step) {
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
}
