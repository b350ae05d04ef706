//! Webhooks while old ones are deleted: how long the slowest wait with and without it, and whether the file grows.
//!
//! Spans with cleaning alternate with spans without, over the same tables and at the same rate, so that whatever else the machine does
//! meets both.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use benches::say::{Table, bound, median, say, whole};
use platform_core::subscription::store::{Intake, Store};
use platform_core::webhook::verify::Delivery;
use platform_server::billing::runner::{CLEAN_PAUSE, CLEAN_ROWS};
use platform_server::billing::store::SqliteStore;
use rehearsal::host;
use units::{Micros, Timestamp};

use crate::ingest::{endpoint, open_loop, opened, routes, served, webhook};

/// Longest wait with cleaning over that without.
const RATIO_P99: f64 = 1.2;

/// Webhooks a second.
const RATE: f64 = 500.0;

/// Pairs of spans.
const PAIRS: [usize; 2] = [5, 1];

/// Webhooks of long ago, so many that cleaning has to do in every span.
const OLD: [u32; 2] = [120_000, 2_000];

/// Past both times for which a webhook is kept.
const AGO: Micros = Micros::from_mins(401 * 24 * 60);

/// Growth of the file while it is cleaned, over that without, that is still flat.
const FLAT: f64 = 0.05;

pub(crate) fn run(quick: bool) {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    runtime.block_on(measure(folder.path(), quick));
}

async fn measure(folder: &Path, quick: bool) {
    let path = folder.join("retention.sqlite");
    let store = opened(&path).await;
    let ids = Arc::new(AtomicU64::new(1 << 40));
    let long_ago = Timestamp(host::unix_time().0.saturating_sub(AGO.0));
    fill(&store, OLD[usize::from(quick)], long_ago, &ids).await;
    let size = async || store.size_bytes().await.expect("the database");
    let address = served(routes(Arc::clone(&store))).await;
    let span = Duration::from_millis(if quick { 300 } else { 6_000 });
    let (mut with, mut without) = (Vec::new(), Vec::new());
    let (mut grown_with, mut grown_without) = (0, 0);
    let mut deleted = 0;
    for _ in 0..PAIRS[usize::from(quick)] {
        let before = size().await;
        without.push(open_loop(address, RATE, span, &ids).await.1);
        let between = size().await;
        let over = Arc::new(AtomicBool::new(false));
        let cleaning = tokio::spawn(clean(Arc::clone(&store), Arc::clone(&over)));
        with.push(open_loop(address, RATE, span, &ids).await.1);
        over.store(true, Ordering::SeqCst);
        deleted += cleaning.await.expect("it ends");
        grown_without += between - before;
        grown_with += size().await - between;
    }
    let (with, without) = (median(&with), median(&without));
    let mut table = Table::new(&["p99 of the wait at a steady rate", "ms"]);
    table.row("while old webhooks are deleted", [format!("{with:.2}")]);
    table.row("without", [format!("{without:.2}")]);
    say(&table.text());
    say(&format!(
        "ratio {:.2} ({}); {deleted} rows changed or deleted",
        with / without,
        bound(with / without, RATIO_P99)
    ));
    let growth = grown_with as f64 / (grown_without as f64).max(1.0);
    say(&format!(
        "the file grew by {} bytes while old webhooks were deleted and by {} in as many spans without, {growth:.2} times ({})",
        whole(grown_with as f64),
        whole(grown_without as f64),
        bound(growth, FLAT)
    ));
}

/// Cleans as the jobs of a server do while there is much to clean; rows changed or deleted.
async fn clean(store: Arc<SqliteStore>, over: Arc<AtomicBool>) -> u64 {
    let mut rows = 0;
    while !over.load(Ordering::SeqCst) {
        rows += store.clean(CLEAN_ROWS, host::unix_time()).await.expect("it cleans");
        tokio::time::sleep(CLEAN_PAUSE).await;
    }
    rows
}

/// Stores webhooks as if they had come at an instant, and sets them aside, so that nothing waits for them.
async fn fill(store: &Arc<SqliteStore>, count: u32, at: Timestamp, ids: &Arc<AtomicU64>) {
    let endpoint = endpoint();
    let now = host::unix_time();
    let mut left = count;
    while left > 0 {
        let bite = left.min(512);
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..bite {
            let (signature, body) = webhook(ids.fetch_add(1, Ordering::Relaxed));
            let headers: [(&str, &[u8]); 1] = [("stripe-signature", signature.as_bytes())];
            let taken = endpoint.take_in(&Delivery { headers: &headers, body: body.as_bytes() }, now);
            let intake = Intake { quarantine: Some("old".to_owned()), ..taken.expect("genuine") };
            let store = Arc::clone(store);
            running.spawn(async move { store.receive(intake, at).await.expect("stored") });
        }
        running.join_all().await;
        left -= bite;
    }
}
