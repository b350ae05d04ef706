//! What a viewer typed: words, which of them matter, which is still being typed, and a year.

use crate::catalog::normalise;

/// Most words that are looked at: nobody remembers more of a title.
pub const WORDS_MAX: usize = 12;
/// Most characters that are looked at.
pub const CHARS_MAX: usize = 160;

/// First year of which a film is known, for telling years from other numbers.
const YEAR_MIN: u16 = 1888;
/// Last year that counts as one: productions are announced a few years ahead.
const YEAR_MAX: u16 = 2040;

/// Words that join others and tell little. English and the commonest of the languages that titles are in.
const STOP_WORDS: [&str; 30] = [
    "the", "a", "an", "of", "and", "in", "to", "on", "for", "at", "with", "from", "by", "is", "it", "my",
    "la", "le", "el", "de", "los", "las", "les", "der", "die", "das", "und", "et", "y", "du",
];

/// Words that viewers add to say that they want to watch: they are part of few titles.
const NOISE_WORDS: [&str; 31] = [
    "watch",
    "online",
    "free",
    "full",
    "movie",
    "movies",
    "film",
    "hd",
    "4k",
    "1080p",
    "720p",
    "trailer",
    "official",
    "english",
    "subtitles",
    "subtitle",
    "subtitled",
    "subs",
    "sub",
    "dubbed",
    "dub",
    "stream",
    "streaming",
    "download",
    "episode",
    "episodes",
    "season",
    "complete",
    "series",
    "show",
    "tv",
];

/// What a word is to the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It names something.
    Content,
    /// It joins others and tells little.
    Stop,
    /// It says that the viewer wants to watch.
    Noise,
    /// It may be the year of release.
    Year,
}

/// One word of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Comparable form.
    pub text: String,
    /// As it was typed, folded only. A half-typed word must not be read as a number or an abbreviation.
    pub raw: String,
    /// What it is to the query.
    pub role: Role,
}

/// A query, read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// The words, in order; at most [`WORDS_MAX`].
    pub words: Vec<Word>,
    /// The whole in comparable form, without a leading article.
    pub key: String,
    /// Shorter keys that a title may equal: without a year, without noise, without both. No repeats, not `key` itself.
    pub shorter_keys: Vec<String>,
    /// The whole as typed, folded only, words joined by one space.
    pub typed: String,
    /// A year that stands in it.
    pub year: Option<u16>,
}

impl Query {
    /// Reads what a viewer typed. Any text is a query; a blank one has no words.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let cut: String = text.chars().take(CHARS_MAX).collect();
        let raw = normalise::plain_tokens(&cut);
        let mut canonical = normalise::tokens(&cut);
        canonical.truncate(WORDS_MAX);
        let aligned = raw.len() == canonical.len();
        let last = canonical.len().saturating_sub(1);
        let count = canonical.len();
        let mut words: Vec<Word> = Vec::with_capacity(count);
        for (at, text) in canonical.into_iter().enumerate() {
            let typed = if aligned { raw.get(at) } else { raw.last().filter(|_| at == last) };
            let role = role(&text, count);
            words.push(Word { raw: typed.cloned().unwrap_or_else(|| text.clone()), role, text });
        }
        let year =
            words.iter().rev().find(|word| word.role == Role::Year).and_then(|word| word.text.parse().ok());
        let mut query =
            Self { words, key: String::new(), shorter_keys: Vec::new(), typed: raw.join(" "), year };
        query.key = query.key_of(|_| true);
        for shorter in [
            query.key_of(|word| word.role != Role::Year),
            query.key_of(|word| word.role != Role::Noise),
            query.key_of(|word| !matches!(word.role, Role::Year | Role::Noise)),
        ] {
            if !shorter.is_empty() && shorter != query.key && !query.shorter_keys.contains(&shorter) {
                query.shorter_keys.push(shorter);
            }
        }
        query
    }

    /// Reads bytes that may be no UTF-8: what cannot be read is replaced, never refused.
    #[must_use]
    pub fn parse_bytes(bytes: &[u8]) -> Self {
        // Four bytes at most per character that is looked at.
        Self::parse(&String::from_utf8_lossy(&bytes[..bytes.len().min(4 * CHARS_MAX)]))
    }

    fn key_of(&self, kept: impl Fn(&Word) -> bool) -> String {
        let words: Vec<String> =
            self.words.iter().filter(|word| kept(word)).map(|word| word.text.clone()).collect();
        normalise::without_article(&words).join(" ")
    }

    /// Whether nothing was typed.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.words.is_empty()
    }
}

fn role(text: &str, count: usize) -> Role {
    if let Ok(year) = text.parse::<u16>()
        && text.len() == 4
        && (YEAR_MIN..=YEAR_MAX).contains(&year)
        && count > 1
    {
        return Role::Year;
    }
    if STOP_WORDS.contains(&text) {
        Role::Stop
    } else if count > 1 && NOISE_WORDS.contains(&text) {
        Role::Noise
    } else {
        Role::Content
    }
}

#[cfg(test)]
mod tests;
