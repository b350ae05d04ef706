//! `[platform]` and `[player]`.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::de::At;
use crate::quantity::{Duration, Share, Size};

/// Tuning of the platform's own policies.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Platform {
    /// For arms with `steering = "health-ewma"`.
    pub(crate) steering: Option<Steering>,
    /// For arms with `load_policy = "platform"`.
    pub(crate) load_policy: Option<LoadPolicy>,
}

/// Steering by health.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Steering {
    /// How often a client asks again, "10s" unless given.
    pub(crate) ttl: Option<At<Duration>>,
    /// Half-life of the average of bad requests, "10s" unless given.
    pub(crate) half_life: Option<At<Duration>>,
    /// No first byte within this is a bad request, "4s" unless given.
    pub(crate) bad_first_byte: Option<At<Duration>>,
    /// A larger share of bad requests ejects, "5%" unless given.
    pub(crate) eject_above: Option<Share>,
    /// With fewer requests in the window nothing is ejected, 50 unless given.
    pub(crate) eject_min_requests: Option<u32>,
    /// The window of that number, "10s" unless given.
    pub(crate) eject_window: Option<At<Duration>>,
    /// A smaller share restores, "1%" unless given.
    pub(crate) restore_below: Option<Share>,
    /// For so long, "60s" unless given.
    pub(crate) restore_after: Option<Duration>,
    /// Part of the other CDN's spare capacity that may be moved to it per TTL while its caches are cold, "10%" unless given.
    pub(crate) move_per_ttl: Option<Share>,
    /// How often each POP is probed, "1s" unless given.
    pub(crate) probe_every: Option<At<Duration>>,
    /// Size of a probe, "64KiB" unless given.
    pub(crate) probe_size: Option<Size>,
    /// When a probe has failed, "1s" unless given.
    pub(crate) probe_deadline: Option<At<Duration>>,
    /// So many failed probes in a row eject, 3 unless given.
    pub(crate) probe_failures: Option<At<u32>>,
}

/// The load policy that the platform hands out.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoadPolicy {
    /// No first byte within this fails a request, "4s" unless given.
    pub(crate) first_byte_timeout: Option<At<Duration>>,
    /// Retries after a time-out, 0 unless given.
    pub(crate) timeout_retries: Option<u32>,
    /// Retries after an error, 1 unless given.
    pub(crate) error_retries: Option<u32>,
    /// A variant is passed over for its errors for so long, "60s" unless given.
    pub(crate) error_penalty: Option<At<Duration>>,
}

/// Tuning of the player profiles.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Player {
    /// Cap on the buffer goal of `phone`, "30s" unless given.
    pub(crate) phone_buffer: Option<At<Duration>>,
    /// Buffer goal of `tv`, "30s" unless given.
    pub(crate) tv_buffer: Option<At<Duration>>,
    /// Buffer goal of `calm`, "25s" unless given.
    pub(crate) calm_buffer: Option<At<Duration>>,
}
