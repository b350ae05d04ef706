//! The payment provider's API in Stripe's shape: requests as they are sent, answers as they are read.
//!
//! Nothing here sends: [`super::ports::Outside`] does, so that the same reading and writing serves a provider in this process and one behind
//! HTTP. Times in answers are whole seconds, amounts minor units, currencies lower case. API:
//! <https://docs.stripe.com/api/payment_intents>.

use platform_core::subscription::calendar::Period;
use platform_core::subscription::command::{
    Answer, ChargeRequest, DisputeSeen, MirrorSeen, PaymentOutcome, PaymentSeen, RefundAnswer, RefundRequest,
};
use platform_core::subscription::jobs::{Fetched, LookUp};
use platform_core::subscription::rows::{DisputeState, Status};
use platform_core::webhook::event::Handling;
use serde_json::Value;
use units::{Currency, Money, Timestamp};

/// A request to the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiRequest {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Path without host.
    pub path: String,
    /// Form fields of a `POST`, query of a `GET`.
    pub params: Vec<(String, String)>,
    /// Header `Idempotency-Key`.
    pub idempotency_key: Option<String>,
}

/// Its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiResponse {
    /// HTTP status.
    pub status: u16,
    /// JSON body.
    pub body: Value,
}

fn get(path: String, params: &[(&str, &str)]) -> ApiRequest {
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    ApiRequest { method: "GET", path, params, idempotency_key: None }
}

/// The request of a charge: the same bytes each time.
#[must_use]
pub fn charge(request: &ChargeRequest) -> ApiRequest {
    let params = [
        ("amount", request.amount.minor_units.to_string()),
        ("currency", request.amount.currency.code().to_ascii_lowercase()),
        ("customer", request.customer.to_string()),
        ("payment_method", request.card.to_string()),
        ("confirm", "true".to_owned()),
        ("off_session", "true".to_owned()),
        ("metadata[attempt]", request.key.to_string()),
        ("metadata[invoice]", request.invoice.to_string()),
        ("metadata[subscription]", request.subscription.to_string()),
        ("metadata[period_start]", (request.period_start.0 / 1_000_000).to_string()),
    ];
    ApiRequest {
        method: "POST",
        path: "/v1/payment_intents".to_owned(),
        params: params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        idempotency_key: Some(request.key.to_string()),
    }
}

/// What the provider answered to a charge.
#[must_use]
pub fn charge_answer(response: &ApiResponse) -> Answer {
    match response.status {
        200 => payment(&response.body).map_or(Answer::ServerError, |(_, seen)| Answer::Payment(seen)),
        402 => {
            let error = &response.body["error"];
            payment(&error["payment_intent"]).map_or(Answer::ServerError, |(_, seen)| Answer::Payment(seen))
        }
        // Kept under the key, and said again whoever asks: only a look-up tells more.
        500..=599 => Answer::ServerError,
        // In use, too many at once, or our own fault: nothing was done and nothing is kept, so the same key is good for later.
        _ => Answer::KeyInUse,
    }
}

/// Whether an answer says that the request should never have been sent: a key of ours that is not valid, a parameter that is none. A
/// repeat would say the same until somebody has looked.
#[must_use]
pub fn is_our_fault(method: &str, response: &ApiResponse) -> bool {
    match response.status {
        // A decline; a key in use; too many requests.
        402 | 409 | 429 => false,
        // An object may be gone, a route may not.
        404 => method != "GET",
        status => (400..500).contains(&status),
    }
}

/// The provider's word for an error: a name of a bounded length, never its message, which may repeat what was sent.
#[must_use]
pub fn error_code(response: &ApiResponse) -> String {
    let error = &response.body["error"];
    let code = error["code"].as_str().or_else(|| error["type"].as_str()).unwrap_or("none");
    code.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_').take(64).collect()
}

/// The request that lists a customer's payments, newest first.
#[must_use]
pub fn list(customer: &str) -> ApiRequest {
    get("/v1/payment_intents".to_owned(), &[("customer", customer), ("limit", "100")])
}

/// The payment of a key in a list.
#[must_use]
pub fn find(response: &ApiResponse, key: &str) -> LookUp {
    let Some(all) = response.body["data"].as_array().filter(|_| response.status == 200) else {
        return LookUp::Unavailable;
    };
    let ours = all.iter().find(|one| one["metadata"]["attempt"] == key);
    ours.map_or(LookUp::Nothing, |one| {
        payment(one).map_or(LookUp::Unavailable, |(_, seen)| LookUp::Found(seen))
    })
}

/// The request that fetches what an event is about.
#[must_use]
pub fn fetch(what: Handling, object: &str) -> ApiRequest {
    let kind = match what {
        Handling::FetchDispute => "disputes",
        Handling::FetchSubscription => "subscriptions",
        Handling::FetchPayment | Handling::Ignore => "payment_intents",
    };
    get(format!("/v1/{kind}/{object}"), &[])
}

/// What was fetched.
#[must_use]
pub fn fetched(what: Handling, response: &ApiResponse) -> Fetched {
    match response.status {
        200 => {}
        404 => return Fetched::Missing,
        _ => return Fetched::Unavailable,
    }
    let found = match what {
        // The bank only asks: no money moves until it becomes a dispute, of which another event tells.
        Handling::FetchDispute if is_inquiry(&response.body) => Some(Fetched::Foreign),
        Handling::FetchDispute => dispute(&response.body).map(Fetched::Dispute),
        Handling::FetchSubscription => mirror(&response.body).map(Fetched::Mirror),
        Handling::FetchPayment | Handling::Ignore => {
            payment(&response.body).map(|(ours, payment)| match ours {
                Some((subscription, attempt)) => {
                    Fetched::Payment { subscription: subscription.into(), attempt: attempt.into(), payment }
                }
                None => Fetched::Foreign,
            })
        }
    };
    found.unwrap_or(Fetched::Unavailable)
}

/// The request of a refund.
#[must_use]
pub fn refund(request: &RefundRequest) -> ApiRequest {
    let params = [
        ("payment_intent", request.payment.to_string()),
        ("amount", request.amount.minor_units.to_string()),
        ("metadata[refund]", request.key.to_string()),
    ];
    ApiRequest {
        method: "POST",
        path: "/v1/refunds".to_owned(),
        params: params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        idempotency_key: Some(request.key.to_string()),
    }
}

/// What the provider answered to a refund.
#[must_use]
pub fn refund_answer(response: &ApiResponse) -> RefundAnswer {
    match response.status {
        200 => match response.body["status"].as_str() {
            Some("succeeded") => RefundAnswer::Done,
            Some("failed" | "canceled") => RefundAnswer::Refused,
            _ => RefundAnswer::Unclear,
        },
        400 | 402 | 404 => RefundAnswer::Refused,
        _ => RefundAnswer::Unclear,
    }
}

/// The request that lists the refunds of a payment.
#[must_use]
pub fn list_refunds(payment: &str) -> ApiRequest {
    get("/v1/refunds".to_owned(), &[("payment_intent", payment), ("limit", "100")])
}

/// What became of a refund, by its metadata.
#[must_use]
pub fn find_refund(response: &ApiResponse, key: &str) -> RefundAnswer {
    let Some(all) = response.body["data"].as_array().filter(|_| response.status == 200) else {
        return RefundAnswer::Unclear;
    };
    let ours = all.iter().find(|one| one["metadata"]["refund"] == key);
    ours.map_or(RefundAnswer::NotFound, |one| refund_answer(&ApiResponse { status: 200, body: one.clone() }))
}

/// A payment and, where the metadata says so, which of our attempts it is.
fn payment(body: &Value) -> Option<(Option<(String, String)>, PaymentSeen)> {
    let id = body["id"].as_str()?.to_owned();
    let amount = money(body)?;
    let declined = || body["last_payment_error"].as_object();
    let outcome = match body["status"].as_str()? {
        "succeeded" => PaymentOutcome::Captured,
        "requires_action" => PaymentOutcome::RequiresAction,
        "requires_payment_method" | "canceled" => {
            let error = declined();
            let code = |name: &str| error.and_then(|error| error.get(name)).and_then(Value::as_str);
            let code = code("decline_code").or_else(|| code("code")).unwrap_or("generic_decline");
            PaymentOutcome::Declined { code: code.into() }
        }
        _ => PaymentOutcome::Processing,
    };
    let text = |name: &str| body["metadata"][name].as_str().map(str::to_owned);
    let ours = text("subscription").zip(text("attempt"));
    Some((ours, PaymentSeen { id: id.into(), amount, outcome }))
}

fn money(body: &Value) -> Option<Money> {
    let code = body["currency"].as_str()?.to_ascii_uppercase();
    Some(Money::new(body["amount"].as_i64()?, Currency::from_code(&code).ok()?))
}

/// Whether a dispute is an inquiry, open or closed: <https://docs.stripe.com/disputes/how-disputes-work#inquiries>.
fn is_inquiry(body: &Value) -> bool {
    body["status"].as_str().is_some_and(|status| status.starts_with("warning_"))
}

fn dispute(body: &Value) -> Option<DisputeSeen> {
    let state = match body["status"].as_str()? {
        "won" => DisputeState::Won,
        "lost" => DisputeState::Lost,
        _ => DisputeState::Open,
    };
    Some(DisputeSeen {
        id: body["id"].as_str()?.into(),
        payment: body["payment_intent"].as_str()?.into(),
        amount: money(body)?,
        state,
    })
}

/// A subscription that the provider owns; its states are ours by name.
fn mirror(body: &Value) -> Option<MirrorSeen> {
    let word = body["status"].as_str()?;
    let status = match word {
        "incomplete" => Status::Incomplete,
        "incomplete_expired" => Status::IncompleteExpired,
        "trialing" => Status::Trialing,
        "active" => Status::Active,
        "past_due" => Status::PastDue,
        "unpaid" => Status::Unpaid,
        "paused" => Status::Paused,
        "canceled" => Status::Canceled,
        _ => return None,
    };
    let at = |name: &str| body[name].as_u64().map(|seconds| Timestamp(seconds.saturating_mul(1_000_000)));
    Some(MirrorSeen {
        id: body["id"].as_str()?.into(),
        customer: body["customer"].as_str()?.into(),
        plan: body["metadata"]["plan"].as_str()?.into(),
        provider_status: word.into(),
        status,
        period: Period { start: at("current_period_start")?, end: at("current_period_end")? },
    })
}

#[cfg(test)]
mod tests;
