//! The index behind the routes: who may see what is asked before candidates are chosen, in one table in memory.
//!
//! An edit of availability changes that table and nothing else, so the next search obeys it; no commit is waited for. Facets
//! count among the best candidates of the index, which is a bounded number ([`PAGES_MAX`]). "Did you mean" is read off the
//! first result, so it can name nothing that the viewer may not see.

use std::collections::BTreeMap;

use platform_core::catalog::normalise;
use platform_core::catalog::record::{Availability, Maturity, RecordId, TitleRecord};
use platform_core::search::query::Query;
use platform_core::search::rank::Features;
use units::Timestamp;

use super::filters::{Counts, Filter, Offered, fingerprint, is_offered, is_old_enough, passes};
use super::marks::{self, Likeness};
use super::parameters::{SearchRequest, SuggestRequest};
use super::problem::Problem;
use super::searcher::{Answer, Elsewhere, Hit, Searcher, Suggestion, parts};
use super::viewer::Viewer;
use super::windows::{Snapshot, Windows};
use crate::search::{SearchError, SearchIndex};

/// Results that can be paged through, and that facets count. The index judges as many.
pub const PAGES_MAX: usize = 160;
/// Titles of one name that are given as "not available here".
const ELSEWHERE_MAX: usize = 10;
/// What counts as the same title.
const IS_EXACT: f64 = 0.95;
/// Below this share of the words in title and names, a result was found by leaving words out.
const IS_COVERED: f64 = 0.5;

/// A catalogue, its index, and where each title may be watched.
pub struct IndexedCatalogue {
    index: SearchIndex,
    titles: Vec<TitleRecord>,
    by_id: BTreeMap<RecordId, u32>,
    /// Titles that read the same, by what they read.
    by_key: BTreeMap<String, Vec<u32>>,
    /// Most watched first, then by id.
    popular: Vec<u32>,
    windows: Windows,
    generation: u64,
}

/// A result with what it is ordered by.
struct Ranked {
    title: u32,
    points: i64,
    features: Option<Features>,
}

impl IndexedCatalogue {
    /// Indexes titles, as this state of the catalogue.
    ///
    /// # Errors
    /// [`SearchError`] when the index library fails.
    pub fn new(offered: Vec<Offered>, generation: u64) -> Result<Self, SearchError> {
        let (titles, windows): (Vec<TitleRecord>, Vec<Vec<Availability>>) =
            offered.into_iter().map(|offered| (offered.title, offered.windows)).unzip();
        let index = SearchIndex::build(&titles)?;
        let by_id = (0..).zip(&titles).map(|(at, title)| (title.id.clone(), at)).collect();
        let mut by_key: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for (at, title) in (0..).zip(&titles) {
            by_key.entry(normalise::key(&title.title)).or_default().push(at);
        }
        let mut popular: Vec<u32> = (0..).zip(&titles).map(|(at, _)| at).collect();
        popular.sort_by(|&a, &b| {
            let (a, b) = (&titles[a as usize], &titles[b as usize]);
            (b.popularity, &a.id).cmp(&(a.popularity, &b.id))
        });
        Ok(Self { index, titles, by_id, by_key, popular, windows: Windows::new(windows), generation })
    }

    /// Replaces the windows of a title; the next search obeys them. `false` if there is no such title.
    pub fn set_windows(&self, id: &RecordId, windows: Vec<Availability>) -> bool {
        let Some(&title) = self.by_id.get(id) else { return false };
        self.windows.set(title, windows);
        true
    }

    fn title(&self, number: u32) -> &TitleRecord {
        &self.titles[number as usize]
    }

    /// Titles among the allowed, best first; the most watched where nothing was typed.
    fn ranked(&self, query: &Query, allowed: &dyn Fn(u32) -> bool) -> Result<Vec<Ranked>, Problem> {
        if query.is_blank() {
            let popular = self.popular.iter().copied().filter(|&title| allowed(title)).take(PAGES_MAX);
            let points = |title| i64::from(self.title(title).popularity.0);
            return Ok(popular
                .map(|title| Ranked { title, points: points(title), features: None })
                .collect());
        }
        let found = self.index.search_among(query, PAGES_MAX, allowed).map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "search failed");
            Problem::Internal
        })?;
        let ranked = found.into_iter().filter_map(|hit| {
            let title = *self.by_id.get(&hit.id)?;
            Some(Ranked { title, points: hit.points, features: Some(hit.features) })
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
    fn elsewhere(
        &self,
        query: &Query,
        viewer: &Viewer,
        now: Timestamp,
        windows: &Snapshot,
    ) -> Vec<Elsewhere> {
        if viewer.age < Maturity::ADULT || query.is_blank() {
            return Vec::new();
        }
        let open_here = |window: &Availability| window.territory == viewer.region && window.is_open(now);
        let hidden = |title: &u32| {
            is_old_enough(self.title(*title), viewer) && !windows.of(*title).iter().any(open_here)
        };
        let named = self.by_key.get(&query.key).map_or(&[][..], Vec::as_slice);
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
        let windows = self.windows.snapshot();
        let sees = |title: u32| {
            is_old_enough(self.title(title), &request.viewer)
                && is_offered(windows.of(title), &request.viewer, now)
        };
        let ranked = self.ranked(&query, &|title| sees(title) && passes(self.title(title), request, None))?;
        let mut counts = Counts::default();
        for filter in Filter::ALL {
            let mut count = |ranked: &[Ranked]| {
                ranked.iter().for_each(|ranked| counts.add(filter, self.title(ranked.title)));
            };
            if filter.is_chosen(request) {
                let without = |title| sees(title) && passes(self.title(title), request, Some(filter));
                count(&self.ranked(&query, &without)?);
            } else {
                count(&ranked);
            }
        }
        let first = ranked.first();
        let did_you_mean = first.and_then(|first| self.did_you_mean(&query, first));
        let relaxed = first.and_then(|first| first.features.as_ref()).is_some_and(|features| {
            features.exact.max(features.exact_joined) < IS_EXACT && features.query_covered < IS_COVERED
        });
        let is_next = |ranked: &&Ranked| {
            after.as_ref().is_none_or(|after| after.is_before(ranked.points, &self.title(ranked.title).id))
        };
        let rest: Vec<&Ranked> = ranked.iter().filter(is_next).collect();
        let page = &rest[..rest.len().min(request.limit)];
        let last = page.last().filter(|_| rest.len() > page.len());
        Ok(Answer {
            generation: self.generation,
            hits: page.iter().map(|ranked| self.hit(ranked, &query, request.explain)).collect(),
            facets: counts.facets(),
            relaxed,
            did_you_mean,
            elsewhere: self.elsewhere(&query, &request.viewer, now, &windows),
            next_cursor: last.map(|last| format!("{belongs}{}.{}", last.points, self.title(last.title).id.0)),
        })
    }

    fn suggest(&self, request: &SuggestRequest, now: Timestamp) -> Result<Vec<Suggestion>, Problem> {
        let query = Query::parse(&request.text);
        let windows = self.windows.snapshot();
        let sees = |title: u32| {
            is_old_enough(self.title(title), &request.viewer)
                && is_offered(windows.of(title), &request.viewer, now)
        };
        let suggestion = |ranked: Ranked| {
            let title = self.title(ranked.title);
            Suggestion {
                id: title.id.0.clone(),
                title: title.title.clone(),
                title_parts: parts(&title.title, &marks::highlights(&title.title, &query)),
                kind: title.kind.name().to_owned(),
                year: title.year,
            }
        };
        Ok(self.ranked(&query, &sees)?.into_iter().take(request.limit).map(suggestion).collect())
    }

    fn generation(&self) -> u64 {
        self.generation
    }
}
