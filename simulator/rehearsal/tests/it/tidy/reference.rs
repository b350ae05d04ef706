//! No title and no id of the reference catalogue is written into the code: what is measured on it must not be learnt by
//! heart.
//!
//! Two words that are common in prose ("the end") are titles as well, so only distinctive titles count: at least two
//! telling words, of which the rarest stands in few titles. One-word titles cannot be told from vocabulary.

use std::collections::{BTreeMap, BTreeSet};

use actors::queries::{TitleFacts, fold};
use rehearsal::title_facts;

use super::{Tracked, assert_none, tracked};
use crate::support::reference_data;

/// In how many titles the rarest word of a distinctive title may stand.
const RARE_TITLES_MAX: usize = 10;
/// Shorter words tell little.
const TELLING_LETTERS_MIN: usize = 4;
/// Longer titles hold a shorter run that is looked at, or are too long to be written by chance.
const WORDS_MAX: usize = 12;

/// What the code must not hold.
struct Forbidden {
    titles: BTreeSet<String>,
    ids: BTreeSet<String>,
}

impl Forbidden {
    fn of(catalogue: &[TitleFacts]) -> Self {
        let all: BTreeSet<Vec<String>> = catalogue.iter().map(|title| fold::words(&title.title)).collect();
        let mut holding: BTreeMap<&str, usize> = BTreeMap::new();
        for words in &all {
            let words: BTreeSet<&str> = words.iter().map(String::as_str).collect();
            words.into_iter().for_each(|word| *holding.entry(word).or_default() += 1);
        }
        let is_distinctive = |words: &&Vec<String>| {
            let telling = words.iter().filter(|word| word.len() >= TELLING_LETTERS_MIN).count();
            let letters = words.iter().all(|word| word.chars().all(char::is_alphabetic));
            telling >= 2 && letters && words.iter().any(|word| holding[word.as_str()] <= RARE_TITLES_MAX)
        };
        Self {
            titles: all.iter().filter(is_distinctive).map(|words| words.join(" ")).collect(),
            ids: catalogue.iter().map(|title| title.id.clone()).filter(|id| id.len() > 3).collect(),
        }
    }

    /// What a piece of text holds of it.
    fn found_in(&self, text: &str) -> Option<String> {
        if self.ids.contains(text) {
            return Some(format!("`{text}` is an id of the reference catalogue"));
        }
        let words = fold::words(text);
        let runs = (2..=WORDS_MAX).flat_map(|length| words.windows(length));
        runs.map(|run| run.join(" "))
            .find(|run| self.titles.contains(run))
            .map(|run| format!("`{run}` is a title of the reference catalogue"))
    }
}

/// The pieces of a line between quotation marks or backticks: literals, and what comments quote.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    ['"', '`'].into_iter().flat_map(|mark| line.split(mark).skip(1).step_by(2))
}

fn complaints(files: &[Tracked], forbidden: &Forbidden) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.path.contains("/src/")) {
        for (number, line) in (1..).zip(file.text().unwrap_or_default().lines()) {
            let pieces: Vec<&str> = if file.is_rust() { quoted(line).collect() } else { vec![line] };
            let found = pieces.into_iter().filter_map(|piece| forbidden.found_in(piece));
            complaints.extend(found.map(|text| format!("{}:{number}: {text}", file.path)));
        }
    }
    complaints
}

#[test]
fn no_code_holds_titles_or_ids_of_the_reference_catalogue() {
    let Some(folder) = reference_data("catalog") else { return };
    let catalogue = title_facts::read(&folder.join("catalog.jsonl.gz")).expect("reference data is readable");
    assert_none(&complaints(tracked(), &Forbidden::of(&catalogue)));
}

#[test]
fn a_planted_title_or_id_is_found() {
    let title = |id: &str, title: &str| TitleFacts {
        id: id.to_owned(),
        title: title.to_owned(),
        ..TitleFacts::default()
    };
    let forbidden = Forbidden::of(&[
        title("q12345", "The Gilded Saltkeeper"),
        title("q2", "The End"),
        title("q3", "Agent 7"),
        title("q4", "Fernrunner"),
    ]);
    let file = |path: &str, text: &str| Tracked { path: path.to_owned(), bytes: text.as_bytes().to_vec() };
    let found = |path: &str, text: &str| complaints(&[file(path, text)], &forbidden).len();
    for text in
        ["let q = \"gilded the-gilded, saltkeeper\";", "// such as `the gilded saltkeeper`", "id(\"q12345\")"]
    {
        assert_eq!(found("a/src/b.rs", text), 1, "{text}");
    }
    assert_eq!(found("a/src/page.html", "<b>The Gilded Saltkeeper</b>"), 1);
    for text in ["\"the end\"", "\"agent 7\"", "\"fernrunner\"", "the gilded saltkeeper", "\"q2\""] {
        assert_eq!(found("a/src/b.rs", text), 0, "{text}");
    }
    assert_eq!(found("a/tests/b.rs", "\"the gilded saltkeeper\""), 0);
}
