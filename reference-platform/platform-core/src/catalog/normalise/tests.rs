use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::*;

fn check(text: &str, expected: &str) {
    assert_eq!(key(text), expected, "{text:?}");
}

#[test]
fn what_differs_only_in_writing_has_one_key() {
    for [one, other] in [
        ["Lantern, The", "the lantern"],
        ["Zélie", "ZELIE"],
        ["Otter-Man", "otter man"],
        ["Salt & Thunder", "salt and thunder"],
        ["Don\u{2019}t Look", "dont look"],
        ["Q.Z. Law", "qz law"],
        ["Q.R.S.T.", "qrst"],
        ["Boulder II", "boulder 2"],
        ["Part I", "part one"],
        ["Twenty-One Days", "21 days"],
        ["Ｆｕｌｌ　Width", "full width"],
        ["Straße", "strasse"],
        ["Smørrebrød", "smorrebrod"],
        ["The Colour of Grey", "the color of gray"],
        ["Dr. Who vs. the World", "doctor who versus the world"],
        ["8½", "8 1/2"],
    ] {
        assert_eq!(key(one), key(other), "{one:?} and {other:?}");
    }
}

#[test]
fn what_differs_in_meaning_does_not() {
    check("I, Kettle", "i kettle");
    check("Die Often", "die often");
    check("A", "a");
    check("The The", "the");
    check("Four Hours on Tour", "4 hours on tour");
    assert_ne!(key("Boulder 2"), key("Boulder 3"));
}

#[test]
fn a_title_of_marks_alone_keeps_them() {
    check("?", "?");
    check("…", "...");
    assert_eq!(key(""), "");
    assert_eq!(key("  \u{a0} "), "");
}

#[test]
fn forms_of_one_word_share_a_stem() {
    for [one, other] in
        [["stories", "story"], ["running", "run"], ["killed", "kill"], ["loves", "love"], ["cats", "cat"]]
    {
        assert_eq!(stem(one), stem(other));
    }
    assert_ne!(stem("glass"), stem("glad"));
}

#[test]
fn words_that_sound_alike_share_a_code() {
    for [one, other] in [
        ["night", "nite"],
        ["phantom", "fantom"],
        ["knight", "night"],
        ["cavalier", "cavalior"],
        ["quay", "kay"],
    ] {
        assert_eq!(phonetic(one), phonetic(other), "{one} {other}");
    }
    assert_ne!(phonetic("night"), phonetic("nine"));
}

#[test]
fn a_name_keeps_its_words_and_loses_its_suffix() {
    assert_eq!(person("Ossian Brandt Jr."), "ossian brandt");
    assert_eq!(person("Zélie Ørn"), "zelie orn");
    assert_eq!(person("V.I. Six"), "vi six");
}

proptest! {
    #[test]
    fn keys_are_idempotent_and_total(text in "\\PC{0,40}") {
        let once = tokens(&text).join(" ");
        prop_assert_eq!(tokens(&once).join(" "), once.clone());
        let whole = key(&text);
        prop_assert!(whole.is_empty() == text.split_whitespace().next().is_none(), "{:?} -> {:?}", text, whole);
        let name = person(&text);
        prop_assert_eq!(person(&name), name.clone());
    }

    #[test]
    fn composition_width_and_case_change_nothing(text in "[a-zA-Zäöüéèñçøß0-9'&,. -]{0,30}") {
        let expected = tokens(&text);
        prop_assert_eq!(tokens(&text.nfc().collect::<String>()), expected.clone());
        prop_assert_eq!(tokens(&text.nfd().collect::<String>()), expected.clone());
        prop_assert_eq!(tokens(&text.to_uppercase()), tokens(&text.to_lowercase()));
        let wide: String = text.chars().map(|c| match c {
            '!'..='~' => char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c),
            _ => c,
        }).collect();
        prop_assert_eq!(tokens(&wide), expected);
    }

    #[test]
    fn looser_forms_never_panic(text in "\\PC{0,20}") {
        for token in tokens(&text) {
            prop_assert!(!stem(&token).is_empty());
            prop_assert!(phonetic(&token).len() <= 4 * token.len());
        }
    }
}
