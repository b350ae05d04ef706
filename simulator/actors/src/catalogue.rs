//! A synthetic catalogue: titles, people and plots made from a grammar, as untidy as real suppliers' files.
//!
//! A group of records is a pure function of the spec and the group's number, so a million titles stream by in constant
//! memory. No person and no work is meant to be a real one: names are syllables, titles are common words thrown together.
//!
//! - `words`: the vocabulary.
//! - `names`: people and places from the sounds of eight languages.
//! - `title`: titles, franchises, plots.
//! - `mess`: what goes wrong with records on their way: cases, entities, years, missing fields, repeats.
//! - [`mod@line`]: a record as a line of a file.
//!
//! A group is a single film, a franchise, a film and its remake, or a series with episodes.

pub mod line;
mod mess;
mod names;
#[cfg(test)]
mod tests;
mod title;
mod words;

use units::{Draws, Purpose, Seed};

use crate::chance::Chance;
use names::Culture;
use title::Numbering;

/// How many titles a catalogue has if nobody says otherwise.
pub const TITLES_DEFAULT: u64 = 50_000;

/// What to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Seed of all draws.
    pub seed: Seed,
    /// How many records, episodes and repeats among them.
    pub titles: u64,
    /// Whether records are spoiled as suppliers spoil them; else every one is clean and there are no repeats.
    pub messy: bool,
}

/// What a record is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// One film.
    Film,
    /// A series as a whole.
    Series,
    /// One episode of a series.
    Episode,
}

/// Where an episode stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Id of the series.
    pub series: String,
    /// Season, from 1.
    pub season: u16,
    /// Episode in the season, from 1.
    pub episode: u16,
}

/// When and for whom a title may be shown in a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// ISO 3166-1 alpha-2.
    pub region: &'static str,
    /// First day, counted from 2020-01-01.
    pub start_day: u16,
    /// The day it ends, counted the same; `None` for no end.
    pub end_day: Option<u16>,
    /// Least tier of subscription, 0 the cheapest.
    pub tier: u8,
}

/// A record of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title {
    /// Unique in the catalogue; its number is the record's place in the stream.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// As shown.
    pub title: String,
    /// Other names: translations, transliterations.
    pub alternative_titles: Vec<String>,
    /// Year of first release.
    pub year: Option<u16>,
    /// Leads first.
    pub cast: Vec<String>,
    /// Directors.
    pub directors: Vec<String>,
    /// Genres in a supplier's words.
    pub genres: Vec<String>,
    /// Countries in a supplier's words.
    pub countries: Vec<String>,
    /// BCP 47.
    pub languages: Vec<String>,
    /// A rating of some country's system; empty if there is none.
    pub maturity: String,
    /// A few sentences.
    pub description: String,
    /// Minutes.
    pub runtime_min: Option<u16>,
    /// The day it was added, counted from 2015-01-01, and how the supplier writes days.
    pub added: Option<(u16, DateForm)>,
    /// Millionths, on a logarithmic scale of views that fall as a power of the rank.
    pub popularity: u32,
    /// For episodes.
    pub series: Option<Place>,
    /// Where it may be shown.
    pub windows: Vec<Window>,
}

/// How a supplier writes a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateForm {
    /// `2021-09-25`
    Iso,
    /// `September 25, 2021`
    Long,
    /// `25-Sep-21`
    Short,
}

/// The regions that a catalogue is licensed in.
pub const REGIONS: [&str; 8] = ["US", "GB", "DE", "FR", "ES", "BR", "IN", "JP"];

/// The records of a catalogue, in order, made as they are asked for.
pub fn titles(spec: Spec) -> impl Iterator<Item = Title> {
    let stream = Draws::new(spec.seed, Purpose::Catalogue);
    // Every group has at least one record, so this many groups are enough.
    let groups = (0..spec.titles).flat_map(move |group| make_group(stream, group, spec));
    let records = usize::try_from(spec.titles).unwrap_or(usize::MAX);
    groups.take(records).zip(0_u64..).scan(String::new(), |series, (mut title, number)| {
        title.id = format!("t{number:07}");
        match &mut title.series {
            Some(place) => place.series.clone_from(series),
            None if title.kind == Kind::Series => series.clone_from(&title.id),
            None => {}
        }
        Some(title)
    })
}

/// Room for the records of one group and those of all people.
const PEOPLE: u64 = 1 << 40;

/// One group; ids are given later.
fn make_group(stream: Draws, group: u64, spec: Spec) -> Vec<Title> {
    let mut chance = Chance::new(stream, group);
    let studio = Studio {
        stream,
        people: (spec.titles / 2).max(50),
        culture: names::culture(&mut chance),
        messy: spec.messy,
    };
    let mut made = match chance.below(1_000) {
        0..810 => vec![studio.film(None, &mut chance)],
        810..870 => studio.franchise(&mut chance),
        870..900 => studio.remade(&mut chance),
        _ => studio.series(&mut chance),
    };
    if spec.messy {
        mess::repeat(&mut made, &mut chance);
        made.iter_mut().for_each(|title| mess::spoil(title, &mut chance));
    }
    made
}

/// Who makes a group: one culture, and the people of the whole catalogue.
struct Studio {
    stream: Draws,
    people: u64,
    culture: &'static Culture,
    /// Whether suppliers have words of their own for genres and countries.
    messy: bool,
}

impl Studio {
    /// A person of the catalogue. The square of a draw: some have dozens of credits, most a few.
    fn person(&self, chance: &mut Chance) -> String {
        let draw = u128::from(chance.bits() >> 32) * u128::from(chance.bits() >> 32);
        let person = u64::try_from((draw * u128::from(self.people)) >> 64).unwrap_or(0);
        let mut own = Chance::new(self.stream, PEOPLE | person);
        // Two in three work in the language of the film.
        let culture = if chance.hits(67) { self.culture } else { names::culture(&mut own) };
        culture.person(&mut own)
    }

    fn people(&self, count: usize, chance: &mut Chance) -> Vec<String> {
        let mut people: Vec<String> = Vec::new();
        for _ in 0..count {
            let person = self.person(chance);
            if !people.contains(&person) {
                people.push(person);
            }
        }
        people
    }

    fn name(&self, chance: &mut Chance) -> String {
        if chance.hits(1) && chance.hits(40) {
            return names::in_other_script(chance);
        }
        if self.culture.patterns.is_empty() || chance.hits(30) {
            title::english(chance)
        } else {
            self.culture.title(chance)
        }
    }

    /// A film of this name, or of one of its own.
    fn film(&self, name: Option<String>, chance: &mut Chance) -> Title {
        let name = name.unwrap_or_else(|| self.name(chance));
        let genre_count = [1, 1, 2, 2, 3][chance.below(5)];
        let first_genre = chance.below(words::GENRES.len());
        let genres = (0..genre_count)
            .map(|at| self.one_of(words::GENRES[(first_genre + at * 5) % words::GENRES.len()], chance));
        let genres = genres.collect();
        let country = self.culture.countries[chance.below(self.culture.countries.len())];
        let cast_count = [1, 2, 2, 3, 4, 6, 9][chance.below(7)];
        let director_count = usize::from(chance.hits(80));
        Title {
            id: String::new(),
            kind: Kind::Film,
            alternative_titles: self.other_names(chance),
            year: Some(year(chance)),
            cast: self.people(cast_count, chance),
            directors: self.people(director_count, chance),
            genres,
            countries: vec![self.one_of(&[country.0, country.0, country.0, country.0, country.1], chance)],
            languages: vec![self.culture.language.to_owned()],
            maturity: chance.pick(&words::RATINGS).to_owned(),
            description: title::plot(&name, self.culture, chance),
            runtime_min: Some(75 + u16::try_from(chance.below(90)).unwrap_or(0)),
            added: Some((u16::try_from(chance.below(3_900)).unwrap_or(0), DateForm::Iso)),
            popularity: popularity(chance),
            series: None,
            windows: windows(chance),
            title: name,
        }
    }

    /// One of several words for the same, the first where suppliers keep to the usual one.
    fn one_of(&self, words: &[&str], chance: &mut Chance) -> String {
        let drawn = chance.pick(words);
        if self.messy { drawn } else { words[0] }.to_owned()
    }

    fn other_names(&self, chance: &mut Chance) -> Vec<String> {
        let count = if chance.hits(90) { 0 } else { chance.between(1, 2) };
        (0..count)
            .map(|_| if chance.hits(25) { names::in_other_script(chance) } else { title::english(chance) })
            .collect()
    }

    /// Two to six films that count themselves in one way, with years that go up.
    fn franchise(&self, chance: &mut Chance) -> Vec<Title> {
        let base = self.name(chance);
        let numbering = [Numbering::Arabic, Numbering::Roman, Numbering::Part, Numbering::Subtitle];
        let numbering = numbering[chance.below(4)];
        let (count, lead) = (chance.between(2, 6), self.person(chance));
        let mut year = year(chance).min(2_010);
        (0..count)
            .map(|place| {
                let name = title::of_franchise(&base, numbering, place, chance);
                let mut film = self.film(Some(name), chance);
                film.year = Some(year);
                film.cast.insert(0, lead.clone());
                film.cast.dedup();
                year = (year + u16::try_from(chance.between(1, 4)).unwrap_or(1)).min(2_025);
                film
            })
            .collect()
    }

    /// A film and its remake, of one name and different years and people.
    fn remade(&self, chance: &mut Chance) -> Vec<Title> {
        let name = self.name(chance);
        let article = if name.starts_with("The ") || chance.hits(70) { "" } else { "The " };
        let first = self.film(Some(name.clone()), chance);
        let mut second = self.film(Some(format!("{article}{name}")), chance);
        if second.year.unwrap_or_default().abs_diff(first.year.unwrap_or_default()) < 3 {
            second.year = first.year.map(|year| if year > 1_990 { year - 20 } else { year + 20 });
        }
        vec![first, second]
    }

    /// A series, and the episodes of its first seasons that are listed one by one, if any are.
    fn series(&self, chance: &mut Chance) -> Vec<Title> {
        let mut show = self.film(None, chance);
        show.kind = Kind::Series;
        show.runtime_min = None;
        let seasons = if chance.hits(80) { 0 } else { chance.between(1, 2) };
        let mut made = vec![show];
        for season in 1..=seasons {
            for episode in 1..=chance.between(3, 8) {
                let name =
                    if chance.hits(30) { format!("Episode {episode}") } else { title::english(chance) };
                let mut part = self.film(Some(name), chance);
                part.kind = Kind::Episode;
                part.series = Some(Place {
                    series: String::new(),
                    season: u16::try_from(season).unwrap_or(1),
                    episode: u16::try_from(episode).unwrap_or(1),
                });
                part.cast.clone_from(&made[0].cast);
                part.windows.clone_from(&made[0].windows);
                part.year = made[0]
                    .year
                    .map(|year| (year + part.series.as_ref().map_or(0, |at| at.season - 1)).min(2_025));
                made.push(part);
            }
        }
        made
    }
}

/// Mostly of the last decades, back to 1920.
fn year(chance: &mut Chance) -> u16 {
    let back = chance.below(106) * chance.below(106) / 106;
    2_025 - u16::try_from(back).unwrap_or(0)
}

/// The logarithm of views that fall as a power of the rank, as a share of the most viewed title's.
fn popularity(chance: &mut Chance) -> u32 {
    /// Ranks that differ; further down, nobody watches anything.
    const RANKS: f64 = 1_000_000.0;
    let rank = 1.0 + units::draws::unit_interval(chance.bits()) * (RANKS - 1.0);
    let share = 1.0 - libm::log(rank) / libm::log(RANKS);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of 0..=1, in millionths"
    )]
    let millionths = (share * 1_000_000.0) as u32;
    millionths
}

/// Seven regions in ten have a title, a fifth of them for a time.
fn windows(chance: &mut Chance) -> Vec<Window> {
    let tier = [0, 0, 0, 1, 1, 2][chance.below(6)];
    REGIONS
        .into_iter()
        .filter_map(|region| {
            let (has, ends) = (chance.hits(70), chance.hits(20));
            let (start, days) = (chance.below(2_000), chance.between(30, 2_400));
            let start_day = u16::try_from(start).unwrap_or(0);
            let end_day = ends.then(|| start_day + u16::try_from(days).unwrap_or(30));
            has.then_some(Window { region, start_day, end_day, tier })
        })
        .collect()
}
