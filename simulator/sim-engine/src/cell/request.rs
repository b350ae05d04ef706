//! From a player's request to its answer: POP, faults, connection, edge cache.

use actors::player::{Content, Failure, Request, RequestKind};
use fault_plan::{Effect, Failure as PlannedFailure};
use platform_core::cache::policy::fill::InFlight;
use units::{Bits, Micros, PopId, Timestamp};

use super::transfer::next_look;
use super::{Cell, Hall, Joined, Turn};
use crate::backhaul::{Fetch, Fetched, Found};
use crate::board::{Board, Stocked};
use crate::edge::Look;
use crate::seat::{After, Pending, Seat};
use crate::stage::Stage;
use crate::wheel::EventKind;

/// Time of an edge for one request.
///
/// Chosen: a memory or disk read behind a busy proxy; nginx here serves from memory in a tenth of it.
const EDGE_SERVICE: Micros = Micros::from_millis(2);

/// Size of a playlist. Chosen: some hundred lines; too small to matter to any link.
pub(super) const PLAYLIST_SIZE: Bits = Bits(8 * 4_000);

/// A connection that rested longer than this starts slowly again (RFC 6298: the least retransmission time-out).
const IDLE_RESTART: Micros = Micros::from_secs(1);

/// A playlist that says nothing about segments.
const NO_NEWS: Pending = Pending::Playlist { newest_listed: None };

impl Hall {
    /// Sends a request: finds its POP, meets the faults there, and either knows the answer or waits for bytes.
    pub(super) fn send(&mut self, turn: &Turn<'_>, seat: &mut Seat, request: &Request) {
        let (stage, now) = (turn.stage, turn.now);
        let moved = seat.pathway.replace(request.pathway).is_some_and(|last| last != request.pathway);
        let sums = self.sums_of(seat);
        sums.requests += 1;
        sums.moves += u64::from(moved);
        let mut way = connect(turn, seat);
        self.blame_back_off(turn, seat);
        seat.ask(request, now);
        let whose = (way.pop, seat.region, seat.viewer);
        for effect in stage.effects(&turn.board.faults, now, whose) {
            match effect {
                Effect::None => {}
                Effect::Slow { added_latency, .. } => {
                    way.first_byte += added_latency;
                    seat.fault_wait += added_latency;
                    seat.faulted = true;
                }
                Effect::Fail { failure, .. } => {
                    seat.faulted = true;
                    self.fail(turn, seat, failure, now + way.first_byte);
                    return;
                }
            }
        }
        match request.kind {
            RequestKind::Multivariant => self.answer_at(turn, seat, now + way.first_byte, NO_NEWS),
            RequestKind::MediaPlaylist { .. } => {
                let newest_listed = newest_listed(turn, seat, way.pop);
                self.answer_at(turn, seat, now + way.first_byte, Pending::Playlist { newest_listed });
            }
            RequestKind::Segment { variant, index } => {
                seat.size = stage.segment_size(seat.title, variant, index);
                self.look_up(turn, seat, &way, (variant, index));
            }
        }
    }

    /// A request that a fault fails.
    fn fail(&mut self, turn: &Turn<'_>, seat: &mut Seat, failure: PlannedFailure, answered_at: Timestamp) {
        let failure = match failure {
            PlannedFailure::Status(status) => Failure::Status(status),
            PlannedFailure::Reset => Failure::Reset,
            PlannedFailure::Hang => {
                self.wait_in_silence(turn, seat);
                return;
            }
        };
        self.answer_at(turn, seat, answered_at, Pending::Error(failure));
    }

    /// Nothing will come while the player waits for it: its limits decide.
    pub(super) fn wait_in_silence(&mut self, turn: &Turn<'_>, seat: &mut Seat) {
        seat.pending = Pending::Silence;
        let limit = seat.at(seat.first_byte_limit.min(seat.limit));
        self.plan_timeout(turn.slot, seat, limit.max(turn.board.from));
        if seat.watch != After::NEVER {
            self.plan_look(turn.slot, seat, next_look(turn, seat, turn.now));
        }
    }

    /// An answer that needs no bandwidth; one that comes after the player's limit is a time-out.
    pub(super) fn answer_at(&mut self, turn: &Turn<'_>, seat: &mut Seat, at: Timestamp, answer: Pending) {
        let limit = seat.at(seat.first_byte_limit.min(seat.limit));
        if at > limit {
            seat.pending = Pending::Silence;
            self.plan_timeout(turn.slot, seat, limit);
            return;
        }
        seat.pending = answer;
        self.plan(turn.slot, seat, EventKind::Answer, at);
    }

    /// The edge looks for a segment.
    fn look_up(&mut self, turn: &Turn<'_>, seat: &mut Seat, way: &Way, (variant, index): (u8, u32)) {
        let (stage, now) = (turn.stage, turn.now);
        let key = stage.cache_key(seat.title, variant, index, seat.token);
        let live = stage.is_live(seat.title).then_some(index);
        let look = match live {
            None => self.edges[way.pop.index()].look(key, now),
            Some(_) => match turn.board.live[way.pop.index()].look(key) {
                Some(stocked) if stocked.filled_at <= now => Look::Hit,
                Some(Stocked { ready_at, filled_at, asked_at, .. }) => {
                    Look::Filling { ready_at, filled_at, asked_at }
                }
                None => Look::Absent,
            },
        };
        match look {
            Look::Hit => {
                self.count_lookup(turn, seat, (Found::Hit, seat.size));
                self.start_body(turn, seat, way, (now, now));
            }
            Look::Filling { ready_at, filled_at, asked_at }
                if stage.levers.joins(InFlight::at(now, (asked_at, ready_at))) =>
            {
                self.count_lookup(turn, seat, (Found::Joined, seat.size));
                self.start_body(turn, seat, way, (ready_at.max(now), filled_at));
            }
            Look::Asked if stage.levers.joins(InFlight::Waiting { age: Micros::ZERO }) => {
                self.count_lookup(turn, seat, (Found::Joined, seat.size));
                seat.pending = Pending::Backhaul(way.pop);
                self.joined.push(Joined { pop: way.pop, key, slot: turn.slot, requested_at: now });
            }
            Look::Filling { .. } | Look::Asked | Look::Absent => {
                seat.pending = Pending::Backhaul(way.pop);
                if live.is_none() {
                    self.count_lookup(turn, seat, (Found::Fetched, seat.size));
                    self.edges[way.pop.index()].asked(key, seat.size.to_bytes(), now);
                }
                self.outbox.push(Fetch {
                    at: now,
                    cell: self.id,
                    slot: turn.slot,
                    viewer: seat.viewer,
                    pop: way.pop,
                    key,
                    size: seat.size,
                    live,
                });
            }
        }
    }

    /// Counts what an edge found. A live object's fetch is counted when the barrier has answered it.
    fn count_lookup(&mut self, turn: &Turn<'_>, seat: &Seat, (found, size): (Found, Bits)) {
        let size = size.0;
        let sums = self.sums_of(seat);
        match found {
            Found::Hit => {
                sums.edge_hits += 1;
                sums.edge_hit_bits += size;
            }
            Found::Joined => {
                sums.edge_joins += 1;
                sums.edge_miss_bits += size;
            }
            Found::Fetched => {
                sums.edge_misses += 1;
                sums.edge_miss_bits += size;
            }
        }
        let outcomes = &mut self.outcomes[turn.stage.pair(seat.region, seat.asked())];
        outcomes.lookups += 1;
        outcomes.hits += u32::from(found == Found::Hit);
    }

    /// Goes on with a request that waited for the backhaul, if its player still waits for it.
    fn resolve(
        &mut self,
        turn: &Turn<'_>,
        seat: &mut Seat,
        pop: PopId,
        times: Option<(Timestamp, Timestamp)>,
    ) {
        let (stage, board) = (turn.stage, turn.board);
        let requested_at = seat.requested_at;
        let distance = board.route[stage.pair(seat.region, seat.asked())].1;
        let mut way = Way::of(stage, seat, (pop, distance), requested_at);
        way.first_byte += seat.fault_wait;
        match times {
            Some((ready, filled)) => {
                self.start_body(turn, seat, &way, (ready.max(requested_at), filled));
            }
            None => {
                let at = (requested_at + way.first_byte).max(board.from);
                self.answer_at(turn, seat, at, Pending::Error(Failure::Status(503)));
            }
        }
    }
}

impl Cell {
    /// The backhaul answered the fetches of the last epoch.
    pub(super) fn take_answers(&mut self, stage: &Stage, board: &Board) {
        let mut inbox = std::mem::take(&mut self.inbox);
        for fetched in &inbox {
            let fetch = fetched.fetch;
            match fetch.live {
                None => self.hall.edges[fetch.pop.index()].answered(fetch.key, fetched.times),
                // The seat may wait for something else by now, or be another viewer's.
                Some(_) => {
                    let turn = Turn { stage, board, slot: fetch.slot, now: board.from };
                    self.hall.count_lookup(
                        &turn,
                        &self.seats[fetch.slot as usize],
                        (fetched.found, fetch.size),
                    );
                }
            }
            self.resume(stage, board, (fetch.slot, fetch.at), fetched);
            let mut index = 0;
            while index < self.hall.joined.len() {
                let joined = self.hall.joined[index];
                if joined.key == fetch.key && joined.pop == fetch.pop {
                    self.hall.joined.swap_remove(index);
                    self.resume(stage, board, (joined.slot, joined.requested_at), fetched);
                } else {
                    index += 1;
                }
            }
        }
        inbox.clear();
        self.inbox = inbox;
    }

    /// Tells a seat that asked at a certain time what came of it, if it still waits.
    fn resume(
        &mut self,
        stage: &Stage,
        board: &Board,
        (slot, asked_at): (u32, Timestamp),
        fetched: &Fetched,
    ) {
        let seat = &mut self.seats[slot as usize];
        let pop = fetched.fetch.pop;
        if seat.pending == Pending::Backhaul(pop) && seat.requested_at == asked_at {
            let turn = Turn { stage, board, slot, now: board.from };
            self.hall.resolve(&turn, seat, pop, fetched.times);
        }
    }
}

/// The way to the POP that DNS names now.
fn connect(turn: &Turn<'_>, seat: &mut Seat) -> Way {
    let (pop, distance) = turn.board.route[turn.stage.pair(seat.region, seat.asked())];
    seat.handshakes = seat.connected.replace(pop) != Some(pop);
    Way::of(turn.stage, seat, (pop, distance), turn.now)
}

/// Playlists come from the edge. A live one is as old as the edge's copy, at most half a segment.
fn newest_listed(turn: &Turn<'_>, seat: &Seat, pop: PopId) -> Option<u32> {
    let (stage, now) = (turn.stage, turn.now);
    let Content::Live(live) = stage.content(seat.title) else { return None };
    let ttl = stage.live_playlist_ttl;
    // The edge fetches a copy every TTL; POPs are offset by a fraction of it. The first copy is as old as the run.
    let offset = ttl.0 * u64::from(pop.0) / (stage.world.pops.len() as u64).max(1);
    let age = Micros((now.0 + ttl.0 - offset) % ttl.0.max(1));
    let fetched = Timestamp(now.0.saturating_sub(age.0));
    live.newest(fetched, stage.ladder.segment)
}

/// How a body comes from the edge to the player.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    pub(super) pop: PopId,
    /// From the object's being ready at the edge to the first byte at the player.
    pub(super) first_byte: Micros,
    /// Round trip to the POP, for slow start.
    pub(super) rtt: Micros,
    /// Whether the connection starts slowly.
    pub(super) cold: bool,
}

impl Way {
    /// The way to a POP at a distance for a request of this time. A new connection costs a round trip for TCP and one for
    /// TLS 1.3.
    fn of(stage: &Stage, seat: &Seat, (pop, distance): (PopId, Micros), requested_at: Timestamp) -> Self {
        let rtt = distance + stage.access_rtts[seat.cohort.index()];
        let cold = seat.handshakes || requested_at.since(seat.used_at) > IDLE_RESTART;
        let handshakes = if seat.handshakes { rtt * 2 } else { Micros::ZERO };
        Self { pop, first_byte: handshakes + rtt + EDGE_SERVICE, rtt, cold }
    }
}
