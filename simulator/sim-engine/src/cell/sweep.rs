//! What happens to all bodies of a cell at once: bits flow from barrier to barrier, access rates change with their slots,
//! faults cut connections.
//!
//! A body that neither ends nor calls for its player's attention glides: its seat is not touched. The others are noted,
//! so that their seats can be read at once (`ahead.rs`) and the loop over all bodies stays small.

use actors::network::RateClass;
use actors::player::Failure;
use fault_plan::{Effect, Failure as PlannedFailure};
use units::PopId;

use super::transfer::access_class;
use super::{Cell, Hall, Turn, ahead};
use crate::board::Board;
use crate::flow::Body;
use crate::seat::{Pending, Seat};
use crate::stage::Stage;
use crate::wheel::EventKind;

impl Cell {
    /// Moves every body in flight through the epoch that begins.
    pub(super) fn advance_bodies(&mut self, stage: &Stage, board: &Board) {
        let epoch = stage.world.clock.epoch;
        for pop in stage.world.pop_ids() {
            let rates = &board.rates[pop.index()];
            let mut bodies = std::mem::take(&mut self.hall.bodies[pop.index()]);
            let mut sent = 0;
            let mut noticed = std::mem::take(&mut self.hall.noticed);
            for (place, body) in (0u32..).zip(&mut bodies) {
                match body.glide(rates, epoch, board.to) {
                    Some(bits) => sent += bits,
                    None => noticed.push(place),
                }
            }
            self.look_at_requests(noticed.iter().map(|&place| bodies[place as usize].slot));
            // From the last one on, so that what takes the place of a body that ends has had its turn.
            while let Some(place) = noticed.pop() {
                let index = place as usize;
                let body = &mut bodies[index];
                let turn = Turn { stage, board, slot: body.slot, now: board.from };
                if self.hall.go_on(&turn, &mut self.seats[body.slot as usize], (pop, body)) {
                    bodies.swap_remove(index);
                    if let Some(moved) = bodies.get(index) {
                        self.hall.places[moved.slot as usize] = place;
                    }
                }
            }
            self.hall.noticed = noticed;
            self.hall.sent[pop.index()] += sent;
            self.hall.bodies[pop.index()] = bodies;
        }
    }

    /// The epoch is over: where a slot of the access networks ends with it, bodies in flight get their new access rate;
    /// where a fault cuts connections, they meet it.
    pub(super) fn end_epoch(&mut self, stage: &Stage, board: &Board) {
        if !board.slot_ends.is_empty() {
            for pop in stage.world.pop_ids() {
                self.change_classes(stage, board, pop);
            }
        }
        if board.cuts {
            for pop in stage.world.pop_ids() {
                self.cut_bodies(stage, board, pop);
            }
        }
    }

    /// Bodies of a POP whose cohort's slot ends get their new access rate.
    fn change_classes(&mut self, stage: &Stage, board: &Board, pop: PopId) {
        let mut bodies = std::mem::take(&mut self.hall.bodies[pop.index()]);
        let mut demand = self.hall.demand[pop.index()];
        // Few at a time: seats that are read together must stay in a first-level cache until it is their turn.
        for bodies in bodies.chunks_mut(2 * ahead::BATCH) {
            let ends = |body: &Body| board.slot_ends[body.cohort.index()];
            self.look_at_links(bodies.iter().filter(|body| ends(body)).map(|body| body.slot));
            for body in bodies.iter_mut().filter(|body| ends(body)) {
                let seat = &self.seats[body.slot as usize];
                change_class(body, &mut demand, access_class(stage, seat, board.to));
            }
        }
        self.hall.demand[pop.index()] = demand;
        self.hall.bodies[pop.index()] = bodies;
    }

    /// Bodies of a POP meet the faults that stop or cut connections.
    fn cut_bodies(&mut self, stage: &Stage, board: &Board, pop: PopId) {
        let mut index = 0;
        while let Some(body) = self.hall.bodies[pop.index()].get_mut(index) {
            let turn = Turn { stage, board, slot: body.slot, now: board.to };
            let seat = &mut self.seats[body.slot as usize];
            let met = met_fault(&turn, seat, pop);
            let demand = &mut self.hall.demand[pop.index()];
            *demand -= body.demand();
            body.set_blocked(met.blocked);
            *demand += body.demand();
            if met.reset {
                self.hall.drop_pending(&turn, seat);
                seat.pending = Pending::Error(Failure::Reset);
                self.hall.plan(turn.slot, seat, EventKind::Answer, board.to);
            } else {
                index += 1;
            }
        }
    }
}

impl Hall {
    /// Moves a body through the epoch that begins, whatever comes of it; returns whether it ends.
    fn go_on(&mut self, turn: &Turn<'_>, seat: &mut Seat, (pop, body): (PopId, &mut Body)) -> bool {
        let board = turn.board;
        body.rate = if body.is_blocked() { 0 } else { board.rates[pop.index()].of(body.class) };
        if !body.is_waiting() {
            return self.deliver(turn, seat, (pop, body), board.from);
        }
        let opens = seat.at(seat.body_from);
        if opens < board.to {
            return self.deliver(turn, seat, (pop, body), opens);
        }
        self.watch_over(turn, seat, (pop, body));
        false
    }
}

fn change_class(body: &mut Body, demand: &mut u64, class: RateClass) {
    *demand -= body.demand();
    body.class = class;
    *demand += body.demand();
}

/// What a fault does to a body in flight: stops it (a hang), or cuts its connection (a reset).
struct Met {
    blocked: bool,
    reset: bool,
}

fn met_fault(turn: &Turn<'_>, seat: &mut Seat, pop: PopId) -> Met {
    let mut met = Met { blocked: false, reset: false };
    for effect in turn.stage.effects(&turn.board.faults, turn.now, (pop, seat.region, seat.viewer)) {
        if let Effect::Fail { failure, .. } = effect {
            met.blocked |= failure == PlannedFailure::Hang;
            met.reset |= failure == PlannedFailure::Reset;
            seat.faulted |= met.blocked || met.reset;
        }
    }
    met
}
