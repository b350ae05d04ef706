//! A store under test, and what the suite does to it past its trait.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::Poll;

use platform_core::subscription::account::{Account, Write};
use platform_core::subscription::books::{Books, Memory};
use platform_core::subscription::calendar::{Interval, Zone};
use platform_core::subscription::command::{
    Answer, ChargeRequest, Command, Decision, Effect, PaymentOutcome, PaymentSeen,
};
use platform_core::subscription::decide::begin::TakenOver;
use platform_core::subscription::rows::{Customer, EndOfDunning, Owner, Plan};
use platform_core::subscription::store::{Intake, Store, StoreError};
use platform_core::webhook::event::{ContentHash, Sender};
use platform_core::webhook::inbox::{EventKey, Incoming};
use smol_str::{SmolStr, format_smolstr};
use units::{Currency, Micros, Money, Timestamp};

use super::super::{SqliteStore, StoreOptions, migrate, write};

/// 1 January 2026.
pub(super) const START: Timestamp = Timestamp(1_767_225_600_000_000);

pub(super) fn minutes(count: u64) -> Micros {
    Micros::from_mins(count)
}

pub(super) fn later(count: u64) -> Timestamp {
    START.saturating_add(minutes(count))
}

/// A store, and what the suite does to it past its trait.
pub(super) trait Bed: Sized {
    type Tested: Store;

    fn store(&self) -> &Self::Tested;
    fn take_over(&self, taken: TakenOver) -> impl Future<Output = ()>;
    /// Writes rows that no command would, in one transaction.
    fn put(&self, writes: &[Write]) -> impl Future<Output = Result<(), StoreError>>;
    fn books(&self) -> impl Future<Output = Books>;
    /// Closes the store and opens it again, where that is possible.
    fn reopened(self) -> impl Future<Output = Self>;
}

#[derive(Debug)]
pub(super) struct InMemory(Memory);

impl InMemory {
    pub(super) fn empty() -> Self {
        Self(Memory::new(Books { plans: plans(), ..Books::default() }))
    }
}

impl Bed for InMemory {
    type Tested = Memory;

    fn store(&self) -> &Memory {
        &self.0
    }

    async fn take_over(&self, taken: TakenOver) {
        self.0.with(|books| books.take_over(taken, START)).unwrap();
    }

    async fn put(&self, writes: &[Write]) -> Result<(), StoreError> {
        self.0.with(|books| books.write(writes))
    }

    async fn books(&self) -> Books {
        self.0.books().clone()
    }

    async fn reopened(self) -> Self {
        self
    }
}

#[derive(Debug)]
pub(super) struct InSqlite {
    pub(super) store: SqliteStore,
    folder: tempfile::TempDir,
}

impl InSqlite {
    pub(super) async fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&options(&folder), plans()).await.unwrap();
        Self { store, folder }
    }

    pub(super) fn options(&self) -> StoreOptions {
        options(&self.folder)
    }

    pub(super) fn path(&self) -> PathBuf {
        self.options().path
    }
}

pub(super) fn options(folder: &tempfile::TempDir) -> StoreOptions {
    StoreOptions { path: folder.path().join("billing.sqlite"), durable: false }
}

impl Bed for InSqlite {
    type Tested = SqliteStore;

    fn store(&self) -> &SqliteStore {
        &self.store
    }

    async fn take_over(&self, taken: TakenOver) {
        self.store.take_over(taken, START).await.unwrap();
    }

    async fn put(&self, writes: &[Write]) -> Result<(), StoreError> {
        // A connection of its own: what is to be shown is that the database refuses, whoever writes.
        let mut connection = migrate::connect(&options(&self.folder)).await.unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
        let written = write::all(&mut connection, writes).await;
        let end = if written.is_ok() { "COMMIT" } else { "ROLLBACK" };
        sqlx::query(end).execute(&mut connection).await.unwrap();
        sqlx::Connection::close(connection).await.unwrap();
        written
    }

    async fn books(&self) -> Books {
        self.store.books().await.unwrap()
    }

    async fn reopened(self) -> Self {
        let Self { store, folder } = self;
        drop(store);
        let store = SqliteStore::open(&options(&folder), plans()).await.unwrap();
        Self { store, folder }
    }
}

pub(super) fn euro(minor_units: i64) -> Money {
    Money::new(minor_units, Currency::from_code("EUR").unwrap())
}

pub(super) fn plans() -> BTreeMap<SmolStr, Plan> {
    let plan = Plan {
        name: "basic".into(),
        price: euro(999),
        interval: Interval::Months(1),
        end: EndOfDunning::Canceled,
        refund_on_cancel: false,
    };
    BTreeMap::from([(plan.name.clone(), plan)])
}

/// A subscription of a customer with a card of their own, whose period began at the start.
pub(super) async fn given<B: Bed>(bed: &B, n: u32) -> SmolStr {
    let id = format_smolstr!("sub_{n}");
    bed.take_over(TakenOver {
        id: id.clone(),
        customer: Customer { id: format_smolstr!("c_{n}"), card: Some(format_smolstr!("card_{n}")) },
        owner: Owner::Platform,
        plan: plans().remove("basic").unwrap(),
        zone: Zone::UTC,
        anchor: START,
        trial_end: None,
    })
    .await;
    id
}

pub(super) async fn account<B: Bed>(bed: &B, id: &str) -> Account {
    bed.store().account(id).await.unwrap().unwrap()
}

pub(super) async fn period_end<B: Bed>(bed: &B, id: &str) -> Timestamp {
    account(bed, id).await.subscription.period.end
}

pub(super) async fn act<B: Bed>(bed: &B, id: &str, command: Command, now: Timestamp) -> Decision {
    bed.store().act(id, command, now).await.unwrap()
}

/// Lets time do what is due, which is one charge.
pub(super) async fn charge_due<B: Bed>(bed: &B, id: &str, now: Timestamp) -> ChargeRequest {
    let decision = act(bed, id, Command::Advance, now).await;
    let [Effect::Charge(request)] = &decision.effects[..] else { panic!("{:?}", decision.effects) };
    request.clone()
}

pub(super) fn payment(id: &str, outcome: PaymentOutcome) -> PaymentSeen {
    PaymentSeen { id: id.into(), amount: euro(999), outcome }
}

pub(super) fn answered(request: &ChargeRequest, id: &str, outcome: PaymentOutcome) -> Command {
    Command::Answered { attempt: request.key.clone(), answer: Answer::Payment(payment(id, outcome)) }
}

pub(super) fn event(id: &str, object: &str, created_s: u64) -> Intake {
    Intake {
        incoming: Incoming {
            key: event_key(id),
            content: ContentHash::of_bytes(id.as_bytes()),
            event_type: "payment_intent.succeeded".to_owned(),
            object: Some(object.to_owned()),
            created_s: Some(created_s),
        },
        body: id.as_bytes().to_vec(),
        quarantine: None,
    }
}

pub(super) fn event_key(id: &str) -> EventKey {
    EventKey { sender: Sender::Stripe, account: String::new(), event_id: id.to_owned() }
}

/// Runs futures together until all have ended; what they gave, in order.
pub(super) async fn all<T>(futures: Vec<Pin<Box<dyn Future<Output = T> + '_>>>) -> Vec<T> {
    let mut waiting: Vec<_> = futures.into_iter().map(Some).collect();
    let mut done: Vec<Option<T>> = waiting.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, value) in waiting.iter_mut().zip(&mut done) {
            let ready = future.as_mut().and_then(|future| match future.as_mut().poll(context) {
                Poll::Ready(ready) => Some(ready),
                Poll::Pending => None,
            });
            if let Some(ready) = ready {
                *value = Some(ready);
                *future = None;
            }
        }
        if waiting.iter().all(Option::is_none) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    done.into_iter().map(|value| value.expect("each future has ended")).collect()
}

/// All rows as one text, to tell whether anything changed.
pub(super) async fn dump<B: Bed>(bed: &B) -> String {
    format!("{:#?}", bed.books().await)
}
