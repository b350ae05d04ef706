//! What customers ask for. Who asks is in the token, never in the body; a subscription of somebody else's is not found.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use platform_core::subscription::access;
use platform_core::subscription::account::Account;
use platform_core::subscription::calendar::Zone;
use platform_core::subscription::command::CustomerRequest;
use platform_core::subscription::store::{Store, StoreError};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use units::Timestamp;

use super::super::store::{Asked, CustomerCall, instant, shown};
use super::extract::{Body, Path};
use super::problem::Problem;
use super::{BillingApi, keys};

type Api = State<Arc<BillingApi>>;
type Answer = Result<Response, Problem>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Subscribe {
    plan: String,
    #[serde(default)]
    zone: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cancel {
    at: CancelAt,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum CancelAt {
    Now,
    PeriodEnd,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangePlan {
    plan: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetZone {
    zone: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pay {
    period_start: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetCard {
    card: String,
}

/// Reads a body; an empty one is an empty object.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<(T, Value), Problem> {
    let bytes = if body.is_empty() { b"{}" } else { body };
    let bad = |error: serde_json::Error| Problem::BadBody(error.to_string());
    let value: Value = serde_json::from_slice(bytes).map_err(bad)?;
    Ok((T::deserialize(&value).map_err(bad)?, value))
}

/// Reads an instant in RFC 3339.
pub(super) fn at(text: &str) -> Result<Timestamp, Problem> {
    let parsed: Result<jiff::Timestamp, _> = text.parse();
    let micros = parsed.ok().and_then(|at| u64::try_from(at.as_microsecond()).ok());
    micros.map(Timestamp).ok_or_else(|| Problem::BadBody("no instant in RFC 3339 since 1970".to_owned()))
}

/// A request about a subscription, or about none, under its key. A route is its name, and which subscription it is about.
async fn ask(
    api: &BillingApi,
    headers: &HeaderMap,
    (route, subscription): (&str, &str),
    body: &Value,
    call: CustomerCall,
) -> Answer {
    let customer = api.customers.customer(headers, api.now())?;
    let key = keys::of(headers)?;
    let hash = keys::hash(&format!("{route} {subscription}"), body);
    let scope = keys::scope(route, &format!("customer:{customer}"));
    keys::answer(api, (scope, key), hash, Asked::Customer { customer, call }).await
}

async fn about(
    api: &BillingApi,
    headers: &HeaderMap,
    (route, subscription): (&str, String),
    body: &Value,
    request: CustomerRequest,
) -> Answer {
    let call = CustomerCall::Ask { subscription: subscription.clone(), request };
    ask(api, headers, (route, &subscription), body, call).await
}

pub(super) async fn subscribe(State(api): Api, headers: HeaderMap, body: Body) -> Answer {
    api.customers.customer(&headers, api.now())?;
    let (asked, body): (Subscribe, _) = read(&body)?;
    let zone = match &asked.zone {
        Some(name) => zone_named(name)?,
        None => Zone::UTC,
    };
    ask(&api, &headers, ("subscribe", ""), &body, CustomerCall::Subscribe { plan: asked.plan, zone }).await
}

fn zone_named(name: &str) -> Result<Zone, Problem> {
    let hint = "zones have IANA names, such as `Europe/Berlin`";
    Zone::named(name).map_err(|error| Problem::BadBody(format!("{error}; {hint}")))
}

pub(super) async fn cancel(
    State(api): Api,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let (asked, body): (Cancel, _) = read(&body)?;
    let request = match asked.at {
        CancelAt::Now => CustomerRequest::CancelNow,
        CancelAt::PeriodEnd => CustomerRequest::CancelAtPeriodEnd,
    };
    about(&api, &headers, ("cancel", id), &body, request).await
}

pub(super) async fn keep(State(api): Api, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Answer {
    let (Nothing {}, body) = read(&body)?;
    about(&api, &headers, ("keep", id), &body, CustomerRequest::Keep).await
}

pub(super) async fn set_zone(
    State(api): Api,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let (asked, body): (SetZone, _) = read(&body)?;
    let zone = zone_named(&asked.zone)?;
    about(&api, &headers, ("zone", id), &body, CustomerRequest::SetZone { zone }).await
}

pub(super) async fn change_plan(
    State(api): Api,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let (asked, body): (ChangePlan, _) = read(&body)?;
    about(&api, &headers, ("plan", id), &body, CustomerRequest::ChangePlan { plan: asked.plan.into() }).await
}

pub(super) async fn pause(State(api): Api, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Answer {
    let (Nothing {}, body) = read(&body)?;
    about(&api, &headers, ("pause", id), &body, CustomerRequest::Pause).await
}

pub(super) async fn resume(
    State(api): Api,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let (Nothing {}, body) = read(&body)?;
    about(&api, &headers, ("resume", id), &body, CustomerRequest::Resume).await
}

pub(super) async fn pay(State(api): Api, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Answer {
    let (asked, body): (Pay, _) = read(&body)?;
    let period_start = at(&asked.period_start)?;
    about(&api, &headers, ("pay", id), &body, CustomerRequest::PayInvoice { period_start }).await
}

pub(super) async fn set_card(State(api): Api, headers: HeaderMap, body: Body) -> Answer {
    let (asked, body): (SetCard, _) = read(&body)?;
    ask(&api, &headers, ("card", ""), &body, CustomerCall::SetCard { card: asked.card }).await
}

async fn own(api: &BillingApi, headers: &HeaderMap, id: &str) -> Result<Account, Problem> {
    let customer = api.customers.customer(headers, api.now())?;
    let account = api.store.account(id).await?;
    account
        .filter(|account| account.customer.id == customer)
        .ok_or(Problem::Store(StoreError::NoSuchSubscription))
}

pub(super) async fn show(State(api): Api, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let account = own(&api, &headers, &id).await?;
    let mut body = shown(&account.subscription);
    body["access"] = json!(access::has_access(&account, api.now()));
    Ok(Json(body).into_response())
}

pub(super) async fn list(State(api): Api, headers: HeaderMap) -> Answer {
    let customer = api.customers.customer(&headers, api.now())?;
    let ids = api.store.subscriptions_of(&customer).await?;
    Ok(Json(json!({ "subscriptions": ids })).into_response())
}

pub(super) async fn invoices(State(api): Api, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let account = own(&api, &headers, &id).await?;
    let rows: Vec<Value> = account
        .invoices
        .iter()
        .map(|row| {
            json!({
                "id": row.id, "kind": row.kind, "state": row.state, "reason": row.reason,
                "amount": row.amount.minor_units, "currency": row.amount.currency.code(),
                "period": {"start": instant(row.period.start), "end": instant(row.period.end)},
            })
        })
        .collect();
    Ok(Json(json!({ "invoices": rows })).into_response())
}
