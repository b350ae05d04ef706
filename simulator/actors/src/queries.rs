//! What searchers type who look for a title they know: prefixes, typos, half-remembered words, a name and a word.
//!
//! Works over any catalogue. Each row says what is typed and every title that answers it as well as the one that was
//! meant, so that success at rank k can be counted. Titles are split by franchise into a half to tune on and a half to judge
//! by, whatever the seed: no sequel or remake stands on both sides.
//!
//! - [`facts`]: what is known of a title.
//! - [`kind`]: the kinds of rows, fifteen plain and nine hard.
//! - [`fold`]: our own reading of text as words, on purpose not the platform's.
//! - `index`: which titles share a word, a name, a prefix.
//! - `numerals`: 2, II, two.
//! - `edit`: slips of the finger, of the ear, of grammar.
//! - `plain`, `hard`, `credits`: how each kind is made from a title.
//!
//! Two in three targets are well-known titles: people search for what they have heard of.

mod credits;
mod edit;
pub mod facts;
pub mod fold;
mod hard;
mod index;
pub mod kind;
mod numerals;
mod plain;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use units::{Draws, Purpose, Seed, draws};

use crate::chance::Chance;
pub use facts::TitleFacts;
use index::Index;
pub use kind::Kind;

/// A query and all that answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Unique within one list of rows.
    pub id: String,
    /// How the query was made.
    pub kind: Kind,
    /// What is typed.
    pub query: String,
    /// The title that was meant, then every other that answers as well.
    pub expected: Vec<Expected>,
}

/// A title that answers a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// The title as shown.
    pub title: String,
    /// Year of first release.
    pub year: Option<u16>,
    /// The catalogue's word for its kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id in the catalogue.
    pub doc_id: String,
}

/// Which half of the franchises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Split {
    /// For choosing weights and thresholds.
    Tuning,
    /// For saying how good the result is.
    Judging,
}

impl Split {
    /// The half that a title belongs to.
    #[must_use]
    pub fn of(title: &str) -> Self {
        // FNV-1a, then a mixer: <https://www.rfc-editor.org/rfc/rfc9923>.
        let hash = fold::franchise(title).bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        });
        if draws::mix(hash) & 1 == 0 { Self::Tuning } else { Self::Judging }
    }
}

/// What to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Seed of all draws.
    pub seed: Seed,
    /// Which half.
    pub split: Split,
    /// Rows of each kind; fewer where the catalogue has no more titles that fit.
    pub per_kind: usize,
}

/// What else answers a query.
enum Accepts {
    /// Every title that reads the same, articles apart.
    Namesakes,
    /// Namesakes of years at most so far from the one typed.
    NamesakesWithin(u16, u16),
    /// No other: nothing else matches all that was typed, or the best known is meant.
    TargetAlone,
}

/// A query made from a target.
struct Made {
    query: String,
    accepts: Accepts,
}

impl Made {
    const fn namesakes(query: String) -> Self {
        Self { query, accepts: Accepts::Namesakes }
    }
}

/// Of how many uniform draws the best known is taken.
///
/// With [`KNOWN_PERCENT`], half of the targets are among the best-known quarter of the catalogue, as measured on a published set
/// of known-item queries over 44,000 titles.
const KNOWN_OF: usize = 4;
/// How many targets of a hundred are drawn towards the well-known; the rest come from all titles alike.
const KNOWN_PERCENT: usize = 65;
/// Tries for each row that was asked for: enough for kinds in which one title of thirty makes a fair query.
const TRIES_PER_ROW: usize = 60;

/// Makes rows of all kinds over a catalogue.
///
/// The same facts and order give the same rows.
#[must_use]
pub fn generate(facts: &[TitleFacts], order: &Order) -> Vec<Row> {
    let index = Index::new(facts);
    Kind::ALL.into_iter().flat_map(|kind| rows_of_kind(&index, kind, order)).collect()
}

fn rows_of_kind(index: &Index<'_>, kind: Kind, order: &Order) -> Vec<Row> {
    let fitting: Vec<usize> = (0..index.titles.len())
        .filter(|&title| index.may_be_target(title, order.split) && fits(index, kind, title))
        .collect();
    if fitting.is_empty() {
        return Vec::new();
    }
    let stream = Draws::new(order.seed, Purpose::Query);
    let (mut rows, mut taken) = (Vec::new(), BTreeSet::new());
    for attempt in 0..order.per_kind.saturating_mul(TRIES_PER_ROW) {
        if rows.len() == order.per_kind {
            break;
        }
        let mut chance = Chance::new(stream, ((kind as u64) << 40) | attempt as u64);
        let target = draw_target(index, &fitting, &mut chance);
        if taken.contains(&index.titles[target].key) {
            continue;
        }
        if let Some(made) = make(index, kind, target, &mut chance) {
            taken.insert(index.titles[target].key.clone());
            let id = format!("{}-{:03}", kind.name(), rows.len());
            rows.push(Row { id, kind, expected: expected(index, target, &made.accepts), query: made.query });
        }
    }
    rows
}

fn draw_target(index: &Index<'_>, fitting: &[usize], chance: &mut Chance) -> usize {
    let draws = if chance.hits(KNOWN_PERCENT) { KNOWN_OF } else { 1 };
    let mut best = fitting[chance.below(fitting.len())];
    for _ in 1..draws {
        let other = fitting[chance.below(fitting.len())];
        if index.facts[other].popularity > index.facts[best].popularity {
            best = other;
        }
    }
    best
}

/// Whether a title can make a query of a kind at all: a cheap look, so that rare kinds are not searched for by chance.
fn fits(index: &Index<'_>, kind: Kind, title: usize) -> bool {
    match kind {
        Kind::Diacritics => plain::has_marks(index, title),
        Kind::Article => plain::has_article(index, title),
        Kind::Number => plain::has_number(index, title),
        Kind::TitleYear | Kind::HardYearOff => index.facts[title].year.is_some(),
        Kind::ActorTitle | Kind::ActorGenre | Kind::HardPeopleTypo => !index.facts[title].cast.is_empty(),
        Kind::AltSpelling => plain::has_other_spelling(index, title),
        Kind::HardAmbiguous => hard::is_best_known_namesake(index, title),
        Kind::HardPlot => !index.facts[title].description.is_empty(),
        _ => true,
    }
}

fn make(index: &Index<'_>, kind: Kind, title: usize, chance: &mut Chance) -> Option<Made> {
    let made = match kind {
        Kind::Exact => plain::exact(index, title),
        Kind::ExactPlain => Some(Made::namesakes(index.titles[title].full())),
        Kind::Prefix => plain::prefix(index, title),
        Kind::Typo1 => plain::typos(index, title, 1, chance),
        Kind::Typo2 => plain::typos(index, title, 2, chance),
        Kind::PrefixTypo => plain::prefix_typo(index, title, chance),
        Kind::Diacritics => Some(Made::namesakes(index.titles[title].full())),
        Kind::Article => plain::article(index, title, chance),
        Kind::Number => plain::number(index, title, chance),
        Kind::TitleYear => plain::title_year(index, title, chance),
        Kind::ActorTitle => credits::name_and_word(index, title, chance),
        Kind::ActorGenre => credits::name_and_genre(index, title, chance),
        Kind::AltSpelling => plain::other_spelling(index, title, chance),
        Kind::MissingWords => plain::missing_words(index, title, chance),
        Kind::CasePunct => plain::case_and_punctuation(index, title, chance),
        Kind::HardNoise => hard::noise(index, title, chance),
        Kind::HardConcat => hard::run_together(index, title),
        Kind::HardAmbiguous => {
            Some(Made { query: index.titles[title].full(), accepts: Accepts::TargetAlone })
        }
        Kind::HardYearOff => hard::year_off(index, title, chance),
        Kind::HardInflect => hard::inflected(index, title, chance),
        Kind::HardPhonetic => hard::by_ear(index, title, chance),
        Kind::HardPeopleTypo => credits::misspelled_name_and_word(index, title, chance),
        Kind::HardPlot => hard::plot(index, title, chance),
        Kind::HardFirstChar => hard::first_letter(index, title, chance),
    }?;
    let clear = matches!(made.accepts, Accepts::TargetAlone) || !index.is_another_title(&made.query, title);
    (clear && !made.query.is_empty()).then_some(made)
}

fn expected(index: &Index<'_>, target: usize, accepts: &Accepts) -> Vec<Expected> {
    let near = |title: usize| match *accepts {
        Accepts::Namesakes => true,
        Accepts::NamesakesWithin(year, off) => {
            index.facts[title].year.is_some_and(|of| of.abs_diff(year) <= off)
        }
        Accepts::TargetAlone => false,
    };
    let others = index.namesakes(target).iter().map(|&title| title as usize);
    let others = others.filter(|&title| title != target && near(title));
    std::iter::once(target)
        .chain(others)
        .map(|title| {
            let facts = &index.facts[title];
            Expected {
                title: facts.title.clone(),
                year: facts.year,
                kind: facts.kind.clone(),
                doc_id: facts.id.clone(),
            }
        })
        .collect()
}
