//! Random worlds: whatever happens to its requests, a player's accounts stay right: contiguous from the first frame
//! on, so that play and stall sum to the time that passed.

use proptest::prelude::*;

use super::*;

/// What a session did: every request and how it was played.
#[derive(Debug, PartialEq)]
struct Log {
    requests: Vec<(Timestamp, RequestKind, PathwayId)>,
    played: Vec<Played>,
    ended: Option<EndReason>,
    now: Timestamp,
    trouble_percent: u64,
}

/// Plays a session whose requests end as drawn: mostly well, sometimes with any kind of failure.
fn play(profile: &Profile, content: Content, seed: u64, trouble_percent: u64) -> Log {
    let ladder = ladder();
    let ctx = context(profile, &ladder, content);
    let draws = Draws::new(Seed(seed), Purpose::Test);
    let mut player = Player::new(&ctx, at(0), PathwayOrder::new(&[A, B]));
    let mut log = Log { requests: Vec::new(), played: Vec::new(), ended: None, now: at(0), trouble_percent };
    let mut step = player.begin(&ctx, at(0));
    for event in 0..400 {
        log.played.push(step.played);
        let held = player.buffer(log.now);
        assert!(held <= Micros::from_secs(604), "{held:?} buffered");
        if draws.bits(event, 9).is_multiple_of(7) {
            player.steer(PathwayOrder::new(if draws.bits(event, 10).is_multiple_of(2) {
                &[A, B]
            } else {
                &[B, A]
            }));
        }
        step = match step.command {
            Command::Load(request) | Command::Replace(request) => {
                log.requests.push((log.now, request.kind, request.pathway));
                finish(&mut player, &ctx, &mut log, request, |slot| draws.bits(event, slot))
            }
            Command::Wait(until) => {
                assert!(until >= log.now, "a wait into the past");
                log.now = until;
                player.wake(&ctx, until)
            }
            Command::End(reason) => {
                log.ended = Some(reason);
                break;
            }
            Command::Continue => panic!("nothing to go on with"),
        };
    }
    if log.ended.is_none() {
        log.played.push(step.played);
    }
    log.played.push(player.settle(log.now));
    log
}

fn finish(
    player: &mut Player,
    ctx: &Context<'_>,
    log: &mut Log,
    request: Request,
    draw: impl Fn(u64) -> u64,
) -> Step {
    let asked_at = log.now;
    let size = match request.kind {
        RequestKind::Segment { variant, .. } => ctx.ladder.nominal_size(variant),
        RequestKind::Multivariant | RequestKind::MediaPlaylist { .. } => Bits(8_000),
    };
    let rate = Kbps(200 + draw(0) % 6_000);
    let first_byte_at = asked_at + Micros::from_millis(10 + draw(1) % 200);
    let ends_at = first_byte_at + rate.time_for(size);
    let mut look_at = asked_at + Request::PROGRESS_EVERY;
    while ends_at > request.abandon_watch && look_at < ends_at {
        let first_byte_at = (first_byte_at <= look_at).then_some(first_byte_at);
        let received = first_byte_at.map_or(Bits::ZERO, |from| rate.bits_in(look_at.since(from)));
        let progress = Progress { requested_at: asked_at, first_byte_at, received, size };
        log.now = look_at;
        let step = player.progress(ctx, look_at, progress);
        if step.command != Command::Continue {
            return step;
        }
        log.played.push(step.played);
        look_at += Request::PROGRESS_EVERY;
    }
    let trouble = draw(2) % 100 < log.trouble_percent;
    let deadline = request.deadlines.first_byte.min(request.deadlines.total);
    let (failure, at) = match draw(3) % 4 {
        0 => (Failure::Status(404), first_byte_at),
        1 => (Failure::Status(503), first_byte_at),
        2 => (Failure::Reset, first_byte_at),
        _ => (Failure::Timeout, deadline),
    };
    if trouble {
        log.now = at.max(log.now);
        return player.failed(ctx, log.now, failure);
    }
    log.now = ends_at;
    let newest_listed = match ctx.content {
        Content::Live(live) => live.newest(ends_at, ctx.ladder.segment),
        Content::Vod { .. } => None,
    };
    player.loaded(ctx, ends_at, Loaded { requested_at: asked_at, first_byte_at, size, newest_listed })
}

fn contents() -> [Content; 3] {
    let window = Micros::from_secs(60);
    [
        Content::Vod { segments: 30 },
        Content::Vod { segments: 2_000 },
        Content::Live(LiveWindow { lead: Micros::from_secs(200), window }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn accounts_add_up_and_runs_repeat(seed in any::<u64>(), trouble_percent in 0_u64..60) {
        for (name, profile) in profiles() {
            for content in contents() {
                let log = play(&profile, content, seed, trouble_percent);
                let again = play(&profile, content, seed, trouble_percent);
                prop_assert_eq!(&log, &again, "{} does not repeat itself", name);
                for played in &log.played {
                    prop_assert!(played.from <= played.stalled_from && played.stalled_from <= played.to, "{:?}", played);
                }
                let shown = log.played.iter().position(|played| played.first_frame).unwrap_or(log.played.len());
                for pair in log.played[shown..].windows(2) {
                    prop_assert_eq!(pair[0].to, pair[1].from, "{} leaves a gap", name);
                }
                let frames = log.played.iter().filter(|played| played.first_frame).count();
                prop_assert!(frames <= 1, "{} first frames", frames);
            }
        }
    }

    #[test]
    fn without_trouble_a_title_is_played_to_its_end(seed in any::<u64>()) {
        for (name, profile) in profiles() {
            let log = play(&profile, Content::Vod { segments: 30 }, seed, 0);
            prop_assert_eq!(log.ended, Some(EndReason::Complete), "{}", name);
            let media: u64 = log.played.iter().map(|played| played.stalled_from.since(played.from).0).sum();
            prop_assert_eq!(media, (SEGMENT * 30).0, "{} did not play what it loaded", name);
        }
    }
}
