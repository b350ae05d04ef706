//! Bodies on their way: started, advanced each epoch, finished, watched, dropped.

use actors::network::RateClass;
use actors::player::{Command, Loaded, Progress, Request};
use units::{Bits, Kbps, Micros, PopId, Timestamp};

use super::request::Way;
use super::{Hall, Turn};
use crate::board::Board;
use crate::flow::{Advance, Body};
use crate::seat::{After, Pending, Phase, Seat};
use crate::stage::Stage;
use crate::wheel::EventKind;

/// What a sender may have in flight at first: ten segments of 1,460 bytes (RFC 6928).
const INITIAL_WINDOW_BITS: u64 = 10 * 1_460 * 8;

impl Hall {
    /// A body comes from the edge, which has its first and last byte at `times`.
    pub(super) fn start_body(
        &mut self,
        turn: &Turn<'_>,
        seat: &mut Seat,
        way: &Way,
        (ready, filled): (Timestamp, Timestamp),
    ) {
        let (stage, board) = (turn.stage, turn.board);
        let first_byte_at = ready + way.first_byte;
        seat.fill_wait = seat.count(ready);
        if seat.count(first_byte_at) > seat.first_byte_limit {
            self.wait_in_silence(turn, seat);
            return;
        }
        let class = access_class(stage, seat, first_byte_at.max(board.from));
        let slow_start = if way.cold { slow_start(seat.size, class.rate(), way.rtt) } else { Micros::ZERO };
        let body_from = first_byte_at + slow_start;
        seat.first_byte = seat.count(first_byte_at);
        seat.body_from = seat.count(body_from);
        seat.filled = seat.count(filled + way.rtt / 2);
        let notice =
            if seat.filled > seat.watch { Timestamp::ZERO } else { seat.at(seat.watch.min(seat.limit)) };
        let mut body = Body::new(turn.slot, (class, seat.cohort), seat.size.0 * 1_000, notice);
        self.demand[way.pop.index()] += body.demand();
        if body_from < board.to {
            body.rate = self.rate_for_newcomer(board, (way.pop, class), board.to.since(body_from));
            if self.deliver(turn, seat, (way.pop, &mut body), body_from) {
                return;
            }
        } else {
            self.watch_over(turn, seat, (way.pop, &body));
        }
        let bodies = &mut self.bodies[way.pop.index()];
        self.places[turn.slot as usize] = u32::try_from(bodies.len()).expect("fewer bodies than seats");
        bodies.push(body);
        seat.pending = Pending::Body(way.pop);
    }

    /// The rate of a new body for the rest of the epoch: its fair share, within what the cell may still borrow.
    #[expect(clippy::cast_possible_truncation, reason = "at most the rate of its class")]
    fn rate_for_newcomer(&mut self, board: &Board, (pop, class): (PopId, RateClass), span: Micros) -> u32 {
        let share = u64::from(board.rates[pop.index()].of(class));
        let headroom = &mut self.headroom[pop.index()];
        let wanted = share * span.0;
        let rate = if wanted <= *headroom { share } else { *headroom / span.0 };
        *headroom -= rate * span.0;
        rate as u32
    }

    /// Delivers a body's bits at its rate up to the end of the epoch, and plans what falls into it: its end, a limit, a
    /// look at it. Returns whether it ends: then it is no longer to be kept in the POP's list.
    pub(super) fn deliver(
        &mut self,
        turn: &Turn<'_>,
        seat: &mut Seat,
        (pop, body): (PopId, &mut Body),
        from: Timestamp,
    ) -> bool {
        let board = turn.board;
        body.open();
        body.note_held_back(board.to.since(from));
        if body.rate == 0 && !body.is_silent() {
            seat.silent_from = seat.count(from);
        }
        body.set_silent(body.rate == 0);
        let sent = &mut self.sent[pop.index()];
        let ends = match body.advance(from, board.to) {
            Advance::Flowing(bits) => {
                *sent += bits;
                false
            }
            Advance::Ends(bits, last_bit) => {
                *sent += bits;
                // What it leaves of its share in this epoch is there for flows that start.
                self.headroom[pop.index()] += u64::from(body.rate) * board.to.since(last_bit).0;
                self.demand[pop.index()] -= body.demand();
                seat.pending = Pending::Ending(pop);
                seat.last_bit = seat.count(last_bit);
                seat.last_rate = body.rate;
                seat.lost_to_link = body.lost_to_link;
                // A body that could have ended before the barrier that started it ends at the barrier.
                let complete = last_bit.max(seat.at(seat.filled)).max(board.from);
                self.plan(turn.slot, seat, EventKind::Finish, complete);
                true
            }
        };
        self.watch_over(turn, seat, (pop, body));
        ends
    }

    /// Plans what the player does about a body: a limit that passes, a look at it. If the body's end is known, it is not
    /// moved again, and all that comes before the end is planned now; else what falls into this epoch.
    pub(super) fn watch_over(&mut self, turn: &Turn<'_>, seat: &mut Seat, (pop, body): (PopId, &Body)) {
        let board = turn.board;
        let complete = if seat.pending == Pending::Ending(pop) { seat.due } else { Timestamp::NEVER };
        let mut limit = seat.at(seat.limit);
        if body.is_silent() {
            let idle = turn.stage.profiles[seat.cohort.index()].loading.segment.idle;
            limit = limit.min(seat.at(seat.silent_from).saturating_add(idle));
        }
        if limit < horizon(turn, seat) && limit < complete {
            self.plan_timeout(turn.slot, seat, limit.max(board.from));
        }
        if seat.watch == After::NEVER {
            return;
        }
        let (rate, from) = if body.is_waiting() {
            (board.rates[pop.index()].of(body.class), seat.at(seat.body_from))
        } else {
            (body.rate, board.to)
        };
        let expected = match body.remaining.checked_div(u64::from(rate)) {
            _ if complete != Timestamp::NEVER => complete,
            Some(left) => from.saturating_add(Micros(left)).max(seat.at(seat.filled)),
            None => Timestamp::NEVER,
        };
        if expected > seat.at(seat.watch) {
            self.look_again(turn, seat, board.from);
        }
    }

    /// Plans the player's first look at its download that is not before a time, if it is to be planned by now.
    fn look_again(&mut self, turn: &Turn<'_>, seat: &mut Seat, first: Timestamp) {
        let next = next_look(turn, seat, first);
        if next < horizon(turn, seat) {
            self.plan_look(turn.slot, seat, next);
        }
    }

    /// The player looks at its download.
    pub(super) fn progress(&mut self, turn: &Turn<'_>, seat: &mut Seat) {
        let now = turn.now;
        let silent = seat.pending == Pending::Silence;
        let (first_byte_at, received, size) = match seat.pending {
            Pending::Silence => (None, Bits::ZERO, Bits::ZERO),
            Pending::Body(pop) => {
                let body = &self.bodies[pop.index()][self.places[turn.slot as usize] as usize];
                (Some(seat.at(seat.first_byte)), received(turn, seat, body).0, seat.size)
            }
            Pending::Ending(_) => {
                let received = received_of_ending(turn, seat).0.min(filled_by(seat, now));
                (Some(seat.at(seat.first_byte)), received, seat.size)
            }
            _ => return,
        };
        let first_byte_at = first_byte_at.filter(|&at| at <= now);
        let progress = Progress { requested_at: seat.requested_at, first_byte_at, received, size };
        let step = seat.player.progress(&turn.stage.context(seat), now, progress);
        self.obey(turn, seat, &step);
        if step.command != Command::Continue {
            return;
        }
        if silent {
            self.plan_look(turn.slot, seat, now + Request::PROGRESS_EVERY);
        } else {
            self.look_again(turn, seat, now + Micros(1));
        }
    }

    /// A body is complete.
    pub(super) fn finish(&mut self, turn: &Turn<'_>, seat: &mut Seat) {
        seat.expect_nothing();
        seat.used_at = turn.now;
        let loaded = Loaded {
            requested_at: seat.requested_at,
            first_byte_at: seat.at(seat.first_byte),
            size: seat.size,
            newest_listed: None,
        };
        self.count_segment(turn, seat);
        self.loaded(turn, seat, loaded);
        if seat.phase == Phase::Active {
            self.forget_losses(turn, seat);
        }
    }

    /// Forgets the request in flight. What was received of a body is wasted, but was sent.
    pub(super) fn drop_pending(&mut self, turn: &Turn<'_>, seat: &mut Seat) {
        let pending = seat.pending;
        if pending == Pending::Nothing {
            return;
        }
        seat.expect_nothing();
        let (pop, (received, ahead)) = match pending {
            Pending::Nothing | Pending::Playlist { .. } | Pending::Error(_) => return,
            Pending::Backhaul(_) => {
                self.joined.retain(|joined| joined.slot != turn.slot);
                return;
            }
            Pending::Silence => {
                seat.connected = None;
                return;
            }
            Pending::Body(pop) => {
                let body = self.take_out(pop, turn.slot);
                self.demand[pop.index()] -= body.demand();
                (pop, received(turn, seat, &body))
            }
            Pending::Ending(pop) => (pop, received_of_ending(turn, seat)),
        };
        let sent = &mut self.sent[pop.index()];
        *sent = sent.saturating_sub(ahead);
        // A connection is closed to stop a body, so the next request needs a new one.
        seat.connected = None;
        self.sums_of(seat).received_bits += received.0;
    }

    /// Takes a body out of its POP's list.
    fn take_out(&mut self, pop: PopId, slot: u32) -> Body {
        let place = self.places[slot as usize];
        let bodies = &mut self.bodies[pop.index()];
        let body = bodies.swap_remove(place as usize);
        if let Some(moved) = bodies.get(place as usize) {
            self.places[moved.slot as usize] = place;
        }
        body
    }
}

/// The access rate of a seat's viewer at a time.
pub(super) fn access_class(stage: &Stage, seat: &Seat, at: Timestamp) -> RateClass {
    let model = stage.access_of(seat.cohort);
    model.rate_at(&seat.access, seat.viewer, model.slot_at(at))
}

/// What the player has received of a body by now, and the millibits that are counted as sent but lie ahead.
pub(super) fn received(turn: &Turn<'_>, seat: &Seat, body: &Body) -> (Bits, u64) {
    if body.is_waiting() {
        return (Bits::ZERO, 0);
    }
    let delivered = seat.size.0 * 1_000 - body.remaining;
    let from = turn.now.max(seat.at(seat.body_from));
    let ahead = (u64::from(body.rate) * turn.board.to.since(from).0).min(delivered);
    (Bits((delivered - ahead) / 1_000), ahead)
}

/// The same for a body whose end is known.
pub(super) fn received_of_ending(turn: &Turn<'_>, seat: &Seat) -> (Bits, u64) {
    let delivered = seat.size.0 * 1_000;
    let from = turn.now.max(seat.at(seat.body_from));
    let ahead = (u64::from(seat.last_rate) * seat.at(seat.last_bit).since(from).0).min(delivered);
    (Bits((delivered - ahead) / 1_000), ahead)
}

/// What the edge itself has of a body whose fill is still running, as the player sees it: it comes evenly.
fn filled_by(seat: &Seat, now: Timestamp) -> Bits {
    let (from, to) = (seat.at(seat.first_byte), seat.at(seat.filled));
    if now >= to {
        return seat.size;
    }
    let part = u128::from(seat.size.0) * u128::from(now.since(from).0) / u128::from(to.since(from).0.max(1));
    Bits(u64::try_from(part).unwrap_or(u64::MAX)).min(seat.size)
}

/// Up to when what a player does about its download is to be planned: the body's end if that is known, else the barrier.
fn horizon(turn: &Turn<'_>, seat: &Seat) -> Timestamp {
    if matches!(seat.pending, Pending::Ending(_)) { seat.due.max(turn.board.to) } else { turn.board.to }
}

/// The first of a player's looks at its download that is not before `first`: it looks every 100 ms since the request, and
/// those that lead nowhere are left out.
pub(super) fn next_look(turn: &Turn<'_>, seat: &Seat, first: Timestamp) -> Timestamp {
    let every = Request::PROGRESS_EVERY.0;
    let pointless = turn.stage.looks_after[seat.cohort.index()].0.div_ceil(every);
    let looks = first.since(seat.requested_at).0.div_ceil(every).max(pointless).max(1);
    seat.requested_at + Micros(looks * every)
}

/// Time that TCP's slow start costs a body: one round trip for each doubling from the initial window to what the path
/// holds (or the body, if smaller). Source: RFC 5681 3.1, RFC 6928; the logarithm is linear between powers of two.
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
