//! Counter-based random streams.
//!
//! A draw is a pure function of (seed, purpose, entity, slot): no state, so arms see the same viewers, networks and
//! faults (common random numbers), adding a model never shifts another's draws, and threads need no order.
//! A slot is a time slot or an entity's own ordinal, never a count of requests made so far.

use serde::{Deserialize, Serialize};

/// The seed of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(pub u64);

/// What a random number is for. The discriminants are part of every published result: add, never renumber.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u64)]
pub enum Purpose {
    /// When viewers arrive.
    Arrival = 1,
    /// How long a session is meant to last.
    SessionLength = 2,
    /// Which cohort a viewer belongs to.
    Cohort = 3,
    /// Which region a viewer lives in.
    Region = 4,
    /// Which title is watched.
    Title = 5,
    /// Where in the title a session starts.
    StartPosition = 6,
    /// How long a viewer waits for the first frame.
    StartupPatience = 7,
    /// Which access network a viewer has (set, scale, offset).
    AccessNetwork = 8,
    /// How the access rate varies over time slots.
    AccessRate = 9,
    /// Size of a segment around its variant's bitrate.
    SegmentSize = 10,
    /// A viewer's first pathway, and its place in the order of moves.
    Pathway = 11,
    /// Jitter of a client's timers (steering poll phase, retry fuzz).
    ClientTimer = 12,
    /// Service time of the origin.
    OriginService = 13,
    /// Service time of the session store.
    SessionStore = 14,
    /// Whether a request is hit by a fault that hits only a share.
    FaultHit = 15,
    /// The popularity history that warms caches.
    CacheWarmup = 16,
    /// A viewer's state at the start of the run (buffer, phase).
    InitialState = 17,
    /// Which cell a live viewer is spread to.
    Spread = 18,
    /// Which playback token a viewer was given.
    PlaybackToken = 19,
    /// Latency of single requests.
    RequestLatency = 20,
    /// Phase of a POP's periodic work.
    PopPhase = 21,
    /// What a searcher types.
    Query = 40,
    /// What a synthetic catalogue holds.
    Catalogue = 41,
    /// Histories of the billing test kit.
    BillingHistory = 50,
    /// What the payment provider does with a call.
    PaymentProvider = 51,
    /// Free for tests.
    Test = 1_000,
}

/// The stream of one (seed, purpose).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draws {
    key: u64,
}

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
const ODD: u64 = 0xD1B5_4A32_D192_ED03;

/// The finaliser of splitmix64: a bijection of 64-bit words with full avalanche.
///
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014 (constants: Stafford's mix 13).
#[must_use]
pub const fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

impl Draws {
    /// The stream for a seed and a purpose.
    #[must_use]
    pub const fn new(seed: Seed, purpose: Purpose) -> Self {
        Self { key: mix(mix(seed.0 ^ GOLDEN).wrapping_add((purpose as u64).wrapping_mul(ODD))) }
    }

    /// 64 uniform bits for an entity's slot.
    #[must_use]
    pub const fn bits(self, entity: u64, slot: u64) -> u64 {
        let entity_key = mix(self.key.wrapping_add(entity.wrapping_mul(GOLDEN)));
        mix(entity_key.wrapping_add(slot.wrapping_mul(ODD)))
    }

    /// A uniform number in [0, 1) with 53 bits.
    #[must_use]
    pub fn uniform(self, entity: u64, slot: u64) -> f64 {
        unit_interval(self.bits(entity, slot))
    }
}

/// Maps 64 uniform bits to [0, 1): the upper 53 bits as a fraction.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "53 bits fit the mantissa exactly")]
pub const fn unit_interval(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_pinned() {
        let stream = Draws::new(Seed(20_261_120), Purpose::Test);
        let drawn: Vec<u64> = (0..3).map(|slot| stream.bits(7, slot)).collect();
        assert_eq!(drawn, PINNED);
    }

    const PINNED: [u64; 3] =
        [9_468_058_193_883_282_199, 7_383_346_012_265_050_490, 11_185_785_264_835_724_506];

    #[test]
    fn purposes_entities_and_slots_do_not_share_draws() {
        let mut seen = std::collections::BTreeSet::new();
        for purpose in [Purpose::Arrival, Purpose::Title, Purpose::Test] {
            for entity in 0..40 {
                for slot in 0..40 {
                    seen.insert(Draws::new(Seed(1), purpose).bits(entity, slot));
                }
            }
        }
        assert_eq!(seen.len(), 3 * 40 * 40);
    }
}
