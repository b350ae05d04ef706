//! Random links with the statistics of a measured set, in integers.
//!
//! A link has a level for each regime (the FCC sets have two, see [`super::sets`]) and a spread. Around the level the
//! rate moves with a Gaussian sum of white noise and components that drift over blocks of slots:
//!
//! ```text
//! rate = level × soft(1 + spread × g),   g = z + skew × (z² - 1),   z = Σ weight × component
//! ```
//!
//! `soft` is the identity above a knee, bends towards zero below it, and is zero below a cut, which is how outages come
//! in runs. An autoregressive process would need its whole past; a component here needs the two knots of its block, so
//! any slot costs the same. Rejected: a moving average of hashed normals (as many hashes as it has memory).

use std::sync::LazyLock;

use units::sample::{normal, normal_quantile};
use units::{Draws, Kbps};

/// Fractional bits of normals, weights and the spread.
const UNIT: i32 = 1 << 10;

/// The parameters of a set. See [`super::sets`] for how they were found.
#[derive(Debug)]
pub(super) struct Fit {
    /// Slots in a cycle of the two regimes, and how many of them, from the first, are of the low one.
    pub(super) cycle: Option<Cycle>,
    /// Quantiles over viewers of the level in kbit/s: low and high regime (equal sets where there is no cycle).
    pub(super) level: [Quantiles; 2],
    /// Quantiles over viewers of the spread, in 1/1024 of the level: low and high regime.
    pub(super) spread: [Quantiles; 2],
    /// Correlation over viewers between the normal scores of level and spread.
    pub(super) level_spread_correlation: f64,
    /// White noise, then drifting components; the squares of the weights (in 1/1024) sum to about 1.
    pub(super) noise: i32,
    /// The drifting components.
    pub(super) drifts: &'static [Drift],
    /// Skew of the rate around the level, in 1/1024.
    pub(super) skew: i32,
    /// Where `soft` starts to bend, in 1/1024 of the level.
    pub(super) knee: i32,
    /// Below which `soft` is zero, in 1/1024 of the level.
    pub(super) cut: i32,
    /// Chance that a slot is dead whatever its rate, in 2^-32: low and high regime.
    pub(super) dead: [u32; 2],
    /// Outages of many slots.
    pub(super) outage: Option<Outage>,
}

/// The cycle of regimes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cycle {
    /// Slots of the whole cycle.
    pub(super) slots: u32,
    /// Slots of the low regime, at its start.
    pub(super) low: u32,
}

/// Outages: in each block of 128 slots at most one begins, at a random slot.
#[derive(Debug)]
pub(super) struct Outage {
    /// Chance of one in a block, in 2^-16.
    pub(super) chance: u16,
    /// Its length in 1/16 slot at 256 quantiles, for a viewer of factor 1; at least 1 slot, at most 128.
    pub(super) length: LazyLock<[u16; 256]>,
    /// Quantiles over viewers of the factor on the length.
    pub(super) factor: Quantiles,
    /// From which length on nothing at all arrives; in shorter ones 1/64 of the rate does.
    pub(super) silent_from: u32,
}

/// A component that drifts from knot to knot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Drift {
    /// Binary logarithm of the slots between knots, at most [`BLEND_BITS`].
    pub(super) block: u32,
    /// Its weight in 1/1024.
    pub(super) weight: i32,
}

/// A distribution by a few of its quantiles.
///
/// Its logarithm is linear in the normal score between them, and beyond the outer ones to a normal score of ±2.5.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Quantiles(pub(super) &'static [(f64, f64)]);

/// One viewer's link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FittedLink {
    /// Level of the high regime, in 2 kbit/s: 16 bits then reach 131 Mbit/s.
    level: u16,
    /// Level of the low regime over that of the high one, in 2^-16.
    low: u16,
    spread: [u16; 2],
    phase: u16,
    /// Factor on the length of outages, in 2^-8.
    outage: u16,
}

/// Binary logarithm of the steps in which two knots are blended.
const BLEND_BITS: u32 = 7;

/// Slots in which at most one outage begins, and the longest outage: 2^7.
const OUTAGE_BITS: u32 = 7;

static NORMALS: LazyLock<[i16; 1024]> = LazyLock::new(|| {
    std::array::from_fn(|step| rounded(normal_quantile((step as f64 + 0.5) / 1024.0) * NORMAL_SCALE))
});

/// Restores the unit variance that 1,024 mid-point quantiles lack, in 1/1024.
const NORMAL_SCALE: f64 = 1_024.0 * 1.000_9;

/// Weights of the knot after a slot by the slot's place in its block; the knot before has the mirrored weight.
/// They are scaled so that the variance is the same at every slot.
static BLEND: LazyLock<[i16; (1 << BLEND_BITS) + 1]> = LazyLock::new(|| {
    std::array::from_fn(|step| {
        let after = step as f64 / f64::from(1 << BLEND_BITS);
        let before = 1.0 - after;
        rounded(1_024.0 * after / libm::sqrt(after * after + before * before))
    })
});

#[expect(clippy::cast_possible_truncation, reason = "the tables hold numbers below 4,096")]
fn rounded(value: f64) -> i16 {
    libm::round(value) as i16
}

impl Quantiles {
    /// 256 mid-point quantiles in 1/16.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "lengths in slots are small positives"
    )]
    pub(super) fn in_sixteenths(&self) -> [u16; 256] {
        std::array::from_fn(|step| {
            (self.at(normal_quantile((step as f64 + 0.5) / 256.0)) * 16.0 + 0.5) as u16
        })
    }

    /// The value at a normal score.
    fn at(&self, score: f64) -> f64 {
        let score = score.clamp(-2.5, 2.5);
        let above = self.0.partition_point(|&(p, _)| normal_quantile(p) <= score).clamp(1, self.0.len() - 1);
        let ((p0, v0), (p1, v1)) = (self.0[above - 1], self.0[above]);
        let (s0, s1) = (normal_quantile(p0), normal_quantile(p1));
        libm::exp(libm::log(v0) + libm::log(v1 / v0) * (score - s0) / (s1 - s0))
    }
}

impl Fit {
    /// The link of an entity: four or five normals and a phase.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "levels and spreads are small positives"
    )]
    pub(super) fn link(&self, draws: Draws, entity: u64) -> FittedLink {
        let score = |slot| normal(draws.bits(entity, slot));
        let with = self.level_spread_correlation;
        let without = libm::sqrt(1.0 - with * with);
        let regime = |index: usize| {
            let level_score = score(index as u64);
            let spread_score = with * level_score + without * score(2 + index as u64);
            (self.level[index].at(level_score), self.spread[index].at(spread_score))
        };
        let (low, high) = (regime(0), regime(1));
        FittedLink {
            level: (high.0 / 2.0) as u16,
            low: (low.0 / high.0 * 65_536.0) as u16,
            spread: [low.1 as u16, high.1 as u16],
            phase: (draws.bits(entity, 4) >> 48) as u16,
            outage: self.outage.as_ref().map_or(0, |outage| (outage.factor.at(score(5)) * 256.0) as u16),
        }
    }

    /// The rate of a link in slot `at.1` of entity `at.0`.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "slots of a cycle and products of 10-bit fractions fit; the rate is not negative where it is cast"
    )]
    pub(super) fn rate(&self, link: &FittedLink, draws: Draws, at: (u64, u64)) -> Kbps {
        let (entity, slot) = at;
        let place = slot + u64::from(link.phase);
        let high = self.cycle.map_or(1, |cycle| usize::from(place as u32 % cycle.slots >= cycle.low));
        let bits = draws.bits(entity, slot);
        if (bits as u32) < self.dead[high] {
            return Kbps::ZERO;
        }
        let normals = &*NORMALS;
        let mut z = self.noise * i32::from(normals[(bits >> 54) as usize]);
        for (ordinal, drift) in self.drifts.iter().enumerate() {
            let knot = |ahead: u64| {
                let key = ((ordinal as u64 + 1) << 40) + (place >> drift.block) + ahead;
                i32::from(normals[(draws.bits(entity, key) >> 54) as usize])
            };
            let step = ((place & ((1 << drift.block) - 1)) << (BLEND_BITS - drift.block)) as usize;
            let blend = &*BLEND;
            let blended =
                i32::from(blend[(1 << BLEND_BITS) - step]) * knot(0) + i32::from(blend[step]) * knot(1);
            z += drift.weight * (blended >> 10);
        }
        let z = z >> 10;
        let g = z + ((self.skew * (((z * z) >> 10) - UNIT)) >> 10);
        let share = self.soft(UNIT + ((i32::from(link.spread[high]) * g) >> 10)) as u64;
        let level = u64::from(link.level) * if high == 1 { 1 << 16 } else { u64::from(link.low) };
        Kbps((level * share * self.outage_share(link, draws, (entity, place))) >> 31)
    }

    /// What outages leave of the rate, in 1/64, at `at.1`: a slot counted from the link's phase.
    #[expect(clippy::cast_possible_truncation, reason = "a slot of a block and a length of 32 bits")]
    fn outage_share(&self, link: &FittedLink, draws: Draws, at: (u64, u64)) -> u64 {
        let Some(outage) = &self.outage else { return 64 };
        let (entity, place) = at;
        let block = place >> OUTAGE_BITS;
        let within = (place & ((1 << OUTAGE_BITS) - 1)) as u32;
        // An outage is at most a block long, so only those begun in this block and the one before can matter. Blocks
        // count from 1 in the key: the first has one before it too.
        for (ordinal, since) in [(block + 1, within), (block, within + (1 << OUTAGE_BITS))] {
            let bits = draws.bits(entity, (63 << 40) + ordinal);
            let begins = (bits >> 32) as u32 & ((1 << OUTAGE_BITS) - 1);
            if (bits as u16) < outage.chance && since >= begins {
                let length = (u32::from(outage.length[(bits >> 56) as usize]) * u32::from(link.outage)) >> 12;
                if since - begins < length.clamp(1, 1 << OUTAGE_BITS) {
                    return u64::from(length < outage.silent_from);
                }
            }
        }
        64
    }

    const fn soft(&self, share: i32) -> i32 {
        if share >= self.knee {
            share
        } else if share < self.cut {
            0
        } else {
            self.knee * self.knee / (2 * self.knee - share)
        }
    }
}
