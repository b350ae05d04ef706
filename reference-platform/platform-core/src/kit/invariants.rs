//! What must hold after every step of every history, and what must hold when the faults have ended.
//!
//! The provider's books and the calendar are the model: what was captured is a fact whatever the system's rows say, and when a
//! period starts follows from the anchor alone. The rest is agreement of the system's rows with the two and with each other.

mod charges;
mod settled;

use std::collections::BTreeMap;
use std::fmt;

use units::{Micros, Timestamp};

use super::system::{InvoiceState, Snapshot, Start, Status, SubscriptionView};
use super::world::World;
use crate::subscription::calendar::{Calendar, Period};

/// How long after its period or window a charge may still be sent again under its old key: a key's life.
const LATE: Micros = DAY;

/// Most charge attempts on a card in 30 days that repeat an attempt: Visa's rule, the widest.
const REATTEMPTS_MAX: usize = 20;

const DAY: Micros = Micros::from_mins(24 * 60);

/// What must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// At most one captured payment per subscription and period.
    OneCapture,
    /// At most one invoice per subscription and period that is not void.
    OneInvoice,
    /// At most one attempt per invoice that may still take money.
    OneLiveAttempt,
    /// Ledger transactions sum to zero and stand for one payment or refund each.
    Ledger,
    /// An invoice whose payment is booked is not open.
    PaidStaysPaid,
    /// Every charge is of the plan's price in its currency.
    Amount,
    /// Every charge is for a period of the calendar that has begun and is not over for long.
    RightPeriod,
    /// Periods are those of the original anchor, without gap or overlap.
    PeriodsTile,
    /// Access only while paid, or in the window of an open renewal.
    AccessBounded,
    /// Access as long as a payment in the ledger covers.
    AccessKept,
    /// Every change of status has one audited cause.
    Audit,
    /// Every acknowledged webhook is stored, and no other.
    Inbox,
    /// One receipt per payment.
    Receipts,
    /// A card that cannot pay is not tried again, and no card too often.
    Retries,
    /// Unverified bytes change nothing; keys name one charge; nobody is charged after canceling.
    Conduct,
    /// When the faults have ended, everything is settled.
    Settled,
}

/// A broken invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// In what way.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.invariant, self.what)
    }
}

/// What follows from the start alone.
pub(super) struct Model {
    pub(super) start: Start,
    pub(super) calendars: BTreeMap<String, Calendar>,
}

/// Everything that a check looks at.
pub(super) struct Scene<'a> {
    pub(super) model: &'a Model,
    pub(super) world: &'a World<'a>,
    pub(super) snapshot: &'a Snapshot,
    /// The latest that the clock has shown.
    pub(super) latest: Timestamp,
}

type Check = fn(&Scene<'_>) -> Result<(), String>;

/// In this order, the first that is broken is reported: causes before consequences.
const CHECKS: [(Invariant, Check); 15] = [
    (Invariant::Conduct, conduct),
    (Invariant::OneCapture, charges::one_capture),
    (Invariant::Amount, charges::amount),
    (Invariant::RightPeriod, charges::right_period),
    (Invariant::Retries, charges::retries),
    (Invariant::OneInvoice, one_invoice),
    (Invariant::OneLiveAttempt, one_live_attempt),
    (Invariant::Ledger, ledger),
    (Invariant::PaidStaysPaid, paid_stays_paid),
    (Invariant::PeriodsTile, periods_tile),
    (Invariant::AccessBounded, access_bounded),
    (Invariant::AccessKept, access_kept),
    (Invariant::Audit, audit),
    (Invariant::Inbox, inbox),
    (Invariant::Receipts, receipts),
];

impl Scene<'_> {
    /// The first broken invariant.
    pub(super) fn check(&self) -> Option<Violation> {
        let broken = |(invariant, check): &(Invariant, Check)| {
            check(self).err().map(|what| Violation { invariant: *invariant, what })
        };
        CHECKS.iter().find_map(broken)
    }

    /// What must hold besides when the faults have ended and the jobs have run.
    pub(super) fn check_settled(&self) -> Option<Violation> {
        let settled = |result: Result<(), String>| {
            result.err().map(|what| Violation { invariant: Invariant::Settled, what })
        };
        self.check()
            .or_else(|| settled(self.rows_settled()))
            .or_else(|| settled(self.subscriptions_settled()))
    }

    fn calendar(&self, subscription: &str) -> Result<&Calendar, String> {
        let known = self.model.calendars.get(subscription);
        known.ok_or_else(|| format!("`{subscription}` was never created"))
    }

    /// The period of the calendar that starts at `start`, if there is one.
    fn period(&self, subscription: &str, start: Timestamp) -> Result<Period, String> {
        let calendar = self.calendar(subscription)?;
        let ordinal = calendar.ordinal_at(start).map_err(|error| error.to_string())?;
        let period = calendar.period(ordinal).map_err(|error| error.to_string())?;
        if period.start == start {
            Ok(period)
        } else {
            Err(format!("`{subscription}` has no period that starts at {}", shown(start)))
        }
    }

    /// Whether a payment is in the system's ledger.
    fn booked(&self, payment: &str) -> bool {
        self.snapshot.ledger.iter().any(|row| row.payment == payment && !row.refund)
    }

    /// Periods that were paid for and not given back: the first one, and those of captured payments.
    fn paid(&self, view: &SubscriptionView, booked_only: bool) -> Result<Vec<Period>, String> {
        let calendar = self.calendar(&view.subscription)?;
        let mut paid = vec![calendar.period(0).map_err(|error| error.to_string())?];
        for payment in &self.world.books().payments {
            let ours =
                payment.call.subscription == view.subscription && payment.captured && payment.refunded == 0;
            if ours && (!booked_only || self.booked(&payment.id)) {
                paid.push(self.period(&view.subscription, payment.call.period_start)?);
            }
        }
        Ok(paid)
    }

    /// How many charges had arrived when a subscription was canceled at once, if it was.
    fn canceled_at(&self, subscription: &str) -> Option<usize> {
        self.world.canceled.borrow().iter().find(|(canceled, _)| canceled == subscription).map(|(_, at)| *at)
    }
}

fn conduct(scene: &Scene<'_>) -> Result<(), String> {
    let offence = scene.world.offences.borrow().first().cloned();
    offence.or_else(|| scene.world.books().offences.first().cloned()).map_or(Ok(()), Err)
}

fn one_invoice(scene: &Scene<'_>) -> Result<(), String> {
    let live = scene.snapshot.invoices.iter().filter(|invoice| invoice.state != InvoiceState::Void);
    let periods = live.map(|invoice| (&invoice.subscription, invoice.period_start));
    at_most_one(periods, |(subscription, start)| {
        format!("`{subscription}` has two invoices for {}", shown(*start))
    })
}

fn one_live_attempt(scene: &Scene<'_>) -> Result<(), String> {
    let live = scene.snapshot.attempts.iter().filter(|attempt| attempt.live).map(|attempt| &attempt.invoice);
    at_most_one(live, |invoice| format!("invoice `{invoice}` has two live attempts"))
}

fn ledger(scene: &Scene<'_>) -> Result<(), String> {
    let rows = &scene.snapshot.ledger;
    if let Some(row) = rows.iter().find(|row| row.entries.len() < 2 || row.entries.iter().sum::<i64>() != 0) {
        return Err(format!("the entries for `{}` do not balance: {:?}", row.payment, row.entries));
    }
    at_most_one(rows.iter().map(|row| (&row.payment, row.refund)), |(payment, _)| {
        format!("`{payment}` was booked twice")
    })?;
    let books = scene.world.books();
    for row in rows {
        let known = books.fetch(&row.payment).filter(|payment| payment.captured);
        let amount = known
            .as_ref()
            .map(|payment| if row.refund { payment.refunded } else { payment.call.amount.minor_units });
        if amount != row.entries.iter().copied().max() {
            return Err(format!(
                "`{}` is booked as {:?}, the provider has {amount:?}",
                row.payment, row.entries
            ));
        }
    }
    Ok(())
}

/// What is paid for stays paid, whatever is heard of earlier attempts.
fn paid_stays_paid(scene: &Scene<'_>) -> Result<(), String> {
    let books = scene.world.books();
    for row in scene.snapshot.ledger.iter().filter(|row| !row.refund) {
        let Some(call) = books.fetch(&row.payment).map(|payment| payment.call) else { continue };
        let open = scene.snapshot.invoices.iter().find(|invoice| {
            invoice.subscription == call.subscription
                && invoice.period_start == call.period_start
                && matches!(invoice.state, InvoiceState::Open)
        });
        if let Some(invoice) = open {
            return Err(format!("`{}` is open, `{}` has paid it", invoice.invoice, row.payment));
        }
    }
    Ok(())
}

fn periods_tile(scene: &Scene<'_>) -> Result<(), String> {
    for view in &scene.snapshot.subscriptions {
        let calendar = scene.calendar(&view.subscription)?;
        for (k, start) in (0..).zip(&view.period_starts) {
            let expected = calendar.start(k).map_err(|error| error.to_string())?;
            if *start != expected {
                let (name, expected) = (&view.subscription, shown(expected));
                return Err(format!("period {k} of `{name}` starts at {}, not {expected}", shown(*start)));
            }
        }
    }
    Ok(())
}

fn access_bounded(scene: &Scene<'_>) -> Result<(), String> {
    let (now, grace) = (scene.world.now.get(), scene.model.start.grace);
    for view in scene.snapshot.subscriptions.iter().filter(|view| view.access) {
        let name = &view.subscription;
        if scene.canceled_at(name).is_some() {
            return Err(format!("`{name}` was canceled and still has access"));
        }
        let paid = scene.paid(view, false)?;
        let paid_or_grace =
            paid.iter().any(|period| period.start <= now && now < period.end.saturating_add(grace));
        let renewing = scene.snapshot.invoices.iter().any(|invoice| {
            invoice.subscription == *name
                && invoice.state == InvoiceState::Open
                && invoice.period_start <= now
                && now < invoice.period_start.saturating_add(grace)
        });
        // A clock that stepped back to before a period that is already paid takes nothing away.
        if !paid_or_grace && !renewing && now >= scene.latest {
            return Err(format!("`{name}` has access at {} and nobody paid", shown(now)));
        }
    }
    Ok(())
}

fn access_kept(scene: &Scene<'_>) -> Result<(), String> {
    let now = scene.world.now.get();
    // A clock that stepped back to before a payment shows a time at which nothing had been paid yet.
    if now < scene.latest {
        return Ok(());
    }
    for view in scene.snapshot.subscriptions.iter().filter(|view| !view.access) {
        let paid = scene.paid(view, true)?.iter().any(|period| period.holds(now));
        if paid && scene.canceled_at(&view.subscription).is_none() && view.status != Status::Canceled {
            return Err(format!("`{}` has paid and has no access at {}", view.subscription, shown(now)));
        }
    }
    Ok(())
}

fn audit(scene: &Scene<'_>) -> Result<(), String> {
    for view in &scene.snapshot.subscriptions {
        let mut status = Status::Active;
        for row in scene.snapshot.audit.iter().filter(|row| row.subscription == view.subscription) {
            if row.before != status || row.cause.is_empty() {
                return Err(format!("`{}` went from {status:?}, its audit says {row:?}", view.subscription));
            }
            status = row.after;
        }
        if status != view.status {
            return Err(format!(
                "`{}` is {:?}, its audit ends at {status:?}",
                view.subscription, view.status
            ));
        }
    }
    Ok(())
}

fn inbox(scene: &Scene<'_>) -> Result<(), String> {
    let rows = &scene.snapshot.inbox;
    at_most_one(rows.iter().map(|row| &row.event), |event| format!("event `{event}` is stored twice"))?;
    let acknowledged = scene.world.acknowledged.borrow();
    if let Some(lost) = acknowledged.iter().find(|event| !rows.iter().any(|row| row.event == **event)) {
        return Err(format!("event `{lost}` was acknowledged and is lost"));
    }
    let unasked = rows.iter().find(|row| !acknowledged.contains(&row.event));
    unasked.map_or(Ok(()), |row| Err(format!("event `{}` is stored and was never acknowledged", row.event)))
}

fn receipts(scene: &Scene<'_>) -> Result<(), String> {
    let rows = &scene.snapshot.receipts;
    at_most_one(rows.iter().map(|row| &row.payment), |payment| format!("`{payment}` has two receipts"))?;
    for row in scene.snapshot.ledger.iter().filter(|row| !row.refund) {
        let call = scene.world.books().fetch(&row.payment).map(|payment| payment.call);
        // What comes in after the end is given back, and nobody gets a receipt for it.
        let ended = scene.snapshot.subscriptions.iter().any(|view| {
            view.status == Status::Canceled
                && call.as_ref().is_some_and(|call| call.subscription == view.subscription)
        });
        let books = scene.world.books();
        // What was taken twice under one key is paid once, and has one receipt.
        let has_receipt = books.payments.iter().filter(|payment| payment.id == row.payment).any(|payment| {
            let mut under_key = books.under_key_of(payment);
            under_key.any(|other| rows.iter().any(|receipt| receipt.payment == other.id))
        });
        if !ended && !has_receipt {
            return Err(format!("`{}` is booked and has no receipt", row.payment));
        }
    }
    Ok(())
}

fn at_most_one<T: Ord>(items: impl Iterator<Item = T>, say: impl Fn(&T) -> String) -> Result<(), String> {
    let mut items: Vec<T> = items.collect();
    items.sort_unstable();
    items.windows(2).find(|pair| pair[0] == pair[1]).map_or(Ok(()), |pair| Err(say(&pair[0])))
}

fn shown(at: Timestamp) -> String {
    let instant = i64::try_from(at.0).ok().and_then(|micros| jiff::Timestamp::from_microsecond(micros).ok());
    instant.map_or_else(|| at.0.to_string(), |instant| instant.to_string())
}
