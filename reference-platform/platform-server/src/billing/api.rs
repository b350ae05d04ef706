//! Billing over HTTP.
//!
//! Reading order:
//! - [`webhooks`]: `POST /v1/webhooks/{provider}`: raw bytes in, durable before the 2xx.
//! - [`customers`]: what customers ask for, under idempotency keys.
//! - [`internal`]: what support asks for, behind a bearer token.
//! - `extract`: paths and bodies, with a problem of ours where they cannot be read.
//! - [`keys`]: the `Idempotency-Key` header.
//! - [`tokens`]: who asks.
//! - [`problem`]: what goes wrong, as a client sees it.

pub mod customers;
mod extract;
pub mod internal;
pub mod keys;
pub mod problem;
pub mod tokens;
pub mod webhooks;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::routing::{get, post, put};
use platform_core::webhook::intake::Endpoint;
use platform_core::webhook::refusals::Refusals;
use units::Timestamp;

use self::tokens::{CustomerKey, InternalToken};
use super::ports::NoAnswer;
use super::provider::{ApiRequest, ApiResponse};
use super::store::SqliteStore;

/// Tells the time, in microseconds since 1970-01-01.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Sends a request to the provider on behalf of support, who want to see what would change.
pub type Ask = Arc<
    dyn Fn(ApiRequest) -> Pin<Box<dyn Future<Output = Result<ApiResponse, NoAnswer>> + Send>> + Send + Sync,
>;

/// What the routes share.
pub struct BillingApi {
    /// The store.
    pub store: Arc<SqliteStore>,
    /// Webhook endpoints by the name in their path.
    pub endpoints: BTreeMap<String, Endpoint>,
    /// The clock.
    pub clock: Clock,
    /// Signs and checks customers' tokens.
    pub customers: CustomerKey,
    /// What support shows.
    pub internal: InternalToken,
    /// The provider, for a dry run.
    pub ask: Ask,
    /// Refused webhooks: bounded, in memory only.
    pub refusals: Mutex<Refusals>,
}

impl std::fmt::Debug for BillingApi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BillingApi").field("endpoints", &self.endpoints.keys()).finish_non_exhaustive()
    }
}

impl BillingApi {
    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(crate) fn refusals<T>(&self, with: impl FnOnce(&mut Refusals) -> T) -> T {
        with(&mut self.refusals.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The routes of billing, and problem details for whatever else is asked.
pub fn router(api: Arc<BillingApi>) -> Router {
    routes(api).fallback(problem::not_found)
}

/// The routes of billing alone, to stand beside others.
pub fn routes(api: Arc<BillingApi>) -> Router {
    Router::new()
        .route("/v1/webhooks/{provider}", post(webhooks::receive))
        .route("/v1/subscriptions", post(customers::subscribe).get(customers::list))
        .route("/v1/subscriptions/{id}", get(customers::show))
        .route("/v1/subscriptions/{id}/invoices", get(customers::invoices))
        .route("/v1/subscriptions/{id}/cancel", post(customers::cancel))
        .route("/v1/subscriptions/{id}/keep", post(customers::keep))
        .route("/v1/subscriptions/{id}/zone", post(customers::set_zone))
        .route("/v1/subscriptions/{id}/plan", post(customers::change_plan))
        .route("/v1/subscriptions/{id}/pause", post(customers::pause))
        .route("/v1/subscriptions/{id}/resume", post(customers::resume))
        .route("/v1/subscriptions/{id}/pay", post(customers::pay))
        .route("/v1/card", put(customers::set_card))
        .route("/internal/v1/subscriptions/{id}/timeline", get(internal::timeline))
        .route("/internal/v1/subscriptions/{id}/access", get(internal::access))
        .route("/internal/v1/subscriptions/{id}/retry-charge", post(internal::retry_charge))
        .route("/internal/v1/subscriptions/{id}/refund", post(internal::refund))
        .route("/internal/v1/subscriptions/{id}/override-access", post(internal::override_access))
        .route("/internal/v1/subscriptions/{id}/extend-trial", post(internal::extend_trial))
        .route("/internal/v1/events/{provider}/{event}/reprocess", post(internal::reprocess))
        .route("/internal/v1/webhooks/refusals", get(internal::refusals))
        .method_not_allowed_fallback(problem::wrong_method)
        .with_state(api)
}
