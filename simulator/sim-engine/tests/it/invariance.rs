//! What must not move a result: the epoch, the cells, the threads, the process, and a second run.

use scenarios::levers::{CacheKey, Levers, LoadPolicySource, Steering, Switch};
use scenarios::world::{EvictionPolicy, World};
use sim_engine::ledger::Sums;
use sim_engine::{RunOptions, RunOutput};
use units::{Micros, Ppm};

use crate::{reference, worlds};

const HALF: Micros = Micros::from_millis(125);

fn relative(ours: f64, theirs: f64) -> f64 {
    ours / theirs - 1.0
}

/// Sums after the warm-up.
fn measured(world: &World, output: &RunOutput) -> Sums {
    let skipped = (world.clock.warmup.0 / world.clock.bucket.0) as usize;
    output.buckets.iter().skip(skipped).flatten().fold(Sums::default(), |mut sum, part| {
        sum.add(part);
        sum
    })
}

/// Rebuffering ratio pooled over five seeds.
fn rebuffering(world: &World, levers: Levers, cells: u16, epoch: Micros) -> f64 {
    let mut world = world.clone();
    world.clock.cells = cells;
    world.clock.epoch = epoch;
    let mut pooled = Sums::default();
    for seed in 1..=5 {
        pooled.add(&measured(&world, &worlds::run(&world, levers, seed)));
    }
    pooled.stalled as f64 / (pooled.stalled + pooled.played) as f64
}

fn check_rebuffering(name: &str, world: &World, levers: Levers) {
    let usual = rebuffering(world, levers, 64, world.clock.epoch);
    let half = relative(rebuffering(world, levers, 64, HALF), usual);
    let double = relative(rebuffering(world, levers, 128, world.clock.epoch), usual);
    println!(
        "{name}: {usual:.5}, half the epoch {:+.2} %, twice the cells {:+.2} %",
        half * 100.0,
        double * 100.0
    );
    assert!(half.abs() < 0.02 && double.abs() < 0.02, "{name}: epoch {half}, cells {double}");
}

#[test]
fn half_the_epoch_and_twice_the_cells_move_rebuffering_by_less_than_2_percent() {
    check_rebuffering("saturated", &worlds::saturated(), reference::LEVERS);
    check_rebuffering("spillover", &worlds::spillover(), reference::LEVERS);
    check_rebuffering("brown-out", &worlds::brownout(), reference::LEVERS);
}

/// The steering service is left out: it turns a few bad requests more or less into a decision for thousands.
#[test]
fn the_same_holds_for_live_viewers_misses_and_handed_out_policies() {
    let mut world = worlds::small(2_000);
    world.faults = vec![worlds::outage(fault_plan::Failure::Hang)];
    check_rebuffering("live, before", &world, Levers::NAIVE);
    check_rebuffering("live, after", &world, Levers { steering: Steering::Static, ..Levers::MODERN });
}

/// Live players ask on whole milliseconds, so that their looks at a download, every 100 ms, can fall on barriers.
#[test]
fn no_look_at_a_download_is_lost_on_a_barrier() {
    let mut world = worlds::small(1_000);
    world.audience.vod = None;
    let usual = rebuffering(&world, Levers::NAIVE, 8, world.clock.epoch);
    let on_looks = rebuffering(&world, Levers::NAIVE, 8, Micros::from_millis(100));
    let moved = relative(on_looks, usual);
    println!("{usual:.5}, epochs of 100 ms {:+.3} %", moved * 100.0);
    assert!(usual > 0.0 && moved.abs() < 0.01, "{usual} {on_looks}");
}

/// Hit ratio and origin bytes after the warm-up, pooled over two seeds.
fn deliveries(world: &World, levers: Levers, cells: u16) -> (f64, f64) {
    let mut world = world.clone();
    world.clock.cells = cells;
    let (mut pooled, mut origin) = (Sums::default(), 0);
    for seed in 1..=2 {
        let output = worlds::run(&world, levers, seed);
        pooled.add(&measured(&world, &output));
        let skipped = (world.clock.warmup.0 / world.clock.bucket.0) as usize;
        origin += output.backhaul.iter().skip(skipped).map(|sums| sums.origin_bits).sum::<u64>();
    }
    let lookups = pooled.edge_hits + pooled.edge_joins + pooled.edge_misses;
    (pooled.edge_hits as f64 / lookups as f64, origin as f64)
}

fn check_deliveries(held: Ppm, eviction: EvictionPolicy, shield: Switch) {
    let world = worlds::cached(held, eviction);
    let levers = Levers { shield, ..Levers::MODERN };
    let (hits, origin) = deliveries(&world, levers, 64);
    assert!((0.3..0.9).contains(&hits), "a world in which caches matter, not {hits}");
    for cells in [32, 128] {
        let (other_hits, other_origin) = deliveries(&world, levers, cells);
        let (by_hits, by_origin) = (relative(other_hits, hits), relative(other_origin, origin));
        println!(
            "{eviction:?}, {held:?}, shield {shield:?}: hit ratio {hits:.4} at 64 cells, {cells}: {:+.2} %, origin {:+.2} %",
            by_hits * 100.0,
            by_origin * 100.0
        );
        assert!(by_hits.abs() < 0.01 && by_origin.abs() < 0.01, "hits {by_hits}, origin {by_origin}");
    }
}

#[test]
fn slicing_an_lru_cache_moves_neither_hit_ratio_nor_origin_bytes() {
    check_deliveries(Ppm(300_000), EvictionPolicy::Lru, Switch::On);
    check_deliveries(Ppm(300_000), EvictionPolicy::Lru, Switch::Off);
}

#[test]
fn slicing_an_s3_fifo_cache_moves_neither_hit_ratio_nor_origin_bytes() {
    check_deliveries(Ppm(300_000), EvictionPolicy::S3Fifo, Switch::On);
    check_deliveries(Ppm(300_000), EvictionPolicy::S3Fifo, Switch::Off);
}

/// Everything that a run leaves, as text.
fn everything(output: &RunOutput) -> String {
    format!("{output:?}")
}

/// A world with live and VOD viewers, misses, an outage and a session store.
fn eventful() -> World {
    let mut world = worlds::small(400);
    world.faults = vec![worlds::outage(fault_plan::Failure::Hang)];
    world.session_store = Some(scenarios::world::SessionStore {
        servers: 1,
        service: scenarios::world::Service::Exponential { mean: Micros::from_millis(200) },
        queue_limit: 5,
    });
    world
}

#[test]
fn threads_change_nothing_of_what_a_run_leaves() {
    for levers in [Levers::NAIVE, Levers::MODERN] {
        let world = eventful();
        let one = everything(&worlds::run(&world, levers, 3));
        for threads in [1, 2, 4] {
            let many = worlds::run_with(&world, levers, 3, RunOptions { threads, ..RunOptions::default() });
            assert!(one == everything(&many), "{threads} threads differ");
        }
    }
}

#[test]
fn before_against_before_differs_by_exactly_zero() {
    let world = eventful();
    let seed = units::Seed(4);
    let (sessions, _) = sim_engine::audience::sessions(&world, seed).expect("a valid audience");
    let measure = || {
        let stage = sim_engine::Stage::new(&world, Levers::NAIVE, seed, sessions.clone());
        let output = sim_engine::run(&stage, RunOptions::default());
        (sim_engine::measure::seed_run(&stage, "before", &output), everything(&output))
    };
    assert!(measure() == measure());
}

#[test]
fn another_seed_is_another_run() {
    let world = eventful();
    let (one, two) = (worlds::run(&world, Levers::NAIVE, 5), worlds::run(&world, Levers::NAIVE, 6));
    assert_ne!(one.epoch_hashes, two.epoch_hashes);
    assert_ne!(one.minute_hashes, two.minute_hashes);
}

/// What the test below runs in processes of its own.
#[test]
#[ignore = "run by `another_process_gives_the_same_bytes`"]
fn one_process() {
    let text = everything(&worlds::run(&eventful(), Levers::MODERN, 7));
    let hash = text.bytes().fold(0u64, |hash, byte| units::draws::mix(hash ^ u64::from(byte)));
    println!("left {hash:016x}");
}

#[test]
fn another_process_gives_the_same_bytes() {
    let left = || {
        let mut child = std::process::Command::new(std::env::current_exe().expect("this test binary"));
        child.args(["invariance::one_process", "--exact", "--ignored", "--nocapture"]);
        let output = child.output().expect("a test binary runs");
        let text = String::from_utf8(output.stdout).expect("a test binary prints text");
        let at = text.find("left ").expect("the child prints what it left");
        text[at..].lines().next().map(str::to_owned)
    };
    assert_eq!(left(), left());
}

/// All levers naive but one, all modern but one, and both sides themselves.
fn combinations() -> Vec<Levers> {
    let turned = |base: Levers, other: Levers| {
        [
            Levers { steering: other.steering, ..base },
            Levers { load_policy: other.load_policy, ..base },
            Levers { cache_key: other.cache_key, ..base },
            Levers { coalescing: other.coalescing, ..base },
            Levers { shield: other.shield, ..base },
            base,
        ]
    };
    [turned(Levers::NAIVE, Levers::MODERN), turned(Levers::MODERN, Levers::NAIVE)].concat()
}

fn failures() -> Vec<fault_plan::Fault> {
    use fault_plan::{Action, Failure};
    let slow = Action::SlowLink {
        capacity_factor: Ppm(20_000),
        added_latency: Micros::from_millis(300),
        share: Ppm::ONE,
    };
    let kinds =
        [Failure::Hang, Failure::Status(503), Failure::Status(404), Failure::Reset].map(worlds::outage);
    let brownout = fault_plan::Fault { action: slow, ..worlds::outage(Failure::Hang) };
    let half = Action::Outage { failure: Failure::Hang, share: Ppm(500_000) };
    let half =
        fault_plan::Fault { action: half, ramp: Micros::from_secs(10), ..worlds::outage(Failure::Hang) };
    kinds.into_iter().chain([brownout, half]).collect()
}

#[test]
fn what_is_sent_is_received_and_every_stall_has_one_cause_whatever_fails() {
    for fault in failures() {
        for levers in combinations() {
            let mut world = worlds::small(150);
            world.clock.duration = Micros::from_mins(3);
            world.faults = vec![fault.clone()];
            check_books(&world, levers);
        }
    }
}

#[test]
fn a_saturated_link_overdraws_by_at_most_one_epoch() {
    for world in [worlds::saturated(), worlds::spillover(), worlds::brownout()] {
        for cells in [8, 64] {
            let mut world = world.clone();
            world.clock.cells = cells;
            world.clock.duration = Micros::from_mins(3);
            check_books(&world, reference::LEVERS);
        }
    }
}

fn check_books(world: &World, levers: Levers) {
    let output = worlds::run(world, levers, 2);
    let whole = output.buckets.iter().flatten().fold(Sums::default(), |mut sum, part| {
        sum.add(part);
        sum
    });
    let case = format!("{levers:?} under {:?}", world.faults);
    let books = &output.conservation;
    // Each body is counted in whole bits, rounded down once.
    let sent = books.sent_millibits / 1_000;
    assert!(sent.abs_diff(books.received_bits) <= whole.requests, "{books:?} with {case}");
    assert_eq!(books.edge_misses, books.backhaul_requests, "{case}");
    assert!(books.overdraft_ppm_max <= 1_000_000, "{books:?} with {case}");
    let room: u64 = world
        .pops
        .iter()
        .map(|pop| pop.capacity.millibits_in(world.clock.duration + world.clock.epoch))
        .sum();
    assert!(books.sent_millibits <= room, "{case}");
    assert_eq!(whole.caused.iter().sum::<u64>(), whole.stalled, "{case}");
    let sessions: u64 = output.sessions.iter().sum();
    let ended_early = whole.start_failures + whole.exits_before_start;
    assert!(whole.started + ended_early <= sessions, "a session starts or fails once: {case}");
}

/// The names of levers stay in step with the combinations above.
#[test]
fn every_lever_is_turned_once_from_either_side() {
    let all = combinations();
    let alone = |turned: Levers| all.contains(&turned);
    assert!(alone(Levers { steering: Steering::HealthEwma, ..Levers::NAIVE }));
    assert!(alone(Levers { load_policy: LoadPolicySource::PlayerDefault, ..Levers::MODERN }));
    assert!(alone(Levers { cache_key: CacheKey::FullUrl, ..Levers::MODERN }));
    assert_eq!(all.len(), 2 * (scenarios::levers::LEVERS.len() + 1));
}
