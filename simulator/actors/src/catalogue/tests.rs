use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::queries::{self, Order, Split, TitleFacts, fold};

fn spec(titles: u64) -> Spec {
    Spec { seed: Seed(1), titles, messy: true }
}

fn share(titles: &[Title], is: impl Fn(&Title) -> bool) -> usize {
    titles.iter().filter(|title| is(title)).count() * 1_000 / titles.len()
}

#[test]
fn the_same_seed_gives_the_same_lines_and_another_gives_others() {
    let lines = |seed| -> Vec<String> {
        titles(Spec { seed, ..spec(300) }).map(|title| line::write(&title).unwrap()).collect()
    };
    assert_eq!(lines(Seed(1)), lines(Seed(1)));
    assert_ne!(lines(Seed(1)), lines(Seed(2)));
}

#[test]
fn as_many_records_come_as_were_asked_for_each_with_its_own_id() {
    for asked in [0, 1, 7, 5_000] {
        let ids: BTreeSet<String> = titles(spec(asked)).map(|title| title.id).collect();
        assert_eq!(ids.len() as u64, asked);
    }
}

#[test]
fn titles_are_as_long_and_as_often_shared_as_in_published_catalogues() {
    let made: Vec<Title> = titles(spec(20_000)).filter(|title| title.kind != Kind::Episode).collect();
    let words = |title: &Title| fold::words(&title.title).len();
    // Of 44,000 published titles 121 in a thousand have one word, 285 two, 290 three, 169 four.
    for (count, low, high) in [(1, 80, 200), (2, 220, 350), (3, 220, 350), (4, 110, 230)] {
        let found = share(&made, |title| words(title) == count);
        assert!((low..=high).contains(&found), "{found} of 1,000 titles have {count} words");
    }
    let mut keys: BTreeMap<String, u32> = BTreeMap::new();
    made.iter().for_each(|title| *keys.entry(fold::key(&title.title)).or_default() += 1);
    let shared = keys.values().filter(|&&count| count > 1).count() * 1_000 / keys.len();
    assert!((30..=140).contains(&shared), "{shared} of 1,000 keys are shared");
}

#[test]
fn records_are_untidy_only_where_that_is_asked_for() {
    let messy: Vec<Title> = titles(spec(8_000)).collect();
    let clean: Vec<Title> = titles(Spec { messy: false, ..spec(8_000) }).collect();
    type Fault = (&'static str, fn(&Title) -> bool);
    let faults: [Fault; 9] = [
        ("entity", |title| title.title.contains("&amp;") || title.title.contains("&#39;")),
        ("no-break space", |title| title.title.contains('\u{a0}')),
        ("article behind", |title| title.title.ends_with(", The")),
        ("misread", |title| title.title.contains('Ã')),
        ("byte order mark", |title| title.title.starts_with('\u{feff}')),
        ("minutes as rating", |title| title.maturity.ends_with(" min")),
        ("wrong year", |title| title.year.is_none_or(|year| !(1_888..2_030).contains(&year))),
        ("no description", |title| title.description.is_empty()),
        ("another form of date", |title| title.added.is_some_and(|(_, form)| form != DateForm::Iso)),
    ];
    for (name, has) in faults {
        assert!(messy.iter().any(has), "no record has: {name}");
        assert!(!clean.iter().any(has), "a clean record has: {name}");
    }
    let accents = share(&clean, |title| !title.title.is_ascii());
    assert!((30..=300).contains(&accents), "{accents} of 1,000 titles have accents");
}

#[test]
fn episodes_follow_their_series() {
    let made: Vec<Title> = titles(spec(5_000)).collect();
    let series: BTreeSet<&str> =
        made.iter().filter(|title| title.kind == Kind::Series).map(|title| title.id.as_str()).collect();
    let episodes: Vec<&Title> = made.iter().filter(|title| title.kind == Kind::Episode).collect();
    assert!(episodes.len() > 100);
    for episode in episodes {
        let place = episode.series.as_ref().expect("an episode has a place");
        assert!(series.contains(place.series.as_str()) && place.season > 0 && place.episode > 0);
        assert!(place.series < episode.id);
    }
}

#[test]
fn few_titles_are_very_popular_and_most_are_not() {
    let made: Vec<Title> = titles(spec(5_000)).collect();
    assert!(share(&made, |title| title.popularity > 500_000) < 10);
    assert!(share(&made, |title| title.popularity > 200_000) > 30);
    assert!(made.iter().all(|title| title.popularity <= 1_000_000));
}

#[test]
fn all_kinds_of_queries_can_be_made_over_it() {
    let facts: Vec<TitleFacts> = titles(spec(12_000)).map(TitleFacts::from).collect();
    for split in [Split::Tuning, Split::Judging] {
        let rows = queries::generate(&facts, &Order { seed: Seed(1), split, per_kind: 50 });
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        rows.iter().for_each(|row| *counts.entry(row.kind.name()).or_default() += 1);
        assert_eq!(counts.len(), queries::Kind::ALL.len(), "{counts:?}");
        assert!(counts.values().all(|&count| count == 50), "{counts:?}");
    }
}
