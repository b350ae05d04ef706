//! Under which licences the code that we link may stand.

use super::{assert_none, metadata};

/// Licences that ask for no more than their notice to be kept.
const ALLOWED: [&str; 7] =
    ["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Unicode-3.0", "Zlib"];

/// Whether an SPDX expression can be met with [`ALLOWED`] alone. An exception (`WITH`) only permits more.
fn allowed(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let met = any(&mut rest);
    met && rest.is_empty()
}

fn any(words: &mut &[&str]) -> bool {
    let mut met = all(words);
    while words.first() == Some(&"OR") {
        *words = &words[1..];
        met |= all(words);
    }
    met
}

fn all(words: &mut &[&str]) -> bool {
    let mut met = one(words);
    while words.first() == Some(&"AND") {
        *words = &words[1..];
        met &= one(words);
    }
    met
}

fn one(words: &mut &[&str]) -> bool {
    let Some((&first, rest)) = words.split_first() else { return false };
    *words = rest;
    if first == "(" {
        let met = any(words);
        let closed = words.first() == Some(&")");
        *words = words.get(1..).unwrap_or_default();
        return met && closed;
    }
    if words.first() == Some(&"WITH") {
        *words = words.get(2..).unwrap_or_default();
    }
    ALLOWED.contains(&first)
}

#[test]
fn every_dependency_stands_under_an_allowed_licence() {
    let packages = metadata()["packages"].as_array().expect("a list of packages");
    let complaints = packages.iter().filter_map(|package| {
        let (name, licence) = (&package["name"], package["license"].as_str().unwrap_or("none stated"));
        (!allowed(licence)).then(|| format!("{name}: licence `{licence}`"))
    });
    assert_none(&complaints.collect::<Vec<_>>());
}

#[test]
fn licence_expressions_are_read_as_spdx_means_them() {
    for good in [
        "MIT",
        "MIT/Apache-2.0",
        "Unlicense OR MIT",
        "(MIT OR Apache-2.0) AND Unicode-3.0",
        "CC0-1.0 OR Apache-2.0 OR Apache-2.0 WITH LLVM-exception",
    ] {
        assert!(allowed(good), "{good}");
    }
    for bad in
        ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR GPL-3.0) AND MPL-2.0", "(MIT", "MIT)", "none stated"]
    {
        assert!(!allowed(bad), "{bad}");
    }
}
