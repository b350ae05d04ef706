use proptest::prelude::*;

use super::*;

#[test]
fn a_year_and_noise_are_told_from_the_title() {
    let query = Query::parse("Watch The Long Road 1994 full movie");
    assert_eq!(query.year, Some(1994));
    assert!(query.shorter_keys.contains(&"long road".to_owned()), "{query:?}");
}

#[test]
fn a_number_alone_is_a_title() {
    let query = Query::parse("1917");
    assert_eq!(query.year, None);
    assert_eq!(query.key, "1917");
    assert_eq!(query.words[0].role, Role::Content);
}

#[test]
fn a_half_typed_word_is_kept_as_typed() {
    let query = Query::parse("you v");
    let last = query.words.last().expect("two words");
    assert_eq!((last.text.as_str(), last.raw.as_str()), ("5", "v"));
    assert_eq!(query.typed, "you v");
}

proptest! {
    #[test]
    fn any_bytes_are_a_query_of_bounded_length(bytes in proptest::collection::vec(any::<u8>(), 0..20_000)) {
        let query = Query::parse_bytes(&bytes);
        prop_assert!(query.words.len() <= WORDS_MAX);
    }
}
