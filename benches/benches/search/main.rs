//! What a search costs: CPU of one thread per query and per keystroke, beside the index library's own query parser.
//!
//! Catalogue and queries are synthetic, so that anyone can repeat the figures. Both arms search the same titles in memory as the
//! same viewer (region, tier, age, time), give ten results with all that a page shows, and mark matches in title and names; facets,
//! which the peer is not asked for, are measured apart. The peer's fields are title, people, genres and description with the library's
//! default tokeniser, and its query is what viewers typed, parsed leniently. Result caches there are none.
//! Each query is run `--rounds` times and its least CPU time counts, which takes out what other processes do to the caches.
//! How often the wanted title is found says what the time buys.

mod arms;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use actors::catalogue::{self, Spec};
use actors::queries::{self, Order, Row, Split, TitleFacts};
use benches::machine::{load_average, thread_cpu_exact};
use benches::say::{Mode, Table, bound, flag, say, whole};
use platform_server::search_api::filters::Offered;
use rehearsal::demo_search;
use units::Seed;

use arms::{Arm, Ours, Parser};

/// Titles of a large service.
const TITLES: u32 = 44_000;
/// Titles of a service that has everything.
const TITLES_MANY: u32 = 1_000_000;
/// Titles where figures do not matter.
const TITLES_QUICK: u32 = 2_000;
/// Every keystroke of so many queries.
const TYPED_QUERIES: usize = 150;
/// p99 of ours over p99 of the peer, at most.
const RATIO_MAX: f64 = 3.0;

fn main() {
    let full = Mode::from_args() == Mode::Full;
    let titles = flag("--titles").unwrap_or(if full { TITLES } else { TITLES_QUICK });
    let rounds = flag("--rounds").unwrap_or(if full { 3 } else { 1 }).max(1);
    let per_kind = flag("--per-kind").unwrap_or(if full { 25 } else { 2 });
    let load = load_average().map_or_else(|| "unknown".to_owned(), |load| format!("{load:.1}"));
    say(&format!(
        "search: {} titles, load average {load}, best of {rounds} round(s)",
        whole(f64::from(titles))
    ));
    let spec = Spec { seed: Seed(1), titles: u64::from(titles), messy: false };
    let facts: Vec<TitleFacts> = catalogue::titles(spec).map(TitleFacts::from).collect();
    let order = Order { seed: Seed(1), split: Split::Judging, per_kind: per_kind as usize };
    let rows = queries::generate(&facts, &order);
    drop(facts);
    let offered: Vec<Offered> = catalogue::titles(spec).map(demo_search::offered).collect();
    let (peer, peer_built) = cpu_of(|| Parser::new(&offered));
    let (ours, ours_built) = cpu_of(|| Ours::new(offered));
    say(&format!(
        "  built in {:.1} s of this thread's CPU, the peer in {:.1} s (segments are written by another)",
        ours_built.as_secs_f64(),
        peer_built.as_secs_f64()
    ));
    let groups = Groups::of(&rows);
    print(&groups, rounds, [&ours, &peer], titles);
    print_facets(&ours, &groups, rounds);
    print_found(&rows, [&ours, &peer]);
    say(&format!("  fingerprint of all answers: {:016x}", fingerprint(&ours, &groups)));
}

/// Runs a piece of work and says what it took of this thread.
fn cpu_of<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = thread_cpu_exact();
    let result = work();
    (result, thread_cpu_exact() - began)
}

/// Texts to search for, by what they are.
struct Groups(Vec<(&'static str, Vec<String>)>);

impl Groups {
    fn of(rows: &[Row]) -> Self {
        let texts = |is: &dyn Fn(&Row) -> bool| -> Vec<String> {
            rows.iter().filter(|row| is(row)).map(|row| row.query.clone()).collect()
        };
        let keystrokes: Vec<String> = rows
            .iter()
            .filter(|row| !row.kind.is_hard())
            .step_by((rows.len() / TYPED_QUERIES).max(1))
            .flat_map(|row| row.query.char_indices().map(|(at, c)| row.query[..at + c.len_utf8()].to_owned()))
            .collect();
        let (short, long): (Vec<String>, Vec<String>) =
            keystrokes.into_iter().partition(|text| text.trim().chars().count() <= 2);
        Self(vec![
            ("plain", texts(&|row| !row.kind.is_hard())),
            ("hard", texts(&|row| row.kind.is_hard())),
            ("keystrokes of 1-2", short),
            ("keystrokes of 3+", long),
        ])
    }
}

/// Milliseconds of each text, sorted.
fn measure(search: &dyn Fn(&str), texts: &[String], rounds: u32) -> Vec<f64> {
    let mut spent: Vec<f64> = texts
        .iter()
        .map(|text| {
            let once = |_| cpu_of(|| search(text)).1;
            (0..rounds).map(once).min().unwrap_or_default().as_secs_f64() * 1e3
        })
        .collect();
    spent.sort_by(f64::total_cmp);
    spent
}

/// The value below which so many of a hundred lie; 0 of none.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or(0.0)
}

/// How many of a hundred rows have an expected title among the first so many results.
fn success(arm: &dyn Arm, rows: &[Row], hard: bool, within: usize) -> f64 {
    let judged: Vec<&Row> = rows.iter().filter(|row| row.kind.is_hard() == hard).collect();
    let found = judged.iter().filter(|row| {
        let ids = arm.search(&row.query);
        ids.iter().take(within).any(|id| row.expected.iter().any(|title| title.doc_id == *id))
    });
    found.count() as f64 * 100.0 / judged.len().max(1) as f64
}

fn print(groups: &Groups, rounds: u32, arms: [&dyn Arm; 2], titles: u32) {
    let mut table = Table::new(&[
        "ms of CPU",
        "searches",
        "p50",
        "p95",
        "p99",
        "most",
        "peer p50",
        "peer p99",
        "p99 over peer",
    ]);
    let mut worst_ratio = 0.0_f64;
    for (name, texts) in &groups.0 {
        let [ours, peer] = arms.map(|arm| measure(&|text| arm.page(text), texts, rounds));
        let ratio = percentile(&ours, 99) / percentile(&peer, 99);
        worst_ratio = worst_ratio.max(ratio);
        let cells = [50, 95, 99, 100].map(|percent| percentile(&ours, percent)).into_iter();
        let cells = cells.chain([50, 99].map(|percent| percentile(&peer, percent)));
        let cells = std::iter::once(whole(texts.len() as f64)).chain(cells.map(|ms| format!("{ms:.3}")));
        table.row(name, cells.chain([format!("{ratio:.1}")]));
        for (what, percent, most) in bounds(name, titles) {
            let ms = percentile(&ours, *percent);
            say(&format!("  {name} {what}: {ms:.2} ms, {}", bound(ms, *most)));
        }
    }
    say(&table.text());
    say(&format!("  p99 over the peer's, worst group: {worst_ratio:.1}, {}", bound(worst_ratio, RATIO_MAX)));
}

/// What counting the filters' values adds.
fn print_facets(ours: &Ours, groups: &Groups, rounds: u32) {
    let mut table = Table::new(&["ms of CPU with facets", "p50", "p99"]);
    for (name, texts) in &groups.0 {
        let count = |text: &str| {
            std::hint::black_box(ours.answer(text, true));
        };
        let spent = measure(&count, texts, rounds);
        table.row(name, [50, 99].map(|percent| format!("{:.3}", percentile(&spent, percent))));
    }
    say(&table.text());
}

/// A hash of which titles every search gives, in order: the same before and after a change that is only to be faster.
fn fingerprint(ours: &Ours, groups: &Groups) -> u64 {
    let mut hasher = DefaultHasher::new();
    for text in groups.0.iter().flat_map(|(_, texts)| texts) {
        ours.answer(text, false).hits.iter().for_each(|hit| hit.id.hash(&mut hasher));
    }
    hasher.finish()
}

/// What the time buys, over all titles.
fn print_found(rows: &[Row], arms: [&dyn Arm; 2]) {
    let mut table = Table::new(&["found, %", "plain, first", "plain, top 3", "hard, first", "hard, top 3"]);
    for (name, arm) in ["ours", "peer"].into_iter().zip(arms) {
        let cells = [(false, 1), (false, 3), (true, 1), (true, 3)];
        table.row(name, cells.map(|(hard, within)| format!("{:.1}", success(arm, rows, hard, within))));
    }
    say(&table.text());
}

/// What so many titles may cost: (what, percentile, ms).
fn bounds(group: &str, titles: u32) -> &'static [(&'static str, usize, f64)] {
    match (titles, group) {
        (TITLES, "plain") => &[("p50", 50, 1.0), ("p99", 99, 5.0)],
        (TITLES, "keystrokes of 3+") => &[("p99", 99, 6.0)],
        (TITLES_MANY, "plain") => &[("p99", 99, 10.0)],
        (TITLES_MANY, "hard") => &[("p99", 99, 25.0)],
        (TITLES_MANY, "keystrokes of 3+") => &[("p99", 99, 20.0)],
        (TITLES_MANY, "keystrokes of 1-2") => &[("p99", 99, 2.0)],
        _ => &[],
    }
}
