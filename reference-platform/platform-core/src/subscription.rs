//! Card subscriptions: what they owe and when, what becomes of each charge, and who has access.
//!
//! Reading order:
//! - [`calendar`]: period starts from the original anchor, in the customer's time zone.
//! - [`proration`]: what the days before and after a change of plan cost.
//! - [`decline`]: what a provider's decline code means for the card.
//! - [`dunning`]: when a declined charge is tried again, and how often a card network allows that.
//! - [`rows`]: the rows of billing.
//! - [`account`]: all rows of one subscription, and how a write changes them.
//! - [`view`]: the same rows as a reader sees them, stored or in the making.
//! - [`command`]: what can be asked, and what may come of it.
//! - [`decide`]: what a command does; the heart of billing.
//! - [`due`]: when time next makes something due.
//! - [`access`]: who has access, when, and why not.
//! - [`invariants`]: what must hold after every write.
//! - [`store`]: what a store of these rows can do.
//! - [`books`]: the store in memory, which stores in SQL are tested against.
//! - [`outbox`]: when a notice is posted, and posted again.
//! - [`jobs`]: renewals, unknown charges, stored webhooks, notices: what calls what, over any store and provider.

pub mod access;
pub mod account;
pub mod books;
pub mod calendar;
pub mod command;
pub mod decide;
pub mod decline;
mod draft;
pub mod due;
pub mod dunning;
pub mod invariants;
pub mod jobs;
mod names;
mod origin;
pub mod outbox;
pub mod proration;
pub mod rows;
pub mod store;
pub mod view;
