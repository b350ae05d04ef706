use proptest::prelude::*;
use tantivy::postings::TermInfo;
use tantivy_fst::Automaton as _;

use super::super::expand::Within;
use super::*;

fn table(words: &[String]) -> Table {
    let mut table = Table::new();
    for (word, titles) in words.iter().zip(1..) {
        let at = TermInfo { doc_freq: titles, postings_range: 7..9, positions_range: 0..0 };
        table.add(word, &at);
    }
    table.ended()
}

/// What a walk with the library's automaton finds.
fn walked(words: &[String], typed: &str, within: Within) -> Vec<u32> {
    let automaton = within.automaton(typed).expect("an automaton");
    let accepts = |word: &String| {
        let end = word.bytes().fold(automaton.start(), |state, byte| automaton.accept(&state, byte));
        automaton.is_match(&end)
    };
    (0..).zip(words).filter(|(_, word)| accepts(word)).map(|(number, _)| number).collect()
}

fn check(words: &[String], typed: &str) {
    let ready = Typed::of(typed).expect("short enough");
    for (slips, is_prefix) in [(1, false), (2, false), (1, true)] {
        let within = Within { slips, is_prefix };
        let all = walked(words, typed, within);
        if is_prefix {
            let nearly = |(_, word): &(u32, &String)| ready.nearly_begins(word);
            let nearly: Vec<u32> = (0..).zip(words).filter(nearly).map(|(number, _)| number).collect();
            assert_eq!(nearly, all, "`{typed}` in {words:?}");
        }
        for most in [usize::MAX, 2] {
            let table = table(words);
            let near =
                if is_prefix { table.beginning_near(typed, most) } else { table.near(&ready, slips, most) };
            assert_eq!(near, all[..all.len().min(most)], "`{typed}` in {words:?}, {within:?}");
        }
    }
}

#[test]
fn slips_of_every_kind_are_one() {
    for (typed, word) in [("amber", "ambr"), ("amber", "aamber"), ("amber", "umber"), ("amber", "amebr")] {
        let typed = Typed::of(typed).expect("short enough");
        assert!(typed.is_near(word, 1), "{word}");
    }
}

#[test]
fn the_longest_words_are_found_too() {
    let long = "abcdefgh".repeat(8);
    let mut words = [long.replace("ha", "hxa"), long.clone(), long[1..].to_owned(), long.repeat(2)];
    words.sort_unstable();
    check(&words, &long);
    assert!(Typed::of(&format!("{long}x")).is_none() && Typed::of("").is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn beginnings_are_found_in_order(
        words in proptest::collection::btree_set("[a-cé港]{1,4}", 1..40),
        start in "[a-cé港]{0,3}",
        most in 0_usize..10,
    ) {
        let words: Vec<String> = words.into_iter().collect();
        let table = table(&words);
        let found: Vec<&str> = table.beginning_with(&start, most).map(|number| table.text(number)).collect();
        let begin = words.iter().filter(|word| word.starts_with(&start)).take(most);
        prop_assert_eq!(found, begin.collect::<Vec<_>>());
    }

    #[test]
    fn a_table_finds_what_walking_the_dictionary_finds(
        words in proptest::collection::btree_set("[a-cé港]{1,9}", 1..40),
        typed in "[a-cé港]{1,8}",
    ) {
        check(&words.into_iter().collect::<Vec<_>>(), &typed);
    }
}
