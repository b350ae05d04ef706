//! Tests of the player: hand-made sequences here, random worlds in `world`.

mod failures;
mod live;
mod world;

use units::{Draws, Purpose, Seed, ViewerId};

use super::*;

const A: PathwayId = PathwayId(0);
const B: PathwayId = PathwayId(1);
const SEGMENT: Micros = Micros::from_secs(4);

fn ladder() -> Ladder {
    let rung = |rate| Variant { average: Kbps(rate), peak: Kbps(rate * 5 / 4) };
    Ladder { variants: [300, 750, 1_200, 2_850, 4_300].map(rung).to_vec(), segment: SEGMENT }
}

fn context<'a>(profile: &'a Profile, ladder: &'a Ladder, content: Content) -> Context<'a> {
    let timers = Draws::new(Seed(7), Purpose::ClientTimer);
    Context { profile, ladder, content, viewer: ViewerId(3), timers }
}

fn profiles() -> Vec<(&'static str, Profile)> {
    let thirty = Micros::from_secs(30);
    vec![
        ("web", Profile::web(LoadPolicies::hlsjs())),
        ("web, platform", Profile::web(LoadPolicies::platform())),
        ("phone", Profile::phone(LoadPolicies::hlsjs(), thirty)),
        ("tv", Profile::tv(LoadPolicies::shaka(), &ladder(), thirty)),
        ("calm", Profile::calm(LoadPolicies::shaka(), &ladder(), Micros::from_secs(25))),
        ("buffer based", Profile::buffer_based(LoadPolicies::hlsjs(), thirty)),
    ]
}

fn at(ms: u64) -> Timestamp {
    Timestamp(ms * 1_000)
}

/// The request of a step that must make one.
fn asked(step: Step) -> Request {
    match step.command {
        Command::Load(request) | Command::Replace(request) => request,
        other => panic!("{other:?} is no request"),
    }
}

fn answer(asked_ms: u64, size: Bits, newest_listed: Option<u32>) -> Loaded {
    Loaded { requested_at: at(asked_ms), first_byte_at: at(asked_ms + 20), size, newest_listed }
}

/// A session in its steady state on pathway A: next segment 10, 20 s buffered, variant 2.
fn resumed(ctx: &Context<'_>, order: &[PathwayId], throughput: Kbps) -> (Player, Step) {
    let mut player = Player::new(ctx, at(0), PathwayOrder::new(order));
    let past = Resume {
        next_segment: 10,
        variant: 2,
        buffer: Micros::from_secs(20),
        reload_in: Micros::ZERO,
        throughput,
        first_byte: Micros::from_millis(40),
    };
    let step = player.resume(ctx, at(0), past);
    (player, step)
}

#[test]
fn a_player_fits_two_cache_lines() {
    assert!(size_of::<Player>() <= 128, "{} bytes", size_of::<Player>());
    assert_eq!(align_of::<Player>(), 64);
}

#[test]
fn a_session_asks_for_both_playlists_and_plays_with_the_first_segment() {
    let (profile, ladder) = (Profile::web(LoadPolicies::hlsjs()), ladder());
    let ctx = context(&profile, &ladder, Content::Vod { segments: 3 });
    let mut player = Player::new(&ctx, at(0), PathwayOrder::new(&[B, A]));
    let multivariant = asked(player.begin(&ctx, at(0)));
    assert_eq!((multivariant.kind, multivariant.pathway), (RequestKind::Multivariant, B));
    let playlist = asked(player.loaded(&ctx, at(50), answer(0, Bits(8_000), None)));
    assert_eq!(playlist.kind, RequestKind::MediaPlaylist { variant: 0 });
    let segment = asked(player.loaded(&ctx, at(100), answer(50, Bits(8_000), None)));
    assert_eq!(segment.kind, RequestKind::Segment { variant: 0, index: 0 });
    assert!(!player.started());
    let step = player.loaded(&ctx, at(400), answer(100, Bits(1_200_000), None));
    assert!(step.played.first_frame && player.started());
    assert_eq!(player.buffer(at(400)), SEGMENT);
    assert_eq!(player.buffer(at(1_400)), Micros::from_secs(3));
}

#[test]
fn a_stall_begins_when_the_buffer_is_empty_and_ends_with_the_next_segment() {
    let (profile, ladder) = (Profile::web(LoadPolicies::hlsjs()), ladder());
    let ctx = context(&profile, &ladder, Content::Vod { segments: 100 });
    let (mut player, _) = resumed(&ctx, &[A], Kbps(2_000));
    assert_eq!(player.empty_at(), Some(at(20_000)));
    let step = player.loaded(&ctx, at(23_000), answer(0, Bits(4_800_000), None));
    let expected = Played {
        from: at(0),
        stalled_from: at(20_000),
        to: at(23_000),
        stall_began: true,
        first_frame: false,
    };
    assert_eq!(step.played, expected);
    assert!(!player.stalled());
    assert_eq!(player.buffer(at(23_000)), SEGMENT);
}

#[test]
fn a_resume_threshold_keeps_the_player_stalled() {
    let profile = Profile { resume_threshold: Micros::from_secs(5), ..Profile::web(LoadPolicies::hlsjs()) };
    let ladder = ladder();
    let ctx = context(&profile, &ladder, Content::Vod { segments: 100 });
    let (mut player, _) = resumed(&ctx, &[A], Kbps(2_000));
    let playlist = asked(player.loaded(&ctx, at(23_000), answer(0, Bits(4_800_000), None)));
    assert!(player.stalled() && matches!(playlist.kind, RequestKind::MediaPlaylist { .. }));
    player.loaded(&ctx, at(23_500), answer(23_000, Bits(8_000), None));
    let step = player.loaded(&ctx, at(24_000), answer(23_500, Bits(300_000), None));
    assert!(!player.stalled() && !step.played.stall_began);
    assert_eq!(player.buffer(at(24_000)), SEGMENT * 2);
}

#[test]
fn a_title_played_out_ends_complete_without_a_stall() {
    let (profile, ladder) = (Profile::phone(LoadPolicies::hlsjs(), Micros::from_secs(30)), ladder());
    let ctx = context(&profile, &ladder, Content::Vod { segments: 11 });
    let (mut player, first) = resumed(&ctx, &[A], Kbps(2_000));
    assert_eq!(asked(first).kind, RequestKind::Segment { variant: 2, index: 10 });
    let step = player.loaded(&ctx, at(1_000), answer(0, Bits(4_800_000), None));
    assert_eq!(step.command, Command::Wait(at(24_000)));
    let step = player.wake(&ctx, at(24_000));
    assert_eq!(step.command, Command::End(EndReason::Complete));
    assert_eq!(step.played.stalled_from, step.played.to);
}

#[test]
fn a_full_buffer_is_waited_for() {
    let ladder = ladder();
    for (name, profile) in profiles() {
        let ctx = context(&profile, &ladder, Content::Vod { segments: 10_000 });
        let (mut player, mut step) = resumed(&ctx, &[A], Kbps(50_000));
        let mut now = at(0);
        while let Command::Load(request) = step.command {
            let size = match request.kind {
                RequestKind::Segment { variant, .. } => ladder.nominal_size(variant),
                _ => Bits(8_000),
            };
            let asked_ms = now.0 / 1_000;
            now += Micros::from_millis(30);
            step = player.loaded(&ctx, now, answer(asked_ms, size, None));
        }
        let Command::Wait(until) = step.command else { panic!("{name}: {:?}", step.command) };
        let held = player.buffer(now);
        assert!(
            until > now && held > Micros::from_secs(20) && held <= Micros::from_secs(604),
            "{name}: {held:?}"
        );
        let step = player.wake(&ctx, until);
        assert!(matches!(asked(step).kind, RequestKind::Segment { .. }), "{name}");
    }
}

#[test]
fn steering_moves_the_next_request_only() {
    let (profile, ladder) = (Profile::web(LoadPolicies::hlsjs()), ladder());
    let ctx = context(&profile, &ladder, Content::Vod { segments: 100 });
    let (mut player, first) = resumed(&ctx, &[A, B], Kbps(2_000));
    assert_eq!(asked(first).pathway, A);
    player.steer(PathwayOrder::new(&[B, A]));
    assert_eq!(player.pathway(), A);
    let next = asked(player.loaded(&ctx, at(1_000), answer(0, Bits(4_800_000), None)));
    assert_eq!((next.pathway, next.kind), (B, RequestKind::MediaPlaylist { variant: 2 }));
}

#[test]
fn a_download_that_outlasts_the_buffer_is_given_up_for_the_lowest_variant() {
    let (profile, ladder) = (Profile::web(LoadPolicies::hlsjs()), ladder());
    let ctx = context(&profile, &ladder, Content::Vod { segments: 100 });
    let (mut player, first) = resumed(&ctx, &[A], Kbps(2_500));
    let request = asked(first);
    assert_eq!(request.kind, RequestKind::Segment { variant: 2, index: 10 });
    assert_eq!(request.abandon_watch, at(20_000));
    let progress = |received| Progress {
        requested_at: at(0),
        first_byte_at: Some(at(20)),
        received: Bits(received),
        size: Bits(4_800_000),
    };
    assert_eq!(player.progress(&ctx, at(1_000), progress(100_000)).command, Command::Continue);
    let step = player.progress(&ctx, at(3_000), progress(300_000));
    let Command::Replace(lower) = step.command else { panic!("{:?}", step.command) };
    assert_eq!(lower.kind, RequestKind::MediaPlaylist { variant: 0 });
}
