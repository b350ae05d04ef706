//! Requests under idempotency keys: the answer is written with what it answers, in one transaction.

use platform_core::subscription::account::Write;
use platform_core::subscription::calendar::Zone;
use platform_core::subscription::command::{Command, CustomerRequest, Refusal, SupportRequest};
use platform_core::subscription::decide::begin;
use platform_core::subscription::decide::customer::check_card;
use platform_core::subscription::rows::{AuditRow, Customer, Subscription};
use platform_core::subscription::store::StoreError;
use platform_core::webhook::inbox::{EventKey, InboxCommand, InboxRefusal};
use serde_json::json;
use smol_str::{SmolStr, format_smolstr};
use sqlx::Row;
use units::Timestamp;

use super::unit::Place;
use super::{load, storage, write};

/// A request and the key that it comes under.
#[derive(Debug, Clone)]
pub struct Request {
    /// At which route, and whose keys these are: a customer's or a member of staff's.
    pub scope: String,
    /// The key.
    pub key: String,
    /// Hash of method, path and body: what makes two requests the same.
    pub hash: String,
    /// What is asked for.
    pub asked: Asked,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub enum Asked {
    /// By a customer.
    Customer {
        /// Who.
        customer: String,
        /// What.
        call: CustomerCall,
    },
    /// By support, about a subscription.
    Support {
        /// Which.
        subscription: String,
        /// What.
        request: SupportRequest,
    },
    /// By support: to have a stored webhook processed again.
    Reprocess {
        /// Which.
        event: EventKey,
        /// Who asks.
        actor: SmolStr,
        /// Why.
        reason: Option<SmolStr>,
    },
}

/// What a customer calls.
#[derive(Debug, Clone)]
pub enum CustomerCall {
    /// A new subscription.
    Subscribe {
        /// To which plan.
        plan: String,
        /// Billing zone.
        zone: Zone,
    },
    /// Something about one of theirs.
    Ask {
        /// Which.
        subscription: String,
        /// What.
        request: CustomerRequest,
    },
    /// Another card for all of theirs.
    SetCard {
        /// The provider's name for it.
        card: String,
    },
}

/// An answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// HTTP status; 0 stands for a key that was used for another request.
    pub status: u16,
    /// JSON.
    pub body: String,
    /// Whether it was given before.
    pub replayed: bool,
}

/// The status of a key that was used for another request: RFC 9110, section 15.5.21.
const KEY_REUSED: u16 = 422;

/// Answers a request, or repeats the answer that its key has.
pub(super) async fn answer(place: &mut Place<'_>, request: Request) -> Result<Response, StoreError> {
    let known = sqlx::query("SELECT hash, status, body FROM requests WHERE scope = $1 AND key = $2")
        .bind(request.scope.clone())
        .bind(request.key.clone())
        .fetch_optional(&mut *place.connection)
        .await
        .map_err(|error| storage(&error))?;
    if let Some(known) = known {
        if known.get::<&str, _>(0) != request.hash {
            return Ok(Response { status: KEY_REUSED, body: String::new(), replayed: false });
        }
        let status = u16::try_from(known.get::<i64, _>(1)).unwrap_or(500);
        return Ok(Response { status, body: known.get(2), replayed: true });
    }
    let (status, body) = perform(place, &request.asked).await?;
    let body = body.to_string();
    sqlx::query("INSERT INTO requests (scope, key, hash, status, body, at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(request.scope)
        .bind(request.key)
        .bind(request.hash)
        .bind(i64::from(status))
        .bind(body.clone())
        .bind(i64::try_from(place.now.0).unwrap_or(i64::MAX))
        .execute(&mut *place.connection)
        .await
        .map_err(|error| storage(&error))?;
    Ok(Response { status, body, replayed: false })
}

async fn perform(place: &mut Place<'_>, asked: &Asked) -> Result<(u16, serde_json::Value), StoreError> {
    match asked {
        Asked::Customer { customer, call: CustomerCall::Subscribe { plan, zone } } => {
            let row = subscribe(place, customer, plan, zone.clone()).await?;
            Ok((201, shown(&row)))
        }
        Asked::Customer { customer, call: CustomerCall::Ask { subscription, request } } => {
            own(place, customer, subscription).await?;
            place.act(subscription, &Command::Customer(request.clone())).await?;
            Ok((200, current(place, subscription).await?))
        }
        Asked::Customer { customer, call: CustomerCall::SetCard { card } } => {
            set_card(place, customer, card).await?;
            Ok((200, json!({"customer": customer, "card": card})))
        }
        Asked::Support { subscription, request } => {
            place.act(subscription, &Command::Support(request.clone())).await?;
            Ok((200, current(place, subscription).await?))
        }
        Asked::Reprocess { event, actor, reason } => {
            reprocess(place, event, (actor.clone(), reason.clone())).await?;
            Ok((200, json!({"dry_run": false, "queued": true})))
        }
    }
}

/// Has a stored webhook processed again, and audits who asked.
async fn reprocess(
    place: &mut Place<'_>,
    event: &EventKey,
    (actor, reason): (SmolStr, Option<SmolStr>),
) -> Result<(), StoreError> {
    let known = load::event(place.connection, event).await?.ok_or(InboxRefusal::Unknown)?;
    place.inbox_act(event, &InboxCommand::Reprocess).await?;
    let audit = AuditRow {
        at: place.now,
        subject: event.event_id.clone().into(),
        action: "reprocess".into(),
        row: event.event_id.clone().into(),
        before: format!("{:?}", known.state).to_lowercase().into(),
        after: "stored".into(),
        actor,
        cause: "request".into(),
        reason,
        expires_at: None,
    };
    write::all(place.connection, &[Write::Audit(audit)]).await
}

/// A subscription of somebody else's is as good as none.
async fn own(place: &mut Place<'_>, customer: &str, subscription: &str) -> Result<(), StoreError> {
    let account = load::account(place.connection, subscription, place.now).await?;
    match account {
        Some(account) if account.customer.id == customer => Ok(()),
        _ => Err(StoreError::NoSuchSubscription),
    }
}

async fn current(place: &mut Place<'_>, subscription: &str) -> Result<serde_json::Value, StoreError> {
    let account = load::account(place.connection, subscription, place.now).await?;
    account.map(|account| shown(&account.subscription)).ok_or(StoreError::NoSuchSubscription)
}

/// A subscription as its customer sees it.
#[must_use]
pub(in crate::billing) fn shown(row: &Subscription) -> serde_json::Value {
    json!({
        "id": row.id, "status": row.status, "plan": row.plan,
        "price": {"amount": row.price.minor_units, "currency": row.price.currency.code()},
        "current_period": {"start": instant(row.period.start), "end": instant(row.period.end)},
        "trial_end": row.trial_end.map(instant),
        "cancel_at_period_end": row.cancel_at_period_end,
        "pause_at_period_end": row.pause_at_period_end,
        "zone": row.zone, "next_zone": row.next_zone,
        "next_plan": row.next_plan.as_ref().map(|(plan, _)| plan),
    })
}

/// An instant as RFC 3339 in UTC.
pub(in crate::billing) fn instant(at: Timestamp) -> Option<String> {
    Zone::UTC.local(at).ok().map(|local| format!("{local}Z"))
}

async fn subscribe(
    place: &mut Place<'_>,
    customer: &str,
    plan: &str,
    zone: Zone,
) -> Result<Subscription, StoreError> {
    let plan = place.plans.get(plan).ok_or(Refusal::UnknownPlan)?.clone();
    let row = sqlx::query("SELECT row FROM customers WHERE id = $1")
        .bind(customer.to_owned())
        .fetch_optional(&mut *place.connection)
        .await
        .map_err(|error| storage(&error))?;
    let customer = match row.as_ref().map(|row| row.get::<&str, _>(0)) {
        Some(known) => serde_json::from_str(known).map_err(|error| super::unreadable(&error))?,
        None => Customer { id: customer.into(), card: None },
    };
    let id = free_id(place).await?;
    let decision = begin::subscribe(id, customer, (&plan, zone), place.context())?;
    write::first(place.connection, &decision.writes).await?;
    let made = decision.writes.into_iter().find_map(|write| match write {
        Write::Subscription(row) => Some(row),
        _ => None,
    });
    made.ok_or(StoreError::NoSuchSubscription)
}

/// An id that no subscription has or had: none is ever deleted. Subscriptions that were taken over brought names of their own, so what
/// follows the newest row may be taken; then steps that double find a free one by few look-ups of the key.
async fn free_id(place: &mut Place<'_>) -> Result<SmolStr, StoreError> {
    let query = "WITH RECURSIVE tried (n, step) AS (
            SELECT coalesce((SELECT max(rowid) FROM subscriptions), 0) + 1, 1
            UNION ALL
            SELECT n + step, step * 2 FROM tried
            WHERE step < 1099511627776 AND EXISTS (SELECT 1 FROM subscriptions WHERE id = 'sub_' || n)
        )
        SELECT max(n) FROM tried";
    let row = sqlx::query(query).fetch_one(&mut *place.connection).await.map_err(|error| storage(&error))?;
    Ok(format_smolstr!("sub_{}", row.get::<i64, _>(0)))
}

/// A card is the customer's, so all their subscriptions hear of it; one without any keeps it for the first.
async fn set_card(place: &mut Place<'_>, customer: &str, card: &str) -> Result<(), StoreError> {
    let all = load::subscriptions_of(place.connection, customer).await?;
    let request = CustomerRequest::SetCard { card: card.into() };
    for subscription in &all {
        place.act(subscription, &Command::Customer(request.clone())).await?;
    }
    if all.is_empty() {
        check_card(card)?;
        let row = Customer { id: customer.into(), card: Some(card.into()) };
        write::all(place.connection, &[Write::Customer(row)]).await?;
    }
    Ok(())
}
