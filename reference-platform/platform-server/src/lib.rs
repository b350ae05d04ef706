//! Adapters of the reference platform: they load state, ask `platform-core` to decide, store the writes and perform the
//! effects.
//!
//! Reading order:
//! - [`search`]: the index over the catalogue, and how a query finds its titles in it.

pub mod search;
