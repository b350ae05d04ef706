//! Requests of customers and of support, as a sequence writes them.

use serde::Deserialize;

use super::{Length, Time, one, present};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::validate::sequences) struct CustomerStep {
    pub(in crate::validate::sequences) action: CustomerAction,
    pub(in crate::validate::sequences) who: Option<String>,
    pub(in crate::validate::sequences) sub: Option<String>,
    pub(in crate::validate::sequences) plan: Option<String>,
    pub(in crate::validate::sequences) card: Option<String>,
    pub(in crate::validate::sequences) period_start: Option<Time>,
    #[serde(default, deserialize_with = "present")]
    pub(in crate::validate::sequences) key: Option<Option<String>>,
    pub(in crate::validate::sequences) fault: Option<RequestFault>,
    #[serde(default = "one")]
    pub(in crate::validate::sequences) times: u32,
    #[serde(default)]
    pub(in crate::validate::sequences) concurrent: bool,
    #[serde(rename = "as")]
    pub(in crate::validate::sequences) label: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::validate::sequences) enum CustomerAction {
    Subscribe,
    CancelNow,
    CancelAtPeriodEnd,
    ChangePlan,
    Pause,
    Resume,
    SetCard,
    PayInvoice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::validate::sequences) enum RequestFault {
    BeforeCommit,
    AfterCommit,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::validate::sequences) struct SupportStep {
    pub(in crate::validate::sequences) action: SupportName,
    pub(in crate::validate::sequences) sub: Option<String>,
    pub(in crate::validate::sequences) actor: Option<String>,
    pub(in crate::validate::sequences) reason: Option<String>,
    pub(in crate::validate::sequences) amount: Option<i64>,
    #[serde(rename = "for")]
    pub(in crate::validate::sequences) lasting: Option<Length>,
    pub(in crate::validate::sequences) until: Option<Time>,
    pub(in crate::validate::sequences) event: Option<String>,
    #[serde(default)]
    pub(in crate::validate::sequences) dry_run: bool,
    #[serde(default = "one")]
    pub(in crate::validate::sequences) times: u32,
    #[serde(default)]
    pub(in crate::validate::sequences) concurrent: bool,
    #[serde(rename = "as")]
    pub(in crate::validate::sequences) label: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::validate::sequences) enum SupportName {
    Timeline,
    Reprocess,
    RetryCharge,
    Refund,
    OverrideAccess,
    ExtendTrial,
}
