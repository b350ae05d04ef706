//! What a player does when everything it asks for fails.

use super::*;

/// Fails every request of pathway A: how long from the first of them to the first one of pathway B.
fn until_other_pathway(profile: &Profile, failure: Failure, answer_after: Micros) -> Option<Micros> {
    let ladder = ladder();
    let ctx = context(profile, &ladder, Content::Vod { segments: 1_000 });
    let (mut player, mut step) = resumed(&ctx, &[A, B], Kbps(2_000));
    let (mut now, mut first) = (at(0), None);
    for _ in 0..200 {
        match step.command {
            Command::Load(request) | Command::Replace(request) if request.pathway == B => {
                return Some(now.since(first?));
            }
            Command::Load(request) | Command::Replace(request) => {
                first.get_or_insert(now);
                now = match failure {
                    Failure::Timeout => request.deadlines.first_byte.min(request.deadlines.total),
                    Failure::Status(_) | Failure::Reset => now + answer_after,
                };
                step = player.failed(&ctx, now, failure);
            }
            Command::Wait(until) => {
                now = until;
                step = player.wake(&ctx, now);
            }
            Command::End(_) => return None,
            Command::Continue => panic!("nothing follows a failure"),
        }
    }
    None
}

fn check(profile: &Profile, failure: Failure, within_s: std::ops::Range<f64>) {
    let delay = until_other_pathway(profile, failure, Micros::from_millis(20)).expect("a move to pathway B");
    assert!(within_s.contains(&delay.as_secs_f64()), "{failure:?}: {delay:?} is not within {within_s:?} s");
}

#[test]
fn refusals_move_hlsjs_at_once_and_server_errors_after_31_seconds() {
    // The first variant's repetitions, then the playlist of each other variant with two repetitions (1 s, 2 s).
    let web = Profile::web(LoadPolicies::hlsjs());
    check(&web, Failure::Status(404), 0.0..0.2);
    check(&web, Failure::Reset, 0.0..0.2);
    check(&web, Failure::Status(503), 31.0..31.0 + 4.0 * 3.2);
}

#[test]
fn the_platform_policy_moves_after_one_repetition_or_timeout_per_variant() {
    let tuned = Profile::web(LoadPolicies::platform());
    check(&tuned, Failure::Status(503), 0.5..5.0);
    check(&tuned, Failure::Timeout, 4.0..20.1);
}

#[test]
fn a_television_moves_after_one_repetition() {
    let tv = Profile::tv(LoadPolicies::shaka(), &ladder(), Micros::from_secs(30));
    check(&tv, Failure::Reset, 0.5..1.6);
    check(&tv, Failure::Status(404), 0.5..1.6);
    check(&tv, Failure::Timeout, 20.5..21.6);
}

/// A failed, and all replies of the steering server say A, B: `repeat` gives those after the first. The player stays on B
/// until A's penalty ends, and no longer.
fn comes_home_with(repeat: impl Fn(&mut Player)) {
    let (profile, ladder) = (Profile::web(LoadPolicies::hlsjs()), ladder());
    let ctx = context(&profile, &ladder, Content::Vod { segments: 1_000 });
    let (mut player, mut step) = resumed(&ctx, &[A, B], Kbps(2_000));
    let mut now = at(0);
    while asked(step).pathway == A {
        now += Micros::from_millis(20);
        step = player.failed(&ctx, now, Failure::Status(404));
    }
    player.steer(PathwayOrder::new(&[A, B]));
    for wait_s in [100, 100, 99] {
        let asked_ms = now.0 / 1_000;
        now += Micros::from_secs(wait_s);
        step = player.loaded(&ctx, now, answer(asked_ms, Bits(8_000), None));
        assert_eq!(asked(step).pathway, B);
        repeat(&mut player);
    }
    let asked_ms = now.0 / 1_000;
    now += Micros::from_secs(3);
    step = player.loaded(&ctx, now, answer(asked_ms, Bits(8_000), None));
    assert_eq!(asked(step).pathway, A);
}

#[test]
fn a_pathway_that_failed_is_not_returned_to_before_its_penalty_ends() {
    comes_home_with(|player| player.steer(PathwayOrder::new(&[A, B])));
}

#[test]
fn a_reply_that_is_the_last_one_again_brings_a_viewer_home_as_its_order_does() {
    comes_home_with(Player::steer_as_before);
}

/// The top variant failed on A; the steering server sent the viewer to B, which is slow, and back after a while. The highest
/// variant among the first 25 that are asked for on A, which is fast.
fn highest_on_return(error_penalty: Micros, back_after_s: u64) -> u8 {
    let ladder = ladder();
    let profile = Profile::web(LoadPolicies { error_penalty, ..LoadPolicies::hlsjs() });
    let ctx = context(&profile, &ladder, Content::Vod { segments: 10_000 });
    let (mut player, mut step) = resumed(&ctx, &[A, B], Kbps(50_000));
    let (mut now_ms, mut back_at_ms) = (0, u64::MAX);
    let mut on_return = Vec::new();
    while on_return.len() < 25 {
        let request = match step.command {
            Command::Load(request) => request,
            Command::Wait(until) => {
                now_ms = until.0 / 1_000;
                step = player.wake(&ctx, until);
                continue;
            }
            other => panic!("{other:?}"),
        };
        let asked_ms = now_ms;
        now_ms += 20;
        let RequestKind::Segment { variant, .. } = request.kind else {
            step = player.loaded(&ctx, at(now_ms), answer(asked_ms, Bits(8_000), None));
            continue;
        };
        if back_at_ms == u64::MAX && variant == ladder.top() {
            back_at_ms = now_ms + back_after_s * 1_000;
            step = player.failed(&ctx, at(now_ms), Failure::Status(503));
            player.steer(PathwayOrder::new(&[B, A]));
            continue;
        }
        if now_ms > back_at_ms {
            player.steer(PathwayOrder::new(&[A, B]));
            on_return.extend((request.pathway == A).then_some(variant));
        }
        let size = ladder.variants[usize::from(variant)].average.bits_in(SEGMENT);
        let rate = if request.pathway == A { Kbps(20_000) } else { Kbps(2_500) };
        now_ms += rate.time_for(size).0 / 1_000;
        step = player.loaded(&ctx, at(now_ms), answer(asked_ms, size, None));
    }
    *on_return.iter().max().expect("25 of them")
}

#[test]
fn a_variant_that_failed_is_passed_over_until_the_load_policy_forgets_it() {
    let top = ladder().top();
    assert_eq!(highest_on_return(Micros::MAX, 600), top - 1, "hls.js as it ships");
    assert_eq!(highest_on_return(Micros::from_mins(60), 30), top - 1);
    assert_eq!(highest_on_return(Micros::from_secs(60), 61), top);
}

#[test]
fn with_nowhere_to_go_every_player_ends_after_a_bounded_number_of_requests() {
    let ladder = ladder();
    for (name, profile) in profiles() {
        let ctx = context(&profile, &ladder, Content::Vod { segments: 1_000 });
        for failure in [Failure::Status(404), Failure::Status(503), Failure::Reset, Failure::Timeout] {
            let (mut player, mut step) = resumed(&ctx, &[A], Kbps(2_000));
            let (mut now, mut requests) = (at(0), 0);
            while step.command != Command::End(EndReason::Fatal) {
                assert!(requests < 60, "{name}: {failure:?} leads to no end");
                step = match step.command {
                    Command::Load(_) | Command::Replace(_) => {
                        requests += 1;
                        now += Micros::from_millis(50);
                        player.failed(&ctx, now, failure)
                    }
                    Command::Wait(until) => {
                        now = until;
                        player.wake(&ctx, now)
                    }
                    other => panic!("{name}: {other:?}"),
                };
            }
        }
    }
}

#[test]
fn a_multivariant_playlist_that_never_comes_ends_the_session() {
    let ladder = ladder();
    for (name, profile) in profiles() {
        let ctx = context(&profile, &ladder, Content::Vod { segments: 10 });
        let mut player = Player::new(&ctx, at(0), PathwayOrder::new(&[A, B]));
        let mut step = player.begin(&ctx, at(0));
        let mut now = at(0);
        for _ in 0..10 {
            step = match step.command {
                Command::Load(_) => player.failed(&ctx, now, Failure::Timeout),
                Command::Wait(until) => {
                    now = until;
                    player.wake(&ctx, now)
                }
                _ => break,
            };
        }
        assert_eq!(step.command, Command::End(EndReason::Fatal), "{name}");
    }
}

#[test]
fn waits_double_up_to_their_cap_and_fuzz_stays_within_its_share() {
    let retry = RetryPolicy::doubling(6, 1_000, 8_000);
    let waits: Vec<u64> = (0..6).map(|attempt| retry.wait(attempt, 0.5).0 / 1_000_000).collect();
    assert_eq!(waits, [1, 2, 4, 8, 8, 8]);
    let shaka = LoadPolicies::shaka().segment.error_retry;
    assert_eq!(shaka.wait(0, 0.0), Micros::from_millis(500));
    assert_eq!(shaka.wait(0, 0.5), Micros::from_secs(1));
}

#[test]
fn an_order_keeps_its_pathways_distinct_and_in_place() {
    let order = PathwayOrder::new(&[B, A, B, PathwayId(7)]);
    assert_eq!(order.iter().collect::<Vec<_>>(), [B, A, PathwayId(7)]);
    assert_eq!((order.len(), order.first()), (3, Some(B)));
    assert!(PathwayOrder::default().is_empty());
    let full: Vec<PathwayId> = (0..8).map(PathwayId).collect();
    assert_eq!(PathwayOrder::new(&full).iter().collect::<Vec<_>>(), full);
}
