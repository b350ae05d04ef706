//! The naive search that the index replaced: every word anywhere in a record, newest first, every record looked at.
//!
//! What platforms start with: `WHERE title ILIKE '%word%' OR cast ILIKE … AND …  ORDER BY year DESC`, run at every
//! keystroke. Here without the database around it, so it flatters the platform of before. It knows no typo, no prefix rank and no
//! other spelling; what a viewer may see it filters as the index does. It also serves to test the routes.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use platform_core::catalog::record::{Availability, TitleRecord};
use units::Timestamp;

use super::parameters::{SearchRequest, SuggestRequest};
use super::problem::Problem;
use super::searcher::{Answer, FacetValue, Facets, Hit, Searcher, Suggestion, parts};
use super::viewer::Viewer;

/// A title, and where it may be watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// The title.
    pub title: TitleRecord,
    /// Its windows, in all territories.
    pub windows: Vec<Availability>,
}

/// More words are not looked for.
const WORDS_MAX: usize = 12;

struct Listed {
    offered: Offered,
    /// Everything that is searched, in lower case.
    text: String,
    kind: [String; 1],
}

/// A catalogue, scanned from end to end at every search.
pub struct Scan {
    /// Newest first, then by id.
    titles: Vec<Listed>,
    generation: u64,
}

impl Scan {
    /// Over these titles, as this state of the catalogue.
    #[must_use]
    pub fn new(offered: Vec<Offered>, generation: u64) -> Self {
        let mut titles: Vec<Listed> = offered.into_iter().map(Listed::new).collect();
        titles.sort_by(|a, b| {
            let (a, b) = (&a.offered.title, &b.offered.title);
            (b.year, &a.id).cmp(&(a.year, &b.id))
        });
        Self { titles, generation }
    }

    /// Matches that a viewer may see, before the filters of the request.
    fn matching<'a>(
        &'a self,
        words: &'a [String],
        viewer: &'a Viewer,
        now: Timestamp,
    ) -> impl Iterator<Item = (usize, &'a Listed)> {
        let matches = |listed: &Listed| words.iter().all(|word| listed.text.contains(word));
        self.titles
            .iter()
            .enumerate()
            .filter(move |(_, listed)| listed.is_for(viewer, now) && matches(listed))
    }
}

impl Listed {
    fn new(offered: Offered) -> Self {
        let title = &offered.title;
        let people = [title.cast.join("\n"), title.directors.join("\n")].join("\n");
        let text = [title.title.as_str(), &people, &title.genres.join("\n"), &title.description].join("\n");
        Self { kind: [title.kind.name().to_owned()], text: text.to_lowercase(), offered }
    }

    fn is_for(&self, viewer: &Viewer, now: Timestamp) -> bool {
        let open = |window: &Availability| {
            window.territory == viewer.region && window.tier <= viewer.tier && window.is_open(now)
        };
        self.offered.title.maturity.age_min <= viewer.age && self.offered.windows.iter().any(open)
    }

    /// The values that the filter of that name looks at.
    fn values(&self, filter: Filter) -> &[String] {
        match filter {
            Filter::Kind => &self.kind,
            Filter::Genre => &self.offered.title.genres,
            Filter::Language => &self.offered.title.languages,
        }
    }

    fn passes(&self, request: &SearchRequest, ignored: Option<Filter>) -> bool {
        let any = |filter: Filter, chosen: &[String]| {
            let own = self.values(filter);
            ignored == Some(filter) || chosen.is_empty() || own.iter().any(|value| chosen.contains(value))
        };
        let title = &self.offered.title;
        let year = |bound: Option<u16>, keeps: fn(u16, u16) -> bool| {
            bound.is_none_or(|bound| title.year.is_some_and(|year| keeps(year, bound)))
        };
        (ignored == Some(Filter::Kind) || request.kinds.is_empty() || request.kinds.contains(&title.kind))
            && any(Filter::Genre, &request.genres)
            && any(Filter::Language, &request.languages)
            && year(request.year_from, |year, from| year >= from)
            && year(request.year_to, |year, to| year <= to)
    }

    fn hit(&self, words: &[String]) -> Hit {
        let title = &self.offered.title;
        let marked = |text: &str| parts(text, &occurrences(text, words));
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
            explain: None,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Filter {
    Kind,
    Genre,
    Language,
}

impl Filter {
    const ALL: [Self; 3] = [Self::Kind, Self::Genre, Self::Language];
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().take(WORDS_MAX).map(str::to_lowercase).collect()
}

/// Where words stand in a text; letters whose lower case has another length end the search for more.
fn occurrences(text: &str, words: &[String]) -> Vec<std::ops::Range<usize>> {
    let lower = text.to_lowercase();
    if lower.len() != text.len() {
        return Vec::new();
    }
    let found = words.iter().flat_map(|word| lower.match_indices(word.as_str()));
    found.map(|(at, word)| at..at + word.len()).collect()
}

/// What a cursor must belong to besides a generation: all of the request but the page.
fn fingerprint(request: &SearchRequest) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&request.text, &request.kinds, &request.genres, &request.languages).hash(&mut hasher);
    (request.year_from, request.year_to, &request.viewer).hash(&mut hasher);
    hasher.finish()
}

impl Searcher for Scan {
    fn search(&self, request: &SearchRequest, now: Timestamp) -> Result<Answer, Problem> {
        let words = words(&request.text);
        let belongs = format!("{:x}.{:x}.", self.generation, fingerprint(request));
        let after = request.cursor.as_ref().map(|cursor| {
            let place = cursor.strip_prefix(&belongs).ok_or(Problem::CursorExpired)?;
            place.parse::<usize>().map_err(|_| Problem::CursorExpired)
        });
        let after = after.transpose()?;
        let mut counts: [BTreeMap<&str, u64>; 3] = Default::default();
        let mut found = Vec::new();
        for (at, title) in self.matching(&words, &request.viewer, now) {
            for (filter, counts) in Filter::ALL.into_iter().zip(&mut counts) {
                if title.passes(request, Some(filter)) {
                    let values: BTreeSet<&str> = title.values(filter).iter().map(String::as_str).collect();
                    values.into_iter().for_each(|value| *counts.entry(value).or_default() += 1);
                }
            }
            if found.len() <= request.limit
                && after.is_none_or(|after| at > after)
                && title.passes(request, None)
            {
                found.push((at, title));
            }
        }
        let more = found.len() > request.limit;
        found.truncate(request.limit);
        let [kind, genre, language] = counts.map(values);
        Ok(Answer {
            generation: self.generation,
            next_cursor: found.last().filter(|_| more).map(|(at, _)| format!("{belongs}{at}")),
            hits: found.into_iter().map(|(_, title)| title.hit(&words)).collect(),
            facets: Facets { kind, genre, language },
            ..Answer::default()
        })
    }

    fn suggest(&self, request: &SuggestRequest, now: Timestamp) -> Result<Vec<Suggestion>, Problem> {
        let words = words(&request.text);
        let matching = self.matching(&words, &request.viewer, now);
        let titled = matching.map(|(_, listed)| &listed.offered.title).filter(|title| {
            let name = title.title.to_lowercase();
            words.iter().all(|word| name.contains(word))
        });
        let suggestion = |title: &TitleRecord| Suggestion {
            id: title.id.0.clone(),
            title: title.title.clone(),
            title_parts: parts(&title.title, &occurrences(&title.title, &words)),
            kind: title.kind.name().to_owned(),
            year: title.year,
        };
        Ok(titled.take(request.limit).map(suggestion).collect())
    }

    fn generation(&self) -> u64 {
        self.generation
    }
}

/// Values by count, then by name.
fn values(counts: BTreeMap<&str, u64>) -> Vec<FacetValue> {
    let mut values: Vec<FacetValue> =
        counts.into_iter().map(|(value, count)| FacetValue { value: value.to_owned(), count }).collect();
    values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
    values
}
