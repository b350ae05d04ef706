use platform_core::catalog::record::TitleRecord;
use platform_core::search::query::Query;
use proptest::prelude::*;

use super::{Hit, SearchIndex};

fn title(id: usize, name: &str, popularity: u32) -> TitleRecord {
    serde_json::from_value(serde_json::json!({
        "id": format!("t{id:03}"),
        "kind": "film",
        "title": name,
        "year": 1990 + id % 30,
        "cast": ["Oda Brimble", "Tessaly Voss"],
        "genres": ["Mystery"],
        "description": "A lighthouse keeper repairs three stolen clocks.",
        "popularity": popularity,
    }))
    .expect("a record")
}

fn catalogue() -> Vec<TitleRecord> {
    let names = [
        "Harbor",
        "The Harbor Lights",
        "Harbor Lights II",
        "Night Ferry to Bergamot",
        "Bergamot",
        "Zélie's Kitchen",
        "Q.R.S.T.",
        "Thirty-One Ferries",
        "Salt & Thunder",
        "¿?",
        "港の灯",
    ];
    // The later in the list, the better known.
    names.iter().enumerate().map(|(at, name)| title(at, name, 90_000 * at as u32)).collect()
}

fn found(index: &SearchIndex, text: &str) -> Vec<Hit> {
    index.search(&Query::parse(text), 20).expect("results")
}

#[track_caller]
fn first(text: &str, expected: &str) {
    let index = SearchIndex::build(&catalogue()).expect("an index");
    let hits = found(&index, text);
    assert_eq!(hits.first().map(|hit| hit.title.as_str()), Some(expected), "`{text}`: {hits:?}");
}

#[test]
fn an_exact_title_comes_before_better_known_longer_ones() {
    first("harbor", "Harbor");
    first("bergamot", "Bergamot");
}

#[test]
fn what_is_typed_otherwise_than_written_is_found() {
    first("harbor lights 2", "Harbor Lights II");
    first("lights, harbor the", "The Harbor Lights");
    first("harborlights ii", "Harbor Lights II");
    first("qrst", "Q.R.S.T.");
    first("zelies kichen", "Zélie's Kitchen");
    first("31 ferries", "Thirty-One Ferries");
    first("salt and thundre", "Salt & Thunder");
    first("nite fery bergamot", "Night Ferry to Bergamot");
    first("¿?", "¿?");
    first("港の灯", "港の灯");
}

#[test]
fn half_a_word_finds_what_begins_with_it() {
    first("night fer", "Night Ferry to Bergamot");
    first("salt & th", "Salt & Thunder");
}

#[test]
fn a_number_is_never_corrected() {
    let index = SearchIndex::build(&[title(1, "Station 2024", 1), title(2, "Station 2025", 900_000)]);
    let hits = found(&index.expect("an index"), "station 2024");
    assert_eq!(hits[0].title, "Station 2024");
}

#[test]
fn nothing_typed_and_nothing_indexed_find_nothing() {
    let index = SearchIndex::build(&catalogue()).expect("an index");
    assert!(found(&index, "  ").is_empty());
    let empty = SearchIndex::build(&[]).expect("an index");
    assert!(empty.is_empty() && found(&empty, "harbor").is_empty());
}

#[test]
fn the_order_of_indexing_changes_no_answer() {
    let mut titles = catalogue();
    let one = SearchIndex::build(&titles).expect("an index");
    titles.reverse();
    let other = SearchIndex::build(&titles).expect("an index");
    for text in ["harbor", "lights", "ferry 31", "oda", "mystery clocks", "b", "zelie kitchan"] {
        let ids = |index| found(index, text).into_iter().map(|hit| (hit.id, hit.points)).collect::<Vec<_>>();
        assert_eq!(ids(&one), ids(&other), "`{text}`");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let index = index();
        index.search(&Query::parse_bytes(&bytes), 10).expect("results");
    }

    #[test]
    fn operators_floods_of_marks_and_any_script_are_answered(text in "[\\PC\u{300}\u{202e}\"+:*~^()\\[\\]{} -]{0,200}", times in 1_usize..60) {
        let index = index();
        index.search(&Query::parse(&text.repeat(times)), 10).expect("results");
    }
}

/// One index for all cases of a property.
fn index() -> &'static SearchIndex {
    static INDEX: std::sync::OnceLock<SearchIndex> = std::sync::OnceLock::new();
    INDEX.get_or_init(|| SearchIndex::build(&catalogue()).expect("an index"))
}
