//! Billing over SQL and HTTP: adapters of `platform_core::subscription` and `platform_core::webhook`.
//!
//! Reading order:
//! - [`store`]: the rows in SQLite: one writer, group commit, uniqueness by constraint.
//! - [`provider`]: the payment provider's API, in Stripe's shape, over any transport.
//! - [`ports`]: what the jobs work with: store, clock, provider, notices, seams.
//! - [`api`]: webhook intake, and the routes of customers and support.
//! - [`notices`]: notices as signed webhooks.
//! - [`runner`]: the jobs as a server runs them.

pub mod api;
pub mod notices;
pub mod ports;
pub mod provider;
pub mod runner;
pub mod store;
