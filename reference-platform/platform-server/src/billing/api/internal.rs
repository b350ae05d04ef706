//! What support asks for, behind a bearer token: what happened and why, and what may be done about it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use platform_core::subscription::access;
use platform_core::subscription::account::Write;
use platform_core::subscription::command::{Command, Context, SupportAction, SupportRequest};
use platform_core::subscription::decide::decide;
use platform_core::subscription::jobs::Fetched;
use platform_core::subscription::store::{Store, StoreError};
use platform_core::webhook::event::{Handling, Sender};
use platform_core::webhook::inbox::{EventKey, InboxRefusal};
use serde::Deserialize;
use serde_json::{Value, json};
use smol_str::SmolStr;
use units::Micros;

use super::super::provider;
use super::super::store::{Asked, instant};
use super::customers::{at, read};
use super::extract::{Body, Path};
use super::problem::Problem;
use super::{BillingApi, keys};

type Api = State<Arc<BillingApi>>;
type Answer = Result<Response, Problem>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Who {
    actor: SmolStr,
    #[serde(default)]
    reason: Option<SmolStr>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refund {
    actor: SmolStr,
    #[serde(default)]
    reason: Option<SmolStr>,
    amount: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Override {
    actor: SmolStr,
    #[serde(default)]
    reason: Option<SmolStr>,
    for_s: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExtendTrial {
    actor: SmolStr,
    #[serde(default)]
    reason: Option<SmolStr>,
    until: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reprocess {
    actor: SmolStr,
    #[serde(default)]
    reason: Option<SmolStr>,
    #[serde(default)]
    dry_run: bool,
}

/// Every change names who asked for it.
fn must_be_said(actor: &str) -> Result<(), Problem> {
    if actor.is_empty() { Err(Problem::BadBody("`actor` says who asks".to_owned())) } else { Ok(()) }
}

async fn ask(
    api: &BillingApi,
    headers: &HeaderMap,
    (route, subscription): (&str, String),
    body: &Value,
    request: SupportRequest,
) -> Answer {
    must_be_said(&request.actor)?;
    let key = keys::of(headers)?;
    let hash = keys::hash(&format!("{route} {subscription}"), body);
    let scope = keys::scope(route, &format!("staff:{}", request.actor));
    keys::answer(api, (scope, key), hash, Asked::Support { subscription, request }).await
}

pub(super) async fn retry_charge(
    State(api): Api,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    api.internal.check(&headers)?;
    let (Who { actor, reason }, body) = read(&body)?;
    let request = SupportRequest { actor, reason, action: SupportAction::RetryCharge };
    ask(&api, &headers, ("retry-charge", id), &body, request).await
}

pub(super) async fn refund(
    State(api): Api,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    api.internal.check(&headers)?;
    let (Refund { actor, reason, amount }, body) = read(&body)?;
    let request = SupportRequest { actor, reason, action: SupportAction::Refund { amount } };
    ask(&api, &headers, ("refund", id), &body, request).await
}

pub(super) async fn override_access(
    State(api): Api,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    api.internal.check(&headers)?;
    let (Override { actor, reason, for_s }, body) = read(&body)?;
    let lasting = Micros(for_s.saturating_mul(1_000_000));
    let request = SupportRequest { actor, reason, action: SupportAction::OverrideAccess { lasting } };
    ask(&api, &headers, ("override-access", id), &body, request).await
}

pub(super) async fn extend_trial(
    State(api): Api,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    api.internal.check(&headers)?;
    let (ExtendTrial { actor, reason, until }, body) = read(&body)?;
    let request = SupportRequest { actor, reason, action: SupportAction::ExtendTrial { until: at(&until)? } };
    ask(&api, &headers, ("extend-trial", id), &body, request).await
}

/// Everything that happened to a subscription, with what caused it.
pub(super) async fn timeline(State(api): Api, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    api.internal.check(&headers)?;
    if api.store.account(&id).await?.is_none() {
        return Err(Problem::Store(StoreError::NoSuchSubscription));
    }
    let rows: Vec<Value> = api
        .store
        .audit(&id)
        .await?
        .iter()
        .map(|row| {
            json!({
                "at": instant(row.at), "what": row.action, "row": row.row, "before": row.before, "after": row.after,
                "actor": row.actor, "cause": row.cause, "reason": row.reason,
                "expires_at": row.expires_at.map(instant),
            })
        })
        .collect();
    Ok(Json(json!({ "subscription": id, "timeline": rows })).into_response())
}

/// Why a customer has access, or none.
pub(super) async fn access(State(api): Api, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    api.internal.check(&headers)?;
    let account = api.store.account(&id).await?.ok_or(Problem::Store(StoreError::NoSuchSubscription))?;
    let explained = access::explain(&account, api.now());
    let spans: Vec<Value> = access::intervals(&account)
        .into_iter()
        .map(|(from, until)| json!({"from": instant(from), "until": instant(until)}))
        .collect();
    Ok(Json(json!({
        "access": explained.access, "status": explained.status, "because": explained.because, "spans": spans,
    }))
    .into_response())
}

/// What was refused at the webhook endpoints since the start, and what it looks like.
pub(super) async fn refusals(State(api): Api, headers: HeaderMap) -> Answer {
    api.internal.check(&headers)?;
    let body = api.refusals(|refusals| {
        let counts: serde_json::Map<String, Value> =
            refusals.counts().map(|(code, count)| (code.to_owned(), json!(count))).collect();
        let samples: Vec<Value> = refusals
            .samples()
            .map(|sample| {
                json!({"at": instant(sample.at), "code": sample.rejection.code(), "claimed": sample.claimed_id})
            })
            .collect();
        json!({"counts": counts, "pattern": format!("{:?}", refusals.pattern()), "samples": samples})
    });
    Ok(Json(body).into_response())
}

/// The connected account that an event belongs to: the query's only parameter, `account`; none for our own.
fn account_of(query: Option<&str>) -> Result<String, Problem> {
    let mut account = None;
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if name != "account" {
            return Err(Problem::BadQuery("it takes `account` alone"));
        }
        if account.replace(value.into_owned()).is_some() {
            return Err(Problem::BadQuery("`account` stands more than once"));
        }
    }
    Ok(account.unwrap_or_default())
}

/// Has a stored webhook processed again under an idempotency key, or shows what that would change, which needs none.
pub(super) async fn reprocess(
    State(api): Api,
    Path((provider, event)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    api.internal.check(&headers)?;
    let (Reprocess { actor, reason, dry_run }, body) = read(&body)?;
    must_be_said(&actor)?;
    let sender = match provider.as_str() {
        "stripe" => Sender::Stripe,
        "standard" => Sender::Standard,
        _ => return Err(Problem::UnknownProvider(provider.chars().take(64).collect())),
    };
    let event = EventKey { sender, account: account_of(query.as_deref())?, event_id: event };
    if dry_run {
        let row = api.store.event(&event).await?.ok_or(StoreError::Inbox(InboxRefusal::Unknown))?;
        let changes = would_change(&api, &row.event_type, row.object.as_deref()).await?;
        return Ok(Json(json!({ "dry_run": true, "changes": changes })).into_response());
    }
    let key = keys::of(&headers)?;
    // Quoted, so that no border between account and event can be moved.
    let hash = keys::hash(&format!("reprocess {provider} {:?} {:?}", event.account, event.event_id), &body);
    let scope = keys::scope("reprocess", &format!("staff:{actor}"));
    keys::answer(&api, (scope, key), hash, Asked::Reprocess { event, actor, reason }).await
}

/// The rows that processing an event would write now; writes nothing.
async fn would_change(
    api: &BillingApi,
    event_type: &str,
    object: Option<&str>,
) -> Result<Vec<Value>, Problem> {
    let what = Handling::of_stripe(event_type);
    let (Some(object), true) = (object, what != Handling::Ignore) else { return Ok(Vec::new()) };
    let response = (api.ask)(provider::fetch(what, object)).await.map_err(|_| Problem::ProviderSilent)?;
    let (subscription, command) = match provider::fetched(what, &response) {
        Fetched::Payment { subscription, attempt, payment } => {
            (subscription, Command::PaymentSeen { attempt, payment })
        }
        Fetched::Dispute(seen) => match api.store.subscription_of_payment(&seen.payment).await? {
            Some(subscription) => (subscription, Command::DisputeSeen(seen)),
            None => return Ok(Vec::new()),
        },
        Fetched::Mirror(seen) => (seen.id.clone(), Command::MirrorSeen(seen)),
        Fetched::Foreign | Fetched::Missing => return Ok(Vec::new()),
        Fetched::Unavailable => return Err(Problem::ProviderSilent),
    };
    let Some(account) = api.store.account(&subscription).await? else { return Ok(Vec::new()) };
    let plans = std::collections::BTreeMap::new();
    let decision = decide(&account, &command, Context { now: api.now(), plans: &plans })
        .map_err(|refusal| Problem::Store(refusal.into()))?;
    let changes = decision.writes.iter().filter(|write| !matches!(write, Write::Audit(_)));
    changes
        .map(|write| serde_json::to_value(write).map_err(|error| Problem::BadBody(error.to_string())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_the_only_parameter_and_stands_once() {
        assert_eq!(account_of(None).unwrap(), "");
        assert_eq!(account_of(Some("")).unwrap(), "");
        assert_eq!(account_of(Some("account=acct_1")).unwrap(), "acct_1");
        for bad in ["acount=acct_1", "account=a&account=a", "account=a&dry_run=true"] {
            assert!(matches!(account_of(Some(bad)), Err(Problem::BadQuery(_))), "{bad}");
        }
    }
}
