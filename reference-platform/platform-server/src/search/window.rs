//! What is known of the documents of one window while lists are read.
//!
//! For each word of the query a row of bytes, one for each document: a posting then costs a step in an array that stays in the
//! nearest cache, and nothing of the title is looked at before all lists that may bring one in have been read.

use std::ops::Range;

use platform_core::search::query::WORDS_MAX;

use super::pool::Found;

/// Documents of the longest window: a row for each of a few words then stays in the caches.
pub(super) const WINDOW_MAX: usize = 16_384;

/// Documents of a part of a segment, by how well each has each word.
pub(super) struct Window {
    from: u32,
    /// By word, then by document.
    rows: Vec<[u8; WINDOW_MAX]>,
    words: usize,
    /// A bit for each document that is in some list.
    named: [u64; WINDOW_MAX / 64],
}

impl Default for Window {
    fn default() -> Self {
        Self { from: 0, rows: Vec::new(), words: 0, named: [0; WINDOW_MAX / 64] }
    }
}

impl Window {
    /// Forgets what it knows and stands for other documents, [`WINDOW_MAX`] at most.
    pub(super) fn begin(&mut self, documents: &Range<u32>, words: usize) {
        (self.from, self.words) = (documents.start, words);
        if self.rows.len() < words {
            self.rows.resize(words, [0; WINDOW_MAX]);
        }
        let length = documents.len();
        self.rows[..words].iter_mut().for_each(|row| row[..length].fill(0));
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
            self.named[at / 64] |= 1 << (at % 64);
        }
        self.raise(documents, word, likeness);
    }

    /// Documents have a word at least so well.
    pub(super) fn raise(&mut self, documents: &[u32], word: usize, likeness: u8) {
        let from = self.from;
        let row = &mut self.rows[word];
        for &document in documents {
            let found = &mut row[(document - from) as usize % WINDOW_MAX];
            *found = (*found).max(likeness);
        }
    }

    /// Documents that may be candidates, in order.
    pub(super) fn named(&self) -> impl Iterator<Item = u32> {
        (self.from..).step_by(64).zip(&self.named).flat_map(|(from, &bits)| {
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
        self.rows[word][self.place(document)]
    }

    /// What is found of a document if the lists that are left give it all that they can give.
    pub(super) fn most(&self, document: u32, rest: &Found) -> Found {
        let at = self.place(document);
        let mut most = [0; WORDS_MAX];
        for ((most, row), rest) in most.iter_mut().zip(&self.rows[..self.words]).zip(rest) {
            *most = row[at].max(*rest);
        }
        most
    }
}
