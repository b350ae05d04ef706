//! What to do about a request that failed: repeat it, leave the variant, leave the pathway, or end.

use units::{Micros, PathwayId, Timestamp};

use super::{
    AbrState, Command, Content, Context, EndReason, Failure, Flags, LoadPolicy, NO_VARIANT, PATHWAYS, Phase,
    Player, Recovery, RequestKind, slot,
};

/// Bits of one variant's count in `segment_errors`.
const COUNT_BITS: u32 = 4;
const COUNT_MAX: u64 = (1 << COUNT_BITS) - 1;

impl LoadPolicy {
    /// Whether a request that failed this way after `made` repetitions is repeated, and which rules say so.
    fn repeats(&self, failure: Failure, made: u8) -> Option<&super::RetryPolicy> {
        let (retry, refused) = match failure {
            Failure::Timeout => (&self.timeout_retry, false),
            Failure::Status(401 | 403) => return None,
            Failure::Status(status) => (&self.error_retry, status < 500),
            Failure::Reset => (&self.error_retry, true),
        };
        (made < retry.max && (!refused || self.retries_refusals)).then_some(retry)
    }
}

impl Player {
    /// Decides what to do about the failure of the request in flight.
    ///
    /// # Panics
    /// If no request is in flight.
    pub(super) fn recover(&mut self, ctx: &Context<'_>, now: Timestamp, failure: Failure) -> Command {
        let loading = &ctx.profile.loading;
        self.lift_forced(now);
        let phase = self.phase;
        if phase != Phase::Multivariant {
            self.follow_order(ctx, now);
        }
        match phase {
            Phase::Multivariant => {
                let made = self.attempts;
                self.attempts = made.saturating_add(1);
                match loading.multivariant.repeats(failure, made) {
                    Some(retry) => {
                        let wait = retry.wait(made, self.fuzz(ctx));
                        self.wait(Phase::MultivariantBackoff, now + wait)
                    }
                    None => self.end_fatally(),
                }
            }
            Phase::Playlist => {
                let made = self.attempts;
                self.attempts = made.saturating_add(1);
                match loading.playlist.repeats(failure, made) {
                    Some(retry) => {
                        let wait = retry.wait(made, self.fuzz(ctx));
                        self.wait(Phase::PlaylistBackoff, now + wait)
                    }
                    None => self.leave_variant(ctx, now),
                }
            }
            Phase::Segment => self.recover_segment(ctx, now, failure),
            phase => unreachable!("a request failed while the player was in {phase:?}"),
        }
    }

    fn recover_segment(&mut self, ctx: &Context<'_>, now: Timestamp, failure: Failure) -> Command {
        if failure == Failure::Status(404)
            && let Content::Live(live) = ctx.content
            && let Some(newest) = live.newest(now, ctx.ladder.segment)
            && self.next_segment < live.first_listed(newest, ctx.ladder.segment)
        {
            // Not the pathway's fault: the segment left the window. A fresh playlist says where to go on.
            return self.ask(ctx, now, RequestKind::MediaPlaylist { variant: self.target });
        }
        let made = match ctx.profile.recovery {
            Recovery::HlsJs { .. } => self.count_segment_error(ctx, now),
            Recovery::Shaka { .. } => {
                let made = self.attempts;
                self.attempts = made.saturating_add(1);
                made
            }
        };
        match ctx.profile.loading.segment.repeats(failure, made) {
            Some(retry) => {
                let wait = retry.wait(made, self.fuzz(ctx));
                self.wait(Phase::SegmentBackoff, now + wait)
            }
            None => self.leave_variant(ctx, now),
        }
    }

    /// hls.js asks its rules again when it repeats a segment; others repeat what they asked for.
    pub(super) fn repeat_segment(&mut self, ctx: &Context<'_>, now: Timestamp) -> Command {
        if matches!(self.abr, AbrState::HlsJs { .. }) {
            return self.proceed(ctx, now);
        }
        self.follow_order(ctx, now);
        self.fetch(ctx, now, self.target)
    }

    /// Repetitions are used up: try another variant of this pathway, or another pathway.
    fn leave_variant(&mut self, ctx: &Context<'_>, now: Timestamp) -> Command {
        self.attempts = 0;
        let slot = self.slot();
        self.blame_variant(ctx, now);
        match ctx.profile.recovery {
            Recovery::HlsJs { pathway_penalty } => {
                if let Some(errors) = self.abr.errors_mut() {
                    errors.left |= 1 << self.target;
                }
                if let Some(candidate) = self.variant_without_error(ctx) {
                    self.forced = candidate;
                    return self.proceed(ctx, now);
                }
                self.penalise(now, pathway_penalty);
                if !self.move_to_first_allowed(ctx, now) {
                    return self.end_fatally();
                }
                self.proceed(ctx, now)
            }
            Recovery::Shaka { pathway_penalty, variant_disabled } => {
                let elsewhere =
                    self.order.iter().any(|other| other != self.pathway && !self.is_penalised(other, now));
                self.penalise(now, if elsewhere { pathway_penalty } else { variant_disabled });
                if !self.move_to_first_allowed(ctx, now) && self.faulty[slot] == all_variants(ctx) {
                    return self.end_fatally();
                }
                let variant = self.usable(ctx, self.target);
                self.fetch(ctx, now, variant)
            }
        }
    }

    /// The next variant below the current one, wrapping to the top, that was not left for an error.
    fn variant_without_error(&self, ctx: &Context<'_>) -> Option<u8> {
        let count = ctx.ladder.top() + 1;
        let left = self.abr.errors().left;
        (1..count)
            .map(|below| (self.target + count - below) % count)
            .find(|&candidate| left >> candidate & 1 == 0)
    }

    /// `wanted`, or the nearest variant that is not passed over for a failure: lower ones first.
    pub(super) fn usable(&self, ctx: &Context<'_>, wanted: u8) -> u8 {
        let faulty = self.faulty[self.slot()];
        let works = |variant: &u8| faulty >> variant & 1 == 0;
        (0..=wanted).rev().find(works).or_else(|| (wanted..=ctx.ladder.top()).find(works)).unwrap_or(wanted)
    }

    fn end_fatally(&mut self) -> Command {
        self.phase = Phase::Ended;
        Command::End(EndReason::Fatal)
    }

    /// Notes that the variant failed: rules pass it over until a segment of it is buffered, or for as long as the load policy
    /// says.
    fn blame_variant(&mut self, ctx: &Context<'_>, now: Timestamp) {
        let slot = self.slot();
        self.faulty[slot] |= 1 << self.target;
        self.forgets_at_s = second_after(now.saturating_add(ctx.profile.loading.error_penalty));
    }

    /// Forgets failures that are as old as the load policy says.
    pub(super) fn forget_old_failures(&mut self, now: Timestamp) {
        if self.faulty[self.slot()] != 0
            && is_past(self.forgets_at_s, now)
            && let Some(errors) = self.abr.errors_mut()
        {
            errors.left = 0;
            self.faulty = [0; PATHWAYS];
        }
    }

    /// Adds one failed segment request to the current variant; returns how many the pathway's variants had before.
    fn count_segment_error(&mut self, ctx: &Context<'_>, now: Timestamp) -> u8 {
        self.blame_variant(ctx, now);
        let Some(errors) = self.abr.errors_mut() else { return 0 };
        let counts = errors.segment_errors;
        let shift = u32::from(self.target) * COUNT_BITS;
        if counts >> shift & COUNT_MAX < COUNT_MAX {
            errors.segment_errors += 1 << shift;
        }
        let before = (0..u64::BITS / COUNT_BITS)
            .map(|variant| counts >> (variant * COUNT_BITS) & COUNT_MAX)
            .sum::<u64>();
        u8::try_from(before).unwrap_or(u8::MAX)
    }

    /// A segment of `variant` was buffered: its errors are forgotten.
    pub(super) fn forgive(&mut self, variant: u8) {
        self.attempts = 0;
        let slot = self.slot();
        self.faulty[slot] &= !(1 << variant);
        if let Some(errors) = self.abr.errors_mut() {
            errors.segment_errors &= !(COUNT_MAX << (u32::from(variant) * COUNT_BITS));
            errors.left &= !(1 << variant);
        }
    }

    /// Applies the order of pathways: hls.js after a steering reply only, Shaka before every request.
    pub(super) fn follow_order(&mut self, ctx: &Context<'_>, now: Timestamp) {
        match ctx.profile.recovery {
            Recovery::HlsJs { .. } => {
                if self.flags.has(Flags::STEERED) {
                    self.flags.set(Flags::STEERED, false);
                    self.move_to_first_allowed(ctx, now);
                }
            }
            Recovery::Shaka { .. } => {
                let slot = self.slot();
                if !self.is_penalised(self.pathway, now) {
                    self.faulty[slot] = 0;
                }
                self.move_to_first_allowed(ctx, now);
            }
        }
    }

    /// Moves to the most preferred pathway that is not passed over; false if that changes nothing.
    fn move_to_first_allowed(&mut self, ctx: &Context<'_>, now: Timestamp) -> bool {
        let allowed = self.order.iter().find(|&pathway| !self.is_penalised(pathway, now));
        match allowed {
            Some(pathway) if pathway != self.pathway => {
                self.move_to(ctx, pathway);
                true
            }
            _ => false,
        }
    }

    /// hls.js keeps the variant that it would load next across the move, and counts errors afresh.
    fn move_to(&mut self, ctx: &Context<'_>, pathway: PathwayId) {
        if matches!(ctx.profile.recovery, Recovery::HlsJs { .. }) && self.base != NO_VARIANT {
            self.forced = self.choose(ctx).variant;
            self.base = self.target;
        }
        self.pathway = pathway;
        self.attempts = 0;
        if let Some(errors) = self.abr.errors_mut() {
            errors.left = 0;
            errors.segment_errors = 0;
        }
    }

    fn is_penalised(&self, pathway: PathwayId, now: Timestamp) -> bool {
        !is_past(self.penalised_until_s[slot(pathway)], now)
    }

    /// Passes the current pathway over for `span`; a running penalty is not prolonged.
    fn penalise(&mut self, now: Timestamp, span: Micros) {
        if !self.is_penalised(self.pathway, now) {
            self.penalised_until_s[self.slot()] = second_after(now + span);
        }
    }

    /// A number in [0, 1) for the jitter of a repetition, by segment and repetition.
    fn fuzz(&self, ctx: &Context<'_>) -> f64 {
        let slot = u64::from(self.next_segment) << 8 | u64::from(self.attempts);
        ctx.timers.uniform(u64::from(ctx.viewer.0), slot)
    }
}

/// The first whole second of the run that is not before a time; the last that can be told stands for all after it.
fn second_after(at: Timestamp) -> u16 {
    u16::try_from(at.0.div_ceil(1_000_000)).unwrap_or(u16::MAX)
}

/// Whether a second of the run has come; the last that can be told never does.
fn is_past(second: u16, now: Timestamp) -> bool {
    second != u16::MAX && u64::from(second) * 1_000_000 <= now.0
}

fn all_variants(ctx: &Context<'_>) -> u16 {
    u16::MAX >> (15 - ctx.ladder.top())
}

const _: () = assert!(PATHWAYS <= super::PathwayOrder::CAPACITY);
