//! Samplers over uniform draws, pinned bit for bit.
//!
//! Own code, because `rand_distr` changes its values with feature unification and minor versions; it serves as the
//! independent judge in the tests. Everything here uses `libm` and IEEE basic arithmetic only, so results are equal on
//! every machine.

use crate::draws::unit_interval;

/// The standard normal quantile of `p` in (0, 1), to about 1e-16 relative.
///
/// Source: Wichura, algorithm AS 241 (PPND16), Applied Statistics 37 (1988).
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * horner(&CENTRAL_NUM, r) / horner(&CENTRAL_DEN, r);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = libm::sqrt(-libm::log(tail.max(f64::MIN_POSITIVE)));
    let x = if r <= 5.0 {
        horner(&MIDDLE_NUM, r - 1.6) / horner(&MIDDLE_DEN, r - 1.6)
    } else {
        horner(&FAR_NUM, r - 5.0) / horner(&FAR_DEN, r - 5.0)
    };
    if q < 0.0 { -x } else { x }
}

fn horner(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

const CENTRAL_NUM: [f64; 8] = [
    3.387_132_872_796_366_5,
    1.331_416_678_917_843_8e2,
    1.971_590_950_306_551_3e3,
    1.373_169_376_550_946e4,
    4.592_195_393_154_987e4,
    6.726_577_092_700_87e4,
    3.343_057_558_358_813e4,
    2.509_080_928_730_122_7e3,
];
const CENTRAL_DEN: [f64; 8] = [
    1.0,
    4.231_333_070_160_091e1,
    6.871_870_074_920_579e2,
    5.394_196_021_424_751e3,
    2.121_379_430_158_659_7e4,
    3.930_789_580_009_271e4,
    2.872_908_573_572_194_3e4,
    5.226_495_278_852_854e3,
];
const MIDDLE_NUM: [f64; 8] = [
    1.423_437_110_749_683_5,
    4.630_337_846_156_546,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    2.417_807_251_774_506e-1,
    2.272_384_498_926_918_4e-2,
    7.745_450_142_783_414e-4,
];
const MIDDLE_DEN: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    6.897_673_349_851e-1,
    1.481_039_764_274_800_8e-1,
    1.519_866_656_361_645_7e-2,
    5.475_938_084_995_345e-4,
    1.050_750_071_644_416_9e-9,
];
const FAR_NUM: [f64; 8] = [
    6.657_904_643_501_103,
    5.463_784_911_164_114,
    1.784_826_539_917_291_3,
    2.965_605_718_285_048_7e-1,
    2.653_218_952_657_612_4e-2,
    1.242_660_947_388_078_4e-3,
    2.711_555_568_743_487_6e-5,
    2.010_334_399_292_288_1e-7,
];
const FAR_DEN: [f64; 8] = [
    1.0,
    5.998_322_065_558_88e-1,
    1.369_298_809_227_358e-1,
    1.487_536_129_085_061_5e-2,
    7.868_691_311_456_133e-4,
    1.846_318_317_510_054_8e-5,
    1.421_511_758_316_446e-7,
    2.044_263_103_389_939_8e-15,
];

/// A standard normal number from 64 uniform bits.
#[must_use]
pub fn normal(bits: u64) -> f64 {
    normal_quantile(open_unit(bits))
}

/// An exponential number of mean 1 from 64 uniform bits.
#[must_use]
pub fn exponential(bits: u64) -> f64 {
    -libm::log(open_unit(bits))
}

/// A uniform number strictly inside (0, 1), so that logarithms stay finite.
#[must_use]
pub fn open_unit(bits: u64) -> f64 {
    unit_interval(bits) + 0.5 / 9_007_199_254_740_992.0
}

/// A lognormal distribution, given by what people quote: its median and a spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogNormal {
    /// Logarithm of the median.
    pub mu: f64,
    /// Standard deviation of the logarithm, at least 0.
    pub sigma: f64,
}

impl LogNormal {
    /// From the median (> 0) and the value at quantile `p` (0 < p < 1, p ≠ 0.5).
    #[must_use]
    pub fn from_median_and_quantile(median: f64, p: f64, at_p: f64) -> Self {
        let sigma = libm::log(at_p / median) / normal_quantile(p);
        Self { mu: libm::log(median), sigma: sigma.max(0.0) }
    }

    /// From the mean (> 0) and the coefficient of variation (≥ 0).
    #[must_use]
    pub fn from_mean_and_cv(mean: f64, cv: f64) -> Self {
        let variance = libm::log1p(cv * cv);
        Self { mu: libm::log(mean) - variance / 2.0, sigma: libm::sqrt(variance) }
    }

    /// The value for 64 uniform bits.
    #[must_use]
    pub fn sample(&self, bits: u64) -> f64 {
        libm::exp(self.mu + self.sigma * normal(bits))
    }

    /// The mean, exp(mu + sigma²/2).
    #[must_use]
    pub fn mean(&self) -> f64 {
        libm::exp(self.mu + self.sigma * self.sigma / 2.0)
    }
}

/// A distribution by 4,096 quantiles, interpolated: 1 to 2 ns a draw instead of 20.
///
/// For hot paths only: beyond the outer quantiles (1/8192) it is flat, so extreme tails are cut.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantileTable {
    values: Vec<u32>,
}

impl QuantileTable {
    const STEPS: usize = 4_096;

    /// Tabulates `quantile` (a function of p in (0, 1)) in whole units; results are clamped to `u32`.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "values are clamped to u32 by definition of `as`"
    )]
    pub fn new(quantile: impl Fn(f64) -> f64) -> Self {
        let at = |step: usize| (step as f64 + 0.5) / (Self::STEPS as f64 + 1.0);
        Self { values: (0..=Self::STEPS).map(|step| (quantile(at(step)) + 0.5) as u32).collect() }
    }

    /// The value for 64 uniform bits.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the result lies between two u32 values")]
    pub fn sample(&self, bits: u64) -> u32 {
        let step = (bits >> 52) as usize;
        let within = (bits >> 20) & 0xFFFF_FFFF;
        let (low, high) = (u64::from(self.values[step]), u64::from(self.values[step + 1]));
        if high >= low {
            (low + (((high - low) * within) >> 32)) as u32
        } else {
            (low - (((low - high) * within) >> 32)) as u32
        }
    }
}

/// Zipf's law over ranks 0..n: the share of rank k is proportional to 1 / (k + 1)^s.
#[derive(Debug, Clone, PartialEq)]
pub struct Zipf {
    cumulative: Vec<f64>,
}

impl Zipf {
    /// For `n` ≥ 1 ranks and exponent `s` ≥ 0.
    ///
    /// # Panics
    /// When `n` is zero: a catalogue without titles is refused before it gets here.
    #[must_use]
    pub fn new(n: u32, s: f64) -> Self {
        assert!(n > 0, "Zipf needs at least one rank");
        let mut total = 0.0;
        let mut cumulative: Vec<f64> = (1..=n)
            .map(|rank| {
                total += libm::pow(f64::from(rank), -s);
                total
            })
            .collect();
        for value in &mut cumulative {
            *value /= total;
        }
        Self { cumulative }
    }

    /// The rank for 64 uniform bits, 0 the most popular.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "there are at most u32::MAX ranks")]
    pub fn sample(&self, bits: u64) -> u32 {
        let u = unit_interval(bits);
        self.cumulative.partition_point(|&upto| upto <= u).min(self.cumulative.len() - 1) as u32
    }

    /// The share of a rank.
    #[must_use]
    pub fn share(&self, rank: u32) -> f64 {
        let rank = rank as usize;
        self.cumulative[rank] - if rank == 0 { 0.0 } else { self.cumulative[rank - 1] }
    }
}

#[cfg(test)]
mod tests;
