//! Requests that fail, and what that is blamed on.
//!
//! A failure costs a viewer the time since the request and the wait until the player asks again. Both belong to what made
//! the request fail: a client's timers only say when it gives up on what does not come. A session that ends because of
//! its failures is stalled by the largest of what they and the segments before them lost (`session`).

use actors::player::{Failure, RequestKind};
use units::{Bits, Micros, Timestamp};

use super::transfer::{received, received_of_ending};
use super::{Hall, Turn};
use crate::ledger::Cause;
use crate::seat::{Pending, Seat};

impl Hall {
    /// The player's limit on the request in flight has passed.
    pub(super) fn timed_out(&mut self, turn: &Turn<'_>, seat: &mut Seat) {
        let cause = self.cause_of_silence(turn, seat);
        self.drop_pending(turn, seat);
        self.failed(turn, seat, (Failure::Timeout, cause));
    }

    /// An error has come.
    pub(super) fn refused(&mut self, turn: &Turn<'_>, seat: &mut Seat, failure: Failure) {
        seat.pending = Pending::Nothing;
        seat.due = Timestamp::NEVER;
        let cause = cause_of_refusal(seat);
        self.failed(turn, seat, (failure, cause));
    }

    /// A request failed.
    fn failed(&mut self, turn: &Turn<'_>, seat: &mut Seat, (failure, cause): (Failure, Cause)) {
        self.observe_health(turn, seat, None);
        self.blame(turn.slot, seat, cause, turn.now.since(seat.requested_at));
        self.margins[turn.slot as usize].failed_for = cause;
        seat.failed_at = turn.now;
        self.sums_of(seat).failures += 1;
        self.poll_steering(turn, seat);
        let step = seat.player.failed(&turn.stage.context(seat), turn.now, failure);
        self.obey(turn, seat, &step);
    }

    /// The player asks again after a failure: the wait since then has the failure's cause.
    pub(super) fn blame_back_off(&mut self, turn: &Turn<'_>, seat: &mut Seat) {
        if seat.failed_at != Timestamp::NEVER {
            let cause = self.margin(turn).failed_for;
            self.blame(turn.slot, seat, cause, turn.now.since(seat.failed_at));
            seat.failed_at = Timestamp::NEVER;
        }
    }

    /// Why a request lasted beyond the player's limit: what took most of its time.
    fn cause_of_silence(&self, turn: &Turn<'_>, seat: &Seat) -> Cause {
        if seat.faulted {
            return Cause::OutageDetection;
        }
        let (pop, received, lost_to_link, unfilled) = match seat.pending {
            Pending::Body(pop) => {
                let body = &self.bodies[pop.index()][self.places[turn.slot as usize] as usize];
                (pop, received(turn, seat, body).0, body.lost_to_link, Micros::ZERO)
            }
            Pending::Ending(pop) => {
                // Its last bit may wait for the edge, whose fill is still running.
                let unfilled = turn.now.since(seat.at(seat.last_bit));
                (pop, received_of_ending(turn, seat).0, seat.lost_to_link, unfilled)
            }
            _ => return cause_of_refusal(seat),
        };
        let fill = seat.fill_wait.span() + unfilled;
        let link = Micros(u64::from(lost_to_link));
        let access = turn.now.since(seat.requested_at).saturating_sub(fill + link);
        if fill >= link && fill >= access {
            Cause::OriginOrMiss
        } else if link >= access {
            if turn.board.slowed[pop.index()] { Cause::OutageDetection } else { Cause::EdgeSaturation }
        } else {
            cause_of_slow_access(turn, seat, (received, access))
        }
    }
}

/// Why an error came, or nothing at all: a fault, the origin behind a segment, or the control plane behind a playlist.
fn cause_of_refusal(seat: &Seat) -> Cause {
    match seat.kind {
        _ if seat.faulted => Cause::OutageDetection,
        RequestKind::Segment { .. } => Cause::OriginOrMiss,
        RequestKind::Multivariant | RequestKind::MediaPlaylist { .. } => Cause::ControlPlane,
    }
}

/// Whether the lowest variant would have come within its own duration at the rate at which this one came.
fn cause_of_slow_access(turn: &Turn<'_>, seat: &Seat, (received, took): (Bits, Micros)) -> Cause {
    let RequestKind::Segment { variant, .. } = seat.kind else { return Cause::AccessNetwork };
    let ladder = &turn.stage.ladder;
    let average = |variant: usize| u128::from(ladder.variants[variant].average.0.max(1));
    let lowest_bits = u128::from(seat.size.0) * average(0) / average(usize::from(variant));
    if lowest_bits * u128::from(took.0) > u128::from(received.0) * u128::from(ladder.segment.0) {
        Cause::AccessNetwork
    } else {
        Cause::AbrMisjudgement
    }
}
