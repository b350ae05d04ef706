//! From a run's sums to the metrics of the catalogue.

use reports::measure::{Histogram, Mean, Measurement, SeedRun, Split, Tally, TimeAxis};
use scenarios::world::Device;
use units::{CohortId, Micros, Ratio, RegionId, Timestamp};

use crate::ledger::{Cause, Sums};
use crate::output::RunOutput;
use crate::stage::Stage;

/// How one tally follows from sums.
type Derive = fn(&Sums) -> Tally;

fn ratio(part: u64, whole: u64) -> Tally {
    Tally::Ratio(Ratio::new(part, whole))
}

/// Metrics that are derived from the players' sums.
const PLAYER: [(&str, Derive); 14] = [
    ("delivery.edge_byte_hit_ratio", |s| {
        ratio(s.edge_hit_bits / 8, (s.edge_hit_bits + s.edge_miss_bits) / 8)
    }),
    ("delivery.edge_hit_ratio", |s| ratio(s.edge_hits, s.edge_hits + s.edge_joins + s.edge_misses)),
    ("delivery.request_failure_ratio", |s| ratio(s.failures, s.answered + s.failures)),
    ("playback.distance_to_live", |s| {
        Tally::Mean(Mean { sum: u128::from(s.live_distance_millis) * 1_000, weight: s.live_distances })
    }),
    ("playback.exits_before_start_ratio", |s| ratio(s.exits_before_start, attempts(s))),
    ("playback.fatal_ratio", |s| ratio(s.fatal, s.ended)),
    ("playback.mean_bitrate", |s| {
        Tally::Mean(Mean { sum: u128::from(s.kbps_millis), weight: s.segment_millis })
    }),
    ("playback.rebuffering_ratio", |s| ratio(s.stalled, s.stalled + s.played)),
    ("playback.stall_seconds", |s| Tally::Count(s.stalled)),
    ("playback.stalled_session_ratio", |s| ratio(s.ended_stalled, s.ended)),
    ("playback.stalls_per_hour", |s| ratio(s.stalls, s.stalled + s.played)),
    ("playback.start_failure_ratio", |s| ratio(s.start_failures, attempts(s))),
    ("playback.variant_switches_per_hour", |s| ratio(s.switches, s.stalled + s.played)),
    ("playback.viewer_seconds", |s| Tally::Count(s.played)),
];

fn attempts(sums: &Sums) -> u64 {
    sums.started + sums.start_failures + sums.exits_before_start
}

/// The measurements of one run.
#[must_use]
pub fn seed_run(stage: &Stage, arm: &str, output: &RunOutput) -> SeedRun {
    let clock = &stage.world.clock;
    let axis = TimeAxis { bucket: clock.bucket, from: Timestamp(clock.warmup.0), to: stage.world.end() };
    let measured = usize::try_from(clock.warmup.0 / clock.bucket.0).unwrap_or(usize::MAX);
    let mut measurements = Vec::new();
    player_metrics(stage, output, measured, &mut measurements);
    egress_metrics(stage, output, measured, &mut measurements);
    platform_metrics(stage, output, measured, &mut measurements);
    startup_metrics(stage, output, measured, &mut measurements);
    measurements.sort_by(|a, b| (&a.metric, &a.split).cmp(&(&b.metric, &b.split)));
    SeedRun { arm: arm.to_owned(), seed: stage.seed, axis, measurements }
}

/// The parts that players' sums are split into: name, and whether a combination belongs to it.
fn splits(stage: &Stage) -> Vec<(Split, Vec<usize>)> {
    let shape = stage.shape;
    let all: Vec<usize> = (0..shape.len()).collect();
    let of =
        |keep: &dyn Fn(usize) -> bool| all.iter().copied().filter(|&index| keep(index)).collect::<Vec<_>>();
    let mut splits = vec![(Split::All, all.clone())];
    for (ordinal, cohort) in stage.world.audience.cohorts.iter().enumerate() {
        splits.push((Split::Cohort(cohort.id.clone()), of(&|index| shape.at(index).0.index() == ordinal)));
    }
    for (ordinal, region) in stage.world.regions.iter().enumerate() {
        splits.push((Split::Region(region.clone()), of(&|index| shape.at(index).1.index() == ordinal)));
    }
    for (ordinal, cdn) in stage.world.cdns.iter().enumerate() {
        splits.push((Split::Cdn(cdn.id.clone()), of(&|index| shape.at(index).2.index() == ordinal)));
    }
    for device in [Device::Web, Device::Phone, Device::Tv, Device::Calm] {
        let members = of(&|index| stage.world.audience.cohorts[shape.at(index).0.index()].device == device);
        if !members.is_empty() {
            splits.push((Split::Device(device_name(device).to_owned()), members));
        }
    }
    splits
}

const fn device_name(device: Device) -> &'static str {
    match device {
        Device::Web => "web",
        Device::Phone => "phone",
        Device::Tv => "tv",
        Device::Calm => "calm",
    }
}

fn player_metrics(stage: &Stage, output: &RunOutput, measured: usize, into: &mut Vec<Measurement>) {
    for (split, members) in splits(stage) {
        let by_bucket: Vec<Sums> =
            output.buckets.iter().map(|bucket| sum(members.iter().map(|&at| &bucket[at]))).collect();
        let total = sum(by_bucket.iter().skip(measured));
        let keep_buckets = split == Split::All;
        for (metric, derive) in PLAYER {
            let buckets = if keep_buckets { by_bucket.iter().map(derive).collect() } else { Vec::new() };
            into.push(Measurement {
                metric: metric.to_owned(),
                split: split.clone(),
                total: derive(&total),
                buckets,
            });
        }
        if split == Split::All {
            for cause in Cause::ALL {
                into.push(Measurement {
                    metric: "playback.stall_seconds".to_owned(),
                    split: Split::Cause(cause.name().to_owned()),
                    total: Tally::Count(total.caused[cause as usize]),
                    buckets: Vec::new(),
                });
            }
        }
    }
}

/// Bytes that edges sent. The links' own meters know when, and whose link it was; whose viewer it was only the players
/// know, who count a body when it ends.
fn egress_metrics(stage: &Stage, output: &RunOutput, measured: usize, into: &mut Vec<Measurement>) {
    let sent = |of: &dyn Fn(usize) -> bool| -> Vec<u64> {
        let of_bucket = |pops: &Vec<u64>| {
            let counted = pops.iter().enumerate().filter(|(pop, _)| of(*pop));
            counted.map(|(_, millibits)| millibits).sum::<u64>() / 8_000
        };
        output.egress.iter().map(of_bucket).collect()
    };
    for (split, members) in splits(stage) {
        let by_bucket = match &split {
            Split::All => sent(&|_| true),
            Split::Cdn(id) => {
                let is_of = |pop: usize| stage.world.cdns[stage.world.pops[pop].cdn.index()].id == *id;
                sent(&is_of)
            }
            _ => {
                let received =
                    |bucket: &Vec<Sums>| members.iter().map(|&at| bucket[at].received_bits).sum::<u64>() / 8;
                output.buckets.iter().map(received).collect()
            }
        };
        let total = Tally::Count(by_bucket.iter().skip(measured).sum());
        let buckets = match split {
            Split::All => by_bucket.into_iter().map(Tally::Count).collect(),
            _ => Vec::new(),
        };
        into.push(Measurement { metric: "delivery.egress_bytes".to_owned(), split, total, buckets });
    }
}

fn sum<'a>(parts: impl Iterator<Item = &'a Sums>) -> Sums {
    parts.fold(Sums::default(), |mut sum, part| {
        sum.add(part);
        sum
    })
}

fn platform_metrics(stage: &Stage, output: &RunOutput, measured: usize, into: &mut Vec<Measurement>) {
    let mut push = |metric: &str, buckets: Vec<Tally>| {
        let mut measured = buckets.iter().skip(measured);
        let Some(mut total) = measured.next().cloned() else { return };
        measured.for_each(|bucket| total.merge(bucket));
        into.push(Measurement { metric: metric.to_owned(), split: Split::All, total, buckets });
    };
    let epoch = stage.world.clock.epoch.0;
    let epochs = |bucket: usize| {
        let from = bucket as u64 * stage.world.clock.bucket.0;
        let to = (from + stage.world.clock.bucket.0).min(stage.world.clock.duration.0);
        to.saturating_sub(from).div_ceil(epoch)
    };
    let viewers = output.viewers.iter().enumerate();
    push(
        "audience.concurrent_viewers",
        viewers
            .map(|(bucket, &sum)| {
                Tally::Mean(Mean { sum: u128::from(sum) * u128::from(epoch), weight: epochs(bucket) * epoch })
            })
            .collect(),
    );
    push("audience.sessions", output.sessions.iter().map(|&n| Tally::Count(n)).collect());
    let moves = output.buckets.iter().map(|bucket| sum(bucket.iter()).moves);
    push("control.steering_moves", moves.map(Tally::Count).collect());
    let backhaul = || output.backhaul.iter();
    push("delivery.origin_bytes", backhaul().map(|b| Tally::Count(b.origin_bits / 8)).collect());
    push("delivery.origin_requests", backhaul().map(|b| Tally::Count(b.origin_requests)).collect());
    push("delivery.shield_hit_ratio", backhaul().map(|b| ratio(b.shield_hits, b.shield_requests)).collect());
    push(
        "delivery.origin_wait",
        output.origin_waits.iter().map(|waits| spread(waits.iter().copied())).collect(),
    );
    push(
        "control.session_store_wait",
        output.store_waits.iter().map(|waits| spread(waits.iter().copied())).collect(),
    );
}

fn spread(values: impl Iterator<Item = Micros>) -> Tally {
    let mut histogram = Histogram::new();
    values.for_each(|value| histogram.record(value.0));
    Tally::Spread(histogram)
}

fn startup_metrics(stage: &Stage, output: &RunOutput, measured: usize, into: &mut Vec<Measurement>) {
    let mut push = |split: Split, belongs: &dyn Fn(CohortId, RegionId) -> bool| {
        let startups = output.startups.iter().skip(measured).flatten();
        let total = spread(
            startups.filter(|(cohort, region, _)| belongs(*cohort, *region)).map(|&(_, _, took)| took),
        );
        into.push(Measurement {
            metric: "playback.startup_time".to_owned(),
            split,
            total,
            buckets: Vec::new(),
        });
    };
    push(Split::All, &|_, _| true);
    for (ordinal, cohort) in stage.world.audience.cohorts.iter().enumerate() {
        push(Split::Cohort(cohort.id.clone()), &|of, _| of.index() == ordinal);
    }
    for (ordinal, region) in stage.world.regions.iter().enumerate() {
        push(Split::Region(region.clone()), &|_, of| of.index() == ordinal);
    }
}
