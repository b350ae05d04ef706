//! (arm, seed) jobs over threads.
//!
//! A job is a pure function of its world, levers and seed, so it does not matter which thread takes which, and results are
//! kept in the order of the jobs. With fewer jobs than threads, each job gets several for its cells.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use actors::audience::Session;
use reports::SeedRun;
use scenarios::ResolvedArm;
use sim_engine::measure::seed_run;
use sim_engine::{RunOptions, RunOutput, Stage};
use units::{Seed, Timestamp};

use crate::failure::Failure;

/// One (arm, seed) to run.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The arm.
    pub arm: &'a ResolvedArm,
    /// The seed.
    pub seed: Seed,
}

/// What a job left.
#[derive(Debug, Clone)]
pub struct Ran {
    /// Its measurements.
    pub run: SeedRun,
    /// Its hashes.
    pub trace: Trace,
    /// Segments received, warm-up included: what speed is quoted per.
    pub segments: u64,
    /// Events handled.
    pub events: u64,
}

/// Hashes that localise a divergence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// One per epoch.
    pub epochs: Vec<u32>,
    /// `[minute][cell]`.
    pub minutes: Vec<Vec<u32>>,
}

/// How to run jobs; nothing here changes a byte of their results.
#[derive(Clone, Copy)]
pub struct Runner<'a> {
    /// Threads in all, at least 1.
    pub threads: usize,
    /// Set to stop everything at the next bucket.
    pub stop: &'a AtomicBool,
    /// Told of progress, from any thread.
    pub watcher: &'a dyn Watcher,
    /// For tests of `reproduce`: see [`RunOptions::plant`].
    pub plant: Option<&'a (dyn Fn(u64, u16) -> u64 + Sync)>,
}

/// Someone who wants to know how far jobs are.
pub trait Watcher: Sync {
    /// Virtual time of one job has passed; `job` is its place in the list.
    fn reached(&self, job: usize, now: Timestamp);
    /// A job is done.
    fn done(&self, job: &Job<'_>, ran: &Ran);
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Watcher for Unwatched {
    fn reached(&self, _: usize, _: Timestamp) {}
    fn done(&self, _: &Job<'_>, _: &Ran) {}
}

impl Runner<'_> {
    /// Runs jobs; what was stopped is `None`.
    ///
    /// # Errors
    /// When an audience cannot be planned (exit code 2), or an invariant of the engine does not hold (101).
    ///
    /// # Panics
    /// When the engine does, which is a bug of ours (101).
    pub fn run(&self, jobs: &[Job<'_>]) -> Result<Vec<Option<Ran>>, Failure> {
        let plans = Plans::default();
        let next = AtomicUsize::new(0);
        let results: Mutex<BTreeMap<usize, Result<Option<Ran>, Failure>>> = Mutex::default();
        let workers = self.threads.min(jobs.len()).max(1);
        let threads_each = (self.threads / workers).max(1);
        std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    loop {
                        let place = next.fetch_add(1, Ordering::Relaxed);
                        let Some(job) = jobs.get(place) else { break };
                        let result = self.one(place, job, &plans, threads_each);
                        results
                            .lock()
                            .expect("no worker panics while it holds the lock")
                            .insert(place, result);
                    }
                });
            }
        });
        let results = results.into_inner().expect("no worker panics while it holds the lock");
        results.into_values().collect()
    }

    fn one(
        &self,
        place: usize,
        job: &Job<'_>,
        plans: &Plans,
        threads: usize,
    ) -> Result<Option<Ran>, Failure> {
        if self.stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let sessions = plans.sessions(job)?;
        let stage = Stage::new(&job.arm.world, job.arm.levers, job.seed, sessions);
        let on_bucket = |now| {
            self.watcher.reached(place, now);
            !self.stop.load(Ordering::Relaxed)
        };
        let options = RunOptions { threads, on_bucket: Some(&on_bucket), plant: self.plant };
        let output = sim_engine::run(&stage, options);
        if output.stopped {
            return Ok(None);
        }
        check(job, &output)?;
        let ran = Ran {
            run: seed_run(&stage, &job.arm.id, &output),
            segments: output.buckets.iter().flatten().map(|sums| sums.segments).sum(),
            events: output.events,
            trace: Trace { epochs: output.epoch_hashes, minutes: output.minute_hashes },
        };
        self.watcher.done(job, &ran);
        Ok(Some(ran))
    }
}

/// The invariants that hold in every run, whatever fails in it.
fn check(job: &Job<'_>, output: &RunOutput) -> Result<(), Failure> {
    let sums = &output.conservation;
    // A body that was cut off, or is in flight at the end, is counted in whole bits, rounded down.
    let rounding: u64 = output.buckets.iter().flatten().map(|sums| sums.requests).sum();
    let wrong = if (sums.sent_millibits / 1_000).abs_diff(sums.received_bits) > rounding {
        Some("bytes served are not bytes received")
    } else if sums.edge_misses != sums.backhaul_requests {
        Some("edge misses are not requests to shield or origin")
    } else if sums.overdraft_ppm_max > 1_000_000 {
        Some("a link sent more than its capacity and one epoch")
    } else {
        let stalled: u64 = output.buckets.iter().flatten().map(|sums| sums.stalled).sum();
        let caused: u64 = output.buckets.iter().flatten().flat_map(|sums| sums.caused).sum();
        (stalled != caused).then_some("stall time by cause is not stall time")
    };
    wrong.map_or(Ok(()), |wrong| {
        Err(Failure::bug(format!("arm `{}`, seed {}: {wrong}: {sums:?}", job.arm.id, job.seed.0)))
    })
}

/// Plans of sessions, shared by the arms of a seed whose audience and segments are equal.
#[derive(Default)]
struct Plans(Mutex<Vec<Planned>>);

struct Planned {
    seed: Seed,
    audience: scenarios::world::Audience,
    catalogue: scenarios::world::Catalogue,
    segment: units::Micros,
    duration: units::Micros,
    sessions: Arc<[Session]>,
}

impl Plans {
    fn sessions(&self, job: &Job<'_>) -> Result<Arc<[Session]>, Failure> {
        let world = &job.arm.world;
        let mut plans = self.0.lock().expect("planning does not panic");
        let known = plans.iter().find(|plan| {
            plan.seed == job.seed
                && plan.audience == world.audience
                && plan.catalogue == world.catalogue
                && plan.segment == world.encoding.segment
                && plan.duration == world.clock.duration
        });
        if let Some(plan) = known {
            return Ok(Arc::clone(&plan.sessions));
        }
        let (sessions, _) = sim_engine::audience::sessions(world, job.seed)
            .map_err(|error| Failure::usage(format!("arm `{}`: {error}", job.arm.id)))?;
        // Two seeds at a time are enough: jobs are sorted by seed.
        if plans.len() >= 2 {
            plans.remove(0);
        }
        plans.push(Planned {
            seed: job.seed,
            audience: world.audience.clone(),
            catalogue: world.catalogue,
            segment: world.encoding.segment,
            duration: world.clock.duration,
            sessions: Arc::clone(&sessions),
        });
        Ok(sessions)
    }
}
