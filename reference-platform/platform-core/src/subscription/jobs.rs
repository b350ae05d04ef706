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
use crate::webhook::inbox::{InboxRow, Settled};

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

/// What a run has seen of the rows that are due. A row that stays due comes again and again, at the front; each page is larger by those
/// that the last one brought again, so that they hide no others.
struct Pages<K> {
    seen: BTreeSet<K>,
    again: u32,
}

impl<K: Ord + Clone> Pages<K> {
    const fn new() -> Self {
        Self { seen: BTreeSet::new(), again: 0 }
    }

    /// How many rows to ask for.
    const fn size(&self) -> u32 {
        BATCH.saturating_add(self.again)
    }

    /// The rows of a page that are new, and whether there may be more behind them.
    fn turn(&mut self, page: Vec<K>) -> (Vec<K>, bool) {
        let rows = u32::try_from(page.len()).unwrap_or(u32::MAX);
        let is_full = rows >= self.size();
        let fresh: Vec<K> = page.into_iter().filter(|row| self.seen.insert(row.clone())).collect();
        self.again = rows.saturating_sub(u32::try_from(fresh.len()).unwrap_or(u32::MAX));
        let more = is_full || !fresh.is_empty();
        (fresh, more)
    }
}

/// Everything that time makes due; ends by charging what is due.
///
/// # Errors
/// [`Stopped`] at a seam.
pub async fn renewals<P: Ports>(ports: &P) -> Result<(), Stopped> {
    for _ in 0..PASSES_MAX {
        let mut pages = Pages::new();
        loop {
            let due = ports.store().due_subscriptions(ports.now(), pages.size()).await;
            let (fresh, more) = pages.turn(read(ports, "renewals", due));
            for subscription in fresh {
                let decision = act(ports, Point::Intent, &subscription, Command::Advance).await?;
                perform(ports, &subscription, decision.effects, true).await?;
            }
            if !more {
                break;
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
    let mut pages = Pages::new();
    loop {
        let due = ports.store().due_attempts(ports.now(), pages.size()).await;
        let (fresh, more) = pages.turn(read(ports, "attempts", due));
        for (subscription, attempt) in fresh {
            let decision = act(ports, Point::PickUp, &subscription, Command::PickUp { attempt }).await?;
            perform(ports, &subscription, decision.effects, false).await?;
        }
        if !more {
            break;
        }
    }
    refunds(ports).await
}

async fn refunds<P: Ports>(ports: &P) -> Result<(), Stopped> {
    let mut pages = Pages::new();
    loop {
        let due = ports.store().due_refunds(ports.now(), pages.size()).await;
        let (fresh, more) = pages.turn(read(ports, "refunds", due));
        for (subscription, refund) in fresh {
            let decision = act(ports, Point::PickUp, &subscription, Command::RefundPickUp { refund }).await?;
            perform(ports, &subscription, decision.effects, false).await?;
        }
        if !more {
            return Ok(());
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
    let mut pages = Pages::new();
    loop {
        let due = ports.store().due_events(ports.now(), pages.size()).await;
        let (fresh, more) = pages.turn(read(ports, "inbox", due));
        for key in fresh {
            let claiming = ports.store().claim(&key, worker, ports.now());
            match commit(ports, Point::Claim, claiming).await? {
                Ok(row) => process(ports, &row, worker).await?,
                // Another worker has it, or it has failed for too long: nothing to do here.
                Err(StoreError::Inbox(_)) => {}
                Err(error) => ports.failed(&key.event_id, &error),
            }
        }
        if !more {
            return Ok(());
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

/// Posts what is to be posted, each at least once under one id. What a receiver does not take is put off; the others do not wait for it.
///
/// # Errors
/// [`Stopped`] at a seam.
pub async fn outbox<P: Ports>(ports: &P) -> Result<(), Stopped> {
    loop {
        let waiting = ports.store().unposted(ports.now(), POST_BATCH).await;
        let waiting = read(ports, "outbox", waiting);
        if waiting.is_empty() {
            return Ok(());
        }
        let ids: Vec<SmolStr> = waiting.iter().map(|notice| notice.id.clone()).collect();
        let claiming = ports.store().claim_notices(&ids, ports.now());
        let claimed = commit(ports, Point::Posting, claiming).await?;
        let mine = read(ports, "outbox", claimed);
        let (mut taken, mut failed) = (Vec::with_capacity(mine.len()), Vec::new());
        for notice in waiting.iter().filter(|notice| mine.contains(&notice.id)) {
            let was_taken = call(ports, Call::Post, ports.post(notice)).await?;
            if was_taken { &mut taken } else { &mut failed }.push(notice.id.clone());
        }
        // The lease of what cannot be marked runs out, and somebody posts it again.
        if !taken.is_empty() {
            let marking = ports.store().posted(&taken, ports.now());
            let marked = commit(ports, Point::Posted, marking).await?;
            read(ports, "outbox", marked);
        }
        if !failed.is_empty() {
            let putting_off = ports.store().put_off(&failed, ports.now());
            let put_off = commit(ports, Point::PutOff, putting_off).await?;
            read(ports, "outbox", put_off);
        }
        if mine.is_empty() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BATCH, Pages};

    #[test]
    fn rows_that_stay_due_hide_no_others() {
        // A hundred and fifty that nothing can be done about, before one that something can.
        let stuck = 150;
        let mut due: Vec<u32> = (0..=stuck).collect();
        let mut pages = Pages::new();
        let mut met = Vec::new();
        for turn in 0.. {
            assert!(turn < 10, "it ends");
            let page = due.iter().copied().take(pages.size() as usize).collect();
            let (fresh, more) = pages.turn(page);
            due.retain(|row| *row < stuck || !fresh.contains(row));
            met.extend(fresh);
            if !more {
                break;
            }
        }
        assert!(stuck > BATCH && met.contains(&stuck));
        assert_eq!(met.len(), 151, "each once");
    }
}
