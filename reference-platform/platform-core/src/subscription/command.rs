//! What can be asked of a subscription, and what may come of it.
//!
//! Commands are data: what time makes due, what the provider answered, what a customer or support asks for. A decision is data as well:
//! the rows to write in one transaction, and what to do outside once they are written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use thiserror::Error;
use units::money::MoneyError;
use units::{Micros, Money, Timestamp};

use super::account::Write;
use super::calendar::{CalendarError, Period, Zone};
use super::proration::ProrationError;
use super::rows::{DisputeState, Plan, Status};

/// What every decision may look at besides the account.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The clock.
    pub now: Timestamp,
    /// All plans by name.
    pub plans: &'a BTreeMap<SmolStr, Plan>,
}

/// What happens to a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Do what time has made due: period ends, trial ends, retries, ends of windows.
    Advance,
    /// A stored charge request is not to be sent after all: nothing has left the process.
    NotSent {
        /// Its key.
        attempt: SmolStr,
    },
    /// The provider answered a charge request, or did not.
    Answered {
        /// Its key.
        attempt: SmolStr,
        /// The answer.
        answer: Answer,
    },
    /// A worker takes an attempt without a known outcome.
    PickUp {
        /// Its key.
        attempt: SmolStr,
    },
    /// The provider was asked what became of an attempt.
    LookedUp {
        /// Its key.
        attempt: SmolStr,
        /// What it has, if anything.
        found: Option<PaymentSeen>,
    },
    /// An event made us fetch a payment.
    PaymentSeen {
        /// The key in its metadata.
        attempt: SmolStr,
        /// The payment as it stands.
        payment: PaymentSeen,
    },
    /// A worker takes a refund.
    RefundPickUp {
        /// Its id.
        refund: SmolStr,
    },
    /// The provider answered a refund request, or a look-up found what became of it.
    RefundAnswered {
        /// Its id.
        refund: SmolStr,
        /// The answer.
        answer: RefundAnswer,
    },
    /// An event made us fetch a dispute.
    DisputeSeen(DisputeSeen),
    /// An event made us fetch a subscription that the provider owns.
    MirrorSeen(MirrorSeen),
    /// The customer asks for something.
    Customer(CustomerRequest),
    /// Support asks for something.
    Support(SupportRequest),
}

/// What the provider answered to a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The money was taken, or refused.
    Payment(PaymentSeen),
    /// The same key is under way; nothing was done.
    KeyInUse,
    /// The provider failed before or after taking the money, and says the same to a repeat.
    ServerError,
    /// No answer: it may or may not have been done.
    TimedOut,
}

/// A payment as the provider shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentSeen {
    /// The provider's id.
    pub id: SmolStr,
    /// How much.
    pub amount: Money,
    /// What became of it.
    pub outcome: PaymentOutcome,
}

/// What became of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentOutcome {
    /// The money was taken.
    Captured,
    /// The bank said no.
    Declined {
        /// The decline code.
        code: SmolStr,
    },
    /// The bank waits for the customer.
    RequiresAction,
    /// Not decided yet.
    Processing,
}

/// What the provider answered to a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundAnswer {
    /// The money went back.
    Done,
    /// The provider will not do it.
    Refused,
    /// No answer, or none that says: look it up later.
    Unclear,
    /// A look-up found nothing.
    NotFound,
}

/// A dispute as the provider shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeSeen {
    /// The provider's id.
    pub id: SmolStr,
    /// Over which payment.
    pub payment: SmolStr,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub state: DisputeState,
}

/// A subscription as the provider that owns it shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorSeen {
    /// Its id, which is ours too.
    pub id: SmolStr,
    /// Whose it is.
    pub customer: SmolStr,
    /// The name of its plan.
    pub plan: SmolStr,
    /// The provider's own word for its state.
    pub provider_status: SmolStr,
    /// What that means here.
    pub status: Status,
    /// What is paid there.
    pub period: Period,
}

/// What a customer can ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomerRequest {
    /// End it now.
    CancelNow,
    /// End it when the paid period ends.
    CancelAtPeriodEnd,
    /// Withdraw an end that has not come.
    Keep,
    /// Bill by the wall clock of another place from the next period on: the customer has moved.
    SetZone {
        /// Which.
        zone: Zone,
    },
    /// Another plan: a dearer one at once, a cheaper one from the next period on.
    ChangePlan {
        /// Which.
        plan: SmolStr,
    },
    /// No periods after this one.
    Pause,
    /// End the pause, or withdraw one that has not begun.
    Resume,
    /// Pay with another card from now on.
    SetCard {
        /// The provider's name for it.
        card: SmolStr,
    },
    /// Try an open invoice at once.
    PayInvoice {
        /// That of the period that starts then.
        period_start: Timestamp,
    },
}

/// What support can ask for, who asks, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupportRequest {
    /// Who asks.
    pub actor: SmolStr,
    /// Why.
    pub reason: Option<SmolStr>,
    /// What.
    pub action: SupportAction,
}

/// What support can ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SupportAction {
    /// Try the open invoice now.
    RetryCharge,
    /// Give part of the latest payment back.
    Refund {
        /// Minor units.
        amount: i64,
    },
    /// Grant access from now on, whatever the state.
    OverrideAccess {
        /// How long.
        lasting: Micros,
    },
    /// Move the end of the trial.
    ExtendTrial {
        /// The new end.
        until: Timestamp,
    },
}

/// What to write, and what to do once it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// Rows, each at most once, to be written in one transaction.
    pub writes: Vec<Write>,
    /// Calls to make afterwards.
    pub effects: Vec<Effect>,
}

/// A call to make once its rows are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Charge a card.
    Charge(ChargeRequest),
    /// Ask what became of a charge.
    LookUp(ChargeRequest),
    /// Give money back.
    Refund(RefundRequest),
    /// Ask what became of a refund, and give the money back if nothing did.
    LookUpRefund(RefundRequest),
}

/// A charge, as it is sent under its key each time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeRequest {
    /// Idempotency key, also in the metadata.
    pub key: SmolStr,
    /// Who pays.
    pub customer: SmolStr,
    /// With what.
    pub card: SmolStr,
    /// How much.
    pub amount: Money,
    /// Metadata: for which invoice.
    pub invoice: SmolStr,
    /// Metadata: of which subscription.
    pub subscription: SmolStr,
    /// Metadata: for the period that starts then.
    pub period_start: Timestamp,
}

/// A refund, as it is sent under its key each time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRequest {
    /// Idempotency key, also in the metadata.
    pub key: SmolStr,
    /// Of which payment.
    pub payment: SmolStr,
    /// How much.
    pub amount: Money,
}

/// Why a command was refused; nothing is to be written then.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The subscription has ended.
    #[error("the subscription has ended")]
    Ended,
    /// The subscription is in a state in which this cannot be asked for.
    #[error("not possible while the subscription is {}", .0.name())]
    WrongState(Status),
    /// A row that the command names does not exist.
    #[error("no such {0}")]
    Unknown(&'static str),
    /// The invoice is paid, void or given up.
    #[error("the invoice is not open")]
    NotOpen,
    /// A charge for the invoice has no known outcome yet.
    #[error("a charge is under way; its outcome comes first")]
    AttemptUnderWay,
    /// There is no card on file, or the card on file can never pay.
    #[error("no usable card on file; set a card first")]
    NoCard,
    /// The card networks allow no further attempt on the card yet.
    #[error("the card networks allow no further attempt on this card yet")]
    Capped,
    /// No such plan.
    #[error("no such plan")]
    UnknownPlan,
    /// The plan has another currency or length of period.
    #[error("the plan has another currency or length of period")]
    IncompatiblePlan,
    /// There is no pause to end or withdraw.
    #[error("there is no pause to end")]
    NotPaused,
    /// There is no end to withdraw.
    #[error("the subscription is not to end")]
    NotEnding,
    /// The amount is not above zero, or more than is left of the payment.
    #[error("the amount is not between 1 and what is left of the payment")]
    Amount,
    /// The point in time is not in the future.
    #[error("the point in time is not in the future")]
    NotInFuture,
    /// The provider shows another amount than we asked for.
    #[error("the provider shows another amount than was asked for")]
    AmountDiffers,
    /// A card, a plan or another name is empty or too long.
    #[error("`{0}` is empty or longer than 255 bytes")]
    Name(&'static str),
    /// A point of the calendar is out of range.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// An amount is out of range.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// Part of a period has no price.
    #[error(transparent)]
    Proration(#[from] ProrationError),
}

impl Refusal {
    /// A stable code for answers and metrics.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Ended => "subscription_ended",
            Self::WrongState(_) => "wrong_state",
            Self::Unknown(_) => "unknown",
            Self::NotOpen => "invoice_not_open",
            Self::AttemptUnderWay => "charge_under_way",
            Self::NoCard => "no_card",
            Self::Capped => "card_capped",
            Self::UnknownPlan => "unknown_plan",
            Self::IncompatiblePlan => "incompatible_plan",
            Self::NotPaused => "not_paused",
            Self::NotEnding => "not_ending",
            Self::Amount => "amount_invalid",
            Self::NotInFuture => "not_in_future",
            Self::AmountDiffers => "amount_differs",
            Self::Name(_) => "name_invalid",
            Self::Calendar(_) | Self::Money(_) | Self::Proration(_) => "out_of_range",
        }
    }
}
