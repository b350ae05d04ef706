//! What a viewer may see and what a request asks for, said once for all searches; and what the filters' values count.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use platform_core::catalog::record::{Availability, TitleRecord};
use units::Timestamp;

use super::parameters::SearchRequest;
use super::searcher::{FacetValue, Facets, LowerBounds};
use super::viewer::Viewer;
use super::windows::Window;

/// A title, and where it may be watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// The title.
    pub title: TitleRecord,
    /// Its windows, in all territories.
    pub windows: Vec<Availability>,
}

impl Offered {
    /// Whether a viewer may see it now.
    #[must_use]
    pub fn is_for(&self, viewer: &Viewer, now: Timestamp) -> bool {
        is_old_enough(&self.title, viewer)
            && self.windows.iter().any(|window| Window::from(window).is_open_to(viewer, now))
    }
}

/// Whether a viewer may see titles of this maturity.
const fn is_old_enough(title: &TitleRecord, viewer: &Viewer) -> bool {
    title.maturity.age_min <= viewer.age
}

/// A filter whose values are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    Kind,
    Genre,
    Language,
}

impl Filter {
    pub(super) const ALL: [Self; 3] = [Self::Kind, Self::Genre, Self::Language];

    /// Whether the request chose values of it.
    pub(super) const fn is_chosen(self, request: &SearchRequest) -> bool {
        match self {
            Self::Kind => !request.kinds.is_empty(),
            Self::Genre => !request.genres.is_empty(),
            Self::Language => !request.languages.is_empty(),
        }
    }
}

/// Whether a title passes the filters of a request, one of them left out.
pub(super) fn passes(title: &TitleRecord, request: &SearchRequest, ignored: Option<Filter>) -> bool {
    let free = |filter: Filter| ignored == Some(filter) || !filter.is_chosen(request);
    let any = |own: &[String], chosen: &[String]| own.iter().any(|value| chosen.contains(value));
    let year = |bound: Option<u16>, keeps: fn(u16, u16) -> bool| {
        bound.is_none_or(|bound| title.year.is_some_and(|year| keeps(year, bound)))
    };
    (free(Filter::Kind) || request.kinds.contains(&title.kind))
        && (free(Filter::Genre) || any(&title.genres, &request.genres))
        && (free(Filter::Language) || any(&title.languages, &request.languages))
        && year(request.year_from, |year, from| year >= from)
        && year(request.year_to, |year, to| year <= to)
}

/// How many titles have each value.
#[derive(Debug, Default)]
pub(super) struct Counts<'a> {
    kind: BTreeMap<&'a str, u64>,
    genre: BTreeMap<&'a str, u64>,
    language: BTreeMap<&'a str, u64>,
}

impl<'a> Counts<'a> {
    /// Counts the values that a title has, each once.
    pub(super) fn add(&mut self, filter: Filter, title: &'a TitleRecord) {
        let (counts, values) = match filter {
            Filter::Kind => return *self.kind.entry(title.kind.name()).or_default() += 1,
            Filter::Genre => (&mut self.genre, &title.genres),
            Filter::Language => (&mut self.language, &title.languages),
        };
        // A title has a few values.
        let is_first = |at: usize| !values[..at].contains(&values[at]);
        let values = values.iter().enumerate().filter(|(at, _)| is_first(*at));
        values.for_each(|(_, value)| *counts.entry(value).or_default() += 1);
    }

    /// Values by count, then by name.
    pub(super) fn facets(self) -> Facets {
        let sorted = |counts: BTreeMap<&str, u64>| {
            let values =
                counts.into_iter().map(|(value, count)| FacetValue { value: value.to_owned(), count });
            let mut values: Vec<FacetValue> = values.collect();
            values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
            values
        };
        Facets { kind: sorted(self.kind), genre: sorted(self.genre), language: sorted(self.language) }
    }
}

impl LowerBounds {
    /// Notes that more titles may match than were counted for a filter.
    pub(super) const fn note(&mut self, filter: Filter) {
        match filter {
            Filter::Kind => self.kind = true,
            Filter::Genre => self.genre = true,
            Filter::Language => self.language = true,
        }
    }
}

/// What a cursor must belong to besides a generation: all of the request but the page.
pub(super) fn fingerprint(request: &SearchRequest) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&request.text, &request.kinds, &request.genres, &request.languages).hash(&mut hasher);
    (request.year_from, request.year_to, &request.viewer).hash(&mut hasher);
    hasher.finish()
}
