//! Slips: of the finger, of the ear, of grammar.
//!
//! Only words of ASCII letters are touched: the keys beside other letters depend on the keyboard.

use crate::chance::Chance;

/// The keys around each letter on a US keyboard, `a` first.
const BESIDE: [&[u8]; 26] = [
    b"qwsz", b"vghn", b"xdfv", b"serfcx", b"wsdr", b"drtgvc", b"ftyhbv", b"gyujnb", b"ujko", b"huikmn",
    b"jiolm", b"kop", b"njk", b"bhjm", b"iklp", b"ol", b"wa", b"edft", b"awedxz", b"rfgy", b"yhji", b"cfgb",
    b"qase", b"zsdc", b"tghu", b"asx",
];

/// Shorter words are seldom mistyped.
const MISTYPED_LETTERS_MIN: usize = 4;

fn is_ascii_word(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn beside(letter: u8, chance: &mut Chance) -> u8 {
    let keys = BESIDE[usize::from(letter - b'a')];
    keys[chance.below(keys.len())]
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("ASCII letters were exchanged for ASCII letters")
}

/// One slip somewhere after the first letter of a word; long words are hit more often. `None` where no word is long enough.
pub(super) fn mistype(words: &[String], chance: &mut Chance) -> Option<Vec<String>> {
    let may = |word: &&String| word.len() >= MISTYPED_LETTERS_MIN && is_ascii_word(word);
    let letters: usize = words.iter().filter(may).map(|word| word.len() - 1).sum();
    if letters == 0 {
        return None;
    }
    let mut at = chance.below(letters);
    let mut changed = words.to_vec();
    for word in changed.iter_mut().filter(|word| may(&&**word)) {
        if at < word.len() - 1 {
            *word = slip(word, at + 1, chance);
            break;
        }
        at -= word.len() - 1;
    }
    Some(changed)
}

/// A slip anywhere in one word but on its first letter alone: the first two may change places.
pub(super) fn mistype_name(word: &str, chance: &mut Chance) -> Option<String> {
    if word.len() < MISTYPED_LETTERS_MIN || !is_ascii_word(word) {
        return None;
    }
    let bytes = word.as_bytes();
    if bytes[0] != bytes[1] && chance.hits(10) {
        let mut swapped = bytes.to_vec();
        swapped.swap(0, 1);
        return Some(text(swapped));
    }
    let at = chance.between(1, word.len() - 1);
    Some(slip(word, at, chance))
}

/// The letter at `at` is missed, doubled, exchanged with the next or for the key beside it.
///
/// Shares as counted in a published set of mistyped titles: 8, 5, 4, 2 of 19. Much the same order in Damerau, "A technique
/// for computer detection and correction of spelling errors", CACM 7 (1964).
fn slip(word: &str, at: usize, chance: &mut Chance) -> String {
    let mut bytes = word.as_bytes().to_vec();
    match chance.below(100) {
        0..26 => drop(bytes.remove(at)),
        26..38 => bytes.insert(at, bytes[at]),
        38..58 if at + 1 < bytes.len() && bytes[at] != bytes[at + 1] => bytes.swap(at, at + 1),
        _ => bytes[at] = beside(bytes[at], chance),
    }
    text(bytes)
}

/// The first letter of a word is the key beside it. `None` where no word is long enough.
pub(super) fn mistype_first(words: &[String], chance: &mut Chance) -> Option<Vec<String>> {
    let may = |word: &String| word.len() >= MISTYPED_LETTERS_MIN && is_ascii_word(word);
    let places: Vec<usize> = (0..words.len()).filter(|&at| may(&words[at])).collect();
    let at = *places.get(chance.below(places.len()))?;
    let mut changed = words.to_vec();
    let mut bytes = changed[at].as_bytes().to_vec();
    bytes[0] = beside(bytes[0], chance);
    changed[at] = text(bytes);
    Some(changed)
}

/// Where in a word a sound is.
enum Place {
    Start,
    End,
    Anywhere,
}

/// What is heard the same, or nearly: (spelling, where, other spelling).
const SOUNDS: [(&str, Place, &str); 30] = [
    ("kn", Place::Start, "n"),
    ("wr", Place::Start, "r"),
    ("wh", Place::Start, "w"),
    ("ght", Place::Anywhere, "t"),
    ("ph", Place::Anywhere, "f"),
    ("ck", Place::Anywhere, "k"),
    ("sch", Place::Anywhere, "sh"),
    ("ie", Place::Anywhere, "ei"),
    ("ei", Place::Anywhere, "ie"),
    ("ea", Place::Anywhere, "ee"),
    ("ee", Place::Anywhere, "ea"),
    ("ou", Place::Anywhere, "u"),
    ("ai", Place::Anywhere, "ay"),
    ("oo", Place::Anywhere, "u"),
    ("ll", Place::Anywhere, "l"),
    ("tt", Place::Anywhere, "t"),
    ("ss", Place::Anywhere, "s"),
    ("nn", Place::Anywhere, "n"),
    ("rr", Place::Anywhere, "r"),
    ("mm", Place::Anywhere, "m"),
    ("pp", Place::Anywhere, "p"),
    ("dd", Place::Anywhere, "d"),
    ("ff", Place::Anywhere, "f"),
    ("er", Place::End, "or"),
    ("or", Place::End, "er"),
    ("ant", Place::End, "ent"),
    ("ance", Place::End, "ence"),
    ("tion", Place::End, "shun"),
    ("y", Place::End, "ie"),
    ("ca", Place::Start, "ka"),
];

fn respelled(word: &str, (from, place, to): &(&str, Place, &str)) -> Option<String> {
    if word.len() < MISTYPED_LETTERS_MIN || !is_ascii_word(word) {
        return None;
    }
    let at = match place {
        Place::Start => word.starts_with(from).then_some(0),
        Place::End => word.ends_with(from).then(|| word.len() - from.len()),
        Place::Anywhere => word.find(from),
    }?;
    Some([&word[..at], to, &word[at + from.len()..]].concat())
}

/// One word spelled as heard. `None` where all are spelled as heard.
pub(super) fn mishear(words: &[String], chance: &mut Chance) -> Option<Vec<String>> {
    let mut choices = Vec::new();
    for (at, word) in words.iter().enumerate() {
        choices.extend(SOUNDS.iter().filter_map(|sound| respelled(word, sound)).map(|word| (at, word)));
    }
    if choices.is_empty() {
        return None;
    }
    let (at, word) = choices.swap_remove(chance.below(choices.len()));
    let mut changed = words.to_vec();
    changed[at] = word;
    Some(changed)
}

/// A word with another ending: a plural, a verb's form, or a plural made singular.
pub(super) fn inflect(word: &str, chance: &mut Chance) -> Option<String> {
    if word.len() < MISTYPED_LETTERS_MIN || !is_ascii_word(word) {
        return None;
    }
    if word.ends_with('s') && !word.ends_with("ss") && word.len() > MISTYPED_LETTERS_MIN {
        return Some(word[..word.len() - 1].to_owned());
    }
    let ending = match chance.below(100) {
        0..70 => "s",
        70..90 => "ing",
        _ => "ed",
    };
    let silent_e = word.ends_with('e') && ending != "s";
    let stem = if silent_e { &word[..word.len() - 1] } else { word };
    Some([stem, ending].concat())
}
