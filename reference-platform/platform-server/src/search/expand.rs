//! Which terms of the dictionary a typed word may mean: itself, what begins with it, what differs by a slip or two, what has
//! its stem or its sound. Every list is bounded, so that a word's work is.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use platform_core::catalog::normalise;
use platform_core::search::query::{Query, Word};
use tantivy::query::FuzzyTermQuery;
use tantivy::{Searcher, Term};

use super::SearchError;
use super::schema::{Fields, Place};
use super::titles::Titles;

/// Terms that one kind of expansion may add to a word, most titles first.
const TERMS_MAX: usize = 30;
/// Terms that are looked at for that.
const LOOKED_AT_MAX: usize = 600;

/// A term that a word may mean.
#[derive(Debug, Clone)]
pub(super) struct Meaning {
    pub(super) place: Place,
    pub(super) term: String,
    /// How likely it is meant: 1 for the word itself.
    pub(super) likeness: f32,
}

/// All that a word may mean, most likely first; at most one entry per place and term.
#[derive(Debug, Clone, Default)]
pub(super) struct Meanings(pub(super) Vec<Meaning>);

impl Meanings {
    fn add(&mut self, place: Place, term: &str, likeness: f32) {
        match self.0.iter_mut().find(|known| known.place == place && known.term == term) {
            Some(known) => known.likeness = known.likeness.max(likeness),
            None => self.0.push(Meaning { place, term: term.to_owned(), likeness }),
        }
    }
}

/// Looks words up in the dictionaries of an index.
pub(super) struct Expander<'a> {
    pub(super) searcher: &'a Searcher,
    pub(super) fields: Fields,
    pub(super) titles: &'a Titles,
}

impl Expander<'_> {
    /// The word itself, its stem, and what begins with it if it is the last one.
    pub(super) fn strict(&self, word: &Word, is_last: bool) -> Result<Meanings, SearchError> {
        let mut meanings = Meanings::default();
        let text = word.text.as_str();
        meanings.add(Place::Title, text, 1.0);
        meanings.add(Place::Joined, text, 1.0);
        meanings.add(Place::People, &word.raw, 0.92);
        if word.raw != word.text {
            meanings.add(Place::Title, &word.raw, 0.97);
            meanings.add(Place::Joined, &word.raw, 0.97);
        }
        let stem = normalise::stem(&word.raw);
        for id in self.titles.vocabulary.with_stem(&normalise::stem(text)).take(TERMS_MAX) {
            meanings.add(Place::Title, self.titles.vocabulary.text(id), 0.88);
        }
        meanings.add(Place::Genre, &stem, 0.75);
        meanings.add(Place::Summary, &stem, 0.5);
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
        &self,
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
            self.distance(
                Place::People,
                text,
                Slips { one: 0.72, two: two(7, 0.5), prefix: false },
                meanings,
            )?;
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
        for id in self.titles.vocabulary.with_sound(&normalise::phonetic(text)).take(TERMS_MAX) {
            let heard = self.titles.vocabulary.text(id);
            if heard.len().abs_diff(text.len()) <= 3 {
                meanings.add(Place::Title, heard, 0.68);
            }
        }
        Ok(())
    }

    /// The joined neighbours `night` `train` as one word.
    pub(super) fn pair(&self, joined: &str, is_last: bool) -> Result<Meanings, SearchError> {
        let mut meanings = Meanings::default();
        meanings.add(Place::Title, joined, 0.97);
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
    pub(super) fn whole(&self, query: &Query) -> Meanings {
        let mut meanings = Meanings::default();
        meanings.add(Place::Joined, &query.typed.replace(' ', ""), 1.0);
        meanings.add(Place::Joined, &query.key.replace(' ', ""), 1.0);
        meanings
    }

    /// Whether the word is one of a title or a name as it stands.
    pub(super) fn is_known(&self, word: &Word) -> bool {
        self.titles.vocabulary.id(&word.text).is_some_and(|id| self.titles.vocabulary.seen(id) > 0)
    }

    /// Terms that begin with `text`.
    fn prefix(
        &self,
        place: Place,
        text: &str,
        likeness: f32,
        meanings: &mut Meanings,
    ) -> Result<(), SearchError> {
        let mut found: BTreeMap<String, u32> = BTreeMap::new();
        for segment in self.searcher.segment_readers() {
            let inverted = segment.inverted_index(self.fields.of(place))?;
            let mut stream = inverted.terms().range().ge(text.as_bytes()).into_stream()?;
            let mut looked_at = 0;
            while looked_at < LOOKED_AT_MAX && stream.advance() && stream.key().starts_with(text.as_bytes()) {
                looked_at += 1;
                if let Ok(term) = std::str::from_utf8(stream.key()) {
                    add(&mut found, term, stream.value().doc_freq);
                }
            }
        }
        let mut found: Vec<(u32, String)> = found.into_iter().map(|(term, seen)| (seen, term)).collect();
        found.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        for (_, term) in found.into_iter().take(TERMS_MAX) {
            if term != text {
                meanings.add(place, &term, likeness);
            }
        }
        Ok(())
    }

    /// Terms within one or two slips of `text` (a swap of neighbours is one), or that begin with such a one.
    fn distance(
        &self,
        place: Place,
        text: &str,
        slips: Slips,
        meanings: &mut Meanings,
    ) -> Result<(), SearchError> {
        let mut found: BTreeMap<String, u32> = BTreeMap::new();
        let most = if slips.two.is_some() { 2 } else { 1 };
        for segment in self.searcher.segment_readers() {
            let inverted = segment.inverted_index(self.fields.of(place))?;
            let term = Term::from_field_text(self.fields.of(place), text);
            let query = if slips.prefix {
                FuzzyTermQuery::new_prefix(term, most, true)
            } else {
                FuzzyTermQuery::new(term, most, true)
            };
            let automaton = query.automaton()?;
            let mut stream = inverted.terms().search(automaton).into_stream()?;
            let mut looked_at = 0;
            while looked_at < LOOKED_AT_MAX && stream.advance() {
                looked_at += 1;
                if let Ok(term) = std::str::from_utf8(stream.key()) {
                    add(&mut found, term, stream.value().doc_freq);
                }
            }
        }
        let is_far = |term: &str| most == 2 && strsim::osa_distance(text, term) > 1;
        let found = found.into_iter().map(|(term, seen)| (is_far(&term), seen, term));
        let mut found: Vec<(bool, u32, String)> = found.collect();
        found.sort_unstable_by(|a, b| (a.0, Reverse(a.1), &a.2).cmp(&(b.0, Reverse(b.1), &b.2)));
        for (is_far, _, term) in found.into_iter().take(TERMS_MAX) {
            let likeness = slips.two.filter(|_| is_far).unwrap_or(slips.one);
            meanings.add(place, &term, likeness + start_bonus(text, &term));
        }
        Ok(())
    }
}

/// A term may stand in several segments: its titles are counted together, and it takes one place.
fn add(found: &mut BTreeMap<String, u32>, term: &str, titles: u32) {
    match found.get_mut(term) {
        Some(seen) => *seen += titles,
        None => {
            found.insert(term.to_owned(), titles);
        }
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
