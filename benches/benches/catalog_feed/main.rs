//! How soon a search obeys what was committed to the catalogue.
//!
//! A thousand edits of availability a second, in a hundred commits that are on the disk when they return, and some texts; the feed is
//! followed into the index as it is in the server. Probed titles of their own are closed and opened, and searched for again and
//! again: the clock runs from the return of their commit to the first right answer. A text is probed the same way.
//! `--titles N`, `--seconds N`, `--rate N` (edits a second), `--texts N` (texts a second).

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actors::catalogue::{self, Spec};
use benches::machine::load_average;
use benches::say::{Mode, Table, bound, flag, say, whole};
use platform_core::catalog::record::{Availability, Tier};
use platform_server::catalog::follow::Follower;
use platform_server::catalog::store::{CatalogStore, Incoming};
use platform_server::search_api::indexed::IndexedCatalogue;
use platform_server::search_api::parameters::SuggestRequest;
use platform_server::search_api::searcher::Searcher;
use platform_server::search_api::viewer::Viewer;
use rehearsal::{demo_search, host};
use tokio::time::{Instant, interval};
use units::Seed;

/// Titles of a large service, and where figures do not matter.
const TITLES: [u32; 2] = [44_000, 2_000];
/// Seconds of load.
const SECONDS: [u32; 2] = [20, 2];
/// Edits of availability in a second, and new texts.
const EDITS_PER_S: u32 = 1_000;
const TEXTS_PER_S: u32 = 10;
/// Where all viewers are.
const REGION: &str = "DE";
/// Titles that are written at once.
const WRITTEN_AT_ONCE: usize = 2_000;
/// Between two looks for availability; and for a text, which takes longer, so that looking for many does not take the cores.
const PAUSE: Duration = Duration::from_millis(1);
const TEXT_PAUSE: Duration = Duration::from_millis(10);
/// From a commit to the first right answer, at most.
const FRESH_MS_P99: f64 = 1_000.0;

/// What runs.
#[derive(Clone)]
struct Platform {
    store: CatalogStore,
    search: Arc<IndexedCatalogue>,
    done: Arc<AtomicBool>,
}

/// How much load, for how long.
#[derive(Clone, Copy)]
struct Load {
    edits_per_s: u32,
    texts_per_s: u32,
    seconds: u32,
}

fn main() {
    let small = usize::from(Mode::from_args() == Mode::Quick);
    let titles = flag("--titles").unwrap_or(TITLES[small]);
    let load = Load {
        edits_per_s: flag("--rate").unwrap_or(EDITS_PER_S).max(100),
        texts_per_s: flag("--texts").unwrap_or(TEXTS_PER_S),
        seconds: flag("--seconds").unwrap_or(SECONDS[small]).max(1),
    };
    let machine = load_average().map_or_else(|| "unknown".to_owned(), |load| format!("{load:.1}"));
    say(&format!(
        "catalogue feed: {} titles, {} edits of availability and {} texts a second for {} s, load average {machine}",
        whole(f64::from(titles)),
        whole(f64::from(load.edits_per_s)),
        load.texts_per_s,
        load.seconds
    ));
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    runtime.block_on(run(folder.path(), titles, load));
}

async fn run(folder: &Path, titles: u32, load: Load) {
    let spec = Spec { seed: Seed(1), titles: u64::from(titles), messy: false };
    let incoming = |title| {
        let offered = demo_search::offered(title);
        Incoming { record: offered.title, windows: offered.windows }
    };
    let all: Vec<Incoming> = catalogue::titles(spec).map(incoming).collect();
    let store = CatalogStore::open(&folder.join("catalogue.sqlite")).await.expect("a catalogue");
    for some in all.chunks(WRITTEN_AT_ONCE) {
        store.put(some).await.expect("room on the disk");
    }
    let (stored, seq) = store.all().await.expect("titles");
    let search = Arc::new(IndexedCatalogue::of_stored(stored, 1).expect("an index in memory"));
    let mut follower = Follower::new(store.clone(), Arc::clone(&search), seq);
    let following = tokio::spawn(async move { follower.follow().await });
    let platform = Platform { store, search, done: Arc::new(AtomicBool::new(false)) };
    let pick = |offset| all.iter().skip(offset).step_by(3).cloned().collect::<Vec<Incoming>>();
    let editing = tokio::spawn(edit(platform.clone(), pick(0), load));
    let writing = tokio::spawn(write(platform.clone(), pick(1), load));
    let probing = tokio::spawn(probe(platform.clone(), pick(2)));
    tokio::time::sleep(Duration::from_secs(u64::from(load.seconds))).await;
    platform.done.store(true, Ordering::Relaxed);
    let edits = editing.await.expect("edits end");
    let texts = writing.await.expect("texts end");
    let fresh = probing.await.expect("probes end");
    assert!(!following.is_finished(), "the feed is followed to the end");
    following.abort();
    print(fresh, texts, edits as f64 / f64::from(load.seconds));
}

fn window(title: &Incoming) -> Availability {
    Availability {
        title: title.record.id.clone(),
        territory: REGION.parse().expect("two letters"),
        start: units::Timestamp(0),
        end: None,
        tier: Tier::Free,
    }
}

/// Closes and opens windows in turn, so many a second; says how many were committed.
async fn edit(platform: Platform, titles: Vec<Incoming>, load: Load) -> u64 {
    let mut edits = 0_u64;
    let mut ticks = interval(Duration::from_millis(10));
    let mut turn = titles.iter().cycle();
    while !platform.done.load(Ordering::Relaxed) {
        ticks.tick().await;
        let mut batch = Vec::new();
        for title in turn.by_ref().take(load.edits_per_s as usize / 100) {
            let closed = edits.is_multiple_of(2);
            edits += 1;
            let windows = if closed { Vec::new() } else { title.windows.clone() };
            batch.push((title.record.id.clone(), windows));
        }
        platform.store.set_windows_of(&batch).await.expect("room on the disk");
    }
    edits
}

/// Gives titles other names, so many a second; milliseconds until each is found by it.
async fn write(platform: Platform, titles: Vec<Incoming>, load: Load) -> Vec<f64> {
    let mut took = Vec::new();
    if load.texts_per_s == 0 {
        return took;
    }
    let mut ticks = interval(Duration::from_secs(1) / load.texts_per_s);
    let mut flying = Vec::new();
    for (number, mut title) in (0_u32..).zip(titles) {
        if platform.done.load(Ordering::Relaxed) {
            break;
        }
        ticks.tick().await;
        title.record.title = format!("Renamed zq{number}q");
        title.record.maturity.age_min = 0;
        title.windows = vec![window(&title)];
        platform.store.put(std::slice::from_ref(&title)).await.expect("room on the disk");
        let (began, platform) = (Instant::now(), platform.clone());
        flying.push(tokio::spawn(async move { until(&platform, (&title, true), (began, TEXT_PAUSE)).await }));
    }
    for flight in flying {
        took.push(flight.await.expect("a search ends"));
    }
    took
}

/// Milliseconds from each commit of a probed title's windows to the first search that obeys it.
async fn probe(platform: Platform, titles: Vec<Incoming>) -> Vec<f64> {
    let mut took = Vec::new();
    let mut ticks = interval(Duration::from_millis(20));
    let plain = |title: &&Incoming| {
        title.record.title.chars().all(|c| c.is_ascii_alphabetic() || c == ' ')
            && title.record.maturity.age_min < 18
    };
    for title in titles.iter().filter(plain) {
        for windows in [Vec::new(), vec![window(title)]] {
            ticks.tick().await;
            if platform.done.load(Ordering::Relaxed) {
                return took;
            }
            let is_open = !windows.is_empty();
            platform.store.set_windows(&title.record.id, &windows).await.expect("room on the disk");
            took.push(until(&platform, (title, is_open), (Instant::now(), PAUSE)).await);
        }
    }
    took
}

/// Searches again and again, with a pause between, until the answer is right; milliseconds since `began`.
async fn until(
    platform: &Platform,
    (title, is_open): (&Incoming, bool),
    (began, pause): (Instant, Duration),
) -> f64 {
    let viewer = Viewer { region: REGION.parse().expect("two letters"), tier: Tier::Premium, age: 99 };
    let request = SuggestRequest { text: title.record.title.clone(), viewer, limit: 50 };
    // Far beyond the bound: then it is never obeyed, and the figure says so.
    while began.elapsed() < Duration::from_secs(10) {
        let found = platform.search.suggest(&request, host::unix_time()).expect("an index in memory");
        if found.iter().any(|one| one.id == title.record.id.0) == is_open {
            break;
        }
        tokio::time::sleep(pause).await;
    }
    began.elapsed().as_secs_f64() * 1e3
}

fn print(windows: Vec<f64>, texts: Vec<f64>, edits_per_s: f64) {
    let mut table = Table::new(&["ms from commit to right answer", "count", "p50", "p95", "p99", "most"]);
    let mut worst = 0.0;
    for (name, mut values) in [("availability", windows), ("text", texts)] {
        values.sort_by(f64::total_cmp);
        let cells = [50, 95, 99, 100].map(|percent| format!("{:.2}", percentile(&values, percent)));
        table.row(name, std::iter::once(whole(values.len() as f64)).chain(cells));
        worst = percentile(&values, 99).max(worst);
    }
    say(&table.text());
    say(&format!("  edits of availability a second: {}", whole(edits_per_s.round())));
    say(&format!("  p99 of the slower: {worst:.2} ms, {}", bound(worst, FRESH_MS_P99)));
}

/// The value below which so many of a hundred lie; 0 of none.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or(0.0)
}
