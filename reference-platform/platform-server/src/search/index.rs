//! Asking the index. A search works on one state of it from its start to its end; `build` makes and changes it meanwhile.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use platform_core::catalog::record::{Kind, RecordId};
use platform_core::search::query::{Query, Role};
use platform_core::search::rank::Features;
use tantivy::TantivyError;
use tantivy::postings::TermInfo;
use tantivy::schema::IndexRecordOption;

use super::build::Writing;
use super::expand::{Expander, Meanings, Meant};
use super::judge::Judge;
use super::lexicon::Lexicon;
use super::pool::{Candidate, Kept};
use super::retrieve::{Reach, Retrieval};
use super::schema::Fields;
use super::titles::Titles;
use super::view::{Segment, View};
use super::window::Window;

/// Candidates that are judged after retrieval.
const JUDGED_MAX: usize = 120;
/// Titles that a whole-title look-up may add, and the terms it may look at.
const BY_KEY_MAX: usize = 60;
/// Answers about titles that a search remembers, each in a place by the title's number.
const ANSWERS_KEPT: usize = 4_096;
/// How much of the query title and names must have for typing slips not to be looked for.
const COVERED_ENOUGH: f64 = 0.97;

/// What a title loses for each better one of the same name, in millionths of a score.
const REPEATED_NAME_POINTS: i64 = 1_500_000;

/// What can go wrong in the index.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The index library refused.
    #[error("the search index cannot be used")]
    Index(#[from] TantivyError),
    /// The index's files cannot be read.
    #[error("the search index cannot be read")]
    Io(#[from] std::io::Error),
    /// The index holds other titles than the catalogue.
    #[error("the search index does not belong to this state of the catalogue")]
    OtherTitles,
    /// A change failed before.
    #[error("the search index failed at an earlier change and takes no more")]
    Failed,
}

/// A title that was found.
#[derive(Debug, Clone)]
pub struct Hit {
    /// Its place among the titles that were indexed.
    pub ordinal: u32,
    /// The catalogue's name of it.
    pub id: RecordId,
    /// What it is.
    pub kind: Kind,
    /// As it is shown.
    pub title: String,
    /// Year of release.
    pub year: Option<u16>,
    /// Why it stands where it does.
    pub features: Features,
    /// What it is ordered by, in millionths of a score; falling, equal ones by `id`.
    pub points: i64,
}

/// What is looked for, and among which titles.
#[derive(Clone, Copy)]
struct Asked<'a> {
    query: &'a Query,
    allowed: &'a dyn Fn(u32) -> bool,
}

/// A candidate in its place.
struct Placed {
    points: i64,
    features: Features,
    ordinal: u32,
}

/// The index over a catalogue.
///
/// Titles are kept in the order in which they came, a changed one behind all others: what a view refers to never
/// moves, so that searches on an earlier view stay right while titles are added.
pub struct SearchIndex {
    pub(super) fields: Fields,
    pub(super) titles: RwLock<Titles>,
    pub(super) view: RwLock<Arc<View>>,
    pub(super) writing: Mutex<Writing>,
    /// Memory that searches use in turn.
    pub(super) windows: Mutex<Vec<Window>>,
}

/// What a search reads.
struct Reading<'a> {
    view: &'a View,
    titles: RwLockReadGuard<'a, Titles>,
}

impl SearchIndex {
    /// The number of titles, earlier versions of changed ones among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.titles().list.len()
    }

    /// Whether there is no title.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.titles().list.is_empty()
    }

    /// The index as it is now, for searches that must agree with each other.
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        Arc::clone(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn titles(&self) -> RwLockReadGuard<'_, Titles> {
        self.titles.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The best titles for what a viewer typed, best first, at most `limit`; equal scores by the catalogue's name.
    ///
    /// # Errors
    /// [`SearchError`] when the index cannot be read.
    pub fn search(&self, query: &Query, limit: usize) -> Result<Vec<Hit>, SearchError> {
        self.search_among(&self.view(), (query, limit), &|_| true)
    }

    /// The same on one view, among those titles that are allowed, by their place in the order in which they came. What is not allowed is
    /// left out before candidates are chosen, so that it takes no other's place.
    ///
    /// # Errors
    /// [`SearchError`] when the index cannot be read.
    pub fn search_among(
        &self,
        view: &View,
        (query, limit): (&Query, usize),
        allowed: &dyn Fn(u32) -> bool,
    ) -> Result<Vec<Hit>, SearchError> {
        if query.is_blank() {
            return Ok(Vec::new());
        }
        let mut window = self.windows.lock().map_or_else(|_| None, |mut pool| pool.pop()).unwrap_or_default();
        let reading = Reading { view, titles: self.titles() };
        let found = reading.judged(&Asked { query, allowed }, &mut window);
        if let Ok(mut pool) = self.windows.lock() {
            pool.push(window);
        }
        let hits = found?.into_iter().take(limit).map(|Placed { points, features, ordinal }| {
            let title = &reading.titles.list[ordinal as usize];
            Hit {
                ordinal,
                points,
                id: title.id.clone(),
                kind: title.kind,
                title: title.shown.clone(),
                year: title.year,
                features,
            }
        });
        Ok(hits.collect())
    }
}

impl Reading<'_> {
    /// Candidates with their features, best first.
    fn judged(&self, asked: &Asked<'_>, window: &mut Window) -> Result<Vec<Placed>, SearchError> {
        let query = asked.query;
        let mut expander = Expander::new(Lexicon::new(&self.view.segments, &self.titles));
        let last = query.words.len() - 1;
        let mut meanings: Vec<Meanings> = Vec::with_capacity(query.words.len());
        for (at, word) in query.words.iter().enumerate() {
            meanings.push(expander.strict(word, at == last)?);
        }
        let mut pairs = Vec::new();
        for (at, pair) in query.words.windows(2).enumerate() {
            pairs.push(expander.pair(&format!("{}{}", pair[0].raw, pair[1].raw), at + 1 == last)?);
        }
        for (at, pair) in pairs.iter().enumerate() {
            meanings[at].0.extend(&pair.0);
            meanings[at + 1].0.extend(&pair.0);
        }
        if query.words.len() > 1 {
            // All words may be one (`f r e d`), or one that the title cuts elsewhere.
            let whole = expander.whole(query)?;
            for meanings in &mut meanings {
                meanings.0.extend(&whole.0);
            }
        }
        let named = self.by_key(query)?;
        // Seldom asked of a title twice: the answer is far away in memory.
        let known: Vec<Cell<Option<(u32, bool)>>> = vec![Cell::default(); ANSWERS_KEPT];
        let allowed = |title: u32| {
            let place = &known[title as usize % ANSWERS_KEPT];
            match place.get() {
                Some((known, answer)) if known == title => answer,
                _ => {
                    let answer = (asked.allowed)(title);
                    place.set(Some((title, answer)));
                    answer
                }
            }
        };
        let asked = &Asked { query, allowed: &allowed };
        let is_enough = |ranked: &[Placed]| {
            ranked.first().is_some_and(|best| {
                best.features.exact > 0.0 || best.features.query_covered >= COVERED_ENOUGH
            })
        };
        let mut strict = None;
        let meant = Meant::of(&expander, &meanings, &pairs);
        if !named.is_empty() || self.may_cover(query, &expander.lexicon, &meanings) {
            let (ranked, kept) = self.ranked(asked, &named, (&meant, None), window)?;
            if is_enough(&ranked) {
                return Ok(ranked);
            }
            strict = Some((ranked, kept, meanings.clone()));
        } else {
            debug_assert!(!is_enough(&self.ranked(asked, &named, (&meant, None), window)?.0), "{query:?}");
        }
        for (at, word) in query.words.iter().enumerate() {
            expander.loose(word, at == last, &mut meanings[at])?;
        }
        // A title has no less now than before, so what was enough before is still needed.
        let kept = match strict {
            Some((ranked, _, before)) if before == meanings => return Ok(ranked),
            Some((_, kept, _)) => Some(kept),
            None => None,
        };
        let meant = Meant { is_loose: true, ..Meant::of(&expander, &meanings, &pairs) };
        Ok(self.ranked(asked, &named, (&meant, kept.as_ref()), window)?.0)
    }

    /// Whether some title may have so much of the query that no slip is looked for. None has, whatever its text, where words that
    /// count stand in no title and in no name.
    fn may_cover(&self, query: &Query, lexicon: &Lexicon<'_>, meanings: &[Meanings]) -> bool {
        let weights = self.weights(query);
        let stands = |meanings: &Meanings| meanings.0.iter().any(|one| lexicon.word(one.term).is_some());
        let words = weights.iter().zip(meanings).zip(&query.words);
        // A year that a title has not is not counted against it.
        let missing = words.filter(|((_, meanings), word)| word.role != Role::Year && !stands(meanings));
        let missing: f64 = missing.map(|((weight, _), _)| f64::from(*weight)).sum();
        let all: f64 = weights.iter().map(|weight| f64::from(*weight)).sum();
        // A little less than it is, for what sums are rounded by.
        missing * 0.999 <= all * (1.0 - COVERED_ENOUGH)
    }

    fn ranked(
        &self,
        asked: &Asked<'_>,
        named: &[u32],
        (meant, before): (&Meant<'_>, Option<&Kept>),
        window: &mut Window,
    ) -> Result<(Vec<Placed>, Kept), SearchError> {
        let Asked { query, allowed } = *asked;
        let weights = self.weights(query);
        let retrieval = Retrieval {
            lexicon: meant.lexicon,
            weights: &weights,
            allowed,
            keep: JUDGED_MAX,
            reach: Reach::SHIPPED,
            before,
        };
        let kept = retrieval.run(meant.words, window)?;
        let mut candidates = kept.candidates.clone();
        for &ordinal in named {
            if allowed(ordinal) && !candidates.iter().any(|known| known.ordinal == ordinal) {
                candidates.push(Candidate { ordinal, found: Default::default() });
            }
        }
        let judge = Judge::new(&self.titles, query, weights, meant);
        let mut ranked: Vec<Placed> = candidates
            .iter()
            .map(|candidate| {
                let features = judge.features(candidate);
                Placed { points: features.points(), features, ordinal: candidate.ordinal }
            })
            .collect();
        self.sort(&mut ranked);
        self.spread(&mut ranked);
        self.sort(&mut ranked);
        Ok((ranked, kept))
    }

    fn sort(&self, ranked: &mut [Placed]) {
        let id = |placed: &Placed| &self.titles.list[placed.ordinal as usize].id;
        ranked.sort_unstable_by(|a, b| b.points.cmp(&a.points).then_with(|| id(a).cmp(id(b))));
    }

    /// Titles of the same name, none of which was asked for by its whole name, do not push others off the page: after the
    /// first of them, each counts a little less.
    fn spread(&self, ranked: &mut [Placed]) {
        let mut seen: BTreeMap<&str, i64> = BTreeMap::new();
        for placed in ranked.iter_mut().filter(|placed| placed.features.exact == 0.0) {
            let name = self.titles.list[placed.ordinal as usize].forms[0].keys[0].as_str();
            let before = seen.entry(name).or_default();
            placed.points -= *before * REPEATED_NAME_POINTS;
            *before += 1;
        }
    }

    /// How telling each word is.
    fn weights(&self, query: &Query) -> Vec<f32> {
        let (vocabulary, scale) = (&self.titles.vocabulary, self.titles.scale());
        let seen = |text: &str| vocabulary.id(text).map_or(0, |id| vocabulary.seen(id));
        query
            .words
            .iter()
            .map(|word| {
                let weight = scale.weight(seen(&word.text).max(seen(&word.raw)));
                match word.role {
                    Role::Content => weight,
                    Role::Stop => weight.min(0.25),
                    Role::Noise => weight * 0.3,
                    Role::Year => weight * 0.5,
                }
            })
            .collect()
    }

    /// Titles that are, or begin with, what was typed.
    fn by_key(&self, query: &Query) -> Result<Vec<u32>, SearchError> {
        let mut found = Vec::new();
        let mut whole = vec![&query.key, &query.typed];
        whole.dedup();
        for segment in &self.view.segments {
            for key in whole.iter().copied().chain(&query.shorter_keys) {
                if let Some(info) = segment.keys.terms().get(key.as_bytes())? {
                    take(segment, &info, &mut found)?;
                }
            }
            for start in whole.iter().filter(|start| !start.is_empty()) {
                let mut stream = segment.keys.terms().range().ge(start.as_bytes()).into_stream()?;
                let mut terms = 0;
                while terms < BY_KEY_MAX && stream.advance() && stream.key().starts_with(start.as_bytes()) {
                    terms += 1;
                    take(segment, stream.value(), &mut found)?;
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }
}

/// All titles of one key.
fn take(segment: &Segment, info: &TermInfo, found: &mut Vec<u32>) -> Result<(), SearchError> {
    let mut blocks = segment.keys.read_block_postings_from_terminfo(info, IndexRecordOption::Basic)?;
    let mut left = info.doc_freq as usize;
    while left > 0 {
        let alive = blocks.docs().iter().filter(|document| segment.is_alive(**document));
        found.extend(alive.map(|document| segment.ordinals[*document as usize]));
        left -= blocks.docs().len();
        blocks.advance();
    }
    Ok(())
}
