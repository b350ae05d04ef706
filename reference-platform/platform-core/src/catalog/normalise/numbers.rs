//! Numbers in digits, in Roman letters and in words, as digits.

/// Roman numbers that titles use. `i` is a number only behind a word that counts; it is a pronoun elsewhere.
const ROMAN: [(&str, u32); 19] = [
    ("ii", 2),
    ("iii", 3),
    ("iv", 4),
    ("v", 5),
    ("vi", 6),
    ("vii", 7),
    ("viii", 8),
    ("ix", 9),
    ("x", 10),
    ("xi", 11),
    ("xii", 12),
    ("xiii", 13),
    ("xiv", 14),
    ("xv", 15),
    ("xvi", 16),
    ("xvii", 17),
    ("xviii", 18),
    ("xix", 19),
    ("xx", 20),
];

/// Words behind which `i` is one.
const COUNTERS: [&str; 5] = ["part", "chapter", "episode", "volume", "season"];

const UNITS: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];

const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// Replaces number words and Roman numbers by digits; `twenty one` becomes one word.
pub(super) fn canonical(words: Vec<String>) -> Vec<String> {
    let mut result: Vec<String> = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        let word = &words[at];
        if let Some(tens) = position(&TENS, word) {
            let units =
                words.get(at + 1).and_then(|next| position(&UNITS, next)).filter(|n| (1..10).contains(n));
            result.push((20 + 10 * tens + units.unwrap_or(0)).to_string());
            at += 1 + usize::from(units.is_some());
            continue;
        }
        let counted = result.last().is_some_and(|before| COUNTERS.contains(&before.as_str()));
        result.push(match number(word, counted) {
            Some(number) => number.to_string(),
            None => word.clone(),
        });
        at += 1;
    }
    result
}

fn number(word: &str, counted: bool) -> Option<usize> {
    if word == "i" && counted {
        return Some(1);
    }
    let roman = ROMAN.iter().find(|(letters, _)| *letters == word).map(|(_, value)| *value as usize);
    roman.or_else(|| position(&UNITS, word))
}

fn position(list: &[&str], word: &str) -> Option<usize> {
    list.iter().position(|known| *known == word)
}
