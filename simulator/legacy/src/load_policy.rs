//! The load policies that hls.js 1.7 has when a page sets none.
//!
//! Seen in the field: they are the documented defaults (hls.js, docs/API.md, `fragLoadPolicy` and its siblings;
//! src/config.ts). What follows from them with two CDNs: every variant of the failing pathway is tried before the
//! other pathway (hls.js issue 5747), and a CDN that accepts connections and sends nothing is never left (recorded with
//! hls.js 1.7.4 in Chromium; see the `hang` runs of the twin's reference data).

use platform_core::playback::load_policy::{LoadLimits, LoadPolicy, LoadPolicySource, Retries};
use units::Micros;

/// The naive side of lever `load_policy`.
#[derive(Debug, Clone, Copy, Default)]
pub struct HlsJsDefaultLoadPolicy;

impl LoadPolicySource for HlsJsDefaultLoadPolicy {
    fn load_policy(&self) -> LoadPolicy {
        let backoff = |max| Retries { max, delay: Micros::from_secs(1), delay_max: Micros::from_secs(8) };
        let media_playlist = LoadLimits {
            first_byte: Some(Micros::from_secs(10)),
            total: Micros::from_secs(20),
            timeout_retries: Retries::at_once(2),
            error_retries: backoff(2),
        };
        LoadPolicy {
            multivariant: LoadLimits { first_byte: None, error_retries: backoff(1), ..media_playlist },
            media_playlist,
            segment: LoadLimits {
                first_byte: Some(Micros::from_secs(10)),
                total: Micros::from_secs(120),
                timeout_retries: Retries::at_once(4),
                error_retries: backoff(6),
            },
            steering: LoadLimits { error_retries: backoff(1), ..media_playlist },
            error_penalty: None,
        }
    }
}
