//! The four measured sets, as fitted parameters.
//!
//! The sets are those that Sabre ships (`example/mmsys18` there), taken by time on a grid of 5 s or 1 s.
//!
//! - FCC SD and HD: every one of the 2 × 1,000 traces is 60 s at a slow rate followed by 120 s at one about 15 times as
//!   fast (presumably made to see how a player climbs). The step is nearly all of their variance, so it is modelled as
//!   it is: a cycle of 36 slots, 12 of them low, at a random phase for each viewer, as a looped trace with a random
//!   offset would give. Read the cohorts that use them as "fixed line with a slow minute in every three".
//! - 4G: near-symmetrical rates with drifts of 8 s and 32 s, dead seconds in short runs.
//! - 3G: the same with a slower drift, and outages of seconds to minutes, at very unequal shares among viewers.
//!
//! How the numbers were found. Levels and spreads: the quantiles over traces (per regime) of the mean and of the
//! coefficient of variation, then multiplied by reference / model of the simulated statistic until they agreed. Weights
//! of the drifts: from the autocorrelation at lags of 1, 8, 32 and 120 slots. Correlation of level and spread: that of
//! log mean and variation over traces. Skew, knee: from the mean quantiles of the rate over its trace's mean. Outages:
//! lengths and factors from runs below 20 kbit/s; chance, cut and the length that is silent were then searched by hand
//! for the shares of zero slots and of slots below 100 kbit/s. The check is `tests/it/network.rs` of `rehearsal`.
//!
//! What is not fitted: single traces that are dead for minutes (one 3G trace is silent for 76 % of its time, one 4G
//! trace for 16 s on end), which hold much of the stall time of their sets. Use the trace files where that matters.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use units::Micros;

use super::fitted::{Cycle, Drift, Fit, Outage, Quantiles};

/// A set of measured access links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessSet {
    /// Fixed line, 6.0 Mbit/s in the median: about 0.6 Mbit/s for 60 s, then 8.7 Mbit/s for 120 s.
    FccSd,
    /// Fixed line, 16.1 Mbit/s in the median: about 1.5 Mbit/s for 60 s, then 23.4 Mbit/s for 120 s.
    FccHd,
    /// 4G on foot and in vehicles, 32 Mbit/s in the median.
    #[serde(rename = "4g")]
    Lte,
    /// 3G in vehicles, 1.0 Mbit/s in the median, silent 4 % of the time.
    #[serde(rename = "3g")]
    Hspa,
}

impl AccessSet {
    /// The step of the set.
    #[must_use]
    pub const fn slot_length(self) -> Micros {
        match self {
            Self::FccSd | Self::FccHd => Micros::from_secs(5),
            Self::Lte | Self::Hspa => Micros::from_secs(1),
        }
    }

    /// Latency per request in the set.
    #[must_use]
    pub const fn latency(self) -> Micros {
        match self {
            Self::FccSd | Self::FccHd | Self::Lte => Micros::from_millis(20),
            Self::Hspa => Micros::from_millis(100),
        }
    }

    pub(super) const fn fit(self) -> &'static Fit {
        match self {
            Self::FccSd => &FCC_SD,
            Self::FccHd => &FCC_HD,
            Self::Lte => &LTE,
            Self::Hspa => &HSPA,
        }
    }
}

static FCC_SD: Fit = Fit {
    cycle: Some(Cycle { slots: 36, low: 12 }),
    level: [
        Quantiles(&[
            (0.02, 262.0),
            (0.1, 296.0),
            (0.25, 329.0),
            (0.5, 644.0),
            (0.75, 820.0),
            (0.9, 885.0),
            (0.98, 947.0),
        ]),
        Quantiles(&[
            (0.02, 6_733.0),
            (0.1, 7_288.0),
            (0.25, 7_916.0),
            (0.5, 8_743.0),
            (0.75, 9_712.0),
            (0.9, 10_384.0),
            (0.98, 11_301.0),
        ]),
    ],
    spread: [
        Quantiles(&[
            (0.02, 7.0),
            (0.1, 14.0),
            (0.25, 25.0),
            (0.5, 43.0),
            (0.75, 90.0),
            (0.9, 203.0),
            (0.98, 361.0),
        ]),
        Quantiles(&[
            (0.02, 38.0),
            (0.1, 56.0),
            (0.25, 80.0),
            (0.5, 127.0),
            (0.75, 176.0),
            (0.9, 227.0),
            (0.98, 297.0),
        ]),
    ],
    level_spread_correlation: 0.0,
    noise: 1_024,
    drifts: &[],
    skew: 0,
    knee: 300,
    cut: -2_000,
    dead: [9_200_000, 1_300_000],
    outage: None,
};

static FCC_HD: Fit = Fit {
    cycle: Some(Cycle { slots: 36, low: 12 }),
    level: [
        Quantiles(&[
            (0.02, 980.0),
            (0.1, 1_042.0),
            (0.25, 1_219.0),
            (0.5, 1_541.0),
            (0.75, 1_841.0),
            (0.9, 2_042.0),
            (0.98, 2_281.0),
        ]),
        Quantiles(&[
            (0.02, 17_732.0),
            (0.1, 19_129.0),
            (0.25, 20_861.0),
            (0.5, 23_386.0),
            (0.75, 27_622.0),
            (0.9, 32_612.0),
            (0.98, 40_095.0),
        ]),
    ],
    spread: [
        Quantiles(&[
            (0.02, 16.0),
            (0.1, 35.0),
            (0.25, 55.0),
            (0.5, 93.0),
            (0.75, 162.0),
            (0.9, 237.0),
            (0.98, 360.0),
        ]),
        Quantiles(&[
            (0.02, 52.0),
            (0.1, 83.0),
            (0.25, 110.0),
            (0.5, 157.0),
            (0.75, 211.0),
            (0.9, 269.0),
            (0.98, 368.0),
        ]),
    ],
    level_spread_correlation: 0.0,
    noise: 1_024,
    drifts: &[],
    skew: 0,
    knee: 300,
    cut: -2_000,
    dead: [7_300_000, 360_000],
    outage: None,
};

static LTE: Fit = Fit {
    cycle: None,
    level: [LTE_LEVEL, LTE_LEVEL],
    spread: [LTE_SPREAD, LTE_SPREAD],
    level_spread_correlation: -0.69,
    noise: 550,
    drifts: &[Drift { block: 3, weight: 580 }, Drift { block: 5, weight: 640 }],
    skew: 60,
    knee: 200,
    cut: -150,
    dead: [0, 0],
    outage: None,
};
const LTE_LEVEL: Quantiles = Quantiles(&[
    (0.02, 16_000.0),
    (0.1, 21_700.0),
    (0.25, 25_900.0),
    (0.5, 32_600.0),
    (0.75, 36_000.0),
    (0.9, 38_000.0),
    (0.98, 50_000.0),
]);
const LTE_SPREAD: Quantiles = Quantiles(&[
    (0.02, 290.0),
    (0.1, 340.0),
    (0.25, 390.0),
    (0.5, 470.0),
    (0.75, 615.0),
    (0.9, 735.0),
    (0.98, 840.0),
]);

static HSPA: Fit = Fit {
    cycle: None,
    level: [HSPA_LEVEL, HSPA_LEVEL],
    spread: [HSPA_SPREAD, HSPA_SPREAD],
    level_spread_correlation: -0.29,
    noise: 360,
    drifts: &[
        Drift { block: 3, weight: 458 },
        Drift { block: 5, weight: 458 },
        Drift { block: 7, weight: 700 },
    ],
    skew: 40,
    knee: 250,
    cut: -8_000,
    dead: [0, 0],
    outage: Some(Outage {
        chance: 58_000,
        length: LazyLock::new(|| HSPA_OUTAGE.in_sixteenths()),
        factor: Quantiles(&[(0.1, 0.3), (0.5, 1.0), (0.9, 2.7), (0.98, 9.0)]),
        silent_from: 64,
    }),
};
const HSPA_LEVEL: Quantiles = Quantiles(&[
    (0.02, 440.0),
    (0.1, 680.0),
    (0.25, 800.0),
    (0.5, 1_020.0),
    (0.75, 1_480.0),
    (0.9, 1_740.0),
    (0.98, 2_300.0),
]);
const HSPA_SPREAD: Quantiles = Quantiles(&[
    (0.02, 440.0),
    (0.1, 600.0),
    (0.25, 680.0),
    (0.5, 780.0),
    (0.75, 940.0),
    (0.9, 1_100.0),
    (0.98, 1_400.0),
]);
const HSPA_OUTAGE: Quantiles = Quantiles(&[(0.25, 2.5), (0.5, 6.0), (0.9, 27.0), (0.98, 69.0)]);
