//! From a player's request to its answer: POP, faults, connection, edge cache.

use actors::player::{Content, Failure, Loaded, Request, RequestKind};
use fault_plan::{Effect, Failure as PlannedFailure};
use platform_core::cache::CacheKey;
use platform_core::cache::policy::fill::InFlight;
use units::{Bits, Micros, PopId, Timestamp};

use crate::backhaul::{Fetch, Found};
use crate::board::Board;
use crate::edge::Look;
use crate::ledger::Cause;
use crate::levers::LeverSet;
use crate::seat::{Answer, Pending};
use crate::stage::Stage;
use crate::wheel::{Event, EventKind};

use super::{Cell, Joined};

/// Time of an edge for one request.
///
/// Chosen: a memory or disk read behind a busy proxy; nginx here serves from memory in a tenth of it.
const EDGE_SERVICE: Micros = Micros::from_millis(2);

/// Size of a playlist. Chosen: some hundred lines; too small to matter to any link.
const PLAYLIST_SIZE: Bits = Bits(8 * 4_000);

/// A connection that rested longer than this starts slowly again (RFC 6298: the least retransmission time-out).
const IDLE_RESTART: Micros = Micros::from_secs(1);

/// A segment that an edge looks for.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    pop: PopId,
    key: CacheKey,
    size: Bits,
    live: Option<u32>,
}

/// The path of one request.
#[derive(Debug, Clone, Copy)]
struct Path {
    pop: PopId,
    /// From the request to the first byte of an object that the edge has.
    first_byte: Micros,
    /// Round trip to the POP, for slow start.
    rtt: Micros,
    /// Whether the connection starts slowly.
    cold: bool,
}

impl Cell {
    /// Sends a request: finds its POP, meets the faults there, and either knows the answer or waits for bytes.
    pub(super) fn send(&mut self, stage: &Stage, board: &Board, slot: u32, request: Request, now: Timestamp) {
        self.sums_of(slot).requests += 1;
        let path = self.connect(stage, board, slot, &request, now);
        let seat = &mut self.seats[slot as usize];
        if let Some(failed_at) = seat.failed_at.take() {
            seat.losses.add(if seat.faulted { Cause::OutageDetection } else { Cause::Client }, now.since(failed_at));
        }
        let moved = seat.pathway.replace(request.pathway).is_some_and(|last| last != request.pathway);
        seat.request = request;
        seat.requested_at = now;
        seat.fault_wait = Micros::ZERO;
        seat.fill_wait = Micros::ZERO;
        seat.faulted = false;
        seat.timeout_at = Timestamp::NEVER;
        seat.progress_at = Timestamp::NEVER;
        let mut first_byte = path.first_byte;
        if moved {
            self.sums_of(slot).moves += 1;
        }
        let seat = &mut self.seats[slot as usize];
        let whose = (path.pop, seat.region, seat.viewer);
        for effect in stage.effects(&board.faults, now, whose) {
            match effect {
                Effect::None => {}
                Effect::Slow { added_latency, .. } => {
                    first_byte += added_latency;
                    seat.fault_wait += added_latency;
                    seat.faulted = true;
                }
                Effect::Fail { failure, .. } => {
                    seat.faulted = true;
                    self.fail(slot, failure, now + first_byte, now);
                    return;
                }
            }
        }
        match request.kind {
            RequestKind::Multivariant | RequestKind::MediaPlaylist { .. } => {
                self.answer_playlist(stage, slot, now + first_byte, now);
            }
            RequestKind::Segment { variant, index } => {
                let path = Path { first_byte, ..path };
                let wanted = self.wanted(stage, slot, path.pop, variant, index);
                self.look_up(stage, board, slot, (path, wanted), now);
            }
        }
    }

    /// The way to the POP that DNS names now. A new connection costs a round trip for TCP and one for TLS 1.3.
    fn connect(&mut self, stage: &Stage, board: &Board, slot: u32, request: &Request, now: Timestamp) -> Path {
        let seat = &mut self.seats[slot as usize];
        let (pop, distance) = board.route[stage.pair(seat.region, request.pathway)];
        let rtt = distance + stage.access_of(seat.cohort).latency();
        let fresh = seat.connected != Some(pop);
        let cold = fresh || now.since(seat.used_at) > IDLE_RESTART;
        seat.connected = Some(pop);
        let handshakes = if fresh { rtt * 2 } else { Micros::ZERO };
        Path { pop, first_byte: handshakes + rtt + EDGE_SERVICE, rtt, cold }
    }

    fn wanted(&self, stage: &Stage, slot: u32, pop: PopId, variant: u8, index: u32) -> Wanted {
        let seat = &self.seats[slot as usize];
        Wanted {
            pop,
            key: stage.cache_key(seat.title, variant, index, seat.token),
            size: stage.segment_size(seat.title, variant, index),
            live: matches!(seat.content, Content::Live(_)).then_some(index),
        }
    }

    /// A request that a fault fails.
    fn fail(&mut self, slot: u32, failure: PlannedFailure, answered_at: Timestamp, now: Timestamp) {
        let failure = match failure {
            PlannedFailure::Status(status) => Failure::Status(status),
            PlannedFailure::Reset => Failure::Reset,
            PlannedFailure::Hang => {
                self.wait_in_silence(slot, now);
                return;
            }
        };
        self.answer_at(slot, answered_at, Answer::Failed(failure));
    }

    /// Nothing will come: the player's limits decide.
    fn wait_in_silence(&mut self, slot: u32, now: Timestamp) {
        let seat = &mut self.seats[slot as usize];
        seat.pending = Pending::Silence;
        let deadlines = seat.request.deadlines;
        seat.timeout_at = deadlines.first_byte.min(deadlines.total);
        if seat.timeout_at < Timestamp(1 << 40) {
            self.wheel.push(Event::new(seat.timeout_at, EventKind::Timeout, slot));
        }
        if seat.request.abandon_watch != Timestamp::NEVER {
            seat.progress_at = now + Request::PROGRESS_EVERY;
            self.wheel.push(Event::new(seat.progress_at, EventKind::Progress, slot));
        }
    }

    /// An answer that needs no bandwidth; one that comes after the player's limit is a time-out.
    fn answer_at(&mut self, slot: u32, at: Timestamp, answer: Answer) {
        let seat = &mut self.seats[slot as usize];
        let limit = seat.request.deadlines.first_byte.min(seat.request.deadlines.total);
        if at > limit {
            seat.pending = Pending::Silence;
            seat.timeout_at = limit;
            self.wheel.push(Event::new(limit, EventKind::Timeout, slot));
            return;
        }
        seat.pending = Pending::Answer(at, answer);
        self.wheel.push(Event::new(at, EventKind::Answer, slot));
    }

    /// Playlists come from the edge. A live one is as old as the edge's copy, at most half a segment.
    fn answer_playlist(&mut self, stage: &Stage, slot: u32, at: Timestamp, now: Timestamp) {
        let seat = &self.seats[slot as usize];
        let newest_listed = match (seat.request.kind, seat.content) {
            (RequestKind::MediaPlaylist { .. }, Content::Live(live)) => {
                let ttl = LeverSet::live_playlist_ttl(stage.ladder.segment);
                // The edge's copy was fetched at the last multiple of its TTL; POPs are offset by a fraction of it.
                let pop = seat.connected.map_or(0, |pop| u64::from(pop.0));
                let offset = ttl.0 * pop / (stage.world.pops.len() as u64).max(1);
                let fetched = Timestamp((now.0 + ttl.0 - offset) / ttl.0.max(1) * ttl.0 + offset - ttl.0.min(now.0 + offset));
                live.newest(fetched.min(now), stage.ladder.segment)
            }
            _ => None,
        };
        let loaded = Loaded { requested_at: seat.requested_at, first_byte_at: at, size: PLAYLIST_SIZE, newest_listed };
        self.answer_at(slot, at, Answer::Loaded(loaded));
    }

    /// The edge looks for a segment.
    fn look_up(&mut self, stage: &Stage, board: &Board, slot: u32, (path, wanted): (Path, Wanted), now: Timestamp) {
        let look = match wanted.live {
            None => self.edges[wanted.pop.index()].look(wanted.key, now),
            Some(_) => match board.live[wanted.pop.index()].look(wanted.key) {
                Some(stocked) if stocked.filled_at <= now => Look::Hit,
                Some(stocked) => Look::Filling(stocked.ready_at, stocked.filled_at),
                None => Look::Absent,
            },
        };
        self.seats[slot as usize].pending = Pending::Backhaul(wanted.pop);
        let whose = (slot, wanted.size);
        match look {
            Look::Hit => {
                self.count_lookup(stage, whose, Found::Hit);
                self.start_body(stage, board, slot, (path.into(), wanted.size), (now, now));
            }
            Look::Filling(ready, filled) if stage.levers.joins(InFlight::Streaming) => {
                self.count_lookup(stage, whose, Found::Joined);
                self.start_body(stage, board, slot, (path.into(), wanted.size), (ready.max(now), filled));
            }
            Look::Asked if stage.levers.joins(InFlight::Waiting { age: Micros::ZERO }) => {
                self.count_lookup(stage, whose, Found::Joined);
                self.joined.push(Joined { pop: wanted.pop, key: wanted.key, slot, requested_at: now });
            }
            Look::Filling(..) | Look::Asked | Look::Absent => {
                if wanted.live.is_none() {
                    self.count_lookup(stage, whose, Found::Fetched);
                    self.edges[wanted.pop.index()].asked(wanted.key, wanted.size.to_bytes());
                }
                self.outbox.push(Fetch {
                    at: now,
                    cell: self.id,
                    slot,
                    viewer: self.seats[slot as usize].viewer,
                    pop: wanted.pop,
                    key: wanted.key,
                    size: wanted.size,
                    live: wanted.live,
                });
            }
        }
    }

    /// Counts what an edge found. A live object's fetch is counted when the barrier has answered it.
    fn count_lookup(&mut self, stage: &Stage, (slot, size): (u32, Bits), found: Found) {
        let sums = self.sums_of(slot);
        match found {
            Found::Hit => {
                sums.edge_hits += 1;
                sums.edge_hit_bits += size.0;
            }
            Found::Joined => {
                sums.edge_joins += 1;
                sums.edge_miss_bits += size.0;
            }
            Found::Fetched => {
                sums.edge_misses += 1;
                sums.edge_miss_bits += size.0;
            }
        }
        let seat = &self.seats[slot as usize];
        let outcomes = &mut self.outcomes[stage.pair(seat.region, seat.request.pathway)];
        outcomes.lookups += 1;
        outcomes.hits += u32::from(found == Found::Hit);
    }

    /// The backhaul answered the fetches of the last epoch.
    pub(super) fn take_answers(&mut self, stage: &Stage, board: &Board) {
        let mut inbox = std::mem::take(&mut self.inbox);
        for fetched in &inbox {
            let fetch = fetched.fetch;
            match fetch.live {
                None => self.edges[fetch.pop.index()].answered(fetch.key, fetched.times),
                Some(_) => self.count_lookup(stage, (fetch.slot, fetch.size), fetched.found),
            }
            self.resolve(stage, board, (fetch.slot, fetch.at), (fetch.pop, fetched.times));
            let mut index = 0;
            while index < self.joined.len() {
                let joined = self.joined[index];
                if joined.key == fetch.key && joined.pop == fetch.pop {
                    self.joined.swap_remove(index);
                    self.resolve(stage, board, (joined.slot, joined.requested_at), (fetch.pop, fetched.times));
                } else {
                    index += 1;
                }
            }
        }
        inbox.clear();
        self.inbox = inbox;
    }

    /// Goes on with a request that waited for the backhaul, if its player still waits for it.
    fn resolve(
        &mut self,
        stage: &Stage,
        board: &Board,
        (slot, requested_at): (u32, Timestamp),
        (pop, times): (PopId, Option<(Timestamp, Timestamp)>),
    ) {
        let seat = &self.seats[slot as usize];
        if seat.pending != Pending::Backhaul(pop) || seat.requested_at != requested_at {
            return;
        }
        let RequestKind::Segment { variant, index } = seat.request.kind else { return };
        let rtt = board.route[stage.pair(seat.region, seat.request.pathway)].1 + stage.access_of(seat.cohort).latency();
        let to_player = rtt + EDGE_SERVICE + seat.fault_wait;
        match times {
            Some((ready, filled)) => {
                let size = stage.segment_size(seat.title, variant, index);
                let way = Way { pop, first_byte: to_player, rtt, cold: requested_at.since(seat.used_at) > IDLE_RESTART };
                self.start_body(stage, board, slot, (way, size), (ready.max(requested_at), filled));
            }
            None => {
                let at = (requested_at + to_player).max(board.from);
                self.answer_at(slot, at, Answer::Failed(Failure::Status(503)));
            }
        }
    }
}

/// How a body comes from the edge to the player.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    pub(super) pop: PopId,
    /// From the object's being ready at the edge to the first byte at the player.
    pub(super) first_byte: Micros,
    pub(super) rtt: Micros,
    pub(super) cold: bool,
}

impl From<Path> for Way {
    fn from(path: Path) -> Self {
        Self { pop: path.pop, first_byte: path.first_byte, rtt: path.rtt, cold: path.cold }
    }
}
