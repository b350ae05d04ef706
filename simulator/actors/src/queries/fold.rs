//! Text as words: lower case, no marks, no punctuation.
//!
//! A second, plainer reading than the platform's: what the two agree on is right twice, and where the platform's normaliser
//! is wrong, rows made here show it. Apostrophes vanish, an ampersand is a word, everything else that is neither letter nor
//! digit separates.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::numerals;

/// English articles, the only ones that a title may be found without.
const ARTICLES: [&str; 3] = ["the", "a", "an"];

/// The words of a text.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().filter(|&c| !is_combining_mark(c)).flat_map(char::to_lowercase) {
        match c {
            '\'' | '’' | '‘' | 'ʼ' | 'ʻ' | '`' => {}
            '&' => folded.push_str(" and "),
            // Letters whose stroke or ligature is no combining mark.
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'ı' => folded.push('i'),
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            c if c.is_alphanumeric() => folded.push(c),
            // Lower-casing a dotted capital I leaves its dot behind.
            c if is_combining_mark(c) => {}
            _ => folded.push(' '),
        }
    }
    folded.split_whitespace().map(str::to_owned).collect()
}

/// The words of a text, with single spaces.
#[must_use]
pub fn plain(text: &str) -> String {
    words(text).join(" ")
}

/// The words without a leading article, unless nothing else is left.
#[must_use]
pub fn without_article(words: &[String]) -> &[String] {
    match words {
        [first, rest @ ..] if !rest.is_empty() && ARTICLES.contains(&first.as_str()) => rest,
        all => all,
    }
}

/// What namesakes share.
#[must_use]
pub fn key(text: &str) -> String {
    without_article(&words(text)).join(" ")
}

/// What a film shares with its sequels: the title up to a colon or dash, without its number.
#[must_use]
pub fn franchise(title: &str) -> String {
    let head = title.split([':', '–', '—']).next().unwrap_or_default();
    let head = head.split(" - ").next().unwrap_or_default();
    let head = if words(head).is_empty() { title } else { head };
    let mut base = words(head);
    while base.len() > 1 && base.last().is_some_and(|word| ends_no_name(word)) {
        base.pop();
    }
    without_article(&base).join(" ")
}

fn ends_no_name(word: &str) -> bool {
    numerals::read(word).is_some()
        || word == "part"
        || word == "chapter"
        || word == "volume"
        || (word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Words that carry little: left out by hurried searchers, and no good to know a title by.
pub(super) fn is_small(word: &str) -> bool {
    const SMALL: [&str; 32] = [
        "the", "a", "an", "of", "and", "in", "on", "at", "to", "for", "from", "with", "by", "is", "are",
        "was", "it", "its", "as", "or", "my", "your", "his", "her", "be", "this", "that", "not", "who",
        "you", "we", "no",
    ];
    SMALL.contains(&word)
}
