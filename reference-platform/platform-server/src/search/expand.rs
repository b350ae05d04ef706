//! Which terms of the dictionary a typed word may mean: itself, what begins with it, what differs by a slip or two, what has
//! its stem or its sound. Every list is bounded, so that a word's work is.

use std::cmp::Reverse;
use std::rc::Rc;

use platform_core::catalog::normalise;
use platform_core::search::query::{Query, Word};
use tantivy::Term;
use tantivy::query::{DfaWrapper, FuzzyTermQuery};
use tantivy::schema::Field;

use super::SearchError;
use super::lexicon::{Gathered, Lexicon, TermId};
use super::near::Typed;
use super::schema::Place;

/// Terms that one kind of expansion may add to a word, most titles first.
const TERMS_MAX: usize = 30;
/// Terms that are looked at for that.
const LOOKED_AT_MAX: usize = 600;

/// A term that a word may mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Meaning {
    pub(super) term: TermId,
    /// How likely it is meant: 1 for the word itself.
    pub(super) likeness: f32,
}

/// All that a word may mean, most likely first; at most one entry per place and term.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Meanings(pub(super) Vec<Meaning>);

impl Meanings {
    fn add(&mut self, term: TermId, likeness: f32) {
        match self.0.iter_mut().find(|known| known.term == term) {
            Some(known) => known.likeness = known.likeness.max(likeness),
            None => self.0.push(Meaning { term, likeness }),
        }
    }
}

/// What all words of a query may mean, each by itself and with its neighbour.
pub(super) struct Meant<'a> {
    pub(super) lexicon: &'a Lexicon<'a>,
    pub(super) words: &'a [Meanings],
    pub(super) pairs: &'a [Meanings],
    /// Whether words may be mistyped.
    pub(super) is_loose: bool,
}

impl<'a> Meant<'a> {
    pub(super) const fn of(expander: &'a Expander<'a>, words: &'a [Meanings], pairs: &'a [Meanings]) -> Self {
        Self { lexicon: &expander.lexicon, words, pairs, is_loose: false }
    }
}

/// Looks words up in the dictionaries of an index.
pub(super) struct Expander<'a> {
    pub(super) lexicon: Lexicon<'a>,
    automata: Automata,
}

impl<'a> Expander<'a> {
    pub(super) fn new(lexicon: Lexicon<'a>) -> Self {
        Self { lexicon, automata: Automata::default() }
    }

    fn add(
        &mut self,
        place: Place,
        text: &str,
        likeness: f32,
        meanings: &mut Meanings,
    ) -> Result<(), SearchError> {
        meanings.add(self.lexicon.look_up(place, text)?, likeness);
        Ok(())
    }

    /// The word itself, its stem, and what begins with it if it is the last one.
    pub(super) fn strict(&mut self, word: &Word, is_last: bool) -> Result<Meanings, SearchError> {
        let mut meanings = Meanings::default();
        let text = word.text.as_str();
        self.add(Place::Title, text, 1.0, &mut meanings)?;
        self.add(Place::Joined, text, 1.0, &mut meanings)?;
        self.add(Place::People, &word.raw, 0.92, &mut meanings)?;
        if word.raw != word.text {
            self.add(Place::Title, &word.raw, 0.97, &mut meanings)?;
            self.add(Place::Joined, &word.raw, 0.97, &mut meanings)?;
        }
        let stem = normalise::stem(&word.raw);
        let titles = self.lexicon.titles;
        let vocabulary = &titles.vocabulary;
        for id in vocabulary.with_stem(&normalise::stem(text)).take(TERMS_MAX) {
            self.add(Place::Title, vocabulary.text(id), 0.88, &mut meanings)?;
        }
        self.add(Place::Genre, &stem, 0.75, &mut meanings)?;
        self.add(Place::Summary, &stem, 0.5, &mut meanings)?;
        if is_last {
            self.prefix(Place::Title, &word.raw, 0.93, &mut meanings)?;
            self.prefix(Place::People, &word.raw, 0.8, &mut meanings)?;
            if word.raw.len() >= 4 {
                self.prefix(Place::Joined, &word.raw, 0.85, &mut meanings)?;
                self.prefix(Place::Genre, &stem, 0.6, &mut meanings)?;
            }
        }
        Ok(meanings)
    }

    /// What else it may be if it was mistyped or misheard. Numbers are never corrected: 2024 is not 2025.
    pub(super) fn loose(
        &mut self,
        word: &Word,
        is_last: bool,
        meanings: &mut Meanings,
    ) -> Result<(), SearchError> {
        let text = word.raw.as_str();
        let length = text.chars().count();
        if length < 3 || text.chars().any(|c| c.is_ascii_digit()) {
            return Ok(());
        }
        // Two slips are looked for only where there is no such word: they reach too many others.
        let is_new = !self.is_known(word);
        let two = |from: usize, likeness: f32| (is_new && length >= from).then_some(likeness);
        let one = if length == 3 { 0.66 } else { 0.80 };
        let title = Slips { one, two: two(4, if length == 4 { 0.44 } else { 0.56 }), prefix: false };
        self.distance(Place::Title, text, title, meanings)?;
        if length >= 4 {
            let people = Slips { one: 0.72, two: two(7, 0.5), prefix: false };
            self.distance(Place::People, text, people, meanings)?;
        }
        if length >= 5 {
            self.distance(Place::Genre, text, Slips { one: 0.45, two: None, prefix: false }, meanings)?;
        }
        if length >= 6 {
            self.distance(Place::Joined, text, Slips { one, two: two(9, 0.56), prefix: false }, meanings)?;
        }
        if is_last && length >= 4 {
            self.distance(Place::Title, text, Slips { one: 0.70, two: None, prefix: true }, meanings)?;
        }
        let titles = self.lexicon.titles;
        let vocabulary = &titles.vocabulary;
        for id in vocabulary.with_sound(&normalise::phonetic(text)).take(TERMS_MAX) {
            let heard = vocabulary.text(id);
            if heard.len().abs_diff(text.len()) <= 3 {
                self.add(Place::Title, heard, 0.68, meanings)?;
            }
        }
        Ok(())
    }

    /// The joined neighbours `night` `train` as one word.
    pub(super) fn pair(&mut self, joined: &str, is_last: bool) -> Result<Meanings, SearchError> {
        let mut meanings = Meanings::default();
        self.add(Place::Title, joined, 0.97, &mut meanings)?;
        if is_last {
            self.prefix(Place::Title, joined, 0.85, &mut meanings)?;
        }
        if joined.chars().count() >= 6 {
            let slips = Slips { one: 0.76, two: None, prefix: false };
            self.distance(Place::Title, joined, slips, &mut meanings)?;
        }
        Ok(meanings)
    }

    /// The whole query without spaces.
    pub(super) fn whole(&mut self, query: &Query) -> Result<Meanings, SearchError> {
        let mut meanings = Meanings::default();
        self.add(Place::Joined, &query.typed.replace(' ', ""), 1.0, &mut meanings)?;
        self.add(Place::Joined, &query.key.replace(' ', ""), 1.0, &mut meanings)?;
        Ok(meanings)
    }

    /// Whether the word is one of a title or a name as it stands.
    fn is_known(&self, word: &Word) -> bool {
        let vocabulary = &self.lexicon.titles.vocabulary;
        vocabulary.id(&word.text).is_some_and(|id| vocabulary.seen(id) > 0)
    }

    /// Terms that begin with `text`.
    fn prefix(
        &mut self,
        place: Place,
        text: &str,
        likeness: f32,
        meanings: &mut Meanings,
    ) -> Result<(), SearchError> {
        let mut found = Gathered::default();
        for (number, segment) in self.lexicon.segments.iter().enumerate() {
            if let Some(table) = segment.table(place) {
                for word in table.beginning_with(text, LOOKED_AT_MAX) {
                    found.push(number, table.text(word), table.postings(word));
                }
            } else {
                let stream = segment.terms(place).range().ge(text.as_bytes()).into_stream()?;
                found.take(number, stream, LOOKED_AT_MAX, |key| key.starts_with(text.as_bytes()));
            }
        }
        for term in self.lexicon.best(place, found, TERMS_MAX, |_, titles| Reverse(titles))? {
            if self.lexicon.text(term) != text {
                meanings.add(term, likeness);
            }
        }
        Ok(())
    }

    /// Terms within one or two slips of `text` (a swap of neighbours is one), or that begin with such a one.
    fn distance(
        &mut self,
        place: Place,
        text: &str,
        slips: Slips,
        meanings: &mut Meanings,
    ) -> Result<(), SearchError> {
        let Some(typed) = Typed::of(text) else { return Ok(()) };
        let mut found = Gathered::default();
        let within = Within { slips: if slips.two.is_some() { 2 } else { 1 }, is_prefix: slips.prefix };
        for (number, segment) in self.lexicon.segments.iter().enumerate() {
            if let Some(table) = segment.table(place) {
                let words = if within.is_prefix {
                    table.beginning_near(text, LOOKED_AT_MAX)
                } else {
                    table.near(&typed, within.slips, LOOKED_AT_MAX)
                };
                for word in words {
                    found.push(number, table.text(word), table.postings(word));
                }
            } else {
                let automaton = self.automata.of(text, within)?;
                let stream = segment.terms(place).search(&*automaton).into_stream()?;
                found.take(number, stream, LOOKED_AT_MAX, |_| true);
            }
        }
        let is_far = |term: &str| within.slips == 2 && !typed.is_near(term, 1);
        let best =
            self.lexicon.best(place, found, TERMS_MAX, |term, titles| (is_far(term), Reverse(titles)))?;
        for term in best {
            let found = self.lexicon.text(term);
            let likeness = slips.two.filter(|_| is_far(found)).unwrap_or(slips.one);
            meanings.add(term, likeness + start_bonus(text, found));
        }
        Ok(())
    }
}

/// How near a term must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Within {
    /// One, or two.
    pub(super) slips: u8,
    /// Whether it may go on behind what was typed, of which then one slip is looked for.
    pub(super) is_prefix: bool,
}

impl Within {
    /// What the index library walks a dictionary by.
    pub(super) fn automaton(self, text: &str) -> Result<DfaWrapper, SearchError> {
        // Any field will do: the automaton reads the text alone.
        let term = Term::from_field_text(Field::from_field_id(0), text);
        let query = if self.is_prefix {
            FuzzyTermQuery::new_prefix(term, self.slips, true)
        } else {
            FuzzyTermQuery::new(term, self.slips, true)
        };
        Ok(query.automaton()?)
    }
}

/// Automata that a query has needed: the same word is looked for in several dictionaries.
#[derive(Default)]
struct Automata(Vec<(String, Within, Rc<DfaWrapper>)>);

impl Automata {
    fn of(&mut self, text: &str, within: Within) -> Result<Rc<DfaWrapper>, SearchError> {
        let known = self.0.iter().find(|(known, of, _)| known == text && *of == within);
        if let Some((.., automaton)) = known {
            return Ok(Rc::clone(automaton));
        }
        let automaton = Rc::new(within.automaton(text)?);
        self.0.push((text.to_owned(), within, Rc::clone(&automaton)));
        Ok(automaton)
    }
}

/// How likely a term is meant that is one slip off, or two; two are not looked for where that says nothing.
#[derive(Debug, Clone, Copy)]
struct Slips {
    one: f32,
    two: Option<f32>,
    /// Whether the term may go on behind what was typed.
    prefix: bool,
}

/// What a common beginning adds to likeness: slips come late in a word (Winkler, 1990), seldom in its first letter.
#[expect(clippy::cast_precision_loss, reason = "words are short")]
fn start_bonus(typed: &str, term: &str) -> f32 {
    let common = typed.bytes().zip(term.bytes()).take_while(|(a, b)| a == b).count();
    if common == 0 { -0.05 } else { 0.10 * common as f32 / typed.len().max(term.len()) as f32 }
}
