//! Small worlds to test with.

use fault_plan::Fault;
use scenarios::levers::Levers;
use scenarios::world::*;
use sim_engine::ledger::Sums;
use sim_engine::{RunOptions, RunOutput, Stage};
use units::{Bytes, Kbps, Micros, PathwayId, Ppm, RegionId, Seed, Timestamp};

/// One region, two CDNs with a POP each, VOD and live viewers on mixed access networks for four minutes.
#[expect(clippy::too_many_lines, reason = "one literal: every field of a world once")]
pub(crate) fn small(viewers: u32) -> World {
    let pop = |cdn, mbps: u64| Pop {
        id: format!("pop-{cdn}"),
        cdn: PathwayId(cdn),
        capacity: Kbps::from_mbps(mbps * u64::from(viewers) / 1_000),
        cache: Bytes(200_000_000_000),
        serves: vec![Serve { region: RegionId(0), rtt: Micros::from_millis(15) }],
        rtt_to_shield: Micros::from_millis(20),
        rtt_to_origin: Micros::from_millis(50),
    };
    let cohort = |id: &str, share, device, access| Cohort {
        id: id.to_owned(),
        share: Ppm(share),
        device,
        access,
        regions: vec![RegionShare { region: RegionId(0), share: Ppm::ONE }],
    };
    let length = SessionLength { median: Micros::from_mins(20), p90: Micros::from_mins(60) };
    let curve = |viewers| vec![CurvePoint { at: Timestamp::ZERO, viewers }];
    World {
        clock: Clock {
            duration: Micros::from_mins(4),
            warmup: Micros::from_mins(1),
            cells: 8,
            epoch: Micros::from_millis(250),
            bucket: Micros::from_secs(10),
        },
        regions: vec!["one".to_owned()],
        audience: Audience {
            vod: Some(Vod { curve: curve(viewers / 2), session_length: length }),
            live: Some(Live {
                title: "final".to_owned(),
                curve: curve(viewers - viewers / 2),
                session_length: length,
                window: Micros::from_secs(60),
                hold_back_segments: 3,
                lead: Micros::from_mins(10),
            }),
            patience: Some(Patience { grace: Micros::from_secs(2), per_second: Ppm(58_000) }),
            cohorts: vec![
                cohort("tv", 400_000, Device::Tv, Access::FccHd),
                cohort("web", 400_000, Device::Web, Access::FccSd),
                cohort("phone", 200_000, Device::Phone, Access::FourG),
            ],
        },
        cold_cache: false,
        catalogue: Catalogue {
            titles: 40,
            zipf_exponent: Ppm(900_000),
            title_duration: Micros::from_mins(45),
        },
        encoding: Encoding {
            segment: Micros::from_secs(4),
            ladder: [400, 1_200, 3_000, 6_000]
                .map(|kbps| Rung { average: Kbps(kbps), peak: Kbps(kbps * 11 / 10) })
                .to_vec(),
            size_cv: Ppm(250_000),
        },
        cdns: [("cdn-a", 60), ("cdn-b", 40)]
            .map(|(id, weight)| Cdn { id: id.to_owned(), weight, eviction: EvictionPolicy::Lru })
            .to_vec(),
        pops: vec![pop(0, 4_000), pop(1, 3_000)],
        dns_move: Micros::from_secs(60),
        shield: Some(Shield {
            location: "one".to_owned(),
            cache: Bytes(100_000_000_000),
            capacity: Kbps::from_mbps(10_000),
            rtt_to_origin: Micros::from_millis(40),
        }),
        origin: Origin {
            capacity: Kbps::from_mbps(2_000 * u64::from(viewers) / 1_000),
            servers: 64,
            service: Service::Lognormal { median: Micros::from_millis(20), p99: Micros::from_millis(120) },
            queue_limit: 1_000,
        },
        session_store: None,
        tokens: TokenSharing::Window(Micros::from_mins(10)),
        platform: Platform {
            steering: SteeringPolicy {
                ttl: Micros::from_secs(10),
                half_life: Micros::from_secs(10),
                bad_first_byte: Micros::from_secs(4),
                eject_above: Ppm(50_000),
                eject_min_requests: 50,
                eject_window: Micros::from_secs(10),
                restore_below: Ppm(10_000),
                restore_after: Micros::from_secs(60),
                move_per_ttl: Ppm(100_000),
                probe_every: Micros::from_secs(1),
                probe_size: Bytes(65_536),
                probe_deadline: Micros::from_secs(1),
                probe_failures: 3,
            },
            load_policy: LoadPolicy {
                first_byte_timeout: Micros::from_secs(4),
                timeout_retries: 0,
                error_retries: 1,
                error_penalty: Micros::from_secs(60),
            },
        },
        players: Players {
            phone_buffer: Micros::from_secs(30),
            tv_buffer: Micros::from_secs(30),
            calm_buffer: Micros::from_secs(25),
        },
        faults: Vec::new(),
    }
}

/// The first CDN fails in a certain way from the second minute on, for a minute.
pub(crate) fn outage(failure: fault_plan::Failure) -> Fault {
    Fault {
        id: "cdn-a-dies".to_owned(),
        at: Timestamp(90_000_000),
        duration: Micros::from_secs(60),
        ramp: Micros::ZERO,
        action: fault_plan::Action::Outage { failure, share: Ppm::ONE },
        target: fault_plan::Target {
            cdn: PathwayId(0),
            pops: fault_plan::Scope::All,
            regions: fault_plan::Scope::All,
        },
        blast: None,
    }
}

/// Runs a world with levers, on this thread.
pub(crate) fn run(world: &World, levers: Levers, seed: u64) -> RunOutput {
    run_with(world, levers, seed, RunOptions::default())
}

pub(crate) fn run_with(world: &World, levers: Levers, seed: u64, options: RunOptions<'_>) -> RunOutput {
    let (sessions, _) = sim_engine::audience::sessions(world, Seed(seed)).expect("a valid audience");
    sim_engine::run(&Stage::new(world, levers, Seed(seed), sessions), options)
}

/// What all viewers of a run did in all of its time.
pub(crate) fn total(output: &RunOutput) -> Sums {
    output.buckets.iter().flatten().fold(Sums::default(), |mut sum, part| {
        sum.add(part);
        sum
    })
}

/// 2,000 viewers of a catalogue that every cache holds whole, for five minutes: only links, players and faults matter.
pub(crate) fn on_demand() -> World {
    let mut world = small(2_000);
    world.clock.duration = Micros::from_mins(5);
    world.audience.live = None;
    let vod = world.audience.vod.as_mut().expect("a small world has VOD viewers");
    vod.curve[0].viewers = 2_000;
    world.catalogue =
        Catalogue { titles: 24, zipf_exponent: Ppm(800_000), title_duration: Micros::from_mins(30) };
    world
}

/// Both POPs have too little capacity all the time.
pub(crate) fn saturated() -> World {
    let mut world = on_demand();
    world.pops[0].capacity = Kbps::from_mbps(456);
    world.pops[1].capacity = Kbps::from_mbps(304);
    world
}

/// The first CDN answers 503 for two minutes, and all its viewers go to the second.
pub(crate) fn spillover() -> World {
    let mut world = on_demand();
    world.pops[1].capacity = Kbps::from_mbps(680);
    world.faults = vec![Fault { duration: Micros::from_mins(2), ..outage(fault_plan::Failure::Status(503)) }];
    world
}

/// The first CDN loses nine tenths of its capacity for two minutes.
pub(crate) fn brownout() -> World {
    let mut world = on_demand();
    let slow = fault_plan::Action::SlowLink {
        capacity_factor: Ppm(40_000),
        added_latency: Micros::from_millis(180),
        share: Ppm::ONE,
    };
    let fault = outage(fault_plan::Failure::Reset);
    world.faults = vec![Fault { action: slow, duration: Micros::from_mins(2), ..fault }];
    world
}

/// 3,000 viewers of a catalogue of which a cache holds a share (in ppm of its bytes).
pub(crate) fn cached(share: Ppm, eviction: EvictionPolicy) -> World {
    let mut world = on_demand();
    world.clock.duration = Micros::from_mins(4);
    world.audience.vod.as_mut().expect("a world of VOD viewers").curve[0].viewers = 3_000;
    world.catalogue =
        Catalogue { titles: 1_200, zipf_exponent: Ppm(800_000), title_duration: Micros::from_mins(10) };
    let all: u64 = world
        .encoding
        .ladder
        .iter()
        .map(|rung| rung.average.bits_in(world.catalogue.title_duration).0 / 8)
        .sum();
    let held = Bytes(all * u64::from(world.catalogue.titles) / 1_000_000 * u64::from(share.0));
    for pop in &mut world.pops {
        pop.cache = held;
        pop.capacity = Kbps::from_mbps(20_000);
    }
    for cdn in &mut world.cdns {
        cdn.eviction = eviction;
    }
    let shield = world.shield.as_mut().expect("a small world has a shield");
    shield.cache = held;
    world.origin.capacity = Kbps::from_mbps(10_000);
    world
}
