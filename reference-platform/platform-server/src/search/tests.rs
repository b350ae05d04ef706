use std::collections::BTreeMap;
use std::sync::Arc;

use platform_core::catalog::record::TitleRecord;
use platform_core::search::query::Query;
use proptest::prelude::*;

use super::build::Edit;
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
fn a_mistyped_beginning_tells_titles_that_begin_alike_apart() {
    let titles = ["Amber Lantern", "Amber Tide", "Amber Mist"];
    let titles: Vec<TitleRecord> =
        titles.iter().enumerate().map(|(at, name)| title(at, name, 400_000 * at as u32)).collect();
    let index = SearchIndex::build(&titles).expect("an index");
    for (text, expected) in
        [("amber", "Amber Mist"), ("amber lam", "Amber Lantern"), ("amber itd", "Amber Tide")]
    {
        let hits = found(&index, text);
        assert_eq!(hits.first().map(|hit| hit.title.as_str()), Some(expected), "`{text}`: {hits:?}");
    }
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
fn titles_stay_in_the_order_of_documents_through_merges() {
    let records: Vec<TitleRecord> = (0..40).map(|id| title(id, &format!("Ferry {id}"), 0)).collect();
    let index = SearchIndex::build(&records[..8]).expect("an index");
    for (at, record) in records.iter().enumerate().skip(8) {
        index.prepare(&[Edit::Put(at as u64, Arc::new(record.clone()))]).expect("room");
        index.publish(0).expect("a commit");
        assert!(index.view().segments.iter().all(|segment| segment.is_rising), "{at}");
    }
    assert!(index.view().segments.len() < 20, "segments were merged");
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

/// What a search says of each title, in order.
fn said(index: &SearchIndex, text: &str) -> Vec<(String, String, i64)> {
    found(index, text).into_iter().map(|hit| (hit.id.0, hit.title, hit.points)).collect()
}

/// Changes some titles of an index, in batches, and checks that it answers like one built from what is left.
fn assert_follows(records: Vec<TitleRecord>, batches: &[Vec<(usize, Option<&str>)>], queries: &[&str]) {
    let edited = SearchIndex::build(&records).expect("an index");
    let mut now: BTreeMap<u64, TitleRecord> = (0..).zip(records).collect();
    for (upto, batch) in (1..).zip(batches) {
        let edits = batch.iter().map(|(id, name)| {
            let number = *id as u64;
            match name {
                Some(name) => {
                    let record = title(*id, name, 1_000 * *id as u32);
                    now.insert(number, record.clone());
                    Edit::Put(number, Arc::new(record))
                }
                None => {
                    now.remove(&number);
                    Edit::Remove(number)
                }
            }
        });
        let edits: Vec<Edit> = edits.collect();
        edited.prepare(&edits).expect("prepared");
        edited.publish(upto).expect("published");
        let rebuilt = SearchIndex::build_numbered(now.iter().map(|(number, one)| (*number, one)));
        let rebuilt = rebuilt.expect("an index");
        for query in queries {
            assert_eq!(said(&edited, query), said(&rebuilt, query), "`{query}` after {batch:?}");
        }
    }
}

#[test]
fn what_words_weigh_and_mean_follows_every_commit_of_changed_titles() {
    let names = ["Lantern", "Lantern Row", "Amber Harbor", "Harbor Lantern", "Quill Harbor"];
    let records: Vec<TitleRecord> =
        names.iter().enumerate().map(|(at, name)| title(at, name, 1_000)).collect();
    // `lantern` was common and becomes rare, `brimstone` the other way round; `quill` goes and is no word any more.
    let batches = [
        vec![(0, Some("Brimstone")), (1, Some("Brimstone Row"))],
        vec![(4, Some("Harbor Brimstone")), (3, None)],
        vec![(1, Some("Lantern Road")), (9, Some("Quilt Harbor")), (0, None)],
        vec![(0, Some("Brimstone")), (9, Some("Quilts"))],
    ];
    let queries =
        ["lantern harbor", "brimstone row", "quill", "quil harbor", "brimston", "lanten", "harbr lantern"];
    assert_follows(records, &batches, &queries);
}

#[test]
fn a_catalogue_that_is_edited_over_and_over_answers_like_a_new_one() {
    let all = ["Lantern", "Harbor", "Brimstone", "Quill", "Row"];
    let name = |at: usize| format!("{} {}", all[at % 5], all[(at / 5 + 1) % 5]);
    let records: Vec<TitleRecord> = (0..30).map(|at| title(at, &name(at), 1_000)).collect();
    let names: Vec<String> = (0..200).map(|at| name(at * 7)).collect();
    let batches: Vec<Vec<(usize, Option<&str>)>> = (0..40)
        .map(|round| {
            (0..5).map(|at| ((round * 5 + at * 11) % 30, Some(names[round * 5 + at].as_str()))).collect()
        })
        .collect();
    assert_follows(records, &batches, &["lantern row", "harbr", "quill brimston", "row"]);
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
