//! The jobs of billing: renewals, charges and refunds without a known outcome, stored webhooks, notices.
//!
//! Each is a loop of find, decide and write, call, decide and write, over any store and any provider. Every transaction passes the seam
//! `commit` and every call the seam `call`: there a test counts them, stops the process, or lets somebody in. A job may
//! be stopped at any seam and started again on the same store; it holds nothing in memory that matters.
//!
//! Reading order:
//! - `ports`: what jobs work with, and the seams.
//! - this file: the jobs.

mod ports;

pub use self::ports::{Call, Fetched, LookUp, Point, Ports, Seam, Stopped};

use smol_str::SmolStr;
use std::collections::BTreeSet;
use std::future::Future;

use super::command::{ChargeRequest, Command, Decision, Effect, RefundAnswer, Refusal};
use super::rows::{InvoiceState, Status};
use super::store::{Consequence, Store, StoreError};
use super::view::View;
use crate::webhook::event::Handling;
use crate::webhook::inbox::{EventKey, InboxRow, Settled};

/// Rows that a job looks at before it asks for more.
pub const BATCH: u32 = 100;

/// Notices that are marked as posted in one transaction: a crash repeats at most so many.
pub const POST_BATCH: u32 = 32;

/// Passes of one run over rows that become due again at once, as with a card that was replaced meanwhile.
const PASSES_MAX: u32 = 8;

/// The seam of every transaction.
async fn commit<P: Ports, T>(
    ports: &P,
    point: Point,
    transaction: impl Future<Output = Result<T, StoreError>>,
) -> Result<Result<T, StoreError>, Stopped> {
    ports.seam(Seam::BeforeCommit(point)).await?;
    let written = transaction.await;
    ports.seam(Seam::AfterCommit(point)).await?;
    Ok(written)
}

/// The seam of every call.
async fn call<P: Ports, T>(
    ports: &P,
    what: Call,
    calling: impl Future<Output = Result<T, Stopped>>,
) -> Result<T, Stopped> {
    ports.seam(Seam::BeforeCall(what)).await?;
    let answer = calling.await?;
    ports.seam(Seam::AfterCall(what)).await?;
    Ok(answer)
}

/// Lets a subscription decide, and notes what went wrong.
async fn act<P: Ports>(
    ports: &P,
    point: Point,
    subscription: &str,
    command: Command,
) -> Result<Decision, Stopped> {
    let acting = ports.store().act(subscription, command, ports.now());
    Ok(commit(ports, point, acting).await?.unwrap_or_else(|error| {
        ports.failed(subscription, &error);
        Decision::default()
    }))
}

/// What a read gives, or nothing and a note.
fn read<P: Ports, T: Default>(ports: &P, subject: &str, rows: Result<T, StoreError>) -> T {
    rows.unwrap_or_else(|error| {
        ports.failed(subject, &error);
        T::default()
    })
}

/// Everything that time makes due; ends by charging what is due.
///
/// # Errors
/// [`Stopped`] at a seam.
pub async fn renewals<P: Ports>(ports: &P) -> Result<(), Stopped> {
    let mut tried: BTreeSet<(u32, SmolStr)> = BTreeSet::new();
    for pass in 0..PASSES_MAX {
        loop {
            let due = ports.store().due_subscriptions(ports.now(), BATCH).await;
            let fresh: Vec<SmolStr> = read(ports, "renewals", due)
                .into_iter()
                .filter(|id| !tried.contains(&(pass, id.clone())))
                .collect();
            if fresh.is_empty() {
                break;
            }
            for subscription in fresh {
                tried.insert((pass, subscription.clone()));
                let decision = act(ports, Point::Intent, &subscription, Command::Advance).await?;
                perform(ports, &subscription, decision.effects, true).await?;
            }
        }
        let again = ports.store().due_subscriptions(ports.now(), 1).await;
        if read(ports, "renewals", again).is_empty() {
            break;
        }
    }
    Ok(())
}

/// Charges and refunds without a known outcome.
///
/// # Errors
/// [`Stopped`] at a seam.
pub async fn attempts<P: Ports>(ports: &P) -> Result<(), Stopped> {
    let mut seen: BTreeSet<SmolStr> = BTreeSet::new();
    loop {
        let due = ports.store().due_attempts(ports.now(), BATCH).await;
        let fresh: Vec<_> =
            read(ports, "attempts", due).into_iter().filter(|(_, key)| seen.insert(key.clone())).collect();
        if fresh.is_empty() {
            break;
        }
        for (subscription, attempt) in fresh {
            let decision = act(ports, Point::PickUp, &subscription, Command::PickUp { attempt }).await?;
            perform(ports, &subscription, decision.effects, false).await?;
        }
    }
    refunds(ports).await
}

async fn refunds<P: Ports>(ports: &P) -> Result<(), Stopped> {
    let mut seen: BTreeSet<SmolStr> = BTreeSet::new();
    loop {
        let due = ports.store().due_refunds(ports.now(), BATCH).await;
        let fresh: Vec<_> =
            read(ports, "refunds", due).into_iter().filter(|(_, id)| seen.insert(id.clone())).collect();
        if fresh.is_empty() {
            return Ok(());
        }
        for (subscription, refund) in fresh {
            let decision = act(ports, Point::PickUp, &subscription, Command::RefundPickUp { refund }).await?;
            perform(ports, &subscription, decision.effects, false).await?;
        }
    }
}

/// Makes the calls that a decision asks for, and those that their answers ask for.
async fn perform<P: Ports>(
    ports: &P,
    subscription: &str,
    effects: Vec<Effect>,
    first_time: bool,
) -> Result<(), Stopped> {
    let mut waiting: std::collections::VecDeque<Effect> = effects.into();
    // A charge leads to no further call and a look-up to at most one, so this ends.
    while let Some(effect) = waiting.pop_front() {
        let more = match effect {
            Effect::Charge(request) => charge(ports, &request, first_time).await?,
            Effect::LookUp(request) => look_up(ports, &request).await?,
            Effect::Refund(request) => {
                let answer = call(ports, Call::Refund, ports.refund(&request)).await?;
                refund_answered(ports, subscription, request.key, answer).await?
            }
            Effect::LookUpRefund(request) => {
                let answer = call(ports, Call::LookUpRefund, ports.look_up_refund(&request)).await?;
                refund_answered(ports, subscription, request.key, answer).await?
            }
        };
        waiting.extend(more);
    }
    Ok(())
}

async fn refund_answered<P: Ports>(
    ports: &P,
    subscription: &str,
    refund: SmolStr,
    answer: RefundAnswer,
) -> Result<Vec<Effect>, Stopped> {
    let command = Command::RefundAnswered { refund, answer };
    Ok(act(ports, Point::RefundResult, subscription, command).await?.effects)
}

async fn charge<P: Ports>(
    ports: &P,
    request: &ChargeRequest,
    first_time: bool,
) -> Result<Vec<Effect>, Stopped> {
    let attempt = request.key.clone();
    // Somebody may have canceled since the request was stored; the lease keeps other workers off, not the customer.
    if !is_wanted(ports, request).await {
        if first_time {
            act(ports, Point::NotSent, &request.subscription, Command::NotSent { attempt }).await?;
        }
        return Ok(Vec::new());
    }
    let answer = call(ports, Call::Charge, ports.charge(request)).await?;
    let command = Command::Answered { attempt, answer };
    Ok(act(ports, Point::Result, &request.subscription, command).await?.effects)
}

async fn is_wanted<P: Ports>(ports: &P, request: &ChargeRequest) -> bool {
    let account = ports.store().account(&request.subscription).await;
    read(ports, &request.subscription, account).is_some_and(|account| {
        let status = account.subscription.status;
        let open = account.invoice(&request.invoice).is_some_and(|row| row.state == InvoiceState::Open);
        let live = account.attempt(&request.key).is_some_and(|row| row.state.is_live());
        open && live && !status.is_final() && status != Status::Paused
    })
}

async fn look_up<P: Ports>(ports: &P, request: &ChargeRequest) -> Result<Vec<Effect>, Stopped> {
    let found = match call(ports, Call::LookUp, ports.look_up(request)).await? {
        LookUp::Found(payment) => Some(payment),
        LookUp::Nothing => None,
        // The lease runs out, and somebody asks again.
        LookUp::Unavailable => return Ok(Vec::new()),
    };
    let command = Command::LookedUp { attempt: request.key.clone(), found };
    Ok(act(ports, Point::LookUp, &request.subscription, command).await?.effects)
}

/// Stored webhooks.
///
/// # Errors
/// [`Stopped`] at a seam.
pub async fn inbox<P: Ports>(ports: &P, worker: u32) -> Result<(), Stopped> {
    let mut seen: BTreeSet<EventKey> = BTreeSet::new();
    loop {
        let due = ports.store().due_events(ports.now(), BATCH).await;
        let fresh: Vec<_> =
            read(ports, "inbox", due).into_iter().filter(|key| seen.insert(key.clone())).collect();
        if fresh.is_empty() {
            return Ok(());
        }
        for key in fresh {
            let claiming = ports.store().claim(&key, worker, ports.now());
            match commit(ports, Point::Claim, claiming).await? {
                Ok(row) => process(ports, &row, worker).await?,
                // Another worker has it, or it has failed for too long: nothing to do here.
                Err(StoreError::Inbox(_)) => {}
                Err(error) => ports.failed(&key.event_id, &error),
            }
        }
    }
}

async fn process<P: Ports>(ports: &P, row: &InboxRow, worker: u32) -> Result<(), Stopped> {
    let (outcome, consequence) = follow(ports, row).await?;
    let told = matches!(consequence, Consequence::Nothing);
    let settling = ports.store().settle((&row.key, worker), outcome, consequence, ports.now());
    let refused = match commit(ports, Point::Settle, settling).await? {
        Ok(()) | Err(StoreError::Inbox(_)) => return Ok(()),
        Err(StoreError::Refused(Refusal::AmountDiffers)) => {
            Settled::Unusable { reason: Refusal::AmountDiffers.to_string() }
        }
        Err(error) if told => {
            ports.failed(&row.key.event_id, &error);
            return Ok(());
        }
        Err(error) => Settled::Failed { reason: error.to_string() },
    };
    let settling = ports.store().settle((&row.key, worker), refused, Consequence::Nothing, ports.now());
    if let Err(error) = commit(ports, Point::Settle, settling).await? {
        ports.failed(&row.key.event_id, &error);
    }
    Ok(())
}

/// What an event leads to: its object is fetched, and our state follows the object.
///
/// # Errors
/// [`Stopped`] at a seam.
pub async fn follow<P: Ports>(ports: &P, row: &InboxRow) -> Result<(Settled, Consequence), Stopped> {
    let nothing = |settled: Settled| Ok((settled, Consequence::Nothing));
    let what = Handling::of_stripe(&row.event_type);
    if what == Handling::Ignore {
        return nothing(Settled::Ignored);
    }
    let Some(object) = &row.object else {
        return nothing(Settled::Unusable { reason: "names no object".to_owned() });
    };
    let latest = ports.store().latest_processed(object).await;
    if row.is_superseded_by(read(ports, object, latest)) {
        return nothing(Settled::Superseded);
    }
    Ok(match call(ports, Call::Fetch, ports.fetch(what, object)).await? {
        Fetched::Payment { subscription, attempt, payment } => {
            let command = Command::PaymentSeen { attempt, payment };
            (Settled::Processed, Consequence::Command(subscription, command))
        }
        Fetched::Dispute(seen) => {
            let of = ports.store().subscription_of_payment(&seen.payment).await;
            match read(ports, object, of) {
                Some(subscription) => {
                    (Settled::Processed, Consequence::Command(subscription, Command::DisputeSeen(seen)))
                }
                None => return nothing(failed("the disputed payment is not known")),
            }
        }
        Fetched::Mirror(seen) => (Settled::Processed, Consequence::Mirror(seen)),
        Fetched::Foreign => (Settled::Processed, Consequence::Nothing),
        Fetched::Missing => return nothing(failed("the provider does not know the object")),
        Fetched::Unavailable => return nothing(failed("the provider did not answer")),
    })
}

fn failed(reason: &str) -> Settled {
    Settled::Failed { reason: reason.to_owned() }
}

/// Posts what is to be posted, each at least once under one id.
///
/// # Errors
/// [`Stopped`] at a seam.
pub async fn outbox<P: Ports>(ports: &P) -> Result<(), Stopped> {
    loop {
        let waiting = ports.store().unposted(POST_BATCH).await;
        let waiting = read(ports, "outbox", waiting);
        let mut taken: Vec<SmolStr> = Vec::with_capacity(waiting.len());
        for notice in &waiting {
            if !call(ports, Call::Post, ports.post(notice)).await? {
                // In order: what follows waits for it.
                break;
            }
            taken.push(notice.id.clone());
        }
        let all = taken.len() == waiting.len() && !waiting.is_empty();
        if !taken.is_empty() {
            let marking = ports.store().posted(&taken, ports.now());
            if let Err(error) = commit(ports, Point::Posted, marking).await? {
                ports.failed("outbox", &error);
                return Ok(());
            }
        }
        if !all {
            return Ok(());
        }
    }
}
