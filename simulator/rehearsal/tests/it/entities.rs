//! `validate entities`: the reference labels within their bounds, and labels that no resolution can meet.

use rehearsal::validate::entities;
use serde_json::{Value, json};

use crate::program::Sandbox;
use crate::support::reference_data;

/// Titles enough that both halves have some.
const TITLES: [&str; 8] = [
    "Lampmaker",
    "Brindle Harbour",
    "Quillwort",
    "The Ferryman of Tarn",
    "Saltkeeper",
    "Under Ossian",
    "Mettle and Moss",
    "Zelia",
];

fn lines(values: impl IntoIterator<Item = Value>) -> String {
    values.into_iter().map(|value| format!("{value}\n")).collect()
}

/// Every title twice, a year apart, by the same actors; links say whether that is right.
fn catalogue(second_link: &str) -> String {
    lines(TITLES.iter().enumerate().flat_map(|(at, title)| {
        let cast = [format!("Actor {at}a"), format!("Actor {at}b")];
        let record = move |id: &str, title: &str, year: u16, wiki: &str| {
            json!({"id": format!("{id}{at}"), "kind": "movie", "title": title, "year": year, "cast": cast,
                   "directors": [], "wiki": format!("{wiki}{at}"), "netflix": format!("{id}s{at}")})
        };
        [
            record("a", title, 1951, "One_"),
            record("b", title, 1952, second_link),
            // A repeat that is right whatever the second link is, so that there is always something to judge.
            json!({"id": format!("c{at}"), "kind": "movie", "title": format!("Elsewhere {title}"), "year": 1990,
                   "cast": ["Somebody"], "wiki": format!("Two_{at}")}),
            json!({"id": format!("d{at}"), "kind": "movie", "title": format!("Elsewhere {title}"), "year": 1990,
                   "cast": ["Somebody"], "wiki": format!("Two_{at}")}),
        ]
    }))
}

fn pairs(title_of_last: &str) -> String {
    lines(TITLES.iter().enumerate().map(|(at, title)| {
        let title = if at + 1 == TITLES.len() { title_of_last } else { title };
        json!({"netflix_id": format!("as{at}"), "netflix_title": title, "netflix_year": 1951, "wiki_title": title,
               "wiki_year": 1951, "wiki_href": format!("One_{at}"), "cast_overlap": 2})
    }))
}

#[test]
fn reference_labels_are_met() {
    let Some(folder) = reference_data("catalog") else { return };
    let found =
        entities::run(&folder.join("catalog.jsonl.gz"), &folder.join("entity_pairs_wiki_netflix.jsonl.gz"))
            .unwrap_or_else(|failure| panic!("{failure}"));
    for measure in &found.measures {
        println!("{measure}");
    }
    for measure in &found.measures {
        assert!(measure.holds(), "{measure}");
    }
    let judged = found.measures.iter().filter(|measure| measure.bounds.is_some());
    assert!(judged.clone().all(|measure| measure.right + measure.missed >= 50), "too few labels to judge by");
    let shows_judging = found.first_failures.iter().any(|text| text.contains("judging"));
    assert!(!shows_judging, "whoever tunes must not see them");
}

#[test]
fn right_labels_pass_and_wrong_ones_fail() {
    let sandbox = Sandbox::new();
    sandbox.write("right.jsonl", catalogue("One_"));
    sandbox.write("wrong.jsonl", catalogue("Three_"));
    sandbox.write("pairs.jsonl", pairs(TITLES[7]));
    sandbox.write("renamed.jsonl", pairs("Nothing Like It"));
    let run = |catalog: &str, pairs: &str, code: i32| {
        let args = ["validate", "entities", "--catalog", catalog, "--pairs", pairs];
        let json = sandbox.run(&[&args[..], &["--json"]].concat()).expect(code).json();
        let text = sandbox.run(&args).expect(code).stdout;
        let counts = format!("{} passed, {} failed", json["passed"], json["failed"]);
        assert_eq!(text.lines().last(), Some(counts.as_str()), "{text}");
        assert_eq!(json["agrees"], code == 0);
        json
    };
    assert_eq!(run("right.jsonl", "pairs.jsonl", 0)["passed"], 3);
    let wrong = run("wrong.jsonl", "pairs.jsonl", 99);
    let of = |name: &str| {
        let measures = wrong["measures"].as_array().expect("a list");
        measures.iter().find(|measure| measure["name"] == name).expect("a measure").clone()
    };
    assert_eq!(of("repeats by link, judging half")["holds"], false);
    assert_eq!(run("right.jsonl", "renamed.jsonl", 99)["failed"], 2);
}

#[test]
fn files_that_label_nothing_are_wrong_usage() {
    let sandbox = Sandbox::new();
    sandbox.write("catalogue.jsonl", catalogue("One_"));
    sandbox.write("pairs.jsonl", pairs(TITLES[7]));
    let unlinked =
        json!({"id": "a", "kind": "movie", "title": "Lampmaker", "netflix": "as0", "wiki": "One_0"});
    sandbox.write("unlinked.jsonl", unlinked.to_string());
    sandbox.write("broken.jsonl", "{\"id\": 7}");
    sandbox.write("empty.jsonl", "");
    for (catalog, pairs, said) in [
        ("catalogue.jsonl", "empty.jsonl", "no pair names a record"),
        ("empty.jsonl", "pairs.jsonl", "no pair names a record"),
        ("unlinked.jsonl", "pairs.jsonl", "no two records with one `wiki` link"),
        ("broken.jsonl", "pairs.jsonl", "broken.jsonl:1: is no title"),
        ("catalogue.jsonl", "broken.jsonl", "broken.jsonl:1: is no pair"),
        ("missing.jsonl", "pairs.jsonl", "missing.jsonl: cannot be read"),
    ] {
        let finished =
            sandbox.run(&["validate", "entities", "--catalog", catalog, "--pairs", pairs]).expect(2);
        assert!(finished.stderr.contains(said), "{catalog} {pairs}: {}", finished.stderr);
    }
}
