//! Requests of the reference: sent, answered, carried by a link, looked at, dropped.

use actors::player::{Command, Failure, Loaded, Progress, Request, RequestKind};
use fault_plan::{Effect, Failure as PlannedFailure};
use units::{Bits, Micros, PopId, Timestamp};

use super::events::Kind;
use super::link::{Link, PARTS_PER_BIT};
use super::run::Reference;
use super::viewer::{Awaits, Coming, slow_start};

/// An edge's time for a request.
const SERVICE: Micros = Micros::from_millis(2);
/// A connection that rested longer starts slowly again (RFC 6298).
const REST: Micros = Micros::from_secs(1);
/// Size of a playlist.
const PLAYLIST: Bits = Bits(32_000);

impl Reference {
    /// Forgets what is in flight. A body is stopped by closing its connection.
    pub(super) fn drop_request(&mut self, who: u32) {
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

    pub(super) fn send(&mut self, who: u32, request: Request) {
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
                let playlist = Loaded {
                    requested_at: now,
                    first_byte_at: first_byte,
                    size: PLAYLIST,
                    newest_listed: None,
                };
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

    pub(super) fn begin_flow(&mut self, who: u32) {
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
    pub(super) fn next_slot(&mut self, cohort: u32) {
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
    pub(super) fn change_link(&mut self, pop: PopId, change: impl FnOnce(&mut Link)) {
        let link = &mut self.links[pop.index()];
        link.advance(self.now);
        change(link);
        link.share();
        let (end, version) = (link.next_end(), link.version);
        self.heap.push(end.unwrap_or(Timestamp::NEVER), Kind::End, u32::from(pop.0), version);
    }

    /// Takes a flow that is done out of its link; the next one of the same instant follows at once.
    pub(super) fn end_flows(&mut self, pop: PopId, version: u64) {
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
        let loaded = Loaded {
            requested_at,
            first_byte_at: coming.first_byte_at,
            size: coming.size,
            newest_listed: None,
        };
        self.loaded(who, loaded);
    }

    /// The player looks at its download, whatever it may find.
    pub(super) fn look(&mut self, who: u32) {
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

    pub(super) fn loaded(&mut self, who: u32, loaded: Loaded) {
        let viewer = &mut self.viewers[who as usize];
        viewer.awaits = Awaits::Nothing;
        let step = viewer.player.loaded(&self.tables.context(who), self.now, loaded);
        self.obey(who, step);
    }

    pub(super) fn failed(&mut self, who: u32, failure: Failure) {
        self.tally.failures += 1;
        let viewer = &mut self.viewers[who as usize];
        viewer.awaits = Awaits::Nothing;
        let step = viewer.player.failed(&self.tables.context(who), self.now, failure);
        self.obey(who, step);
    }
}
