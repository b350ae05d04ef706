//! Which words of a title or a name are those that were typed, for highlights and for "did you mean".

use std::ops::Range;

use platform_core::catalog::normalise;
use platform_core::search::query::{Query, Word};

/// How a word that is shown is like one that was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likeness {
    /// The same word, or another writing of it.
    Same,
    /// It begins with what was typed last.
    Begun,
    /// A slip or two apart.
    Near,
}

/// A word as it is shown, where it stands, and the typed word that it is.
pub(super) struct Mark {
    pub(super) range: Range<usize>,
    pub(super) typed: usize,
    pub(super) likeness: Likeness,
}

/// All words of a text that were typed, each with the typed word that it is most like.
pub(super) fn marks(text: &str, query: &Query) -> Vec<Mark> {
    let last = query.words.len().saturating_sub(1);
    let best = |range: Range<usize>| {
        let shown = Shown::of(&text[range.clone()]);
        let likes = query.words.iter().enumerate();
        let likes = likes.filter_map(|(typed, word)| Some((shown.likeness(word, typed == last)?, typed)));
        likes.min().map(|(likeness, typed)| Mark { range, typed, likeness })
    };
    words(text).filter_map(best).collect()
}

/// Ranges to be highlighted: of a word that is still being typed, what of it was typed.
pub(super) fn highlights(text: &str, query: &Query) -> Vec<Range<usize>> {
    let cut = |mark: Mark| {
        if mark.likeness != Likeness::Begun {
            return mark.range;
        }
        let typed = query.words[mark.typed].raw.chars().count();
        let shown = &text[mark.range.clone()];
        let end = shown.char_indices().nth(typed).map_or(shown.len(), |(at, _)| at);
        mark.range.start..mark.range.start + end
    };
    marks(text, query).into_iter().map(cut).collect()
}

/// Words as they stand: letters, digits, marks and apostrophes in a row.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_part =
        |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’') || ('\u{300}'..='\u{36f}').contains(&c);
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + text[rest..].find(is_part)?;
        let end = text[start..].find(|c: char| !is_part(c)).map_or(text.len(), |length| start + length);
        rest = end;
        Some(start..end)
    })
}

/// A word that is shown, in the forms that are compared.
struct Shown {
    plain: String,
    canonical: String,
    letters: u32,
}

impl Shown {
    fn of(word: &str) -> Self {
        let plain = normalise::plain_tokens(word).concat();
        let canonical = normalise::tokens(&plain).concat();
        Self { letters: letters(&plain), plain, canonical }
    }

    fn likeness(&self, word: &Word, is_last: bool) -> Option<Likeness> {
        let shown = self.plain.as_str();
        if shown.is_empty() {
            return None;
        }
        if shown == word.raw || shown == word.text || self.canonical == word.text {
            return Some(Likeness::Same);
        }
        if is_last && shown.starts_with(&word.raw) {
            return Some(Likeness::Begun);
        }
        let slips = match word.raw.chars().count() {
            0..4 => 0,
            4..8 => 1,
            _ => 2,
        };
        let is_number = word.raw.chars().any(|c| c.is_ascii_digit());
        // A slip exchanges one letter for another at most, so that words of too many other letters need no closer look.
        let may = !is_number && slips > 0 && (self.letters ^ letters(&word.raw)).count_ones() <= 2 * slips;
        (may && distance(shown, &word.raw) <= slips as usize).then_some(Likeness::Near)
    }
}

/// Which letters a word has, each as one of 32 bits.
fn letters(word: &str) -> u32 {
    word.chars().fold(0, |letters, c| letters | 1 << (u32::from(c) % 32))
}

/// Letters missed, added or exchanged, or neighbours turned round, between two words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let exchanged = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = exchanged.min(row[j - 1] + 1).min(last[j] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before_last[j - 2] + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, typed: &str, expected: &[&str]) {
        let shown: Vec<&str> =
            highlights(text, &Query::parse(typed)).into_iter().map(|range| &text[range]).collect();
        assert_eq!(shown, expected, "{typed}");
    }

    #[test]
    fn words_are_marked_as_typed_as_begun_and_through_slips() {
        check("The Silent Café", "cafe silent", &["Silent", "Café"]);
        check("The Silent Café", "silent ca", &["Silent", "Ca"]);
        check("The Silent Café", "slient", &["Silent"]);
        check("Thornhaven’s Lantern", "thornhavens", &["Thornhaven’s"]);
        check("Thornhaven II", "thornhaven 2", &["Thornhaven", "II"]);
        check("The Silent Café", "orchard", &[]);
    }

    proptest! {
        #[test]
        fn any_text_is_marked_at_whole_characters(text in any::<String>(), typed in any::<String>()) {
            for range in highlights(&text, &Query::parse(&typed)) {
                prop_assert!(text.get(range).is_some_and(|part| !part.is_empty()));
            }
        }

        #[test]
        fn words_that_are_a_slip_or_two_apart_have_few_other_letters(a in "[a-eé]{1,7}", b in "[a-eé]{1,7}") {
            prop_assert!((letters(&a) ^ letters(&b)).count_ones() as usize <= 2 * distance(&a, &b));
        }
    }
}
