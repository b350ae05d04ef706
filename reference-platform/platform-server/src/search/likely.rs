//! How likely a word in memory is meant by each word of a query.

use super::expand::{Meanings, Meant};
use super::schema::Place;
use super::titles::WordId;

/// Bits of the filter: some hundred words leave nine in ten of them clear.
const FILTER_BITS: usize = 8_192;
/// As what a word may stand in a title.
const ROLES: usize = 4;

/// Likeness by word in memory, role and word of the query. Nearly all words that are asked for are not in it.
pub(super) struct Likely {
    /// A clear bit says that none of the words with that remainder is in it.
    filter: [u64; FILTER_BITS / 64],
    /// Sorted.
    words: Vec<WordId>,
    /// For each of them, for each role, for each word of the query.
    cells: Vec<f32>,
    count: usize,
}

/// Likeness by word of the query, by role; 0 where it is not meant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    cells: &'a [f32],
    count: usize,
}

impl Row<'_> {
    pub(super) fn title(self, at: usize) -> f32 {
        self.cells[at]
    }

    /// As neighbours joined, or a whole title joined.
    pub(super) fn joined(self, at: usize) -> f32 {
        self.cells[self.count + at]
    }

    /// As this word of the query and the next joined, in a title.
    pub(super) fn pair(self, at: usize) -> f32 {
        self.cells[2 * self.count + at]
    }

    /// As part of a name.
    pub(super) fn person(self, at: usize) -> f32 {
        self.cells[3 * self.count + at]
    }
}

impl Likely {
    pub(super) fn of(meant: &Meant<'_>) -> Self {
        let count = meant.words.len();
        let mut entries: Vec<(WordId, usize, f32)> = Vec::new();
        let mut take = |meanings: &Meanings, cell: &dyn Fn(Place) -> Option<usize>| {
            entries.extend(meanings.0.iter().filter_map(|meaning| {
                let cell = cell(meaning.term.place)?;
                Some((meant.lexicon.word(meaning.term)?, cell, meaning.likeness))
            }));
        };
        for (at, meanings) in meant.words.iter().enumerate() {
            take(meanings, &|place| match place {
                Place::Title => Some(at),
                Place::Joined => Some(count + at),
                Place::People => Some(3 * count + at),
                Place::Genre | Place::Summary => None,
            });
        }
        for (at, meanings) in meant.pairs.iter().enumerate() {
            take(meanings, &|place| (place == Place::Title).then_some(2 * count + at));
        }
        entries.sort_unstable_by_key(|(word, ..)| *word);
        let mut likely = Self { filter: [0; FILTER_BITS / 64], words: Vec::new(), cells: Vec::new(), count };
        for (word, cell, likeness) in entries {
            if likely.words.last() != Some(&word) {
                likely.words.push(word);
                likely.cells.resize(likely.words.len() * ROLES * count, 0.0);
                let bit = word as usize % FILTER_BITS;
                likely.filter[bit / 64] |= 1 << (bit % 64);
            }
            let row = (likely.words.len() - 1) * ROLES * count;
            let known = &mut likely.cells[row + cell];
            *known = known.max(likeness);
        }
        likely
    }

    /// `None` if no word of the query means it.
    pub(super) fn row(&self, word: WordId) -> Option<Row<'_>> {
        let bit = word as usize % FILTER_BITS;
        if self.filter[bit / 64] >> (bit % 64) & 1 == 0 {
            return None;
        }
        let at = self.words.binary_search(&word).ok()?;
        let length = ROLES * self.count;
        Some(Row { cells: &self.cells[at * length..][..length], count: self.count })
    }
}
