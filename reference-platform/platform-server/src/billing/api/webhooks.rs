//! Webhook intake: raw bytes in, verified, stored durably, then answered. Nothing else happens in the request.

use std::sync::Arc;

use axum::extract::{FromRequest, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use platform_core::subscription::store::{Received, Store};
use platform_core::webhook::verify::{Delivery, Rejection};
use serde_json::json;
use units::Timestamp;

use super::BillingApi;
use super::extract::{Body, Path};
use super::problem::Problem;

/// What a webhook calls itself, for the samples of refused ones.
const CLAIMED: [&str; 2] = ["webhook-id", "stripe-signature"];

/// `POST /v1/webhooks/{provider}`.
pub(super) async fn receive(
    State(api): State<Arc<BillingApi>>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let Some(endpoint) = api.endpoints.get(&provider) else {
        return Err(Problem::UnknownProvider(provider.chars().take(64).collect()));
    };
    let now = api.now();
    // Only for an endpoint that there is.
    let body = match Body::from_request(request, &()).await {
        Err(Problem::TooLarge(max)) => {
            let rejection = Rejection::BodyTooLarge { bytes: declared(&headers).unwrap_or(max + 1), max };
            return Err(refused(&api, &headers, rejection, now));
        }
        read => read?,
    };
    let pairs: Vec<(&str, &[u8])> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let intake = match endpoint.take_in(&Delivery { headers: &pairs, body: &body }, now) {
        Ok(intake) => intake,
        Err(rejection) => return Err(refused(&api, &headers, rejection, now)),
    };
    api.refusals(platform_core::webhook::refusals::Refusals::accepted);
    let received = api.store.receive(intake, now).await?;
    let word = match received {
        Received::Stored => "stored",
        Received::Duplicate => "duplicate",
        Received::Conflict => "conflict",
    };
    Ok((StatusCode::OK, axum::Json(json!({ "received": word }))).into_response())
}

/// How long the sender says that its body is; nothing in a body by chunks says so.
fn declared(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Counts a refusal, and answers it.
fn refused(api: &BillingApi, headers: &HeaderMap, rejection: Rejection, now: Timestamp) -> Problem {
    let claimed = CLAIMED.iter().find_map(|name| headers.get(*name)).map(http::HeaderValue::as_bytes);
    api.refusals(|refusals| refusals.refused(now, rejection.clone(), claimed.unwrap_or_default()));
    Problem::Rejected(rejection)
}
