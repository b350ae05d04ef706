//! Webhooks: which are genuine, which are new, and what becomes of each.
//!
//! Reading order:
//! - [`verify`]: whether a request was signed by who it says, recently, over exactly these bytes.
//! - [`event`]: what a genuine body is about, and the hash that tells a duplicate from a conflict.
//! - [`intake`]: from a request to what is stored.
//! - [`inbox`]: the states of a stored webhook, from received to processed or quarantined.
//! - [`refusals`]: bounded memory of refused requests, and whether they look like an attack or like a wrong clock.

pub mod event;
pub mod inbox;
pub mod intake;
pub mod refusals;
pub mod verify;
