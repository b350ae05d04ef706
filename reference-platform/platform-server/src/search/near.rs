//! Words of a dictionary that are a slip or two from what was typed: a letter missed, added or exchanged, or neighbours turned round.
//!
//! A dictionary is walked letter by letter, and most of its first branches are within two slips of anything. A table of all
//! its words, by length and with marks of their letters, is looked through faster as long as few words have that length:
//! nearly all are out after one comparison of marks, and marks are compared many at a time.

use std::ops::{Range, RangeInclusive};

use tantivy::postings::TermInfo;
use tantivy::termdict::TermDictionary;

/// Words of a dictionary that is kept as a table, of some 50 bytes each. What has more is walked.
const WORDS_MAX: usize = 500_000;
/// Longest words that are told apart by length.
const LENGTH_MAX: usize = 80;
/// Longest word that is looked for in a table, in letters: one bit of a machine word each.
const TYPED_MAX: usize = u64::BITS as usize;
/// Most slips that are looked for.
const SLIPS_MAX: u32 = 2;
/// Marks are compared this many times in the time of a walk that allows one slip; with two, [`WALK_OF_TWO`] times.
const WALK_OF_ONE: usize = 60_000;
/// See [`WALK_OF_ONE`].
const WALK_OF_TWO: usize = 300_000;

/// All words of a dictionary.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// One behind the other, in the dictionary's order.
    texts: String,
    /// Where each begins, and where the last ends.
    starts: Vec<u32>,
    /// The postings of each.
    postings: Vec<Postings>,
    /// By length in letters, the longest together.
    lengths: Vec<Bucket>,
}

/// The postings of a word: the index keeps no places of words.
#[derive(Debug, Clone, Copy)]
struct Postings {
    titles: u32,
    bytes: u32,
    from: u64,
}

/// Words of one length, in the dictionary's order.
#[derive(Debug, Clone, Default)]
struct Bucket {
    /// Which letters each has, apart from how often: what is looked through.
    once: Vec<u32>,
    /// Which it has more than once.
    again: Vec<u32>,
    numbers: Vec<u32>,
}

/// Which letters a word has: a bit for each of 32 kinds of letters.
#[derive(Debug, Clone, Copy, Default)]
struct Mark {
    once: u32,
    /// Those that it has two or more of.
    again: u32,
}

/// Marks that are compared at a time.
const LANES: usize = 16;

impl Table {
    /// `None` if there are too many words for a table.
    pub(super) fn of(dictionary: &TermDictionary) -> std::io::Result<Option<Self>> {
        if dictionary.num_terms() > WORDS_MAX {
            return Ok(None);
        }
        let mut table = Self { lengths: vec![Bucket::default(); LENGTH_MAX + 1], ..Self::default() };
        let mut stream = dictionary.stream()?;
        while stream.advance() {
            // No word is other than text; one that were would only not be found.
            table.add(std::str::from_utf8(stream.key()).unwrap_or_default(), stream.value());
        }
        table.starts.push(place(table.texts.len()));
        Ok(Some(table))
    }

    fn add(&mut self, word: &str, at: &TermInfo) {
        let (from, bytes) = (at.postings_range.start as u64, place(at.postings_range.len()));
        self.postings.push(Postings { titles: at.doc_freq, bytes, from });
        let number = place(self.starts.len());
        self.starts.push(place(self.texts.len()));
        self.texts.push_str(word);
        let bucket = &mut self.lengths[word.chars().count().min(LENGTH_MAX)];
        let Mark { once, again } = Mark::of(word);
        bucket.once.push(once);
        bucket.again.push(again);
        bucket.numbers.push(number);
    }

    /// A word by its number in the dictionary.
    pub(super) fn text(&self, number: u32) -> &str {
        let [from, to] = [0, 1].map(|one| self.starts[number as usize + one] as usize);
        &self.texts[from..to]
    }

    /// The postings of a word by its number.
    pub(super) fn postings(&self, number: u32) -> TermInfo {
        let Postings { titles, bytes, from } = self.postings[number as usize];
        let from = usize::try_from(from).expect("what was read from memory fits into it");
        TermInfo { doc_freq: titles, postings_range: from..from + bytes as usize, positions_range: 0..0 }
    }

    /// Numbers of the words that begin with a text, so many at most.
    pub(super) fn beginning_with(&self, text: &str, most: usize) -> Range<u32> {
        let words = self.postings.len();
        let (mut from, mut to) = (0, words);
        while from < to {
            let middle = usize::midpoint(from, to);
            if self.text(place(middle)) < text { from = middle + 1 } else { to = middle }
        }
        let last = words.min(from.saturating_add(most));
        let begins = |at: &usize| self.text(place(*at)).starts_with(text);
        place(from)..place((from..last).take_while(begins).last().map_or(from, |at| at + 1))
    }

    /// Numbers of the words that are as near as asked, in the dictionary's order; `None` if walking the dictionary is faster.
    pub(super) fn near(&self, typed: &Typed, within: Within) -> Option<Vec<u32>> {
        let lengths = typed.lengths(within);
        let lengths = *lengths.start()..=(*lengths.end()).min(LENGTH_MAX);
        let words: usize = self.lengths[lengths.clone()].iter().map(|bucket| bucket.numbers.len()).sum();
        let walk = if within.slips > 1 { WALK_OF_TWO } else { WALK_OF_ONE };
        if words > walk {
            return None;
        }
        let mut near = Vec::new();
        for length in lengths {
            let bucket = &self.lengths[length];
            let take = |at: usize| {
                let number = bucket.numbers[at];
                if typed.is_near(self.text(number), within) {
                    near.push(number);
                }
            };
            if within.is_prefix {
                // A slip takes one letter of what was typed away at most.
                bucket.each(u32::from(within.slips), |mark| typed.mark.without(mark), take);
            } else {
                // A letter exchanged changes two bits, a letter more or less one; so many of the slips are of that kind.
                let apart = u32::try_from(length.abs_diff(typed.length)).unwrap_or(u32::MAX);
                let most = (2 * u32::from(within.slips)).saturating_sub(apart);
                bucket.each(most, |mark| typed.mark.apart(mark), take);
            }
        }
        near.sort_unstable();
        Some(near)
    }
}

fn place(at: usize) -> u32 {
    u32::try_from(at).expect("a table of words is smaller than four gigabytes")
}

impl Bucket {
    /// Gives the places of marks of which no more than a few bits are left.
    fn each(&self, most: u32, left: impl Fn(Mark) -> Mark, take: impl FnMut(usize)) {
        match most {
            0 => self.each_of::<0>(left, take),
            1 => self.each_of::<1>(left, take),
            2 => self.each_of::<2>(left, take),
            3 => self.each_of::<3>(left, take),
            _ => self.each_of::<{ 2 * SLIPS_MAX }>(left, take),
        }
    }

    fn each_of<const MOST: u32>(&self, left: impl Fn(Mark) -> Mark, mut take: impl FnMut(usize)) {
        let may = |once: &u32| has_at_most::<MOST>(left(Mark { once: *once, again: 0 }).once);
        let is = |at: usize| {
            let Mark { once, again } = left(Mark { once: self.once[at], again: self.again[at] });
            once.count_ones() + again.count_ones() <= MOST
        };
        let (chunks, rest) = self.once.as_chunks::<LANES>();
        for (chunk, marks) in chunks.iter().enumerate() {
            // Without a way out on the first, so that the compiler compares them side by side.
            if marks.iter().fold(false, |any, once| any | may(once)) {
                let places = chunk * LANES..(chunk + 1) * LANES;
                places.filter(|at| may(&self.once[*at]) && is(*at)).for_each(&mut take);
            }
        }
        let places = self.once.len() - rest.len()..self.once.len();
        places.filter(|at| is(*at)).for_each(&mut take);
    }
}

impl Mark {
    fn of(word: &str) -> Self {
        word.chars().fold(Self::default(), |Self { once, again }, letter| {
            let bit = 1_u32 << (u32::from(letter) % 32);
            Self { once: once | bit, again: again | (once & bit) }
        })
    }

    /// What one of two has and the other has not.
    const fn apart(self, other: Self) -> Self {
        Self { once: self.once ^ other.once, again: self.again ^ other.again }
    }

    const fn without(self, other: Self) -> Self {
        Self { once: self.once & !other.once, again: self.again & !other.again }
    }
}

/// Whether no more than a few bits are set: faster than counting them where the processor has no instruction for that.
fn has_at_most<const BITS: u32>(of: u32) -> bool {
    (0..BITS).fold(of, |left, _| left & left.wrapping_sub(1)) == 0
}

/// How near a word must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Within {
    /// One, or two.
    pub(super) slips: u8,
    /// Whether the word may go on behind what was typed.
    pub(super) is_prefix: bool,
}

/// A word that was typed, made ready for comparing.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    /// For each letter, where in the word it stands.
    ascii: [u64; 128],
    others: Vec<(char, u64)>,
    mark: Mark,
    length: usize,
}

impl Typed {
    /// `None` for a word that is too long, or empty.
    pub(super) fn of(word: &str) -> Option<Self> {
        let length = word.chars().count();
        if !(1..=TYPED_MAX).contains(&length) {
            return None;
        }
        let mut typed = Self { ascii: [0; 128], others: Vec::new(), mark: Mark::of(word), length };
        for (at, letter) in word.chars().enumerate() {
            match typed.ascii.get_mut(letter as usize) {
                Some(places) => *places |= 1 << at,
                None => typed.others.push((letter, 1 << at)),
            }
        }
        Some(typed)
    }

    fn places(&self, letter: char) -> u64 {
        let others = || self.others.iter().filter(|(other, _)| *other == letter);
        self.ascii.get(letter as usize).copied().unwrap_or_else(|| others().fold(0, |all, (_, at)| all | at))
    }

    fn lengths(&self, within: Within) -> RangeInclusive<usize> {
        let slips = usize::from(within.slips);
        let most = if within.is_prefix { usize::MAX } else { self.length + slips };
        self.length.saturating_sub(slips)..=most
    }

    pub(super) fn is_near(&self, word: &str, within: Within) -> bool {
        let mut column = Column::new(self.length);
        let most = usize::from(within.slips);
        let mut is_near = self.length <= most;
        for letter in word.chars() {
            column.advance(self.places(letter));
            is_near |= column.slips <= most;
            if is_near && within.is_prefix {
                return true;
            }
        }
        if within.is_prefix { is_near } else { column.slips <= most }
    }
}

/// How far all beginnings of what was typed are from the beginning of a word that has been read, as differences of neighbours
/// in the bits of a machine word (Myers, 1999; with turned neighbours: Hyyrö, 2003).
struct Column {
    more: u64,
    less: u64,
    diagonal: u64,
    before: u64,
    last: u64,
    /// Of the whole of what was typed.
    slips: usize,
}

impl Column {
    const fn new(length: usize) -> Self {
        Self { more: u64::MAX, less: 0, diagonal: 0, before: 0, last: 1 << (length - 1), slips: length }
    }

    const fn advance(&mut self, places: u64) {
        let turned = ((!self.diagonal & places) << 1) & self.before;
        let kept = (places & self.more).wrapping_add(self.more) ^ self.more;
        self.diagonal = kept | places | self.less | turned;
        let more = self.less | !(self.diagonal | self.more);
        let less = self.diagonal & self.more;
        if more & self.last != 0 {
            self.slips += 1;
        } else if less & self.last != 0 {
            self.slips -= 1;
        }
        let (more, less) = (more << 1 | 1, less << 1);
        self.more = less | !(self.diagonal | more);
        self.less = more & self.diagonal;
        self.before = places;
    }
}

#[cfg(test)]
mod tests;
