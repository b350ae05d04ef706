//! Whether every viewer finds a seat: a cell has a bounded number of them, and all viewers of a title share one cell.
//!
//! Reckoned from the plan, on the safe side: which titles meet in a cell is a matter of their hashes, which are the
//! engine's. A scenario that might not fit is refused before it runs, not in the middle of its kick-off.

use crate::error::{Outcome, Problem};
use crate::source::Place;
use crate::world::{Catalogue, World};

/// Viewers that a cell has seats for at once: the slots of the engine's timing wheel.
const SEATS_PER_CELL: f64 = 1_048_576.0;
/// Viewers that may be there beyond the plan, for arrivals are drawn: a hundredth is ten standard deviations of a million.
const BEYOND_THE_PLAN: f64 = 1.01;
/// How many standard deviations above the average the fullest cell is taken to be.
const DEVIATIONS: f64 = 6.0;
/// Titles whose popularity is summed one by one; the tail is smooth enough for an integral.
const SUMMED: u32 = 10_000;

/// Refuses an audience that may not fit into its cells. `at` is where the audience is written.
#[expect(clippy::cast_precision_loss, reason = "viewers stay far below 2^53")]
pub(super) fn check(world: &World, at: Place) -> Outcome<()> {
    // Nobody's titles matter while all viewers together would find seats in one cell.
    if world.peak_viewers() as f64 * BEYOND_THE_PLAN <= SEATS_PER_CELL {
        return Ok(());
    }
    let most = |curve: &[crate::world::CurvePoint]| {
        f64::from(curve.iter().map(|point| point.viewers).max().unwrap_or(0))
    };
    let vod = world.audience.vod.as_ref().map_or(0.0, |vod| most(&vod.curve));
    let live = world.audience.live.as_ref().map_or(0.0, |live| most(&live.curve));
    let cells = f64::from(world.clock.cells);
    // Live viewers are spread evenly: they deviate as coins do.
    let live = (live / cells + DEVIATIONS * libm::sqrt(live / cells)).min(live);
    let fullest = (vod * share_of_fullest(world.catalogue, cells) + live) * BEYOND_THE_PLAN;
    if fullest <= SEATS_PER_CELL {
        return Ok(());
    }
    let message =
        format!("a cell may have to hold {fullest:.0} viewers at once, and holds {SEATS_PER_CELL:.0}");
    Err(Problem::new(at, message)
        .hint("raise `run.cells`, or `catalogue.titles` (the viewers of a title share one cell), or plan fewer viewers"))
}

/// The share of the VOD viewers that the fullest cell may get: those of the first title, and of others that its hash
/// happens to meet.
fn share_of_fullest(catalogue: Catalogue, cells: f64) -> f64 {
    let s = catalogue.zipf_exponent.as_f64();
    let all = power_sum(catalogue.titles, s);
    let first = 1.0 / all;
    let squares = (power_sum(catalogue.titles, 2.0 * s) - 1.0).max(0.0) / (all * all);
    (first + (1.0 - first) / cells + DEVIATIONS * libm::sqrt(squares / cells)).min(1.0)
}

/// The sum of `rank^-s` over all ranks from 1.
fn power_sum(titles: u32, s: f64) -> f64 {
    let summed = titles.min(SUMMED);
    let head: f64 = (1..=summed).map(|rank| libm::pow(f64::from(rank), -s)).sum();
    let (from, to) = (f64::from(summed), f64::from(titles));
    let tail = if (s - 1.0).abs() < 1e-9 {
        libm::log(to / from)
    } else {
        (libm::pow(to, 1.0 - s) - libm::pow(from, 1.0 - s)) / (1.0 - s)
    };
    head + tail
}
