//! What the documents promise: maps of modules, tests by name, scenarios and metrics that explain themselves.

use std::collections::BTreeSet;

use reports::metric;
use scenarios::library::SHIPPED;
use scenarios::{Document, NoFiles};

use super::{assert_none, tracked};

/// Modules that a `lib.rs` declares and its opening comment does not name.
fn missing_from_map(text: &str) -> Vec<&str> {
    let map: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
    let declared = text.lines().filter_map(|line| {
        let line = line.strip_suffix(';')?;
        line.strip_prefix("pub mod ")
            .or_else(|| line.strip_prefix("mod "))
            .or_else(|| line.strip_prefix("pub(crate) mod "))
    });
    declared.filter(|module| *module != "tests" && !map.contains(&format!("`{module}`"))).collect()
}

/// Names of tests that a document gives as evidence: in back-ticks between "test:" or "tests:" and the closing bracket.
fn tests_named(text: &str) -> BTreeSet<&str> {
    let evidence = text.split("test: ").skip(1).chain(text.split("tests: ").skip(1));
    let quoted =
        evidence.flat_map(|after| after.split(')').next().unwrap_or_default().split('`').skip(1).step_by(2));
    quoted.filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')).collect()
}

/// Documents that a line refers to, by file name.
fn documents_named(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|c: char| !c.is_ascii_alphanumeric() && !"-_./".contains(c));
    words.map(|word| word.trim_end_matches('.')).filter(|word| word.len() > 3 && word.ends_with(".md"))
}

/// Documents of others that are cited as sources, and those that a run writes.
const ELSEWHERE: [&str; 2] = ["docs/API.md", "summary.md"];

#[test]
fn every_lib_rs_maps_its_modules() {
    let mut seen = 0;
    let mut complaints = Vec::new();
    for file in tracked().iter().filter(|file| file.path.ends_with("/src/lib.rs")) {
        let text = file.text().expect("source is text");
        seen += 1;
        if !text.starts_with("//!") {
            complaints.push(format!("{}: opens with what the package decides", file.path));
        }
        complaints.extend(
            missing_from_map(text)
                .iter()
                .map(|module| format!("{}: `{module}` is not in the map", file.path)),
        );
    }
    assert!(seen >= 9, "found {seen} packages");
    assert_none(&complaints);
}

#[test]
fn a_module_that_the_map_forgets_is_named() {
    let text = "//! - [`one`]: first. `three` too.\n\npub mod one;\nmod two;\nmod three;\n#[cfg(test)]\nmod tests;\n";
    assert_eq!(missing_from_map(text), ["two"]);
}

#[test]
fn every_test_that_a_document_names_exists() {
    let sources: Vec<&str> =
        tracked().iter().filter(|file| file.is_rust()).filter_map(|file| file.text()).collect();
    let mut named = 0;
    let mut complaints = Vec::new();
    for file in tracked().iter().filter(|file| file.path.ends_with(".md")) {
        for name in tests_named(file.text().unwrap_or_default()) {
            named += 1;
            let definition = format!("fn {name}(");
            if !sources.iter().any(|source| source.contains(&definition)) {
                complaints.push(format!("{}: there is no test `{name}`", file.path));
            }
        }
    }
    assert!(named >= 10, "found {named} tests named in documents");
    assert_none(&complaints);
    assert_eq!(tests_named("x (tests: `a_b`,\n`c`; `d.rs`)\n`e`"), BTreeSet::from(["a_b", "c"]));
}

#[test]
fn every_document_that_a_file_refers_to_is_in_the_repository() {
    let mut complaints = Vec::new();
    for file in tracked().iter().filter(|file| !file.path.contains("/it/tidy")) {
        for (number, line) in (1..).zip(file.text().unwrap_or_default().lines()) {
            let missing = documents_named(line).filter(|name| {
                !ELSEWHERE.iter().any(|known| name.ends_with(known))
                    && !tracked().iter().any(|file| file.path.ends_with(name))
            });
            complaints.extend(missing.map(|name| format!("{}:{number}: there is no `{name}`", file.path)));
        }
    }
    assert_none(&complaints);
    assert_eq!(
        documents_named("see plan.md 2.4, or a/b.md. `c.md`").collect::<Vec<_>>(),
        ["plan.md", "a/b.md", "c.md"]
    );
}

#[test]
fn no_document_has_a_gap_left_to_fill() {
    let documents = tracked().iter().filter(|file| file.path.ends_with(".md"));
    let complaints = documents.flat_map(|file| {
        let lines = (1..).zip(file.text().unwrap_or_default().lines());
        lines
            .filter(|(_, line)| line.contains("@@"))
            .map(|(number, line)| format!("{}:{number}: {line}", file.path))
    });
    assert_none(&complaints.collect::<Vec<_>>());
}

#[test]
fn every_shipped_scenario_parses_and_every_file_of_the_library_ships() {
    let names: BTreeSet<String> = SHIPPED.iter().map(|shipped| shipped.file.to_owned()).collect();
    let files = tracked().iter().filter(|file| file.path.starts_with("scenarios/library/"));
    let toml: BTreeSet<String> = files.map(|file| file.path.clone()).collect();
    assert_eq!(toml, names);
    for shipped in SHIPPED {
        let resolved = Document::open(shipped.name, &NoFiles).and_then(|document| document.resolve(&NoFiles));
        resolved.unwrap_or_else(|error| panic!("{}: {error}", shipped.file));
    }
}

#[test]
fn every_metric_explains_itself() {
    for metric in metric::all() {
        assert!(
            metric.meaning.ends_with('.') && metric.meaning.contains(' '),
            "{}: {}",
            metric.id,
            metric.meaning
        );
        let texts = [metric.label, metric.formula, metric.source];
        assert!(texts.iter().all(|text| !text.trim().is_empty()), "{}", metric.id);
    }
}

#[test]
fn every_package_takes_the_lints_of_the_workspace() {
    let manifests = tracked().iter().filter(|file| file.path.ends_with("/Cargo.toml"));
    let without =
        manifests.filter(|file| !file.text().unwrap_or_default().contains("[lints]\nworkspace = true"));
    assert_none(
        &without.map(|file| format!("{}: no `[lints] workspace = true`", file.path)).collect::<Vec<_>>(),
    );
}
