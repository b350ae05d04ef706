//! CPU time, for the throughput line.

use std::time::Instant;

/// Ticks per second of `/proc` (USER_HZ on every platform that Rust's Linux targets cover).
const TICKS_PER_S: f64 = 100.0;

/// A clock of CPU seconds that this thread has used, or of wall seconds where the system does not tell.
pub(super) struct Clock {
    wall: Instant,
}

impl Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "throughput is about this machine, not about the simulated world"
    )]
    pub(super) fn start() -> Self {
        Self { wall: Instant::now() }
    }

    /// Seconds on this clock's scale: differences of two readings mean something.
    pub(super) fn seconds(&self) -> f64 {
        thread_seconds().unwrap_or_else(|| self.wall.elapsed().as_secs_f64())
    }
}

/// User and system time of this thread: fields 14 and 15 of proc(5) `stat`, counted after the command's `)`.
fn thread_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/thread-self/stat").ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_S)
}

/// Least CPU time to measure a rate over, in seconds: ticks are a hundredth.
const MEASURED_S: f64 = 0.25;

/// Pieces of work per second, of which one call of `round` does so many, over enough rounds for the clock's ticks.
pub(super) fn rate(pieces: usize, mut round: impl FnMut()) -> f64 {
    let clock = Clock::start();
    let began = clock.seconds();
    for rounds in 1_u32.. {
        round();
        let spent = clock.seconds() - began;
        if spent >= MEASURED_S {
            return f64::from(rounds) * pieces as f64 / spent;
        }
    }
    0.0
}

/// Seconds of CPU that all threads of the process have used.
pub(super) fn process_seconds() -> f64 {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let nanos = f64::from(u32::try_from(used.tv_nsec).unwrap_or(0));
    let seconds = u32::try_from(used.tv_sec).unwrap_or(u32::MAX);
    f64::from(seconds) + nanos / 1e9
}

/// Nanoseconds of CPU that this thread has used.
pub(super) fn thread_nanos() -> u64 {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    u64::try_from(used.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(used.tv_nsec).unwrap_or(0)
}
