//! The engine against an exact reference.
//!
//! The reference has one event heap for all viewers and shares each link max-min anew whenever a flow starts, ends or
//! gets another access rate: no cells, no epochs. It shares with the engine the players, the access networks, the
//! audience's plan and the draws, and states everything between them again.
//!
//! Reading order: `link`, `events`, `tables`, `viewer`, `run`, `request`.

mod events;
mod link;
mod request;
mod run;
mod tables;
mod viewer;

use scenarios::levers::{CacheKey, Levers};
use scenarios::world::World;
use sim_engine::RunOutput;
use units::Micros;

use crate::worlds;
pub(crate) use run::run;
pub(crate) use viewer::Tally;

/// Static steering and the players' own load policies, over caches that hold everything.
pub(crate) const LEVERS: Levers = Levers { cache_key: CacheKey::Normalised, ..Levers::NAIVE };

/// What the engine measured after the warm-up, in the reference's words.
pub(crate) fn measured(world: &World, output: &RunOutput) -> Tally {
    let skipped = (world.clock.warmup.0 / world.clock.bucket.0) as usize;
    let mut tally = Tally::default();
    for sums in output.buckets.iter().skip(skipped).flatten() {
        tally.add(&Tally {
            played: sums.played,
            stalled: sums.stalled,
            stalls: sums.stalls,
            segments: sums.segments,
            kbps: sums.kbps_millis / (world.encoding.segment.0 / 1_000),
            failures: sums.failures,
            start_failures: sums.start_failures,
            exits: sums.exits_before_start,
            fatal: sums.fatal,
            started: sums.started,
            startup: 0,
        });
    }
    for (_, _, startup) in output.startups.iter().skip(skipped).flatten() {
        tally.startup += startup.0;
    }
    tally
}

/// Seeds that are pooled.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=5;

/// How far the engine may be from the reference, relative.
const TOLERANCE: f64 = 0.02;

/// The engine's sums over all seeds at a number of cells.
pub(crate) fn engine(world: &World, cells: u16, epoch: Micros) -> Tally {
    let mut world = world.clone();
    world.clock.cells = cells;
    world.clock.epoch = epoch;
    let mut pooled = Tally::default();
    for seed in SEEDS {
        let output = worlds::run(&world, LEVERS, seed);
        let misses: u64 =
            output.buckets.iter().flatten().map(|sums| sums.edge_misses + sums.edge_joins).sum();
        assert_eq!(misses, 0, "the caches hold everything");
        pooled.add(&measured(&world, &output));
    }
    pooled
}

fn relative(ours: f64, theirs: f64) -> f64 {
    ours / theirs - 1.0
}

#[expect(clippy::print_stdout, reason = "the measured agreement, for whoever runs it with --nocapture")]
fn check(name: &str, world: &World) {
    let mut exact = Tally::default();
    for seed in SEEDS {
        let outcome = run(world, seed);
        assert!(outcome.busiest <= 1.0, "no link sends more than it can");
        exact.add(&outcome.tally);
    }
    println!("{name}: exact rebuffering {:.5}, {:.1} kbit/s", exact.rebuffering(), exact.bitrate());
    assert!(exact.rebuffering() >= 0.01, "agreement says little where nobody stalls");
    for cells in [8, 64] {
        let ours = engine(world, cells, world.clock.epoch);
        let off = relative(ours.rebuffering(), exact.rebuffering());
        let off_bitrate = relative(ours.bitrate(), exact.bitrate());
        let off_startup = relative(ours.startup(), exact.startup());
        println!(
            "{name}, {cells} cells: rebuffering {:.5} ({:+.2} %), bitrate {:+.2} %, startup {:+.2} %",
            ours.rebuffering(),
            off * 100.0,
            off_bitrate * 100.0,
            off_startup * 100.0
        );
        assert!(off.abs() < TOLERANCE, "{name}: {ours:?} against {exact:?}");
        assert!(off_bitrate.abs() < TOLERANCE && off_startup.abs() < TOLERANCE, "{ours:?} against {exact:?}");
    }
}

#[test]
fn saturated_links_stall_viewers_as_exact_sharing_says() {
    check("saturated", &worlds::saturated());
}

#[test]
fn an_outage_that_saturates_the_other_cdn_stalls_viewers_as_exact_sharing_says() {
    check("spillover", &worlds::spillover());
}

#[test]
fn a_brown_out_stalls_viewers_as_exact_sharing_says() {
    check("brown-out", &worlds::brownout());
}
