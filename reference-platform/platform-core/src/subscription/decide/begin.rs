//! How a subscription begins: asked for by a customer, taken over with its paid period, or found at the provider that owns it.

use smol_str::SmolStr;
use units::Timestamp;

use super::super::access::has_access;
use super::super::calendar::{Calendar, Period, Zone};
use super::super::command::{Context, Decision, MirrorSeen, Refusal};
use super::super::draft::Draft;
use super::super::dunning::window_end;
use super::super::names::{joined, numbered};
use super::super::rows::{Customer, Grant, GrantKind, InvoiceKind, Owner, Plan, Status, Subscription};
use super::super::view::View;

/// A subscription that exists already: what a migration or a test starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenOver {
    /// Its id.
    pub id: SmolStr,
    /// Whose it is.
    pub customer: Customer,
    /// Who decides about it.
    pub owner: Owner,
    /// Its plan.
    pub plan: Plan,
    /// Billing zone of the customer.
    pub zone: Zone,
    /// Start of its first period.
    pub anchor: Timestamp,
    /// End of its trial, if it is in one; else the period that holds now is paid.
    pub trial_end: Option<Timestamp>,
}

/// Takes over an existing subscription.
///
/// # Errors
/// [`Refusal::Calendar`] for an anchor in the future or an interval of nothing.
pub fn take_over(taken: TakenOver, context: Context<'_>) -> Result<Decision, Refusal> {
    let calendar = Calendar::new(taken.anchor, taken.plan.interval, taken.zone.clone())?;
    let (status, ordinal, period) = match taken.trial_end {
        Some(end) => (Status::Trialing, 0, Period { start: taken.anchor, end }),
        None => {
            let ordinal = calendar.ordinal_at(context.now)?;
            (Status::Active, ordinal, calendar.period(ordinal)?)
        }
    };
    let row = Subscription {
        anchor: taken.anchor,
        ordinal,
        period,
        status,
        trial_end: taken.trial_end,
        owner: taken.owner,
        ..new_row((taken.id, taken.customer.id.clone()), &taken.plan, taken.zone, context.now)
    };
    let mut draft = Draft::of_new(row, taken.customer, "taken_over", context);
    match (taken.owner, taken.trial_end) {
        (Owner::Provider, _) => draft.mirror_grant(period.start),
        (Owner::Platform, Some(end)) => draft.grant_trial(end),
        (Owner::Platform, None) => draft.grant_period_from(period.start),
    }
    Ok(draft.finish())
}

/// A new subscription, billed from now on.
///
/// # Errors
/// [`Refusal::NoCard`], [`Refusal::Calendar`].
pub fn subscribe(
    id: SmolStr,
    customer: Customer,
    (plan, zone): (&Plan, Zone),
    context: Context<'_>,
) -> Result<Decision, Refusal> {
    if customer.card.is_none() {
        return Err(Refusal::NoCard);
    }
    let period = Calendar::new(context.now, plan.interval, zone.clone())?.period(0)?;
    let row = Subscription { period, ..new_row((id, customer.id.clone()), plan, zone, context.now) };
    let mut draft = Draft::of_new(row, customer, "request:subscribe", context);
    let price = draft.subscription().price;
    draft.issue(InvoiceKind::Cycle, 0, price)?;
    Ok(draft.finish())
}

/// A subscription that we first hear of from the provider that owns it.
#[must_use]
pub fn mirror(seen: &MirrorSeen, plan: Option<&Plan>, context: Context<'_>) -> Option<Decision> {
    let plan = plan?;
    let row = Subscription {
        anchor: seen.period.start,
        period: seen.period,
        status: Status::Incomplete,
        owner: Owner::Provider,
        ..new_row((seen.id.clone(), seen.customer.clone()), plan, Zone::UTC, context.now)
    };
    let customer = Customer { id: seen.customer.clone(), card: None };
    let mut draft = Draft::of_new(row, customer, "event:mirrored", context);
    draft.mirror_seen(seen);
    Some(draft.finish())
}

fn new_row((id, customer): (SmolStr, SmolStr), plan: &Plan, zone: Zone, now: Timestamp) -> Subscription {
    Subscription {
        id,
        customer,
        owner: Owner::Platform,
        plan: plan.name.clone(),
        price: plan.price,
        interval: plan.interval,
        zone,
        anchor: now,
        ordinal: 0,
        period: Period { start: now, end: now },
        status: Status::Incomplete,
        trial_end: None,
        created_at: now,
        cancel_at_period_end: false,
        pause_at_period_end: false,
        next_plan: None,
        next_zone: None,
        invoices_made: 0,
        provider_status: None,
        due_at: Timestamp::NEVER,
    }
}

impl Draft<'_> {
    fn grant_trial(&mut self, end: Timestamp) {
        let row = self.subscription();
        let grant = Grant {
            id: joined([&row.id, ":trial"]),
            subscription: row.id.clone(),
            kind: GrantKind::Trial,
            from: row.anchor,
            until: end,
            grace_until: end,
        };
        self.put_grant(grant);
        self.refresh_grace();
    }

    /// Access as the provider that owns the subscription has it, from an instant on.
    fn mirror_grant(&mut self, from: Timestamp) {
        let row = self.subscription();
        let grace_until = window_end(row.period.end);
        let grant = Grant {
            id: numbered([&row.id, ":mirror:"], from.0),
            subscription: row.id.clone(),
            kind: GrantKind::Mirror,
            from: from.min(grace_until),
            until: row.period.end,
            grace_until,
        };
        self.put_grant(grant);
    }

    /// Follows what the provider shows of a subscription that it owns.
    pub(super) fn mirror_seen(&mut self, seen: &MirrorSeen) {
        if self.subscription().owner != Owner::Provider {
            return;
        }
        // Access that runs goes on from where it began; access that was off begins now.
        let now = self.now();
        let running = self.grants().rfind(|grant| grant.from <= now && now < grant.grace_until);
        let from = running.filter(|_| has_access(self, now)).map_or(now, |grant| grant.from);
        self.change(|row| {
            row.period = seen.period;
            row.provider_status = Some(seen.provider_status.clone());
        });
        self.set_status(seen.status);
        match seen.status {
            Status::Active | Status::Trialing | Status::PastDue => self.mirror_grant(from),
            _ => self.cut_access(),
        }
    }
}
