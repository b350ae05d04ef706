//! Search as clients meet it: time in the handler at a steady rate of keystrokes, and how soon an edit of availability is obeyed.
//!
//! Server and clients share this process and its cores, over loopback. Keystrokes are due at fixed moments and are sent then,
//! whatever became of those before: a slow answer delays no other request and is counted from when it was due. Meanwhile other
//! titles' windows are edited a thousand times a second. Freshness is measured on titles of their own: their windows
//! are closed or opened, and the same search is asked again until it is right.

mod client;
mod typists;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use actors::catalogue::{self, Spec};
use benches::machine::load_average;
use benches::say::{Mode, Table, bound, flag, say, whole};
use platform_core::catalog::record::{Availability, RecordId};
use platform_server::search_api::filters::Offered;
use platform_server::search_api::indexed::IndexedCatalogue;
use platform_server::search_api::routes::{SearchApi, router};
use platform_server::search_api::viewer::ViewerSource;
use rehearsal::{demo_search, host};
use tokio::net::TcpListener;
use tokio::time::{Instant, interval};
use units::Seed;

use client::Client;

/// Titles of a large service, and where figures do not matter.
const TITLES: [u32; 2] = [44_000, 2_000];
/// Seconds of load.
const SECONDS: [u32; 2] = [30, 2];
/// Edits of availability in a second.
const EDITS_PER_S: u32 = 1_000;
/// Where all viewers are.
const REGION: &str = "DE";

/// What the bounds are for.
const HANDLER_MS_P99: f64 = 25.0;
const FRESH_MS_P99: f64 = 1_000.0;

fn main() {
    let small = usize::from(Mode::from_args() == Mode::Quick);
    let titles = flag("--titles").unwrap_or(TITLES[small]);
    let seconds = flag("--seconds").unwrap_or(SECONDS[small]).max(1);
    let rate = flag("--rate").unwrap_or(200).max(1);
    let load = load_average().map_or_else(|| "unknown".to_owned(), |load| format!("{load:.1}"));
    say(&format!(
        "search over HTTP: {} titles, {rate} keystrokes a second for {seconds} s, {} edits a second, load average {load}",
        whole(f64::from(titles)),
        whole(f64::from(EDITS_PER_S))
    ));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    runtime.block_on(run(titles, seconds, rate));
}

async fn run(titles: u32, seconds: u32, rate: u32) {
    let spec = Spec { seed: Seed(1), titles: u64::from(titles), messy: false };
    let offered: Vec<Offered> = catalogue::titles(spec).map(demo_search::offered).collect();
    let typed = typists::keystrokes(spec, rate * seconds);
    // Every other title is edited; freshness is probed on some of those between.
    let edited: Vec<Offered> = offered.iter().step_by(2).cloned().collect();
    let probed: Vec<Offered> =
        offered.iter().skip(1).step_by(2).filter(|one| is_open(one)).cloned().collect();
    let index = Arc::new(IndexedCatalogue::new(offered, 1).expect("an index in memory can be built"));
    let api = SearchApi::new(ViewerSource::Query, Arc::new(host::unix_time));
    api.set_searcher(Arc::clone(&index) as _);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let client = Client::new(listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router(api)).await });
    let done = Arc::new(AtomicBool::new(false));
    let editing = tokio::spawn(edit(Arc::clone(&index), edited, Arc::clone(&done)));
    let probing = tokio::spawn(probe(index, client.clone(), probed, Arc::clone(&done)));
    let answers = typists::type_all(&client, typed, rate).await;
    done.store(true, Ordering::Relaxed);
    let edits = editing.await.expect("edits end");
    let fresh = probing.await.expect("probes end");
    print(&answers, fresh, f64::from(u32::try_from(edits).unwrap_or(u32::MAX)) / f64::from(seconds));
}

/// Whether everyone in the region may see it now.
fn is_open(offered: &Offered) -> bool {
    let now = host::unix_time();
    offered.title.title.chars().all(|c| c.is_ascii_alphabetic() || c == ' ')
        && offered.windows.iter().any(|window| window.territory.to_string() == REGION && window.is_open(now))
}

/// Closes and opens windows of titles in turn until told to stop; says how many it has edited.
async fn edit(index: Arc<IndexedCatalogue>, titles: Vec<Offered>, done: Arc<AtomicBool>) -> u64 {
    let edits = AtomicU64::new(0);
    let mut ticks = interval(Duration::from_millis(10));
    let mut turn = titles.iter().cycle();
    while !done.load(Ordering::Relaxed) {
        ticks.tick().await;
        for _ in 0..EDITS_PER_S / 100 {
            let Some(title) = turn.next() else { return 0 };
            let closed = edits.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
            let windows = if closed { Vec::new() } else { title.windows.clone() };
            index.set_windows(&title.title.id, windows);
        }
    }
    edits.into_inner()
}

/// Milliseconds from each edit of a probed title to the first search that obeys it, asked until it does.
async fn probe(
    index: Arc<IndexedCatalogue>,
    client: Client,
    titles: Vec<Offered>,
    done: Arc<AtomicBool>,
) -> Vec<f64> {
    let mut took = Vec::new();
    let mut ticks = interval(Duration::from_millis(100));
    for title in titles.iter().cycle() {
        if done.load(Ordering::Relaxed) {
            break;
        }
        for windows in [Vec::new(), title.windows.clone()] {
            ticks.tick().await;
            let expected = !windows.is_empty();
            took.push(
                until_obeyed(&index, &client, &title.title.id, (&title.title.title, windows, expected)).await,
            );
        }
    }
    took
}

async fn until_obeyed(
    index: &IndexedCatalogue,
    client: &Client,
    id: &RecordId,
    (name, windows, expected): (&str, Vec<Availability>, bool),
) -> f64 {
    let began = Instant::now();
    index.set_windows(id, windows);
    // Far beyond the bound: then it is never obeyed, and the figure says so.
    while began.elapsed() < Duration::from_secs(10) {
        let answer = client.search(name, "&limit=50&tier=premium").await;
        if answer.status == 200 && answer.ids.contains(&id.0) == expected {
            break;
        }
    }
    began.elapsed().as_secs_f64() * 1e3
}

fn print(answers: &[typists::Timed], fresh: Vec<f64>, edits_per_s: f64) {
    let refused = answers.iter().filter(|answer| answer.status != 200).count();
    let sorted = |values: &mut Vec<f64>| values.sort_by(f64::total_cmp);
    let mut handler: Vec<f64> = answers.iter().filter_map(|answer| answer.handler_ms).collect();
    let mut due: Vec<f64> = answers.iter().map(|answer| answer.since_due_ms).collect();
    let mut fresh = fresh;
    [&mut handler, &mut due, &mut fresh].into_iter().for_each(sorted);
    let mut table = Table::new(&["ms", "count", "p50", "p95", "p99", "most"]);
    for (name, values) in [
        ("in the handler", &handler),
        ("since the keystroke was due", &due),
        ("from edit to right answer", &fresh),
    ] {
        let cells = [50, 95, 99, 100].map(|percent| format!("{:.2}", percentile(values, percent)));
        table.row(name, std::iter::once(whole(values.len() as f64)).chain(cells));
    }
    say(&table.text());
    say(&format!("  not answered: {refused}; edits a second: {}", whole(edits_per_s)));
    let (handler, fresh) = (percentile(&handler, 99), percentile(&fresh, 99));
    say(&format!("  handler p99: {handler:.2} ms, {}", bound(handler, HANDLER_MS_P99)));
    say(&format!("  edit to answer p99: {fresh:.2} ms, {}", bound(fresh, FRESH_MS_P99)));
}

/// The value below which so many of a hundred lie; 0 of none.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or(0.0)
}
