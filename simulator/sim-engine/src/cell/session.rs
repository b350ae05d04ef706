//! Sessions of a cell: granted, begun, given up, left, failed.

use actors::audience::Watches;
use actors::player::{BufferGoal, Content, EndReason, LoadDeadlines, Player, Request, RequestKind, Resume};
use units::{Kbps, Micros, PathwayId, Timestamp};

use crate::board::Board;
use crate::cause::Losses;
use crate::ledger::Cause;
use crate::seat::{Pending, Phase, Seat};
use crate::stage::Stage;
use crate::wheel::{Event, EventKind};

use super::Cell;

impl Cell {
    /// Seats the sessions that begin in this epoch.
    pub(super) fn take_granted(&mut self, stage: &Stage, board: &Board) {
        let mut granted = std::mem::take(&mut self.granted);
        for &(index, at) in &granted {
            let slot = self.seat(stage, board, index);
            match at {
                Some(at) => {
                    self.seats[slot as usize].wake_at = at.max(board.from);
                    self.wheel.push(Event::new(at.max(board.from), EventKind::Begin, slot));
                }
                // The session store turned the viewer away.
                None => {
                    self.sums_of(slot).start_failures += 1;
                    self.vacate(slot);
                }
            }
        }
        granted.clear();
        self.granted = granted;
    }

    /// Takes a seat for a session of the plan.
    fn seat(&mut self, stage: &Stage, board: &Board, index: u32) -> u32 {
        let session = &stage.sessions[index as usize];
        let (title, content) = match session.watches {
            Watches::Vod { title, .. } => (title, stage.vod),
            Watches::Live => {
                (stage.live_title(), Content::Live(stage.live.expect("a live session needs a live event")))
            }
        };
        let seat = Seat {
            phase: Phase::Granting,
            viewer: session.viewer,
            cohort: session.cohort,
            region: session.region,
            title,
            content,
            token: stage.token(session.viewer, session.arrives),
            access: stage.access_of(session.cohort).viewer(session.viewer),
            arrived_at: session.arrives,
            leaves_at: session.leaves.max(board.from),
            patience_until: session.arrives.saturating_add(session.startup_patience),
            started: false,
            pending: Pending::Nothing,
            request: NO_REQUEST,
            requested_at: Timestamp::ZERO,
            fault_wait: Micros::ZERO,
            fill_wait: Micros::ZERO,
            faulted: false,
            wake_at: Timestamp::NEVER,
            timeout_at: Timestamp::NEVER,
            progress_at: Timestamp::NEVER,
            connected: None,
            pathway: None,
            used_at: Timestamp::ZERO,
            polled: 0,
            access_limited: false,
            variant: None,
            failed_at: None,
            losses: Losses::default(),
            open_stall: Micros::ZERO,
            stalled_once: false,
            settled_to: session.arrives,
        };
        let order = board.steering.order_at(session.arrives, session.region, stage.steering_draw(session.viewer));
        let player = Player::new(&stage.context(&seat), session.arrives, order);
        let slot = self.place(seat, player);
        if seat.leaves_at <= stage.world.end() {
            self.wheel.push(Event::new(seat.leaves_at, EventKind::Leave, slot));
        }
        if seat.patience_until < seat.leaves_at && seat.patience_until >= board.from {
            self.wheel.push(Event::new(seat.patience_until, EventKind::Patience, slot));
        }
        slot
    }

    fn place(&mut self, seat: Seat, player: Player) -> u32 {
        self.present += 1;
        if let Some(slot) = self.free.pop() {
            self.seats[slot as usize] = seat;
            self.players[slot as usize] = player;
            return slot;
        }
        let slot = u32::try_from(self.seats.len()).expect("a cell has at most 2^20 seats");
        assert!((slot as usize) < crate::wheel::SLOTS_MAX, "more than 2^20 viewers in one cell: use more cells");
        self.seats.push(seat);
        self.players.push(player);
        slot
    }

    /// The session store answered: the player asks for its first playlist, or goes on if it was there before the run.
    pub(super) fn begin(&mut self, stage: &Stage, board: &Board, slot: u32, now: Timestamp) {
        let seat = &mut self.seats[slot as usize];
        seat.phase = Phase::Active;
        seat.polled = board.steering.polls_by(seat.viewer, now);
        let session = &stage.sessions[seat.viewer.index()];
        let step = if session.present_at_start {
            let resume = steady_state(stage, seat, session.watches, now);
            seat.started = true;
            seat.variant = Some(resume.variant);
            let ctx = stage.context(&self.seats[slot as usize]);
            self.players[slot as usize].resume(&ctx, now, resume)
        } else {
            let ctx = stage.context(&self.seats[slot as usize]);
            self.players[slot as usize].begin(&ctx, now)
        };
        self.obey(stage, board, slot, step, now);
    }

    /// The viewer does not wait any longer for the first frame.
    pub(super) fn give_up(&mut self, slot: u32, now: Timestamp) {
        self.drop_pending(slot, now);
        self.sums_of(slot).exits_before_start += 1;
        self.vacate(slot);
    }

    /// The viewer leaves as planned.
    pub(super) fn leave(&mut self, slot: u32, now: Timestamp) {
        match self.seats[slot as usize].phase {
            Phase::Active => {
                self.drop_pending(slot, now);
                let played = self.players[slot as usize].settle(now);
                self.account(slot, played);
                self.close(slot);
            }
            Phase::Dead => {
                self.settle_dead(slot, now);
                self.close(slot);
            }
            Phase::Granting | Phase::Empty => self.vacate(slot),
        }
    }

    /// The player ended the session.
    pub(super) fn ended(&mut self, slot: u32, reason: EndReason, now: Timestamp) {
        let started = self.seats[slot as usize].started;
        match reason {
            EndReason::Complete => self.close(slot),
            EndReason::Fatal if started => {
                let seat = &mut self.seats[slot as usize];
                seat.phase = Phase::Dead;
                seat.settled_to = now;
                seat.stalled_once = true;
                let sums = self.sums_of(slot);
                sums.fatal += 1;
                sums.stalls += 1;
            }
            EndReason::Fatal => {
                self.sums_of(slot).start_failures += 1;
                self.vacate(slot);
            }
        }
    }

    /// A fatal session counts as stalled to its planned end, so that a crash improves no ratio.
    pub(super) fn settle_dead(&mut self, slot: u32, now: Timestamp) {
        let seat = &mut self.seats[slot as usize];
        let stall = now.since(seat.settled_to);
        seat.settled_to = now;
        seat.open_stall += stall;
        let cause = if seat.faulted { Cause::OutageDetection } else { Cause::ControlPlane };
        seat.losses.add(cause, stall);
        self.sums_of(slot).stalled += stall.0;
    }

    /// Counts a session that is over, and frees its seat.
    fn close(&mut self, slot: u32) {
        self.close_stall(slot);
        self.count_ended(slot);
        self.vacate(slot);
    }

    fn count_ended(&mut self, slot: u32) {
        let seat = &self.seats[slot as usize];
        if seat.started {
            let stalled = u64::from(seat.stalled_once);
            let sums = self.sums_of(slot);
            sums.ended += 1;
            sums.ended_stalled += stalled;
        }
    }

    /// Counts the sessions that are still on when the run ends.
    pub(crate) fn count_remaining(&mut self) {
        for slot in 0..self.seats.len() {
            #[expect(clippy::cast_possible_truncation, reason = "a cell has at most 2^20 seats")]
            let slot = slot as u32;
            if matches!(self.seats[slot as usize].phase, Phase::Active | Phase::Dead) {
                self.count_ended(slot);
            }
        }
    }

    fn vacate(&mut self, slot: u32) {
        let seat = &mut self.seats[slot as usize];
        seat.phase = Phase::Empty;
        seat.pending = Pending::Nothing;
        seat.wake_at = Timestamp::NEVER;
        seat.timeout_at = Timestamp::NEVER;
        seat.progress_at = Timestamp::NEVER;
        seat.leaves_at = Timestamp::NEVER;
        seat.patience_until = Timestamp::NEVER;
        self.free.push(slot);
        self.present -= 1;
    }
}

/// How a session that was under way before the run stands: at the variant that 0.7 of its access rate carries (hls.js's
/// own margin for going up), its buffer filled to its goal less a random part of a segment.
fn steady_state(stage: &Stage, seat: &Seat, watches: Watches, now: Timestamp) -> Resume {
    let model = stage.access_of(seat.cohort);
    // A minute's mean stands for what its earlier downloads saw.
    let slots = (60_000_000 / model.slot_length().0).clamp(1, 12);
    let mean = (0..slots).map(|slot| model.rate_at(&seat.access, seat.viewer, slot).rate().0).sum::<u64>() / slots;
    let fits = stage.ladder.variants.iter().rposition(|variant| variant.average.0 <= mean * 7 / 10);
    #[expect(clippy::cast_possible_truncation, reason = "a ladder has at most 16 variants")]
    let variant = fits.unwrap_or(0) as u8;
    let profile = &stage.profiles[seat.cohort.index()];
    let segment = stage.ladder.segment;
    let phase = Micros(stage.state_draws.bits(u64::from(seat.viewer.0), 0) % segment.0);
    let (buffer, next_segment) = match (seat.content, watches) {
        (Content::Live(live), _) => {
            let behind = u64::from(profile.live_hold_back.max(1));
            (segment * behind - phase, live.newest(now, segment).unwrap_or(0) + 1)
        }
        (Content::Vod { .. }, Watches::Vod { start_segment, .. }) => {
            (goal_at(profile.goal, stage.ladder.variants[usize::from(variant)].peak).saturating_sub(phase).max(segment), start_segment)
        }
        (Content::Vod { .. }, Watches::Live) => unreachable!("a live session has live content"),
    };
    let lowest = stage.ladder.variants[0].average.0;
    let first_byte = model.latency() + Micros::from_millis(20);
    Resume { next_segment, variant, buffer, throughput: Kbps(mean.max(lowest)), first_byte }
}

/// What a player buffers before it pauses, at a variant of this peak rate.
fn goal_at(goal: BufferGoal, peak: Kbps) -> Micros {
    match goal {
        BufferGoal::ByRate { floor, bits, cap } => peak.time_for(bits).max(floor).min(cap),
        BufferGoal::Fixed(goal) => goal,
    }
}

const NO_REQUEST: Request = Request {
    kind: RequestKind::Multivariant,
    pathway: PathwayId(0),
    deadlines: LoadDeadlines { first_byte: Timestamp::NEVER, total: Timestamp::NEVER, idle: Micros::MAX },
    abandon_watch: Timestamp::NEVER,
};
