//! Conservation, determinism, and what everyone expects of an outage.

use fault_plan::Failure;
use scenarios::levers::Levers;
use sim_engine::RunOptions;
use units::Micros;

use crate::worlds::{outage, run, run_with, small, total};

#[test]
fn bytes_served_are_bytes_received_and_edge_misses_are_fetches() {
    for levers in [Levers::NAIVE, Levers::MODERN] {
        let mut world = small(600);
        world.faults = vec![outage(Failure::Status(503))];
        let output = run(&world, levers, 1);
        let sums = total(&output);
        println!("{sums:#?}\n{:?} events {} seats {}", output.conservation, output.events, output.seats);
        println!("rebuffering {}", sums.stalled as f64 / (sums.stalled + sums.played) as f64);
        let check = &output.conservation;
        let sent = check.sent_millibits / 1_000;
        // Bodies in flight are counted in whole bits, each rounded down.
        assert!(sent.abs_diff(check.received_bits) < 10_000, "{check:?}");
        assert_eq!(check.edge_misses, check.backhaul_requests);
        assert!(check.overdraft_ppm_max <= 1_000_000);
        assert_eq!(sums.caused.iter().sum::<u64>(), sums.stalled);
    }
}

#[test]
fn threads_change_no_byte() {
    let mut world = small(400);
    world.faults = vec![outage(Failure::Hang)];
    let one = run(&world, Levers::MODERN, 3);
    for threads in [2, 4] {
        let many = run_with(&world, Levers::MODERN, 3, RunOptions { threads, ..RunOptions::default() });
        assert_eq!(one.epoch_hashes, many.epoch_hashes);
        assert_eq!(one.buckets, many.buckets);
    }
}

/// An edge's copy of a live playlist may be older than the run.
#[test]
fn live_viewers_may_come_in_the_first_moment() {
    let mut world = small(2_000);
    world.clock.duration = Micros::from_secs(70);
    let live = world.audience.live.as_mut().expect("a small world has live viewers");
    live.curve[0].viewers = 0;
    live.curve.push(scenarios::world::CurvePoint { at: units::Timestamp(2_000_000), viewers: 1_000 });
    let output = run(&world, Levers::NAIVE, 1);
    assert!(total(&output).started > 900, "{:?}", total(&output));
}

/// In no quarter of a second of a segment's four do they ask much more often than in another, from the first one on.
#[test]
fn viewers_who_are_found_at_the_start_do_not_act_in_step() {
    for (vod, live) in [(2_000, 0), (0, 2_000)] {
        let mut world = small(2_000);
        world.clock.duration = Micros::from_secs(20);
        world.clock.warmup = Micros::ZERO;
        world.clock.bucket = world.clock.epoch;
        world.audience.vod.as_mut().expect("a small world has VOD viewers").curve[0].viewers = vod;
        world.audience.live.as_mut().expect("a small world has live viewers").curve[0].viewers = live;
        let output = run(&world, Levers::NAIVE, 1);
        let mut requests = [0; 16];
        for (at, bucket) in output.buckets.iter().enumerate() {
            requests[at % 16] += bucket.iter().map(|sums| sums.requests).sum::<u64>();
        }
        let mean = requests.iter().sum::<u64>() / 16;
        let most = *requests.iter().max().expect("sixteen of them");
        assert!(mean > 500 && most < mean * 3 / 2, "{vod} and {live} viewers: {requests:?}");
    }
}
