//! How long files are, and how large.

use super::{Tracked, assert_none, tracked};

/// Most lines of a source file, tests apart.
const LINES_MAX: usize = 800;

/// What nine in ten files stay under.
const LINES_AIM: usize = 400;

/// Files over [`LINES_AIM`] with their length. The list may only shrink: split the file rather than raise a number.
const LONG: [(&str, usize); 0] = [];

/// Most bytes of any file.
const BYTES_MAX: usize = 1_000_000;

/// Lines of a source file without its inline tests.
fn product_lines(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let tests = |at: &usize| lines[*at] == "#[cfg(test)]" && lines.get(at + 1) == Some(&"mod tests {");
    (0..lines.len()).find(tests).unwrap_or(lines.len())
}

fn too_long(path: &str, lines: usize, long: &[(&str, usize)]) -> Option<String> {
    let listed = long.iter().find(|(listed, _)| *listed == path).map(|&(_, lines)| lines);
    match listed {
        _ if lines > LINES_MAX => Some(format!("{path}: {lines} lines, at most {LINES_MAX}")),
        None if lines > LINES_AIM => Some(format!("{path}: {lines} lines, aim for {LINES_AIM}: split it")),
        Some(most) if lines > most => Some(format!("{path}: {lines} lines, was {most}: split it")),
        Some(_) if lines <= LINES_AIM => {
            Some(format!("{path}: {lines} lines, take it off the list of long files"))
        }
        _ => None,
    }
}

#[test]
fn source_files_are_short() {
    let sources = || tracked().iter().filter(|file| file.is_rust() && !file.is_test());
    let lengths = sources().map(|file| (file.path.as_str(), product_lines(file.text().unwrap_or_default())));
    let mut complaints: Vec<String> =
        lengths.filter_map(|(path, lines)| too_long(path, lines, &LONG)).collect();
    let gone = LONG.iter().filter(|(path, _)| sources().all(|file| file.path != *path));
    complaints.extend(gone.map(|(path, _)| format!("{path}: gone, take it off the list of long files")));
    assert_none(&complaints);
}

#[test]
fn a_long_file_is_named_and_a_listed_one_may_not_grow() {
    let long = [("listed.rs", 500)];
    for (path, lines) in [("new.rs", 401), ("listed.rs", 501), ("listed.rs", 400), ("any.rs", 801)] {
        assert!(too_long(path, lines, &long).is_some_and(|text| text.contains(path)), "{path} {lines}");
    }
    for (path, lines) in [("new.rs", 400), ("listed.rs", 500), ("listed.rs", 450)] {
        assert_eq!(too_long(path, lines, &long), None);
    }
    assert_eq!(product_lines("a\n\n#[cfg(test)]\nmod tests {\n}\n"), 2);
    assert_eq!(product_lines("a\n#[cfg(test)]\nmod tests;\n"), 3);
}

#[test]
fn no_file_is_large() {
    let large = |file: &&Tracked| file.bytes.len() > BYTES_MAX;
    let complaints =
        tracked().iter().filter(large).map(|file| format!("{}: {} bytes", file.path, file.bytes.len()));
    assert_none(&complaints.collect::<Vec<_>>());
}
