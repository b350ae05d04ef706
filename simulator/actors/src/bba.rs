//! BBA-0: the variant is a linear map of the buffer between a reservoir and a cushion.
//!
//! Source: Huang et al., "A buffer-based approach to rate adaptation", SIGCOMM 2014; sizes chosen for buffers of half a minute.

use units::Micros;

use crate::player::content::Ladder;

/// The two sizes of BBA-0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bba {
    /// Up to this buffer the lowest variant is used.
    pub reservoir: Micros,
    /// Over this much more the bitrate rises linearly to the highest.
    pub cushion: Micros,
}

impl Default for Bba {
    fn default() -> Self {
        Self { reservoir: Micros::from_secs(5), cushion: Micros::from_secs(10) }
    }
}

impl Bba {
    /// The variant for the next segment at this buffer, coming from variant `last`.
    ///
    /// It stays until the map reaches the next higher variant's bitrate or falls to the next lower one's.
    #[must_use]
    pub fn next_variant(&self, ladder: &Ladder, buffer: Micros, last: u8) -> u8 {
        let top = ladder.top();
        if buffer <= self.reservoir {
            return 0;
        }
        if buffer >= self.reservoir + self.cushion {
            return top;
        }
        let rate = |variant: u8| u128::from(ladder.variants[usize::from(variant)].average.0);
        // The mapped rate is rate_0 + (rate_top - rate_0) × filled / cushion; both sides are multiplied out.
        let mapped = (rate(top) - rate(0)) * u128::from((buffer - self.reservoir).0);
        let height = |variant: u8| (rate(variant) - rate(0)) * u128::from(self.cushion.0);
        let last = last.min(top);
        if last < top && mapped >= height(last + 1) {
            return (0..=top).rev().find(|&variant| height(variant) < mapped).unwrap_or(0);
        }
        if last > 0 && mapped <= height(last - 1) {
            return (0..=top).find(|&variant| height(variant) > mapped).unwrap_or(top);
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use units::Kbps;

    use super::*;
    use crate::player::content::Variant;

    #[test]
    fn the_map_rises_from_the_reservoir_to_the_cushion_and_is_sticky_between() {
        let rung = |rate| Variant { average: Kbps(rate), peak: Kbps(rate) };
        let ladder =
            Ladder { variants: [1_000, 2_000, 3_000].map(rung).to_vec(), segment: Micros::from_secs(4) };
        let check = |buffer_ms, last, expected| {
            let chosen = Bba::default().next_variant(&ladder, Micros::from_millis(buffer_ms), last);
            assert_eq!(chosen, expected, "{buffer_ms} ms buffered, from {last}");
        };
        check(0, 2, 0);
        check(5_000, 2, 0);
        check(15_000, 0, 2);
        // Half-way the map says 2,000 kbit/s: up to it, not beyond it, and from the top only below it.
        check(10_001, 0, 1);
        check(9_999, 0, 0);
        check(10_001, 2, 2);
        check(9_999, 2, 1);
        check(5_001, 1, 1);
    }
}
