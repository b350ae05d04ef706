use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// A number as a word of letters, so that it can be mistyped.
fn spelled(number: usize) -> String {
    format!("{number:06}").chars().map(|digit| char::from(b'e' + digit as u8 - b'0')).collect()
}

/// A small catalogue with namesakes, sequels, accents and shared names.
fn catalogue() -> Vec<TitleFacts> {
    let first =
        ["Amber", "Broken", "Crystal", "Distant", "Emerald", "Fading", "Golden", "Hidden", "Ivory", "Jagged"];
    let second = ["Harbor", "Lantern", "Mountain", "Orchard", "Señora", "Voyage", "Widow", "Theater"];
    let mut facts = Vec::new();
    for (i, one) in first.iter().enumerate() {
        for (j, two) in second.iter().enumerate() {
            for (variant, title) in [
                format!("The {one} {two}"),
                format!("{one} {two} II"),
                format!("{two}'s {one} & Bread-Knife"),
                format!("{one} {two}"),
            ]
            .into_iter()
            .enumerate()
            {
                let number = facts.len();
                facts.push(TitleFacts {
                    id: format!("t{number}"),
                    kind: "movie".to_owned(),
                    title,
                    year: Some(1950 + u16::try_from(number % 70).unwrap()),
                    cast: vec![
                        format!("Person{i} Sur{}name", "abcdefghij".chars().nth(j).unwrap()),
                        "Ana Corvell".to_owned(),
                        format!("Solo {}", spelled(number)),
                    ],
                    directors: vec![],
                    genres: vec!["Drama".to_owned(), format!("Genre{variant}")],
                    description: format!(
                        "plotword{} {}telling {} {} {} {}",
                        "abcdefgh".chars().nth(j).unwrap(),
                        one.to_lowercase(),
                        "filler ".repeat(3),
                        spelled(number * 3),
                        spelled(number * 3 + 1),
                        spelled(number * 3 + 2)
                    ),
                    popularity: u32::try_from((number * 7919) % 1000).unwrap() * 1000,
                });
            }
        }
    }
    facts
}

fn order(split: Split) -> Order {
    Order { seed: Seed(1), split, per_kind: 10 }
}

#[test]
fn the_same_order_gives_the_same_rows_and_another_seed_gives_others() {
    let facts = catalogue();
    let again = generate(&facts, &order(Split::Tuning));
    assert_eq!(generate(&facts, &order(Split::Tuning)), again);
    assert_ne!(generate(&facts, &Order { seed: Seed(2), ..order(Split::Tuning) }), again);
}

#[test]
fn no_franchise_is_both_tuned_on_and_judged_by() {
    let facts = catalogue();
    let bases = |split| -> BTreeSet<String> {
        let rows = generate(&facts, &order(split));
        rows.iter().flat_map(|row| &row.expected).map(|title| fold::franchise(&title.title)).collect()
    };
    let (tuning, judging) = (bases(Split::Tuning), bases(Split::Judging));
    assert!(!tuning.is_empty() && !judging.is_empty());
    assert_eq!(tuning.intersection(&judging).count(), 0);
}

#[test]
fn sequels_remakes_and_subtitles_are_one_franchise() {
    for title in [
        "The Amber Lantern",
        "Amber Lantern II",
        "Amber Lantern: Part 3",
        "Amber Lantern - The Return",
        "amber lantern 2049",
    ] {
        assert_eq!(fold::franchise(title), "amber lantern", "{title}");
    }
    assert_eq!(fold::franchise("1999"), "1999");
    assert_eq!(fold::franchise(": odd"), "odd");
}

#[test]
fn every_kind_is_made_where_the_catalogue_allows_it() {
    let rows = generate(&catalogue(), &order(Split::Judging));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    rows.iter().for_each(|row| *counts.entry(row.kind.name()).or_default() += 1);
    let missing: Vec<&str> =
        Kind::ALL.iter().map(|kind| kind.name()).filter(|name| !counts.contains_key(name)).collect();
    assert!(missing.is_empty(), "{missing:?} of {counts:?}");
}

#[test]
fn the_target_comes_first_and_namesakes_after_it() {
    let rows = generate(&catalogue(), &order(Split::Tuning));
    for row in rows.iter().filter(|row| row.kind == Kind::Exact) {
        assert_eq!(row.query, row.expected[0].title);
        let keys: BTreeSet<String> = row.expected.iter().map(|title| fold::key(&title.title)).collect();
        assert_eq!(keys.len(), 1, "{row:?}");
    }
    let shared = rows.iter().find(|row| row.kind == Kind::Exact && row.expected.len() == 2);
    assert!(shared.is_some(), "`Amber Lantern` and `The Amber Lantern` answer each other");
}

#[test]
fn a_beginning_is_cut_as_soon_as_three_titles_share_it() {
    let facts = catalogue();
    let index = Index::new(&facts);
    for row in generate(&facts, &order(Split::Tuning)).iter().filter(|row| row.kind == Kind::Prefix) {
        assert!(index.starting(&row.query) <= 3, "{row:?}");
        let mut shorter = row.query.clone();
        shorter.pop();
        assert!(shorter.ends_with(' ') || shorter.len() < 3 || index.starting(&shorter) > 3, "{row:?}");
    }
}

#[test]
fn names_read_from_files_are_the_names_written() {
    for kind in Kind::ALL {
        assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{}\"", kind.name()));
    }
}

#[test]
fn facts_are_read_from_lines_with_either_measure_of_fame() {
    let line = r#"{"id":"a","kind":"movie","title":"Ember","year":null,"description":null,"notability":0.25,"wiki":null}"#;
    let facts: TitleFacts = serde_json::from_str(line).unwrap();
    assert_eq!((facts.popularity, facts.year), (250_000, None));
    let line = r#"{"id":"a","kind":"show","title":"Ember","popularity":7}"#;
    assert_eq!(serde_json::from_str::<TitleFacts>(line).unwrap().popularity, 7);
}

#[test]
fn numbers_are_read_and_written_in_three_ways() {
    for number in 2..40 {
        let roman = numerals::in_roman(number).unwrap();
        assert_eq!(numerals::from_roman(&roman), Some(number));
    }
    assert_eq!(numerals::in_words(21).as_deref(), Some("twenty one"));
    assert_eq!(
        (numerals::read("eleven"), numerals::read("xiv"), numerals::read("7")),
        (Some(11), Some(14), Some(7))
    );
    assert_eq!((numerals::read("i"), numerals::read("iiii"), numerals::read("100")), (None, None, None));
}

proptest! {
    #[test]
    fn folding_is_total_and_folds_its_own_words_to_themselves(text in any::<String>()) {
        let once = fold::plain(&text);
        prop_assert_eq!(fold::plain(&once), once);
        let base = fold::franchise(&text);
        prop_assert!(Split::of(&text) == Split::Tuning || Split::of(&text) == Split::Judging);
        prop_assert!(base.is_empty() == fold::plain(&text).is_empty());
    }

    #[test]
    fn a_slip_leaves_first_letters_and_all_other_words_alone(word in "[a-z]{4,12}", seed in any::<u64>()) {
        let mut chance = Chance::new(Draws::new(Seed(seed), Purpose::Test), 0);
        let words = ["of".to_owned(), word.clone()];
        let typed = edit::mistype(&words, &mut chance).unwrap();
        prop_assert_eq!(&typed[0], "of");
        prop_assert_eq!(typed[1].as_bytes()[0], word.as_bytes()[0]);
        prop_assert!(typed[1].len().abs_diff(word.len()) <= 1);
    }

    #[test]
    fn any_catalogue_gives_rows_whose_targets_it_holds(
        titles in prop::collection::vec(any::<String>(), 0..12), seed in any::<u64>(),
    ) {
        let facts: Vec<TitleFacts> = titles
            .into_iter()
            .enumerate()
            .map(|(id, title)| TitleFacts {
                id: id.to_string(), cast: vec![title.clone()], description: title.repeat(2),
                genres: vec![title.clone()], year: Some(u16::try_from(id).unwrap()), title, ..TitleFacts::default()
            })
            .collect();
        for row in generate(&facts, &Order { seed: Seed(seed), split: Split::Judging, per_kind: 2 }) {
            prop_assert!(!row.query.is_empty());
            let target: usize = row.expected[0].doc_id.parse().unwrap();
            prop_assert_eq!(&facts[target].title, &row.expected[0].title);
        }
    }
}
