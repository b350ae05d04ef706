//! What a miss does: join a fill or start one ([`Coalescing`]), and from where ([`Shielding`]).

use units::{Micros, Timestamp};

use crate::playback::health::FIRST_BYTE_MAX;

/// Whether the missing object is on its way already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InFlight {
    /// It is not.
    No,
    /// It was asked for this long ago, and nothing came yet.
    Waiting {
        /// Since the request upstream.
        age: Micros,
    },
    /// Its body is arriving.
    Streaming,
}

impl InFlight {
    /// What a fill that was asked for at one time and brings its first byte at another is in the middle of.
    #[must_use]
    pub fn at(now: Timestamp, (asked_at, first_byte_at): (Timestamp, Timestamp)) -> Self {
        if first_byte_at <= now { Self::Streaming } else { Self::Waiting { age: now.since(asked_at) } }
    }
}

/// What a request does on a miss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnMiss {
    /// Wait for the fill in flight and read along as it arrives.
    Join,
    /// Ask upstream. This request's fill is the one that later requests may join.
    Fetch,
}

/// Decides whether simultaneous misses share one fill. Lever `coalescing`.
pub trait Coalescing {
    /// What a request does on a miss.
    fn on_miss(&self, in_flight: InFlight) -> OnMiss;
}

/// The modern side of lever `coalescing`: one fill for all who miss.
///
/// A fill that has brought nothing for 4 s counts as hung, and the next request starts another that takes its place:
/// a lost request upstream then costs one viewer's patience and not everybody's, and upstream sees at most one request
/// per object, edge and 4 s.
#[derive(Debug, Clone, Copy, Default)]
pub struct CoalesceFills;

impl Coalescing for CoalesceFills {
    #[inline]
    fn on_miss(&self, in_flight: InFlight) -> OnMiss {
        match in_flight {
            InFlight::Streaming => OnMiss::Join,
            InFlight::Waiting { age } if age < FIRST_BYTE_MAX => OnMiss::Join,
            InFlight::Waiting { .. } | InFlight::No => OnMiss::Fetch,
        }
    }
}

/// Who asks upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// A POP that viewers connect to.
    Edge,
    /// The POP that stands before the origin.
    Shield,
}

/// Whether the shield answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShieldState {
    /// It does.
    Up,
    /// It does not, or there is none.
    Down,
}

/// Where a fill comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upstream {
    /// The shield's cache.
    Shield,
    /// The origin.
    Origin,
}

/// Decides where fills come from. Lever `shield`.
pub trait Shielding {
    /// Where `from` fills from.
    fn upstream(&self, from: Tier, shield: ShieldState) -> Upstream;
}

/// The modern side of lever `shield`: edges fill from one shield, the shield from the origin.
///
/// Edges go around a shield that is down: an origin under load is better than no video.
#[derive(Debug, Clone, Copy, Default)]
pub struct ShieldedFills;

impl Shielding for ShieldedFills {
    #[inline]
    fn upstream(&self, from: Tier, shield: ShieldState) -> Upstream {
        match (from, shield) {
            (Tier::Edge, ShieldState::Up) => Upstream::Shield,
            (Tier::Edge, ShieldState::Down) | (Tier::Shield, _) => Upstream::Origin,
        }
    }
}

#[cfg(test)]
mod tests;
