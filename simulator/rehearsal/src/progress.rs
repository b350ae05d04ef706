//! What a person or a log sees while jobs run.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use reports::measure::Split;
use units::Timestamp;

use crate::simulate::{Job, Ran, Watcher};
use crate::terminal;

/// A bar with the time left on a terminal, a line per finished job in a log.
pub struct Progress {
    bar: Option<ProgressBar>,
    /// Virtual seconds reached, by job.
    reached: Vec<AtomicU64>,
    jobs: usize,
    /// Whether every finished job is worth a line.
    lines: bool,
    finished: Mutex<Finished>,
}

#[derive(Default)]
struct Finished {
    jobs: usize,
    /// (arm, seed, rebuffering ratio) of finished jobs, for the provisional verdict.
    ratios: Vec<(String, u64, f64)>,
}

impl Progress {
    /// For so many jobs of so many virtual seconds each.
    #[must_use]
    pub fn new(title: &str, jobs: usize, seconds_each: u64) -> Self {
        let bar = terminal::is_watched().then(|| {
            let bar = ProgressBar::with_draw_target(
                Some(jobs as u64 * seconds_each),
                ProgressDrawTarget::stderr_with_hz(5),
            );
            let style = ProgressStyle::with_template("{prefix} [{bar:30}] {percent:>3} %  {eta} left  {msg}");
            // The template is a constant: if it were wrong, the plain bar would do.
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
            bar.set_prefix(title.to_owned());
            bar
        });
        Self {
            bar,
            reached: (0..jobs).map(|_| AtomicU64::new(0)).collect(),
            jobs,
            lines: true,
            finished: Mutex::default(),
        }
    }

    /// As [`Progress::new`], without a line per job: one in all.
    #[must_use]
    pub fn quiet(title: &str, jobs: usize, seconds_each: u64) -> Self {
        let progress = Self { lines: false, ..Self::new(title, jobs, seconds_each) };
        progress.tell(&format!("{title}: {jobs} runs"));
        progress
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn tell(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => terminal::note(line),
        }
    }
}

impl Watcher for Progress {
    fn reached(&self, job: usize, now: Timestamp) {
        self.reached[job].store(now.0 / 1_000_000, Ordering::Relaxed);
        if let Some(bar) = &self.bar {
            bar.set_position(self.reached.iter().map(|seconds| seconds.load(Ordering::Relaxed)).sum());
        }
    }

    fn done(&self, job: &Job<'_>, ran: &Ran) {
        if !self.lines {
            return;
        }
        let ratio = ran.run.get("playback.rebuffering_ratio", &Split::All);
        let ratio = ratio.and_then(|measurement| measurement.total.value());
        let mut finished = self.finished.lock().expect("nothing panics while it holds the lock");
        finished.jobs += 1;
        let shown = ratio.map_or_else(
            || "nothing played".to_owned(),
            |ratio| format!("rebuffering {:.2} %", ratio * 100.0),
        );
        self.tell(&format!("{}/{}  {} seed {}: {shown}", finished.jobs, self.jobs, job.arm.id, job.seed.0));
        let Some(ratio) = ratio else { return };
        finished.ratios.push((job.arm.id.clone(), job.seed.0, ratio));
        let same_seed: Vec<_> = finished.ratios.iter().filter(|(_, seed, _)| *seed == job.seed.0).collect();
        // One line as soon as one seed has two sides, so that nobody waits minutes for a first answer.
        if let [a, b] = same_seed[..]
            && finished.ratios.len() <= 3
        {
            let (first, second) = if a.0 > b.0 { (a, b) } else { (b, a) };
            self.tell(&format!(
                "provisional, seed {}: rebuffering {} {:.2} %, {} {:.2} %",
                job.seed.0,
                first.0,
                first.2 * 100.0,
                second.0,
                second.2 * 100.0
            ));
        }
    }
}
