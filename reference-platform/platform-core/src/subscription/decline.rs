//! What a decline code says about the card, and therefore what may be done next.
//!
//! Issuers answer with dozens of codes; dunning needs eight classes of them. A code that is not listed is treated as a soft
//! decline: it must neither end a subscription at once nor be retried without bound, and the network caps hold in any case.
//!
//! Codes: <https://docs.stripe.com/declines/codes>. The classes are ours, after the actions that the page recommends and the
//! card networks' rule that some answers are never to be tried again.

use serde::{Deserialize, Serialize};

/// What a decline means for the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclineClass {
    /// This card will never pay: the customer has to bring another.
    Hard,
    /// Details of the card are wrong or old: wait until the customer or an account updater corrects them.
    CustomerAction,
    /// The bank wants the customer present: only an on-session payment can succeed.
    Authentication,
    /// The network or the issuer stumbled: worth another try within minutes.
    Technical,
    /// No money or a limit reached: worth another try when money usually arrives.
    Funds,
    /// The bank gave no reason: worth a few spaced tries.
    GenericSoft,
    /// The bank has seen this charge already: look up what became of the first before anything else.
    VerifyFirst,
    /// The request itself was wrong: a person of ours has to look.
    OurBug,
}

impl DeclineClass {
    /// The class of a decline code; a code that is not listed counts as [`DeclineClass::GenericSoft`].
    #[must_use]
    pub fn of_code(code: &str) -> Self {
        CLASSES
            .iter()
            .find_map(|(class, codes)| codes.contains(&code).then_some(*class))
            .unwrap_or(Self::GenericSoft)
    }

    /// The name in logs, metrics and rows.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::CustomerAction => "customer_action",
            Self::Authentication => "authentication",
            Self::Technical => "technical",
            Self::Funds => "funds",
            Self::GenericSoft => "generic_soft",
            Self::VerifyFirst => "verify_first",
            Self::OurBug => "our_bug",
        }
    }

    /// Whether the same card may be charged again without anything having changed.
    #[must_use]
    pub const fn may_retry(self) -> bool {
        matches!(self, Self::Technical | Self::Funds | Self::GenericSoft)
    }
}

/// Every code that is not a plain soft decline, by class, and the soft ones that issuers send most.
const CLASSES: [(DeclineClass, &[&str]); 8] = [
    (
        DeclineClass::Hard,
        &[
            "card_not_supported",
            "currency_not_supported",
            "do_not_try_again",
            "fraudulent",
            "incorrect_number",
            "invalid_account",
            "invalid_number",
            "lost_card",
            "merchant_blacklist",
            "not_permitted",
            "pickup_card",
            "restricted_card",
            "revocation_of_all_authorizations",
            "revocation_of_authorization",
            "security_violation",
            "service_not_allowed",
            "stolen_card",
            "stop_payment_order",
            "transaction_not_allowed",
        ],
    ),
    (
        DeclineClass::CustomerAction,
        &[
            "expired_card",
            "incorrect_cvc",
            "incorrect_pin",
            "incorrect_zip",
            "invalid_cvc",
            "invalid_expiry_month",
            "invalid_expiry_year",
            "invalid_pin",
            "new_account_information_available",
            "offline_pin_required",
            "online_or_offline_pin_required",
            "pin_try_exceeded",
        ],
    ),
    (DeclineClass::Authentication, &["authentication_required"]),
    (
        DeclineClass::Technical,
        &[
            "approve_with_id",
            "issuer_not_available",
            "no_action_taken",
            "processing_error",
            "reenter_transaction",
            "try_again_later",
        ],
    ),
    (
        DeclineClass::Funds,
        &["card_velocity_exceeded", "insufficient_funds", "withdrawal_count_limit_exceeded"],
    ),
    (DeclineClass::GenericSoft, &["call_issuer", "do_not_honor", "generic_decline"]),
    (DeclineClass::VerifyFirst, &["duplicate_transaction"]),
    (DeclineClass::OurBug, &["invalid_amount", "testmode_decline"]),
];

#[cfg(test)]
mod tests;
