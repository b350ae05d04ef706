//! What the routes ask of a search, and what it answers.

use serde::Serialize;
use units::Timestamp;

use super::parameters::{SearchRequest, SuggestRequest};
use super::problem::Problem;

/// A search over one catalogue: the index, or the naive scan that it replaced.
pub trait Searcher: Send + Sync {
    /// Finds titles that the viewer may see now, best first.
    ///
    /// # Errors
    /// [`Problem::CursorExpired`] for a cursor of another generation or query, [`Problem::Internal`] when the search fails.
    fn search(&self, request: &SearchRequest, now: Timestamp) -> Result<Answer, Problem>;

    /// Completes what was typed so far, best first.
    ///
    /// # Errors
    /// [`Problem::Internal`] when the search fails.
    fn suggest(&self, request: &SuggestRequest, now: Timestamp) -> Result<Vec<Suggestion>, Problem>;

    /// Which state of the catalogue answers now; counts up.
    fn generation(&self) -> u64;
}

/// A page of results.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Answer {
    /// Which state of the catalogue answered.
    pub generation: u64,
    /// Results, best first.
    pub hits: Vec<Hit>,
    /// Values of each filter under all other filters, with the number of titles.
    pub facets: Facets,
    /// Which of those numbers are lower bounds.
    pub facet_lower_bounds: LowerBounds,
    /// Whether not all words had to match.
    pub relaxed: bool,
    /// Another spelling that finds more.
    pub did_you_mean: Option<String>,
    /// Titles of exactly this name that exist but may not be shown here; for adults only.
    pub elsewhere: Vec<Elsewhere>,
    /// Where the next page starts; `None` on the last.
    pub next_cursor: Option<String>,
}

/// One result.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Hit {
    /// Id in the catalogue.
    pub id: String,
    /// `film`, `series` or `episode`.
    pub kind: String,
    /// As shown.
    pub title: String,
    /// The same in parts: what matches, and what is between.
    pub title_parts: Vec<Part>,
    /// Year of first release.
    pub year: Option<u16>,
    /// Genres.
    pub genres: Vec<String>,
    /// People who match, each in parts.
    pub people_parts: Vec<Vec<Part>>,
    /// A few sentences.
    pub description: String,
    /// Why it stands here: named numbers, if they were asked for.
    pub explain: Option<serde_json::Value>,
}

/// A piece of text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// The text.
    pub text: String,
    /// Whether it matches what was typed.
    pub matched: bool,
}

/// Values by filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Facets {
    /// Kinds.
    pub kind: Vec<FacetValue>,
    /// Genres.
    pub genre: Vec<FacetValue>,
    /// Languages.
    pub language: Vec<FacetValue>,
}

/// The filters of whose values more titles may match than were counted: there, the counts are lower bounds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LowerBounds {
    /// Of kinds.
    pub kind: bool,
    /// Of genres.
    pub genre: bool,
    /// Of languages.
    pub language: bool,
}

/// One value of a filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FacetValue {
    /// As to be sent back.
    pub value: String,
    /// How many titles have it.
    pub count: u64,
}

/// A title that is not available here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Elsewhere {
    /// Its name, and nothing else of it.
    pub title: String,
}

/// A completion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// Id in the catalogue.
    pub id: String,
    /// As shown.
    pub title: String,
    /// The same in parts.
    pub title_parts: Vec<Part>,
    /// `film`, `series` or `episode`.
    pub kind: String,
    /// Year of first release.
    pub year: Option<u16>,
}

/// Cuts a text at ranges of bytes that match; ranges that overlap or split a character are widened.
#[must_use]
pub fn parts(text: &str, ranges: &[std::ops::Range<usize>]) -> Vec<Part> {
    let mut matched = vec![false; text.len()];
    for range in ranges {
        let end = range.end.min(text.len());
        matched.get_mut(range.start..end).into_iter().flatten().for_each(|byte| *byte = true);
    }
    let mut parts: Vec<Part> = Vec::new();
    for (at, c) in text.char_indices() {
        let is = matched[at..at + c.len_utf8()].contains(&true);
        match parts.last_mut() {
            Some(part) if part.matched == is => part.text.push(c),
            _ => parts.push(Part { text: c.to_string(), matched: is }),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn matches_are_cut_out_and_accents_stay_whole() {
        let cut = parts("Café Noir", &[0..4, 6..8]);
        let shown: Vec<(&str, bool)> = cut.iter().map(|part| (part.text.as_str(), part.matched)).collect();
        assert_eq!(shown, [("Café", true), (" ", false), ("No", true), ("ir", false)]);
    }

    proptest! {
        #[test]
        #[expect(clippy::single_range_in_vec_init, reason = "one range is meant")]
        fn parts_are_the_text_again(text in any::<String>(), start in 0_usize..40, length in 0_usize..40) {
            let joined: String = parts(&text, &[start..start + length]).into_iter().map(|part| part.text).collect();
            prop_assert_eq!(joined, text);
        }
    }
}
