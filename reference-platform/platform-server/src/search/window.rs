//! What is known of the documents of one window while lists are read.
//!
//! For each word of the query a row of bytes, one for each document: a posting then costs a step in an array that stays in the
//! nearest cache, and nothing of the title is looked at before all lists that may bring one in have been read. Scores are then
//! added up row by row, for [`TOGETHER`] documents at a time.

use std::ops::Range;

use platform_core::search::query::WORDS_MAX;

use super::pool::{Found, Needed};

/// Documents of the longest window: a row for each of a few words then stays in the caches.
pub(super) const WINDOW_MAX: usize = 16_384;

/// Documents whose scores are added up at a time: those of one word of bits.
const TOGETHER: usize = u64::BITS as usize;

/// So few of them are scored one by one.
const ONE_BY_ONE_MAX: u32 = 10;

/// Documents of a part of a segment, by how well each has each word.
pub(super) struct Window {
    from: u32,
    /// By word.
    rows: Vec<Row>,
    words: usize,
    /// A bit for each document that is in some list.
    named: [u64; WINDOW_MAX / TOGETHER],
}

/// How well each document has a word.
struct Row {
    found: [u8; WINDOW_MAX],
    /// Whether any has it at all.
    is_used: bool,
}

/// What a word adds to the score of a document at least so well as `rest`.
fn word_score((row, weight, rest): (&Row, f32, u8), place: usize) -> f32 {
    f32::from(row.found[place % WINDOW_MAX].max(rest)) * weight
}

/// The bits whose places are wanted.
fn kept(bits: u64, is_wanted: impl Fn(usize) -> bool) -> u64 {
    let (mut left, mut kept) = (bits, 0);
    while left != 0 {
        let one = left & left.wrapping_neg();
        left ^= one;
        if is_wanted(one.trailing_zeros() as usize) {
            kept |= one;
        }
    }
    kept
}

impl Default for Window {
    fn default() -> Self {
        Self { from: 0, rows: Vec::new(), words: 0, named: [0; WINDOW_MAX / TOGETHER] }
    }
}

impl Row {
    const EMPTY: Self = Self { found: [0; WINDOW_MAX], is_used: false };

    fn clear(&mut self) {
        if std::mem::take(&mut self.is_used) {
            self.found.fill(0);
        }
    }
}

impl Window {
    /// Forgets what it knows and stands for other documents, [`WINDOW_MAX`] at most.
    pub(super) fn begin(&mut self, documents: &Range<u32>, words: usize) {
        (self.from, self.words) = (documents.start, words);
        if self.rows.len() < words {
            self.rows.resize_with(words, || Row::EMPTY);
        }
        self.rows.iter_mut().for_each(Row::clear);
        self.named.fill(0);
    }

    /// Its place in a row; the remainder spares the check of the bound.
    const fn place(&self, document: u32) -> usize {
        (document - self.from) as usize % WINDOW_MAX
    }

    /// Documents have a word at least so well, and may be candidates.
    pub(super) fn name(&mut self, documents: &[u32], word: usize, likeness: u8) {
        for &document in documents {
            let at = self.place(document);
            self.named[at / TOGETHER] |= 1 << (at % TOGETHER);
        }
        self.raise(documents, word, likeness);
    }

    /// Documents have a word at least so well.
    pub(super) fn raise(&mut self, documents: &[u32], word: usize, likeness: u8) {
        let from = self.from;
        let row = &mut self.rows[word];
        row.is_used = true;
        for &document in documents {
            let found = &mut row.found[(document - from) as usize % WINDOW_MAX];
            *found = (*found).max(likeness);
        }
    }

    /// How many documents may be candidates.
    pub(super) fn named_count(&self) -> usize {
        self.named.iter().map(|bits| bits.count_ones() as usize).sum()
    }

    /// Leaves of the documents that may be candidates those that may reach what is needed, if the lists that are left give them
    /// all that they can give.
    pub(super) fn narrow(&mut self, weights: &[f32], rest: &Found, needed: Needed) {
        let Self { rows, named, .. } = self;
        let words = || rows.iter().zip(weights).zip(rest).map(|((row, weight), rest)| (row, *weight, *rest));
        // With the widest registers that this processor has; products are not fused with sums, so the scores are the same on all.
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || {
                for (at, bits) in named.iter_mut().enumerate().filter(|(_, bits)| **bits != 0) {
                    if bits.count_ones() <= ONE_BY_ONE_MAX {
                        let score = |place: usize| {
                            words().fold(0.0, |sum, word| sum + word_score(word, at * TOGETHER + place))
                        };
                        *bits = kept(*bits, |place| needed.is_met(score(place)));
                        continue;
                    }
                    let mut scores = [0.0_f32; TOGETHER];
                    for (row, weight, rest) in words() {
                        if row.is_used {
                            let found = &row.found.as_chunks::<TOGETHER>().0[at];
                            for (score, found) in scores.iter_mut().zip(found) {
                                *score += f32::from((*found).max(rest)) * weight;
                            }
                        } else {
                            let all_alike = f32::from(rest) * weight;
                            scores.iter_mut().for_each(|score| *score += all_alike);
                        }
                    }
                    // Mostly none does, which is seen at once.
                    let any = scores.iter().fold(false, |any, score| any | needed.is_met(*score));
                    *bits = if any { kept(*bits, |place| needed.is_met(scores[place])) } else { 0 };
                }
            },
        );
    }

    /// Documents that may be candidates, in order.
    pub(super) fn named(&self) -> impl Iterator<Item = u32> {
        (self.from..).step_by(TOGETHER).zip(&self.named).flat_map(|(from, &bits)| {
            let mut left = bits;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(from + bit)
            })
        })
    }

    pub(super) fn found(&self, document: u32) -> Found {
        self.most(document, &[0; WORDS_MAX])
    }

    pub(super) fn likeness(&self, document: u32, word: usize) -> u8 {
        self.rows[word].found[self.place(document)]
    }

    /// What is found of a document if the lists that are left give it all that they can give.
    pub(super) fn most(&self, document: u32, rest: &Found) -> Found {
        let at = self.place(document);
        let mut most = [0; WORDS_MAX];
        for ((most, row), rest) in most.iter_mut().zip(&self.rows[..self.words]).zip(rest) {
            *most = row.found[at].max(*rest);
        }
        most
    }
}
