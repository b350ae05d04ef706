use std::collections::BTreeMap;

use proptest::prelude::*;
use units::Ppm;

use super::edition::part;
use super::*;
use crate::catalog::record::Kind;

/// A film, with names separated by commas.
fn film(id: &str, title: &str, year: u16, cast: &str) -> TitleRecord {
    TitleRecord {
        id: RecordId(id.to_owned()),
        kind: Kind::Film,
        title: title.to_owned(),
        alternative_titles: Vec::new(),
        year: Some(year),
        cast: names(cast),
        directors: Vec::new(),
        genres: Vec::new(),
        countries: Vec::new(),
        languages: Vec::new(),
        maturity: Default::default(),
        description: String::new(),
        runtime_min: None,
        added: None,
        popularity: Ppm(0),
        external_ids: BTreeMap::new(),
    }
}

fn names(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn by(directors: &str, record: TitleRecord) -> TitleRecord {
    TitleRecord { directors: names(directors), ..record }
}

/// The ids of works with more than one record, and the states of all pairs.
fn outcome(records: &[TitleRecord]) -> (Vec<Vec<String>>, Vec<State>) {
    let found = resolve(records);
    let ids = |work: &Work| {
        let mut ids: Vec<String> =
            work.editions.iter().flat_map(|edition| &edition.records).map(|id| id.0.clone()).collect();
        ids.sort();
        ids
    };
    (found.works.iter().map(ids).collect(), found.pairs.iter().map(|pair| pair.state).collect())
}

#[track_caller]
fn check(a: TitleRecord, b: TitleRecord, expected: State) {
    let found = resolve(&[a, b]);
    let states: Vec<State> = found.pairs.iter().map(|pair| pair.state).collect();
    assert_eq!(states, [expected], "{found:#?}");
    assert_eq!(found.works.len(), usize::from(expected == State::Merge));
}

#[test]
fn a_release_a_year_later_with_the_same_cast_is_one_work() {
    check(
        film("a", "The Lampmaker", 1951, "Ossian Brandt, Zélie Orn"),
        film("b", "Lampmaker, The", 1952, "Zelie Orn, Ossian Brandt"),
        State::Merge,
    );
    check(film("a", "Otter-Man", 2001, "Ossian Brandt"), film("b", "Otterman", 2001, ""), State::Merge);
}

#[test]
fn a_namesake_with_another_cast_is_another_work() {
    check(
        film("a", "Lampmaker", 1951, "Ossian Brandt, Zélie Orn"),
        film("b", "Lampmaker", 1951, "Ivo Tarn, Mette Quill"),
        State::Apart,
    );
}

#[test]
fn a_short_title_a_year_apart_without_people_is_for_a_person_to_decide() {
    check(film("a", "Lampmaker", 1951, ""), film("b", "Lampmaker", 1952, "Ivo Tarn"), State::Review);
    check(
        film("a", "Seven Lampmakers Leave Brindle", 1951, ""),
        film("b", "Seven Lampmakers Leave Brindle", 1952, "Ivo Tarn"),
        State::Merge,
    );
}

#[test]
fn contradictions_outweigh_any_points() {
    let [early, late] =
        [1951, 1954].map(|year| film(&year.to_string(), "Lampmaker", year, "Ivo Tarn, Mette Quill"));
    check(by("Ossian Brandt", early.clone()), by("Zélie Orn", late), State::Apart);
    check(
        early.clone(),
        TitleRecord { kind: Kind::Series, id: RecordId("b".into()), ..early.clone() },
        State::Apart,
    );
    let found = resolve(&[by("Ossian Brandt", early), by("Zélie Orn", film("b", "Lampmaker", 1960, ""))]);
    assert_eq!(found.pairs[0].contradictions, [Contradiction::YearAndDirectors]);
}

#[test]
fn editions_are_one_work_however_late_they_come() {
    let cast = "Ivo Tarn, Mette Quill, Ossian Brandt";
    let records = [
        film("a", "Lampmaker", 1982, cast),
        film("b", "Lampmaker: The Director's Cut", 1992, cast),
        film("c", "Lampmaker (4K Restoration)", 2021, cast),
        film("d", "LAMPMAKER: The Director\u{2019}s Cut", 1992, cast),
    ];
    let found = resolve(&records);
    let editions: Vec<(Option<&str>, usize)> = found.works[0]
        .editions
        .iter()
        .map(|edition| (edition.name.as_deref(), edition.records.len()))
        .collect();
    assert_eq!(found.works.len(), 1);
    assert_eq!(editions, [(None, 1), (Some("4k restoration"), 1), (Some("the directors cut"), 2)]);
}

#[test]
fn a_work_never_holds_two_records_that_contradict_each_other() {
    // The one in the middle fits both of the others, which do not fit each other.
    let records = [
        by("Ossian Brandt", film("a", "Seven Lampmakers Leave Brindle", 1951, "")),
        film("b", "Seven Lampmakers Leave Brindle", 1952, ""),
        by("Zélie Orn", film("c", "Seven Lampmakers Leave Brindle", 1953, "")),
    ];
    let found = resolve(&records);
    assert_eq!(
        outcome(&records),
        (vec![vec!["a".into(), "b".into()]], vec![State::Merge, State::Apart, State::Review])
    );
    assert!(found.pairs[2].vetoed);
}

#[test]
fn who_directed_is_read_from_the_summary_where_it_is_listed_nowhere_else() {
    let told = |id: &str, year: u16, summary: &str| TitleRecord {
        description: summary.to_owned(),
        ..film(id, "Lampmaker", year, "")
    };
    let early =
        told("a", 1951, "Lampmaker is a 1951 drama film directed by Zélie Orn and starring Ivo Tarn.");
    let late = |by: &str| told("b", 1952, &format!("A drama written, produced and directed by {by}."));
    check(early.clone(), late("Zelie Orn"), State::Merge);
    check(early.clone(), late("Ossian Brandt"), State::Apart);
    check(early.clone(), late("nobody in particular"), State::Review);
    check(by("Z.A. Orn", early.clone()), late("Z. A. Orn"), State::Merge);
    // What is listed counts, not what is told.
    check(early.clone(), by("Zélie Orn", late("Ossian Brandt")), State::Merge);
    check(by("Mette Quill", early), late("Zelie Orn"), State::Apart);
}

#[test]
fn names_of_directors_end_where_the_sentence_goes_on() {
    for (summary, expected) in [
        ("A film directed by Zélie Orn and written by Ivo Tarn.", &["Zélie Orn"][..]),
        (
            "Directed by Z. A. Orn Jr. and Ivo van der Tarn, it tells of lamps.",
            &["Z. A. Orn Jr", "Ivo van der Tarn"],
        ),
        ("It was directed, written and co-produced by Zélie Orn. Ivo Tarn plays.", &["Zélie Orn"]),
        ("A film directed by Ivo and Mette Tarn", &["Mette Tarn"]),
        ("A film directed by American filmmaker Zélie Orn", &[]),
        ("A film by Ivo Tarn, directed with care. By the sea, Zélie Orn waits.", &[]),
        ("A tale directed by the wind; later directed by Zélie Orn", &["Zélie Orn"]),
        ("Directed by Or, And, Of, By, A Great Many Too Many Words To Be A Name", &["Or"]),
        ("A Great Directed By Many Words That Are No Name At All And Go On", &[]),
        ("", &[]),
    ] {
        assert_eq!(summary::directors(summary), expected, "{summary}");
    }
}

#[test]
fn an_explanation_names_what_spoke_for_and_against() {
    let records = [
        film("a", "Lampmaker", 1951, "Ossian Brandt, Zélie Orn"),
        film("b", "Lampmaker", 1951, "Ivo Tarn, Mette Quill"),
    ];
    let pair = &resolve(&records).pairs[0];
    assert_eq!(pair.spoke_for, [("title", 400), ("year", 300)]);
    assert_eq!(pair.spoke_against, [("other_cast", -400)]);
    assert_eq!(pair.points, 300);
}

#[test]
fn a_shared_name_elsewhere_or_running_time_tips_what_is_not_sure() {
    let named = |id: &str, year: u16, minutes: u16, other: &str| TitleRecord {
        runtime_min: Some(minutes),
        external_ids: BTreeMap::from([("archive".to_owned(), other.to_owned())]),
        ..film(id, "Lampmaker", year, "")
    };
    check(named("a", 1951, 90, "x1"), named("b", 1952, 92, "x1"), State::Merge);
    check(named("a", 1951, 90, "x1"), named("b", 1952, 140, "x2"), State::Apart);
}

#[test]
fn an_alternative_title_is_a_title() {
    let other = TitleRecord {
        alternative_titles: vec!["Der Lampenmacher".to_owned()],
        ..film("a", "The Lampmaker", 1951, "Ossian Brandt")
    };
    check(other, film("b", "Der Lampenmacher", 1951, "Ossian Brandt"), State::Merge);
}

#[test]
fn a_sequel_is_no_duplicate_though_it_borrows_a_title() {
    let sequel = |title: &str| TitleRecord {
        alternative_titles: vec!["Lampmaker".to_owned()],
        ..film("b", title, 1951, "Ivo Tarn, Mette Quill")
    };
    let first = film("a", "Lampmaker", 1951, "Ivo Tarn, Mette Quill");
    check(first.clone(), sequel("Lampmaker II"), State::Apart);
    check(first, sequel("24 Nights: Lampmaker"), State::Merge);
    check(
        film("a", "Lampmaker2", 1951, "Ivo Tarn"),
        film("b", "Lampmaker 2", 1951, "Ivo Tarn"),
        State::Merge,
    );
}

#[test]
fn a_shared_name_elsewhere_brings_other_titles_together() {
    let named = |id: &str, title: &str, year: u16| TitleRecord {
        external_ids: BTreeMap::from([("archive".to_owned(), "x1".to_owned())]),
        ..film(id, title, year, "")
    };
    check(named("a", "Lampmaker", 1951), named("b", "Der Lampenmacher", 1951), State::Merge);
    check(named("a", "Lampmaker", 1951), named("b", "Der Lampenmacher", 1952), State::Review);
}

#[test]
fn among_any_number_of_namesakes_equal_records_meet() {
    let namesakes = (0..300).map(|at| film(&format!("n{at:03}"), "Lampmaker", 1951, &format!("Actor {at}")));
    let records: Vec<TitleRecord> = namesakes.chain([film("z", "Lampmaker", 1951, "Actor 7")]).collect();
    assert_eq!(outcome(&records).0, [["n007", "z"]]);
}

#[test]
fn editions_are_parted_from_titles_that_only_sound_like_them() {
    for (title, work, edition) in [
        ("Lampmaker (Director's Cut)", "Lampmaker", Some("directors cut")),
        ("Lampmaker - 25th Anniversary Edition", "Lampmaker", Some("25th anniversary edition")),
        ("Lampmaker 3D", "Lampmaker", Some("3d")),
        ("Lampmaker (Hindi Version)", "Lampmaker", Some("hindi version")),
        (
            "Lampmaker: Extended Edition (4K Restoration)",
            "Lampmaker",
            Some("extended edition, 4k restoration"),
        ),
        ("Lampmaker 2: Brindle", "Lampmaker 2: Brindle", None),
        ("Director's Cut", "Director's Cut", None),
        ("Lampmaker Redux", "Lampmaker Redux", None),
        ("3D", "3D", None),
        ("", "", None),
    ] {
        let parted = part(title);
        assert_eq!((parted.work, parted.edition.as_deref()), (work, edition), "{title}");
    }
}

/// Records that often meet: few titles, years and people.
fn record() -> impl Strategy<Value = TitleRecord> {
    let people = || {
        prop::collection::vec(
            prop::sample::select(vec!["Ivo Tarn", "Mette Quill", "Zélie Orn", "(voices)"]),
            0..3,
        )
    };
    let titles = vec![
        "Lampmaker",
        "The Lampmaker",
        "Lampmaker 2",
        "Lampmaker (Final Cut)",
        "Lampmaker 3D",
        "Seven Lampmakers Leave Brindle",
        "…",
        "",
    ];
    let year = prop_oneof![Just(None), (1950_u16..1956).prop_map(Some)];
    (0_u8..30, prop::sample::select(titles), year, people(), people(), any::<bool>()).prop_map(
        |(id, title, year, cast, directors, is_series)| TitleRecord {
            year,
            kind: if is_series { Kind::Series } else { Kind::Film },
            cast: cast.into_iter().map(str::to_owned).collect(),
            directors: directors.into_iter().map(str::to_owned).collect(),
            ..film(&format!("r{id}"), title, 0, "")
        },
    )
}

proptest! {
    #[test]
    fn the_order_of_records_changes_nothing(
        (records, shuffled) in prop::collection::vec(record(), 0..25)
            .prop_flat_map(|records| (Just(records.clone()), Just(records).prop_shuffle())),
    ) {
        prop_assert_eq!(resolve(&records), resolve(&shuffled));
    }

    #[test]
    fn the_same_record_twice_is_always_one_work(records in prop::collection::vec(record(), 1..20), pick: prop::sample::Index) {
        let twice = pick.get(&records).clone();
        let records = [records, vec![twice.clone()]].concat();
        let found = resolve(&records);
        let is_twice = |work: &Work| {
            work.editions.iter().flat_map(|edition| &edition.records).filter(|id| **id == twice.id).count() >= 2
        };
        prop_assert!(found.works.iter().any(is_twice), "{:#?}", found);
    }

    #[test]
    fn a_copy_under_another_id_is_one_work_if_it_says_more_than_a_title(record in record()) {
        let copy = TitleRecord { id: RecordId("copy".to_owned()), ..record.clone() };
        let says_more = record.year.is_some()
            || record.directors.iter().chain(&record.cast).any(|name| !name.starts_with('('));
        let (works, _) = outcome(&[record, copy]);
        prop_assert!(!says_more || works.len() == 1);
    }

    #[test]
    fn no_work_holds_a_contradiction(records in prop::collection::vec(record(), 0..25)) {
        let mut records = records;
        for (at, record) in records.iter_mut().enumerate() {
            record.id = RecordId(format!("r{at:02}"));
        }
        let facts = evidence::Facts::of_all(&records);
        for work in resolve(&records).works {
            let ids: Vec<&RecordId> = work.editions.iter().flat_map(|edition| &edition.records).collect();
            let members: Vec<&evidence::Facts> = facts.iter().filter(|facts| ids.contains(&&facts.id)).collect();
            for (a, b) in members.iter().flat_map(|a| members.iter().map(move |b| (a, b))) {
                prop_assert_eq!(evidence::contradictions(a, b), vec![]);
            }
        }
    }

    #[test]
    fn any_summary_is_read_and_names_stand_in_it(
        summary in prop_oneof!["\\PC{0,60}", "(directed|and|by|de|Zélie|O\\.|Orn[.,]|Tarn| ){0,30}"],
    ) {
        for name in summary::directors(&summary) {
            prop_assert!(!name.is_empty());
            prop_assert!(name.split(' ').all(|word| summary.contains(word)), "{}", name);
        }
    }

    #[test]
    fn any_title_is_parted_and_nothing_but_an_edition_is_lost(title in "\\PC{0,30}") {
        let parted = part(&title);
        prop_assert!(title.starts_with(parted.work));
        prop_assert_eq!(part(parted.work), edition::Parted { work: parted.work, edition: None });
    }
}
