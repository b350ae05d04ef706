//! Sessions of a cell: granted, begun, given up, left, failed.

use actors::audience::Watches;
use actors::player::{BufferGoal, Content, EndReason, Player, Resume};
use units::{Kbps, Micros, Timestamp};

use super::{Cell, Hall, Turn};
use crate::board::Board;
use crate::cause::Losses;
use crate::ledger::Cause;
use crate::seat::{Margin, Phase, Seat, Viewer};
use crate::stage::Stage;
use crate::wheel::{Event, EventKind};

impl Cell {
    /// Seats the sessions that begin in this epoch.
    pub(super) fn take_granted(&mut self, stage: &Stage, board: &Board) {
        let mut granted = std::mem::take(&mut self.granted);
        for &(index, at) in &granted {
            let slot = self.seat(stage, board, index);
            let seat = &mut self.seats[slot as usize];
            match at {
                Some(at) => self.hall.plan(slot, seat, EventKind::Begin, at.max(board.from)),
                // The session store turned the viewer away.
                None => {
                    self.hall.sums_of(seat).start_failures += 1;
                    self.hall.vacate(slot, seat);
                }
            }
        }
        granted.clear();
        self.granted = granted;
    }

    /// Takes a seat for a session of the plan.
    fn seat(&mut self, stage: &Stage, board: &Board, index: u32) -> u32 {
        let session = &stage.sessions[index as usize];
        let title = match session.watches {
            Watches::Vod { title, .. } => title,
            Watches::Live => stage.live_title(),
        };
        let steering = &board.steering;
        let version = steering.version_at(session.arrives);
        let order = steering.order(version, session.region, stage.steering_draw(session.viewer));
        let player =
            Player::new(&stage.context_of(session.cohort, title, session.viewer), session.arrives, order);
        let who = Viewer {
            viewer: session.viewer,
            title,
            token: stage.token(session.viewer, session.arrives),
            access: stage.access_of(session.cohort).viewer(session.viewer),
            cohort: session.cohort,
            region: session.region,
            row: stage.shape.row(session.cohort, session.region),
        };
        let margin = Margin {
            arrived_at: session.arrives,
            leaves_at: session.leaves.max(board.from),
            patience_until: session.arrives.saturating_add(session.startup_patience),
            settled_to: session.arrives,
            losses: Losses::default(),
            failed_for: Cause::Client,
        };
        let slot = self.place(Seat::new(player, who), margin);
        if margin.leaves_at <= stage.world.end() {
            self.hall.wheel.push(Event::new(margin.leaves_at, EventKind::Leave, slot));
        }
        if margin.patience_until < margin.leaves_at && margin.patience_until >= board.from {
            self.hall.wheel.push(Event::new(margin.patience_until, EventKind::Patience, slot));
        }
        slot
    }

    fn place(&mut self, seat: Seat, margin: Margin) -> u32 {
        self.hall.present += 1;
        if let Some(slot) = self.hall.free.pop() {
            self.seats[slot as usize] = seat;
            self.hall.margins[slot as usize] = margin;
            return slot;
        }
        let slot = u32::try_from(self.seats.len()).expect("a cell has at most 2^20 seats");
        assert!(
            (slot as usize) < crate::wheel::SLOTS_MAX,
            "more than 2^20 viewers in one cell: use more cells"
        );
        self.seats.push(seat);
        self.hall.margins.push(margin);
        self.hall.places.push(0);
        slot
    }

    /// The warm-up is over: a session that stalled in it and plays again counts as one without a stall.
    pub(crate) fn forget_warmup(&mut self) {
        for seat in &mut self.seats {
            seat.stalled_once = seat.phase == Phase::Active && seat.player.stalled();
        }
    }

    /// Counts the sessions that still play (or stall) when the run ends.
    pub(crate) fn count_remaining(&mut self) {
        for seat in &self.seats {
            if seat.phase == Phase::Active {
                self.hall.count_ended(seat);
            }
        }
    }
}

impl Hall {
    /// The session store answered: the player asks for its first playlist, or goes on if it was there before the run.
    pub(super) fn begin(&mut self, turn: &Turn<'_>, seat: &mut Seat) {
        let (stage, now) = (turn.stage, turn.now);
        seat.phase = Phase::Active;
        seat.due = Timestamp::NEVER;
        seat.next_poll = turn.board.steering.first_poll(seat.viewer, now);
        let session = &stage.sessions[seat.viewer.index()];
        let step = if session.present_at_start {
            let resume = steady_state(stage, seat, session.watches, now);
            seat.started = true;
            seat.variant = Some(resume.variant);
            seat.player.resume(&stage.context(seat), now, resume)
        } else {
            seat.player.begin(&stage.context(seat), now)
        };
        self.obey(turn, seat, &step);
    }

    /// The viewer does not wait any longer for the first frame.
    pub(super) fn give_up(&mut self, turn: &Turn<'_>, seat: &mut Seat) {
        self.drop_pending(turn, seat);
        self.sums_of(seat).exits_before_start += 1;
        self.vacate(turn.slot, seat);
    }

    /// The viewer leaves as planned.
    pub(super) fn leave(&mut self, turn: &Turn<'_>, seat: &mut Seat) {
        match seat.phase {
            Phase::Active => {
                self.drop_pending(turn, seat);
                let played = seat.player.settle(turn.now);
                self.account(turn.slot, seat, &played);
                self.close(turn.slot, seat);
            }
            Phase::Dead => {
                self.settle_dead(turn.slot, seat, turn.now);
                self.close(turn.slot, seat);
            }
            Phase::Granting | Phase::Empty => self.vacate(turn.slot, seat),
        }
    }

    /// The player ended the session.
    pub(super) fn ended(&mut self, turn: &Turn<'_>, seat: &mut Seat, reason: EndReason) {
        match reason {
            EndReason::Complete => self.close(turn.slot, seat),
            EndReason::Fatal if seat.started => {
                // The stall so far has a cause of its own; the one that begins is what the failures made.
                self.close_stall(turn.slot, seat);
                seat.stalled_once = true;
                self.count_ended(seat);
                seat.phase = Phase::Dead;
                self.margins[turn.slot as usize].settled_to = turn.now;
                let sums = self.sums_of(seat);
                sums.fatal += 1;
                sums.stalls += 1;
            }
            EndReason::Fatal => {
                self.sums_of(seat).start_failures += 1;
                self.vacate(turn.slot, seat);
            }
        }
    }

    /// A fatal session counts as stalled to its planned end, so that a crash improves no ratio. Its cause is what ended it:
    /// however long it lasts, no loss is added for it.
    pub(super) fn settle_dead(&mut self, slot: u32, seat: &mut Seat, now: Timestamp) {
        let settled_to = &mut self.margins[slot as usize].settled_to;
        let stall = now.since(std::mem::replace(settled_to, now));
        seat.open_stall += stall;
        self.sums_of(seat).stalled += stall.0;
    }

    /// Counts a session that is over, and frees its seat. One that failed was counted when it did.
    fn close(&mut self, slot: u32, seat: &mut Seat) {
        self.close_stall(slot, seat);
        if seat.phase == Phase::Active {
            self.count_ended(seat);
        }
        self.vacate(slot, seat);
    }

    fn count_ended(&mut self, seat: &Seat) {
        if seat.started {
            let sums = self.sums_of(seat);
            sums.ended += 1;
            sums.ended_stalled += u64::from(seat.stalled_once);
        }
    }

    fn vacate(&mut self, slot: u32, seat: &mut Seat) {
        seat.phase = Phase::Empty;
        seat.expect_nothing();
        let margin = &mut self.margins[slot as usize];
        margin.leaves_at = Timestamp::NEVER;
        margin.patience_until = Timestamp::NEVER;
        self.free.push(slot);
        self.present -= 1;
    }
}

/// How a session that was under way before the run stands: at the variant that 0.7 of its access rate carries (hls.js's
/// own margin for going up). It made its last request, after which its buffer was full, a random part of a segment ago; so
/// those who are found at the start do not act in step.
fn steady_state(stage: &Stage, seat: &Seat, watches: Watches, now: Timestamp) -> Resume {
    let model = stage.access_of(seat.cohort);
    // A minute's mean stands for what its earlier downloads saw.
    let slots = (60_000_000 / model.slot_length().0).clamp(1, 12);
    let mean =
        (0..slots).map(|slot| model.rate_at(&seat.access, seat.viewer, slot).rate().0).sum::<u64>() / slots;
    let fits = stage.ladder.variants.iter().rposition(|variant| variant.average.0 <= mean * 7 / 10);
    #[expect(clippy::cast_possible_truncation, reason = "a ladder has at most 16 variants")]
    let variant = fits.unwrap_or(0) as u8;
    let profile = &stage.profiles[seat.cohort.index()];
    let segment = stage.ladder.segment;
    let phase = Micros(stage.state_draws.bits(u64::from(seat.viewer.0), 0) % segment.0);
    let (buffer, next_segment) = match (stage.content(seat.title), watches) {
        (Content::Live(live), _) => {
            let behind = u64::from(profile.live_hold_back.max(1));
            (segment * behind - phase, live.ago(phase).newest(now, segment).unwrap_or(0) + 1)
        }
        (Content::Vod { .. }, Watches::Vod { start_segment, .. }) => (
            full_at(profile.goal, stage.ladder.variants[usize::from(variant)].peak, segment)
                .saturating_sub(phase)
                .max(segment),
            start_segment,
        ),
        (Content::Vod { .. }, Watches::Live) => unreachable!("a live session has live content"),
    };
    let lowest = stage.ladder.variants[0].average.0;
    let first_byte = model.latency() + Micros::from_millis(20);
    let throughput = Kbps(mean.max(lowest));
    Resume { next_segment, variant, buffer, reload_in: segment - phase, throughput, first_byte }
}

/// What a player has buffered when it pauses, at a variant of this peak rate: hls.js asks for a segment as long as it is
/// below its goal, the others as long as a segment more does not lift them above it.
fn full_at(goal: BufferGoal, peak: Kbps, segment: Micros) -> Micros {
    match goal {
        BufferGoal::ByRate { floor, bits, cap } => peak.time_for(bits).max(floor).min(cap) + segment,
        BufferGoal::Fixed(goal) => goal,
    }
}
