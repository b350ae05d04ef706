//! Every policy of the platform, as pure functions and state machines without IO, clocks or global randomness.
//!
//! Reading order:
//! - [`levers`]: what the modernisation changed, by name; the modern set of implementations.
//! - [`cache`]: which objects an edge keeps, under which key, for how long, and where a miss is filled from.
//! - [`catalog`]: titles, people and their comparable forms.
//! - [`playback`]: which pathway a viewer should use, how pathway health is judged, and the load policy that players get.
//! - [`search`]: what a query asks for, and the order of what was found.
//! - [`subscription`]: when a renewal is due, what it costs, when a declined charge is tried again.
//! - [`ledger`]: double-entry books: every movement of money once, with its cause.
//! - [`webhook`]: which webhooks are genuine, and what becomes of a stored one.
//! - `kit` (feature `kit`): histories of a hostile month against any billing system, and what must hold after every step.
//!
//! Adapters (server, edge, simulator) pass in time and observations and act on what comes back.

pub mod cache;
pub mod catalog;
#[cfg(any(test, feature = "kit"))]
pub mod kit;
pub mod ledger;
pub mod levers;
pub mod playback;
pub mod search;
pub mod subscription;
pub mod webhook;
