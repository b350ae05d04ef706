//! From the terms that a query's words may mean to candidates, term by term, within a bound of postings visited.
//!
//! Every title that is touched remembers how well it has each word. The rarest terms come first, so that what the bound cuts
//! off is what says least. The bound counts postings and never time: an answer does not depend on the machine's load.

use std::sync::Arc;

use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, Searcher, TERMINATED};

use platform_core::search::query::WORDS_MAX;

use super::SearchError;
use super::expand::Meanings;
use super::schema::Fields;

/// Postings that one query may visit.
pub(super) const POSTINGS_MAX: u64 = 200_000;

/// How well a title has each word, in 255ths.
pub(super) type Found = [u8; WORDS_MAX];

/// A title that has something of the query.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub(super) ordinal: u32,
    pub(super) found: Found,
}

/// What a query may use of the index.
pub(super) struct Retrieval<'a> {
    pub(super) searcher: &'a Searcher,
    pub(super) fields: Fields,
    /// The title of every document, by segment.
    pub(super) ordinals: &'a [Arc<[u32]>],
    /// How telling each word is.
    pub(super) weights: &'a [f32],
    /// Whether the viewer may see a title, by its number.
    pub(super) allowed: &'a dyn Fn(u32) -> bool,
    /// How many candidates to keep.
    pub(super) keep: usize,
}

/// Memory that queries use in turn: which candidate a title is, where it is one.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    place: Vec<u32>,
    turn: u32,
    turns: Vec<u32>,
}

impl Scratch {
    fn begin(&mut self, titles: usize) {
        if self.turns.len() < titles {
            self.turns.resize(titles, 0);
            self.place.resize(titles, 0);
        }
        self.turn = self.turn.wrapping_add(1);
        if self.turn == 0 {
            self.turns.fill(0);
            self.turn = 1;
        }
    }
}

/// One list of postings to visit.
struct Visit<'a> {
    segment: usize,
    word: usize,
    place: super::schema::Place,
    term: &'a str,
    likeness: u8,
    postings: u32,
}

impl Retrieval<'_> {
    /// The best candidates by weight of what they have, best first, ties by number; and the postings visited.
    pub(super) fn run(
        &self,
        meanings: &[Meanings],
        titles: usize,
        scratch: &mut Scratch,
    ) -> Result<(Vec<Candidate>, u64), SearchError> {
        scratch.begin(titles);
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut visited = 0;
        for visit in self.visits(meanings)? {
            if visited + u64::from(visit.postings) > POSTINGS_MAX {
                continue;
            }
            visited += u64::from(visit.postings);
            self.visit(&visit, &mut candidates, scratch)?;
        }
        let score = |candidate: &Candidate| -> f32 {
            candidate.found.iter().zip(self.weights).map(|(found, weight)| f32::from(*found) * weight).sum()
        };
        let mut scored: Vec<(f32, Candidate)> =
            candidates.into_iter().map(|one| (score(&one), one)).collect();
        let better = |a: &(f32, Candidate), b: &(f32, Candidate)| {
            b.0.total_cmp(&a.0).then(a.1.ordinal.cmp(&b.1.ordinal))
        };
        if scored.len() > self.keep {
            scored.select_nth_unstable_by(self.keep, better);
            scored.truncate(self.keep);
        }
        scored.sort_unstable_by(better);
        Ok((scored.into_iter().map(|(_, one)| one).collect(), visited))
    }

    /// All lists of postings, shortest first.
    fn visits<'m>(&self, meanings: &'m [Meanings]) -> Result<Vec<Visit<'m>>, SearchError> {
        let mut visits = Vec::new();
        for (segment, reader) in self.searcher.segment_readers().iter().enumerate() {
            for (word, meanings) in meanings.iter().enumerate() {
                for meaning in &meanings.0 {
                    let inverted = reader.inverted_index(self.fields.of(meaning.place))?;
                    let Some(info) = inverted.terms().get(meaning.term.as_bytes())? else { continue };
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "a likeness is from 0 to 1"
                    )]
                    let likeness = (meaning.likeness * 255.0) as u8;
                    let (place, term) = (meaning.place, meaning.term.as_str());
                    visits.push(Visit { segment, word, place, term, likeness, postings: info.doc_freq });
                }
            }
        }
        visits.sort_by(|a, b| {
            (a.postings, a.segment, a.word, a.place, a.term)
                .cmp(&(b.postings, b.segment, b.word, b.place, b.term))
        });
        Ok(visits)
    }

    fn visit(
        &self,
        visit: &Visit<'_>,
        candidates: &mut Vec<Candidate>,
        scratch: &mut Scratch,
    ) -> Result<(), SearchError> {
        let reader = &self.searcher.segment_readers()[visit.segment];
        let inverted = reader.inverted_index(self.fields.of(visit.place))?;
        let Some(info) = inverted.terms().get(visit.term.as_bytes())? else { return Ok(()) };
        let mut postings = inverted.read_postings_from_terminfo(&info, IndexRecordOption::Basic)?;
        let ordinals = &self.ordinals[visit.segment];
        let alive = reader.alive_bitset();
        while postings.doc() != TERMINATED {
            let document = postings.doc();
            postings.advance();
            if alive.is_some_and(|alive| !alive.is_alive(document)) {
                continue;
            }
            let ordinal = ordinals[document as usize];
            let at = ordinal as usize;
            if scratch.turns[at] != scratch.turn {
                if !(self.allowed)(ordinal) {
                    continue;
                }
                scratch.turns[at] = scratch.turn;
                scratch.place[at] = u32::try_from(candidates.len()).unwrap_or(u32::MAX);
                candidates.push(Candidate { ordinal, found: [0; WORDS_MAX] });
            }
            let found = &mut candidates[scratch.place[at] as usize].found[visit.word];
            *found = (*found).max(visit.likeness);
        }
        Ok(())
    }
}
