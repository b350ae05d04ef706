//! Card subscriptions: when a period starts, what a part of it costs, what a declined charge leads to.
//!
//! Reading order:
//! - [`calendar`]: period starts from the original anchor, in the customer's time zone.
//! - [`proration`]: what the days before and after a change of plan cost.
//! - [`decline`]: what a provider's decline code means for the card.
//! - [`dunning`]: when a declined charge is tried again, and how often a card network allows that.

pub mod calendar;
pub mod decline;
pub mod dunning;
pub mod proration;
