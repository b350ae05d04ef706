//! Suggestions while a title is typed: how often it is offered when only its beginning stands there.
//!
//! Of every title that a row asks for, the first two, three and four fifths are typed. Where many titles begin so, no search can
//! know which is meant; so those beginnings that at most five distinct names have are counted apart as well.

use std::collections::BTreeMap;

use platform_core::catalog::normalise;
use platform_core::catalog::record::TitleRecord;
use platform_core::search::query::Query;
use platform_server::search::{SearchError, SearchIndex};
use serde::Serialize;

/// How much of the title is typed, in percent of its letters.
const TYPED_PERCENT: [usize; 3] = [40, 60, 80];
/// Suggestions that are looked at, and names that may begin alike for a beginning to be telling.
const OFFERED: usize = 5;

/// How often the title was among those offered.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Share {
    /// Beginnings that were typed.
    pub rows: u64,
    /// Those where the title was among the first five suggestions.
    pub found: u64,
}

impl Share {
    fn add(&mut self, is_found: bool) {
        self.rows += 1;
        self.found += u64::from(is_found);
    }

    /// From 0 to 1; 0 of none.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53")]
    pub fn success(&self) -> f64 {
        if self.rows == 0 { 0.0 } else { self.found as f64 / self.rows as f64 }
    }
}

/// What was found for one length of beginnings.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Typed {
    /// How much of the title was typed.
    pub percent: usize,
    /// All titles.
    pub all: Share,
    /// Titles of whose beginning at most five distinct names are.
    pub telling: Share,
}

/// Types the beginnings of titles, each with the ids that answer it.
pub(super) fn run<'a>(
    index: &SearchIndex,
    records: &[TitleRecord],
    wanted: impl Iterator<Item = (&'a str, Vec<&'a str>)>,
) -> Result<Vec<Typed>, SearchError> {
    let written = |title: &str| normalise::plain_tokens(title).join(" ");
    let mut names: Vec<String> = records.iter().map(|record| written(&record.title)).collect();
    names.sort_unstable();
    names.dedup();
    // Rows ask for the same titles again and again: each counts once.
    let mut by_title: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    wanted.for_each(|(title, ids)| by_title.entry(title).or_default().extend(ids));
    let mut found = Vec::new();
    for percent in TYPED_PERCENT {
        let mut typed = Typed { percent, ..Typed::default() };
        for (title, ids) in &by_title {
            let letters = (title.chars().count() * percent).div_ceil(100);
            let beginning: String = title.chars().take(letters).collect();
            let hits = index.search(&Query::parse(&beginning), OFFERED)?;
            let is_found = hits.iter().any(|hit| ids.contains(&hit.id.0.as_str()));
            typed.all.add(is_found);
            if starting(&names, &written(&beginning)) <= OFFERED {
                typed.telling.add(is_found);
            }
        }
        found.push(typed);
    }
    Ok(found)
}

/// How many of the sorted names begin so.
fn starting(names: &[String], beginning: &str) -> usize {
    let from = names.partition_point(|name| name.as_str() < beginning);
    names[from..].iter().take_while(|name| name.starts_with(beginning)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_begin_alike_are_counted() {
        let names = ["amber", "lantern", "lantern field", "lanterns", "wellspring"].map(str::to_owned);
        for (beginning, count) in [("lantern", 3), ("lantern ", 1), ("x", 0), ("", 5)] {
            assert_eq!(starting(&names, beginning), count, "{beginning}");
        }
    }
}
