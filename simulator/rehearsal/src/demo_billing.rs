//! The billing of `serve`: the platform's routes and jobs over a database of its own, with demo subscribers and a provider in this
//! process that behaves by seed.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use actors::provider::Provider;
use actors::provider::api::{Outcome, Request};
use actors::provider::script::{Behaviour, Script};
use actors::provider::webhooks::{Event, sign};
use axum::Router;
use axum::body::Body;
use axum::http;
use platform_core::subscription::calendar::{Interval, Zone};
use platform_core::subscription::decide::begin::TakenOver;
use platform_core::subscription::jobs::{Seam, Stopped};
use platform_core::subscription::rows::{Customer, EndOfDunning, Notice, Owner, Plan};
use platform_core::subscription::store::Store;
use platform_core::webhook::event::Sender;
use platform_core::webhook::intake::Endpoint;
use platform_core::webhook::refusals::Refusals;
use platform_core::webhook::verify::{Limits, Verifier};
use platform_server::billing::api::tokens::{CustomerKey, InternalToken};
use platform_server::billing::api::{self, BillingApi};
use platform_server::billing::notices::Poster;
use platform_server::billing::ports::{NoAnswer, Outside};
use platform_server::billing::provider::{ApiRequest, ApiResponse};
use platform_server::billing::runner::{self, Drain};
use platform_server::billing::store::{SqliteStore, StoreOptions};
use smol_str::SmolStr;
use tower::ServiceExt;
use units::draws::{Draws, Purpose};
use units::{Currency, Micros, Money, Seed, Timestamp};

use crate::failure::Failure;
use crate::host;

/// How the demo is set up.
#[derive(Clone)]
pub struct Setup {
    /// The database; made and filled if it is not there.
    pub path: PathBuf,
    /// Subscribers that a new database is filled with.
    pub subscribers: u32,
    /// The provider's behaviour.
    pub seed: u64,
    /// Where notices are posted, and the secret that they are signed with; nowhere if not said.
    pub notices: Option<(String, Vec<u8>)>,
    /// What support shows.
    pub internal_token: String,
    /// Secret of the webhook endpoint.
    pub webhook_secret: String,
}

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Most of the rest is secret.
        f.debug_struct("Setup").field("path", &self.path).finish_non_exhaustive()
    }
}

/// A running demo.
pub struct Demo {
    /// Its routes.
    pub routes: Router,
    /// A token of the first subscriber's, good for a day.
    pub customer_token: String,
    drain: Drain,
    jobs: std::thread::JoinHandle<()>,
}

impl std::fmt::Debug for Demo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Demo(..)")
    }
}

const DAY: Micros = Micros::from_mins(24 * 60);

impl Demo {
    /// Opens or fills the database, and starts the jobs.
    ///
    /// # Errors
    /// [`Failure`] that says what to do next.
    pub async fn start(setup: Setup) -> Result<Self, Failure> {
        let cannot = |error: &dyn std::fmt::Display| Failure::cannot_judge(error.to_string());
        let plans = plans().map_err(|error| Failure::bug(error.to_string()))?;
        let options = StoreOptions { path: setup.path.clone(), durable: true };
        let store = SqliteStore::open(&options, plans.clone()).await.map_err(|error| cannot(&error))?;
        let store = Arc::new(store);
        fill(&store, &plans, setup.subscribers).await.map_err(|error| cannot(&error))?;
        // Its books begin with this run, the database may be older: no payment may be named like one of a run before.
        let names = format!("{}_", hex(&random_key().map_err(|error| cannot(&error))?[..6]));
        let provider = Arc::new(Mutex::new(Provider::named(names)));
        let customers = CustomerKey::new(&random_key().map_err(|error| cannot(&error))?)
            .ok_or_else(|| Failure::bug("a short key".to_owned()))?;
        let customer_token = customers.sign("c_1", host::unix_time().saturating_add(DAY));
        let routes = routes(&setup, &store, &provider, customers)?;
        let poster = match &setup.notices {
            Some((address, secret)) => {
                Some(Poster::new(address, secret).map_err(|error| Failure::usage(error.to_string()))?)
            }
            None => None,
        };
        let outside = DemoOutside {
            provider,
            behaviour: Behaviour::default(),
            draws: Draws::new(Seed(setup.seed), Purpose::PaymentProvider),
            calls: AtomicU64::new(0),
            webhooks: routes.clone(),
            secret: setup.webhook_secret,
            poster,
        };
        let drain = Drain::default();
        let jobs = jobs(store, outside, drain.clone()).map_err(|error| cannot(&error))?;
        Ok(Self { routes, customer_token, drain, jobs })
    }

    /// Lets what runs finish and begins nothing new.
    ///
    /// # Errors
    /// [`Failure`] if the jobs had died.
    pub fn stop(self) -> Result<(), Failure> {
        self.drain.begin();
        self.jobs.join().map_err(|_| Failure::bug("the billing jobs died".to_owned()))
    }
}

/// Bytes of the system's generator; what they sign is of no use after this run.
///
/// # Errors
/// The system has no random bytes.
pub fn random_key() -> std::io::Result<[u8; 32]> {
    let mut key = [0; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut key)?;
    Ok(key)
}

/// Bytes as text, two digits each.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn plans() -> Result<BTreeMap<SmolStr, Plan>, units::money::MoneyError> {
    let currency = Currency::from_code("EUR")?;
    let plan = |name: &str, cents: i64| {
        let plan = Plan {
            name: name.into(),
            price: Money::new(cents, currency),
            interval: Interval::Months(1),
            end: EndOfDunning::Canceled,
            refund_on_cancel: false,
        };
        (SmolStr::from(name), plan)
    };
    Ok([plan("basic", 799), plan("standard", 1_299), plan("premium", 1_799)].into())
}

/// Subscribers whose periods end one after the other from now on, so that there is something to see.
async fn fill(
    store: &SqliteStore,
    plans: &BTreeMap<SmolStr, Plan>,
    subscribers: u32,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    if store.account("sub_1").await?.is_some() {
        return Ok(());
    }
    let now = host::unix_time();
    let month = Micros(31 * DAY.0);
    for n in 1..=subscribers {
        let plan = plans.values().nth(usize::try_from(n).unwrap_or(0) % plans.len()).ok_or("no plan")?;
        let taken = TakenOver {
            id: format!("sub_{n}").into(),
            customer: Customer { id: format!("c_{n}").into(), card: Some(format!("card_{n}").into()) },
            owner: Owner::Platform,
            plan: plan.clone(),
            zone: Zone::UTC,
            // The first ones are due within the minute; a period has at least 28 days.
            anchor: Timestamp(now.0 - month.0 + u64::from(n) * 10_000_000),
            trial_end: None,
        };
        store.take_over(taken, now).await?;
    }
    Ok(())
}

fn routes(
    setup: &Setup,
    store: &Arc<SqliteStore>,
    provider: &Arc<Mutex<Provider>>,
    customers: CustomerKey,
) -> Result<Router, Failure> {
    let verifier = Verifier::stripe(std::slice::from_ref(&setup.webhook_secret), Limits::default())
        .map_err(|error| Failure::usage(error.to_string()))?;
    let internal = InternalToken::new(&setup.internal_token).ok_or_else(|| {
        Failure::usage("REHEARSAL_INTERNAL_TOKEN has fewer than 16 bytes".to_owned())
            .hint("set a longer one, or none for one made for this run")
    })?;
    let asked = Arc::clone(provider);
    Ok(api::routes(Arc::new(BillingApi {
        store: Arc::clone(store),
        endpoints: BTreeMap::from([(
            "stripe".to_owned(),
            Endpoint { sender: Sender::Stripe, verifier, livemode: true },
        )]),
        clock: Arc::new(host::unix_time),
        customers,
        internal,
        ask: Arc::new(move |request| {
            let outcome = handle(&asked, &request);
            Box::pin(async move { answer_of(outcome).map(|(response, _)| response) })
        }),
        refusals: Mutex::new(Refusals::default()),
    })))
}

fn handle(provider: &Mutex<Provider>, request: &ApiRequest) -> Outcome {
    let request = Request {
        method: request.method,
        path: &request.path,
        params: &request.params,
        idempotency_key: request.idempotency_key.as_deref(),
    };
    provider.lock().unwrap_or_else(PoisonError::into_inner).handle(request, host::unix_time())
}

fn answer_of(outcome: Outcome) -> Result<(ApiResponse, Micros), NoAnswer> {
    match outcome {
        Outcome::Answered { response, delay } => {
            Ok((ApiResponse { status: response.status, body: response.body }, delay))
        }
        Outcome::TimedOut => Err(NoAnswer::TimedOut),
    }
}

/// The world outside the demo.
struct DemoOutside {
    provider: Arc<Mutex<Provider>>,
    behaviour: Behaviour,
    draws: Draws,
    calls: AtomicU64,
    webhooks: Router,
    secret: String,
    poster: Option<Poster>,
}

impl DemoOutside {
    /// Tells the platform what happened to the newest payment, as a provider does.
    async fn tell(&self) {
        let event = {
            let provider = self.provider.lock().unwrap_or_else(PoisonError::into_inner);
            provider.books.payments.last().map(|payment| Event {
                id: format!("evt_{}", payment.id),
                event_type: if payment.is_captured() {
                    "payment_intent.succeeded".to_owned()
                } else {
                    "payment_intent.payment_failed".to_owned()
                },
                created: payment.created,
                livemode: true,
                object: payment.shown(),
            })
        };
        let Some(event) = event else { return };
        let body = event.body(1);
        let signature = sign(&self.secret, host::unix_time(), body.as_bytes());
        let request = http::Request::post("/v1/webhooks/stripe").header("stripe-signature", signature);
        if let Ok(request) = request.body(Body::from(body)) {
            // A duplicate is answered like the first.
            drop(self.webhooks.clone().oneshot(request).await);
        }
    }
}

impl Outside for DemoOutside {
    fn now(&self) -> Timestamp {
        host::unix_time()
    }

    async fn send(&self, request: ApiRequest) -> Result<ApiResponse, NoAnswer> {
        let is_charge = request.method == "POST" && request.path == "/v1/payment_intents";
        if is_charge {
            let reply = self.behaviour.reply(self.draws, self.calls.fetch_add(1, Ordering::Relaxed));
            let mut provider = self.provider.lock().unwrap_or_else(PoisonError::into_inner);
            provider.charges = Script::new([reply], false);
        }
        let outcome = handle(&self.provider, &request);
        if is_charge {
            self.tell().await;
        }
        let (response, delay) = answer_of(outcome)?;
        tokio::time::sleep(std::time::Duration::from_micros(delay.0)).await;
        Ok(response)
    }

    async fn post(&self, notice: &Notice) -> Result<bool, Stopped> {
        match &self.poster {
            Some(poster) => Ok(poster.post(notice, host::unix_time()).await),
            // Nobody subscribed.
            None => Ok(true),
        }
    }

    async fn seam(&self, _seam: Seam) -> Result<(), Stopped> {
        Ok(())
    }
}

/// The jobs in a thread of their own: what they hold between two steps need not be shared.
fn jobs(
    store: Arc<SqliteStore>,
    outside: DemoOutside,
    drain: Drain,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new()
        .name("billing-jobs".to_owned())
        .spawn(move || runtime.block_on(runner::run(&store, &outside, &drain)))
}
