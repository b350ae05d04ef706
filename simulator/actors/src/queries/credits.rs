//! A name and something else: fair where one title alone has both.

use super::index::Index;
use super::{Accepts, Made, edit, fold};
use crate::chance::Chance;

/// Shorter words of a title tell little beside a name.
const WORD_LETTERS_MIN: usize = 4;
/// A slip in a shorter surname makes it another's.
const SURNAME_LETTERS_MIN: usize = 5;

/// A word of the title that tells something.
fn telling_word<'a>(index: &'a Index<'_>, title: usize, chance: &mut Chance) -> Option<&'a str> {
    let words = index.titles[title].words.iter().map(String::as_str);
    let telling: Vec<&str> =
        words.filter(|word| word.len() >= WORD_LETTERS_MIN && !fold::is_small(word)).collect();
    (!telling.is_empty()).then(|| chance.pick(&telling))
}

/// A name of the cast, as words.
fn name(index: &Index<'_>, title: usize, chance: &mut Chance) -> Option<Vec<String>> {
    let cast = &index.facts[title].cast;
    let name = fold::words(cast.get(chance.below(cast.len()))?);
    (!name.is_empty()).then_some(name)
}

/// Whether no other title has both the name and the word.
fn is_alone(index: &Index<'_>, name: &[String], word: &str) -> bool {
    let holds = index.with_words(&[word]);
    index.with_name(name).iter().filter(|title| holds.binary_search(title).is_ok()).count() == 1
}

fn alone(query: String) -> Made {
    Made { query, accepts: Accepts::TargetAlone }
}

pub(super) fn name_and_word(index: &Index<'_>, title: usize, chance: &mut Chance) -> Option<Made> {
    let name = name(index, title, chance)?;
    let word = telling_word(index, title, chance)?;
    let typed = if chance.hits(50) { &name[..] } else { &name[name.len() - 1..] };
    is_alone(index, typed, word).then(|| alone(format!("{} {word}", typed.join(" "))))
}

pub(super) fn misspelled_name_and_word(index: &Index<'_>, title: usize, chance: &mut Chance) -> Option<Made> {
    let name = name(index, title, chance)?;
    let surname = name.last()?;
    let word = telling_word(index, title, chance)?;
    if surname.len() < SURNAME_LETTERS_MIN || !is_alone(index, std::slice::from_ref(surname), word) {
        return None;
    }
    let slipped = edit::mistype_name(surname, chance)?;
    (slipped != *surname).then(|| alone(format!("{slipped} {word}")))
}

pub(super) fn name_and_genre(index: &Index<'_>, title: usize, chance: &mut Chance) -> Option<Made> {
    let name = name(index, title, chance)?;
    let facts = &index.facts[title];
    let genre = facts.genres.get(chance.below(facts.genres.len()))?;
    let typed = format!("{} {}", name.join(" "), genre.to_lowercase());
    let both: Vec<u32> = index
        .with_name(&name)
        .into_iter()
        .filter(|&other| {
            let genres = &index.facts[other as usize].genres;
            genres.iter().any(|other| fold::plain(other).contains(&fold::plain(genre)))
        })
        .collect();
    if both.len() == 1 {
        return (name.len() > 1).then(|| alone(typed));
    }
    let year = facts.year?;
    let same_year = both.iter().filter(|&&other| index.facts[other as usize].year == Some(year)).count();
    (name.len() > 1 && same_year == 1).then(|| alone(format!("{typed} {year}")))
}
