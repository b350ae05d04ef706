//! Webhooks per second: the route to the disk, the same route without a store, and the tables alone in the best batches.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actors::provider::webhooks::{Event, sign};
use axum::Router;
use axum::body::to_bytes;
use axum::routing::post;
use benches::say::{Table, bound, median, say, whole};
use bytes::Bytes;
use http_body_util::Full;
use hyper_util::client::legacy::Client as Connections;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use platform_core::subscription::store::Store;
use platform_core::webhook::event::Sender;
use platform_core::webhook::intake::Endpoint;
use platform_core::webhook::refusals::Refusals;
use platform_core::webhook::verify::{Delivery, Limits as Verifying, Verifier};
use platform_server::billing::api::tokens::{CustomerKey, InternalToken};
use platform_server::billing::api::{self, BillingApi};
use platform_server::billing::ports::NoAnswer;
use platform_server::billing::store::{SqliteStore, StoreOptions};
use platform_server::http_server::{self, Limits};
use rehearsal::host;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::Instant;

const SECRET: &str = "whsec_of_the_benchmark";
/// Connections that each wait for their answer.
const CONNECTIONS: u64 = 256;
/// Rounds; each figure is the middle one.
const ROUNDS: usize = 3;
/// Units in flight where the tables stand alone.
const IN_FLIGHT: usize = 512;
/// Share of the lesser of the two parts that is asked for.
const SHARE: f64 = 0.5;
/// Longest wait at 70 % of the rate, in milliseconds.
const ACKNOWLEDGED_MS_P99: f64 = 50.0;

type Client = Connections<HttpConnector, Full<Bytes>>;

pub(crate) fn run(quick: bool) {
    let span = Duration::from_millis(if quick { 300 } else { 6_000 });
    let folder = tempfile::tempdir().expect("a folder");
    say(&format!("fdatasync of 4 KiB: {} a second", whole(flushes(folder.path(), span / 3))));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    runtime.block_on(measure(folder.path(), span));
}

/// Flushes a second that the disk does one after the other.
fn flushes(folder: &Path, span: Duration) -> f64 {
    let mut file = File::create(folder.join("flushes")).expect("a file");
    let began = Instant::now();
    let mut count = 0_u32;
    while began.elapsed() < span {
        file.write_all(&[7; 4_096]).expect("room");
        file.sync_data().expect("a disk");
        count += 1;
    }
    f64::from(count) / began.elapsed().as_secs_f64()
}

async fn measure(folder: &Path, span: Duration) {
    let ids = Arc::new(AtomicU64::new(0));
    let store = opened(&folder.join("billing.sqlite")).await;
    let (address, bare_address) = (served(routes(store)).await, served(bare_routes()).await);
    // In turn, so that whatever else the machine does meets all three.
    let (mut alone, mut bare, mut whole_way) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        alone.push(tables_alone(&folder.join(format!("alone-{round}.sqlite")), span / 2, &ids).await);
        bare.push(closed_loop(bare_address, span / 2, &ids).await);
        whole_way.push(closed_loop(address, span / 2, &ids).await);
    }
    let (alone, bare, whole_way) = (median(&alone), median(&bare), median(&whole_way));
    let least = alone.min(bare);
    let mut table = Table::new(&["webhooks a second", "rate"]);
    table.row("verified and stored, through HTTP", [whole(whole_way)]);
    table.row("verified only, through HTTP", [whole(bare)]);
    table.row("the shipped tables alone, best batches", [whole(alone)]);
    say(&table.text());
    let ratio = whole_way / least;
    let word = if ratio >= SHARE { "met" } else { "MISSED" };
    say(&format!("share of the lesser part: {ratio:.2} (at least {SHARE}: {word})"));
    let (p50, p99) = open_loop(address, 0.7 * whole_way, span, &ids).await;
    say(&format!(
        "acknowledged at 70 % of the rate: p50 {p50:.1} ms, p99 {p99:.1} ms ({})",
        bound(p99, ACKNOWLEDGED_MS_P99)
    ));
}

pub(crate) async fn opened(path: &Path) -> Arc<SqliteStore> {
    let options = StoreOptions { path: path.to_path_buf(), durable: true };
    Arc::new(SqliteStore::open(&options, BTreeMap::new()).await.expect("a database"))
}

pub(crate) fn endpoint() -> Endpoint {
    let verifier = Verifier::stripe(&[SECRET], Verifying::default()).expect("a secret");
    Endpoint { sender: Sender::Stripe, verifier, livemode: true }
}

pub(crate) fn routes(store: Arc<SqliteStore>) -> Router {
    api::router(Arc::new(BillingApi {
        store,
        endpoints: BTreeMap::from([("stripe".to_owned(), endpoint())]),
        clock: Arc::new(host::unix_time),
        customers: CustomerKey::new(&[7; 32]).expect("long enough"),
        internal: InternalToken::new("token of the benchmark").expect("long enough"),
        ask: Arc::new(|_| Box::pin(async { Err(NoAnswer::TimedOut) })),
        refusals: Mutex::new(Refusals::default()),
    }))
}

/// The same route up to the store.
fn bare_routes() -> Router {
    let endpoint = Arc::new(endpoint());
    let verify = move |request: axum::extract::Request| {
        let endpoint = Arc::clone(&endpoint);
        async move {
            let (head, body) = request.into_parts();
            let body = to_bytes(body, 1 << 20).await.expect("small");
            let headers: Vec<(&str, &[u8])> =
                head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
            let taken = endpoint.take_in(&Delivery { headers: &headers, body: &body }, host::unix_time());
            axum::Json(json!({"received": taken.is_ok()}))
        }
    };
    Router::new().route("/v1/webhooks/stripe", post(verify))
}

pub(crate) async fn served(router: Router) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(http_server::serve(listener, router, Limits::default(), std::future::pending()));
    address
}

pub(crate) fn webhook(n: u64) -> (String, String) {
    let now = host::unix_time();
    let event = Event {
        id: format!("evt_{n}"),
        event_type: "payment_intent.succeeded".to_owned(),
        created: now,
        livemode: true,
        object: json!({
            "id": format!("pi_{n}"), "object": "payment_intent", "amount": 999, "currency": "usd",
            "customer": "c_1", "status": "succeeded", "metadata": {"subscription": "sub_1", "attempt": "sub_1-in-1:1"},
        }),
    };
    let body = event.body(1);
    (sign(SECRET, now, body.as_bytes()), body)
}

fn client() -> Client {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Connections::builder(TokioExecutor::new()).build(connector)
}

async fn send(client: &Client, address: SocketAddr, n: u64) -> bool {
    let (signature, body) = webhook(n);
    let request = hyper::Request::post(format!("http://{address}/v1/webhooks/stripe"))
        .header("stripe-signature", signature)
        .body(Full::new(Bytes::from(body)))
        .expect("a request");
    client.request(request).await.is_ok_and(|response| response.status().is_success())
}

async fn closed_loop(address: SocketAddr, span: Duration, ids: &Arc<AtomicU64>) -> f64 {
    let client = client();
    let began = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (client, ids) = (client.clone(), Arc::clone(ids));
        running.spawn(async move {
            let mut done = 0_u32;
            while began.elapsed() < span {
                done += u32::from(send(&client, address, ids.fetch_add(1, Ordering::Relaxed)).await);
            }
            done
        });
    }
    let done: u32 = running.join_all().await.into_iter().sum();
    f64::from(done) / began.elapsed().as_secs_f64()
}

/// Waits for an answer, in milliseconds from when each was due: median and 99th percentile. Over as many connections as the closed
/// loop has; who is due while all of them wait, waits too, and that counts.
pub(crate) async fn open_loop(
    address: SocketAddr,
    rate: f64,
    span: Duration,
    ids: &Arc<AtomicU64>,
) -> (f64, f64) {
    let client = client();
    let count = (rate * span.as_secs_f64()).max(1.0) as u32;
    let began = Instant::now();
    let next = Arc::new(AtomicU32::new(0));
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (client, ids, next) = (client.clone(), Arc::clone(ids), Arc::clone(&next));
        running.spawn(async move {
            let mut waits = Vec::new();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= count {
                    return waits;
                }
                let due = began + span.mul_f64(f64::from(n) / f64::from(count));
                tokio::time::sleep_until(due).await;
                let taken = send(&client, address, ids.fetch_add(1, Ordering::Relaxed)).await;
                let waited = due.elapsed().as_secs_f64() * 1e3;
                // One that was not taken has waited for ever.
                waits.push(if taken { waited } else { f64::INFINITY });
            }
        });
    }
    let mut waits = running.join_all().await.concat();
    waits.sort_by(f64::total_cmp);
    (waits[waits.len() / 2], waits[waits.len() * 99 / 100])
}

/// The tables without HTTP or verification: so many units in flight that batches are as full as they can be.
async fn tables_alone(path: &Path, span: Duration, ids: &Arc<AtomicU64>) -> f64 {
    let store = opened(path).await;
    let endpoint = endpoint();
    let now = host::unix_time();
    let began = Instant::now();
    let mut spent_on_making = Duration::ZERO;
    let mut done = 0_usize;
    while began.elapsed() < span {
        let making = Instant::now();
        let intakes: Vec<_> = (0..IN_FLIGHT)
            .map(|_| {
                let (signature, body) = webhook(ids.fetch_add(1, Ordering::Relaxed));
                let headers: [(&str, &[u8]); 1] = [("stripe-signature", signature.as_bytes())];
                endpoint
                    .take_in(&Delivery { headers: &headers, body: body.as_bytes() }, now)
                    .expect("genuine")
            })
            .collect();
        spent_on_making += making.elapsed();
        let mut running = tokio::task::JoinSet::new();
        for intake in intakes {
            let store = Arc::clone(&store);
            running.spawn(async move { store.receive(intake, now).await.expect("stored") });
        }
        done += running.join_all().await.len();
    }
    done as f64 / (began.elapsed() - spent_on_making).as_secs_f64()
}
