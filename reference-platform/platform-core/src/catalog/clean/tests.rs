use proptest::prelude::*;

use super::*;
use crate::catalog::codes;

const THIS_YEAR: u16 = 2026;

fn record(title: &str) -> TitleRecord {
    serde_json::from_value(serde_json::json!({ "id": "t1", "kind": "film", "title": title, "year": 2001 }))
        .expect("a record")
}

#[track_caller]
fn check(title: &str, expected: &str) {
    assert_eq!(clean(record(title), THIS_YEAR).expect("in order").record.title, expected);
}

#[test]
fn titles_are_shown_as_people_write_them() {
    check("\u{feff} Salt\u{a0}&amp;amp;  Thunder\u{200b} ", "Salt & Thunder");
    check("Lantern, The", "The Lantern");
    check("Ze\u{301}lie", "Zélie");
    check("Night, Day", "Night, Day");
    check(", The", ", The");
}

#[test]
fn a_record_in_order_is_not_changed() {
    let kept = clean(record("The Lantern"), THIS_YEAR).expect("in order");
    assert_eq!((kept.record, kept.changes), (record("The Lantern"), Vec::new()));
}

#[test]
fn every_change_says_what_stood_there() {
    let cleaned =
        clean(TitleRecord { year: Some(20_211), ..record("Lantern, The") }, THIS_YEAR).expect("in order");
    let said: Vec<(&str, &str, &str)> = cleaned
        .changes
        .iter()
        .map(|change| (change.field, change.before.as_str(), change.after.as_str()))
        .collect();
    assert_eq!(said, [("title", "Lantern, The", "The Lantern"), ("year", "20211", "")]);
}

#[test]
fn a_running_time_in_the_rating_is_moved_and_leaves_an_adult_title() {
    let mut swapped = record("Lantern");
    swapped.maturity = Maturity { age_min: 0, original: Some("74 min".to_owned()) };
    let cleaned = clean(swapped, THIS_YEAR).expect("in order").record;
    assert_eq!((cleaned.runtime_min, cleaned.maturity), (Some(74), Maturity::default()));
}

#[test]
fn an_age_follows_from_the_rating() {
    let mut rated = record("Lantern");
    rated.maturity = Maturity { age_min: 0, original: Some("FSK 16".to_owned()) };
    assert_eq!(clean(rated, THIS_YEAR).expect("in order").record.maturity.age_min, 16);
}

#[test]
fn languages_and_countries_are_codes_however_they_were_written() {
    let mut coded = record("Lantern");
    coded.languages = ["German", "deu", " pt_br ", "iw", "Klingonish", ""].map(str::to_owned).to_vec();
    coded.countries =
        ["UK", "West Germany", "soviet union", "DEU", "CS", "Atlantis"].map(str::to_owned).to_vec();
    let cleaned = clean(coded, THIS_YEAR).expect("in order");
    assert_eq!(cleaned.record.languages, ["de", "pt-BR", "he"]);
    assert_eq!(cleaned.record.countries, ["GB", "DE", "SUHH"]);
    let taken_out: Vec<(&str, &str)> = cleaned
        .changes
        .iter()
        .filter_map(|change| Some((change.before.as_str(), change.why.as_deref()?)))
        .collect();
    assert_eq!(
        taken_out.iter().map(|(before, _)| *before).collect::<Vec<_>>(),
        ["Klingonish", "CS", "Atlantis"]
    );
    assert!(taken_out[0].1.contains("expected a tag of BCP 47"), "{taken_out:?}");
    let said = |field: &str, before: &str, after: &str| {
        let is_it =
            |change: &&Change| (change.field, &*change.before, &*change.after) == (field, before, after);
        cleaned.changes.iter().find(is_it).expect("said").step
    };
    assert_eq!(said("languages", "German", "de"), "language code");
    assert_eq!(said("countries", "UK", "GB"), "country code");
    // The second name of one country goes, and that is said as well.
    assert_eq!(said("countries", "DEU", ""), "country code");
}

#[test]
fn a_rating_that_nobody_knows_is_taken_out_and_leaves_an_adult_title() {
    for (age_min, original, expected) in [
        (0, Some("Z-99"), Maturity::default()),
        (12, Some(""), Maturity::default()),
        (200, None, Maturity::default()),
        (0, Some("Not Rated"), Maturity { age_min: 18, original: Some("Not Rated".to_owned()) }),
        (18, Some(" 12A"), Maturity { age_min: 12, original: Some("12A".to_owned()) }),
    ] {
        let mut rated = record("Lantern");
        rated.maturity = Maturity { age_min, original: original.map(str::to_owned) };
        let cleaned = clean(rated, THIS_YEAR).expect("in order");
        assert_eq!(cleaned.record.maturity, expected, "{original:?}");
        let is_unknown = cleaned.changes.iter().any(|change| change.why.is_some());
        assert_eq!(is_unknown, original.is_some() && expected.original.is_none(), "{original:?}");
    }
}

#[test]
fn repeated_and_empty_names_go() {
    let mut credited = record("Lantern");
    credited.cast = ["Oda Brimble", " ", "oda  brimble", "Tessaly Voss"].map(str::to_owned).to_vec();
    let cleaned = clean(credited, THIS_YEAR).expect("in order").record;
    assert_eq!(cleaned.cast, ["Oda Brimble", "Tessaly Voss"]);
}

#[test]
fn what_was_decoded_wrongly_is_set_aside_with_a_suggestion() {
    for title in ["ZÃ©lie", "Caf\u{fffd}", "Itâ€™s Night"] {
        let refused = clean(record(title), THIS_YEAR).expect_err("set aside");
        assert!(matches!(refused, Refused::Mojibake { field: "title", .. }), "{refused:?}");
        assert!(refused.suggestion().contains("UTF-8"));
    }
    assert_eq!(clean(record(" \u{200b} "), THIS_YEAR), Err(Refused::NoTitle));
    for fine in ["Ângela", "São Bento", "Årsta", "20 €"] {
        check(fine, fine);
    }
}

/// What suppliers write where a code should be: codes, names, near misses, anything.
fn written() -> impl Strategy<Value = Vec<String>> {
    let known = vec![
        "German",
        "de_at",
        "zh-yue",
        "GER",
        "UK",
        "Yugoslavia",
        "CS",
        "LATAM",
        "276",
        "Not Rated",
        "16+",
    ];
    let text = prop_oneof![
        any::<String>(),
        prop::sample::select(known).prop_map(str::to_owned),
        "[a-zA-Z]{2,4}([-_][a-zA-Z0-9]{1,8}){0,3}",
        "[0-9]{1,3} ?(min|\\+)?",
    ];
    prop::collection::vec(text, 0..5)
}

proptest! {
    #[test]
    fn the_second_time_changes_nothing(
        title in any::<String>(),
        name in any::<String>(),
        year in any::<u16>(),
        age_min in any::<u8>(),
        (languages, countries, ratings) in (written(), written(), written()),
    ) {
        let mut dirty = record(&title);
        dirty.year = Some(year);
        dirty.cast = vec![name.clone(), name];
        (dirty.languages, dirty.countries) = (languages, countries);
        dirty.maturity = Maturity { age_min, original: ratings.first().cloned() };
        if let Ok(once) = clean(dirty, THIS_YEAR) {
            for tag in &once.record.languages {
                prop_assert_eq!(codes::language(tag).map(|tag| tag.to_string()), Ok(tag.clone()));
            }
            for code in &once.record.countries {
                prop_assert_eq!(codes::country(code).map(|code| code.to_string()), Ok(code.clone()));
            }
            prop_assert!(once.record.maturity.age_min <= Maturity::ADULT);
            let twice = clean(once.record.clone(), THIS_YEAR).expect("still in order");
            prop_assert_eq!(twice.record, once.record);
            prop_assert!(twice.changes.is_empty(), "{:?}", twice.changes);
        }
    }

    #[test]
    fn cleaning_keeps_what_a_title_is_compared_by(title in "[A-Za-z0-9,.' -]{1,30}") {
        if let Ok(cleaned) = clean(record(&title), THIS_YEAR) {
            prop_assert_eq!(normalise::key(&cleaned.record.title), normalise::key(&title));
        }
    }
}
