//! What goes wrong at the billing routes: problem details (RFC 9457) with a stable `code` and, where there is one, the next step.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use platform_core::subscription::command::Refusal;
use platform_core::subscription::store::StoreError;
use platform_core::webhook::inbox::InboxRefusal;
use platform_core::webhook::verify::Rejection;

use crate::problem_details::{Details, answer};

/// Why a request was not answered as asked.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// A webhook that is not genuine.
    #[error("{0}")]
    Rejected(Rejection),
    /// No endpoint of that name.
    #[error("no webhooks are taken in for `{0}`")]
    UnknownProvider(String),
    /// A body larger than is read.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// A body that ends early or is cut into chunks that are none.
    #[error("the body could not be read to its end")]
    BodyUnreadable,
    /// A path that is no text.
    #[error("the path is no UTF-8")]
    BadPath,
    /// A query that the route does not take.
    #[error("the query is not what this route takes: {0}")]
    BadQuery(&'static str),
    /// A body that is not what the route takes.
    #[error("the body is not what this route takes: {0}")]
    BadBody(String),
    /// The header is missing.
    #[error("header `Idempotency-Key` is missing")]
    KeyMissing,
    /// The header cannot be a key.
    #[error("`Idempotency-Key` is no text of 1 to 255 printable bytes, or stands more than once")]
    KeyMalformed,
    /// The key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Nobody showed who asks.
    #[error("no valid token")]
    Unauthorised,
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The provider did not answer.
    #[error("the provider did not answer")]
    ProviderSilent,
    /// Nothing at this path.
    #[error("there is nothing at this path")]
    NotFound,
    /// Something at this path, for another method.
    #[error("this path is for another method")]
    WrongMethod,
}

impl Problem {
    fn parts(&self) -> (StatusCode, &'static str, Option<&'static str>) {
        match self {
            Self::Rejected(Rejection::BodyTooLarge { .. }) | Self::TooLarge(_) => {
                (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", None)
            }
            Self::Rejected(rejection) if rejection.is_unreadable() => {
                (StatusCode::BAD_REQUEST, rejection.code(), None)
            }
            Self::Rejected(rejection) => {
                (StatusCode::UNAUTHORIZED, rejection.code(), Some("sign with an active secret, and now"))
            }
            Self::UnknownProvider(_) => (StatusCode::NOT_FOUND, "unknown_provider", None),
            Self::BodyUnreadable => {
                (StatusCode::BAD_REQUEST, "body_unreadable", Some("send the whole body again"))
            }
            Self::BadPath => (StatusCode::BAD_REQUEST, "bad_path", None),
            Self::BadQuery(_) => (StatusCode::BAD_REQUEST, "bad_query", None),
            Self::BadBody(_) => (StatusCode::BAD_REQUEST, "bad_body", None),
            Self::KeyMissing => {
                (StatusCode::BAD_REQUEST, "idempotency_key_missing", Some("send one fresh key per intent"))
            }
            Self::KeyMalformed => (StatusCode::BAD_REQUEST, "idempotency_key_malformed", None),
            Self::KeyReused => {
                (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", Some("use a fresh key"))
            }
            Self::Unauthorised => (StatusCode::UNAUTHORIZED, "unauthorised", Some("send a bearer token")),
            Self::Store(error) => of_store(error),
            Self::ProviderSilent => (StatusCode::BAD_GATEWAY, "provider_silent", Some("try again later")),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", None),
            Self::WrongMethod => (StatusCode::METHOD_NOT_ALLOWED, "wrong_method", None),
        }
    }
}

fn of_store(error: &StoreError) -> (StatusCode, &'static str, Option<&'static str>) {
    match error {
        StoreError::Refused(refusal) => (of_refusal(refusal), refusal.code(), None),
        StoreError::Inbox(InboxRefusal::Unknown) => (StatusCode::NOT_FOUND, "unknown_event", None),
        StoreError::Inbox(_) => (StatusCode::CONFLICT, "event_busy", Some("try again in some minutes")),
        StoreError::NoSuchSubscription => (StatusCode::NOT_FOUND, "unknown_subscription", None),
        StoreError::Unique(_) => (StatusCode::CONFLICT, "conflict", Some("look at the present state first")),
        StoreError::Ledger(_) | StoreError::Broken(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "internal", None)
        }
        StoreError::Storage(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "store_unavailable", Some("repeat with the same key"))
        }
    }
}

const fn of_refusal(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::Unknown(_) => StatusCode::NOT_FOUND,
        Refusal::UnknownPlan
        | Refusal::IncompatiblePlan
        | Refusal::Amount
        | Refusal::NotInFuture
        | Refusal::Name(_)
        | Refusal::Calendar(_)
        | Refusal::Money(_)
        | Refusal::Proration(_) => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::CONFLICT,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, code, hint) = self.parts();
        if status.is_server_error() {
            tracing::error!(error = %self, "a billing request failed");
        }
        // What the database said is for the log.
        let detail = if status.is_server_error() { code.replace('_', " ") } else { self.to_string() };
        let mut response = answer(status, Details { detail: &detail, code, hint });
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

pub(super) async fn not_found() -> Problem {
    Problem::NotFound
}

pub(super) async fn wrong_method() -> Problem {
    Problem::WrongMethod
}
