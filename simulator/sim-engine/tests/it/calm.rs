//! A quiet evening: does the world behave when nothing is wrong?

use scenarios::{Document, NoFiles, ResolvedArm};
use sim_engine::ledger::{Cause, Sums};

use crate::worlds;

/// The arm of the shipped scenario `calm`.
fn calm() -> ResolvedArm {
    let document = Document::open("calm", &NoFiles).expect("a shipped scenario");
    let mut resolved = document.resolve(&NoFiles).expect("a shipped scenario resolves");
    resolved.arms.remove(0)
}

/// DYNAMIC players of 25 s on FCC networks stall 0.02 % to 0.3 % of the time in the published runs of Sabre.
#[test]
fn calm_players_on_fixed_lines_stall_as_seldom_as_published() {
    let arm = calm();
    let clock = arm.world.clock;
    let skipped = (clock.warmup.0 / clock.bucket.0) as usize;
    let mut by_cohort = vec![Sums::default(); arm.world.audience.cohorts.len()];
    for seed in 1..=3 {
        let output = worlds::run(&arm.world, arm.levers, seed);
        assert_eq!(output.steering_decisions, 0, "nothing is wrong, so nothing is decided");
        for bucket in output.buckets.iter().skip(skipped) {
            for (index, sums) in bucket.iter().enumerate() {
                by_cohort[index / (arm.world.regions.len() * arm.world.cdns.len())].add(sums);
            }
        }
    }
    let whole = by_cohort.iter().fold(Sums::default(), |mut sum, part| {
        sum.add(part);
        sum
    });
    for (cohort, sums) in arm.world.audience.cohorts.iter().zip(&by_cohort) {
        println!("{}: {}", cohort.id, describe(sums));
    }
    println!("calm: {}", describe(&whole));
    let ratio = rebuffering(&whole);
    assert!((0.000_2..0.003).contains(&ratio), "{ratio}");
}

fn rebuffering(sums: &Sums) -> f64 {
    sums.stalled as f64 / (sums.stalled + sums.played) as f64
}

fn describe(sums: &Sums) -> String {
    let causes =
        Cause::ALL.map(|cause| format!("{} {} s", cause.name(), sums.caused[cause as usize] / 1_000_000));
    format!(
        "rebuffering {:.3} %, {} stalls, {} kbit/s; {}",
        rebuffering(sums) * 100.0,
        sums.stalls,
        sums.kbps_millis / sums.segment_millis.max(1),
        causes.join(", ")
    )
}
