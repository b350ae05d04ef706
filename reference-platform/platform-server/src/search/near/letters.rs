//! Which letters a word has, and which neighbours: enough to see of nearly all words that they are not near.

use std::ops::Range;

/// Marks that are compared at a time.
const LANES: usize = 16;
/// Most slips that are looked for.
const SLIPS_MAX: u32 = 2;
/// Pairs of neighbours that a slip takes from a word at most; one more where two letters change places.
const PAIRS_PER_SLIP: u32 = 2;

/// Which letters a word has: a bit for each of 32 kinds of letters.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mark {
    once: u32,
    /// Those that it has two or more of.
    again: u32,
}

impl Mark {
    pub(super) fn of(word: &str) -> Self {
        word.chars().fold(Self::default(), |Self { once, again }, letter| {
            let bit = 1_u32 << (u32::from(letter) % 32);
            Self { once: once | bit, again: again | (once & bit) }
        })
    }

    /// What one of two has and the other has not.
    const fn apart(self, other: Self) -> Self {
        Self { once: self.once ^ other.once, again: self.again ^ other.again }
    }
}

/// Which pairs of neighbours a word has, its beginning and its end being neighbours too: a bit for each of 64 kinds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pairs(u64);

impl Pairs {
    pub(super) fn of(word: &str) -> Self {
        let ends = || std::iter::once('\0');
        let pairs = ends().chain(word.chars()).zip(word.chars().chain(ends()));
        Self(pairs.fold(0, |bits, (first, second)| bits | Self::bit(first, second)))
    }

    /// Spread by the golden ratio (Knuth, volume 3, section 6.4), of which the highest six bits are taken.
    fn bit(first: char, second: char) -> u64 {
        let both = u32::from(first).wrapping_mul(131).wrapping_add(u32::from(second));
        1 << (both.wrapping_mul(0x9E37_79B1) >> 26)
    }

    /// Whether a word that has other pairs may be so many slips off, some of which may have turned neighbours round.
    const fn may_be(self, other: Self, slips: u32, turned: u32) -> bool {
        (self.0 & !other.0).count_ones() <= PAIRS_PER_SLIP * slips + turned
    }
}

/// What is asked of the words of a bucket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) mark: Mark,
    pub(super) pairs: Pairs,
    pub(super) slips: u8,
    /// Letters that words of the bucket have more or fewer.
    pub(super) apart: usize,
}

/// Words of one length, in the dictionary's order.
#[derive(Debug, Clone, Default)]
pub(super) struct Bucket {
    /// Which letters each has, apart from how often: what is looked through.
    once: Vec<u32>,
    /// Which it has more than once.
    again: Vec<u32>,
    pairs: Vec<Pairs>,
    numbers: Vec<u32>,
}

impl Bucket {
    pub(super) fn add(&mut self, word: &str, number: u32) {
        let Mark { once, again } = Mark::of(word);
        self.once.push(once);
        self.again.push(again);
        self.pairs.push(Pairs::of(word));
        self.numbers.push(number);
    }

    /// Where the words from a number on begin.
    pub(super) fn place_of(&self, number: u32) -> usize {
        self.numbers.partition_point(|known| *known < number)
    }

    /// Adds the numbers of words that may be near, in order, out of a part of the bucket: few others are among them.
    pub(super) fn take(&self, part: Range<usize>, wanted: &Wanted, numbers: &mut Vec<u32>) {
        // A letter exchanged changes two bits, a letter more or less one; so many of the slips are of that kind.
        let apart = u32::try_from(wanted.apart).unwrap_or(u32::MAX);
        match (2 * u32::from(wanted.slips)).saturating_sub(apart) {
            0 => self.take_of::<0>(part, wanted, numbers),
            1 => self.take_of::<1>(part, wanted, numbers),
            2 => self.take_of::<2>(part, wanted, numbers),
            3 => self.take_of::<3>(part, wanted, numbers),
            _ => self.take_of::<{ 2 * SLIPS_MAX }>(part, wanted, numbers),
        }
    }

    fn take_of<const MOST: u32>(&self, part: Range<usize>, wanted: &Wanted, numbers: &mut Vec<u32>) {
        let Wanted { mark, slips, .. } = *wanted;
        let may = |once: u32| has_at_most::<MOST>(mark.once ^ once);
        let slips = u32::from(slips);
        let is = |at: usize| {
            let Mark { once, again } = mark.apart(Mark { once: self.once[at], again: self.again[at] });
            let differ = once.count_ones() + again.count_ones();
            // Turning neighbours round changes no mark; another slip changes two bits.
            let turned = slips.saturating_sub(differ.div_ceil(2));
            differ <= MOST && wanted.pairs.may_be(self.pairs[at], slips, turned)
        };
        // With the widest registers that this processor has.
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || {
                let (chunks, rest) = self.once[part.clone()].as_chunks::<LANES>();
                for (chunk, marks) in chunks.iter().enumerate() {
                    // All of them, whatever the first ones say, so that the compiler compares them side by side.
                    let mut flags = [0_u8; LANES];
                    for (flag, once) in flags.iter_mut().zip(marks) {
                        *flag = u8::from(may(*once));
                    }
                    let mut left = u128::from_le_bytes(flags);
                    while left != 0 {
                        let at = part.start + chunk * LANES + left.trailing_zeros() as usize / 8;
                        left &= left - 1;
                        if is(at) {
                            numbers.push(self.numbers[at]);
                        }
                    }
                }
                let places = part.end - rest.len()..part.end;
                numbers.extend(places.filter(|at| is(*at)).map(|at| self.numbers[at]));
            },
        );
    }
}

/// Whether no more than a few bits are set: faster than counting them where the processor has no instruction for that.
fn has_at_most<const BITS: u32>(of: u32) -> bool {
    (0..BITS).fold(of, |left, _| left & left.wrapping_sub(1)) == 0
}
