//! `rehearsal validate search`: known-item queries over a catalogue, and how often the title that was meant comes first.
//!
//! All titles are visible, the index is in memory, no result is cached. A row passes if an expected title is among the first
//! three. The CPU time of this thread is taken around every query, and around every keystroke of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use actors::queries::TitleFacts;
use platform_core::catalog::record::{Kind, RecordId, TitleRecord};
use platform_core::search::query::Query;
use platform_server::search::{SearchError, SearchIndex};
use serde::{Deserialize, Serialize};
use units::Ppm;

mod suggestions;

pub use suggestions::{Share, Typed};

use super::cpu;
use crate::failure::Failure;
use crate::{json_lines, title_facts};

/// Results that are asked for.
const RESULTS: usize = 10;
/// A row passes if it is found so high.
const PASSED_WITHIN: usize = 3;
/// Kinds of which there are fewer rows are not judged by themselves.
const KIND_ROWS_MIN: u64 = 20;
/// Share of such a kind's rows that must pass.
const KIND_MIN: f64 = 0.8;
/// Names of kinds that are judged as the hard set begin so.
const HARD: &str = "hard_";
/// Failures that are shown.
const FAILURES_SHOWN: usize = 10;

/// A row of a query file.
#[derive(Debug, Clone, Deserialize)]
struct Row {
    kind: String,
    query: String,
    expected: Vec<Expected>,
}

/// A title that answers a row.
#[derive(Debug, Clone, Deserialize)]
struct Expected {
    title: String,
    doc_id: String,
}

/// What a set must reach.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    success_at_1: f64,
    success_at_3: f64,
}

const PLAIN_BOUNDS: Bounds = Bounds { success_at_1: 0.92, success_at_3: 0.97 };
const HARD_BOUNDS: Bounds = Bounds { success_at_1: 0.82, success_at_3: 0.93 };

/// What was found for a set of rows.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Tally {
    /// Rows.
    pub rows: u64,
    /// Rows whose first result is an expected title.
    pub first: u64,
    /// Rows with one among the first three.
    pub among_three: u64,
    /// Sum of reciprocal ranks within the first ten.
    pub reciprocal_ranks: f64,
    /// Rows without any result.
    pub without_result: u64,
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53")]
impl Tally {
    fn add(&mut self, rank: Option<usize>, is_empty: bool) {
        self.rows += 1;
        self.first += u64::from(rank == Some(0));
        self.among_three += u64::from(rank.is_some_and(|rank| rank < PASSED_WITHIN));
        self.reciprocal_ranks += rank.map_or(0.0, |rank| 1.0 / (rank + 1) as f64);
        self.without_result += u64::from(is_empty);
    }

    fn share(&self, part: f64) -> f64 {
        if self.rows == 0 { 0.0 } else { part / self.rows as f64 }
    }

    /// Share of rows whose first result is right.
    #[must_use]
    pub fn success_at_1(&self) -> f64 {
        self.share(self.first as f64)
    }

    /// Share of rows with a right title among the first three.
    #[must_use]
    pub fn success_at_3(&self) -> f64 {
        self.share(self.among_three as f64)
    }

    /// Mean reciprocal rank within the first ten.
    #[must_use]
    pub fn mrr_at_10(&self) -> f64 {
        self.share(self.reciprocal_ranks)
    }

    fn meets(&self, bounds: Bounds) -> bool {
        self.rows == 0
            || self.success_at_1() >= bounds.success_at_1 && self.success_at_3() >= bounds.success_at_3
    }
}

/// Milliseconds of thread CPU.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Quantiles {
    /// Median.
    pub p50_ms: f64,
    /// One in a hundred takes longer.
    pub p99_ms: f64,
}

/// What the validation found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Titles in the index.
    pub titles: usize,
    /// By kind.
    pub kinds: BTreeMap<String, Tally>,
    /// All rows.
    pub all: Tally,
    /// Rows of plain kinds, and of hard ones.
    pub plain: Tally,
    /// See `plain`.
    pub hard: Tally,
    /// CPU of whole queries.
    pub query: Quantiles,
    /// CPU of every keystroke on the way to them.
    pub keystroke: Quantiles,
    /// Suggestions while titles are typed.
    pub suggestions: Vec<Typed>,
    /// Failures in words.
    pub first_failures: Vec<String>,
}

impl Found {
    /// Whether all bounds are met.
    #[must_use]
    pub fn agrees(&self) -> bool {
        let kind_holds = |tally: &Tally| tally.rows < KIND_ROWS_MIN || tally.success_at_3() >= KIND_MIN;
        self.plain.meets(PLAIN_BOUNDS) && self.hard.meets(HARD_BOUNDS) && self.kinds.values().all(kind_holds)
    }
}

/// Runs all rows of all query files.
///
/// # Errors
/// Exit code 2, when a file cannot be read or a line is no title or no row.
pub fn run(catalog: &Path, queries: &[PathBuf]) -> Result<Found, Failure> {
    let facts = title_facts::read(catalog)?;
    let mut rows: Vec<Row> = Vec::new();
    for file in queries {
        rows.extend(json_lines::read(
            file,
            ("row", "a line is one JSON object with `kind`, `query` and `expected`"),
        )?);
    }
    if rows.is_empty() {
        return Err(Failure::usage("the query files hold no row".to_owned())
            .hint("`rehearsal queries --catalog FILE` makes some"));
    }
    let best_known = facts.iter().map(|facts| facts.popularity).max().unwrap_or(0).max(Ppm::ONE.0);
    let records: Vec<TitleRecord> = facts.into_iter().map(|facts| record(facts, best_known)).collect();
    let index = SearchIndex::build(&records).map_err(|error| broken(&error))?;
    let mut found = Found { titles: records.len(), ..Found::default() };
    let (mut query_ns, mut keystroke_ns) = (Vec::new(), Vec::new());
    for row in &rows {
        judge(&index, row, &mut found, &mut query_ns).map_err(|error| broken(&error))?;
        for (end, c) in row.query.char_indices() {
            let typed = &row.query[..end + c.len_utf8()];
            let began = cpu::thread_nanos();
            index.search(&Query::parse(typed), RESULTS).map_err(|error| broken(&error))?;
            keystroke_ns.push(cpu::thread_nanos().saturating_sub(began));
        }
    }
    let wanted = rows.iter().filter_map(|row| {
        let ids = row.expected.iter().map(|expected| expected.doc_id.as_str()).collect();
        Some((row.expected.first()?.title.as_str(), ids))
    });
    found.suggestions = suggestions::run(&index, &records, wanted).map_err(|error| broken(&error))?;
    found.query = quantiles(&mut query_ns);
    found.keystroke = quantiles(&mut keystroke_ns);
    Ok(found)
}

fn broken(error: &SearchError) -> Failure {
    Failure::bug(format!(
        "{error}: {}",
        std::error::Error::source(error).map_or(String::new(), ToString::to_string)
    ))
}

fn judge(
    index: &SearchIndex,
    row: &Row,
    found: &mut Found,
    spent_ns: &mut Vec<u64>,
) -> Result<(), SearchError> {
    let began = cpu::thread_nanos();
    let hits = index.search(&Query::parse(&row.query), RESULTS)?;
    spent_ns.push(cpu::thread_nanos().saturating_sub(began));
    let rank = hits.iter().position(|hit| row.expected.iter().any(|expected| expected.doc_id == hit.id.0));
    let set = if row.kind.starts_with(HARD) { &mut found.hard } else { &mut found.plain };
    for tally in [set, &mut found.all, found.kinds.entry(row.kind.clone()).or_default()] {
        tally.add(rank, hits.is_empty());
    }
    if rank.is_none_or(|rank| rank >= PASSED_WITHIN) && found.first_failures.len() < FAILURES_SHOWN {
        let got: Vec<&str> = hits.iter().take(PASSED_WITHIN).map(|hit| hit.title.as_str()).collect();
        let wanted = row.expected.first().map_or("nothing", |expected| expected.title.as_str());
        found.first_failures.push(format!("{} `{}`: expected `{wanted}`, got {got:?}", row.kind, row.query));
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "nanoseconds of a query are far below 2^53")]
fn quantiles(nanos: &mut [u64]) -> Quantiles {
    nanos.sort_unstable();
    let at = |share: usize| nanos.get((nanos.len() * share / 100).min(nanos.len().saturating_sub(1)));
    let ms = |nanos: Option<&u64>| nanos.map_or(0.0, |&nanos| nanos as f64 / 1e6);
    Quantiles { p50_ms: ms(at(50)), p99_ms: ms(at(99)) }
}

/// A title of a catalogue file as the platform keeps it.
fn record(facts: TitleFacts, best_known: u32) -> TitleRecord {
    let popularity = u64::from(facts.popularity) * u64::from(Ppm::ONE.0) / u64::from(best_known);
    TitleRecord {
        id: RecordId(facts.id),
        kind: facts.kind.parse().unwrap_or(Kind::Film),
        title: facts.title,
        alternative_titles: Vec::new(),
        year: facts.year,
        cast: facts.cast,
        directors: facts.directors,
        genres: facts.genres,
        countries: Vec::new(),
        languages: Vec::new(),
        maturity: Default::default(),
        description: facts.description,
        runtime_min: None,
        added: None,
        popularity: Ppm(u32::try_from(popularity).unwrap_or(Ppm::ONE.0)),
        external_ids: BTreeMap::new(),
    }
}
