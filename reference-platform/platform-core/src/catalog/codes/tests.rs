use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::catalog::record::Territory;

#[track_caller]
fn check_language(text: &str, expected: &str) {
    assert_eq!(language(text).map(String::from), Ok(expected.to_owned()), "{text:?}");
}

#[track_caller]
fn check_country(text: &str, expected: &str) {
    assert_eq!(country(text).map(|country| country.to_string()), Ok(expected.to_owned()), "{text:?}");
}

#[test]
fn a_tag_has_one_case_and_one_order() {
    for (text, expected) in [
        ("zh-hant-tw", "zh-Hant-TW"),
        ("ZH_HANT_TW", "zh-Hant-TW"),
        ("en-us", "en-US"),
        ("es-419", "es-419"),
        ("sl-IT-NEDIS", "sl-IT-nedis"),
        ("de-1996", "de-1996"),
        ("en-x-Twain", "en-x-twain"),
        ("en-u-CO-phonebk-a-foo", "en-a-foo-u-co-phonebk"),
        ("zh-yue-HK", "yue-HK"),
        ("en-UK", "en-GB"),
        ("de-DD", "de-DE"),
        ("ru-SU", "ru-SU"),
    ] {
        check_language(text, expected);
    }
}

#[test]
fn every_part_of_iso_639_gives_the_shortest_code() {
    for (text, expected) in [
        ("ger", "de"),
        ("deu", "de"),
        ("de", "de"),
        ("FRE", "fr"),
        ("fra-CA", "fr-CA"),
        ("iw", "he"),
        ("cmn", "cmn"),
        ("und", "und"),
        ("zxx", "zxx"),
    ] {
        check_language(text, expected);
    }
    for (old, _) in language::REPLACED {
        assert!(language(old).is_ok(), "{old}");
    }
}

#[test]
fn names_of_languages_are_read_and_lead_to_tags_that_are_canonical() {
    check_language("English", "en");
    check_language("  latin american SPANISH", "es-419");
    check_language("Norwegian Bokmål", "nb");
    check_language("Chinese (Simplified)", "zh-Hans");
    let named: Vec<(&str, &str)> =
        language::NAMES.split('|').filter_map(|entry| entry.trim().rsplit_once(' ')).collect();
    assert!(named.len() >= 60, "{}", named.len());
    for (name, tag) in named {
        check_language(name, tag);
        check_language(tag, tag);
    }
}

#[test]
fn what_is_no_language_is_refused_with_its_reason() {
    for text in ["", "q", "qqq", "klingonish", "x-private", "Ünbekannt", "12", "-"] {
        assert_eq!(language(text), Err(UnknownCode::Language(text.to_owned())));
    }
    for (tag, subtag) in [
        ("en-", ""),
        ("en-QZ", "qz"),
        ("en-x", "x"),
        ("en-nedis-nedis", "nedis"),
        ("en-123", "123"),
        ("en-a-foo-a-bar", "a"),
        ("en-abcdefghi", "abcdefghi"),
    ] {
        assert_eq!(
            language(tag),
            Err(UnknownCode::Subtag { tag: tag.to_owned(), subtag: subtag.to_owned() })
        );
    }
}

#[test]
fn a_country_is_read_by_codes_and_names() {
    for (text, expected) in [
        ("us", "US"),
        ("USA", "US"),
        ("U.S.A.", "US"),
        ("840", "US"),
        ("United States", "US"),
        ("uk", "GB"),
        ("South Korea", "KR"),
        ("Russia", "RU"),
        ("Türkiye", "TR"),
        ("Turkey", "TR"),
        ("Moldova", "MD"),
        ("Czech Republic", "CZ"),
        ("Georgia", "GE"),
        ("Kosovo", "XK"),
        ("DEU", "DE"),
        ("West Germany", "DE"),
        ("Côte d'Ivoire", "CI"),
    ] {
        check_country(text, expected);
    }
}

#[test]
fn former_countries_are_kept_apart() {
    for (text, expected) in [
        ("Soviet Union", "SUHH"),
        ("su", "SUHH"),
        ("SUN", "SUHH"),
        ("East Germany", "DDDE"),
        ("YU", "YUCS"),
        ("Czechoslovakia", "CSHH"),
        ("SCG", "CSXX"),
    ] {
        check_country(text, expected);
        assert!(matches!(country(text), Ok(Country::Former(_))));
    }
    assert!(matches!(country("cs"), Err(UnknownCode::TwoCountries { .. })));
    // Sikkim had `SK` before Slovakia.
    check_country("SK", "SK");
    assert_eq!(country("Atlantis"), Err(UnknownCode::Country("Atlantis".to_owned())));
    assert_eq!(country("Congo, or so"), Err(UnknownCode::Country("Congo, or so".to_owned())));
}

#[test]
fn every_country_of_the_standard_reads_by_all_its_names() {
    for entry in rust_iso3166::ALL {
        for text in [entry.alpha2, entry.alpha3, entry.name] {
            check_country(text, entry.alpha2);
        }
    }
    for entry in rust_iso3166::iso3166_3::ALL {
        check_country(entry.code, entry.code);
    }
}

#[test]
fn every_country_but_antarctica_lies_in_one_region_of_the_world() {
    let world = region("World").expect("a region").territories();
    let all: BTreeSet<Territory> = rust_iso3166::ALL
        .iter()
        .map(|entry| entry.alpha2)
        .chain(["XK"])
        .filter(|code| *code != "AQ")
        .map(|code| code.parse().expect("two letters"))
        .collect();
    assert_eq!(world, all);
    let continents = ["002", "019", "142", "150", "009"];
    let counts = continents.map(|code| region(code).expect("a region").territories().len());
    assert_eq!(counts.iter().sum::<usize>(), world.len(), "{counts:?}");
}

#[test]
fn a_region_is_read_by_digits_and_names() {
    for (text, expected) in [("419", "419"), ("LATAM", "419"), ("Latin America", "419"), ("world", "001")] {
        assert_eq!(region(text).map(|region| region.to_string()), Ok(expected.to_owned()));
    }
    let latin = region("419").expect("a region");
    assert_eq!(latin.name(), "Latin America and the Caribbean");
    let holds = |code: &str| latin.territories().contains(&code.parse().expect("two letters"));
    assert!(holds("BR") && holds("MX") && !holds("US") && !holds("ES"));
    for text in ["840", "999", "1", "", "Atlantis"] {
        assert_eq!(region(text), Err(UnknownCode::Region(text.to_owned())));
    }
}

#[test]
fn rights_are_sold_for_countries_of_today_and_for_regions() {
    let sold = |text: &str| {
        territories(text).map(|found| found.iter().map(Territory::to_string).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(sold("uk"), Ok("GB".to_owned()));
    assert_eq!(sold("276"), Ok("DE".to_owned()));
    assert_eq!(sold("ANZ"), Ok("AU CC CX HM NF NZ".to_owned()));
    assert_eq!(territories("LATAM"), Ok(region("419").expect("a region").territories()));
    assert_eq!(sold("USSR"), Err(UnknownCode::Gone("USSR".to_owned())));
    assert_eq!(sold("ZZ"), Err(UnknownCode::Country("ZZ".to_owned())));
    assert!(matches!(sold("CS"), Err(UnknownCode::TwoCountries { .. })));
}

proptest! {
    #[test]
    fn codes_are_total_and_what_they_write_they_read_as_the_same(
        text in prop_oneof!["\\PC{0,20}", "[a-zA-Z]{2,3}([-_][a-zA-Z0-9]{1,8}){0,4}", "[A-Za-z]{2,4}", "[0-9]{3}"],
    ) {
        if let Ok(tag) = language(&text) {
            prop_assert_eq!(language(tag.as_str()), Ok(tag.clone()));
            prop_assert!(language(tag.primary()).is_ok());
        }
        if let Ok(found) = country(&text) {
            prop_assert_eq!(country(&found.to_string()), Ok(found));
        }
        if let Ok(found) = territories(&text) {
            prop_assert!(found.iter().all(|one| territories(&one.to_string()) == Ok([*one].into())));
        }
        if let Ok(found) = region(&text) {
            prop_assert_eq!(region(&found.to_string()), Ok(found));
        }
    }

    #[test]
    fn case_and_outer_spaces_change_nothing(text in "[a-zA-Z]{2,3}([-][a-zA-Z0-9]{2,8}){0,3}") {
        let padded = format!(" {} ", text.to_uppercase());
        prop_assert_eq!(language(&padded).ok(), language(&text).ok());
        prop_assert_eq!(country(&padded).ok(), country(&text).ok());
    }
}
