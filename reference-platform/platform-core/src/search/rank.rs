//! The score of one title for one query: a weighted sum of named features.
//!
//! Texts come first: an exact title beats every partial match, whatever its age and popularity, because its bonus is larger
//! than what all other features can add up to ([`Features::PARTIAL_MAX`]). Popularity and recency decide among titles that
//! fit equally well.

use serde::Serialize;

/// How well a title fits a query. All are shares from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Features {
    /// 1 if the query is the title; less if it is but for a year or for noise.
    pub exact: f64,
    /// 1 if the query is the title but for the spaces.
    pub exact_joined: f64,
    /// 1 if the title begins with what was typed so far.
    pub starts: f64,
    /// How much of the query is found in the title's text or people, by weight of the words.
    pub query_covered: f64,
    /// How much of the title is in the query, by weight of the words.
    pub title_covered: f64,
    /// How much of the query is found only beyond title and people: in genre or summary.
    pub elsewhere: f64,
    /// 1 if every word that names something is found somewhere, as typed.
    pub complete: f64,
    /// How much of the words' order is kept.
    pub order: f64,
    /// Nearness of the year in the query, 0.5 if there is none in it.
    pub year: f64,
    /// 1 if the article is the same too.
    pub article: f64,
    /// How much it is watched.
    pub popularity: f64,
    /// How new it is here.
    pub recency: f64,
}

impl Features {
    /// The largest sum of all features but `exact`; what an exact title adds is more.
    pub const PARTIAL_MAX: f64 = 4.5 + 2.4 + 5.0 + 1.8 + 2.0 + 3.0 + 0.6 + 1.2 + 0.1 + 0.9 + 0.25;

    /// What an exact title adds.
    pub const EXACT: f64 = Self::PARTIAL_MAX + 1.0;

    /// The sum of the features with their weights.
    #[must_use]
    pub fn score(&self) -> f64 {
        self.terms().iter().map(|(_, weighted)| weighted).sum()
    }

    /// The features with what each adds, by name: the explanation of a score.
    #[must_use]
    pub fn terms(&self) -> [(&'static str, f64); 12] {
        [
            ("exact", Self::EXACT * self.exact),
            ("exact_joined", 4.5 * self.exact_joined),
            ("starts", 2.4 * self.starts),
            ("query_covered", 5.0 * self.query_covered),
            ("title_covered", 1.8 * self.title_covered),
            ("elsewhere", 2.0 * self.elsewhere),
            ("complete", 3.0 * self.complete),
            ("order", 0.6 * self.order),
            ("year", 1.2 * self.year),
            ("article", 0.1 * self.article),
            ("popularity", 0.9 * self.popularity),
            ("recency", 0.25 * self.recency),
        ]
    }

    /// The score in millionths, for an order that does not hang on the last bit of a sum.
    #[must_use]
    pub fn points(&self) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "scores are below 100")]
        let points = (self.score() * 1e6) as i64;
        points
    }
}

/// Nearness of the year that was typed to a title's: 1 if equal, half at one year off, a fifth at two, else 0; half where
/// nothing was typed.
#[must_use]
pub fn year_nearness(typed: Option<u16>, year: Option<u16>) -> f64 {
    match (typed, year) {
        (None, _) => 0.5,
        (Some(_), None) => 0.0,
        (Some(typed), Some(year)) => match typed.abs_diff(year) {
            0 => 1.0,
            1 => 0.6,
            2 => 0.2,
            _ => 0.0,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_title_beats_any_partial_match() {
        let exact = Features { exact: 1.0, ..Features::default() };
        let everything_else = Features {
            exact: 0.0,
            exact_joined: 1.0,
            starts: 1.0,
            query_covered: 1.0,
            title_covered: 1.0,
            elsewhere: 1.0,
            complete: 1.0,
            order: 1.0,
            year: 1.0,
            article: 1.0,
            popularity: 1.0,
            recency: 1.0,
        };
        assert!(exact.score() > everything_else.score());
        assert!((everything_else.score() - Features::PARTIAL_MAX).abs() < 1e-9);
    }

    #[test]
    fn popularity_and_recency_only_add_their_caps() {
        let plain = Features { query_covered: 1.0, ..Features::default() };
        let loved = Features { popularity: 1.0, recency: 1.0, ..plain };
        assert!(loved.score() - plain.score() <= 1.15 + 1e-9);
        let covers_a_fourth_less = Features { query_covered: 0.75, popularity: 1.0, recency: 1.0, ..plain };
        assert!(plain.score() > covers_a_fourth_less.score());
    }

    #[test]
    fn a_nearer_year_is_worth_more() {
        let near: Vec<f64> = (0..4).map(|off| year_nearness(Some(2000 + off), Some(2000))).collect();
        assert!(near.windows(2).all(|pair| pair[0] > pair[1]), "{near:?}");
    }
}
