//! The player: a sans-IO state machine that asks for bytes and is told what came of it.
//!
//! The environment (simulation cell, event-driven reference, single-player harness, live driver) owns time and
//! transfer. It calls [`Player`] methods with `now` in rising order and obeys the one [`Command`] that each returns.
//!
//! Requests are serial: multivariant playlist, media playlist of the variant chosen, segments; a variant's media
//! playlist is loaded when the variant is first used on a pathway. Playback needs no timer of its own: the time at
//! which the buffer runs dry is known, so every call accounts for what was played and stalled since the last one.
//!
//! Reading order: [`content`] and [`command`] (the words), [`profile`] and [`policy`] (what players of a kind share),
//! [`order`], then `state` (what it is in), `playback` (accounting), `fetch` (what to ask for next), `recovery`
//! (what to do about failures).

pub mod command;
pub mod content;
mod fetch;
pub mod order;
mod playback;
pub mod policy;
pub mod profile;
mod recovery;
mod state;
#[cfg(test)]
mod tests;

use core::mem::offset_of;

use units::{Bits, Kbps, Micros, PathwayId, Timestamp};

pub use command::{
    Command, EndReason, Failure, LoadDeadlines, Loaded, Played, Progress, Request, RequestKind, Step,
};
pub use content::{Content, Ladder, LiveWindow, Variant};
pub use order::PathwayOrder;
pub use policy::{LoadPolicies, LoadPolicy, RetryPolicy};
pub use profile::{Abr, BufferGoal, Context, Profile, Recovery, Resume};
use state::{AbrState, Errors, Flags, NO_VARIANT, PATHWAYS, Phase, Playback};

use crate::hlsjs;
use crate::sabre;

/// The state of one player: two cache lines.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(64))]
pub struct Player {
    /// Playback is accounted up to here.
    settled_at: Timestamp,
    abr: AbrState,
    /// Per pathway (by id modulo 4): the second of the run until which it is passed over.
    penalised_until_s: [u16; PATHWAYS],
    /// Per pathway: bit per variant that failed and has not been buffered since.
    faulty: [u16; PATHWAYS],
    /// Per pathway: bit per variant whose media playlist is loaded.
    listed: [u16; PATHWAYS],
    /// Buffered at `settled_at`, in µs: below 71 minutes, as no goal is above 600 s.
    buffer_us: u32,
    /// When the live playlist is to be asked for again, in ms of the run.
    reload_at_ms: u32,
    next_segment: u32,
    /// Live: newest segment listed.
    newest_listed: u32,
    order: PathwayOrder,
    /// hls.js: the second of the run at which failed variants are forgotten, on all pathways. (hls.js keeps a time for each: here
    /// a failure prolongs the memory of those before it.)
    forgets_at_s: u16,
    pathway: PathwayId,
    /// Variant that choices are relative to; [`NO_VARIANT`] before the first segment.
    base: u8,
    /// Variant of the request in flight or to be repeated.
    target: u8,
    /// Variant that an error or a give-up forced; [`NO_VARIANT`] if none.
    forced: u8,
    /// Failures in a row of a playlist, or (Shaka) of any request.
    attempts: u8,
    phase: Phase,
    playback: Playback,
    flags: Flags,
}

// What `glance` reads stands in both lines.
const _: () = assert!(offset_of!(Player, settled_at) / 64 == 0 && offset_of!(Player, buffer_us) / 64 == 1);

/// Download time that a resumed player's estimate rests on: several half-lives of any rule here.
const PAST: Micros = Micros::from_secs(40);

impl Player {
    /// A player that has not asked for anything yet.
    ///
    /// # Panics
    /// If `priority` names no pathway, or a profile joins Sabre's rules with the recovery of hls.js.
    #[must_use]
    pub fn new(ctx: &Context<'_>, now: Timestamp, priority: PathwayOrder) -> Self {
        let errors = Errors::default();
        let abr = match &ctx.profile.abr {
            Abr::HlsJs => {
                let estimator = hlsjs::Estimator::new(hlsjs::choice::default_estimate(ctx.ladder));
                AbrState::HlsJs { estimator, errors }
            }
            Abr::Bba(_) => AbrState::Bba { errors },
            Abr::Sabre(rules) => {
                let recovers = matches!(ctx.profile.recovery, Recovery::Shaka { .. });
                assert!(recovers, "players with the rules of Sabre recover as Shaka does");
                AbrState::Sabre(rules.start())
            }
        };
        Self {
            settled_at: now,
            abr,
            penalised_until_s: [0; PATHWAYS],
            faulty: [0; PATHWAYS],
            listed: [0; PATHWAYS],
            buffer_us: 0,
            reload_at_ms: 0,
            next_segment: 0,
            newest_listed: 0,
            order: priority,
            forgets_at_s: 0,
            pathway: priority.first().expect("a session has at least one pathway"),
            base: NO_VARIANT,
            target: 0,
            forced: NO_VARIANT,
            attempts: 0,
            phase: Phase::Idle,
            playback: Playback::NotStarted,
            flags: Flags::default(),
        }
    }

    /// The session is granted: asks for the multivariant playlist.
    pub fn begin(&mut self, ctx: &Context<'_>, now: Timestamp) -> Step {
        let played = self.settle(now);
        let command = self.ask(ctx, now, RequestKind::Multivariant);
        Step { command, played }
    }

    /// Puts a new player in the middle of a session that was under way before the run; its first frame was shown
    /// then.
    pub fn resume(&mut self, ctx: &Context<'_>, now: Timestamp, at: Resume) -> Step {
        let played = self.settle(now);
        self.playback = Playback::Playing;
        self.hold(at.buffer);
        self.next_segment = at.next_segment;
        self.base = at.variant;
        self.target = at.variant;
        self.listed[self.slot()] = 1 << at.variant;
        self.remember(ctx, &at);
        match ctx.content {
            Content::Vod { segments } => self.flags.set(Flags::COMPLETE, at.next_segment >= segments),
            Content::Live(live) => {
                let then = live.ago(ctx.ladder.segment.saturating_sub(at.reload_in));
                self.newest_listed = then.newest(now, ctx.ladder.segment).unwrap_or(0);
                self.reload_at_ms = millis(now + at.reload_in);
                self.flags.set(Flags::POSITIONED, true);
            }
        }
        let command = self.proceed(ctx, now);
        Step { command, played }
    }

    /// The request in flight succeeded.
    ///
    /// # Panics
    /// If no request is in flight.
    pub fn loaded(&mut self, ctx: &Context<'_>, now: Timestamp, loaded: Loaded) -> Step {
        let mut played = self.settle(now);
        let command = match self.phase {
            Phase::Multivariant => {
                self.attempts = 0;
                self.follow_order(ctx, now);
                let start = self.choose(ctx);
                self.fetch(ctx, now, start.variant)
            }
            Phase::Playlist => {
                self.take_playlist(ctx, now, &loaded);
                self.follow_order(ctx, now);
                self.fetch(ctx, now, self.target)
            }
            Phase::Segment => {
                self.take_segment(ctx, now, &loaded);
                self.append(ctx, &mut played);
                self.proceed(ctx, now)
            }
            phase => unreachable!("an answer came while the player was in {phase:?}"),
        };
        Step { command, played }
    }

    /// The request in flight failed.
    ///
    /// # Panics
    /// If no request is in flight.
    pub fn failed(&mut self, ctx: &Context<'_>, now: Timestamp, failure: Failure) -> Step {
        let played = self.settle(now);
        let command = self.recover(ctx, now, failure);
        Step { command, played }
    }

    /// Shows the player its running download: it may give it up for a lower variant.
    pub fn progress(&mut self, ctx: &Context<'_>, now: Timestamp, progress: Progress) -> Step {
        let played = self.settle(now);
        let command = self.reconsider(ctx, now, &progress);
        Step { command, played }
    }

    /// The time of a [`Command::Wait`] has come.
    pub fn wake(&mut self, ctx: &Context<'_>, now: Timestamp) -> Step {
        let played = self.settle(now);
        let command = match self.phase {
            Phase::MultivariantBackoff => self.ask(ctx, now, RequestKind::Multivariant),
            Phase::PlaylistBackoff | Phase::Delayed => {
                self.follow_order(ctx, now);
                self.fetch(ctx, now, self.target)
            }
            Phase::SegmentBackoff => self.repeat_segment(ctx, now),
            Phase::Waiting | Phase::Draining => self.proceed(ctx, now),
            Phase::Idle | Phase::Multivariant | Phase::Playlist | Phase::Segment | Phase::Ended => {
                Command::Continue
            }
        };
        Step { command, played }
    }

    /// Tells the player a steering reply (`PATHWAY-PRIORITY`); call it on every reply, changed or not.
    ///
    /// As in hls.js it moves nothing in flight and shortens no wait: the next request follows it.
    pub fn steer(&mut self, priority: PathwayOrder) {
        if !priority.is_empty() {
            self.order = priority;
            self.flags.set(Flags::STEERED, true);
        }
    }

    /// Tells the player that the steering reply is the last one again: the same as [`Player::steer`] with its order, for an
    /// environment that knows so without working it out.
    pub fn steer_as_before(&mut self) {
        self.flags.set(Flags::STEERED, true);
    }

    /// Whether the first frame was shown.
    #[must_use]
    pub fn started(&self) -> bool {
        self.playback != Playback::NotStarted
    }

    /// Whether playback is stopped for want of data.
    #[must_use]
    pub fn stalled(&self) -> bool {
        self.playback == Playback::Stalled
    }

    /// The pathway of the last request.
    #[must_use]
    pub fn pathway(&self) -> PathwayId {
        self.pathway
    }

    /// The variant of the last segment request.
    #[must_use]
    pub fn variant(&self) -> u8 {
        self.target
    }

    /// The next segment to be buffered.
    #[must_use]
    pub fn next_segment(&self) -> u32 {
        self.next_segment
    }

    /// How far the playhead is behind the end of the newest complete segment's last frame as it happens, `None` for
    /// VOD.
    #[must_use]
    pub fn distance_to_live(&self, ctx: &Context<'_>, now: Timestamp) -> Option<Micros> {
        let Content::Live(live) = ctx.content else { return None };
        let playhead = (ctx.ladder.segment * u64::from(self.next_segment)).saturating_sub(self.buffer(now));
        Some((now + live.lead).since(Timestamp(playhead.0)))
    }

    /// The throughput that the player would report to a steering server (`_HLS_throughput`), if its rules estimate
    /// one.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate is positive and below 2^53"
    )]
    pub fn throughput(&self, ctx: &Context<'_>) -> Option<Kbps> {
        match &self.abr {
            AbrState::HlsJs { estimator, .. } => Some(Kbps((estimator.bandwidth() / 1e3) as u64)),
            AbrState::Sabre(state) => {
                ctx.profile.abr.sabre().map(|rules| Kbps(rules.throughput_kbps(state) as u64))
            }
            AbrState::Bba { .. } => None,
        }
    }

    /// Gives the rules a past that ran as `at` says.
    fn remember(&mut self, ctx: &Context<'_>, at: &Resume) {
        let first_byte_ms = at.first_byte.as_millis_f64();
        match &mut self.abr {
            AbrState::HlsJs { estimator, .. } => {
                *estimator = hlsjs::Estimator::settled(bits_per_s(at.throughput), first_byte_ms);
            }
            AbrState::Sabre(state) => {
                let rules = ctx.profile.abr.sabre().expect("the state is made from the profile");
                let past = sabre::Download {
                    variant: at.variant,
                    received_bits: bits(at.throughput.bits_in(PAST)),
                    latency_ms: first_byte_ms,
                    elapsed_ms: first_byte_ms + PAST.as_millis_f64(),
                    buffer_ms: at.buffer.as_millis_f64(),
                    outcome: sabre::Outcome::Appended,
                };
                rules.downloaded(state, &past);
            }
            AbrState::Bba { .. } => {}
        }
    }

    /// Reads one word of each of the player's cache lines; the sum means nothing. For environments that know whose turn
    /// comes next, and want the lines there by then.
    #[must_use]
    pub fn glance(&self) -> u64 {
        self.settled_at.0 ^ u64::from(self.buffer_us)
    }

    fn slot(&self) -> usize {
        slot(self.pathway)
    }
}

fn slot(pathway: PathwayId) -> usize {
    pathway.index() % PATHWAYS
}

#[expect(clippy::cast_possible_truncation, reason = "2^32 ms are 49 days")]
fn millis(at: Timestamp) -> u32 {
    (at.0 / 1_000) as u32
}

#[expect(clippy::cast_precision_loss, reason = "bit rates are far below 2^53")]
fn bits_per_s(rate: Kbps) -> f64 {
    rate.0 as f64 * 1e3
}

#[expect(clippy::cast_precision_loss, reason = "bodies are far below 2^53 bits")]
fn bits(size: Bits) -> f64 {
    size.0 as f64
}
