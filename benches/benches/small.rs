//! The parts that a segment passes through, one by one: which of them a change has made slower.
//!
//! `cargo bench -p benches --bench small -- fair_share` runs those whose name holds the word.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::sync::atomic::AtomicBool;

use actors::bba::Bba;
use actors::hlsjs::{self, Estimator, NetworkView};
use actors::network::{AccessModel, AccessSet, AccessSpec};
use actors::player::{
    Command, Content, Context, Ladder, LoadPolicies, Loaded, PathwayOrder, Player, Profile, RequestKind,
    Variant,
};
use actors::sabre::{Rule, SabreConfig, SabreRules, Situation};
use criterion::{BatchSize, Criterion, Throughput};
use platform_core::cache::CacheKey;
use platform_core::cache::eviction::{Cache, Capacity, Eviction};
use rehearsal::assemble::{self, Parts};
use rehearsal::simulate::{Job, Runner, Unwatched};
use scenarios::{Document, NoFiles};
use sim_engine::queue::Queue;
use sim_engine::sharing::{CLASSES, fair_share, limits};
use units::sample::{Zipf, exponential};
use units::{Bytes, Draws, Kbps, Micros, PathwayId, Purpose, Seed, Timestamp, ViewerId};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for group in [sharing, queue, events, cache, access, rules, players, report] {
        group(&mut criterion);
    }
    criterion.final_summary();
}

fn draws() -> Draws {
    Draws::new(Seed(1), Purpose::Test)
}

/// One POP's fair share: 10,000 bodies in flight over the access mix of the 4G and FCC sets.
fn sharing(criterion: &mut Criterion) {
    let mut flows = [0; CLASSES];
    for (set, count) in [(AccessSet::FccSd, 4_000), (AccessSet::FccHd, 4_500), (AccessSet::Lte, 1_500)] {
        let model = AccessModel::new(AccessSpec::Fitted(set), Seed(1));
        for viewer in (0..count).map(ViewerId) {
            flows[usize::from(model.rate_at(&model.viewer(viewer), viewer, 0).0)] += 1;
        }
    }
    let demand: u64 = flows.iter().zip(limits()).map(|(&flows, limit)| u64::from(flows) * limit.0).sum();
    let mut group = criterion.benchmark_group("fair_share");
    for (name, capacity) in
        [("not held back", demand), ("half of the demand", demand / 2), ("a tenth", demand / 10)]
    {
        group.bench_function(name, |bench| {
            bench.iter(|| fair_share(Kbps(black_box(capacity)), &flows, limits()))
        });
    }
    group.finish();
}

/// The origin's queue at nine tenths of its load.
fn queue(criterion: &mut Criterion) {
    const ARRIVALS: u64 = 10_000;
    let mut group = criterion.benchmark_group("queue");
    group.throughput(Throughput::Elements(ARRIVALS));
    for servers in [5, 125] {
        let between = 70_000.0 / (0.9 * f64::from(servers));
        let mut now = 0.0;
        let arrivals: Vec<(Timestamp, Micros)> = (0..ARRIVALS)
            .map(|n| {
                now += exponential(draws().bits(0, n)) * between;
                (Timestamp(micros(now)), Micros(micros(exponential(draws().bits(1, n)) * 70_000.0)))
            })
            .collect();
        group.bench_function(format!("{servers} servers"), |bench| {
            bench.iter_batched_ref(
                || Queue::new(servers, 10_000),
                |queue| {
                    for &(at, service) in &arrivals {
                        black_box(queue.serve(at, service));
                    }
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

/// What the engine's timing wheel is built on: words in a bucket per epoch, sorted when their epoch comes, against one heap
/// of (time, kind, seat). The wheel itself is private to the engine; this has its shape without its bounds.
fn events(criterion: &mut Criterion) {
    const PENDING: u64 = 800; // players of a cell: 50,000 over 64
    const EPOCHS: u64 = 400;
    const EPOCH_US: u64 = 250_000;
    // How much later the next event of a player is: drawn beforehand, so that drawing is not measured.
    let waits: Vec<u64> = (0..1 << 16).map(|n| 20_000 + draws().bits(2, n) % 4_000_000).collect();
    let later = |n: u64| waits[usize::try_from(n % (1 << 16)).expect("16 bits")];
    let mut group = criterion.benchmark_group("events");
    group.sample_size(20);
    group.bench_function("heap of structs", |bench| {
        bench.iter(|| {
            let mut heap: BinaryHeap<_> =
                (0..PENDING).map(|seat| Reverse((later(seat), 1_u8, seat))).collect();
            let mut n = PENDING;
            while let Some(Reverse((at, kind, seat))) = heap.pop().filter(|next| next.0.0 < EPOCHS * EPOCH_US)
            {
                heap.push(Reverse((at + later(n), kind, seat)));
                n += 1;
            }
            n
        });
    });
    group.bench_function("buckets of words", |bench| {
        bench.iter(|| {
            let mut buckets: Vec<Vec<u64>> = vec![Vec::new(); 256];
            let word = |at: u64, seat: u64| at << 24 | 1 << 20 | seat;
            let place = |at: u64| usize::try_from(at / EPOCH_US % 256).expect("below 256");
            (0..PENDING).for_each(|seat| buckets[place(later(seat))].push(word(later(seat), seat)));
            let (mut n, mut current) = (PENDING, Vec::new());
            for epoch in 0..EPOCHS {
                std::mem::swap(&mut current, &mut buckets[place(epoch * EPOCH_US)]);
                current.sort_unstable_by(|a: &u64, b| b.cmp(a));
                while let Some(event) = current.pop() {
                    let at = (event >> 24) + later(n);
                    let next = word(at, event & 0xF_FFFF);
                    n += 1;
                    if at / EPOCH_US == epoch {
                        current.insert(current.partition_point(|&other| other > next), next);
                    } else {
                        buckets[place(at)].push(next);
                    }
                }
            }
            n
        });
    });
    group.finish();
}

/// Look-up and, on a miss, admission: Zipf's law over 50,000 objects, room for a tenth of them.
fn cache(criterion: &mut Criterion) {
    const REQUESTS: u64 = 100_000;
    let zipf = Zipf::new(50_000, 0.9);
    let requests: Vec<CacheKey> = (0..REQUESTS)
        .map(|n| CacheKey(units::draws::mix(u64::from(zipf.sample(draws().bits(3, n))))))
        .collect();
    let mut group = criterion.benchmark_group("cache");
    group.throughput(Throughput::Elements(REQUESTS)).sample_size(20);
    for eviction in Eviction::ALL {
        let mut warm = Cache::new(eviction, Capacity::Objects(5_000), 5_000);
        ask(&mut warm, &requests);
        group.bench_function(eviction.name(), |bench| {
            bench.iter_batched_ref(|| warm.clone(), |cache| ask(cache, &requests), BatchSize::LargeInput);
        });
    }
    group.finish();
}

fn ask(cache: &mut Cache, requests: &[CacheKey]) {
    for &key in requests {
        black_box(cache.access(key, Bytes(1_000_000)));
    }
}

/// A viewer's rate in a slot: 1,000 viewers over 10 slots.
fn access(criterion: &mut Criterion) {
    const SLOTS: u64 = 10;
    let mut group = criterion.benchmark_group("access rate");
    group.throughput(Throughput::Elements(1_000 * SLOTS));
    let sets = [
        ("fcc-sd", AccessSet::FccSd),
        ("fcc-hd", AccessSet::FccHd),
        ("4g", AccessSet::Lte),
        ("3g", AccessSet::Hspa),
    ];
    for (name, set) in sets {
        let model = AccessModel::new(AccessSpec::Fitted(set), Seed(1));
        let links: Vec<_> =
            (0..1_000).map(|viewer| (ViewerId(viewer), model.viewer(ViewerId(viewer)))).collect();
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let rates = links.iter().flat_map(|(viewer, link)| {
                    (0..SLOTS).map(|slot| u64::from(model.rate_at(link, *viewer, slot).0))
                });
                rates.sum::<u64>()
            });
        });
    }
    group.finish();
}

/// The ladder of `before-after`.
fn ladder() -> Ladder {
    let rung = |rate| Variant { average: Kbps(rate), peak: Kbps(rate * 5 / 4) };
    Ladder { variants: [400, 1_200, 3_000, 6_000].map(rung).to_vec(), segment: Micros::from_secs(4) }
}

/// The rules alone: the variant of the next segment at 64 buffer levels.
fn rules(criterion: &mut Criterion) {
    let ladder = ladder();
    let buffers: Vec<Micros> = (0..64).map(|step| Micros::from_millis(500 * step)).collect();
    let mut group = criterion.benchmark_group("next variant");
    group.throughput(Throughput::Elements(64));
    let estimator = Estimator::settled(4e6, 80.0);
    let view = |buffer| NetworkView {
        ladder: &ladder,
        estimator: &estimator,
        buffer,
        base: Some(2),
        faulty: 0,
        listed: 0b1111,
        playlist_load: Micros::from_millis(20),
        live: false,
    };
    group.bench_function("web and phone (hls.js)", |bench| {
        bench.iter(|| {
            buffers.iter().map(|&buffer| u64::from(hlsjs::next_variant(&view(buffer)))).sum::<u64>()
        });
    });
    let sabre = |rule| SabreConfig::new(rule, Micros::from_secs(30)).avoiding_oscillation();
    for (name, config) in [
        ("tv (dynamic-o)", SabreConfig::dynamic_o(Micros::from_secs(30))),
        ("bolae-o", sabre(Rule::BolaE)),
        ("throughput", sabre(Rule::Throughput)),
    ] {
        let rules = SabreRules::new(&config, &ladder).expect("sound rules");
        let mut state = rules.start();
        let past = actors::sabre::Download {
            variant: 2,
            received_bits: 12e6,
            latency_ms: 80.0,
            elapsed_ms: 3_080.0,
            buffer_ms: 12_000.0,
            outcome: actors::sabre::Outcome::Appended,
        };
        rules.downloaded(&mut state, &past);
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let choose = |&buffer: &Micros| {
                    u64::from(rules.next_variant(&mut state, &Situation::new(buffer, 40, Some(400))).variant)
                };
                buffers.iter().map(choose).sum::<u64>()
            });
        });
    }
    let bba = Bba::default();
    group.bench_function("bba", |bench| {
        bench.iter(|| {
            buffers.iter().map(|&buffer| u64::from(bba.next_variant(&ladder, buffer, 2))).sum::<u64>()
        });
    });
    group.finish();
}

/// Whole players: everything that they do for a segment, on a link that changes with every one.
fn players(criterion: &mut Criterion) {
    const SEGMENTS: u32 = 500;
    let (ladder, thirty) = (ladder(), Micros::from_secs(30));
    let profiles = [
        ("web", Profile::web(LoadPolicies::hlsjs())),
        ("phone", Profile::phone(LoadPolicies::hlsjs(), thirty)),
        ("tv", Profile::tv(LoadPolicies::shaka(), &ladder, thirty)),
        ("bba", Profile::buffer_based(LoadPolicies::hlsjs(), thirty)),
    ];
    let mut group = criterion.benchmark_group("player, per segment");
    group.throughput(Throughput::Elements(u64::from(SEGMENTS)));
    for (name, profile) in &profiles {
        let content = Content::Vod { segments: SEGMENTS };
        let ctx = Context { profile, ladder: &ladder, content, viewer: ViewerId(3), timers: draws() };
        group.bench_function(*name, |bench| bench.iter(|| watch(&ctx)));
    }
    group.finish();
}

/// Plays a title to its end and returns when that was.
fn watch(ctx: &Context<'_>) -> Timestamp {
    let mut now = Timestamp::ZERO;
    let mut player = Player::new(ctx, now, PathwayOrder::only(PathwayId(0)));
    let mut step = player.begin(ctx, now);
    loop {
        step = match step.command {
            Command::Load(request) | Command::Replace(request) => {
                let requested_at = now;
                let first_byte_at = now + Micros::from_millis(30);
                let (size, slot) = match request.kind {
                    RequestKind::Segment { variant, index } => {
                        (ctx.ladder.nominal_size(variant), u64::from(index))
                    }
                    RequestKind::Multivariant | RequestKind::MediaPlaylist { .. } => (units::Bits(8_000), 0),
                };
                now = first_byte_at + Kbps(1_500 + draws().bits(4, slot) % 6_000).time_for(size);
                player.loaded(ctx, now, Loaded { requested_at, first_byte_at, size, newest_listed: None })
            }
            Command::Wait(until) => {
                now = until;
                player.wake(ctx, now)
            }
            Command::Continue | Command::End(_) => return now,
        };
    }
}

/// A judged report of `smoke` as the files of an output folder.
fn report(criterion: &mut Criterion) {
    let document = Document::open("smoke", &NoFiles).expect("the scenario ships");
    let resolved = document.resolve(&NoFiles).expect("a shipped scenario is sound");
    let jobs: Vec<Job<'_>> =
        resolved.arms.iter().map(|arm| Job { arm, seed: resolved.seeds.first }).collect();
    let stop = AtomicBool::new(false);
    let runner = Runner { threads: 1, stop: &stop, watcher: &Unwatched, plant: None };
    let ran: Vec<_> = runner.run(&jobs).expect("smoke runs").into_iter().flatten().collect();
    let parts = || Parts {
        resolved: &resolved,
        ran: ran.clone(),
        sensitivity: None,
        baseline: None,
        complete: true,
        repeat: "rehearsal run smoke".to_owned(),
    };
    let judged = assemble::report(parts()).expect("smoke is judged");
    let mut group = criterion.benchmark_group("report of smoke");
    group.sample_size(20);
    group.bench_function("judge", |bench| {
        bench.iter_batched(parts, |parts| assemble::report(parts).expect("judged"), BatchSize::LargeInput);
    });
    group.bench_function("html", |bench| bench.iter(|| reports::render::html(&judged)));
    group.bench_function("json", |bench| bench.iter(|| judged.to_json()));
    group.finish();
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "times of a bench are small and positive"
)]
fn micros(time: f64) -> u64 {
    time as u64
}
