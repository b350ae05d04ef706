//! What this machine says about time and memory. The only place in the benchmarks that asks it.
//!
//! Everything comes from proc(5), so that no unsafe call is needed; where a system has no such files, figures are left out
//! and the benchmark says so.

use std::fs;
use std::time::{Duration, Instant};

/// Ticks per second in proc(5) `stat` (`USER_HZ` wherever Rust's Linux targets run).
const TICKS_PER_S: f64 = 100.0;

/// Wall time since a start.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures the machine")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Wall time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// CPU time that this thread has used, to a scheduler tick (1 to 10 ms); wall time of the process would include waiting
/// for a core. `None` where the system does not tell.
#[must_use]
pub fn thread_cpu() -> Option<Duration> {
    schedstat(&fs::read_to_string("/proc/thread-self/schedstat").ok()?).map(|(used, _)| used)
}

/// CPU time that this thread has used, to the nanosecond: for pieces of work shorter than a scheduler tick.
#[must_use]
pub fn thread_cpu_exact() -> Duration {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let nanos = u32::try_from(used.tv_nsec).unwrap_or(0);
    Duration::new(u64::try_from(used.tv_sec).unwrap_or(0), nanos)
}

/// What the threads of this process have had of the machine so far, those that ended left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Threads {
    /// CPU time of the one that used most. With every thread on a core of its own, no run can end before it.
    pub busiest: Duration,
    /// CPU time of all.
    pub used: Duration,
    /// How long they could have run and had no core, together.
    pub waited: Duration,
}

impl Threads {
    /// The threads as they are; `None` where the system does not tell.
    #[must_use]
    pub fn now() -> Option<Self> {
        let mut all = Self::default();
        for task in fs::read_dir("/proc/self/task").ok()?.flatten() {
            // A thread may end between being listed and being read.
            let Ok(text) = fs::read_to_string(task.path().join("schedstat")) else { continue };
            let (used, waited) = schedstat(&text)?;
            all.busiest = all.busiest.max(used);
            all.used += used;
            all.waited += waited;
        }
        Some(all)
    }

    /// The larger of each, for values that are seen again and again until threads end.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            busiest: self.busiest.max(other.busiest),
            used: self.used.max(other.used),
            waited: self.waited.max(other.waited),
        }
    }
}

/// CPU time and time spent waiting for a core: the first two fields of proc(5) `schedstat`, in nanoseconds.
fn schedstat(text: &str) -> Option<(Duration, Duration)> {
    let mut fields = text.split_whitespace().map(|field| field.parse().ok().map(Duration::from_nanos));
    Some((fields.next()??, fields.next()??))
}

/// CPU time of this process's children that have ended, to 10 ms.
#[must_use]
pub fn children_cpu() -> Option<Duration> {
    ticks(&fs::read_to_string("/proc/self/stat").ok()?, 16)
}

/// User and system time: two fields of proc(5) `stat`, counted from 1. The second is the command in brackets, so that
/// counting starts after the last `)`.
fn ticks(stat: &str, field: usize) -> Option<Duration> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(field - 3);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some(Duration::from_secs_f64((user + system) / TICKS_PER_S))
}

/// Physical memory of this process, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Held now.
    pub resident: u64,
    /// The most that was ever held.
    pub peak: u64,
}

/// Physical memory of this process; `None` where the system does not tell.
#[must_use]
pub fn memory() -> Option<Memory> {
    memory_in(&fs::read_to_string("/proc/self/status").ok()?)
}

fn memory_in(status: &str) -> Option<Memory> {
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kb| kb * 1_024)
    };
    Some(Memory { resident: bytes("VmRSS:")?, peak: bytes("VmHWM:")? })
}

/// Processes that ran or waited for a core, on average over the last minute.
#[must_use]
pub fn load_average() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next()?.parse().ok()
}

/// How many threads run at once here.
#[must_use]
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_with_brackets_and_spaces_does_not_shift_the_fields() {
        let stat = "7 (a) b (c)) R 1 7 7 0 -1 4194304 102 0 0 0 120 34 5 6 20 0 1 0 455135 3133440 408";
        assert_eq!(ticks(stat, 16), Some(Duration::from_millis(110)));
        let (used, waited) = (Duration::from_millis(37), Duration::from_nanos(12));
        assert_eq!(schedstat("37000000 12 1\n"), Some((used, waited)));
    }

    #[test]
    fn memory_is_read_in_bytes() {
        let status = "Name:\tx\nVmHWM:\t    2000 kB\nVmRSS:\t    1968 kB\n";
        assert_eq!(memory_in(status), Some(Memory { resident: 1_968 * 1_024, peak: 2_000 * 1_024 }));
        assert_eq!(memory_in("Name:\tx\n"), None);
    }
}
