//! The edge as it was: the whole URL as cache key, a fill for every miss, every fill from the origin.

use platform_core::cache::CacheKey;
use platform_core::cache::policy::fill::{
    Coalescing, InFlight, OnMiss, ShieldState, Shielding, Tier, Upstream,
};
use platform_core::cache::policy::key::{CacheKeyPolicy, KeyHasher, ObjectId, PlaybackToken};
use units::draws::mix;

/// The naive side of lever `cache_key`: everything in the URL counts, the playback token with it.
///
/// Seen in the field: CDNs offer it as a mode and warn of it (docs.edgecast.com, "Query-String Caching", on
/// `unique-cache` with session ids); forasoft.com, "Cache keys for streaming", names a forwarded token first among the
/// causes of origin overload. Never worse than that: how many viewers share a token is the scenario's choice, and
/// order and case of the parameters are what the platform's own playlists make them, so they do not split keys further.
#[derive(Debug, Clone, Copy, Default)]
pub struct FullUrlKey;

impl CacheKeyPolicy for FullUrlKey {
    fn key_of_target(&self, target: &str) -> CacheKey {
        let mut hasher = KeyHasher::new();
        hasher.write(target.as_bytes());
        hasher.finish()
    }

    #[inline]
    fn key_of_object(&self, object: ObjectId, token: PlaybackToken) -> CacheKey {
        CacheKey(mix(object.hash() ^ mix(u64::from(token.0) + 1)))
    }
}

/// The naive side of lever `coalescing`: every miss asks upstream for itself.
///
/// Seen in the field: nginx's `proxy_cache_lock` is off unless set (nginx.org, `ngx_http_proxy_module`), so a proxy cache
/// built from it starts out like this. Never worse than that: what the first fill brings serves all later requests.
#[derive(Debug, Clone, Copy, Default)]
pub struct SeparateFills;

impl Coalescing for SeparateFills {
    #[inline]
    fn on_miss(&self, _in_flight: InFlight) -> OnMiss {
        OnMiss::Fetch
    }
}

/// The naive side of lever `shield`: each edge fills from the origin.
///
/// Seen in the field: CloudFront leaves its origin shield off unless it is enabled, and then each edge location may ask the
/// origin by itself (docs.aws.amazon.com, CloudFront API reference, `OriginShield`).
#[derive(Debug, Clone, Copy, Default)]
pub struct NoShield;

impl Shielding for NoShield {
    #[inline]
    fn upstream(&self, _from: Tier, _shield: ShieldState) -> Upstream {
        Upstream::Origin
    }
}

#[cfg(test)]
mod tests;
