//! Cache keys. Lever `cache_key`.
//!
//! Two requests for the same bytes must have one key, two requests for different bytes two. The modern policy keeps of
//! a target only its path and the delivery directives that change a playlist; the playback token, the session's
//! tracking parameters and their order do not count. Tokens are checked before the cache is asked, and the edge
//! forwards the *normalised* target upstream, so that nothing outside the key can change the body stored under it.
//!
//! The same decision exists twice: on a real path and query for the edge, and on an [`ObjectId`] for the simulator,
//! where formatting a string for each of 10^8 lookups would cost more than the rest. A test holds them together.

use units::TitleId;
use units::draws::mix;

use super::freshness::ObjectKind;
use crate::cache::CacheKey;

/// A playback token, as far as caching cares: equal or not. Who shares one is the caller's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlaybackToken(pub u32);

/// One object of the platform. Fields that a kind has no use for are 0; the constructors see to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// The title.
    pub title: TitleId,
    /// Ordinal of a segment.
    pub index: u32,
    /// Index into the ladder.
    pub variant: u8,
    /// What it is.
    pub kind: ObjectKind,
}

impl ObjectId {
    /// The multivariant playlist of a title.
    #[must_use]
    pub const fn multivariant(title: TitleId) -> Self {
        Self { title, index: 0, variant: 0, kind: ObjectKind::Multivariant }
    }

    /// The media playlist of a finished title's variant.
    #[must_use]
    pub const fn vod_playlist(title: TitleId, variant: u8) -> Self {
        Self { title, index: 0, variant, kind: ObjectKind::VodPlaylist }
    }

    /// The media playlist of a live title's variant.
    #[must_use]
    pub const fn live_playlist(title: TitleId, variant: u8) -> Self {
        Self { title, index: 0, variant, kind: ObjectKind::LivePlaylist }
    }

    /// The initialisation section of a variant.
    #[must_use]
    pub const fn init(title: TitleId, variant: u8) -> Self {
        Self { title, index: 0, variant, kind: ObjectKind::Init }
    }

    /// A segment of a finished title.
    #[must_use]
    pub const fn segment(title: TitleId, variant: u8, index: u32) -> Self {
        Self { title, index, variant, kind: ObjectKind::Segment }
    }

    /// A segment of a live title.
    #[must_use]
    pub const fn live_segment(title: TitleId, variant: u8, index: u32) -> Self {
        Self { title, index, variant, kind: ObjectKind::LiveSegment }
    }

    /// The object's path and query in the platform's URL layout, with the token as players send it.
    #[must_use]
    pub fn target(self, token: PlaybackToken) -> String {
        let Self { title: TitleId(title), index, variant, kind } = self;
        let token = token.0;
        match kind {
            ObjectKind::Multivariant => format!("/v1/{title}/main.m3u8?token={token:08x}"),
            ObjectKind::VodPlaylist => format!("/v1/{title}/vod/{variant}.m3u8?token={token:08x}"),
            ObjectKind::LivePlaylist => format!("/v1/{title}/live/{variant}.m3u8?token={token:08x}"),
            ObjectKind::Init => format!("/v1/{title}/{variant}/init.mp4?token={token:08x}"),
            ObjectKind::Segment => format!("/v1/{title}/vod/{variant}/{index}.m4s?token={token:08x}"),
            ObjectKind::LiveSegment => format!("/v1/{title}/live/{variant}/{index}.m4s?token={token:08x}"),
            ObjectKind::SteeringManifest => format!("/v1/{title}/steering.json?token={token:08x}"),
        }
    }

    /// A hash of all fields: one key per object.
    #[inline]
    #[must_use]
    pub const fn hash(self) -> u64 {
        let what = (self.variant as u64) << 8 | self.kind as u64;
        mix((self.title.0 as u64) << 32 | self.index as u64) ^ mix(what.wrapping_add(0x5EED))
    }
}

/// Decides what an object is looked up by. Lever `cache_key`.
pub trait CacheKeyPolicy {
    /// The key of a request target (path and query, RFC 9112 section 3.2.1).
    fn key_of_target(&self, target: &str) -> CacheKey;

    /// The same decision for an object asked for with a token.
    fn key_of_object(&self, object: ObjectId, token: PlaybackToken) -> CacheKey;
}

/// The modern side of lever `cache_key`: path and delivery directives only.
#[derive(Debug, Clone, Copy, Default)]
pub struct NormalisedKey;

/// Query parameters that change a body: the delivery directives of rfc8216bis, section 6.2.5, in alphabetical order.
///
/// Blocking reload (`_HLS_msn`, `_HLS_part`) and delta updates (`_HLS_skip`). All others are dropped.
const KEPT_PARAMETERS: [&str; 3] = ["_HLS_msn", "_HLS_part", "_HLS_skip"];

impl NormalisedKey {
    /// Writes the normalised form of `target` to `out`, which is what an edge asks upstream for.
    ///
    /// Normalising twice changes nothing. Repeated kept parameters all stay, in their order, because caches and
    /// origins disagree on which of them wins.
    pub fn normalise(self, target: &str, out: &mut String) {
        out.clear();
        pieces(target, |piece| out.push_str(piece));
    }
}

impl CacheKeyPolicy for NormalisedKey {
    fn key_of_target(&self, target: &str) -> CacheKey {
        let mut hasher = KeyHasher::new();
        pieces(target, |piece| hasher.write(piece.as_bytes()));
        hasher.finish()
    }

    #[inline]
    fn key_of_object(&self, object: ObjectId, _token: PlaybackToken) -> CacheKey {
        CacheKey(object.hash())
    }
}

/// Calls `emit` with the parts of the normalised target, in order.
fn pieces<'a>(target: &'a str, mut emit: impl FnMut(&'a str)) {
    let target = target.split_once('#').map_or(target, |(before, _)| before);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    emit(path);
    let mut separator = "?";
    for name in KEPT_PARAMETERS {
        for pair in query.split('&') {
            if pair.split_once('=').map_or(pair, |(before, _)| before) == name {
                emit(separator);
                emit(pair);
                separator = "&";
            }
        }
    }
}

/// FNV-1a over bytes with a final avalanche: the same key however the bytes are cut into pieces.
///
/// Source: draft-eastlake-fnv-21 (64-bit offset basis and prime).
#[derive(Debug, Clone, Copy)]
pub struct KeyHasher(u64);

impl KeyHasher {
    /// Of no bytes yet.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "there is no default key")]
    pub const fn new() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }

    /// Adds bytes.
    pub fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    }

    /// The key of all bytes so far.
    #[must_use]
    pub const fn finish(self) -> CacheKey {
        CacheKey(mix(self.0))
    }
}

#[cfg(test)]
mod tests;
