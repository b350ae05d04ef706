//! Billing as it runs: routes, jobs and SQLite on virtual time, against the kit, the model in memory, crashes and bad input.
//!
//! Reading order:
//! - [`platform`]: the process under test: a database of its own, the routes over it, one clock.
//! - [`full_stack`]: the process as the kit drives it.
//! - [`histories`]: the kit's histories over HTTP and SQLite.
//! - [`tables`]: business tables in key order.
//! - [`agreement`]: the model in memory and the full stack end in the same tables.
//! - [`commits`]: how many transactions a renewal takes.
//! - [`seams`]: a crash at every seam of a month.
//! - [`bad_input`]: what is refused at the routes, and changes nothing.

mod agreement;
mod bad_input;
mod commits;
mod full_stack;
mod histories;
mod platform;
mod seams;
mod tables;

/// Runs shares of `seeds` on as many threads as there are cores; what each share gave, in order.
fn in_parallel<T: Send>(seeds: &[u64], run: impl Fn(&[u64]) -> T + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let run = &run;
    std::thread::scope(|scope| {
        let shares = seeds.chunks(seeds.len().div_ceil(threads).max(1));
        let running: Vec<_> = shares.map(|share| scope.spawn(move || run(share))).collect();
        let ended = running
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panicked| std::panic::resume_unwind(panicked)));
        ended.collect()
    })
}

/// A number that the environment asks for.
fn asked_for(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}
