//! One player on one client link: every event at its exact time, no cells, no epochs.
//!
//! The link follows a trace and carries one request at a time; answers start and segments are parsed after the median
//! times of the recorded set-up (20 ms of it by design, the rest its machine). Pathway A fails from a given time
//! on, for requests made since; until then segments take as long as they took in the recording, so that the fault
//! meets the same buffer.

use actors::player::{
    Command, Content, Context, EndReason, Failure, Ladder, Loaded, PathwayOrder, Played, Player, Profile,
    Progress, Request, RequestKind, Step, Variant,
};
use units::{Bits, Draws, Kbps, Micros, PathwayId, Purpose, Seed, Timestamp, ViewerId};

use super::record::{Fault, Run};

pub(crate) const A: PathwayId = PathwayId(0);
pub(crate) const B: PathwayId = PathwayId(1);

/// What the machine of the recordings took on top: the median first byte came after 51 ms, and segments were parsed
/// 7 ms after their last byte, save the first, which took 184 ms.
const ANSWER_AFTER: Micros = Micros::from_millis(51);
const PARSED_AFTER: Micros = Micros::from_millis(7);
const FIRST_PARSED_AFTER: Micros = Micros::from_millis(184);
const STEERING_TTL: Micros = Micros::from_secs(10);
const PLAYLIST: Bits = Bits(40_000);
const SEGMENTS: u32 = 150;

/// What came of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    pub(crate) stall: Micros,
    pub(crate) stalls: usize,
    pub(crate) played: Micros,
    /// When the first request that pathway A failed was made.
    pub(crate) fault_seen: Option<Timestamp>,
    /// When the first segment of pathway B was asked for.
    pub(crate) switched: Option<Timestamp>,
    pub(crate) ended: Option<EndReason>,
    /// Sequence number, variant, pathway and time of every segment asked for.
    pub(crate) asked: Vec<(u32, u8, PathwayId, Timestamp)>,
}

/// A request in flight.
#[derive(Debug, Clone, Copy)]
struct Transfer {
    request: Request,
    asked_at: Timestamp,
    first_byte_at: Timestamp,
    size: Bits,
    /// How it ends: `None` is a success.
    failure: Option<Failure>,
    ends_at: Timestamp,
    cap: Kbps,
    progress_at: Timestamp,
}

struct World<'a> {
    run: &'a Run,
    ladder: &'a Ladder,
    now: Timestamp,
    in_flight: Option<Transfer>,
    wake_at: Timestamp,
    outcome: Outcome,
}

/// The three rungs of the recordings.
pub(crate) fn ladder() -> Ladder {
    let rung = |rate| Variant { average: Kbps(rate), peak: Kbps(rate) };
    Ladder { variants: vec![rung(1_000), rung(2_500), rung(5_000)], segment: Micros::from_secs(4) }
}

/// Plays a recorded set-up with our player.
pub(crate) fn play(run: &Run, profile: &Profile) -> Outcome {
    let ladder = ladder();
    let ctx = Context {
        profile,
        ladder: &ladder,
        content: Content::Vod { segments: SEGMENTS },
        viewer: ViewerId(0),
        timers: Draws::new(Seed(1), Purpose::ClientTimer),
    };
    let end = Timestamp(Micros::from_secs_f64(run.duration_s).0);
    let mut world = World {
        run,
        ladder: &ladder,
        now: Timestamp::ZERO,
        in_flight: None,
        wake_at: Timestamp::NEVER,
        outcome: Outcome::default(),
    };
    let mut poll_at = if run.steered { run.began_at() } else { Timestamp::NEVER };
    let mut player = Player::new(&ctx, Timestamp::ZERO, PathwayOrder::new(&[A, B]));
    world.now = run.began_at();
    let step = player.begin(&ctx, world.now);
    world.obey(step);
    while world.outcome.ended.is_none() {
        let next = world.next_event().min(poll_at);
        if next >= end {
            break;
        }
        world.now = next;
        if next == poll_at {
            let flipped = run.flip_at.is_some_and(|at| at <= next);
            player.steer(PathwayOrder::new(if flipped { &[B, A] } else { &[A, B] }));
            poll_at += STEERING_TTL;
            continue;
        }
        let step = world.happen(&ctx, &mut player);
        world.obey(step);
    }
    world.account(player.settle(end));
    world.outcome
}

impl World<'_> {
    fn next_event(&self) -> Timestamp {
        let Some(transfer) = &self.in_flight else { return self.wake_at };
        let deadline = transfer.deadline();
        let ends_at = transfer.ends_at.min(deadline);
        if ends_at > transfer.request.abandon_watch { ends_at.min(transfer.progress_at) } else { ends_at }
    }

    fn happen(&mut self, ctx: &Context<'_>, player: &mut Player) -> Step {
        let now = self.now;
        let Some(transfer) = &mut self.in_flight else {
            self.wake_at = Timestamp::NEVER;
            return player.wake(ctx, now);
        };
        if now == transfer.ends_at || now >= transfer.deadline() {
            let transfer = *transfer;
            self.in_flight = None;
            if now >= transfer.deadline() && now != transfer.ends_at {
                return player.failed(ctx, now, Failure::Timeout);
            }
            return match transfer.failure {
                Some(failure) => player.failed(ctx, now, failure),
                None => player.loaded(
                    ctx,
                    now,
                    Loaded {
                        requested_at: transfer.asked_at,
                        first_byte_at: transfer.first_byte_at,
                        size: transfer.size,
                        newest_listed: None,
                    },
                ),
            };
        }
        transfer.progress_at += Request::PROGRESS_EVERY;
        let transfer = *transfer;
        let answered = transfer.first_byte_at <= now;
        let received =
            if answered { carried(self.run, transfer.cap, transfer.first_byte_at, now) } else { Bits::ZERO };
        let progress = Progress {
            requested_at: transfer.asked_at,
            first_byte_at: answered.then_some(transfer.first_byte_at),
            received: received.min(transfer.size),
            size: transfer.size,
        };
        player.progress(ctx, now, progress)
    }

    fn obey(&mut self, step: Step) {
        self.account(step.played);
        match step.command {
            Command::Load(request) => {
                assert!(self.in_flight.is_none(), "a second request at {:?}", self.now);
                self.start(request);
            }
            Command::Replace(request) => self.start(request),
            Command::Wait(until) => {
                self.in_flight = None;
                self.wake_at = until;
            }
            Command::Continue => {}
            Command::End(reason) => {
                self.in_flight = None;
                self.outcome.ended = Some(reason);
            }
        }
    }

    fn account(&mut self, played: Played) {
        self.outcome.played += played.stalled_from.since(played.from);
        self.outcome.stall += played.to.since(played.stalled_from);
        self.outcome.stalls += usize::from(played.stall_began);
    }

    fn start(&mut self, request: Request) {
        let asked_at = self.now;
        let size = match request.kind {
            RequestKind::Multivariant | RequestKind::MediaPlaylist { .. } => PLAYLIST,
            RequestKind::Segment { variant, index } => {
                self.outcome.asked.push((index, variant, request.pathway, asked_at));
                if request.pathway == B {
                    self.outcome.switched.get_or_insert(asked_at);
                }
                self.ladder.nominal_size(variant)
            }
        };
        let fault = self
            .run
            .fault
            .filter(|&(from, _)| request.pathway == A && asked_at >= from)
            .map(|(_, kind)| kind);
        if fault.is_some() {
            self.outcome.fault_seen.get_or_insert(asked_at);
        }
        let recorded = match request.kind {
            RequestKind::Segment { variant, index } => self.run.before_fault(index, variant),
            RequestKind::Multivariant | RequestKind::MediaPlaylist { .. } => None,
        };
        let answer_at = asked_at + recorded.map_or(ANSWER_AFTER, |(first_byte, _)| first_byte);
        let cap = match fault {
            Some(Fault::Slow(rate)) => rate,
            _ => Kbps(u64::from(u32::MAX)),
        };
        let (failure, ends_at, first_byte_at) = match fault {
            Some(Fault::Status(status)) => (Some(Failure::Status(status)), answer_at, answer_at),
            Some(Fault::Reset) => (Some(Failure::Reset), asked_at + Micros::from_millis(1), Timestamp::NEVER),
            Some(Fault::Hang) => (None, Timestamp::NEVER, Timestamp::NEVER),
            None if let Some((_, total)) = recorded => (None, asked_at + total, answer_at),
            Some(Fault::Slow(_)) | None => (
                None,
                arrives(self.run, cap, answer_at, size).saturating_add(parsing(request.kind)),
                answer_at,
            ),
        };
        let progress_at = asked_at + Request::PROGRESS_EVERY;
        self.in_flight =
            Some(Transfer { request, asked_at, first_byte_at, size, failure, ends_at, cap, progress_at });
        self.wake_at = Timestamp::NEVER;
    }
}

fn parsing(kind: RequestKind) -> Micros {
    match kind {
        RequestKind::Segment { index: 0, .. } => FIRST_PARSED_AFTER,
        RequestKind::Segment { .. } => PARSED_AFTER,
        RequestKind::Multivariant | RequestKind::MediaPlaylist { .. } => Micros::ZERO,
    }
}

impl Transfer {
    fn deadline(&self) -> Timestamp {
        let limits = self.request.deadlines;
        if self.first_byte_at > limits.first_byte { limits.first_byte } else { limits.total }
    }
}

/// The steps of the link from `from` on: end of each, and its rate.
fn steps(run: &Run, cap: Kbps, from: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp, Kbps)> {
    run.trace.iter().enumerate().filter_map(move |(step, &(start_s, rate))| {
        let start = Timestamp(Micros::from_secs_f64(start_s).0);
        let end = run
            .trace
            .get(step + 1)
            .map_or(Timestamp::NEVER, |next| Timestamp(Micros::from_secs_f64(next.0).0));
        (end > from).then_some((start.max(from), end, rate.min(cap)))
    })
}

/// When `size` has arrived that begins to flow at `from`.
fn arrives(run: &Run, cap: Kbps, from: Timestamp, size: Bits) -> Timestamp {
    let mut left = size;
    for (start, end, rate) in steps(run, cap, from) {
        let done = start.saturating_add(rate.time_for(left));
        if done <= end {
            return done;
        }
        left = left.saturating_sub(rate.bits_in(end.since(start)));
    }
    Timestamp::NEVER
}

/// What has flowed between two times.
fn carried(run: &Run, cap: Kbps, from: Timestamp, to: Timestamp) -> Bits {
    steps(run, cap, from).map(|(start, end, rate)| rate.bits_in(end.min(to).since(start))).sum()
}
