//! How long an edge may use what it stored, by kind of object.
//!
//! Values are the defaults of origin vendors: AWS Elemental MediaPackage keeps live playlists for half a segment and
//! segments for 14 days; Google Media CDN leaves negative caching off. A segment never changes under its name. A live
//! playlist changes every segment, so half of one is the most that may pass before an edge asks again, and one more
//! segment of staleness is bridged while it does.

use std::fmt;

use units::Micros;

/// What an object is, as far as freshness goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ObjectKind {
    /// The multivariant playlist; kept like a VOD playlist.
    Multivariant = 0,
    /// A media playlist that is complete.
    VodPlaylist = 1,
    /// A media playlist that grows.
    LivePlaylist = 2,
    /// An initialisation section.
    Init = 3,
    /// A segment of a finished title.
    Segment = 4,
    /// A segment of a live title: it may be asked for a moment before it exists.
    LiveSegment = 5,
    /// The answer of the steering server.
    SteeringManifest = 6,
}

impl ObjectKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Multivariant,
        Self::VodPlaylist,
        Self::LivePlaylist,
        Self::Init,
        Self::Segment,
        Self::LiveSegment,
        Self::SteeringManifest,
    ];
}

/// Whether a response may be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// It may not.
    NoStore,
    /// It may, under these limits.
    Store(Freshness),
}

/// How long a stored response serves, counted from when it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// Served as it is.
    pub fresh: Micros,
    /// After that, served for so long while one request asks for a new one (RFC 5861, section 3).
    pub stale_while_revalidate: Micros,
    /// After `fresh`, served for so long if asking fails (RFC 5861, section 4).
    pub stale_if_error: Micros,
    /// Never revalidated while fresh, even on reload (RFC 8246).
    pub immutable: bool,
}

/// What an edge does with a stored response of some age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Serve it.
    Serve,
    /// Serve it, and fetch a new one in the background.
    ServeAndRevalidate,
    /// Fetch a new one; serve this one if that fails.
    FetchElseServe,
    /// Fetch a new one; this one is of no use.
    Fetch,
}

impl Freshness {
    /// What to do with a response of this age.
    #[must_use]
    pub fn at_age(&self, age: Micros) -> Use {
        let stale_for = age.saturating_sub(self.fresh);
        if age < self.fresh {
            Use::Serve
        } else if stale_for < self.stale_while_revalidate {
            Use::ServeAndRevalidate
        } else if stale_for < self.stale_if_error {
            Use::FetchElseServe
        } else {
            Use::Fetch
        }
    }
}

/// Segments and initialisation sections: 14 days, as origin vendors set it.
const SEGMENT_FRESH: Micros = Micros::from_secs(14 * 86_400);
/// A VOD playlist may be corrected (a removed audio group, a new subtitle); a minute is soon enough.
const PLAYLIST_FRESH: Micros = Micros::from_secs(60);
/// And five more minutes of stale answers keep a slow origin out of the viewer's way.
const PLAYLIST_STALE: Micros = Micros::from_secs(300);
/// A live segment that is not there yet will be in a moment: remember its absence no longer than this.
const ABSENT_FRESH: Micros = Micros::from_secs(1);

/// Whether and how long to store a response of `kind` with this HTTP status; `segment` is the target duration.
///
/// 200 and 206 are stored, 404 only for live segments, 5xx and all else never.
#[must_use]
pub fn storage(kind: ObjectKind, status: u16, segment: Micros) -> Storage {
    let half_segment = segment / 2;
    let (fresh, stale_while_revalidate, stale_if_error) = match (status, kind) {
        (_, ObjectKind::SteeringManifest) => return Storage::NoStore,
        (404, ObjectKind::LiveSegment) => (ABSENT_FRESH.min(half_segment), Micros::ZERO, Micros::ZERO),
        (200 | 206, ObjectKind::Multivariant | ObjectKind::VodPlaylist) => {
            (PLAYLIST_FRESH, PLAYLIST_STALE, Micros::ZERO)
        }
        (200 | 206, ObjectKind::LivePlaylist) => (half_segment, segment, Micros::ZERO),
        (200 | 206, ObjectKind::Init | ObjectKind::Segment | ObjectKind::LiveSegment) => {
            (SEGMENT_FRESH, Micros::ZERO, SEGMENT_FRESH)
        }
        _ => return Storage::NoStore,
    };
    Storage::Store(Freshness {
        fresh,
        stale_while_revalidate,
        stale_if_error,
        immutable: fresh == SEGMENT_FRESH,
    })
}

/// The `Cache-Control` field value, in whole seconds rounded down.
impl fmt::Display for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Store(freshness) = self else { return f.write_str("no-store") };
        let seconds = |span: Micros| span.0 / 1_000_000;
        write!(f, "public, max-age={}", seconds(freshness.fresh))?;
        if freshness.stale_while_revalidate > Micros::ZERO {
            write!(f, ", stale-while-revalidate={}", seconds(freshness.stale_while_revalidate))?;
        }
        if freshness.stale_if_error > Micros::ZERO {
            write!(f, ", stale-if-error={}", seconds(freshness.stale_if_error))?;
        }
        if freshness.immutable { f.write_str(", immutable") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
