//! The index behind the routes: who may see what is asked before candidates are chosen, in one table in memory.
//!
//! An edit of availability changes that table and nothing else, so the next search obeys it; no commit is waited for. Facets
//! count among the best candidates of the index, which is a bounded number ([`PAGES_MAX`]); where there may be more, the answer says
//! that they are lower bounds. "Did you mean" is read off the first result, so it can name nothing that the viewer may not see.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use platform_core::catalog::normalise;
use platform_core::catalog::record::{Availability, Maturity, RecordId, TitleRecord};
use platform_core::search::query::Query;
use platform_core::search::rank::Features;
use units::Timestamp;

use super::filters::{Counts, Filter, Offered, fingerprint, passes};
use super::live::Edits;
use super::marks::{self, Likeness};
use super::parameters::{SearchRequest, SuggestRequest};
use super::problem::Problem;
use super::searcher::{Answer, Elsewhere, Hit, LowerBounds, Searcher, Suggestion, parts};
use super::viewer::Viewer;
use super::windows::{Gate, Gates, Snapshot};
use crate::search::{SearchError, SearchIndex, View};

/// Results that can be paged through, and that facets count: what the index judges, and titles of the name that was typed.
pub const PAGES_MAX: usize = 160;
/// Candidates that the index judges at most. Where it found fewer, it found all that have something of what was typed.
const JUDGED_MAX: usize = 120;
/// Titles of one name that are given as "not available here".
const ELSEWHERE_MAX: usize = 10;
/// What counts as the same title.
const IS_EXACT: f64 = 0.95;
/// Below this share of the words in title and names, a result was found by leaving words out.
const IS_COVERED: f64 = 0.5;

/// A catalogue, its index, and where each title may be watched.
pub struct IndexedCatalogue {
    pub(super) index: SearchIndex,
    pub(super) table: RwLock<Table>,
    pub(super) gates: Gates,
    pub(super) edits: Mutex<Edits>,
    /// Held through a commit.
    pub(super) committing: Mutex<()>,
    generation: u64,
}

/// What is kept of titles beside the index, by their place in it. A changed title stands behind all others; the place
/// of its earlier version is closed and never used again.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) titles: Vec<Arc<TitleRecord>>,
    /// Titles that read the same, by what they read.
    pub(super) by_key: BTreeMap<String, Vec<u32>>,
    /// Most watched first, then by id.
    pub(super) popular: Vec<u32>,
    /// Places that are closed.
    pub(super) closed: usize,
}

/// A result with what it is ordered by.
struct Ranked {
    title: u32,
    points: i64,
    features: Option<Features>,
}

/// One state of all of it, for the time of a search.
struct Look<'a> {
    index: &'a SearchIndex,
    view: Arc<View>,
    table: RwLockReadGuard<'a, Table>,
    gates: Snapshot,
}

impl IndexedCatalogue {
    /// Indexes titles in memory, as this state of the catalogue.
    ///
    /// # Errors
    /// [`SearchError`] when the index library fails.
    pub fn new(offered: Vec<Offered>, generation: u64) -> Result<Self, SearchError> {
        let (titles, windows): (Vec<TitleRecord>, Vec<Vec<Availability>>) =
            offered.into_iter().map(|offered| (offered.title, offered.windows)).unzip();
        let index = SearchIndex::build(&titles)?;
        let titles =
            (0..).zip(titles).zip(windows).map(|((number, title), windows)| (number, title, windows));
        Ok(Self::over(index, titles.collect(), generation))
    }

    /// Over an index of these titles, in this order, each with its number and its windows.
    pub(crate) fn over(
        index: SearchIndex,
        list: Vec<(u64, TitleRecord, Vec<Availability>)>,
        generation: u64,
    ) -> Self {
        let edits = Edits::new(list.iter().map(|(number, title, _)| (*number, &title.id)));
        let mut table = Table::default();
        let mut gates = Vec::with_capacity(list.len());
        for (at, (_, title, windows)) in (0..).zip(list) {
            gates.push(Gate::of(title.maturity.age_min, &windows));
            table.by_key.entry(normalise::key(&title.title)).or_default().push(at);
            table.titles.push(Arc::new(title));
        }
        let mut popular: Vec<u32> = (0..).zip(&table.titles).map(|(at, _)| at).collect();
        popular.sort_by(|&a, &b| {
            let (a, b) = (&table.titles[a as usize], &table.titles[b as usize]);
            (b.popularity, &a.id).cmp(&(a.popularity, &b.id))
        });
        table.popular = popular;
        let (table, edits) = (RwLock::new(table), Mutex::new(edits));
        Self { index, table, gates: Gates::new(gates), edits, committing: Mutex::default(), generation }
    }

    /// Everything as it is now. The view comes first: what it refers to is in the tables by then.
    fn look(&self) -> Look<'_> {
        let view = self.index.view();
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        Look { index: &self.index, view, table, gates: self.gates.snapshot() }
    }

    /// The index alone, for searches that no viewer makes.
    #[must_use]
    pub const fn index(&self) -> &SearchIndex {
        &self.index
    }

    /// Titles, and places of earlier versions that are kept beside them.
    #[must_use]
    pub fn places(&self) -> (usize, usize) {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        (table.titles.len() - table.closed, table.closed)
    }
}

impl Look<'_> {
    fn title(&self, number: u32) -> &TitleRecord {
        &self.table.titles[number as usize]
    }

    fn sees(&self, title: u32, viewer: &Viewer, now: Timestamp) -> bool {
        self.gates.of(title).is_open(viewer, now)
    }

    /// Titles among the allowed, best first; the most watched where nothing was typed.
    fn ranked(&self, query: &Query, allowed: &dyn Fn(u32) -> bool) -> Result<Vec<Ranked>, Problem> {
        if query.is_blank() {
            let popular = self.table.popular.iter().copied().filter(|&title| allowed(title)).take(PAGES_MAX);
            let points = |title| i64::from(self.title(title).popularity.0);
            return Ok(popular
                .map(|title| Ranked { title, points: points(title), features: None })
                .collect());
        }
        let found = self.index.search_among(&self.view, (query, PAGES_MAX), allowed).map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "search failed");
            Problem::Internal
        })?;
        let ranked = found.into_iter().map(|hit| Ranked {
            title: hit.ordinal,
            points: hit.points,
            features: Some(hit.features),
        });
        Ok(ranked.collect())
    }

    fn hit(&self, ranked: &Ranked, query: &Query, explained: bool) -> Hit {
        let title = self.title(ranked.title);
        let marked = |text: &str| parts(text, &marks::highlights(text, query));
        let people = title.cast.iter().chain(&title.directors).map(|name| marked(name));
        Hit {
            id: title.id.0.clone(),
            kind: title.kind.name().to_owned(),
            title: title.title.clone(),
            title_parts: marked(&title.title),
            year: title.year,
            genres: title.genres.clone(),
            people_parts: people.filter(|parts| parts.iter().any(|part| part.matched)).collect(),
            description: title.description.clone(),
            explain: ranked.features.as_ref().filter(|_| explained).map(explain),
        }
    }

    /// Titles of exactly this name that only region or time keep from an adult. What a higher tier would open is no matter of
    /// availability and is not named.
    fn elsewhere(&self, query: &Query, viewer: &Viewer, now: Timestamp) -> Vec<Elsewhere> {
        if viewer.age < Maturity::ADULT || query.is_blank() {
            return Vec::new();
        }
        let hidden = |title: &u32| {
            let gate = self.gates.of(*title);
            gate.is_fit(viewer) && !gate.is_open_in(viewer.region, now)
        };
        let named = self.table.by_key.get(&query.key).map_or(&[][..], Vec::as_slice);
        let mut names: Vec<&str> = named
            .iter()
            .filter(|title| hidden(title))
            .take(ELSEWHERE_MAX)
            .map(|&title| self.title(title).title.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(|title| Elsewhere { title: title.to_owned() }).collect()
    }

    /// What was typed with the words of the first result in place of those that are a slip apart.
    fn did_you_mean(&self, query: &Query, first: &Ranked) -> Option<String> {
        let title = &self.title(first.title).title;
        let mut words: Vec<String> = query.words.iter().map(|word| word.raw.clone()).collect();
        let mut changed = false;
        for mark in marks::marks(title, query) {
            if mark.likeness == Likeness::Near {
                words[mark.typed] = title[mark.range].to_lowercase();
                changed = true;
            }
        }
        changed.then(|| words.join(" "))
    }
}

fn explain(features: &Features) -> serde_json::Value {
    serde_json::json!({
        "score": features.score(),
        "exact": features.exact,
        "exact_joined": features.exact_joined,
        "starts": features.starts,
        "query_covered": features.query_covered,
        "title_covered": features.title_covered,
        "elsewhere": features.elsewhere,
        "complete": features.complete,
        "order": features.order,
        "year": features.year,
        "article": features.article,
        "popularity": features.popularity,
        "recency": features.recency,
    })
}

/// The place after which a page begins.
struct After {
    points: i64,
    id: String,
}

impl After {
    /// Reads a cursor of this generation and request.
    fn read(cursor: &str, belongs: &str) -> Result<Self, Problem> {
        let place = cursor.strip_prefix(belongs).and_then(|place| place.split_once('.'));
        let (points, id) = place.ok_or(Problem::CursorExpired)?;
        let points = points.parse().map_err(|_| Problem::CursorExpired)?;
        Ok(Self { points, id: id.to_owned() })
    }

    fn is_before(&self, points: i64, id: &RecordId) -> bool {
        points < self.points || (points == self.points && id.0 > self.id)
    }
}

impl Searcher for IndexedCatalogue {
    fn search(&self, request: &SearchRequest, now: Timestamp) -> Result<Answer, Problem> {
        let query = Query::parse(&request.text);
        let belongs = format!("{:x}.{:x}.", self.generation, fingerprint(request));
        let after = request.cursor.as_ref().map(|cursor| After::read(cursor, &belongs)).transpose()?;
        let look = self.look();
        let sees = |title: u32| look.sees(title, &request.viewer, now);
        let ranked = look.ranked(&query, &|title| sees(title) && passes(look.title(title), request, None))?;
        let (mut counts, mut bounds) = (Counts::default(), LowerBounds::default());
        let counted_max = if query.is_blank() { PAGES_MAX } else { JUDGED_MAX };
        for filter in Filter::ALL.into_iter().filter(|_| request.facets) {
            let mut count = |ranked: &[Ranked]| {
                ranked.iter().for_each(|ranked| counts.add(filter, look.title(ranked.title)));
                if ranked.len() >= counted_max {
                    bounds.note(filter);
                }
            };
            if filter.is_chosen(request) {
                let without = |title| sees(title) && passes(look.title(title), request, Some(filter));
                count(&look.ranked(&query, &without)?);
            } else {
                count(&ranked);
            }
        }
        let first = ranked.first();
        let did_you_mean = first.and_then(|first| look.did_you_mean(&query, first));
        let relaxed = first.and_then(|first| first.features.as_ref()).is_some_and(|features| {
            features.exact.max(features.exact_joined) < IS_EXACT && features.query_covered < IS_COVERED
        });
        let is_next = |ranked: &&Ranked| {
            after.as_ref().is_none_or(|after| after.is_before(ranked.points, &look.title(ranked.title).id))
        };
        let rest: Vec<&Ranked> = ranked.iter().filter(is_next).collect();
        let page = &rest[..rest.len().min(request.limit)];
        let last = page.last().filter(|_| rest.len() > page.len());
        Ok(Answer {
            generation: self.generation,
            hits: page.iter().map(|ranked| look.hit(ranked, &query, request.explain)).collect(),
            facets: counts.facets(),
            facet_lower_bounds: bounds,
            relaxed,
            did_you_mean,
            elsewhere: look.elsewhere(&query, &request.viewer, now),
            next_cursor: last.map(|last| format!("{belongs}{}.{}", last.points, look.title(last.title).id.0)),
        })
    }

    fn suggest(&self, request: &SuggestRequest, now: Timestamp) -> Result<Vec<Suggestion>, Problem> {
        let query = Query::parse(&request.text);
        let look = self.look();
        let sees = |title: u32| look.sees(title, &request.viewer, now);
        let suggestion = |ranked: Ranked| {
            let title = look.title(ranked.title);
            Suggestion {
                id: title.id.0.clone(),
                title: title.title.clone(),
                title_parts: parts(&title.title, &marks::highlights(&title.title, &query)),
                kind: title.kind.name().to_owned(),
                year: title.year,
            }
        };
        Ok(look.ranked(&query, &sees)?.into_iter().take(request.limit).map(suggestion).collect())
    }

    fn generation(&self) -> u64 {
        self.generation
    }
}
