//! The engine against an exact reference.
//!
//! The reference has one event heap for all viewers and shares each link max-min anew whenever a flow starts, ends or
//! gets another access rate: no cells, no epochs. It shares with the engine the players, the access networks, the
//! audience's plan and the draws, and states everything between them again.
//!
//! Reading order: `link`, `events`, `tables`, `viewer`, `run`.

mod events;
mod link;
mod run;
mod tables;
mod viewer;

use scenarios::levers::{CacheKey, Levers};
use scenarios::world::World;
use sim_engine::RunOutput;

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

#[test]
fn explore() {
    for (name, world) in [("saturated", worlds::saturated()), ("outage", worlds::spillover()), ("brownout", worlds::brownout())] {
        let mut exact = Tally::default();
        let mut engines = [(8u16, 250u64), (64, 250), (8, 125), (64,125), (8, 25)].map(|shape| (shape, Tally::default(), 0));
        for seed in 1..=2 {
            let started = std::time::Instant::now();
            let outcome = run(&world, seed);
            println!("{name} {seed}: exact {:.5} busiest {:.3} events {} in {:?}", outcome.tally.rebuffering(), outcome.busiest, outcome.events, started.elapsed());
            exact.add(&outcome.tally);
            for ((cells, epoch), sum, _) in &mut engines {
                let mut world = world.clone();
                world.clock.cells = *cells;
                world.clock.epoch = units::Micros::from_millis(*epoch);
                let started = std::time::Instant::now();
                let output = worlds::run(&world, LEVERS, seed);
                let tally = measured(&world, &output);
                println!("   {cells} {epoch} {:.5} in {:?} overdraft {}", tally.rebuffering(), started.elapsed(), output.conservation.overdraft_ppm_max);
                sum.add(&tally);
            }
        }
        println!("{name} exact {:.5} bitrate {:.1} {exact:?}", exact.rebuffering(), exact.bitrate());
        for (shape, tally, _) in engines {
            println!("  {shape:?} {:.5} ({:+.2}%) bitrate {:.1} ({:+.2}%) {tally:?}", tally.rebuffering(), (tally.rebuffering() / exact.rebuffering() - 1.0) * 100.0, tally.bitrate(), (tally.bitrate()/exact.bitrate()-1.0)*100.0);
        }
    }
}
