//! Our eviction against libCacheSim's printed miss ratios.

use std::fs;
use std::path::PathBuf;

use rehearsal::validate::{Validation, cache};

use crate::support::reference_data;

fn golden() -> Option<PathBuf> {
    reference_data("abr/cache-golden/golden-libcachesim.txt")
}

/// Validates these lines alone.
fn validate(lines: &str) -> anyhow::Result<Validation> {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("golden.txt");
    fs::write(&file, lines).expect("a temporary file");
    cache::run(&file)
}

/// The error for these lines, with its causes.
fn complaint(lines: &str) -> String {
    format!("{:#}", validate(lines).expect_err("garbage is refused"))
}

const LINE: &str = "objmode alpha=1.0 result/z1.0.csv LRU cache size 500, 500000 req, miss ratio 0.5251, byte miss ratio 0.5251";

#[test]
fn eviction_agrees_with_libcachesim() {
    let Some(file) = golden() else { return };
    let all = fs::read_to_string(&file).expect("the reference file is readable");
    // One trace per mode keeps this at seconds without optimisation; `rehearsal validate cache` runs all lines.
    let lines: Vec<&str> = all
        .lines()
        .filter(|line| {
            line.starts_with("objmode alpha=0.8") && !line.contains(" 2500,")
                || line.starts_with("bytemode alpha=1.0")
        })
        .collect();
    let found = validate(&lines.join("\n")).expect("the reference lines are readable");
    assert!(found.agrees, "{:#?}", found.first_failures);
    assert_eq!((found.passed, found.failed, found.skipped), (15 + 16, 0, 6 + 4));
}

#[test]
fn policies_that_are_not_built_are_named() {
    let Some(file) = golden() else { return };
    let names: Vec<(String, u64)> = cache::skipped(&file).expect("readable").into_iter().collect();
    let expected = [("ARC", 16), ("GDSF", 8), ("LFU", 16)].map(|(name, lines)| (name.to_owned(), lines));
    assert_eq!(names, expected);
}

#[test]
fn a_wrong_ratio_fails_and_says_where() {
    let found = validate(&LINE.replace("0.5251,", "0.5252,")).expect("readable");
    assert_eq!((found.passed, found.failed, found.agrees), (0, 1, false));
    assert_eq!(
        found.first_failures,
        ["line 1: LRU alpha 1 of 500 objects, miss ratio: expected 0.5252, got 0.5251"]
    );
    let worst = found.worst.expect("one row was compared");
    assert!((worst.difference - 0.0001).abs() < 1e-9);
}

#[test]
fn garbage_is_refused_with_line_and_expectation() {
    let expect = |lines: &str, parts: &[&str]| {
        let text = complaint(lines);
        for part in parts {
            assert!(text.contains(part), "`{part}` is not in: {text}");
        }
    };
    expect("", &["no result lines"]);
    expect("hello", &["golden.txt:1", "not a result line", "expected `MODE alpha=A"]);
    expect(
        &format!("\n{LINE}\n{}", LINE.replace("objmode", "mode")),
        &["golden.txt:3", "`objmode` or `bytemode`"],
    );
    expect(&LINE.replace("1.0 ", "x "), &["alpha=x", "A from 0 to 10"]);
    expect(&LINE.replace("LRU", "L?RU"), &["unknown policy `L?RU`", "Sieve"]);
    expect(&LINE.replace("size 500", "size 0"), &["cache size `0`", "1 or more"]);
    expect(&LINE.replace("500000", "9999999999"), &["requests `9999999999`"]);
    expect(&LINE.replace("0.5251", "1.5"), &["miss ratio `1.5`", "from 0 to 1"]);
    expect(&LINE.replace(", byte miss ratio 0.5251", ""), &["expected `miss ratio M, byte miss ratio B`"]);
}
