//! Live sessions: where they start, when they reload, what a stall costs them.

use super::*;

const LIVE: LiveWindow = LiveWindow { lead: Micros::from_secs(100), window: Micros::from_secs(60) };

fn newest(now_ms: u64) -> Option<u32> {
    LIVE.newest(at(now_ms), SEGMENT)
}

#[test]
fn a_live_session_starts_three_segments_behind_the_edge_and_reloads_when_it_has_all() {
    let (profile, ladder) = (Profile::web(LoadPolicies::hlsjs()), ladder());
    let ctx = context(&profile, &ladder, Content::Live(LIVE));
    let mut player = Player::new(&ctx, at(0), PathwayOrder::new(&[A]));
    player.begin(&ctx, at(0));
    player.loaded(&ctx, at(50), answer(0, Bits(8_000), None));
    // Segments 0 to 24 are complete at time zero.
    let first = asked(player.loaded(&ctx, at(100), answer(50, Bits(8_000), newest(100))));
    assert_eq!(first.kind, RequestKind::Segment { variant: 0, index: 22 });
    let (mut step, mut now_ms) = (player.loaded(&ctx, at(300), answer(100, Bits(60_000), None)), 300);
    let mut order = Vec::new();
    while order.len() < 4 {
        step = match step.command {
            Command::Load(request) => {
                order.push(request.kind);
                now_ms += 100;
                player.loaded(&ctx, at(now_ms), answer(now_ms - 100, Bits(60_000), newest(now_ms)))
            }
            Command::Wait(until) => {
                assert_eq!(until, at(4_050), "one target duration after the last request for the playlist");
                now_ms = until.0 / 1_000;
                player.wake(&ctx, until)
            }
            other => panic!("{other:?}"),
        };
    }
    let indexes: Vec<u32> = order
        .iter()
        .filter_map(|kind| if let RequestKind::Segment { index, .. } = kind { Some(*index) } else { None })
        .collect();
    assert_eq!(indexes, [23, 24, 25]);
    assert!(order.iter().any(|kind| matches!(kind, RequestKind::MediaPlaylist { .. })));
}

#[test]
fn a_playlist_with_nothing_new_is_asked_for_again_after_half_a_target_duration() {
    let (profile, ladder) = (Profile::web(LoadPolicies::hlsjs()), ladder());
    let ctx = context(&profile, &ladder, Content::Live(LIVE));
    let mut player = Player::new(&ctx, at(0), PathwayOrder::new(&[A]));
    player.begin(&ctx, at(0));
    player.loaded(&ctx, at(50), answer(0, Bits(8_000), None));
    let mut step = player.loaded(&ctx, at(100), answer(50, Bits(8_000), Some(24)));
    let mut now_ms = 100;
    let mut playlists = Vec::new();
    while playlists.len() < 3 {
        step = match step.command {
            Command::Load(request) => {
                if matches!(request.kind, RequestKind::MediaPlaylist { .. }) {
                    playlists.push(now_ms);
                }
                now_ms += 50;
                player.loaded(&ctx, at(now_ms), answer(now_ms - 50, Bits(30_000), Some(24)))
            }
            Command::Wait(until) => {
                now_ms = until.0 / 1_000;
                player.wake(&ctx, until)
            }
            other => panic!("{other:?}"),
        };
    }
    assert_eq!(playlists[1] - playlists[0], 2_000);
    assert_eq!(playlists[2] - playlists[1], 2_000);
}

fn past() -> Resume {
    Resume {
        next_segment: 24,
        variant: 1,
        buffer: SEGMENT * 2,
        reload_in: SEGMENT,
        throughput: Kbps(1_000),
        first_byte: Micros::from_millis(40),
    }
}

fn resumed_live(ctx: &Context<'_>) -> (Player, Step) {
    let mut player = Player::new(ctx, at(0), PathwayOrder::new(&[A]));
    let step = player.resume(ctx, at(0), past());
    (player, step)
}

#[test]
fn one_who_is_found_under_way_asks_for_the_playlist_when_it_is_due() {
    let (profile, ladder) = (Profile::web(LoadPolicies::hlsjs()), ladder());
    let ctx = context(&profile, &ladder, Content::Live(LIVE));
    let mut player = Player::new(&ctx, at(0), PathwayOrder::new(&[A]));
    let past = Resume { reload_in: Micros::from_secs(1), ..past() };
    assert_eq!(player.resume(&ctx, at(0), past).command, Command::Wait(at(1_000)));
    let reload = asked(player.wake(&ctx, at(1_000)));
    assert!(matches!(reload.kind, RequestKind::MediaPlaylist { variant: 1 }), "{:?}", reload.kind);
    let next = asked(player.loaded(&ctx, at(1_050), answer(1_000, Bits(8_000), newest(1_050))));
    assert!(matches!(next.kind, RequestKind::Segment { variant: 1, index: 24 }), "{:?}", next.kind);
}

#[test]
fn a_stall_adds_to_the_distance_to_live_for_good() {
    let (profile, ladder) = (Profile::web(LoadPolicies::hlsjs()), ladder());
    let ctx = context(&profile, &ladder, Content::Live(LIVE));
    let (mut player, _) = resumed_live(&ctx);
    let before = player.distance_to_live(&ctx, at(0)).expect("live");
    assert_eq!(before, Micros::from_secs(12));
    let played = player.loaded(&ctx, at(11_000), answer(0, Bits(3_000_000), None)).played;
    let stall = played.to.since(played.stalled_from);
    assert_eq!(stall, Micros::from_secs(3));
    assert_eq!(player.distance_to_live(&ctx, at(11_000)), Some(before + stall));
}

#[test]
fn a_player_that_fell_out_of_the_window_jumps_into_it() {
    let (profile, ladder) = (Profile::web(LoadPolicies::hlsjs()), ladder());
    let ctx = context(&profile, &ladder, Content::Live(LIVE));
    let (mut player, _) = resumed_live(&ctx);
    // Segment 24 left the window long ago: not an error of the pathway, the playlist tells where to go on.
    let reload = asked(player.failed(&ctx, at(100_000), Failure::Status(404)));
    assert!(matches!(reload.kind, RequestKind::MediaPlaylist { .. }));
    let next = asked(player.loaded(&ctx, at(100_050), answer(100_000, Bits(8_000), newest(100_050))));
    // 49 is the newest; the session goes on three segments behind the edge.
    assert!(matches!(next.kind, RequestKind::Segment { index: 47, .. }), "{:?}", next.kind);
}
