//! CPU time of replays, for the throughput line.

use std::time::Duration;

/// Ticks per second in proc(5) `stat` (USER_HZ wherever Rust's Linux targets run).
const TICKS_PER_S: f64 = 100.0;

/// Below this many seconds of CPU time, ticks are too coarse.
const TICKS_TRUSTED_S: f64 = 0.1;

/// How long one thread takes for a piece of work, whether it runs or waits for a core.
#[expect(clippy::disallowed_methods, reason = "throughput of the machine is what is measured")]
pub(super) fn wall<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = std::time::Instant::now();
    let result = work();
    (result, began.elapsed())
}

/// CPU time that all threads of this process take meanwhile; `None` where it is too short, or the system does not tell.
pub(super) fn cpu<T>(work: impl FnOnce() -> T) -> (T, Option<Duration>) {
    let began = process_seconds();
    let result = work();
    let spent = process_seconds().zip(began).map(|(ended, began)| ended - began);
    (result, spent.filter(|spent| *spent >= TICKS_TRUSTED_S).map(Duration::from_secs_f64))
}

/// User and system time: the 14th and 15th field, counted after the `)` that closes the command.
fn process_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_S)
}
