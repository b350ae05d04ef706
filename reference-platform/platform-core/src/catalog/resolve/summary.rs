//! Who directed a film, where a supplier says so in the summary alone: `… is a drama film directed by Zélie Orn and …`.
//!
//! English only, as the pattern is. Nothing else of a summary is compared: suppliers word it in their own way, and those who
//! copy from one text copy its mistakes too, whereas a film's director is the same whoever words it.

/// Words that may stand between `directed` and `by`: `directed, written and co-produced by`.
const BETWEEN_MAX: usize = 8;
/// Words of one name at most; what is longer is no name.
const NAME_WORDS_MAX: usize = 5;
/// Parts of names that are written small.
const PARTICLES: [&str; 15] =
    ["al", "da", "de", "del", "den", "der", "di", "du", "el", "la", "le", "ten", "ter", "van", "von"];
/// Short words with a dot that do not end a sentence.
const ABBREVIATED: [&str; 4] = ["Jr.", "Sr.", "St.", "Dr."];

/// The directors that a summary names, as written; none where it has no `directed by` with a name behind it.
pub(super) fn directors(summary: &str) -> Vec<String> {
    let words: Vec<&str> = summary.split_whitespace().collect();
    let is_directed = |word: &str| word.trim_end_matches(',').eq_ignore_ascii_case("directed");
    let starts = (0..words.len()).filter(|&at| is_directed(words[at]));
    let found = starts.filter_map(|at| behind_by(&words[at + 1..])).map(names);
    found.into_iter().find(|names| !names.is_empty()).unwrap_or_default()
}

/// What stands behind `by`, if only small words come before it.
fn behind_by<'a, 'b>(words: &'a [&'b str]) -> Option<&'a [&'b str]> {
    let by = words.iter().take(BETWEEN_MAX).position(|word| *word == "by")?;
    let is_small = |word: &&str| word.starts_with(char::is_lowercase) && !word.ends_with('.');
    words[..by].iter().all(is_small).then(|| &words[by + 1..])
}

/// One name, and a second one behind `and`.
fn names(words: &[&str]) -> Vec<String> {
    let (first, rest) = name(words);
    let second = rest.and_then(|rest| rest.strip_prefix(&["and"])).map(|rest| name(rest).0);
    let mut found: Vec<String> =
        [Some(first), second].into_iter().flatten().filter(|name| !name.is_empty()).collect();
    // `Ivo and Mette Tarn`: the first of the two is no whole name.
    if found.iter().any(|name| name.contains(' ')) {
        found.retain(|name| name.contains(' '));
    }
    found
}

/// The name that words begin with, and what follows unless a mark ends it there; empty where they begin with none.
fn name<'a, 'b>(words: &'a [&'b str]) -> (String, Option<&'a [&'b str]>) {
    let mut parts: Vec<&str> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let is_part = word.starts_with(char::is_uppercase) || PARTICLES.contains(word);
        if !is_part {
            // `American filmmaker Zélie Orn`: one word before a common one is seldom a name.
            let is_name = parts.len() > 1 || *word == "and";
            return (if is_name { whole(parts) } else { String::new() }, Some(&words[at..]));
        }
        let bare = word.trim_end_matches([',', '.', ';', ':', ')', '"']);
        // Initials keep their dots, which a comparable name needs to join them.
        let is_initial = word.ends_with('.') && bare.split('.').all(|part| part.chars().count() <= 1);
        parts.push(if is_initial { word } else { bare });
        if bare != *word && !is_initial && !ABBREVIATED.contains(word) {
            break;
        }
    }
    (whole(parts), None)
}

fn whole(parts: Vec<&str>) -> String {
    let is_name =
        parts.len() <= NAME_WORDS_MAX && parts.iter().any(|part| part.starts_with(char::is_uppercase));
    if is_name { parts.join(" ") } else { String::new() }
}
