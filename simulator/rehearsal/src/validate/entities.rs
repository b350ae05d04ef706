//! `rehearsal validate entities`: which records are about one work, against weak labels.
//!
//! Two kinds of labels, both hidden from the resolution. A file of pairs says which row of one supplier is which record of the
//! catalogue. And the catalogue repeats itself: records with one encyclopedia link are one work, records of other links are
//! other works. Labels are weak: links lead astray and redirect, so no bound is 1.
//!
//! Points and thresholds were chosen on the half of the titles that `Half::Tuning` names. The other half only judges: its
//! failures are counted and never shown.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use platform_core::catalog::normalise;
use platform_core::catalog::record::{RecordId, TitleRecord};
use platform_core::catalog::resolve::{Resolution, State, resolve};

use crate::failure::Failure;
use crate::json_lines;

mod rows;

use rows::{LabelledPair, Line};

/// Failures that are shown, of each measure.
const FAILURES_SHOWN: usize = 10;
/// Actors that are shown of a record.
const CAST_SHOWN: usize = 3;
/// Years within which a namesake under another link counts as another work.
const NAMESAKE_YEARS: u16 = 1;
/// What the labelled pairs must reach.
const PAIR_BOUNDS: Bounds = Bounds { precision: 0.99, recall: 0.95 };
/// What the repeats of the judging half must reach.
const REPEAT_BOUNDS: Bounds = Bounds { precision: 0.9, recall: 0.7 };

/// Least shares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Of the proposed pairs that are labelled, how many are right.
    pub precision: f64,
    /// Of the pairs that are labelled as one work, how many are proposed.
    pub recall: f64,
}

/// Counts of labelled pairs of records.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Measure {
    /// What is measured.
    pub name: &'static str,
    /// Pairs of one work in one cluster.
    pub right: u64,
    /// Pairs of two works in one cluster.
    pub wrong: u64,
    /// Pairs of one work in two clusters.
    pub missed: u64,
    /// Those of them that a person is asked about.
    pub missed_for_review: u64,
    /// What must be reached; `None` where the number is for information.
    pub bounds: Option<Bounds>,
}

#[expect(clippy::cast_precision_loss, reason = "counts of pairs are far below 2^53")]
impl Measure {
    /// Right ones of the proposed pairs, 0..=1; 1 where nothing is proposed.
    #[must_use]
    pub fn precision(&self) -> f64 {
        let proposed = self.right + self.wrong;
        if proposed == 0 { 1.0 } else { self.right as f64 / proposed as f64 }
    }

    /// Proposed ones of the pairs of one work, 0..=1; 0 where there is none.
    #[must_use]
    pub fn recall(&self) -> f64 {
        let labelled = self.right + self.missed;
        if labelled == 0 { 0.0 } else { self.right as f64 / labelled as f64 }
    }

    /// Whether it meets its bounds, if it has any.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.bounds
            .is_none_or(|bounds| self.precision() >= bounds.precision && self.recall() >= bounds.recall)
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, right, wrong, missed, missed_for_review, bounds } = self;
        let (precision, recall) = (self.precision(), self.recall());
        write!(
            f,
            "{name}: precision {precision:.4}, recall {recall:.4} ({right} right, {wrong} wrong, {missed} missed of which \
             {missed_for_review} for review)"
        )?;
        match bounds {
            Some(bounds) => write!(f, ", at least {} and {}", bounds.precision, bounds.recall),
            None => write!(f, ", for information"),
        }
    }
}

/// What the validation found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// All measures.
    pub measures: Vec<Measure>,
    /// Labelled pairs that were not resolved as labelled; none of the judging half.
    pub first_failures: Vec<String>,
}

impl Found {
    fn add(&mut self, (measure, failures): (Measure, Vec<String>)) {
        let name = measure.name;
        let shown = failures.into_iter().take(FAILURES_SHOWN).map(|text| format!("{name}: {text}"));
        self.first_failures.extend(shown);
        self.measures.push(measure);
    }

    /// The same of a half of the repeats: failures of the judging half are counted and not shown.
    fn add_of(&mut self, half: Half, (measure, failures): (Measure, Vec<String>)) {
        self.add((measure, if half == Half::Tuning { failures } else { Vec::new() }));
    }

    /// Measures with bounds that hold.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.measures.iter().filter(|measure| measure.bounds.is_some() && measure.holds()).count()
    }

    /// Measures with bounds that do not.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.measures.iter().filter(|measure| !measure.holds()).count()
    }
}

/// A half of the titles, by a hash of their comparable form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Tuning,
    Judging,
}

impl Half {
    /// Whether a pair of records is of this half.
    fn keep(self) -> impl Fn(&TitleRecord, &TitleRecord) -> bool {
        move |a, b| Self::of(a, b) == self
    }

    /// The half of a pair of records: that of the lesser of their titles' keys, so that it does not hang on their order.
    fn of(a: &TitleRecord, b: &TitleRecord) -> Self {
        let key = normalise::key(&a.title).min(normalise::key(&b.title));
        let hash = blake3::hash(key.as_bytes());
        if hash.as_bytes()[0] & 1 == 0 { Self::Tuning } else { Self::Judging }
    }
}

/// Resolves the records of both files and compares with their labels.
///
/// # Errors
/// Exit code 2, when a file cannot be read, a line is none, or nothing is labelled.
pub fn run(catalog: &Path, pairs: &Path) -> Result<Found, Failure> {
    let lines: Vec<Line> = json_lines::read(
        catalog,
        ("title", "a line is one JSON object with `id`, `kind` and `title` at least"),
    )?;
    let pairs: Vec<LabelledPair> = json_lines::read(
        pairs,
        (
            "pair",
            "a line is one JSON object with `netflix_id`, `netflix_title`, `netflix_year` and `wiki_href`",
        ),
    )?;
    let mut found = Found::default();
    labelled_pairs(&lines, &pairs, &mut found)?;
    repeats(&lines, &mut found)?;
    Ok(found)
}

/// Records with what they are labelled as; `None` for what nobody has labelled.
struct Labelled {
    records: BTreeMap<RecordId, TitleRecord>,
    works: BTreeMap<RecordId, String>,
}

impl Labelled {
    fn new(rows: impl IntoIterator<Item = (TitleRecord, Option<String>)>) -> Self {
        let mut labelled = Self { records: BTreeMap::new(), works: BTreeMap::new() };
        for (record, work) in rows {
            labelled.works.extend(work.map(|work| (record.id.clone(), work)));
            labelled.records.insert(record.id.clone(), record);
        }
        labelled
    }

    fn resolve(&self) -> Resolution {
        resolve(&self.records.values().cloned().collect::<Vec<_>>())
    }

    /// Whether two records are labelled as one work; `None` where one has no label.
    fn is_one_work(&self, a: &RecordId, b: &RecordId) -> Option<bool> {
        Some(self.works.get(a)? == self.works.get(b)?)
    }

    fn couples_of_one_work(&self) -> impl Iterator<Item = (&RecordId, &RecordId)> {
        let mut by_work: BTreeMap<&str, Vec<&RecordId>> = BTreeMap::new();
        self.works.iter().for_each(|(id, work)| by_work.entry(work).or_default().push(id));
        by_work.into_values().flat_map(|members| couples(&members))
    }

    fn say(&self, id: &RecordId) -> String {
        let record = &self.records[id];
        let year = record.year.map_or("?".to_owned(), |year| year.to_string());
        let cast = record.cast.iter().take(CAST_SHOWN).cloned().collect::<Vec<_>>().join(", ");
        format!("{} `{}` ({year}; {cast})", id.0, record.title)
    }
}

/// What is counted under one name.
struct Question<Keep, Other> {
    name: &'static str,
    bounds: Option<Bounds>,
    /// Which pairs of records are counted.
    keep: Keep,
    /// Which pairs with different labels are two works; the rest is not known.
    is_other: Other,
}

impl<Keep, Other> Question<Keep, Other>
where
    Keep: Fn(&TitleRecord, &TitleRecord) -> bool,
    Other: Fn(&TitleRecord, &TitleRecord) -> bool,
{
    /// Compares a resolution with the labels; the second part are the failures in words.
    fn measure(&self, labelled: &Labelled, resolution: &Resolution) -> (Measure, Vec<String>) {
        let mut measure = Measure { name: self.name, bounds: self.bounds, ..Measure::default() };
        let mut failures = Vec::new();
        let record = |id: &RecordId| &labelled.records[id];
        let keep = |(a, b): &(&RecordId, &RecordId)| (self.keep)(record(a), record(b));
        let mut joined: BTreeMap<&RecordId, usize> = BTreeMap::new();
        for (at, work) in resolution.works.iter().enumerate() {
            let members: Vec<&RecordId> = work.editions.iter().flat_map(|edition| &edition.records).collect();
            joined.extend(members.iter().map(|id| (*id, at)));
            for (a, b) in couples(&members).filter(keep) {
                match labelled.is_one_work(a, b) {
                    Some(true) => measure.right += 1,
                    Some(false) if (self.is_other)(record(a), record(b)) => {
                        measure.wrong += 1;
                        failures.push(format!(
                            "two works in one: {} and {}",
                            labelled.say(a),
                            labelled.say(b)
                        ));
                    }
                    _ => {}
                }
            }
        }
        let asked: BTreeMap<[&RecordId; 2], State> =
            resolution.pairs.iter().map(|pair| ([&pair.records[0], &pair.records[1]], pair.state)).collect();
        for (a, b) in labelled.couples_of_one_work().filter(keep) {
            if joined.get(a).is_none_or(|work| joined.get(b) != Some(work)) {
                measure.missed += 1;
                measure.missed_for_review += u64::from(asked.get(&[a, b]) == Some(&State::Review));
                failures.push(format!("one work in two: {} and {}", labelled.say(a), labelled.say(b)));
            }
        }
        (measure, failures)
    }
}

fn couples<'a>(members: &[&'a RecordId]) -> impl Iterator<Item = (&'a RecordId, &'a RecordId)> + use<'a> {
    let members = members.to_vec();
    (0..members.len()).flat_map(move |at| {
        let (one, rest) = (members[at], members[at + 1..].to_vec());
        rest.into_iter().map(move |other| (one.min(other), one.max(other)))
    })
}

/// The other supplier's rows against the records that the pairs name; then among the whole catalogue.
fn labelled_pairs(lines: &[Line], pairs: &[LabelledPair], found: &mut Found) -> Result<(), Failure> {
    let by_row: BTreeMap<&str, &Line> =
        lines.iter().filter_map(|line| Some((line.netflix.as_deref()?, line))).collect();
    let named: Vec<(&LabelledPair, &Line)> = pairs
        .iter()
        .filter_map(|pair| Some((pair, *by_row.get(pair.netflix_id.as_str())?)))
        .filter(|(pair, line)| line.wiki.as_deref() == Some(&pair.wiki_href))
        .collect();
    if named.is_empty() {
        return Err(Failure::usage("no pair names a record of the catalogue".to_owned())
            .hint("a pair's `netflix_id` and `wiki_href` are the `netflix` and `wiki` of one record"));
    }
    let link = |line: &Line| line.wiki.clone();
    let sides = |row: fn(&LabelledPair, &Line) -> TitleRecord| {
        named
            .iter()
            .flat_map(move |(pair, line)| [(line.without_row(), link(line)), (row(pair, line), link(line))])
    };
    let rest = lines.iter().filter(|line| line.netflix.is_none()).map(|line| (line.record(), link(line)));
    let sets = [
        ("pairs, rows with cast", Labelled::new(sides(LabelledPair::with_people)), Some(PAIR_BOUNDS)),
        (
            "pairs, rows with title and year alone",
            Labelled::new(sides(LabelledPair::bare)),
            Some(PAIR_BOUNDS),
        ),
        ("pairs amid the catalogue", Labelled::new(sides(LabelledPair::with_people).chain(rest)), None),
    ];
    for (name, labelled, bounds) in sets {
        // One side of what is counted amid the catalogue is a row: its own repeats are measured by themselves.
        let is_row = |record: &TitleRecord| record.id.0.starts_with(rows::ROW);
        let keep = |a: &TitleRecord, b: &TitleRecord| bounds.is_some() || is_row(a) || is_row(b);
        let question = Question { name, bounds, keep, is_other: |_: &_, _: &_| true };
        found.add(question.measure(&labelled, &labelled.resolve()));
    }
    Ok(())
}

/// The catalogue's own repeats, in two halves.
///
/// By link, as it stands: what has another link is another work if it is a namesake within a year. That is what is judged.
/// Many of those links are redirects to one article, so that the label is wrong: a second measure, shown beside it, leaves out
/// pairs whose records carry the same summary, which comes from the article, and takes whatever else has another link for
/// another work, namesake or not. Of that summary the resolution reads who directed the film: one article names one
/// director, so a third measure hides it, to show what the rest of the evidence reaches.
fn repeats(lines: &[Line], found: &mut Found) -> Result<(), Failure> {
    let labelled = Labelled::new(lines.iter().map(|line| (line.record(), line.wiki.clone())));
    let without_summary = |line: &Line| TitleRecord { description: String::new(), ..line.record() };
    let bare = Labelled::new(lines.iter().map(|line| (without_summary(line), line.wiki.clone())));
    let summary = |record: &TitleRecord| record.description.trim().to_owned();
    let is_other_article =
        |a: &TitleRecord, b: &TitleRecord| summary(a).is_empty() || summary(a) != summary(b);
    let (resolution, of_bare) = (labelled.resolve(), bare.resolve());
    for (name, half, bounds) in [
        ("repeats by link, tuning half", Half::Tuning, None),
        ("repeats by link, judging half", Half::Judging, Some(REPEAT_BOUNDS)),
    ] {
        let question = Question { name, bounds, keep: half.keep(), is_other: is_namesake };
        let (measure, failures) = question.measure(&labelled, &resolution);
        if measure.right + measure.missed == 0 {
            return Err(Failure::usage(format!("{name}: no two records with one `wiki` link"))
                .hint("the catalogue needs repeats to be judged on"));
        }
        found.add_of(half, (measure, failures));
    }
    for (name, half) in [
        ("repeats by link but redirects, tuning half", Half::Tuning),
        ("repeats by link but redirects, judging half", Half::Judging),
    ] {
        let question = Question { name, bounds: None, keep: half.keep(), is_other: is_other_article };
        found.add_of(half, question.measure(&labelled, &resolution));
    }
    for (name, half) in [
        ("repeats by link, summaries hidden, tuning half", Half::Tuning),
        ("repeats by link, summaries hidden, judging half", Half::Judging),
    ] {
        let question = Question { name, bounds: None, keep: half.keep(), is_other: is_namesake };
        found.add_of(half, question.measure(&bare, &of_bare));
    }
    Ok(())
}

/// Whether two records are namesakes within a year.
fn is_namesake(a: &TitleRecord, b: &TitleRecord) -> bool {
    let near = a.year.zip(b.year).is_some_and(|(a, b)| a.abs_diff(b) <= NAMESAKE_YEARS);
    near && normalise::key(&a.title) == normalise::key(&b.title)
}
