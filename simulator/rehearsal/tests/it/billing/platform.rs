//! The process under test: a database of its own, the routes over it, one clock.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, Request, header};
use platform_core::subscription::books::Books;
use platform_core::subscription::rows::Plan;
use platform_core::webhook::intake::Endpoint;
use platform_core::webhook::refusals::Refusals;
use platform_server::billing::api::tokens::{CustomerKey, InternalToken};
use platform_server::billing::api::{BillingApi, router};
use platform_server::billing::ports::NoAnswer;
use platform_server::billing::store::{SqliteStore, StoreOptions};
use serde_json::Value;
use smol_str::SmolStr;
use tower::ServiceExt;
use units::{Micros, Timestamp};

/// What support shows.
pub(super) const INTERNAL: &str = "token of these tests";

/// Most that is read of an answer, in bytes.
const ANSWER_BYTES_MAX: usize = 1 << 20;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future to its end; the thread sleeps while it waits. May be called while another waits further up.
pub(super) fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
}

/// Its answer.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) body: Value,
}

/// What stays over a restart, and what does not.
pub(super) struct Platform {
    folder: tempfile::TempDir,
    clock: Arc<AtomicU64>,
    plans: BTreeMap<SmolStr, Plan>,
    endpoint: Endpoint,
    key: CustomerKey,
    running: RefCell<Option<(Arc<BillingApi>, Router)>>,
}

impl Platform {
    /// A process over a new database.
    pub(super) fn start(plans: BTreeMap<SmolStr, Plan>, endpoint: Endpoint, now: Timestamp) -> Self {
        let platform = Self {
            folder: tempfile::tempdir().expect("a folder"),
            clock: Arc::new(AtomicU64::new(now.0)),
            plans,
            endpoint,
            key: CustomerKey::new(&[7; 32]).expect("long enough"),
            running: RefCell::new(None),
        };
        platform.restart();
        platform
    }

    /// Loses what is in memory, and starts again on the same file.
    pub(super) fn restart(&self) {
        drop(self.running.take());
        let options = StoreOptions { path: self.path(), durable: false };
        let store = wait(SqliteStore::open(&options, self.plans.clone())).expect("our own file");
        let clock = Arc::clone(&self.clock);
        let api = BillingApi {
            store: Arc::new(store),
            endpoints: BTreeMap::from([("stripe".to_owned(), self.endpoint.clone())]),
            clock: Arc::new(move || Timestamp(clock.load(Ordering::SeqCst))),
            customers: self.key.clone(),
            internal: InternalToken::new(INTERNAL).expect("long enough"),
            ask: Arc::new(|_| Box::pin(async { Err(NoAnswer::TimedOut) })),
            refusals: Mutex::new(Refusals::default()),
        };
        let api = Arc::new(api);
        *self.running.borrow_mut() = Some((Arc::clone(&api), router(api)));
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("billing.sqlite")
    }

    pub(super) fn api(&self) -> Arc<BillingApi> {
        Arc::clone(&self.running.borrow().as_ref().expect("the process runs").0)
    }

    pub(super) fn store(&self) -> Arc<SqliteStore> {
        Arc::clone(&self.api().store)
    }

    pub(super) fn books(&self) -> Books {
        wait(self.store().books()).expect("our own rows")
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp(self.clock.load(Ordering::SeqCst))
    }

    pub(super) fn set_clock(&self, now: Timestamp) {
        self.clock.store(now.0, Ordering::SeqCst);
    }

    /// The header that says that a customer asks.
    pub(super) fn of_customer(&self, customer: &str) -> (String, Vec<u8>) {
        let token = self.key.sign(customer, self.now().saturating_add(Micros::from_mins(60)));
        ("authorization".to_owned(), format!("Bearer {token}").into_bytes())
    }

    /// Sends a request through the routes.
    pub(super) fn send(&self, sent: &Sent) -> Answer {
        let mut request = Request::builder().method(sent.method).uri(&sent.path);
        for (name, value) in &sent.headers {
            request = request.header(name, HeaderValue::from_bytes(value).expect("a header"));
        }
        let request = request.body(Body::from(sent.body.clone())).expect("a request");
        let router = self.running.borrow().as_ref().expect("the process runs").1.clone();
        wait(async {
            let Ok(response) = router.oneshot(request).await;
            let content_type = response.headers().get(header::CONTENT_TYPE);
            let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
            let (status, content_type) = (response.status().as_u16(), content_type.to_owned());
            let body = to_bytes(response.into_body(), ANSWER_BYTES_MAX).await.expect("a short answer");
            let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
            Answer { status, content_type, body }
        })
    }
}
