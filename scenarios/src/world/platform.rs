//! Tuning of the modern platform's policies and of the player profiles.
//!
//! The policies themselves live in `platform-core`; these numbers are what it is constructed with. They stand in the
//! scenario so that a what-if, the sensitivity table and the report all see them.

use serde::{Deserialize, Serialize};
use units::{Bytes, Micros, Ppm};

/// Tuning of the policies that levers turn on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platform {
    /// For arms with `steering = "health-ewma"`.
    pub steering: SteeringPolicy,
    /// For arms with `load_policy = "platform"`.
    pub load_policy: LoadPolicy,
}

/// Health by telemetry and probes, moved with a lid on the moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SteeringPolicy {
    /// How often a client asks again.
    pub ttl: Micros,
    /// Half-life of the average of bad requests per (region, CDN).
    pub half_life: Micros,
    /// No first byte within this is a bad request (so is an error, and a segment slower than its own duration).
    pub bad_first_byte: Micros,
    /// A pathway with a larger share of bad requests is ejected.
    pub eject_above: Ppm,
    /// Requests within `eject_window` without which nothing is ejected.
    pub eject_min_requests: u32,
    /// See `eject_min_requests`.
    pub eject_window: Micros,
    /// A pathway with a smaller share for `restore_after` is restored.
    pub restore_below: Ppm,
    /// See `restore_below`.
    pub restore_after: Micros,
    /// Part of the other CDN's spare capacity that may be moved to it per TTL while its caches are cold.
    pub move_per_ttl: Ppm,
    /// How often each POP is probed.
    pub probe_every: Micros,
    /// Size of a probe.
    pub probe_size: Bytes,
    /// When a probe has failed.
    pub probe_deadline: Micros,
    /// So many failed probes in a row eject.
    pub probe_failures: u32,
}

/// The player load policy that the platform hands out as data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadPolicy {
    /// No first byte within this fails a request.
    pub first_byte_timeout: Micros,
    /// Retries after a time-out.
    pub timeout_retries: u32,
    /// Retries after an error.
    pub error_retries: u32,
    /// For how long a variant is passed over for its errors.
    pub error_penalty: Micros,
}

/// Tuning of the player profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Players {
    /// Cap on hls.js's own formula for the buffer goal on `phone`.
    pub phone_buffer: Micros,
    /// Buffer goal of `tv`.
    pub tv_buffer: Micros,
    /// Buffer goal of `calm`.
    pub calm_buffer: Micros,
}
