//! Titles and plots from a small grammar.

use super::names::{CULTURES, Culture, capitalised};
use super::words::{ADJECTIVES, HEADS, NOUNS, TAILS, VERBS};
use crate::chance::Chance;

/// The sounds of English titles.
const ENGLISH: &Culture = &CULTURES[0];

fn compound(chance: &mut Chance) -> String {
    [chance.pick(&HEADS), chance.pick(&TAILS)].concat()
}

/// A noun: mostly a common one, else a compound or a made-up name, so that titles do not run out.
fn noun(chance: &mut Chance) -> String {
    match chance.below(100) {
        0..62 => chance.pick(&NOUNS).to_owned(),
        62..84 => capitalised(&compound(chance)),
        _ => ENGLISH.surname(chance),
    }
}

fn plural(noun: &str) -> String {
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if noun.ends_with(['s', 'h', 'x']) => format!("{noun}es"),
        _ => format!("{noun}s"),
    }
}

fn small_number(chance: &mut Chance) -> String {
    const SPELLED: [&str; 11] =
        ["Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Twelve", "Thirteen"];
    if chance.hits(60) { chance.pick(&SPELLED).to_owned() } else { chance.between(2, 99).to_string() }
}

/// A title in English.
pub(super) fn english(chance: &mut Chance) -> String {
    let adjective = chance.pick(&ADJECTIVES);
    let (one, two) = (noun(chance), noun(chance));
    let name = ENGLISH.surname(chance);
    match chance.below(100) {
        0..4 => one,
        4..9 => name,
        9..12 => capitalised(&compound(chance)),
        12..24 => format!("{adjective} {one}"),
        24..32 => format!("The {one}"),
        32..36 => format!("{name} {one}"),
        36..40 => format!("{one} {two}"),
        40..54 => format!("The {adjective} {one}"),
        54..60 => format!("{one} of {name}"),
        60..63 => format!("{name} and {one}"),
        63..65 => format!("{name} & {}", ENGLISH.surname(chance)),
        65..68 => format!("{name}'s {one}"),
        68..71 => format!("{} {}", small_number(chance), plural(&one)),
        71..76 => format!("The {one} of {name}"),
        76..79 => format!("A {one} in {name}"),
        79..82 => format!("{name}: The {adjective} {one}"),
        82..85 => format!("The {one} and the {two}"),
        85..88 => format!("My {adjective} {one}"),
        88..90 => format!("Don't {} the {one}", capitalised(chance.pick(&VERBS.map(|verb| verb.0)))),
        90..93 => format!("The {one} Who {} {name}", capitalised(chance.pick(&VERBS.map(|verb| verb.1)))),
        93..95 => format!("{adjective}, {}, {}", chance.pick(&ADJECTIVES), chance.pick(&ADJECTIVES)),
        95..97 => format!("{one} at the {adjective} {two}"),
        97..98 => format!("What Happened to the {adjective} {one}?"),
        98..99 => format!("{one}-{two}"),
        _ => format!("The {adjective} {one} and the {} of {name}", plural(&two)),
    }
}

/// How a franchise counts its films.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbering {
    /// `Amber 2`
    Arabic,
    /// `Amber II`
    Roman,
    /// `Amber: Part Two`
    Part,
    /// `Amber: The Silent Orchard`
    Subtitle,
}

const ROMAN: [&str; 9] = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"];
const SPELLED: [&str; 9] = ["One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"];

/// The title of the film of that place in its franchise, 0 for the first. Places end at 8.
pub(super) fn of_franchise(base: &str, numbering: Numbering, place: usize, chance: &mut Chance) -> String {
    let place = place.min(ROMAN.len() - 1);
    match numbering {
        _ if place == 0 => base.to_owned(),
        Numbering::Arabic => format!("{base} {}", place + 1),
        Numbering::Roman => format!("{base} {}", ROMAN[place]),
        Numbering::Part => format!("{base}: Part {}", SPELLED[place]),
        Numbering::Subtitle => format!("{base}: The {} {}", chance.pick(&ADJECTIVES), noun(chance)),
    }
}

/// What it is about, in two to four sentences.
pub(super) fn plot(title: &str, culture: &Culture, chance: &mut Chance) -> String {
    let (hero, place) = (culture.surname(chance), culture.word(chance));
    let lower = |word: &str| word.to_lowercase();
    let mut sentences = vec![format!(
        "In {place}, {} {} named {hero} must {} the {} of a {} {}.",
        article(chance.pick(&ADJECTIVES)),
        compound(chance),
        chance.pick(&VERBS.map(|verb| verb.0)),
        compound(chance),
        lower(chance.pick(&ADJECTIVES)),
        lower(chance.pick(&NOUNS)),
    )];
    for _ in 0..chance.between(1, 3) {
        let (one, two) = (lower(chance.pick(&NOUNS)), lower(chance.pick(&NOUNS)));
        let past = chance.pick(&VERBS.map(|verb| verb.1));
        sentences.push(match chance.below(5) {
            0 => format!(
                "When the {one} is {past} by the {}, {hero} learns what the {two} was for.",
                compound(chance)
            ),
            1 => format!(
                "Years later, {} {past} the only {one} that could save the {two}.",
                culture.surname(chance)
            ),
            2 => format!(
                "A {} and {} {one} stand between {hero} and the {}.",
                compound(chance),
                article(chance.pick(&ADJECTIVES)),
                compound(chance)
            ),
            3 => format!(
                "“{title}” follows three {} through one {} {one}.",
                plural(&two),
                lower(chance.pick(&ADJECTIVES))
            ),
            _ => format!(
                "Nobody in {place} {past} the {one}, until the {two} near {} began.",
                ENGLISH.surname(chance)
            ),
        });
    }
    sentences.join(" ")
}

/// A quality behind its article.
fn article(adjective: &str) -> String {
    let adjective = adjective.to_lowercase();
    let article = if adjective.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {adjective}")
}
