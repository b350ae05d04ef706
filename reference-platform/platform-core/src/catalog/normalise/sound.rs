//! Looser forms of single words: without endings, and as they sound.

/// A word without its inflection: plural, possessive, `-ed`, `-ing`, a doubled consonant before them, a silent `e`.
///
/// Applied to both sides. Not a linguist's stem: it only has to give the same for the forms of one word.
#[must_use]
pub fn stem(word: &str) -> String {
    if !word.is_ascii() || word.bytes().any(|b| b.is_ascii_digit()) {
        return word.to_owned();
    }
    let mut stem = word;
    if let Some(front) = stem.strip_suffix("ies").filter(|front| front.len() >= 2) {
        return format!("{front}y");
    }
    if stem.len() > 3 && stem.ends_with('s') && !["ss", "us", "is"].iter().any(|end| stem.ends_with(end)) {
        stem = &stem[..stem.len() - 1];
    }
    for ending in ["ing", "ed"] {
        if let Some(front) = stem.strip_suffix(ending).filter(|front| front.len() >= 3) {
            return without_silent_e(undoubled(front)).to_owned();
        }
    }
    without_silent_e(undoubled(stem)).to_owned()
}

fn undoubled(word: &str) -> &str {
    let bytes = word.as_bytes();
    match bytes {
        [.., a, b] if a == b && !b"aeiouls".contains(b) && word.len() > 3 => &word[..word.len() - 1],
        _ => word,
    }
}

fn without_silent_e(word: &str) -> &str {
    if word.len() > 3 { word.strip_suffix('e').unwrap_or(word) } else { word }
}

/// Pairs of letters that sound like one, longest first. `0` stands for `th`, `x` for `sh` and `ch`.
const SOUNDS: [(&str, &str); 19] = [
    ("ght", "t"),
    ("sch", "sk"),
    ("tch", "x"),
    ("tio", "x"),
    ("ph", "f"),
    ("gh", ""),
    ("ck", "k"),
    ("ch", "x"),
    ("sh", "x"),
    ("th", "0"),
    ("dg", "j"),
    ("wh", "w"),
    ("qu", "k"),
    ("ce", "s"),
    ("ci", "s"),
    ("cy", "s"),
    ("mb", "m"),
    ("gn", "n"),
    ("kn", "n"),
];

/// How a word sounds, roughly: consonants by class, vowels only where a word begins with one.
///
/// In the manner of Soundex and Metaphone (Philips, 1990), with fewer rules.
#[must_use]
pub fn phonetic(word: &str) -> String {
    let word = match word.get(..2) {
        Some("kn" | "gn" | "pn" | "wr" | "ps") => &word[1..],
        _ => word,
    };
    let mut code = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let is_start = rest.len() == word.len();
        let pair =
            SOUNDS.iter().find(|(letters, _)| rest.starts_with(letters) && !(is_start && *letters == "gh"));
        let (sound, length) = match pair {
            Some((letters, sound)) => (*sound, letters.len()),
            None => (single(first, is_start), first.len_utf8()),
        };
        for c in sound.chars() {
            if !code.ends_with(c) {
                code.push(c);
            }
        }
        if pair.is_none() && sound == "?" {
            code.pop();
            code.push(first);
        }
        rest = &rest[length..];
    }
    code
}

/// The sound of one letter; `?` for what is no Latin letter and stands for itself.
const fn single(letter: char, is_start: bool) -> &'static str {
    match letter {
        'a' | 'e' | 'i' | 'o' | 'u' | 'y' if is_start => "a",
        'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'h' | 'w' => "",
        'b' | 'p' => "p",
        'c' | 'k' | 'q' => "k",
        'd' | 't' => "t",
        'f' | 'v' => "f",
        'g' => "g",
        'j' => "j",
        'l' => "l",
        'm' => "m",
        'n' => "n",
        'r' => "r",
        's' | 'z' => "s",
        'x' => "ks",
        _ => "?",
    }
}
