//! What is counted of a viewer's doings: playback, stalls and their causes, segments, health.

use actors::player::{Content, Loaded, Played, RequestKind};
use units::{Micros, PopId, Timestamp};

use super::{Hall, Turn};
use crate::cause::{Arrived, Losses};
use crate::ledger::{Cause, Sums};
use crate::seat::{Phase, Seat};

/// With this much buffered a viewer is out of danger, and what was lost before no longer matters.
const COMFORT: Micros = Micros::from_secs(10);

impl Hall {
    /// The sums that a seat's doings count into: those of the pathway that its last request went to. What a player has just
    /// decided to turn to has done nothing yet.
    pub(super) fn sums_of(&mut self, seat: &Seat) -> &mut Sums {
        self.ledger.at(seat.row, seat.pathway.unwrap_or(seat.player.pathway()))
    }

    /// Notes time lost to a cause.
    pub(super) fn blame(&mut self, slot: u32, seat: &mut Seat, cause: Cause, lost: Micros) {
        seat.troubled = true;
        self.margins[slot as usize].losses.add(cause, lost);
    }

    /// Counts playback since the last call. A stall gets its cause once playback goes on.
    pub(super) fn account(&mut self, slot: u32, seat: &mut Seat, played: &Played) {
        let play = played.stalled_from.since(played.from);
        let stall = played.to.since(played.stalled_from);
        if play > Micros::ZERO {
            self.close_stall(slot, seat);
        }
        let sums = self.sums_of(seat);
        sums.played += play.0;
        if stall > Micros::ZERO || played.stall_began {
            sums.stalled += stall.0;
            sums.stalls += u64::from(played.stall_began);
            seat.open_stall += stall;
            seat.stalled_once |= played.stall_began;
        }
        if played.first_frame {
            sums.started += 1;
            seat.started = true;
            let startup = played.to.since(self.margins[slot as usize].arrived_at);
            self.ledger.startups.push((seat.cohort, seat.region, startup));
        }
    }

    /// Gives the stall time that has none its cause.
    pub(super) fn close_stall(&mut self, slot: u32, seat: &mut Seat) {
        let stall = std::mem::take(&mut seat.open_stall);
        if stall > Micros::ZERO {
            let losses = &self.margins[slot as usize].losses;
            // A dead session asks for nothing more, so what its access could carry is no longer the question.
            let cause = if seat.phase == Phase::Dead { losses.largest() } else { losses.primary() };
            self.sums_of(seat).caused[cause as usize] += stall.0;
        }
    }

    /// Forgets what was lost, if the viewer is out of danger.
    pub(super) fn forget_losses(&mut self, turn: &Turn<'_>, seat: &mut Seat) {
        if seat.player.buffer(turn.now) >= comfort(turn) {
            self.close_stall(turn.slot, seat);
            if std::mem::take(&mut seat.troubled) {
                self.margins[turn.slot as usize].losses = Losses::default();
            }
        }
    }

    /// Counts a segment that is complete.
    pub(super) fn count_segment(&mut self, turn: &Turn<'_>, seat: &mut Seat) {
        let RequestKind::Segment { variant, index } = seat.kind else { return };
        self.find_losses(turn, seat, variant);
        let ladder = &turn.stage.ladder;
        let segment_millis = turn.stage.segment_millis;
        let switched = seat.variant.replace(variant).is_some_and(|last| last != variant);
        let distance = match turn.stage.content(seat.title) {
            Content::Live(live) => {
                let ends = Micros((u64::from(index) + 1) * ladder.segment.0);
                let playhead = ends.saturating_sub(seat.player.buffer(turn.now) + ladder.segment);
                Some((turn.now + live.lead).since(Timestamp(playhead.0)))
            }
            Content::Vod { .. } => None,
        };
        let sums = self.sums_of(seat);
        sums.segments += 1;
        sums.segment_millis += segment_millis;
        sums.kbps_millis += ladder.variants[usize::from(variant)].average.0 * segment_millis;
        sums.switches += u64::from(switched);
        sums.received_bits += seat.size.0;
        if let Some(distance) = distance {
            sums.live_distance_millis += distance.0 / 1_000;
            sums.live_distances += 1;
        }
    }

    /// Finds out what the segment that is complete lost, unless nobody will ask.
    fn find_losses(&mut self, turn: &Turn<'_>, seat: &mut Seat, variant: u8) {
        let ladder = &turn.stage.ladder;
        // The link may have brought all that the edge had before the edge itself had the rest.
        let unfilled = seat.at(seat.filled).min(turn.now).since(seat.at(seat.last_bit));
        let transfer = turn.now.since(seat.at(seat.body_from)).saturating_sub(unfilled);
        let at_access_rate = transfer.saturating_sub(Micros(u64::from(seat.lost_to_link)));
        seat.access_limited = at_access_rate > ladder.segment;
        // With this segment in the buffer the viewer will be out of danger, and all losses are forgotten.
        let buffer = seat.player.buffer(turn.now);
        if buffer > Micros::ZERO
            && buffer + ladder.segment >= comfort(turn)
            && seat.open_stall == Micros::ZERO
        {
            return;
        }
        let pop = seat.connected.map_or(0, PopId::index);
        seat.troubled = true;
        self.margins[turn.slot as usize].losses.arrived(&Arrived {
            media: ladder.segment,
            fill_wait: seat.fill_wait.span() + unfilled,
            fault_wait: seat.fault_wait,
            lost_to_link: Micros(u64::from(seat.lost_to_link)),
            link_faulted: turn.board.slowed[pop],
            at_access_rate,
            variant_kbps: ladder.variants[usize::from(variant)].average.0,
            lowest_kbps: ladder.variants[0].average.0,
        });
    }

    /// Tells the platform's health checks how a request ended.
    pub(super) fn observe_health(&mut self, turn: &Turn<'_>, seat: &Seat, loaded: Option<&Loaded>) {
        // A segment that is slow because of the viewer's own access says nothing about the pathway. An edge can tell: its
        // TCP stack knows whether the network or the sender was the limit (`tcpi_delivery_rate_app_limited`).
        let judged = matches!(seat.kind, RequestKind::Segment { .. }) && !seat.access_limited;
        let bad = turn.stage.levers.is_bad(loaded, turn.now, judged.then_some(turn.stage.ladder.segment));
        let outcomes = &mut self.outcomes[turn.stage.pair(seat.region, seat.asked())];
        outcomes.bad += u32::from(bad);
        outcomes.good += u32::from(!bad);
        outcomes.sent += loaded.map_or(0, |loaded| loaded.size.0);
    }
}

fn comfort(turn: &Turn<'_>) -> Micros {
    COMFORT.min(turn.stage.ladder.segment * 3 / 2)
}
