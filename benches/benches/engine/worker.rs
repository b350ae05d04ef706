//! A process of its own that runs (arm, seed) jobs of `before-after` and prints what they took.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use benches::child::Figures;
use benches::machine::{Stopwatch, Threads, memory, thread_cpu};
use scenarios::{Document, NoFiles, Resolved, ResolvedArm};
use sim_engine::measure::seed_run;
use sim_engine::{RunOptions, RunOutput, Stage};
use units::{Micros, Seed};

use super::{PEAK_VIEWERS, SCENARIO};

/// What a worker is to do; it travels as arguments.
#[derive(Debug, Clone)]
pub(super) struct Orders {
    /// Arms and seeds, in order.
    pub(super) jobs: Vec<(String, u64)>,
    /// Jobs at a time.
    pub(super) workers: usize,
    /// Threads for the cells of each job.
    pub(super) threads: usize,
    /// Viewers at the peak.
    pub(super) viewers: u32,
    /// Stop each job after its first epoch: what is left is set-up.
    pub(super) set_up_only: bool,
}

impl Orders {
    /// One job on one thread.
    pub(super) fn one(arm: &str, seed: u64, viewers: u32) -> Self {
        Self { jobs: vec![(arm.to_owned(), seed)], workers: 1, threads: 1, viewers, set_up_only: false }
    }

    pub(super) fn args(&self) -> Vec<String> {
        let numbers = [self.workers, self.threads, self.viewers as usize, usize::from(self.set_up_only)];
        let jobs = self.jobs.iter().map(|(arm, seed)| format!("{arm}:{seed}"));
        numbers.iter().map(usize::to_string).chain(jobs).collect()
    }

    fn parse(args: &[String]) -> Option<Self> {
        let number = |at: usize| args.get(at)?.parse::<usize>().ok();
        let job = |text: &String| {
            let (arm, seed) = text.rsplit_once(':')?;
            Some((arm.to_owned(), seed.parse().ok()?))
        };
        Some(Self {
            workers: number(0)?,
            threads: number(1)?,
            viewers: number(2)?.try_into().ok()?,
            set_up_only: number(3)? == 1,
            jobs: args.get(4..)?.iter().map(job).collect::<Option<_>>()?,
        })
    }
}

/// Obeys, and prints sums over all jobs: `segments`, `events`, `seats`, `viewers_peak`; CPU seconds by phase
/// (`plan_cpu_s`, `stage_cpu_s`, `run_cpu_s`, `measure_cpu_s`); `wall_s` from reading the scenario to the last job;
/// `busiest_s`, `used_s` and `waited_s` of [`Threads`]; `memory_start` and `memory_peak` in bytes.
pub(super) fn obey(args: &[String]) -> String {
    let orders = Orders::parse(args).expect("a worker's arguments are written by `Orders::args`");
    let resolved = scenario(orders.viewers, orders.set_up_only);
    let start = memory();
    let watch = Stopwatch::start();
    let (next, threads) = (AtomicUsize::new(0), Mutex::default());
    let work = || {
        let mut done = Vec::new();
        while let Some((arm, seed)) = orders.jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let arm = resolved.arms.iter().find(|known| known.id == *arm).expect("an arm of the scenario");
            done.push(job(arm, Seed(*seed), &orders, &threads));
        }
        done
    };
    let done = if orders.workers <= 1 { work() } else { side_by_side(orders.workers, work) };
    let mut figures = sums(&done);
    figures.put("wall_s", watch.elapsed().as_secs_f64());
    let Threads { busiest, used, waited } = threads.into_inner().expect("no job panics");
    for (name, time) in [("busiest_s", busiest), ("used_s", used), ("waited_s", waited)] {
        figures.put(name, time.as_secs_f64());
    }
    if let (Some(start), Some(end)) = (start, memory()) {
        figures.put("memory_start", as_f64(start.resident));
        figures.put("memory_peak", as_f64(end.peak));
    }
    figures.lines()
}

/// The scenario, smaller if there are to be fewer viewers; for set-up alone every epoch is a bucket, because a run can be
/// stopped at the end of a bucket only.
pub(super) fn scenario(viewers: u32, bucket_per_epoch: bool) -> Resolved {
    let mut document = Document::open(SCENARIO, &NoFiles).expect("the scenario ships");
    if viewers != PEAK_VIEWERS {
        document.scale_audience_to(viewers, PEAK_VIEWERS).expect("a scenario may be scaled");
    }
    let resolved = document.resolve(&NoFiles).expect("a shipped scenario is sound");
    if !bucket_per_epoch {
        return resolved;
    }
    let epoch = resolved.arms[0].world.clock.epoch;
    document.set("run.bucket", &format!("{}ms", epoch.0 / 1_000)).expect("a scenario has buckets");
    document.resolve(&NoFiles).expect("an epoch is a bucket that fits")
}

fn side_by_side<T: Send>(workers: usize, work: impl Fn() -> Vec<T> + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..workers).map(|_| scope.spawn(&work)).collect();
        handles.into_iter().flat_map(|handle| handle.join().expect("a job does not panic")).collect()
    })
}

/// One job's counts, and CPU seconds by phase where the system tells and one thread did it all. `threads` is told at the
/// end of each bucket, because the threads of a run end with it.
fn job(arm: &ResolvedArm, seed: Seed, orders: &Orders, threads: &Mutex<Threads>) -> Figures {
    let mut figures = Figures::default();
    let mut lap = Lap { figures: &mut figures, since: thread_cpu() };
    let (sessions, _) =
        sim_engine::audience::sessions(&arm.world, seed).expect("a sound scenario has a sound audience");
    lap.ends("plan_cpu_s");
    let stage = Stage::new(&arm.world, arm.levers, seed, sessions);
    lap.ends("stage_cpu_s");
    let go_on = |_| {
        let mut known = threads.lock().expect("no job panics");
        *known = known.max(Threads::now().unwrap_or_default());
        !orders.set_up_only
    };
    let options = RunOptions { threads: orders.threads, on_bucket: Some(&go_on), ..RunOptions::default() };
    let output = sim_engine::run(&stage, options);
    if orders.threads <= 1 {
        lap.ends("run_cpu_s");
    }
    if !orders.set_up_only {
        std::hint::black_box(seed_run(&stage, &arm.id, &output));
        lap.ends("measure_cpu_s");
    }
    count(&mut figures, arm, &output);
    figures
}

/// CPU time from one point of a job to the next.
struct Lap<'a> {
    figures: &'a mut Figures,
    since: Option<Duration>,
}

impl Lap<'_> {
    fn ends(&mut self, phase: &str) {
        let now = thread_cpu();
        put_since(self.figures, phase, self.since, now);
        self.since = now;
    }
}

fn put_since(figures: &mut Figures, name: &str, from: Option<Duration>, to: Option<Duration>) {
    if let (Some(from), Some(to)) = (from, to) {
        figures.put(name, to.saturating_sub(from).as_secs_f64());
    }
}

fn count(figures: &mut Figures, arm: &ResolvedArm, output: &RunOutput) {
    let segments: u64 = output.buckets.iter().flatten().map(|sums| sums.segments).sum();
    figures.put("segments", as_f64(segments));
    figures.put("events", as_f64(output.events));
    figures.put("seats", as_f64(output.seats as u64));
    let Micros(bucket) = arm.world.clock.bucket;
    let epochs = (bucket / arm.world.clock.epoch.0).max(1);
    let peak = output.viewers.iter().max().copied().unwrap_or(0) / epochs;
    figures.put("viewers_peak", as_f64(peak));
}

fn sums(done: &[Figures]) -> Figures {
    let mut sums = Figures::default();
    let names = [
        "segments",
        "events",
        "seats",
        "viewers_peak",
        "plan_cpu_s",
        "stage_cpu_s",
        "run_cpu_s",
        "measure_cpu_s",
    ];
    for name in names {
        let parts: Option<Vec<f64>> = done.iter().map(|figures| figures.find(name)).collect();
        if let Some(parts) = parts {
            sums.put(name, parts.iter().sum());
        }
    }
    sums
}

#[expect(clippy::cast_precision_loss, reason = "counts and bytes of a run are far below 2^53")]
fn as_f64(count: u64) -> f64 {
    count as f64
}
