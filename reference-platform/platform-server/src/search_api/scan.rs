//! The naive search that the index replaced: every word anywhere in a record, newest first, every record looked at.
//!
//! What platforms start with: `WHERE title ILIKE '%word%' OR cast ILIKE … AND …  ORDER BY year DESC`, run at every
//! keystroke. Here without the database around it, so it flatters the platform of before. It knows no typo, no prefix rank and no
//! other spelling; what a viewer may see it filters as the index does. It also serves to test the routes.

use platform_core::catalog::record::TitleRecord;
use units::Timestamp;

use super::filters::{Counts, Filter, Offered, fingerprint, passes};
use super::parameters::{SearchRequest, SuggestRequest};
use super::problem::Problem;
use super::searcher::{Answer, Hit, Searcher, Suggestion, parts};
use super::viewer::Viewer;

/// More words are not looked for.
const WORDS_MAX: usize = 12;

struct Listed {
    offered: Offered,
    /// Everything that is searched, in lower case.
    text: String,
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
            .filter(move |(_, listed)| listed.offered.is_for(viewer, now) && matches(listed))
    }
}

impl Listed {
    fn new(offered: Offered) -> Self {
        let title = &offered.title;
        let people = [title.cast.join("\n"), title.directors.join("\n")].join("\n");
        let text = [title.title.as_str(), &people, &title.genres.join("\n"), &title.description].join("\n");
        Self { text: text.to_lowercase(), offered }
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

impl Searcher for Scan {
    fn search(&self, request: &SearchRequest, now: Timestamp) -> Result<Answer, Problem> {
        let words = words(&request.text);
        let belongs = format!("{:x}.{:x}.", self.generation, fingerprint(request));
        let after = request.cursor.as_ref().map(|cursor| {
            let place = cursor.strip_prefix(&belongs).ok_or(Problem::CursorExpired)?;
            place.parse::<usize>().map_err(|_| Problem::CursorExpired)
        });
        let after = after.transpose()?;
        let mut counts = Counts::default();
        let mut found = Vec::new();
        for (at, listed) in self.matching(&words, &request.viewer, now) {
            let title = &listed.offered.title;
            let counted = Filter::ALL.into_iter().filter(|_| request.facets);
            let counted = counted.filter(|filter| passes(title, request, Some(*filter)));
            counted.for_each(|filter| counts.add(filter, title));
            let is_next = after.is_none_or(|after| at > after);
            if found.len() <= request.limit && is_next && passes(title, request, None) {
                found.push((at, listed));
            }
        }
        let more = found.len() > request.limit;
        found.truncate(request.limit);
        Ok(Answer {
            generation: self.generation,
            next_cursor: found.last().filter(|_| more).map(|(at, _)| format!("{belongs}{at}")),
            hits: found.into_iter().map(|(_, listed)| listed.hit(&words)).collect(),
            facets: counts.facets(),
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
