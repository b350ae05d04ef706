use proptest::prelude::*;

use super::*;

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

proptest! {
    #[test]
    fn the_second_time_changes_nothing(title in any::<String>(), name in any::<String>(), year in any::<u16>(), rating in any::<Option<String>>()) {
        let mut dirty = record(&title);
        dirty.year = Some(year);
        dirty.cast = vec![name.clone(), name];
        dirty.maturity.original = rating;
        if let Ok(once) = clean(dirty, THIS_YEAR) {
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
