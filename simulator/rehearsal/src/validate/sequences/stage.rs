//! The stage of one sequence: the platform over a database of its own, the provider, one clock.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actors::provider::Provider;
use actors::provider::api::{Outcome, Request};
use actors::provider::books::Mirror;
use actors::provider::webhooks::Shares;
use axum::Router;
use platform_core::subscription::calendar::{Calendar, Interval, Period, Zone};
use platform_core::subscription::decide::begin::TakenOver;
use platform_core::subscription::rows::{Customer, EndOfDunning, Owner, Plan};
use platform_core::subscription::store::Store;
use platform_core::webhook::event::Sender;
use platform_core::webhook::intake::Endpoint;
use platform_core::webhook::refusals::Refusals;
use platform_core::webhook::verify::{Limits, Verifier};
use platform_server::billing::api::tokens::{CustomerKey, InternalToken};
use platform_server::billing::api::{self, BillingApi};
use platform_server::billing::ports::NoAnswer;
use platform_server::billing::provider::{ApiRequest, ApiResponse};
use platform_server::billing::store::{SqliteStore, StoreOptions};
use serde_json::Value;
use smol_str::{SmolStr, format_smolstr};
use units::{Currency, Money, Timestamp};

use super::format::{Given, GivenOwner, GivenProvider, GivenStatus, ObjectName};
use super::script;
use super::turns::{Order, Turns};

/// Secret of our endpoint at the provider.
pub(super) const SECRET: &str = "whsec_of_the_sequences";

/// A secret that we do not have.
pub(super) const FOREIGN_SECRET: &str = "whsec_of_somebody_else";

/// A payment in the provider's account that has nothing to do with us.
pub(super) const FOREIGN_PAYMENT: &str = "pi_of_somebody_else";

/// What support shows.
pub(super) const INTERNAL: &str = "token of the sequences";

/// What the sequence did that only the runner sees.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Answers by label: the status, or nothing.
    pub(super) answers: BTreeMap<String, Vec<Option<u16>>>,
    /// Answers marked as repeated, by label.
    pub(super) replayed: BTreeMap<String, u64>,
    /// Rows that a labelled step changed.
    pub(super) effects: BTreeMap<String, u64>,
    /// Deliveries by what became of them at once.
    pub(super) duplicate: u64,
    pub(super) conflict: u64,
    pub(super) rejected: u64,
    /// Notices posted, as (id, kind), repeats included.
    pub(super) posted: Vec<(String, String)>,
    /// Problems of the platform's that no expectation names, such as a 4xx without problem details.
    pub(super) offences: Vec<String>,
}

/// What the provider sends by itself.
#[derive(Debug, Default)]
pub(super) struct OwnEvents {
    pub(super) shares: Option<(String, Shares)>,
    /// Events made so far.
    pub(super) made: u64,
    /// Payments that events were made for.
    pub(super) up_to: usize,
    /// Late ones, as (when, ordinal, payment).
    pub(super) late: Vec<(Timestamp, u64, String)>,
}

/// The platform's process.
pub(super) struct Process {
    pub(super) store: Arc<SqliteStore>,
    pub(super) router: Router,
}

/// Everything.
pub(super) struct Stage<'a> {
    pub(super) given: &'a Given,
    pub(super) turns: Turns,
    pub(super) provider: Arc<Mutex<Provider>>,
    pub(super) process: RefCell<Option<Process>>,
    pub(super) seen: RefCell<Seen>,
    pub(super) own_events: RefCell<OwnEvents>,
    /// The time that the last `at` or `advance` set.
    pub(super) set_to: Cell<Timestamp>,
    pub(super) keys: Cell<u32>,
    /// Processes that were killed: work that began before the last of them died with it.
    pub(super) killed: Cell<u32>,
    /// Processes that have ended, killed or in good order: work that began before begins nothing new.
    pub(super) ended: Cell<u32>,
    /// Objects of events as they stood when the provider made them, by event id.
    pub(super) made: RefCell<BTreeMap<(String, ObjectName), Value>>,
    /// Start of the first period by subscription, as given.
    pub(super) firsts: RefCell<BTreeMap<String, Timestamp>>,
    clock: Arc<AtomicU64>,
    pub(super) key: CustomerKey,
    plans: BTreeMap<SmolStr, Plan>,
    /// Price of a period of the given plan.
    pub(super) price: Money,
    folder: tempfile::TempDir,
}

/// Why a sequence cannot be set up.
pub(super) type Wrong = String;

impl<'a> Stage<'a> {
    /// Sets the stage for one interleaving.
    pub(super) fn set(given: &'a Given, order: Order) -> Result<Self, Wrong> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let key = CustomerKey::new(&[7; 32]).ok_or("the key is long enough")?;
        let plans = plans(given)?;
        let price = plans.get(given.plan.as_str()).ok_or("the plan is given")?.price;
        let stage = Self {
            given,
            turns: Turns::new(order),
            provider: Arc::default(),
            process: RefCell::new(None),
            seen: RefCell::default(),
            own_events: RefCell::default(),
            set_to: Cell::new(given.now.0),
            keys: Cell::new(0),
            killed: Cell::new(0),
            ended: Cell::new(0),
            made: RefCell::default(),
            firsts: RefCell::default(),
            clock: Arc::new(AtomicU64::new(given.now.0.0)),
            key,
            plans,
            price,
            folder,
        };
        stage.start()?;
        stage.fill()?;
        Ok(stage)
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp(self.clock.load(Ordering::SeqCst))
    }

    pub(super) fn set_clock(&self, now: Timestamp) {
        self.clock.store(now.0, Ordering::SeqCst);
    }

    pub(super) fn provider(&self) -> MutexGuard<'_, Provider> {
        self.provider.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("billing.sqlite")
    }

    fn open(&self) -> Result<Arc<SqliteStore>, Wrong> {
        let options = StoreOptions { path: self.path(), durable: false };
        let opened = self.turns.alone(SqliteStore::open(&options, self.plans.clone()));
        opened.map(Arc::new).map_err(|error| error.to_string())
    }

    /// Starts the process on the same database.
    pub(super) fn start(&self) -> Result<(), Wrong> {
        let store = self.open()?;
        let clock = Arc::clone(&self.clock);
        let verifier = Verifier::stripe(&[SECRET], Limits::default()).map_err(|error| error.to_string())?;
        let provider = Arc::clone(&self.provider);
        let asked_at = Arc::clone(&self.clock);
        let router = api::router(Arc::new(BillingApi {
            store: Arc::clone(&store),
            endpoints: BTreeMap::from([(
                "stripe".to_owned(),
                Endpoint { sender: Sender::Stripe, verifier, livemode: true },
            )]),
            clock: Arc::new(move || Timestamp(clock.load(Ordering::SeqCst))),
            customers: self.key.clone(),
            internal: InternalToken::new(INTERNAL).ok_or("the token is long enough")?,
            ask: Arc::new(move |request| {
                let now = Timestamp(asked_at.load(Ordering::SeqCst));
                let outcome = handle(&provider, &request, now);
                Box::pin(async move {
                    match outcome {
                        Outcome::Answered { response, .. } => {
                            Ok(ApiResponse { status: response.status, body: response.body })
                        }
                        Outcome::TimedOut => Err(NoAnswer::TimedOut),
                    }
                })
            }),
            refusals: Mutex::new(Refusals::default()),
        }));
        *self.process.borrow_mut() = Some(Process { store, router });
        Ok(())
    }

    /// Ends the process in good order: work under way is finished, nothing new begins. The database stays.
    pub(super) fn stop(&self) {
        self.ended.set(self.ended.get() + 1);
        *self.process.borrow_mut() = None;
    }

    /// Kills the process: work under way goes no further than where it is.
    pub(super) fn kill(&self) {
        self.killed.set(self.killed.get() + 1);
        self.stop();
    }

    /// The store to look at: that of the process, or the database itself where the process is down.
    pub(super) fn to_read(&self) -> Result<Arc<SqliteStore>, Wrong> {
        self.store().map_or_else(|| self.open(), Ok)
    }

    pub(super) fn store(&self) -> Option<Arc<SqliteStore>> {
        self.process.borrow().as_ref().map(|process| Arc::clone(&process.store))
    }

    pub(super) fn router(&self) -> Option<Router> {
        self.process.borrow().as_ref().map(|process| process.router.clone())
    }

    /// What is given: subscriptions of ours, or of the provider's.
    fn fill(&self) -> Result<(), Wrong> {
        let given = self.given;
        if let Some(raw) = &given.provider_script {
            self.provider().charges = script::of(&raw.replies, raw.cycle)?;
        }
        let plan = self.plans.get(given.plan.as_str()).cloned().ok_or("the plan is given")?;
        let zone = Zone::named(&given.zone).map_err(|error| error.to_string())?;
        let count = given.subscriptions.unwrap_or(u32::from(given.status != GivenStatus::None));
        if given.status == GivenStatus::None {
            if given.owner == GivenOwner::Provider && count == 0 {
                let now = given.now.0;
                let period = Calendar::new(now, plan.interval, zone).and_then(|calendar| calendar.period(0));
                let period = period.map_err(|error| error.to_string())?;
                self.own("sub_1", "c_1", ("active", period));
            }
            return Ok(());
        }
        let anchor = given.anchor.ok_or("`anchor` is needed where there is a subscription")?.0;
        let store = self.store().ok_or("the process runs")?;
        for n in 1..=count {
            let id = format!("sub_{n}");
            let customer = Customer { id: format!("c_{n}").into(), card: self.card_of(n, count) };
            let owner = match given.owner {
                GivenOwner::Platform => Owner::Platform,
                GivenOwner::Provider => Owner::Provider,
            };
            let taken = TakenOver {
                id: id.clone().into(),
                customer: customer.clone(),
                owner,
                plan: plan.clone(),
                zone: zone.clone(),
                anchor,
                trial_end: (given.status == GivenStatus::Trialing)
                    .then_some(given.trial_end)
                    .flatten()
                    .map(|end| end.0),
            };
            let made = self.turns.alone(store.take_over(taken, given.now.0));
            made.map_err(|error| error.to_string())?;
            let made = self.turns.alone(store.account(&id)).map_err(|error| error.to_string())?;
            let row = made.ok_or("what was taken over is there")?.subscription;
            self.firsts.borrow_mut().insert(id.clone(), row.period.start);
            if owner == Owner::Provider {
                self.own(&id, &customer.id, (row.status.name(), row.period));
            }
        }
        Ok(())
    }

    fn own(&self, id: &str, customer: &str, (status, period): (&str, Period)) {
        self.provider().own(Mirror {
            id: id.to_owned(),
            customer: customer.to_owned(),
            plan: self.given.plan.clone(),
            status: status.to_owned(),
            period_start: period.start,
            period_end: period.end,
        });
    }

    fn card_of(&self, n: u32, count: u32) -> Option<SmolStr> {
        let card = self.given.card.as_ref()?;
        let same = count == 1 || self.given.shared_card;
        Some(if same { card.into() } else { format_smolstr!("card_{n}") })
    }

    pub(super) fn is_stripe(given: &Given) -> bool {
        given.provider == GivenProvider::Stripe
    }
}

/// Lets the provider act on a request of the platform's.
pub(super) fn handle(provider: &Mutex<Provider>, request: &ApiRequest, now: Timestamp) -> Outcome {
    let request = Request {
        method: request.method,
        path: &request.path,
        params: &request.params,
        idempotency_key: request.idempotency_key.as_deref(),
    };
    provider.lock().unwrap_or_else(PoisonError::into_inner).handle(request, now)
}

fn plans(given: &Given) -> Result<BTreeMap<SmolStr, Plan>, Wrong> {
    let currency = Currency::from_code(&given.currency).map_err(|error| error.to_string())?;
    let price = match (given.price, &given.price_decimal) {
        (Some(minor_units), None) => Money::new(minor_units, currency),
        (None, Some(text)) => Money::from_decimal(text, currency).map_err(|error| error.to_string())?,
        _ => return Err("one of `price` and `price_decimal` is needed".to_owned()),
    };
    let interval = interval(&given.interval)?;
    let plan = |name: &String, price: Money| {
        let plan =
            Plan { name: name.into(), price, interval, end: EndOfDunning::Canceled, refund_on_cancel: false };
        (SmolStr::from(name), plan)
    };
    let others = given.other_plans.iter().map(|(name, price)| plan(name, Money::new(*price, currency)));
    Ok(others.chain([plan(&given.plan, price)]).collect())
}

fn interval(text: &str) -> Result<Interval, Wrong> {
    let wrong = || format!("`{text}` is no interval in days, months or years");
    let rest = text.strip_prefix('P').ok_or_else(wrong)?;
    let (count, unit) = rest.split_at_checked(rest.len().saturating_sub(1)).ok_or_else(wrong)?;
    let count: u16 = count.parse().map_err(|_| wrong())?;
    match unit {
        _ if count == 0 => Err(wrong()),
        "D" => Ok(Interval::Days(count)),
        "M" => Ok(Interval::Months(count)),
        "Y" => Ok(Interval::Years(count)),
        _ => Err(wrong()),
    }
}
