//! Who and what a change goes back to, as audit rows name it.

use smol_str::SmolStr;

use super::command::{Command, CustomerRequest, SupportAction};
use super::names::joined;

/// What a change goes back to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Origin<'a> {
    /// A command about a subscription that exists.
    Command(&'a Command),
    /// How it came to be; its customer asked for that.
    Beginning(&'static str),
}

/// Its names.
#[derive(Debug, Clone)]
pub(super) struct Because {
    pub(super) actor: SmolStr,
    pub(super) cause: SmolStr,
}

impl Because {
    /// Of the changes of one decision.
    pub(super) fn of(origin: Origin<'_>, customer: &str) -> Self {
        const TIMER: SmolStr = SmolStr::new_static("timer");
        const PROVIDER: SmolStr = SmolStr::new_static("provider");
        let command = match origin {
            Origin::Command(command) => command,
            Origin::Beginning(cause) => {
                return Self { actor: joined(["customer:", customer]), cause: SmolStr::new_static(cause) };
            }
        };
        let (actor, cause) = match command {
            Command::Advance => (TIMER, SmolStr::new_static("calendar")),
            Command::NotSent { attempt } => (TIMER, joined(["not_sent:", attempt])),
            Command::Answered { attempt, .. } => (PROVIDER, joined(["answer:", attempt])),
            Command::PickUp { attempt } => (TIMER, joined(["lease:", attempt])),
            Command::LookedUp { attempt, .. } => (PROVIDER, joined(["look_up:", attempt])),
            Command::PaymentSeen { payment, .. } => (PROVIDER, joined(["event:", &payment.id])),
            Command::RefundPickUp { refund } => (TIMER, joined(["lease:", refund])),
            Command::RefundAnswered { refund, .. } => (PROVIDER, joined(["answer:", refund])),
            Command::DisputeSeen(seen) => (PROVIDER, joined(["event:", &seen.id])),
            Command::MirrorSeen(seen) => (PROVIDER, joined(["event:", &seen.id])),
            Command::Customer(request) => {
                (joined(["customer:", customer]), joined(["request:", request.word()]))
            }
            Command::Support(request) => {
                (joined(["staff:", &request.actor]), joined(["request:", request.action.word()]))
            }
        };
        Self { actor, cause }
    }
}

impl CustomerRequest {
    /// The audited name.
    const fn word(&self) -> &'static str {
        match self {
            Self::CancelNow => "cancel_now",
            Self::CancelAtPeriodEnd => "cancel_at_period_end",
            Self::Keep => "keep",
            Self::SetZone { .. } => "set_zone",
            Self::ChangePlan { .. } => "change_plan",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::SetCard { .. } => "set_card",
            Self::PayInvoice { .. } => "pay_invoice",
        }
    }
}

impl SupportAction {
    /// The audited name.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::RetryCharge => "retry_charge",
            Self::Refund { .. } => "refund",
            Self::OverrideAccess { .. } => "override_access",
            Self::ExtendTrial { .. } => "extend_trial",
        }
    }
}
