//! One comparable form for titles, people and what a viewer types.
//!
//! The same functions work at ingest and at query time, so that what differs in writing but not in meaning meets: case,
//! accents, width, punctuation, ampersands, apostrophes, initials with dots, numbers in three scripts, spelling on both
//! sides of the Atlantic. They are total on any Unicode and idempotent, and an index remembers by which [`VERSION`] of them
//! it was made.
//!
//! - [`tokens`]: the words of a title, comparable.
//! - [`key`]: a whole title without its article: equal keys mean equal titles.
//! - [`person`]: a name, without what only titles need.
//! - [`stem`], [`phonetic`]: looser forms for what those do not find.

mod fold;
mod numbers;
mod sound;
mod spelling;

pub use fold::{fold, plain_tokens};
pub use sound::{phonetic, stem};

/// Version of these rules. An index that was made by another one is refused and rebuilt.
pub const VERSION: u32 = 1;

/// Articles that a title may begin with and a viewer may leave out.
///
/// English only: in other languages the same letters begin other words (`die`, `las`, `un`), and metadata seldom says
/// which language a title is in.
pub const ARTICLES: [&str; 3] = ["the", "a", "an"];

/// Articles that are moved behind a comma in lists: `Lantern, The`.
const TRAILING_ARTICLES: [&str; 13] =
    ["the", "a", "an", "le", "la", "les", "el", "los", "las", "il", "der", "die", "das"];

/// The comparable words of a title or a query, articles kept, a trailing one moved to the front.
///
/// Never empty for a text that is not blank: what folding would empty (`…`, `?`) stands as it is.
#[must_use]
pub fn tokens(text: &str) -> Vec<String> {
    let (text, article) = split_trailing_article(text);
    let mut words = plain_tokens(text);
    if let Some(article) = article {
        words.splice(0..0, plain_tokens(article));
    }
    let words = words.into_iter().map(|word| spelling::canonical(&word)).collect();
    numbers::canonical(words)
}

/// The whole title without its leading article, words joined by one space.
#[must_use]
pub fn key(text: &str) -> String {
    without_article(&tokens(text)).join(" ")
}

/// `words` without a leading article, unless that is all there is.
#[must_use]
pub fn without_article(words: &[String]) -> &[String] {
    match words {
        [first, rest @ ..] if !rest.is_empty() && ARTICLES.contains(&first.as_str()) => rest,
        _ => words,
    }
}

/// A person's name: folded, without generational suffixes. Numbers and spelling stay: nobody is called "2".
#[must_use]
pub fn person(text: &str) -> String {
    let words = plain_tokens(text);
    let kept: Vec<&str> =
        words.iter().map(String::as_str).filter(|word| !matches!(*word, "jr" | "sr")).collect();
    if kept.is_empty() { words.join(" ") } else { kept.join(" ") }
}

/// Splits `Lantern, The` into `Lantern` and `The`.
fn split_trailing_article(text: &str) -> (&str, Option<&str>) {
    if let Some((front, last)) = text.trim_end().rsplit_once([',', '\u{ff0c}']) {
        let article = last.trim();
        let is_article = TRAILING_ARTICLES.contains(&fold(article).as_str());
        if is_article && front.chars().any(char::is_alphanumeric) {
            return (front, Some(article));
        }
    }
    (text, None)
}

#[cfg(test)]
mod tests;
