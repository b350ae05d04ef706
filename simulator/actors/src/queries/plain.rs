//! The plain kinds: what most searches look like.

use super::index::Index;
use super::{Accepts, Made, edit, fold, numerals};
use crate::chance::Chance;

/// A beginning is typed on until at most so many distinct titles start with it.
const STARTING_MAX: usize = 3;
/// Nobody looks at results for less.
const PREFIX_CHARS_MIN: usize = 3;

/// American and British spellings.
const SPELLINGS: [(&str, &str); 21] = [
    ("color", "colour"),
    ("honor", "honour"),
    ("harbor", "harbour"),
    ("neighbor", "neighbour"),
    ("favorite", "favourite"),
    ("armor", "armour"),
    ("rumor", "rumour"),
    ("parlor", "parlour"),
    ("glamor", "glamour"),
    ("behavior", "behaviour"),
    ("theater", "theatre"),
    ("center", "centre"),
    ("gray", "grey"),
    ("traveler", "traveller"),
    ("jewelry", "jewellery"),
    ("defense", "defence"),
    ("pajama", "pyjama"),
    ("pajamas", "pyjamas"),
    ("catalog", "catalogue"),
    ("mom", "mum"),
    ("realize", "realise"),
];

pub(super) fn exact(index: &Index<'_>, title: usize) -> Option<Made> {
    let shown = index.facts[title].title.trim();
    (!shown.is_empty()).then(|| Made::namesakes(shown.to_owned()))
}

pub(super) fn prefix(index: &Index<'_>, title: usize) -> Option<Made> {
    let full = index.titles[title].full();
    let ends = full.char_indices().map(|(at, _)| at).skip(PREFIX_CHARS_MIN);
    let mut cuts = ends.filter(|&at| !full[..at].ends_with(' '));
    let cut = cuts.find(|&at| index.starting(&full[..at]) <= STARTING_MAX)?;
    Some(Made::namesakes(full[..cut].to_owned()))
}

pub(super) fn typos(index: &Index<'_>, title: usize, count: usize, chance: &mut Chance) -> Option<Made> {
    let words = &index.titles[title].words;
    let typed = (0..count).try_fold(words.clone(), |typed, _| edit::mistype(&typed, chance))?;
    // Two slips may undo each other.
    (typed != *words).then(|| Made::namesakes(typed.join(" ")))
}

pub(super) fn prefix_typo(index: &Index<'_>, title: usize, chance: &mut Chance) -> Option<Made> {
    let words = &index.titles[title].words;
    let (last, before) = words.split_last()?;
    let slipped = edit::mistype(std::slice::from_ref(last), chance)?.concat();
    let lead: usize = before.iter().map(|word| word.chars().count() + 1).sum();
    let typed: Vec<char> = format!("{} {slipped}", before.join(" ")).trim_start().chars().collect();
    // Eight or nine tenths are typed, and of the last word enough to know it by.
    let kept = (typed.len() * chance.between(80, 90) / 100).max(lead + 3);
    if kept >= typed.len() {
        return None;
    }
    let meant: String = index.titles[title].full().chars().take(kept).collect();
    (index.starting(&meant) <= STARTING_MAX).then(|| Made::namesakes(typed[..kept].iter().collect()))
}

pub(super) fn has_marks(index: &Index<'_>, title: usize) -> bool {
    let marked = index.facts[title].title.chars().any(|c| !c.is_ascii() && c.is_alphabetic());
    marked && index.titles[title].words.iter().all(|word| word.is_ascii())
}

pub(super) fn has_article(index: &Index<'_>, title: usize) -> bool {
    fold::without_article(&index.titles[title].words).len() < index.titles[title].words.len()
}

pub(super) fn article(index: &Index<'_>, title: usize, chance: &mut Chance) -> Option<Made> {
    if chance.hits(50) {
        return Some(Made::namesakes(index.titles[title].key.clone()));
    }
    let (article, rest) = index.facts[title].title.trim().split_once(' ')?;
    Some(Made::namesakes(format!("{}, {article}", rest.trim())))
}

/// A word of a title that is a number: where it stands, and how else it may be written.
fn number_word(index: &Index<'_>, title: usize) -> Option<(usize, u32, NumberForm)> {
    let words = &index.titles[title].words;
    let shown: Vec<&str> = index.facts[title].title.split_whitespace().collect();
    (0..words.len()).rev().find_map(|at| {
        let word = words[at].as_str();
        let value = numerals::read(word)?;
        if word.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some((at, value, NumberForm::Digits));
        }
        if numerals::from_roman(word).is_none() {
            // "One" is mostly no count; a title that is nothing but a number stays as it is known.
            return (value > 1 && words.len() > 1).then_some((at, value, NumberForm::Spelled));
        }
        // "Mix" and "vi" are words: only capitals, and never the first word, count.
        let capital = |shown: &&str| shown.trim_end_matches([':', ',', '!']) == word.to_uppercase();
        (at > 0 && shown.iter().any(capital)).then_some((at, value, NumberForm::Roman))
    })
}

enum NumberForm {
    Digits,
    Roman,
    Spelled,
}

pub(super) fn has_number(index: &Index<'_>, title: usize) -> bool {
    number_word(index, title).is_some()
}

pub(super) fn number(index: &Index<'_>, title: usize, chance: &mut Chance) -> Option<Made> {
    let (at, value, form) = number_word(index, title)?;
    let roman = || numerals::in_roman(value).filter(|_| value > 1);
    let other = match form {
        NumberForm::Digits if chance.hits(60) => roman().or_else(|| numerals::in_words(value)),
        NumberForm::Roman if chance.hits(25) => numerals::in_words(value),
        NumberForm::Digits => numerals::in_words(value),
        NumberForm::Roman | NumberForm::Spelled => Some(value.to_string()),
    }?;
    let mut words = index.titles[title].words.clone();
    words[at] = other;
    Some(Made::namesakes(words.join(" ")))
}

pub(super) fn title_year(index: &Index<'_>, title: usize, chance: &mut Chance) -> Option<Made> {
    let (full, year) = (index.titles[title].full(), index.facts[title].year?);
    let query = if chance.hits(70) { format!("{full} {year}") } else { format!("{full} ({year})") };
    Some(Made { query, accepts: Accepts::NamesakesWithin(year, 0) })
}

/// Two words that are both long enough to be run together in earnest.
fn joinable(words: &[String]) -> impl Iterator<Item = usize> {
    let long = |word: &String| word.len() >= 3 && !fold::is_small(word);
    (1..words.len()).filter(move |&at| long(&words[at - 1]) && long(&words[at]))
}

pub(super) fn has_other_spelling(index: &Index<'_>, title: usize) -> bool {
    joinable(&index.titles[title].words).next().is_some() || !respellings(index, title).is_empty()
}

/// A title written another way, runs of two words apart.
fn respellings(index: &Index<'_>, title: usize) -> Vec<String> {
    let shown = index.facts[title].title.trim().to_lowercase().replace('’', "'");
    let words = &index.titles[title].words;
    let mut ways = Vec::new();
    let inner_hyphen = shown.split_whitespace().any(|word| word.trim_matches('-').contains('-'));
    if inner_hyphen {
        ways.push(words.join(" "));
        ways.push(fold::plain(&shown.replace('-', "")));
    }
    if shown.contains('\'') {
        ways.push(shown.replace('\'', ""));
    }
    if shown.contains("'s ") {
        ways.push(fold::plain(&shown.replace("'s ", " ")));
    }
    if shown.contains(" & ") {
        ways.push(shown.replace(" & ", " and "));
    }
    if shown.contains(" and ") {
        ways.push(shown.replace(" and ", " & "));
    }
    for (at, word) in words.iter().enumerate() {
        let pair = SPELLINGS.iter().find(|(us, uk)| us == word || uk == word);
        if let Some((us, uk)) = pair {
            let mut words = words.clone();
            words[at] = if us == word { (*uk).to_owned() } else { (*us).to_owned() };
            ways.push(words.join(" "));
        }
    }
    ways
}

pub(super) fn other_spelling(index: &Index<'_>, title: usize, chance: &mut Chance) -> Option<Made> {
    let mut ways = respellings(index, title);
    if !ways.is_empty() {
        return Some(Made::namesakes(ways.swap_remove(chance.below(ways.len()))));
    }
    // Most titles can be run together and few hold an apostrophe: without this, nothing else would be seen.
    if chance.hits(92) {
        return None;
    }
    let words = &index.titles[title].words;
    let places: Vec<usize> = joinable(words).collect();
    let at = places[chance.below(places.len())];
    let mut joined = words.clone();
    let second = joined.remove(at);
    joined[at - 1].push_str(&second);
    Some(Made::namesakes(joined.join(" ")))
}

pub(super) fn missing_words(index: &Index<'_>, title: usize, chance: &mut Chance) -> Option<Made> {
    let words = &index.titles[title].words;
    let telling: Vec<&str> = words.iter().map(String::as_str).filter(|word| !fold::is_small(word)).collect();
    let kept = if telling.len() < words.len() && telling.len() >= 2 {
        telling
    } else if words.len() >= 4 && telling.len() >= 3 {
        let left_out = chance.between(1, words.len() - 1);
        (0..words.len()).filter(|&at| at != left_out).map(|at| words[at].as_str()).collect()
    } else {
        return None;
    };
    let mut others: Vec<&str> =
        index.with_words(&kept).iter().map(|&other| index.titles[other as usize].key.as_str()).collect();
    others.sort_unstable();
    others.dedup();
    (others.len() <= STARTING_MAX).then(|| Made::namesakes(kept.join(" ")))
}

pub(super) fn case_and_punctuation(index: &Index<'_>, title: usize, chance: &mut Chance) -> Option<Made> {
    let shown = index.facts[title].title.trim();
    let alternating = || {
        let letters = (0_usize..).zip(shown.chars());
        letters
            .flat_map(|(at, c)| {
                if at % 2 == 0 { c.to_uppercase().collect() } else { c.to_lowercase().collect::<Vec<_>>() }
            })
            .collect()
    };
    let query: String = match chance.below(10) {
        0..4 => shown.to_uppercase(),
        4..6 => shown.split_whitespace().collect::<Vec<_>>().join("  "),
        6 => format!("{}!!", shown.to_lowercase()),
        7 => format!("  {}... ", index.titles[title].full()),
        8 => index.titles[title].words.join("."),
        _ => alternating(),
    };
    (query != shown).then(|| Made::namesakes(query))
}
