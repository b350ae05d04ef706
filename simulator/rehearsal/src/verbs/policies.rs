//! Policies of billing as values: what was chosen, and what else could have been.

use platform_core::subscription::decide::{resolve, time};
use platform_core::subscription::dunning;
use platform_core::webhook::{inbox, verify};
use units::Micros;

/// A policy.
pub(super) struct Policy {
    /// Its name.
    pub(super) name: &'static str,
    /// Its value with the unit.
    pub(super) value: String,
    /// Who else does so, or in which range it lies.
    pub(super) source: &'static str,
}

/// All of them, read from the code that uses them.
pub(super) fn all() -> Vec<Policy> {
    let policy = |name, value, source| Policy { name, value, source };
    let days = |days: &[u64]| days.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    vec![
        policy(
            "billing.dunning.window",
            long(dunning::DUNNING_WINDOW),
            "one window for retries, grace and access; systems and app stores offer 3 to 30 d",
        ),
        policy(
            "billing.dunning.soft_days",
            format!("{} d", days(&dunning::SOFT_RETRY_DAYS)),
            "within Stripe's recommended 8 tries in 2 weeks",
        ),
        policy(
            "billing.dunning.funds_days",
            format!("{} d", days(&dunning::FUNDS_RETRY_DAYS)),
            "where no payday is left: 1st, 15th, last working day, 09:00 local",
        ),
        policy(
            "billing.dunning.technical",
            dunning::TECHNICAL_RETRIES.map(long).join(", "),
            "an issuer that stumbled is well again within hours",
        ),
        policy(
            "billing.first_payment.within",
            long(dunning::FIRST_PAYMENT_WITHIN),
            "Stripe expires an incomplete subscription after 23 h",
        ),
        policy("billing.attempt.lease", long(time::LEASE), "several times the longest call"),
        policy(
            "billing.key.trusted",
            long(resolve::KEY_TRUSTED),
            "Stripe keeps a key for at least 24 h; an hour less",
        ),
        policy(
            "billing.look_up.after",
            resolve::LOOK_UP_AFTER.map(long).join(", "),
            "Kill Bill's janitor: 5 min, 1 h, 1 d",
        ),
        policy(
            "billing.webhook.window",
            format!("{} s either way", verify::TOLERANCE_S),
            "Standard Webhooks and Stripe's libraries: 300 s",
        ),
        policy(
            "billing.webhook.tried_for",
            format!("{}, {} times at least", long(inbox::TRIED_FOR), inbox::FAILURES_MIN),
            "then it waits for a person and blocks nothing",
        ),
    ]
}

fn long(span: Micros) -> String {
    let minutes = span.0 / 60_000_000;
    match minutes {
        _ if minutes.is_multiple_of(1_440) => format!("{} d", minutes / 1_440),
        _ if minutes.is_multiple_of(60) => format!("{} h", minutes / 60),
        _ => format!("{minutes} min"),
    }
}
