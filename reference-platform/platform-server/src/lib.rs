//! Adapters of the reference platform: they load state, ask `platform-core` to decide, store the writes and perform the
//! effects.
//!
//! Reading order:
//! - [`catalog`]: the catalogue on disk: imports, edits, and the feed of what changed.
//! - [`search`]: the index over the catalogue, and how a query finds its titles in it.
//! - [`search_api`]: search over HTTP: routes, parameters, errors, the search page.

pub mod catalog;
pub mod search;
pub mod search_api;
