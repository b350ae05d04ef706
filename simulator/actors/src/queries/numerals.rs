//! Numbers as titles write them: digits, Roman numerals, English words.

const ONES: [&str; 20] = [
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
const TENS: [&str; 10] =
    ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const ROMAN: [(u32, &str); 9] =
    [(100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")];

/// A number from 0 to 99 in English words.
pub(super) fn in_words(number: u32) -> Option<String> {
    let (tens, ones) = ((number / 10) as usize, (number % 10) as usize);
    match number {
        0..20 => Some(ONES[number as usize].to_owned()),
        20..100 if ones == 0 => Some(TENS[tens].to_owned()),
        20..100 => Some(format!("{} {}", TENS[tens], ONES[ones])),
        _ => None,
    }
}

/// A number from 1 to 39 in Roman numerals, in lower case: as far as sequels are counted so.
pub(super) fn in_roman(number: u32) -> Option<String> {
    if !(1..40).contains(&number) {
        return None;
    }
    let (mut left, mut roman) = (number, String::new());
    for (value, letters) in ROMAN {
        while left >= value {
            roman.push_str(letters);
            left -= value;
        }
    }
    Some(roman)
}

/// Reads a lower-case word as a Roman numeral of 2 to 39. A lone `i` is far more often a pronoun.
pub(super) fn from_roman(word: &str) -> Option<u32> {
    if word.is_empty() || word.len() > 7 || !word.bytes().all(|byte| b"ivx".contains(&byte)) {
        return None;
    }
    (2..40).find(|&number| in_roman(number).as_deref() == Some(word))
}

/// Reads a lower-case word as a number of 1 to 99, in any of the three ways.
pub(super) fn read(word: &str) -> Option<u32> {
    let digits = || word.parse().ok().filter(|number| (1..100).contains(number));
    let spelled = || (1..).zip(&ONES[1..]).find(|(_, name)| **name == word).map(|(number, _)| number);
    digits().or_else(spelled).or_else(|| from_roman(word))
}
