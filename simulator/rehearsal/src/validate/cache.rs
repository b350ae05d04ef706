//! `rehearsal validate cache`: our eviction against miss ratios that libCacheSim printed.
//!
//! Reads the simulator's result lines, makes the Zipf trace that each line names anew, replays it and compares both miss
//! ratios: LRU, FIFO, CLOCK and SIEVE must agree in all four printed decimals, S3-FIFO within 0.003, because its papers
//! and implementations leave room. Lines of policies that we do not build are skipped; [`skipped`] names them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use platform_core::cache::CacheKey;
use platform_core::cache::eviction::{Access, Cache, Capacity, Eviction};
use units::Bytes;

use self::golden::{Mode, Policy, Row};
use self::trace::Trace;
use super::{FAILURES_SHOWN, Validation, Worst, cpu};

/// Largest difference of a miss ratio for S3-FIFO: versions of libCacheSim itself differ by this much (0.0024 seen).
const S3_FIFO_TOLERANCE: f64 = 0.003;
/// Half a unit of the last printed decimal: the others must print the same.
const PRINTED_TOLERANCE: f64 = 0.000_05;

/// Replays every line of `data` (a file of libCacheSim results) and says where we differ.
///
/// # Errors
/// When the file cannot be read or a line is not a result line; the message names the line and what was expected.
pub fn run(data: &Path) -> anyhow::Result<Validation> {
    let rows = read(data)?;
    let mut found =
        Validation { throughput_unit: "cache operations per CPU-second", ..Validation::default() };
    let mut traces: BTreeMap<(u64, u64), Trace> = BTreeMap::new();
    let mut operations = 0_u64;
    let mut seconds = 0.0;
    let clock = cpu::Clock::start();
    for row in &rows {
        let Policy::Ours(eviction) = row.policy else {
            found.skipped += 1;
            continue;
        };
        let trace = traces
            .entry((row.alpha.to_bits(), row.requests))
            .or_insert_with(|| Trace::zipf(row.alpha, row.requests));
        let began = clock.seconds();
        let misses = replay(trace, row, eviction);
        seconds += clock.seconds() - began;
        operations += row.requests;
        judge(row, eviction, misses, &mut found);
    }
    found.throughput = if seconds > 0.0 { as_f64(operations) / seconds } else { 0.0 };
    found.agrees = found.failed == 0;
    Ok(found)
}

/// The policies of `data` that we do not build, with their numbers of lines.
///
/// # Errors
/// As [`run`].
pub fn skipped(data: &Path) -> anyhow::Result<BTreeMap<String, u64>> {
    let mut names = BTreeMap::new();
    for row in read(data)? {
        if row.policy == Policy::NotBuilt {
            *names.entry(row.policy_name).or_default() += 1;
        }
    }
    Ok(names)
}

fn read(data: &Path) -> anyhow::Result<Vec<Row>> {
    let text = fs::read_to_string(data).with_context(|| format!("while reading `{}`", data.display()))?;
    let mut rows = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let row = golden::parse(at + 1, line).with_context(|| format!("{}:{}", data.display(), at + 1))?;
        rows.push(row);
    }
    ensure!(
        !rows.is_empty(),
        "{}: no result lines: expected what libCacheSim's `cachesim` prints",
        data.display()
    );
    Ok(rows)
}

/// What a replay missed.
struct Misses {
    requests: u64,
    bytes: u64,
    bytes_asked: u64,
}

fn replay(trace: &Trace, row: &Row, eviction: Eviction) -> Misses {
    let (capacity, expected) = match row.mode {
        Mode::Objects => (Capacity::Objects(row.capacity), row.capacity),
        Mode::Bytes => (Capacity::Bytes(Bytes(row.capacity)), row.capacity / trace::MEAN_SIZE),
    };
    let mut cache =
        Cache::new(eviction, capacity, usize::try_from(expected).unwrap_or(0).min(trace::OBJECTS));
    let mut misses = Misses { requests: 0, bytes: 0, bytes_asked: 0 };
    for &object in trace.requests() {
        let size = match row.mode {
            Mode::Objects => 1,
            Mode::Bytes => trace::size(object),
        };
        misses.bytes_asked += size;
        if cache.access(CacheKey(u64::from(object)), Bytes(size)) == Access::Miss {
            misses.requests += 1;
            misses.bytes += size;
        }
    }
    misses
}

fn judge(row: &Row, eviction: Eviction, misses: Misses, found: &mut Validation) {
    let tolerance = if eviction == Eviction::S3Fifo { S3_FIFO_TOLERANCE } else { PRINTED_TOLERANCE };
    let columns = [
        ("miss ratio", as_f64(misses.requests) / as_f64(row.requests), row.miss_ratio),
        ("byte miss ratio", as_f64(misses.bytes) / as_f64(misses.bytes_asked), row.byte_miss_ratio),
    ];
    let mut agrees = true;
    for (column, exact, expected) in columns {
        let printed = (exact * 1e4).round() / 1e4;
        let difference = (printed - expected).abs();
        let at = || format!("line {}: {}, {column}", row.line, row.label());
        if found.worst.as_ref().is_none_or(|worst| difference > worst.difference) {
            found.worst = Some(Worst { difference, at: at() });
        }
        // One part in a million of slack, because neither tolerance is an exact binary fraction.
        if difference > tolerance * 1.000_001 {
            agrees = false;
            if found.first_failures.len() < FAILURES_SHOWN {
                found.first_failures.push(format!("{}: expected {expected:.4}, got {printed:.4}", at()));
            }
        }
    }
    if agrees {
        found.passed += 1;
    } else {
        found.failed += 1;
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a trace are far below 2^53")]
fn as_f64(count: u64) -> f64 {
    count as f64
}

/// The lines of the reference file.
mod golden {
    use super::{Eviction, bail};
    use anyhow::Context;

    /// What sizes mean in a line.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(super) enum Mode {
        /// Every object counts one.
        Objects,
        /// Objects count their bytes.
        Bytes,
    }

    /// Whose line it is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(super) enum Policy {
        Ours(Eviction),
        NotBuilt,
    }

    /// One result line.
    #[derive(Debug, Clone, PartialEq)]
    pub(super) struct Row {
        pub(super) line: usize,
        pub(super) mode: Mode,
        pub(super) alpha: f64,
        pub(super) policy: Policy,
        pub(super) policy_name: String,
        /// In objects or bytes, by mode.
        pub(super) capacity: u64,
        pub(super) requests: u64,
        pub(super) miss_ratio: f64,
        pub(super) byte_miss_ratio: f64,
    }

    impl Row {
        pub(super) fn label(&self) -> String {
            let unit = if self.mode == Mode::Objects { "objects" } else { "bytes" };
            format!("{} alpha {} of {} {unit}", self.policy_name, self.alpha, self.capacity)
        }
    }

    /// Policies that libCacheSim prints and that we do not build.
    const NOT_BUILT: [&str; 24] = [
        "ARC",
        "ARCv0",
        "Belady",
        "BeladySize",
        "CAR",
        "Cacheus",
        "CR-LFU",
        "GDSF",
        "GLCache",
        "Hyperbolic",
        "LFU",
        "LFUDA",
        "LHD",
        "LIRS",
        "LRB",
        "LRUv0",
        "LRU-Prob",
        "LeCaR",
        "MRU",
        "QDLP",
        "Random",
        "SLRU",
        "TwoQ",
        "WTinyLFU",
    ];

    /// Reads `MODE alpha=A FILE POLICY cache size N, R req, miss ratio M, byte miss ratio B`.
    pub(super) fn parse(line: usize, text: &str) -> anyhow::Result<Row> {
        let words: Vec<&str> = text.split_whitespace().map(|word| word.trim_end_matches(',')).collect();
        let [mode, alpha, _file, policy, "cache", "size", size, requests, "req", rest @ ..] =
            words.as_slice()
        else {
            bail!(
                "not a result line: `{text}`\nexpected `MODE alpha=A FILE POLICY cache size N, R req, miss ratio M, byte miss ratio B`"
            );
        };
        let ["miss", "ratio", miss_ratio, "byte", "miss", "ratio", byte_miss_ratio] = rest else {
            bail!("`{}` after the requests: expected `miss ratio M, byte miss ratio B`", rest.join(" "));
        };
        let mode = match *mode {
            "objmode" => Mode::Objects,
            "bytemode" => Mode::Bytes,
            other => bail!("unknown mode `{other}`: expected `objmode` or `bytemode`"),
        };
        Ok(Row {
            line,
            mode,
            alpha: parse_alpha(alpha)?,
            policy: parse_policy(policy)?,
            policy_name: (*policy).to_owned(),
            capacity: parse_capacity(mode, size)?,
            requests: parse_requests(requests)?,
            miss_ratio: parse_ratio("miss ratio", miss_ratio)?,
            byte_miss_ratio: parse_ratio("byte miss ratio", byte_miss_ratio)?,
        })
    }

    fn parse_alpha(word: &str) -> anyhow::Result<f64> {
        let value = word.strip_prefix("alpha=").and_then(|value| value.parse::<f64>().ok());
        value
            .filter(|alpha| (0.0..=10.0).contains(alpha))
            .with_context(|| format!("`{word}`: expected `alpha=A` with A from 0 to 10"))
    }

    fn parse_policy(name: &str) -> anyhow::Result<Policy> {
        Ok(match name {
            "LRU" => Policy::Ours(Eviction::Lru),
            "FIFO" => Policy::Ours(Eviction::Fifo),
            "Clock" => Policy::Ours(Eviction::Clock),
            "Sieve" => Policy::Ours(Eviction::Sieve),
            "S3FIFO-0.1000-2" => Policy::Ours(Eviction::S3Fifo),
            other if NOT_BUILT.contains(&other) || other.starts_with("S3FIFO-") => Policy::NotBuilt,
            other => bail!(
                "unknown policy `{other}`: expected LRU, FIFO, Clock, Sieve or S3FIFO-0.1000-2, or one that is skipped: {}",
                NOT_BUILT.join(", ")
            ),
        })
    }

    /// An integer of objects, or of bytes with KiB, MiB, GiB or TiB.
    fn parse_capacity(mode: Mode, word: &str) -> anyhow::Result<u64> {
        let expected = match mode {
            Mode::Objects => "expected a number of objects of 1 or more, for example `500`",
            Mode::Bytes => "expected a number of bytes of 1 or more, for example `1024MiB`",
        };
        let units: &[(&str, u32)] = match mode {
            Mode::Objects => &[("", 0)],
            Mode::Bytes => &[("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40), ("", 0)],
        };
        let capacity = units.iter().find_map(|&(unit, power)| {
            let number = word.strip_suffix(unit)?.parse::<u64>().ok()?;
            number.checked_mul(1 << power)
        });
        capacity.filter(|&capacity| capacity > 0).with_context(|| format!("cache size `{word}`: {expected}"))
    }

    /// Bounded, so that a slip of the pen does not ask for a trace of terabytes.
    fn parse_requests(word: &str) -> anyhow::Result<u64> {
        let requests = word.parse::<u64>().ok().filter(|requests| (1..=100_000_000).contains(requests));
        requests.with_context(|| format!("requests `{word}`: expected a number from 1 to 100000000"))
    }

    fn parse_ratio(column: &str, word: &str) -> anyhow::Result<f64> {
        let ratio = word.parse::<f64>().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
        ratio.with_context(|| format!("{column} `{word}`: expected a number from 0 to 1"))
    }
}

/// The trace generator that the reference data documents.
mod trace {
    /// Objects of every trace.
    pub(super) const OBJECTS: usize = 50_000;
    /// Seed of every trace.
    const SEED: u64 = 42;
    const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
    /// Five variants of a 4 s segment, in bytes.
    const SIZES: [u64; 5] = [150_000, 500_000, 1_250_000, 2_500_000, 4_000_000];
    /// Their mean.
    pub(super) const MEAN_SIZE: u64 = 1_680_000;

    /// Object numbers (1 is the most popular) in the order of requests.
    #[derive(Debug)]
    pub(super) struct Trace(Vec<u32>);

    impl Trace {
        /// Independent draws by Zipf's law: splitmix64, and the inverse of the cumulative sum of 1 / k^alpha.
        #[expect(
            clippy::disallowed_methods,
            reason = "the reference generator uses its platform's pow; a last bit more or less moves no draw"
        )]
        pub(super) fn zipf(alpha: f64, requests: u64) -> Self {
            let mut total = 0.0;
            let cumulative: Vec<f64> = (1..=OBJECTS)
                .map(|k| {
                    total += 1.0 / (k as f64).powf(alpha);
                    total
                })
                .collect();
            let mut state = SEED;
            let draw = |_| {
                state = state.wrapping_add(GOLDEN);
                let u = (units::draws::mix(state) >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0) * total;
                cumulative.partition_point(|&upto| upto <= u).min(OBJECTS - 1) as u32 + 1
            };
            Self((0..requests).map(draw).collect())
        }

        pub(super) fn requests(&self) -> &[u32] {
            &self.0
        }
    }

    /// An object's size in bytes.
    pub(super) fn size(object: u32) -> u64 {
        let word = u64::from(object).wrapping_mul(GOLDEN);
        SIZES[((word ^ (word >> 29)) % 5) as usize]
    }
}
