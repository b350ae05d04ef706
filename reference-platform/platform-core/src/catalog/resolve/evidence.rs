//! What speaks for and against two records being about one work, as named features with points.
//!
//! All in integers: a share is in thousandths, points are added up.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde::Serialize;

use super::{State, edition, summary};
use crate::catalog::normalise;
use crate::catalog::record::{Kind, RecordId, TitleRecord};

/// From so many points on, two records are one work without asking.
///
/// This and the weights in [`Features::terms`] were chosen by hand on the tuning half of a catalogue's own repeats, which
/// `rehearsal validate entities` prints beside the other half: same title and year suffice, a year's difference wants an
/// actor in common or a telling title.
pub const MERGE_FROM: i32 = 670;
/// From so many points on, a person is asked.
pub const REVIEW_FROM: i32 = 450;
/// A whole, in thousandths.
const WHOLE: i32 = 1000;
/// Words of a title, small ones not counted, from which on a namesake within a year is hardly chance.
const TELLING_WORDS: usize = 3;
/// Small words, which tell no title from another.
const SMALL_WORDS: [&str; 14] =
    ["the", "a", "an", "and", "or", "of", "in", "on", "at", "to", "for", "from", "with", "by"];
/// Shared actors from which on it is hardly chance.
const TELLING_CAST: usize = 2;
/// Minutes by which running times of one edition differ: trailers, frame rates, rounding.
const SAME_RUNTIME_MIN: u16 = 3;
/// Minutes by which those of two works differ.
const OTHER_RUNTIME_MIN: u16 = 15;
/// What each year beyond two takes off, in thousandths: films lie on shelves for some years, remakes come later.
const OTHER_YEAR_STEP: i32 = 100;
/// Years that lie between a festival and a release, or between two countries' releases, at most.
const RELEASE_YEARS: u16 = 1;

/// What is compared of a record, in comparable form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The record's id.
    pub id: RecordId,
    /// The work's title as written, without the edition.
    pub work: String,
    /// Which edition it is, if it says so.
    pub edition: Option<String>,
    /// Keys under which it is compared with others.
    pub(super) block_keys: BTreeSet<String>,
    pub(super) year: Option<u16>,
    title: String,
    titles: BTreeSet<String>,
    kind: Kind,
    cast: BTreeSet<String>,
    directors: BTreeSet<String>,
    runtime_min: Option<u16>,
    external_ids: BTreeSet<(String, String)>,
}

impl Facts {
    /// The facts of all records, in the order of their ids; records with one id in the order of what they hold.
    #[must_use]
    pub fn of_all(records: &[TitleRecord]) -> Vec<Self> {
        let mut ordered: Vec<&TitleRecord> = records.iter().collect();
        ordered.sort_by(|a, b| a.id.cmp(&b.id).then_with(|| written(a).cmp(&written(b))));
        ordered.into_iter().map(Self::of).collect()
    }

    fn of(record: &TitleRecord) -> Self {
        let parted = edition::part(&record.title);
        let title = normalise::key(parted.work);
        let alternatives =
            record.alternative_titles.iter().map(|title| normalise::key(edition::part(title).work));
        let titles: BTreeSet<String> = alternatives.chain([title.clone()]).collect();
        // What stands in brackets is a remark on the names before it: `(voices)`.
        let names = |names: &[String]| -> BTreeSet<String> {
            let names = names.iter().filter(|name| !name.trim_start().starts_with('('));
            // Joined, so that `Z. A. Orn` meets `Z.A. Orn`.
            let names = names.map(|name| normalise::person(name).replace(' ', ""));
            names.filter(|name| !name.is_empty()).collect()
        };
        let directors = match names(&record.directors) {
            listed if listed.is_empty() => names(&summary::directors(&record.description)),
            listed => listed,
        };
        Self {
            id: record.id.clone(),
            work: parted.work.to_owned(),
            edition: parted.edition,
            // Joined, so that `Otter Man` meets `Otterman`.
            block_keys: (titles.iter().map(|title| title.replace(' ', "")))
                .chain(record.external_ids.iter().map(|(whose, id)| format!("{whose}={id}")))
                .collect(),
            year: record.year,
            title,
            titles,
            kind: record.kind,
            cast: names(&record.cast),
            directors,
            runtime_min: record.runtime_min,
            external_ids: record.external_ids.iter().map(|(whose, id)| (whose.clone(), id.clone())).collect(),
        }
    }

    /// The words of its title without numbers, and the numbers.
    fn split_numbers(&self) -> (Vec<&str>, Vec<&str>) {
        self.title.split(' ').partition(|word| !word.bytes().all(|b| b.is_ascii_digit()))
    }

    /// An order in which equal facts stand side by side, and near years near each other.
    pub(super) fn likeness(&self, other: &Self) -> Ordering {
        let key = |facts: &Self| (facts.year, facts.kind, facts.edition.clone(), facts.runtime_min);
        key(self)
            .cmp(&key(other))
            .then_with(|| self.cast.cmp(&other.cast))
            .then_with(|| self.directors.cmp(&other.directors))
            .then_with(|| self.work.cmp(&other.work))
    }

    /// Words of its title without small ones.
    fn words(&self) -> usize {
        self.title.split(' ').filter(|word| !SMALL_WORDS.contains(word)).count()
    }

    /// Whether it says more than a title and a kind.
    fn is_telling(&self) -> bool {
        self.year.is_some() || !self.cast.is_empty() || !self.directors.is_empty()
    }
}

/// A record as text, to tell records of one id apart.
fn written(record: &TitleRecord) -> String {
    serde_json::to_string(record).unwrap_or_default()
}

/// Why two records cannot be about one work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Contradiction {
    /// A film and a series.
    Kind,
    /// Titles that differ in their numbers alone: a sequel.
    Number,
    /// More than a year apart, by other directors.
    YearAndDirectors,
    /// More than a year apart, with another cast, and the directors of one or both not known.
    YearAndCast,
}

/// How well two records fit. Shares are in thousandths; a feature that is not known is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Features {
    /// 1000 if both are the same in all that is compared, and that is more than a title; or one record came twice.
    pub identical: i32,
    /// 1000 for the same main title; less if only the spaces, or another of its titles, agree.
    pub title: i32,
    /// 1000 for the same title of three words or more, small ones not counted.
    pub telling_title: i32,
    /// Nearness of the years.
    pub year: i32,
    /// Shared actors, of the shorter cast.
    pub cast: i32,
    /// 1000 if two actors or more are shared.
    pub cast_telling: i32,
    /// Shared directors, of the shorter list.
    pub directors: i32,
    /// 1000 if the running times are those of one edition.
    pub runtime: i32,
    /// 1000 if someone else gives both the same name.
    pub external_id: i32,
    /// How far the years are apart beyond two, up to 1000 at twelve; 0 where an edition explains it.
    pub other_year: i32,
    /// 1000 if both casts are known and share nobody.
    pub other_cast: i32,
    /// 1000 if both have directors and share none.
    pub other_directors: i32,
    /// 1000 if the running times are those of two works, and no edition explains it.
    pub other_runtime: i32,
    /// 1000 if someone else gives them different names and none in common.
    pub other_external_id: i32,
}

impl Features {
    /// Compares two records.
    #[must_use]
    pub fn of(a: &Facts, b: &Facts) -> Self {
        let (cast, directors) = (share(&a.cast, &b.cast), share(&a.directors, &b.directors));
        let is_edition = is_other_edition(a, b);
        let years = a.year.zip(b.year).map(|(a, b)| a.abs_diff(b));
        let minutes = a.runtime_min.zip(b.runtime_min).map(|(a, b)| a.abs_diff(b));
        let shared_id = a.external_ids.intersection(&b.external_ids).next().is_some();
        let is_named_otherwise =
            || a.external_ids.iter().any(|(whose, _)| b.external_ids.iter().any(|(other, _)| whose == other));
        let same = |known: bool| if known { WHOLE } else { 0 };
        let title = title(a, b);
        Self {
            identical: same(is_identical(a, b)),
            title,
            telling_title: same(title == WHOLE && a.words() >= TELLING_WORDS),
            year: year(years, is_edition),
            cast: cast.unwrap_or(0),
            cast_telling: same(a.cast.intersection(&b.cast).count() >= TELLING_CAST),
            directors: directors.unwrap_or(0),
            runtime: same(minutes.is_some_and(|minutes| minutes <= SAME_RUNTIME_MIN)),
            external_id: same(shared_id),
            other_year: if is_edition { 0 } else { other_year(years) },
            other_cast: same(cast == Some(0)),
            other_directors: same(directors == Some(0)),
            other_runtime: same(!is_edition && minutes.is_some_and(|minutes| minutes > OTHER_RUNTIME_MIN)),
            other_external_id: same(!shared_id && is_named_otherwise()),
        }
    }

    /// The sum of the points.
    #[must_use]
    pub fn points(&self) -> i32 {
        self.terms().iter().map(|(_, points)| points).sum()
    }

    /// Each feature by name with the points that it adds or takes.
    #[must_use]
    pub fn terms(&self) -> [(&'static str, i32); 14] {
        let points = |most: i32, share: i32| most * share / WHOLE;
        [
            ("identical", points(2_000, self.identical)),
            ("title", points(400, self.title)),
            ("telling_title", points(100, self.telling_title)),
            ("year", points(300, self.year)),
            ("cast", points(300, self.cast)),
            ("cast_telling", points(100, self.cast_telling)),
            ("directors", points(300, self.directors)),
            ("runtime", points(100, self.runtime)),
            ("external_id", points(400, self.external_id)),
            ("other_year", points(-200, self.other_year)),
            ("other_cast", points(-400, self.other_cast)),
            ("other_directors", points(-400, self.other_directors)),
            ("other_runtime", points(-150, self.other_runtime)),
            ("other_external_id", points(-200, self.other_external_id)),
        ]
    }
}

/// What the points and contradictions of a pair propose.
#[must_use]
pub fn state(features: &Features, contradictions: &[Contradiction]) -> State {
    match features.points() {
        _ if !contradictions.is_empty() => State::Apart,
        MERGE_FROM.. => State::Merge,
        REVIEW_FROM.. => State::Review,
        _ => State::Apart,
    }
}

/// What makes it impossible that two records are about one work. Never anything for two equal records.
#[must_use]
pub fn contradictions(a: &Facts, b: &Facts) -> Vec<Contradiction> {
    let years = a.year.zip(b.year).map_or(0, |(a, b)| a.abs_diff(b));
    let directors = share(&a.directors, &b.directors);
    let far = years > RELEASE_YEARS;
    let found = [
        (Contradiction::Kind, a.kind != b.kind),
        (Contradiction::Number, a.split_numbers().0 == b.split_numbers().0 && a.title != b.title),
        (Contradiction::YearAndDirectors, far && directors == Some(0)),
        (Contradiction::YearAndCast, far && directors.is_none() && share(&a.cast, &b.cast) == Some(0)),
    ];
    found.into_iter().filter(|(_, holds)| *holds).map(|(contradiction, _)| contradiction).collect()
}

fn is_identical(a: &Facts, b: &Facts) -> bool {
    a == b || a.is_telling() && *a == Facts { id: a.id.clone(), ..b.clone() }
}

fn title(a: &Facts, b: &Facts) -> i32 {
    if a.title == b.title {
        WHOLE
    } else if !a.titles.is_disjoint(&b.titles) {
        900
    } else if a.title.replace(' ', "") == b.title.replace(' ', "") {
        950
    } else {
        0
    }
}

/// Whether one of two records is a later edition: it says so and the other does not say the same, and people agree.
fn is_other_edition(a: &Facts, b: &Facts) -> bool {
    let agrees = |share: Option<i32>| share.is_some_and(|share| share >= WHOLE / 2);
    a.edition != b.edition && (agrees(share(&a.cast, &b.cast)) || agrees(share(&a.directors, &b.directors)))
}

/// Nearness of years: half where one is not known, or where an edition explains any distance.
const fn year(years: Option<u16>, is_edition: bool) -> i32 {
    match years {
        Some(0) => WHOLE,
        Some(1) => 650,
        _ if is_edition => 500,
        None => 500,
        Some(2) => 200,
        Some(_) => 0,
    }
}

/// How far years are apart beyond two.
fn other_year(years: Option<u16>) -> i32 {
    let beyond = i32::from(years.unwrap_or(0).saturating_sub(2));
    (beyond * OTHER_YEAR_STEP).min(WHOLE)
}

/// How many names of the shorter list are in the other; `None` where one is empty.
fn share(a: &BTreeSet<String>, b: &BTreeSet<String>) -> Option<i32> {
    let shorter = a.len().min(b.len());
    let shared = a.intersection(b).count();
    (shorter > 0).then(|| i32::try_from(shared * 1000 / shorter).unwrap_or(WHOLE))
}
