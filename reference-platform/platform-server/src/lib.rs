//! Adapters of the reference platform: they load state, ask `platform-core` to decide, store the writes and perform the
//! effects.
//!
//! Reading order:
//! - [`catalog`]: the catalogue on disk: imports, edits, and the feed of what changed.
//! - [`search`]: the index over the catalogue, and how a query finds its titles in it.
//! - [`search_api`]: search over HTTP: routes, parameters, errors, the search page.
//! - [`billing`]: subscriptions, webhook intake and jobs over SQLite and HTTP.
//! - [`http_server`]: the accept loop that all routes are served by.
//! - `problem_details`: the body of every answer that says what went wrong.
//! - [`log`]: warnings and errors as lines.

pub mod billing;
pub mod catalog;
pub mod http_server;
pub mod log;
mod problem_details;
pub mod search;
pub mod search_api;
