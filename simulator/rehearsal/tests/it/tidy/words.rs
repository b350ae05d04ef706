//! Words that stand for something under another name, and text that belongs in no file.

use super::{Tracked, assert_none, tracked};

/// What is banned, and what to say instead. Only words that mean nothing else in Rust or in our prose: `route`, `mode` and
/// `quality` have other uses, and there the reader decides.
const BANNED: [(&str, &str); 19] = [
    ("cdn_id", "pathway"),
    ("join_time", "startup_time"),
    ("join time", "startup time"),
    ("hiccup", "stall"),
    ("hiccups", "stall"),
    ("rebill", "renewal"),
    ("retry loop", "dunning, or the name of the load policy"),
    ("request_id", "idempotency_key"),
    ("dedupe_id", "idempotency_key"),
    ("bad event", "replay, duplicate, forged or late"),
    ("fix-up", "reconciliation"),
    ("fixup", "reconciliation"),
    ("utils", "the name of what is in it"),
    ("helpers", "the name of what is in it"),
    ("manager", "the name of what it decides"),
    ("fixme", "do it, or name the issue: TODO(#12)"),
    ("xxx", "do it, or name the issue: TODO(#12)"),
    ("unimplemented!", "do it"),
    ("dbg!", "nothing"),
];

/// Folders and hosts that differ by machine or belong to a package registry; in pieces, so that this file holds none.
const PLACES: [&[&str]; 9] = [
    &["/wo", "rk/"],
    &["/ro", "ot/"],
    &["/ho", "me/"],
    &["/Us", "ers/"],
    &["/tm", "p/"],
    &["crates", ".io"],
    &["py", "pi.org"],
    &["npm", "js.org"],
    &["proxy.go", "lang.org"],
];

/// Where a machine path is made up, and the test needs one.
const MADE_UP: [(&str, &str); 1] = [("scenarios/src/document/tests.rs", "/home/plans/")];

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether `word` stands in `line` by itself.
fn holds(line: &str, word: &str) -> bool {
    let (ends_open, starts_open) = (
        word.bytes().next_back().is_some_and(|byte| !is_word(byte)),
        word.bytes().next().is_some_and(|byte| !is_word(byte)),
    );
    line.match_indices(word).any(|(at, _)| {
        let before = line.as_bytes()[..at].last().copied().unwrap_or(b' ');
        let after = line.as_bytes().get(at + word.len()).copied().unwrap_or(b' ');
        (starts_open || !is_word(before)) && (ends_open || !is_word(after))
    })
}

fn banned_words(line: &str) -> Option<String> {
    let line = line.to_ascii_lowercase();
    if holds(&line, "todo") && !line.contains("todo(#") && !line.contains("todo = \"warn\"") {
        return Some("a TODO names its issue: `TODO(#12)`".to_owned());
    }
    let (word, instead) = BANNED.iter().find(|(word, _)| holds(&line, word))?;
    Some(format!("`{word}` is banned, say: {instead}"))
}

fn places(path: &str, line: &str) -> Option<String> {
    let known = MADE_UP.iter().filter(|(file, _)| *file == path);
    let line = known.fold(line.to_owned(), |line, (_, made_up)| line.replace(made_up, ""));
    let found = PLACES.iter().map(|parts| parts.concat()).find(|place| line.contains(place))?;
    Some(format!("`{found}` is a machine's path or a registry's host"))
}

/// The customer's headline as a number. It may stand where a scenario shows it and nowhere in code that makes numbers.
fn headline(line: &str) -> Option<String> {
    let code = line.split("//").next().unwrap_or_default();
    let found = ["0.63", "63%", "63 %", "-63"].into_iter().find(|number| {
        code.match_indices(number).any(|(at, _)| {
            let before = code.as_bytes()[..at].last().copied().unwrap_or(b' ');
            let after = code.as_bytes().get(at + number.len()).copied().unwrap_or(b' ');
            !before.is_ascii_digit() && before != b'.' && !after.is_ascii_digit() && after != b'_'
        })
    })?;
    Some(format!("`{found}`: the customer's headline is measured, never built in"))
}

/// All lines of all text files that a rule complains about.
fn complaints(files: &[Tracked], rule: impl Fn(&Tracked, &str) -> Option<String>) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.path != "Cargo.lock" && !file.path.contains("/it/tidy")) {
        for (number, line) in (1..).zip(file.text().unwrap_or_default().lines()) {
            complaints.extend(rule(file, line).map(|text| format!("{}:{number}: {text}", file.path)));
        }
    }
    complaints
}

#[test]
fn each_thing_has_one_name() {
    assert_none(&complaints(tracked(), |_, line| banned_words(line)));
}

#[test]
fn no_file_names_a_machine_or_a_registry() {
    assert_none(&complaints(tracked(), |file, line| places(&file.path, line)));
}

#[test]
fn no_code_holds_the_headline() {
    assert_none(&complaints(tracked(), |file, line| {
        (file.is_rust() && !file.is_test()).then(|| headline(line)).flatten()
    }));
}

#[test]
fn scenarios_only_advise_on_the_headline() {
    let library = tracked().iter().filter(|file| file.path.starts_with("scenarios/library/"));
    for file in library {
        let text = file.text().expect("a scenario is text");
        for gate in text.split("\n[").filter(|section| section.lines().any(|line| headline(line).is_some())) {
            assert!(
                gate.starts_with("gate.") && gate.contains("severity = \"advise\""),
                "{}: [{gate}",
                file.path
            );
        }
    }
}

#[test]
fn banned_words_are_found_as_words() {
    for line in
        ["let cdn_id = 1;", "// TODO later", "mod utils;", "a Manager of things", "TODO(soon)", "dbg!(x)"]
    {
        assert!(banned_words(line).is_some(), "{line}");
    }
    for line in
        ["// TODO(#12): later", "todo = \"warn\"", "my_cdn_ids", "mastodon", "the request_ids", "pathway"]
    {
        assert_eq!(banned_words(line), None, "{line}");
    }
    assert!(places("a.rs", &["see /wo", "rk/x"].concat()).is_some());
    assert!(places("a.rs", "/home/plans/mine.toml").is_some());
    assert_eq!(places("scenarios/src/document/tests.rs", "/home/plans/mine.toml"), None);
    assert_eq!(places("a.rs", "homework/x"), None);
    for line in ["let target = 0.63;", "if change <= -63 {", "\"63%\""] {
        assert!(headline(line).is_some(), "{line}");
    }
    for line in ["10.63", "0.631", "-630", "x - 1 // -63%", "0x63"] {
        assert_eq!(headline(line), None, "{line}");
    }
}
