//! Terms of the dictionaries, each looked up once per query: where its postings are, and which word of the titles in memory it is.

use std::rc::Rc;

use indexmap::IndexMap;
use tantivy::postings::TermInfo;
use tantivy::termdict::TermStreamer;
use tantivy_fst::Automaton;

use super::SearchError;
use super::schema::Place;
use super::titles::{Fixed, Titles, WordId};
use super::view::Segment;

/// A term, by its place and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TermId {
    pub(super) place: Place,
    number: u32,
}

/// The postings of a term in one segment.
#[derive(Debug, Clone)]
pub(super) struct List {
    pub(super) segment: usize,
    pub(super) at: TermInfo,
}

/// What is known of a term.
#[derive(Debug)]
struct Term {
    /// Its number in the vocabulary; `None` where only the index has such terms.
    word: Option<WordId>,
    /// By segment.
    lists: Rc<[List]>,
}

/// The terms that a query has come upon.
pub(super) struct Lexicon<'a> {
    pub(super) segments: &'a [Segment],
    pub(super) titles: &'a Titles,
    known: [IndexMap<String, Term, Fixed>; Place::ALL.len()],
}

impl<'a> Lexicon<'a> {
    pub(super) fn new(segments: &'a [Segment], titles: &'a Titles) -> Self {
        Self { segments, titles, known: Default::default() }
    }

    pub(super) fn text(&self, id: TermId) -> &str {
        let known = self.known[id.place as usize].get_index(id.number as usize);
        known.map_or("", |(text, _)| text)
    }

    /// Its number in the vocabulary, for terms of titles and names.
    pub(super) fn word(&self, id: TermId) -> Option<WordId> {
        self.known[id.place as usize][id.number as usize].word
    }

    /// Where its postings are; nowhere for what is not in the index.
    pub(super) fn lists(&self, id: TermId) -> Rc<[List]> {
        Rc::clone(&self.known[id.place as usize][id.number as usize].lists)
    }

    /// A term by its text, whether the index has it or not.
    pub(super) fn look_up(&mut self, place: Place, text: &str) -> Result<TermId, SearchError> {
        self.add(place, text, &[])
    }

    /// A term that was come upon in some segments; it is looked up in the others.
    fn add(&mut self, place: Place, text: &str, seen: &[List]) -> Result<TermId, SearchError> {
        let known = &mut self.known[place as usize];
        let number = match known.get_index_of(text) {
            Some(number) => number,
            None => {
                let mut lists = seen.to_vec();
                for (segment, reader) in self.segments.iter().enumerate() {
                    if seen.iter().all(|list| list.segment != segment)
                        && let Some(at) = reader.terms(place).get(text)?
                    {
                        lists.push(List { segment, at });
                    }
                }
                let word = if place.is_of_titles() { self.titles.vocabulary.id(text) } else { None };
                known.insert_full(text.to_owned(), Term { word, lists: lists.into() }).0
            }
        };
        Ok(TermId { place, number: u32::try_from(number).expect("few terms in a query") })
    }

    /// The best of those that were come upon, in order. A term may stand in several segments: its titles are counted
    /// together, and it takes one place.
    pub(super) fn best<K: Ord>(
        &mut self,
        place: Place,
        mut found: Gathered,
        most: usize,
        rank: impl Fn(&str, u32) -> K,
    ) -> Result<Vec<TermId>, SearchError> {
        let Gathered { texts, terms } = &mut found;
        let text = |term: &Come| &texts[term.start..term.end];
        if self.segments.len() > 1 {
            // Stable: the segments of a term stay in their order.
            terms.sort_by(|a, b| text(a).cmp(text(b)));
        }
        let runs = terms.chunk_by(|a, b| self.segments.len() > 1 && text(a) == text(b));
        // Runs come in the order of their texts, which breaks ties.
        let ranked = runs.enumerate().map(|(at, run)| {
            let titles = run.iter().map(|term| term.list.at.doc_freq).sum();
            ((rank(text(&run[0]), titles), at), run)
        });
        let mut ranked: Vec<_> = ranked.collect();
        if ranked.len() > most {
            ranked.select_nth_unstable_by(most, |a, b| a.0.cmp(&b.0));
            ranked.truncate(most);
        }
        ranked.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let mut best = Vec::with_capacity(ranked.len());
        for (_, run) in ranked {
            let lists: Vec<List> = run.iter().map(|term| term.list.clone()).collect();
            best.push(self.add(place, text(&run[0]), &lists)?);
        }
        Ok(best)
    }
}

/// A term in one segment.
struct Come {
    start: usize,
    end: usize,
    list: List,
}

/// Terms as they come from the dictionaries, their texts in one piece.
#[derive(Default)]
pub(super) struct Gathered {
    texts: String,
    terms: Vec<Come>,
}

impl Gathered {
    /// Takes terms of a segment while they are wanted, so many at most.
    pub(super) fn take<A: Automaton>(
        &mut self,
        segment: usize,
        mut stream: TermStreamer<'_, A>,
        most: usize,
        is_wanted: impl Fn(&[u8]) -> bool,
    ) where
        A::State: Clone,
    {
        let mut looked_at = 0;
        while looked_at < most && stream.advance() && is_wanted(stream.key()) {
            looked_at += 1;
            if let Ok(text) = std::str::from_utf8(stream.key()) {
                self.push(segment, text, stream.value().clone());
            }
        }
    }

    /// Takes a term of a segment.
    pub(super) fn push(&mut self, segment: usize, text: &str, at: TermInfo) {
        let start = self.texts.len();
        self.texts.push_str(text);
        self.terms.push(Come { start, end: self.texts.len(), list: List { segment, at } });
    }
}
