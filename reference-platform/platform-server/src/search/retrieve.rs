//! From the terms that a query's words may mean to candidates, term by term, within a bound of postings visited.
//!
//! Every title that is touched remembers how well it has each word. The rarest terms come first, so that what the bound cuts
//! off is what says least. The bound counts postings and never time: an answer does not depend on the machine's load.
//!
//! Of most lists only a part is read. What says most is read first. Once as many candidates are known as are kept, a title
//! that has nothing yet is left out if all that the remaining lists could give it puts it behind them; once that holds for
//! the rest of a list, the list is read only where candidates stand (MaxScore: Turtle and Flood, 1995). Documents come in
//! windows, and of each window all lists are read before the next: titles that have all words set the bar early, and
//! of many that are equal the first are kept, so that most windows are passed over. What is kept is the same as if every list
//! were read to its end.

use std::ops::Range;

use tantivy::postings::BlockSegmentPostings;
use tantivy::schema::IndexRecordOption;

use platform_core::search::query::WORDS_MAX;

use super::SearchError;
use super::expand::Meanings;
use super::lexicon::{Lexicon, TermId};
use super::pool::{Floor, Found, Kept, Pool, Scratch};
use super::view::Segment;

/// Postings that one query may visit.
pub(super) const POSTINGS_MAX: u64 = 200_000;
/// So many postings of a list cost as much to pass as one candidate costs to look up in it.
const POSTINGS_PER_SEEK: usize = 8;

/// Documents of the first window. Some titles that have all words are often in it.
const WINDOW_FIRST: u32 = 1_024;
/// Each window is twice as long as the one before, up to this: what is known of its titles then stays in the caches.
const WINDOW_MAX: u32 = 16_384;

/// What a query may use of the index.
pub(super) struct Retrieval<'a> {
    pub(super) lexicon: &'a Lexicon<'a>,
    /// How telling each word is.
    pub(super) weights: &'a [f32],
    /// Whether the viewer may see a title, by its number.
    pub(super) allowed: &'a dyn Fn(u32) -> bool,
    /// How many candidates to keep.
    pub(super) keep: usize,
    /// What was kept before with some of the same meanings, none of them likelier: less will not do now.
    pub(super) floor: Option<Floor>,
}

/// One list of postings to visit.
struct Visit {
    segment: usize,
    word: usize,
    term: TermId,
    likeness: u8,
    postings: u32,
    /// Where in the term's lists.
    list: usize,
}

impl Retrieval<'_> {
    /// The best candidates by weight of what they have.
    pub(super) fn run(
        &self,
        meanings: &[Meanings],
        titles: usize,
        scratch: &mut Scratch,
    ) -> Result<Kept, SearchError> {
        scratch.begin(titles);
        let (mut visits, are_all) = self.visits(meanings);
        let worth = |visit: &Visit| f32::from(visit.likeness) * self.weights[visit.word];
        visits.sort_by(|a, b| a.segment.cmp(&b.segment).then_with(|| worth(b).total_cmp(&worth(a))));
        // Where the bound cuts lists off, titles may have less than before.
        let floor = self.floor.filter(|_| are_all);
        let mut pool = Pool::new(self.weights, (self.keep, floor), self.allowed);
        for visits in visits.chunk_by(|a, b| a.segment == b.segment) {
            self.segment(visits, &mut pool, scratch)?;
        }
        Ok(pool.best())
    }

    /// Reads lists of one segment, window by window.
    fn segment(
        &self,
        visits: &[Visit],
        pool: &mut Pool<'_>,
        scratch: &mut Scratch,
    ) -> Result<(), SearchError> {
        let Some(first) = visits.first() else { return Ok(()) };
        let segment = &self.lexicon.segments[first.segment];
        let rests = rests(visits);
        let mut reading = SegmentReading {
            lexicon: self.lexicon,
            segment,
            lists: visits.iter().zip(rests).map(|(visit, rest)| Reading::new(visit, rest)).collect(),
        };
        let end = u32::try_from(segment.ordinals.len()).expect("documents are counted in 32 bits");
        let (mut from, mut length) = (0, WINDOW_FIRST);
        while from < end && !segment.is_closed(pool.newcomers(&reading.lists[0].rest), from) {
            let to = end.min(from.saturating_add(length));
            reading.window(from..to, pool, scratch)?;
            pool.complete();
            from = to;
            length = WINDOW_MAX.min(length * 2);
        }
        Ok(())
    }

    /// Lists of postings, shortest first, as many as the bound allows; whether these are all.
    fn visits(&self, meanings: &[Meanings]) -> (Vec<Visit>, bool) {
        let mut visits = Vec::new();
        for (word, meanings) in meanings.iter().enumerate() {
            for meaning in &meanings.0 {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a likeness is from 0 to 1"
                )]
                let likeness = (meaning.likeness * 255.0) as u8;
                let term = meaning.term;
                for (list, here) in self.lexicon.lists(term).iter().enumerate() {
                    let (segment, postings) = (here.segment, here.at.doc_freq);
                    visits.push(Visit { segment, word, term, likeness, postings, list });
                }
            }
        }
        visits.sort_by(|a, b| {
            let first = |visit: &Visit| (visit.postings, visit.segment, visit.word, visit.term.place);
            let text = |visit: &Visit| self.lexicon.text(visit.term);
            first(a).cmp(&first(b)).then_with(|| text(a).cmp(text(b)))
        });
        let mut visited = 0;
        let allowed = visits.iter().take_while(|visit| {
            visited += u64::from(visit.postings);
            visited <= POSTINGS_MAX
        });
        let allowed = allowed.count();
        let are_all = allowed == visits.len();
        visits.truncate(allowed);
        (visits, are_all)
    }
}

/// A list while it is read.
struct Reading<'a> {
    visit: &'a Visit,
    /// What this list and those behind it can give a title.
    rest: Found,
    /// Opened when it is first needed.
    blocks: Option<BlockSegmentPostings>,
    /// No document of it that was not passed yet lies before this one.
    next: u32,
    /// How many of it were not passed yet, at most.
    left: usize,
}

impl<'a> Reading<'a> {
    const fn new(visit: &'a Visit, rest: Found) -> Self {
        Self { visit, rest, blocks: None, next: 0, left: visit.postings as usize }
    }
}

/// Lists of a segment, those that say most first.
struct SegmentReading<'a> {
    lexicon: &'a Lexicon<'a>,
    segment: &'a Segment,
    lists: Vec<Reading<'a>>,
}

impl SegmentReading<'_> {
    /// Reads of all lists what lies in a window of documents.
    fn window(
        &mut self,
        window: Range<u32>,
        pool: &mut Pool<'_>,
        scratch: &mut Scratch,
    ) -> Result<(), SearchError> {
        for list in &mut self.lists {
            let visit = list.visit;
            if list.next >= window.end
                || (pool.newcomers(&list.rest) == 0 && !pool.gains(visit.word, visit.likeness))
            {
                continue;
            }
            // What it costs is little beside the list.
            pool.settle_if_fewer(list.left, &list.rest);
            if list.blocks.is_none() {
                let at = &self.lexicon.lists(visit.term)[visit.list].at;
                let inverted = self.segment.inverted(visit.term.place);
                list.blocks = Some(inverted.read_block_postings_from_terminfo(at, IndexRecordOption::Basic)?);
            }
            list.read(self.segment, &window, pool, scratch);
        }
        Ok(())
    }
}

impl Reading<'_> {
    fn read(&mut self, segment: &Segment, window: &Range<u32>, pool: &mut Pool<'_>, scratch: &mut Scratch) {
        let Some(blocks) = &mut self.blocks else { return };
        let (word, likeness) = (self.visit.word, self.visit.likeness);
        let mut was_closed = false;
        let mut at = blocks.seek(window.start);
        loop {
            let documents = blocks.docs();
            let here = &documents[at.min(documents.len())..];
            let Some(&first) = here.first() else {
                (self.next, self.left) = (u32::MAX, 0);
                return;
            };
            if first >= window.end {
                self.next = first;
                return;
            }
            let before = pool.newcomers(&self.rest);
            // Asked once per window, and only where asking costs less than reading on.
            if !was_closed && pool.live() < self.left && segment.is_closed(before, first) {
                was_closed = true;
                let targets = pool.targets(word, likeness, first);
                if targets.len() * POSTINGS_PER_SEEK < part_of(self.left, first..window.end, segment) {
                    for &(document, candidate) in &targets {
                        let place = blocks.seek(document);
                        if blocks.doc(place) == document {
                            pool.note(candidate, word, likeness);
                        }
                    }
                    return;
                }
            }
            let inside = here.partition_point(|document| *document < window.end);
            for &document in &here[..inside] {
                if segment.is_alive(document) {
                    let ordinal = segment.ordinals[document as usize];
                    if let Some(candidate) = scratch.candidate(ordinal) {
                        pool.note(candidate, word, likeness);
                    } else if ordinal < before {
                        let candidate = pool.add(ordinal, document);
                        scratch.set(ordinal, candidate);
                        pool.note(candidate, word, likeness);
                    }
                }
            }
            self.left = self.left.saturating_sub(inside);
            pool.settle_if_due(&self.rest);
            if inside < here.len() {
                self.next = here[inside];
                return;
            }
            blocks.advance();
            at = 0;
        }
    }
}

/// About how many of the postings that are left lie in a part of the segment.
fn part_of(left: usize, part: Range<u32>, segment: &Segment) -> usize {
    let behind = segment.ordinals.len().saturating_sub(part.start as usize).max(1);
    left * part.len() / behind
}

/// For each list, what it and those behind it can give a title: the most of each word.
fn rests(visits: &[Visit]) -> Vec<Found> {
    let mut rest: Found = [0; WORDS_MAX];
    let mut rests: Vec<Found> = visits
        .iter()
        .rev()
        .map(|visit| {
            rest[visit.word] = rest[visit.word].max(visit.likeness);
            rest
        })
        .collect();
    rests.reverse();
    rests
}

#[cfg(test)]
mod tests;
