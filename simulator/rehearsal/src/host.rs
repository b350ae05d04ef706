//! The only place that asks the machine: wall time and memory, for progress, `host.json` and the clock of a live server.
//! None reaches a report.

use std::time::{Duration, Instant, SystemTime};

use units::Timestamp;

/// Wall time since a start.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "progress and host.json are about the machine, not about the run"
    )]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Microseconds since 1970-01-01, for servers with live clients.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "a live server's clock is the machine's")]
pub fn unix_time() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}

/// The year, in UTC.
#[must_use]
pub fn this_year() -> u16 {
    let seconds = i64::try_from(unix_time().0 / 1_000_000).unwrap_or(0);
    let now = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    u16::try_from(now.to_zoned(jiff::tz::TimeZone::UTC).year()).unwrap_or(0)
}

/// The most memory that this process has held, in kB; `None` where the system does not say.
#[must_use]
pub fn peak_memory_kb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}
