//! All words of a dictionary in memory, by length.

use tantivy::postings::TermInfo;
use tantivy::termdict::TermDictionary;

use super::Typed;
use super::letters::{Bucket, Wanted};

/// Words of a dictionary that is kept as a table, of some 60 bytes each. What has more is walked.
const WORDS_MAX: usize = 4_000_000;
/// Words of a part, all of whose lengths are looked through before the next: a short word has soon enough near ones.
const PART: usize = 1 << 17;
/// Longest words that are told apart by length.
const LENGTH_MAX: usize = 80;

/// All words of a dictionary.
#[derive(Debug, Default)]
pub(in crate::search) struct Table {
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

impl Table {
    /// `None` if there are too many words for a table.
    pub(in crate::search) fn of(dictionary: &TermDictionary) -> std::io::Result<Option<Self>> {
        if dictionary.num_terms() > WORDS_MAX {
            return Ok(None);
        }
        let mut table = Self::new();
        let mut stream = dictionary.stream()?;
        while stream.advance() {
            // No word is other than text; one that were would only not be found.
            table.add(std::str::from_utf8(stream.key()).unwrap_or_default(), stream.value());
        }
        Ok(Some(table.ended()))
    }

    pub(super) fn new() -> Self {
        Self { lengths: vec![Bucket::default(); LENGTH_MAX + 1], ..Self::default() }
    }

    pub(super) fn add(&mut self, word: &str, at: &TermInfo) {
        let (from, bytes) = (at.postings_range.start as u64, place(at.postings_range.len()));
        self.postings.push(Postings { titles: at.doc_freq, bytes, from });
        let number = place(self.starts.len());
        self.starts.push(place(self.texts.len()));
        self.texts.push_str(word);
        self.lengths[word.chars().count().min(LENGTH_MAX)].add(word, number);
    }

    /// With the last word in it.
    pub(super) fn ended(mut self) -> Self {
        self.starts.push(place(self.texts.len()));
        self
    }

    /// A word by its number in the dictionary.
    pub(in crate::search) fn text(&self, number: u32) -> &str {
        let [from, to] = [0, 1].map(|one| self.starts[number as usize + one] as usize);
        &self.texts[from..to]
    }

    /// The postings of a word by its number.
    pub(in crate::search) fn postings(&self, number: u32) -> TermInfo {
        let Postings { titles, bytes, from } = self.postings[number as usize];
        let from = usize::try_from(from).expect("what was read from memory fits into it");
        TermInfo { doc_freq: titles, postings_range: from..from + bytes as usize, positions_range: 0..0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.postings.len()
    }

    /// Numbers of the words that are one or two slips off at most, so many at most, in the dictionary's order.
    pub(in crate::search) fn near(&self, typed: &Typed, slips: u8, most: usize) -> Vec<u32> {
        let lengths = typed.length.saturating_sub(slips.into())..=typed.length + usize::from(slips);
        let asked = |length: usize| Wanted {
            mark: typed.mark,
            pairs: typed.pairs,
            slips,
            apart: length.abs_diff(typed.length),
        };
        let mut buckets: Vec<(&Bucket, Wanted, usize)> =
            lengths.map(|length| (&self.lengths[length], asked(length), 0)).collect();
        let (mut near, mut numbers) = (Vec::new(), Vec::new());
        for part in (0..self.len()).step_by(PART) {
            numbers.clear();
            for (bucket, wanted, from) in &mut buckets {
                let to = bucket.place_of(place(part + PART));
                bucket.take(*from..to, wanted, &mut numbers);
                *from = to;
            }
            numbers.sort_unstable();
            let is_near = |number: &&u32| typed.is_near(self.text(**number), slips);
            near.extend(numbers.iter().filter(is_near).take(most - near.len()));
            if near.len() == most {
                break;
            }
        }
        near
    }
}

pub(super) fn place(at: usize) -> u32 {
    u32::try_from(at).expect("a table of words is smaller than four gigabytes")
}
