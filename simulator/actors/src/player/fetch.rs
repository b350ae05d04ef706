//! What to ask for next: the order of playlists and segments, buffer goals, the live edge, and giving up a download.

use units::{Bits, Micros, Timestamp};

use super::{
    Abr, AbrState, BufferGoal, Command, Content, Context, EndReason, Errors, Flags, LiveWindow,
    LoadDeadlines, Loaded, NO_VARIANT, Phase, Playback, Player, Progress, Request, RequestKind, bits, millis,
};
use crate::hlsjs;
use crate::sabre;

/// A chosen variant, and how long to wait before asking for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) variant: u8,
    pub(super) delay: Micros,
}

impl Player {
    /// Decides what to do when nothing is in flight.
    pub(super) fn proceed(&mut self, ctx: &Context<'_>, now: Timestamp) -> Command {
        self.follow_order(ctx, now);
        self.forget_old_failures(now);
        if let Content::Vod { segments } = ctx.content
            && self.next_segment >= segments
        {
            return self.drain(now);
        }
        if let BufferGoal::Fixed(goal) = ctx.profile.goal
            && let Some(wait) = self.excess(now, goal.saturating_sub(ctx.ladder.segment))
        {
            if let (AbrState::Sabre(state), Abr::Sabre(rules)) = (&mut self.abr, &ctx.profile.abr) {
                rules.waited_on_full_buffer(state, wait.as_millis_f64());
            }
            return self.wait(Phase::Waiting, now + wait);
        }
        let choice = self.choose(ctx);
        if let Some(wait) = self.excess_by_rate(ctx, now, choice.variant) {
            return self.wait(Phase::Waiting, now + wait);
        }
        if choice.delay > Micros::ZERO && self.playback == Playback::Playing {
            self.target = choice.variant;
            return self.wait(Phase::Delayed, now + choice.delay);
        }
        self.fetch(ctx, now, choice.variant)
    }

    /// How long the buffer takes to drain to `level`; `None` if it is there or not draining.
    fn excess(&self, now: Timestamp, level: Micros) -> Option<Micros> {
        let excess = self.buffer(now).saturating_sub(level);
        (excess > Micros::ZERO && self.playback == Playback::Playing).then_some(excess)
    }

    /// How long the buffer takes to drain below hls.js's goal for `variant`; `None` if it is.
    fn excess_by_rate(&self, ctx: &Context<'_>, now: Timestamp, variant: u8) -> Option<Micros> {
        let BufferGoal::ByRate { floor, bits, cap } = ctx.profile.goal else { return None };
        if self.buffer(now) < floor.min(cap) {
            return None;
        }
        let peak = ctx.ladder.variants[usize::from(variant)].peak;
        let goal = peak.time_for(bits).max(floor).min(cap);
        self.excess(now, goal.saturating_sub(Micros(1)))
    }

    pub(super) fn wait(&mut self, phase: Phase, until: Timestamp) -> Command {
        self.phase = phase;
        Command::Wait(until)
    }

    /// Everything is buffered: play it out.
    fn drain(&mut self, now: Timestamp) -> Command {
        let left = self.buffer(now);
        if left == Micros::ZERO {
            self.phase = Phase::Ended;
            return Command::End(EndReason::Complete);
        }
        self.wait(Phase::Draining, now + left)
    }

    /// Asks for the next segment in `variant`, or for the playlist that must come before it.
    pub(super) fn fetch(&mut self, ctx: &Context<'_>, now: Timestamp, variant: u8) -> Command {
        self.target = variant;
        let listed = self.listed[self.slot()] >> variant & 1 == 1;
        if let Content::Live(live) = ctx.content {
            self.jump_into_window(ctx, live);
            let unlisted = !self.flags.has(Flags::POSITIONED) || self.next_segment > self.newest_listed;
            if listed && unlisted {
                let due = Timestamp(u64::from(self.reload_at_ms) * 1_000);
                return if due > now {
                    self.wait(Phase::Waiting, due)
                } else {
                    self.ask(ctx, now, RequestKind::MediaPlaylist { variant })
                };
            }
        }
        if listed {
            self.ask(ctx, now, RequestKind::Segment { variant, index: self.next_segment })
        } else {
            self.ask(ctx, now, RequestKind::MediaPlaylist { variant })
        }
    }

    /// A live player that fell out of the window continues at the usual distance behind the newest segment.
    fn jump_into_window(&mut self, ctx: &Context<'_>, live: LiveWindow) {
        if !self.flags.has(Flags::POSITIONED) {
            return;
        }
        let start = live.first_listed(self.newest_listed, ctx.ladder.segment);
        if self.next_segment < start {
            self.next_segment = start.max(self.live_start(ctx));
        }
    }

    fn live_start(&self, ctx: &Context<'_>) -> u32 {
        (self.newest_listed + 1).saturating_sub(u32::from(ctx.profile.live_hold_back))
    }

    pub(super) fn ask(&mut self, ctx: &Context<'_>, now: Timestamp, kind: RequestKind) -> Command {
        let (phase, policy) = match kind {
            RequestKind::Multivariant => (Phase::Multivariant, &ctx.profile.loading.multivariant),
            RequestKind::MediaPlaylist { .. } => (Phase::Playlist, &ctx.profile.loading.playlist),
            RequestKind::Segment { .. } => (Phase::Segment, &ctx.profile.loading.segment),
        };
        self.phase = phase;
        if let Some(errors) = self.abr.errors_mut() {
            errors.asked_at_ms = millis(now);
        }
        Command::Load(Request {
            kind,
            pathway: self.pathway,
            deadlines: LoadDeadlines {
                first_byte: now.saturating_add(policy.first_byte),
                total: now.saturating_add(policy.total),
                idle: policy.idle,
            },
            abandon_watch: self.abandon_watch(ctx, now),
        })
    }

    /// hls.js never gives up the two lowest variants, and others only when they end after the buffer runs dry;
    /// Sabre's throughput rule gives up what takes longer than 1.8 segments. Neither gives up the first segment.
    fn abandon_watch(&self, ctx: &Context<'_>, now: Timestamp) -> Timestamp {
        if self.phase != Phase::Segment || self.target == 0 || !self.started() {
            return Timestamp::NEVER;
        }
        match &ctx.profile.abr {
            Abr::HlsJs if self.target > 1 => now + self.buffer(now),
            Abr::Sabre(rules) => match rules.abandons_after() {
                None => Timestamp::NEVER,
                Some(Micros::ZERO) => now,
                Some(_) => now + ctx.ladder.segment * 9 / 5,
            },
            Abr::HlsJs | Abr::Bba(_) => Timestamp::NEVER,
        }
    }

    pub(super) fn take_playlist(&mut self, ctx: &Context<'_>, now: Timestamp, loaded: &Loaded) {
        self.attempts = 0;
        let body_ms = now.since(loaded.first_byte_at).0 / 1_000;
        if let Some(errors) = self.abr.errors_mut() {
            errors.playlist_load_ms = u16::try_from(body_ms).unwrap_or(u16::MAX);
        }
        let bit = 1 << self.target;
        let slot = self.slot();
        if let Content::Vod { .. } = ctx.content {
            self.listed[slot] |= bit;
            return;
        }
        // A live playlist ages: only the last one loaded counts.
        self.listed = [0; super::PATHWAYS];
        self.listed[slot] = bit;
        let positioned = self.flags.has(Flags::POSITIONED);
        let news = loaded.newest_listed.filter(|&newest| !positioned || newest > self.newest_listed);
        // It is asked for again a target duration after the last time, or half of one if it had nothing new.
        let target = ctx.ladder.segment;
        self.reload_at_ms = millis(loaded.requested_at + if news.is_some() { target } else { target / 2 });
        let Some(newest) = loaded.newest_listed else { return };
        self.newest_listed = newest;
        if !positioned {
            self.flags.set(Flags::POSITIONED, true);
            self.next_segment = self.live_start(ctx);
        }
    }

    pub(super) fn take_segment(&mut self, ctx: &Context<'_>, now: Timestamp, loaded: &Loaded) {
        self.next_segment += 1;
        if let Content::Vod { segments } = ctx.content {
            self.flags.set(Flags::COMPLETE, self.next_segment >= segments);
        }
        self.base = self.target;
        self.forgive(self.target);
        self.lift_forced(now);
        if self.forced == self.target {
            self.forced = NO_VARIANT;
        }
        let buffer = self.buffer(now) + ctx.ladder.segment;
        match (&mut self.abr, &ctx.profile.abr) {
            (AbrState::HlsJs { estimator, .. }, _) => estimator.sample_segment(
                loaded.first_byte_at.since(loaded.requested_at).as_millis_f64(),
                now.since(loaded.requested_at).as_millis_f64(),
                bits(loaded.size),
            ),
            (AbrState::Sabre(state), Abr::Sabre(rules)) => {
                rules.downloaded(state, &sabre::Download::loaded(loaded, now, self.target, buffer));
            }
            _ => {}
        }
    }

    /// hls.js looks at a running download every 100 ms, and lifts a forced choice when it finds the lowest variant
    /// loading.
    pub(super) fn lift_forced(&mut self, now: Timestamp) {
        let age_ms = u64::from(millis(now).saturating_sub(self.abr.errors().asked_at_ms));
        if self.target == 0 && self.phase == Phase::Segment && age_ms >= hlsjs::CHECK_EVERY_MS {
            self.forced = NO_VARIANT;
        }
    }

    /// The variant that the rules want for the next segment.
    pub(super) fn choose(&mut self, ctx: &Context<'_>) -> Choice {
        if let AbrState::HlsJs { estimator, errors } = &self.abr {
            let variant = self.choose_hlsjs(&self.view(ctx, estimator), errors);
            return Choice { variant, delay: Micros::ZERO };
        }
        let buffer = Micros(u64::from(self.buffer_us));
        let (variant, delay) = match (&mut self.abr, &ctx.profile.abr) {
            (AbrState::Sabre(state), Abr::Sabre(rules)) => {
                let left = match ctx.content {
                    Content::Vod { segments } => Some(segments - self.next_segment),
                    Content::Live(_) => None,
                };
                let choice =
                    rules.next_variant(state, &sabre::Situation::new(buffer, self.next_segment, left));
                (self.usable(ctx, choice.variant), choice.delay())
            }
            (_, Abr::Bba(bba)) => {
                let last = self.base.min(ctx.ladder.top());
                (self.usable(ctx, bba.next_variant(ctx.ladder, buffer, last)), Micros::ZERO)
            }
            _ => unreachable!("the state is made from the profile"),
        };
        Choice { variant, delay }
    }

    /// A forced variant stays unless it was left for an error and the one that the rules want was not.
    fn choose_hlsjs(&self, view: &hlsjs::NetworkView<'_>, errors: &Errors) -> u8 {
        if self.forced != NO_VARIANT && !(view.base.is_some() && view.estimator.is_trusted()) {
            return self.forced;
        }
        let wanted = hlsjs::next_variant(view);
        let left = |variant: u8| errors.left >> variant & 1;
        if self.forced != NO_VARIANT && left(self.forced) <= left(wanted) { self.forced } else { wanted }
    }

    fn view<'a>(&self, ctx: &Context<'a>, estimator: &'a hlsjs::Estimator) -> hlsjs::NetworkView<'a> {
        hlsjs::NetworkView {
            ladder: ctx.ladder,
            estimator,
            buffer: Micros(u64::from(self.buffer_us)),
            base: (self.base != NO_VARIANT).then_some(self.base),
            faulty: self.faulty[self.slot()],
            listed: self.listed[self.slot()],
            playlist_load: Micros::from_millis(u64::from(self.abr.errors().playlist_load_ms)),
            live: matches!(ctx.content, Content::Live(_)),
        }
    }

    /// Gives up the running download if the rules say so.
    pub(super) fn reconsider(&mut self, ctx: &Context<'_>, now: Timestamp, progress: &Progress) -> Command {
        if self.phase != Phase::Segment || !self.started() {
            return Command::Continue;
        }
        let given_up = match (self.abr, &ctx.profile.abr) {
            (AbrState::HlsJs { estimator, errors }, _) => {
                let download = self.download(ctx, now, progress);
                hlsjs::abandon(&self.view(ctx, &estimator), &download)
                    .map(|(lower, estimator)| (lower, AbrState::HlsJs { estimator, errors }))
            }
            (AbrState::Sabre(mut state), Abr::Sabre(rules)) => {
                let observed = sabre::Progress::observed(progress, now, self.target, self.buffer(now));
                rules.check_abandon(&mut state, &observed).map(|lower| {
                    rules.downloaded(&mut state, &sabre::Download::abandoned(&observed, lower));
                    (lower, AbrState::Sabre(state))
                })
            }
            _ => None,
        };
        let Some((lower, abr)) = given_up else { return Command::Continue };
        self.abr = abr;
        if matches!(abr, AbrState::HlsJs { .. }) {
            self.forced = lower;
        }
        self.follow_order(ctx, now);
        match self.fetch(ctx, now, lower) {
            Command::Load(request) => Command::Replace(request),
            other => other,
        }
    }

    fn download(&self, ctx: &Context<'_>, now: Timestamp, progress: &Progress) -> hlsjs::Download {
        let nominal = ctx.ladder.nominal_size(self.target);
        let size = if progress.first_byte_at.is_some() { progress.size } else { nominal };
        hlsjs::Download {
            variant: self.target,
            age_ms: now.since(progress.requested_at).as_millis_f64(),
            first_byte_ms: progress.first_byte_at.map(|at| at.since(progress.requested_at).as_millis_f64()),
            received: bits(progress.received),
            size: bits(size.max(progress.received).max(Bits(1))),
        }
    }
}
