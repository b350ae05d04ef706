//! The hard kinds, people apart: half-heard, half-remembered, typed in a hurry.

use super::index::Index;
use super::{Accepts, Made, edit, fold};
use crate::chance::Chance;

/// What is typed after a title by those who want to watch it.
const AFTER: [&str; 11] = [
    "movie",
    "full movie",
    "trailer",
    "hd",
    "english subtitles",
    "online",
    "watch online",
    "film",
    "stream",
    "free",
    "streaming",
];
/// What is typed before it.
const BEFORE: [&str; 5] = ["watch", "the movie", "the film", "where to watch", "stream"];
/// Longer runs are not typed.
const RUN_WORDS_MAX: usize = 4;
/// How many words of a plot are remembered.
const PLOT_WORDS: usize = 3;

pub(super) fn noise(index: &Index<'_>, title: usize, chance: &mut Chance) -> Option<Made> {
    let full = index.titles[title].full();
    let query = if chance.hits(75) {
        format!("{full} {}", chance.pick(&AFTER))
    } else {
        format!("{} {full}", chance.pick(&BEFORE))
    };
    Some(Made::namesakes(query))
}

pub(super) fn run_together(index: &Index<'_>, title: usize) -> Option<Made> {
    let words = &index.titles[title].words;
    (2..=RUN_WORDS_MAX).contains(&words.len()).then(|| Made::namesakes(words.concat()))
}

/// Whether others have nearly this title, and of those who have it to the letter this is the best known.
pub(super) fn is_best_known_namesake(index: &Index<'_>, title: usize) -> bool {
    let namesakes = index.namesakes(title);
    let rivals = namesakes.iter().map(|&other| other as usize).filter(|&other| other != title);
    let known = |title: usize| index.facts[title].popularity;
    namesakes.len() > 1
        && rivals
            .filter(|&other| index.titles[other].words == index.titles[title].words)
            .all(|other| known(other) < known(title))
}

pub(super) fn year_off(index: &Index<'_>, title: usize, chance: &mut Chance) -> Option<Made> {
    let year = index.facts[title].year?;
    let typed = if chance.hits(50) { year.checked_add(1)? } else { year.checked_sub(1)? };
    let query = format!("{} {typed}", index.titles[title].full());
    Some(Made { query, accepts: Accepts::NamesakesWithin(typed, 1) })
}

pub(super) fn inflected(index: &Index<'_>, title: usize, chance: &mut Chance) -> Option<Made> {
    let mut words = index.titles[title].words.clone();
    let telling: Vec<usize> = (0..words.len()).filter(|&at| !fold::is_small(&words[at])).collect();
    let at = *telling.get(chance.below(telling.len()))?;
    words[at] = edit::inflect(&words[at], chance)?;
    Some(Made::namesakes(words.join(" ")))
}

pub(super) fn by_ear(index: &Index<'_>, title: usize, chance: &mut Chance) -> Option<Made> {
    let words = &index.titles[title].words;
    let mut heard = edit::mishear(words, chance)?;
    if chance.hits(25) {
        heard = edit::mishear(&heard, chance).unwrap_or(heard);
    }
    (heard != *words).then(|| Made::namesakes(heard.join(" ")))
}

pub(super) fn first_letter(index: &Index<'_>, title: usize, chance: &mut Chance) -> Option<Made> {
    let typed = edit::mistype_first(&index.titles[title].words, chance)?;
    Some(Made::namesakes(typed.join(" ")))
}

/// Words of the description that are not in the title, in any order, and together in no other description.
pub(super) fn plot(index: &Index<'_>, title: usize, chance: &mut Chance) -> Option<Made> {
    let own = &index.titles[title].words;
    let mut words = fold::words(&index.facts[title].description);
    words.sort_unstable();
    words.dedup();
    words.retain(|word| {
        word.bytes().all(|byte| byte.is_ascii_lowercase()) && !own.contains(word) && index.is_telling(word)
    });
    if words.len() < PLOT_WORDS {
        return None;
    }
    let kept: Vec<String> = (0..PLOT_WORDS).map(|_| words.swap_remove(chance.below(words.len()))).collect();
    let together: Vec<&str> = kept.iter().map(String::as_str).collect();
    (index.with_plot(&together).len() == 1)
        .then(|| Made { query: kept.join(" "), accepts: Accepts::TargetAlone })
}
