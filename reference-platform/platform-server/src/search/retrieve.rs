//! From the terms that a query's words may mean to candidates, term by term, within a bound of postings visited.
//!
//! Every title that is touched remembers how well it has each word. The rarest terms come first, so that what the bound cuts
//! off is what says least. The bound counts postings and never time: an answer does not depend on the machine's load.
//!
//! Of most lists only a part is read. What says most is read first. Once as many candidates are known as are kept, a list
//! brings in no title any more if all that it and the remaining lists could give puts a title behind them; such a list is only
//! asked about candidates that it may lift, or read where those are many (MaxScore: Turtle and Flood, 1995). Documents come in
//! windows, and of each window all lists are read before the next: titles that have all words set the bar early, and
//! of many that are equal the first are kept, so that most windows are passed over. What is kept is the same as if every list
//! were read to its end.

use std::ops::Range;

use tantivy::schema::IndexRecordOption;

use platform_core::search::query::WORDS_MAX;

use super::SearchError;
use super::cursor::Cursor;
use super::expand::Meanings;
use super::lexicon::{Lexicon, TermId};
use super::pool::{Candidate, Found, Kept, Pool};
use super::view::Segment;
use super::window::{WINDOW_MAX, Window};

/// How much of the index a query reads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    /// Postings that it may visit.
    pub(super) postings_max: u64,
    /// So many postings of lists that bring no title in cost as much to read as a title costs to be judged by what they may give it:
    /// fewer are read at once. It changes no answer.
    pub(super) postings_per_named: usize,
}

impl Reach {
    /// What every query gets.
    pub(super) const SHIPPED: Self = Self { postings_max: 200_000, postings_per_named: 8 };
}

/// So many postings of a list cost as much to read as one candidate costs to look up in it.
const POSTINGS_PER_SEEK: usize = 16;

/// Nothing of any word.
const NOTHING: Found = [0; WORDS_MAX];

/// Candidates are looked through again when what the remaining lists can give has fallen to this share.
const OUTLOOK_LEFT: f32 = 0.95;
/// Candidates of a window from which on their scores are added up many at a time.
const ONE_BY_ONE_MAX: usize = 128;
/// Documents of the first window, each then being twice as long as the one before: some titles that have all words are
/// often in it.
const WINDOW_FIRST: u32 = 1_024;

/// What a query may use of the index.
#[derive(Clone, Copy)]
pub(super) struct Retrieval<'a> {
    pub(super) lexicon: &'a Lexicon<'a>,
    /// How telling each word is.
    pub(super) weights: &'a [f32],
    /// Whether the viewer may see a title, by its number.
    pub(super) allowed: &'a dyn Fn(u32) -> bool,
    /// How many candidates to keep.
    pub(super) keep: usize,
    pub(super) reach: Reach,
    /// What was kept before with some of the same meanings, none of them likelier: less will not do now.
    pub(super) before: Option<&'a Kept>,
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
    pub(super) fn run(&self, meanings: &[Meanings], window: &mut Window) -> Result<Kept, SearchError> {
        let (mut visits, cut) = self.visits(meanings);
        let worth = |visit: &Visit| f32::from(visit.likeness) * self.weights[visit.word];
        visits.sort_by(|a, b| a.segment.cmp(&b.segment).then_with(|| worth(b).total_cmp(&worth(a))));
        let floor = self.before.and_then(|kept| kept.floor_without(&cut, self.weights));
        let mut pool = Pool::new(self.weights, (self.keep, floor), self.allowed);
        for visits in visits.chunk_by(|a, b| a.segment == b.segment) {
            self.segment(visits, &mut pool, window)?;
        }
        Ok(pool.best())
    }

    /// Reads lists of one segment, window by window.
    fn segment(&self, visits: &[Visit], pool: &mut Pool<'_>, window: &mut Window) -> Result<(), SearchError> {
        let Some(first) = visits.first() else { return Ok(()) };
        let segment = &self.lexicon.segments[first.segment];
        let rests = rests(visits);
        let lists = visits.iter().zip(rests).map(|(visit, rest)| Reading { visit, rest, cursor: None });
        let mut reading =
            SegmentReading { lexicon: self.lexicon, segment, lists: lists.collect(), reach: self.reach };
        let end = u32::try_from(segment.ordinals.len()).expect("documents are counted in 32 bits");
        let (mut from, mut length) = (0, WINDOW_FIRST);
        while from < end && !segment.is_closed(pool.newcomers(&reading.lists[0].rest), from) {
            let to = end.min(from.saturating_add(length));
            reading.window(&(from..to), pool, window)?;
            from = to;
            length = (WINDOW_MAX as u32).min(length * 2);
        }
        Ok(())
    }

    /// Lists of postings, shortest first, as many as the bound allows; which words it cuts lists off.
    fn visits(&self, meanings: &[Meanings]) -> (Vec<Visit>, [bool; WORDS_MAX]) {
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
            visited <= self.reach.postings_max
        });
        let allowed = allowed.count();
        let mut cut = [false; WORDS_MAX];
        visits.drain(allowed..).for_each(|visit| cut[visit.word] = true);
        (visits, cut)
    }
}

/// A list while it is read.
struct Reading<'a> {
    visit: &'a Visit,
    /// What this list and those behind it can give a title.
    rest: Found,
    /// Opened when it is first needed.
    cursor: Option<Box<Cursor>>,
}

/// Lists of a segment, those that say most first.
struct SegmentReading<'a> {
    lexicon: &'a Lexicon<'a>,
    segment: &'a Segment,
    lists: Vec<Reading<'a>>,
    reach: Reach,
}

impl SegmentReading<'_> {
    /// Reads of all lists what lies in a window of documents.
    fn window(
        &mut self,
        range: &Range<u32>,
        pool: &mut Pool<'_>,
        window: &mut Window,
    ) -> Result<(), SearchError> {
        let Self { lexicon, segment, ref mut lists, reach } = *self;
        let here = Here { lexicon, segment, range };
        window.begin(range, pool.weights().len());
        let brings_in = |list: &Reading<'_>| !segment.is_closed(pool.newcomers(&list.rest), range.start);
        let naming = lists.partition_point(brings_in);
        let (naming, others) = lists.split_at_mut(naming);
        naming.iter_mut().try_for_each(|list| list.name(here, window))?;
        let needed = pool.needed(segment.least(range.start));
        let candidates = |window: &mut Window, rest: &Found| -> Vec<u32> {
            if let Some(needed) = needed {
                window.narrow(pool.weights(), rest, needed);
            }
            window.named().filter(|&document| segment.is_alive(document)).collect()
        };
        let postings: usize = others.iter().map(|list| here.postings(list)).sum();
        let left = if postings <= reach.postings_per_named * window.named_count() {
            others.iter_mut().try_for_each(|list| list.raise(here, window))?;
            candidates(window, &NOTHING)
        } else {
            let rest = others.first().map_or(NOTHING, |list| list.rest);
            let left = candidates(window, &rest);
            let left = here.ask(others, left, pool, window)?;
            if left.len() > ONE_BY_ONE_MAX { candidates(window, &NOTHING) } else { left }
        };
        let candidate = |document: u32| {
            let ordinal = segment.ordinals[document as usize];
            Candidate { ordinal, found: window.found(document) }
        };
        pool.take(left.into_iter().map(candidate));
        Ok(())
    }
}

/// Where lists are read.
#[derive(Clone, Copy)]
struct Here<'a> {
    lexicon: &'a Lexicon<'a>,
    segment: &'a Segment,
    range: &'a Range<u32>,
}

impl Here<'_> {
    /// How many postings of a list are likely to lie here.
    fn postings(self, list: &Reading<'_>) -> usize {
        list.visit.postings as usize * self.range.len() / self.segment.ordinals.len()
    }

    /// Asks lists that bring no title in about candidates; which of these may be left.
    fn ask(
        self,
        lists: &mut [Reading<'_>],
        mut left: Vec<u32>,
        pool: &Pool<'_>,
        window: &mut Window,
    ) -> Result<Vec<u32>, SearchError> {
        let mut outlook = lists.first().map_or(0.0, |list| pool.score(&list.rest));
        for list in lists {
            let Visit { word, likeness, .. } = *list.visit;
            if left.is_empty() {
                break;
            }
            if list.cursor.as_ref().is_some_and(|cursor| cursor.next() >= self.range.end) {
                continue;
            }
            let postings = self.postings(list);
            // Where the list is the longer one, it costs little to see what of the candidates is left.
            if left.len() <= postings {
                let most = pool.score(&list.rest);
                if most < outlook * OUTLOOK_LEFT {
                    outlook = most;
                    let ordinal = |one: u32| self.segment.ordinals[one as usize];
                    left.retain(|&one| pool.reaches(&window.most(one, &list.rest), ordinal(one)));
                }
                let gains = |one: &&u32| window.likeness(**one, word) < likeness;
                if left.iter().filter(gains).count() * POSTINGS_PER_SEEK <= postings {
                    for &document in &left {
                        if window.likeness(document, word) < likeness && list.cursor(self)?.has(document) {
                            window.raise(&[document], word, likeness);
                        }
                    }
                    continue;
                }
            }
            list.raise(self, window)?;
        }
        Ok(left)
    }
}

impl Reading<'_> {
    /// Its documents may be candidates.
    fn name(&mut self, here: Here<'_>, window: &mut Window) -> Result<(), SearchError> {
        let Visit { word, likeness, .. } = *self.visit;
        self.cursor(here)?.read(here.range, |documents| window.name(documents, word, likeness));
        Ok(())
    }

    /// Gives its word to those that are candidates for other reasons.
    fn raise(&mut self, here: Here<'_>, window: &mut Window) -> Result<(), SearchError> {
        let Visit { word, likeness, .. } = *self.visit;
        self.cursor(here)?.read(here.range, |documents| window.raise(documents, word, likeness));
        Ok(())
    }

    fn cursor(&mut self, Here { lexicon, segment, .. }: Here<'_>) -> Result<&mut Cursor, SearchError> {
        if self.cursor.is_none() {
            let at = &lexicon.lists(self.visit.term)[self.visit.list].at;
            let inverted = segment.inverted(self.visit.term.place);
            let blocks = inverted.read_block_postings_from_terminfo(at, IndexRecordOption::Basic)?;
            self.cursor = Some(Box::new(Cursor::new(blocks)));
        }
        Ok(self.cursor.as_mut().expect("it has been opened"))
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
