//! Words of a dictionary that are a slip or two from what was typed: a letter missed, added or exchanged, or neighbours turned round.
//!
//! A dictionary is walked letter by letter, and most of its first branches are within two slips of anything. A table of all
//! its words, by length and with marks of their letters and of neighbouring letters, is looked through faster: nearly all are out
//! after one comparison of marks, and marks are compared many at a time.
//!
//! - `letters`: marks, and words of one length by them.
//! - `table`: all words of a dictionary.
//! - here: what was typed, and how far a word is from it.

use std::ops::RangeInclusive;

use letters::{Mark, Pairs};

mod letters;
mod table;

pub(super) use table::Table;

/// Longest word that is looked for in a table, in letters: one bit of a machine word each.
const TYPED_MAX: usize = u64::BITS as usize;

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
    /// Of the whole word, and of it as a beginning.
    pairs: [Pairs; 2],
    length: usize,
}

impl Typed {
    /// `None` for a word that is too long, or empty.
    pub(super) fn of(word: &str) -> Option<Self> {
        let length = word.chars().count();
        if !(1..=TYPED_MAX).contains(&length) {
            return None;
        }
        let pairs = [true, false].map(|is_whole| Pairs::of(word, is_whole));
        let mut typed = Self { ascii: [0; 128], others: Vec::new(), mark: Mark::of(word), pairs, length };
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

    const fn pairs(&self, within: Within) -> Pairs {
        self.pairs[within.is_prefix as usize]
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
