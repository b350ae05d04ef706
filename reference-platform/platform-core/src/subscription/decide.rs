//! What a command does to a subscription.
//!
//! Pure: the same account, command and clock give the same rows. A command that changes nothing decides nothing, so that a repeated
//! tick, answer or event writes no row.
//!
//! Reading order:
//! - [`begin`]: a new subscription, one that is taken over, one that the provider owns.
//! - [`time`]: period ends, trial ends, retries, the end of the window.
//! - `charge`: what an answer, an event or a look-up says about a charge.
//! - [`resolve`]: a charge without a known outcome.
//! - `money`: refunds and disputes.
//! - [`customer`]: what a customer asks for.
//! - `support`: what support asks for.

pub mod begin;
mod charge;
pub mod customer;
mod money;
pub mod resolve;
mod support;
#[cfg(test)]
mod tests;
pub mod time;

use super::account::Account;
use super::command::{Command, Context, Decision, Refusal};
use super::draft::Draft;

/// Decides about a command.
///
/// # Errors
/// [`Refusal`]; nothing is to be written then.
pub fn decide(account: &Account, command: &Command, context: Context<'_>) -> Result<Decision, Refusal> {
    let mut draft = Draft::about(account, command, context);
    match command {
        Command::Advance => draft.advance()?,
        Command::NotSent { attempt } => draft.not_sent(attempt)?,
        Command::Answered { attempt, answer } => draft.answered(attempt, answer)?,
        Command::PickUp { attempt } => draft.pick_up(attempt)?,
        Command::LookedUp { attempt, found } => draft.looked_up(attempt, found.as_ref())?,
        Command::PaymentSeen { attempt, payment } => draft.payment_seen(attempt, payment)?,
        Command::RefundPickUp { refund } => draft.refund_pick_up(refund)?,
        Command::RefundAnswered { refund, answer } => draft.refund_answered(refund, *answer)?,
        Command::DisputeSeen(seen) => draft.dispute_seen(seen)?,
        Command::MirrorSeen(seen) => draft.mirror_seen(seen),
        Command::Customer(request) => draft.customer_asks(request)?,
        Command::Support(request) => draft.support_asks(request)?,
    }
    Ok(draft.finish())
}
