//! From the terms that a query's words may mean to candidates, term by term, within a bound of postings visited.
//!
//! Every title that is touched remembers how well it has each word. The rarest terms come first, so that what the bound cuts
//! off is what says least. The bound counts postings and never time: an answer does not depend on the machine's load.
//!
//! Of most lists only a part is read. Once as many candidates are known as are kept, a title that has nothing yet is left
//! out if all that the remaining lists could give it puts it behind them; once that holds for the rest of a list, the
//! list is read only where candidates stand. What is kept is the same as if every list were read to its end (MaxScore: Turtle and
//! Flood, 1995).

use tantivy::postings::BlockSegmentPostings;
use tantivy::schema::IndexRecordOption;

use platform_core::search::query::WORDS_MAX;

use super::SearchError;
use super::expand::Meanings;
use super::lexicon::{Lexicon, TermId};
use super::pool::{Candidate, Found, Pool, Scratch, Slot};

/// Postings that one query may visit.
pub(super) const POSTINGS_MAX: u64 = 200_000;
/// So many postings of a list cost as much to pass as one candidate costs to look up in it.
const POSTINGS_PER_SEEK: usize = 8;

/// What a query may use of the index.
pub(super) struct Retrieval<'a> {
    pub(super) lexicon: &'a Lexicon<'a>,
    /// How telling each word is.
    pub(super) weights: &'a [f32],
    /// Whether the viewer may see a title, by its number.
    pub(super) allowed: &'a dyn Fn(u32) -> bool,
    /// How many candidates to keep.
    pub(super) keep: usize,
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
    /// The best candidates by weight of what they have, best first, ties by number.
    pub(super) fn run(
        &self,
        meanings: &[Meanings],
        titles: usize,
        scratch: &mut Scratch,
    ) -> Result<Vec<Candidate>, SearchError> {
        scratch.begin(titles);
        let visits = self.visits(meanings);
        let rests = rests(&visits);
        let mut pool = Pool::new(self.weights, self.keep);
        for (visit, rest) in visits.iter().zip(&rests) {
            self.visit(visit, rest, &mut pool, scratch)?;
        }
        Ok(pool.best())
    }

    /// Lists of postings, shortest first, as many as the bound allows.
    fn visits(&self, meanings: &[Meanings]) -> Vec<Visit> {
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
        visits.truncate(allowed);
        visits
    }

    /// Reads a list; `rest` is what this list and those behind it can give a title.
    fn visit(
        &self,
        visit: &Visit,
        rest: &Found,
        pool: &mut Pool<'_>,
        scratch: &mut Scratch,
    ) -> Result<(), SearchError> {
        if pool.newcomers(rest) == 0 && !pool.gains(visit.word, visit.likeness) {
            return Ok(());
        }
        // What it costs is little beside the list.
        pool.settle_if_fewer(visit.postings as usize, rest);
        let segment = &self.lexicon.segments[visit.segment];
        let list = &self.lexicon.lists(visit.term)[visit.list].at;
        let inverted = segment.inverted(visit.term.place);
        let mut blocks = inverted.read_block_postings_from_terminfo(list, IndexRecordOption::Basic)?;
        let (mut left, mut was_closed) = (visit.postings as usize, false);
        while left > 0 {
            let documents = blocks.docs();
            let before = pool.newcomers(rest);
            let is_closed =
                before == 0 || (segment.is_rising && segment.ordinals[documents[0] as usize] >= before);
            // Asked once per list, and only where asking costs less than reading on.
            if is_closed && !was_closed && pool.live() < left {
                was_closed = true;
                let targets = pool.targets(visit.segment, visit.word, visit.likeness, documents[0]);
                if targets.len() * POSTINGS_PER_SEEK < left {
                    seek(&mut blocks, &targets, visit, pool);
                    return Ok(());
                }
            }
            for &document in documents {
                if segment.is_alive(document) {
                    let ordinal = segment.ordinals[document as usize];
                    match scratch.slot(ordinal) {
                        Slot::Candidate(at) => pool.note(at, visit.word, visit.likeness),
                        Slot::Unknown if ordinal < before => {
                            if (self.allowed)(ordinal) {
                                let at = pool.add(ordinal, (visit.segment, document));
                                scratch.set(ordinal, Slot::Candidate(at));
                                pool.note(at, visit.word, visit.likeness);
                            } else {
                                scratch.set(ordinal, Slot::Refused);
                            }
                        }
                        Slot::Unknown | Slot::Refused => {}
                    }
                }
            }
            left -= documents.len();
            pool.settle_if_due(rest);
            if left > 0 {
                blocks.advance();
            }
        }
        Ok(())
    }
}

/// Looks candidates up in a list, in the order of their documents.
fn seek(blocks: &mut BlockSegmentPostings, targets: &[(u32, u32)], visit: &Visit, pool: &mut Pool<'_>) {
    for &(document, at) in targets {
        let place = blocks.seek(document);
        if blocks.doc(place) == document {
            pool.note(at, visit.word, visit.likeness);
        }
    }
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
