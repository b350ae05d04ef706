//! Access rates cut into 256 classes, so that flows of one class share capacity as one.
//!
//! Progressive filling over classes costs a pass over 256 counters instead of a sort of all flows, and a trace slot
//! fits a byte. The price is a rounding of at most 2.4 % per slot, unbiased over the slots of a viewer.

use units::Kbps;

/// A class of access rates: 0 is no rate at all, 1..=255 run from 8 kbit/s to 1 Gbit/s.
///
/// Steps are 4.73 % from 46 kbit/s up; below that they are whole kbit/s, because rates are whole kbit/s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RateClass(pub u8);

impl RateClass {
    /// No rate at all.
    pub const ZERO: Self = Self(0);
    /// How many classes there are, class 0 included.
    pub const COUNT: usize = 256;

    /// The class nearest to a rate: only 0 is class 0, and all above 1 Gbit/s is class 255.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the bucket of a 64-bit number is below 1,024")]
    pub const fn of(rate: Kbps) -> Self {
        if rate.0 == 0 {
            return Self::ZERO;
        }
        let capped = if rate.0 < RATES[255] as u64 { rate.0 as u32 } else { RATES[255] };
        let mut class = FIRST[bucket(capped)];
        while class < 255 && capped >= next_from(class) {
            class += 1;
        }
        Self(class)
    }

    /// The rate of the class.
    #[must_use]
    pub const fn rate(self) -> Kbps {
        Kbps(RATES[self.0 as usize] as u64)
    }
}

/// (10^6 / 8)^(1 / 254), the step between classes, with 32 fractional bits.
const STEP: u128 = 4_498_072_344;

const RATES: [u32; 256] = rates();

#[expect(clippy::cast_possible_truncation, reason = "the last rate is 10^6")]
const fn rates() -> [u32; 256] {
    let mut table = [0; 256];
    let mut exact = 8_u128 << 32;
    let mut class = 1;
    while class < 256 {
        let rounded = ((exact + (1 << 31)) >> 32) as u32;
        let least = table[class - 1] + 1;
        table[class] = if rounded < least { least } else { rounded };
        exact = (exact * STEP) >> 32;
        class += 1;
    }
    table
}

/// The least rate that is nearer to the class above than to `class`.
const fn next_from(class: u8) -> u32 {
    (RATES[class as usize] + RATES[class as usize + 1]).div_ceil(2)
}

/// Buckets of a sixteenth of an octave: none holds more than two borders between classes.
const fn bucket(rate: u32) -> usize {
    let octave = rate.ilog2();
    (octave as usize) * 16 + (((rate as usize) << 4) >> octave) - 16
}

/// The class of the least rate in each bucket.
const FIRST: [u8; 320] = first_of_buckets();

const fn first_of_buckets() -> [u8; 320] {
    let mut table = [1; 320];
    let mut at: usize = 0;
    while at < 320 {
        let least = ((16 + at % 16) << (at / 16)).div_ceil(16);
        let mut class = 1;
        while class < 255 && least >= next_from(class) as usize {
            class += 1;
        }
        table[at] = class;
        at += 1;
    }
    table
}
