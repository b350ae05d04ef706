//! Draws of one entity, one after the other.
//!
//! A made-up title or query takes an unknown number of draws. Each has a stream of its own, counted from nothing, so that
//! none moves another's draws and any one can be made alone.

use units::Draws;

/// The draws of one entity.
#[derive(Debug, Clone)]
pub(crate) struct Chance {
    stream: Draws,
    entity: u64,
    next: u64,
}

impl Chance {
    pub(crate) const fn new(stream: Draws, entity: u64) -> Self {
        Self { stream, entity, next: 0 }
    }

    /// 64 uniform bits.
    pub(crate) const fn bits(&mut self) -> u64 {
        let bits = self.stream.bits(self.entity, self.next);
        self.next += 1;
        bits
    }

    /// A uniform number below `bound`; 0 if there is none.
    pub(crate) const fn below(&mut self, bound: usize) -> usize {
        ((self.bits() as u128 * bound as u128) >> 64) as usize
    }

    /// A uniform number from `low` to `high`, both possible.
    pub(crate) const fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// True in so many of a hundred cases.
    pub(crate) const fn hits(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several, all alike. The list is never empty.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

#[cfg(test)]
mod tests {
    use units::{Purpose, Seed};

    use super::*;

    #[test]
    fn every_number_below_the_bound_comes_about_equally_often() {
        let mut chance = Chance::new(Draws::new(Seed(3), Purpose::Test), 1);
        let mut counts = [0_u32; 7];
        (0..7_000).for_each(|_| counts[chance.below(7)] += 1);
        assert!(counts.iter().all(|count| (850..1_150).contains(count)), "{counts:?}");
    }

    #[test]
    fn an_entity_repeats_itself_and_no_other() {
        let stream = Draws::new(Seed(3), Purpose::Test);
        let drawn = |entity| {
            let mut chance = Chance::new(stream, entity);
            (0..20).map(|_| chance.between(3, 900)).collect::<Vec<_>>()
        };
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
    }
}
