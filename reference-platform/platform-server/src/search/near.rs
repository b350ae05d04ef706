//! Words of a dictionary that are a slip or two from what was typed: a letter missed, added or exchanged, or neighbours turned round.
//!
//! A dictionary is walked letter by letter, and most of its first branches are within two slips of anything. A table of all
//! its words, by length and with marks of their letters and of neighbouring letters, is looked through faster: nearly all are out
//! after one comparison of marks, and marks are compared many at a time.
//!
//! - `beginnings`: what words begin with, by the dictionary's order.
//! - `letters`: marks, and words of one length by them.
//! - `table`: all words of a dictionary.
//! - here: what was typed, and how far a word is from it.

use letters::{Mark, Pairs};

mod beginnings;
mod letters;
mod table;

pub(super) use table::Table;

/// Longest word that is looked for in a table, in letters: one bit of a machine word each.
const TYPED_MAX: usize = u64::BITS as usize;

/// A word that was typed, made ready for comparing.
#[derive(Debug, Clone)]
pub(super) struct Typed {
    /// For each letter, where in the word it stands.
    ascii: [u64; 128],
    others: Vec<(char, u64)>,
    mark: Mark,
    pairs: Pairs,
    length: usize,
}

impl Typed {
    /// `None` for a word that is too long, or empty.
    pub(super) fn of(word: &str) -> Option<Self> {
        let length = word.chars().count();
        if !(1..=TYPED_MAX).contains(&length) {
            return None;
        }
        let (mark, pairs) = (Mark::of(word), Pairs::of(word));
        let mut typed = Self { ascii: [0; 128], others: Vec::new(), mark, pairs, length };
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

    /// Whether some beginning of a word is a slip off at most.
    pub(super) fn nearly_begins(&self, word: &str) -> bool {
        let mut column = Column::new(self.length);
        let is_near = |letter| {
            column.advance(self.places(letter));
            column.slips <= 1
        };
        self.length <= 1 || word.chars().any(is_near)
    }

    /// Whether a word is so many slips off at most.
    pub(super) fn is_near(&self, word: &str, slips: u8) -> bool {
        let mut column = Column::new(self.length);
        word.chars().for_each(|letter| column.advance(self.places(letter)));
        column.slips <= usize::from(slips)
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
