//! Too few servers, too little capacity, and nobody's fault: what the figures say of it.

use reports::measure::{SeedRun, Tally};
use reports::metric::{self, Unit};
use scenarios::levers::Levers;
use scenarios::world::{Access, Device, Service};
use scenarios::{Document, NoFiles, ResolvedArm};
use sim_engine::ledger::{Cause, Sums};
use sim_engine::measure::seed_run;
use sim_engine::{RunOptions, RunOutput, Stage};
use units::{Kbps, Micros, Ppm, Seed};

use crate::worlds;

/// The arms of `smoke` without its outage.
fn faultless() -> Vec<ResolvedArm> {
    let document = Document::open("smoke", &NoFiles).expect("a shipped scenario");
    let mut arms = document.resolve(&NoFiles).expect("a shipped scenario resolves").arms;
    arms.iter_mut().for_each(|arm| arm.world.faults.clear());
    arms
}

fn run(arm: &ResolvedArm) -> (SeedRun, RunOutput) {
    let (sessions, _) = sim_engine::audience::sessions(&arm.world, Seed(1)).expect("a valid audience");
    let stage = Stage::new(&arm.world, arm.levers, Seed(1), sessions);
    let output = sim_engine::run(&stage, RunOptions::default());
    (seed_run(&stage, &arm.id, &output), output)
}

#[test]
fn no_share_leaves_its_bounds_and_dead_sessions_are_the_origins_where_it_has_too_few_servers() {
    for mut arm in faultless() {
        arm.world.origin.servers = 1;
        let (measured, output) = run(&arm);
        for measurement in &measured.measurements {
            if metric::known(&measurement.metric).unit != Unit::Share {
                continue;
            }
            for (at, tally) in [&measurement.total].into_iter().chain(&measurement.buckets).enumerate() {
                let Tally::Ratio(ratio) = tally else { panic!("{} is no ratio", measurement.metric) };
                let what = (&arm.id, &measurement.metric, &measurement.split, at);
                assert!(ratio.part <= ratio.whole, "{what:?}: {ratio:?}");
            }
        }
        let sums = worlds::total(&output);
        assert!(sums.fatal > 0 && sums.fatal <= sums.ended && sums.ended_stalled <= sums.ended);
        assert_eq!(sums.caused.iter().sum::<u64>(), sums.stalled);
        let by_cause = |cause: Cause| sums.caused[cause as usize];
        println!("{}: {:?}", arm.id, Cause::ALL.map(|cause| (cause.name(), by_cause(cause) / 1_000_000)));
        assert_eq!(by_cause(Cause::ControlPlane), 0);
        assert_eq!(by_cause(Cause::OutageDetection), 0);
        assert!(by_cause(Cause::OriginOrMiss) > sums.stalled / 4 * 3);
    }
}

#[test]
fn an_origin_that_takes_three_seconds_is_waited_for_three_seconds() {
    for mut arm in faultless() {
        let service = Micros::from_secs(3);
        arm.world.origin.service = Service::Constant { value: service };
        let (_, output) = run(&arm);
        let waits: Vec<&Micros> = output.origin_waits.iter().flatten().collect();
        assert!(!waits.is_empty() && waits.iter().all(|wait| **wait >= service), "arm `{}`", arm.id);
    }
}

/// Nobody else, an access network that is never the limit, one rung, and an origin that sends a segment in four minutes: hls.js
/// waits for two.
#[test]
fn a_segment_that_trickles_into_the_edge_is_given_up_in_time_and_blamed_on_the_origin() {
    let mut world = worlds::small(2);
    world.audience.live = None;
    world.cold_cache = true;
    world.clock.duration = Micros::from_mins(10);
    world.encoding.ladder.drain(..3);
    world.origin.capacity = Kbps(100);
    world.shield = None;
    for cohort in &mut world.audience.cohorts {
        cohort.access = Access::Fixed(Kbps::from_mbps(20));
    }
    let sums = worlds::total(&worlds::run(&world, Levers::NAIVE, 1));
    assert!(sums.failures > 0 && sums.segments == 0, "no request met its limit: {sums:?}");
    assert!(sums.stalled > 0 && sums.caused[Cause::OriginOrMiss as usize] == sums.stalled, "{sums:?}");
}

/// hls.js looks every 100 ms also while nothing comes: with its buffer nearly empty it gives a download up for a lower variant
/// before its limit of 10 s, be it that a CDN hangs or that the origin takes too long.
#[test]
fn the_silence_of_an_origin_is_looked_at() {
    let mut world = worlds::small(80);
    world.audience.live = None;
    world.audience.cohorts.drain(..2);
    let web = &mut world.audience.cohorts[0];
    (web.share, web.device, web.access) = (Ppm::ONE, Device::Web, Access::Fixed(Kbps::from_mbps(20)));
    world.cold_cache = true;
    world.origin.service = Service::Constant { value: Micros::from_secs(30) };
    let sums = worlds::total(&worlds::run(&world, Levers::NAIVE, 1));
    // What has neither come nor failed was given up, or is one of 40 viewers' last request.
    let given_up = sums.requests - sums.answered - sums.failures;
    println!("{given_up} of {} requests given up", sums.requests);
    assert!(given_up > 200);
}

/// A viewer who leaves a dead CDN has stalled there, not where it turns to.
#[test]
fn a_pathway_is_not_charged_with_what_happened_before_a_viewer_turned_to_it() {
    let mut world = worlds::small(200);
    world.cdns[1].weight = 0;
    for pop in &mut world.pops {
        pop.capacity = Kbps::from_mbps(20_000);
    }
    for cohort in &mut world.audience.cohorts {
        cohort.access = Access::Fixed(Kbps::from_mbps(30));
    }
    world.faults = vec![worlds::outage(fault_plan::Failure::Hang)];
    let output = worlds::run(&world, Levers::NAIVE, 1);
    let of = |pathway: usize| {
        let parts = output.buckets.iter().flat_map(|bucket| bucket.iter().skip(pathway).step_by(2));
        parts.fold(Sums::default(), |mut sum, part| {
            sum.add(part);
            sum
        })
    };
    let (dead, other) = (of(0), of(1));
    println!("stalled {} and {} us, {} moves", dead.stalled, other.stalled, other.moves);
    assert_eq!(other.failures, 0);
    // Two handshakes, playlist and segment at 30 Mbit/s over 15 ms: a little over a second.
    assert!(other.moves > 0 && other.stalled < other.moves * 1_500_000);
    assert!(dead.stalled > other.stalled);
}

#[test]
fn no_bucket_holds_more_bytes_than_its_links_could_carry() {
    let world = worlds::saturated();
    let output = worlds::run(&world, crate::reference::LEVERS, 2);
    for (at, sent) in output.egress.iter().enumerate() {
        for (pop, sent) in world.pops.iter().zip(sent) {
            let room = pop.capacity.millibits_in(world.clock.bucket + world.clock.epoch);
            assert!(*sent <= room, "{} in bucket {at}: {sent} of {room}", pop.id);
        }
    }
    assert_eq!(output.egress.iter().flatten().sum::<u64>(), output.conservation.sent_millibits);
}

/// Telemetry that has just begun shows less load than there is.
#[test]
fn nobody_is_moved_before_it_is_known_what_is_to_spare() {
    let mut arms = faultless().into_iter();
    let mut after = arms.find(|arm| arm.id == "after").expect("`smoke` has an arm of that name");
    for pop in &mut after.world.pops {
        pop.capacity = pop.capacity.scaled(Ppm(60_000));
    }
    let (_, output) = run(&after);
    let moves = |sums: &[Sums]| sums.iter().map(|sums| sums.moves).sum::<u64>();
    let by_bucket: Vec<u64> = output.buckets.iter().map(|bucket| moves(bucket)).collect();
    println!("moves {by_bucket:?}, {} decisions", output.steering_decisions);
    assert_eq!(after.world.clock.bucket, Micros::from_secs(10), "as long as telemetry is averaged");
    assert_eq!(by_bucket[0], 0);
}

/// A tenth of the planned capacity, an outage and a brown-out on top: nobody has anything to spare, and steering that counts on it
/// does harm. 5,000 viewers: with 1,500 a region has too few requests to judge by.
#[test]
fn steering_in_a_shortage_stalls_viewers_less_than_a_fixed_order_does() {
    let stalled = |steering: &str| {
        let mut document = Document::open("before-after", &NoFiles).expect("a shipped scenario");
        for (key, value) in [
            ("scale.audience", "0.1"),
            ("scale.pop_capacity", "0.1"),
            ("arm.after.levers.steering", steering),
        ] {
            document.set(key, value).expect("a key of the scenario");
        }
        let arms = document.resolve(&NoFiles).expect("a valid scenario").arms;
        let after = arms.iter().find(|arm| arm.id == "after").expect("an arm of that name");
        let sums = worlds::total(&run(after).1);
        #[expect(clippy::cast_precision_loss, reason = "microseconds of a small run")]
        let share = sums.stalled as f64 / (sums.stalled + sums.played) as f64;
        share
    };
    let (fixed, steered) = (stalled("static"), stalled("health-ewma"));
    println!("stalled {steered:.4} steered, {fixed:.4} in a fixed order");
    assert!(fixed > 0.01, "a shortage is felt: {fixed}");
    assert!(steered < fixed, "{steered} steered, {fixed} in a fixed order");
}

/// A POP dies and DNS moves its viewers to one that has too little room for all of them; later half of the POPs brown out. Steering that
/// leaves at once and comes back all at once costs picture that a fixed order does not.
#[test]
fn steering_that_comes_home_slowly_costs_less_than_two_hundredths_of_bitrate() {
    let mean_bitrate = |steering: &str| {
        let mut document = Document::open("before-after", &NoFiles).expect("a shipped scenario");
        for (key, value) in [("scale.audience", "0.1"), ("arm.after.levers.steering", steering)] {
            document.set(key, value).expect("a key of the scenario");
        }
        let arms = document.resolve(&NoFiles).expect("a valid scenario").arms;
        let after = arms.iter().find(|arm| arm.id == "after").expect("an arm of that name");
        let sums = worlds::total(&run(after).1);
        sums.kbps_millis / sums.segment_millis.max(1)
    };
    let (fixed, steered) = (mean_bitrate("static"), mean_bitrate("health-ewma"));
    println!("mean bitrate {steered} kbit/s steered, {fixed} kbit/s in a fixed order");
    assert!(steered * 100 >= fixed * 98, "{steered} steered, {fixed} in a fixed order");
}

#[test]
fn empty_caches_send_the_first_viewers_to_the_origin_and_fill() {
    let hit_ratios = |cold: bool| {
        let mut arm = faultless().into_iter().find(|arm| arm.id == "after").expect("an arm of that name");
        arm.world.cold_cache = cold;
        let output = run(&arm).1;
        let ratio = |bucket: &[Sums]| {
            let hits: u64 = bucket.iter().map(|sums| sums.edge_hits).sum();
            let others: u64 = bucket.iter().map(|sums| sums.edge_misses + sums.edge_joins).sum();
            Ppm::from_f64(hits as f64 / (hits + others) as f64)
        };
        let origin: u64 = output.backhaul.iter().map(|sums| sums.origin_requests).sum();
        let (first, last) = (&output.buckets[0], &output.buckets[output.buckets.len() - 1]);
        (ratio(first), ratio(last), origin)
    };
    let (warm, cold) = (hit_ratios(false), hit_ratios(true));
    println!("hit ratio at the start and the end, requests to the origin: warm {warm:?}, cold {cold:?}");
    assert!(cold.0.0 < warm.0.0 / 2, "cold from the first moment");
    assert!(cold.1.0 > cold.0.0, "what is asked for stays");
    assert!(cold.2 > warm.2);
}
