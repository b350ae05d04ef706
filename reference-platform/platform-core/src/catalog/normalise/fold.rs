//! From any Unicode to plain lower-case words.

use deunicode::deunicode_char;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Words of letters and digits: compatibility forms resolved, accents dropped, lower case, transliterated.
///
/// Apostrophes join (`don't` is `dont`), everything else that is neither letter nor digit separates; `&` is `and`; dots
/// between single letters join (`L.A.` is `la`).
#[must_use]
pub fn plain_tokens(text: &str) -> Vec<String> {
    let folded = fold(text);
    if folded.is_empty() {
        // A title of marks alone (`…`, `?!`) has to be findable by those marks.
        let raw: String = text.nfkc().flat_map(char::to_lowercase).collect();
        let raw: Vec<String> = raw.split_whitespace().map(str::to_owned).collect();
        return raw;
    }
    folded.split(' ').map(str::to_owned).collect()
}

/// The same as one string, words separated by single spaces; empty where nothing is a letter or digit.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        // One plain word, as most words are that are looked at by themselves.
        return text.to_ascii_lowercase();
    }
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            // Nothing to take apart, and most of what there is.
            plain.push(c.to_ascii_lowercase());
            continue;
        }
        // `8½` is eight and a half, not eighty-one halves.
        if matches!(c, '\u{bc}'..='\u{be}' | '\u{2150}'..='\u{215f}') {
            plain.push(' ');
        }
        // Lower case twice: what a compatibility form stands for may have one of its own.
        let lower = c.to_lowercase().nfkd().flat_map(char::to_lowercase).nfkd();
        for part in lower.filter(|c| !is_combining_mark(*c)) {
            push_plain(&mut plain, part);
        }
    }
    separate(&plain)
}

/// Appends what a lower-case character is in ASCII, or the character itself where it has no such form.
fn push_plain(plain: &mut String, c: char) {
    if c.is_ascii() {
        plain.push(c);
        return;
    }
    match c {
        '\u{2018}' | '\u{2019}' | '\u{02bb}' | '\u{02bc}' | '\u{00b4}' | '\u{2032}' => plain.push('\''),
        _ if c.is_alphanumeric() => match deunicode_char(c) {
            Some(latin) if latin.chars().any(|c| c.is_ascii_alphanumeric()) => {
                plain.extend(latin.chars().map(|c| c.to_ascii_lowercase()));
            }
            _ => plain.push(c),
        },
        _ => plain.push(' '),
    }
}

/// Cuts into words and joins them by single spaces.
fn separate(plain: &str) -> String {
    let chars: Vec<char> = plain.chars().collect();
    let mut words = String::with_capacity(plain.len());
    for (at, &c) in chars.iter().enumerate() {
        match c {
            '\'' | '`' => {}
            '&' => words.push_str(" and "),
            '.' if joins_initials(&chars, at) => {}
            c if c.is_alphanumeric() => words.push(c),
            _ => words.push(' '),
        }
    }
    let mut joined = String::with_capacity(words.len());
    for word in words.split_whitespace() {
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(word);
    }
    joined
}

/// Whether a dot stands behind a single letter that belongs to initials: another single letter with a dot is beside it.
fn joins_initials(chars: &[char], dot: usize) -> bool {
    let letter = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(|c| c.is_alphabetic());
    let is_single = |at: Option<usize>| {
        let Some(at) = at else { return false };
        let alone_before = at == 0 || !chars[at - 1].is_alphanumeric();
        let alone_behind = chars.get(at + 1).is_none_or(|c| !c.is_alphanumeric());
        letter(Some(at)) && alone_before && alone_behind
    };
    is_single(dot.checked_sub(1)) && is_single(Some(dot + 1))
}
