//! The form of a sequence: what is given, what happens step by step, what is expected.
//!
//! Every key, verb and name is spelled out, so that a file with one that is not known is refused with its line and never half
//! run. Ids and explanations are read past: nothing here may depend on them.
//!
//! Reading order:
//! - this file: what is given, steps, times.
//! - [`requests`]: requests of customers and of support.

mod requests;

use std::collections::BTreeMap;

use serde::de::{Error, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use units::{Micros, Timestamp};

pub(super) use self::requests::{CustomerAction, CustomerStep, RequestFault, SupportName, SupportStep};

/// A sequence.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sequence {
    #[serde(rename = "id")]
    _id: IgnoredAny,
    #[serde(rename = "why", default)]
    _why: IgnoredAny,
    #[serde(rename = "policy", default)]
    _policy: IgnoredAny,
    #[serde(rename = "source", default)]
    _source: IgnoredAny,
    #[serde(default)]
    pub(super) needs: Vec<Need>,
    pub(super) given: Given,
    pub(super) steps: Vec<Step>,
    pub(super) expect: Map<String, Value>,
}

/// A part of a platform that not every platform has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Need {
    Support,
    Reconcile,
    AppStores,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Given {
    pub(super) now: Time,
    pub(super) plan: String,
    pub(super) price: Option<i64>,
    pub(super) price_decimal: Option<String>,
    pub(super) currency: String,
    pub(super) interval: String,
    pub(super) anchor: Option<Time>,
    pub(super) zone: String,
    pub(super) status: GivenStatus,
    pub(super) trial_end: Option<Time>,
    pub(super) owner: GivenOwner,
    #[serde(default)]
    pub(super) provider: GivenProvider,
    pub(super) card: Option<String>,
    pub(super) subscriptions: Option<u32>,
    #[serde(default)]
    pub(super) shared_card: bool,
    #[serde(default)]
    pub(super) other_plans: BTreeMap<String, i64>,
    pub(super) provider_script: Option<RawScript>,
    #[serde(default = "one")]
    pub(super) workers: u32,
    /// The zone of our process's environment, which nothing of ours reads.
    #[serde(rename = "process_tz", default)]
    _process_tz: IgnoredAny,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum GivenStatus {
    Active,
    Trialing,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum GivenOwner {
    Platform,
    Provider,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum GivenProvider {
    #[default]
    Stripe,
    Apple,
    Google,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawScript {
    pub(super) replies: Vec<RawReply>,
    #[serde(default)]
    pub(super) cycle: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawReply {
    pub(super) reply: RawReplyKind,
    pub(super) code: Option<String>,
    pub(super) charged: Option<bool>,
    #[serde(default)]
    pub(super) lose_response: bool,
    #[serde(default)]
    pub(super) delay: Length,
    #[serde(default = "one")]
    pub(super) times: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawReplyKind {
    Ok,
    Decline,
    TimeoutCharged,
    TimeoutNotCharged,
    KeyInUse,
    #[serde(rename = "error_500")]
    Error500,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum JobName {
    Renewals,
    Attempts,
    Inbox,
    Outbox,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    Plan,
    Charge,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CrashAt {
    BeforeIntent,
    AfterIntent,
    AfterSend,
    BeforeResult,
    AfterResult,
    AfterPublish,
}

/// A step that waits for its moment inside a job.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct During {
    pub(super) after: Length,
    pub(super) step: Box<Step>,
}

/// A step.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Step {
    At {
        time: Time,
    },
    Advance {
        by: Length,
        every: Option<Length>,
        #[serde(default)]
        tick: Vec<JobName>,
    },
    Tick {
        job: JobName,
        phase: Option<Phase>,
        #[serde(default)]
        during: Vec<During>,
        #[serde(rename = "as")]
        label: Option<String>,
    },
    Crash {
        job: JobName,
        at: CrashAt,
    },
    Stop {},
    Restart {
        #[serde(rename = "process_tz", default)]
        _process_tz: IgnoredAny,
    },
    Deliver(Deliver),
    Provider {
        #[serde(default)]
        call: CallName,
        replies: Option<Vec<RawReply>>,
        #[serde(default)]
        cycle: bool,
        events: Option<RawEvents>,
    },
    Remote {
        status: Option<String>,
        expires: Option<Time>,
        token: Option<String>,
        linked_token: Option<String>,
        dispute: Option<DisputeName>,
    },
    Customer(CustomerStep),
    Support(SupportStep),
    Plant {
        #[serde(rename = "drift")]
        _drift: IgnoredAny,
        #[serde(rename = "sub", default)]
        _sub: IgnoredAny,
    },
    Reconcile {
        #[serde(rename = "mode")]
        _mode: IgnoredAny,
        #[serde(rename = "as")]
        label: Option<String>,
    },
    Parallel {
        steps: Vec<Step>,
        #[serde(default = "one")]
        schedules: u32,
    },
    Check {
        expect: Map<String, Value>,
    },
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deliver {
    pub(super) event: String,
    #[serde(rename = "type")]
    pub(super) event_type: String,
    /// Apple's alone.
    #[serde(rename = "subtype", default)]
    _subtype: IgnoredAny,
    pub(super) object: ObjectName,
    /// Google's alone.
    #[serde(rename = "token", default)]
    _token: IgnoredAny,
    #[serde(default)]
    pub(super) body: BodyName,
    #[serde(default)]
    pub(super) signature: SignatureName,
    #[serde(default)]
    pub(super) delay: Length,
    #[serde(default = "yes")]
    pub(super) livemode: bool,
    #[serde(default = "one")]
    pub(super) times: u32,
    #[serde(default)]
    pub(super) concurrent: bool,
    #[serde(rename = "as")]
    pub(super) label: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ObjectName {
    Payment,
    Subscription,
    Dispute,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum BodyName {
    #[default]
    Original,
    Changed,
    VolatileChanged,
    NotJson,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SignatureName {
    #[default]
    Good,
    Forged,
    Replayed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CallName {
    #[default]
    Charge,
    Refund,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEvents {
    #[serde(rename = "type")]
    pub(super) event_type: String,
    #[serde(default)]
    pub(super) lost: u64,
    #[serde(default)]
    pub(super) late: u64,
    #[serde(default)]
    pub(super) late_by: Length,
    #[serde(default)]
    pub(super) out_of_order: u64,
    #[serde(default)]
    pub(super) forged: u64,
    #[serde(default)]
    pub(super) duplicate: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DisputeName {
    Opened,
    Won,
    Lost,
}

/// A point in time: RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Time(pub(super) Timestamp);

/// A duration in days, hours, minutes and seconds; a day has 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Length(pub(super) Micros);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let at: jiff::Timestamp = text.parse().map_err(D::Error::custom)?;
        let micros = u64::try_from(at.as_microsecond()).map_err(D::Error::custom)?;
        Ok(Self(Timestamp(micros)))
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let span: jiff::Span = text.parse().map_err(D::Error::custom)?;
        if span.get_years() != 0 || span.get_months() != 0 || span.is_negative() {
            return Err(D::Error::custom(format!(
                "`{text}` is no duration in days, hours, minutes and seconds"
            )));
        }
        let hours = i64::from(span.get_days()) * 24 + i64::from(span.get_hours());
        let seconds = (hours * 60 + span.get_minutes()) * 60 + span.get_seconds();
        Ok(Self(Micros::from_secs(u64::try_from(seconds).map_err(D::Error::custom)?)))
    }
}

/// Tells a key that is null from one that is missing.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

const fn one() -> u32 {
    1
}

const fn yes() -> bool {
    true
}
