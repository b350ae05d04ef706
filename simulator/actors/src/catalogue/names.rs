//! Names from syllables: people, places and words that nobody bears, in the sounds of several languages.

use crate::chance::Chance;

/// The sounds of a language, and how titles and names are built in it.
pub(super) struct Culture {
    /// BCP 47.
    pub(super) language: &'static str,
    /// As catalogues write it: the name, and the code of ISO 3166-1.
    pub(super) countries: &'static [(&'static str, &'static str)],
    onsets: &'static [&'static str],
    nuclei: &'static [&'static str],
    given: &'static [&'static str],
    family: &'static [&'static str],
    /// Titles with the noun of the language in `{}` and a name in `[]`; English ones have a grammar of their own.
    pub(super) patterns: &'static [&'static str],
}

/// The first is English.
pub(super) const CULTURES: [Culture; 8] = [
    Culture {
        language: "en",
        countries: &[
            ("United States", "US"),
            ("United Kingdom", "GB"),
            ("Canada", "CA"),
            ("Australia", "AU"),
        ],
        onsets: &[
            "b", "br", "c", "ch", "d", "dr", "f", "g", "gr", "h", "j", "k", "l", "m", "n", "p", "r", "s",
            "st", "t", "th", "tr", "v", "w", "wh",
        ],
        nuclei: &["a", "e", "i", "o", "u", "ai", "ea", "ee", "oo", "ar", "er", "or", "al", "en", "il", "un"],
        given: &["la", "len", "na", "rick", "son", "th", "bert", "lyn", "mer", "vin"],
        family: &[
            "ton", "ley", "ford", "wick", "by", "well", "combe", "sworth", "ridge", "gate", "low", "er",
        ],
        patterns: &[],
    },
    Culture {
        language: "es",
        countries: &[("Spain", "ES"), ("Mexico", "MX"), ("Argentina", "AR"), ("Colombia", "CO")],
        onsets: &["b", "c", "d", "f", "g", "l", "ll", "m", "n", "p", "qu", "r", "s", "t", "v", "z"],
        nuclei: &["a", "e", "i", "o", "á", "é", "í", "ó", "ia", "ue", "an", "er"],
        given: &["na", "ro", "lia", "dro", "sa", "món", "rína"],
        family: &["ñedo", "rálvez", "cuela", "deros", "llares", "tíz", "vano"],
        patterns: &[
            "El {} de [Name]",
            "La {}",
            "Los {}s",
            "Qué {} tan {}",
            "Sin {} no hay {}",
            "La {} de [Name]",
            "{} en {}",
        ],
    },
    Culture {
        language: "fr",
        countries: &[("France", "FR"), ("Belgium", "BE"), ("Canada", "CA")],
        onsets: &["b", "ch", "cl", "d", "f", "fl", "g", "j", "l", "m", "n", "p", "r", "s", "t", "v"],
        nuclei: &["a", "e", "é", "è", "i", "o", "ou", "au", "eu", "oi", "an", "on"],
        given: &["lie", "lin", "ric", "thée", "line", "mon"],
        family: &["reau", "lier", "vard", "ncourt", "lette", "gnac", "ssé"],
        patterns: &["Le {} du {}", "La {} de [Name]", "L'{}", "Les {}s", "Un {} à [Name]", "À la {}"],
    },
    Culture {
        language: "sv",
        countries: &[("Sweden", "SE"), ("Denmark", "DK"), ("Norway", "NO")],
        onsets: &["b", "bj", "d", "f", "g", "h", "k", "l", "m", "n", "r", "s", "sk", "st", "t", "v"],
        nuclei: &["a", "e", "i", "o", "å", "ä", "ö", "ø", "æ", "al", "er", "en"],
        given: &["rik", "nar", "dis", "na", "ne", "va"],
        family: &["lund", "dal", "vik", "mark", "sjö", "gård", "strøm"],
        patterns: &["{}en", "Den {}", "{} på [Name]", "{} och {}", "Mitt {}"],
    },
    Culture {
        language: "pl",
        countries: &[("Poland", "PL"), ("Czechia", "CZ"), ("Croatia", "HR")],
        onsets: &["b", "cz", "d", "dr", "g", "k", "kr", "ł", "m", "n", "p", "r", "s", "ś", "w", "z", "ž"],
        nuclei: &["a", "e", "i", "o", "u", "ó", "ą", "ę", "aw", "or", "ek"],
        given: &["sław", "mir", "na", "ta", "ek", "ia"],
        family: &["ński", "lecka", "čić", "wicz", "nek", "rzak"],
        patterns: &["{} {}", "{} z [Name]", "Bez {}", "{} i {}", "Nowe {}"],
    },
    Culture {
        language: "tr",
        countries: &[("Turkey", "TR")],
        onsets: &["b", "ç", "d", "g", "h", "k", "m", "n", "r", "s", "ş", "t", "y"],
        nuclei: &["a", "e", "ı", "i", "o", "ö", "u", "ü", "an", "er", "al"],
        given: &["han", "gül", "nur", "can", "tay", "han"],
        family: &["oğlun", "demar", "kaya", "tepe", "soylar", "çıl"],
        patterns: &["{} {}", "Bir {} Daha", "{}'da {}", "Son {}", "{} ve {}"],
    },
    Culture {
        language: "hi",
        countries: &[("India", "IN")],
        onsets: &[
            "b", "bh", "ch", "d", "dh", "g", "j", "k", "kh", "l", "m", "n", "p", "r", "s", "sh", "t", "v",
        ],
        nuclei: &["a", "aa", "e", "ee", "i", "o", "oo", "u", "an", "ar"],
        given: &["esh", "vi", "nita", "raj", "deep", "ika"],
        family: &["wala", "purkar", "nandi", "thar", "desh", "gari"],
        patterns: &["{} Ki {}", "Mera {}", "{} {} Ka", "Dil {} Hai", "Ek {} Aur {}"],
    },
    Culture {
        language: "ja",
        countries: &[("Japan", "JP"), ("South Korea", "KR")],
        onsets: &["k", "s", "t", "n", "h", "m", "r", "y", "sh", "ts", "g", "z"],
        nuclei: &["a", "i", "u", "e", "o", "ō", "ū", "ai"],
        given: &["ko", "to", "mi", "ki", "ru", "ya"],
        family: &["mura", "saki", "gawa", "moto", "naka", "zuno"],
        patterns: &["{} no {}", "{}", "{} {}", "{} Monogatari", "{}-{}"],
    },
];

/// How many films of a hundred come from each culture, in order of [`CULTURES`].
const SHARES: [usize; 8] = [70, 6, 5, 3, 3, 3, 6, 4];

pub(super) fn culture(chance: &mut Chance) -> &'static Culture {
    let mut at = chance.below(SHARES.iter().sum());
    for (culture, share) in CULTURES.iter().zip(SHARES) {
        if at < share {
            return culture;
        }
        at -= share;
    }
    &CULTURES[0]
}

pub(super) fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

impl Culture {
    fn syllables(&self, count: usize, chance: &mut Chance) -> String {
        (0..count).map(|_| [chance.pick(self.onsets), chance.pick(self.nuclei)].concat()).collect()
    }

    /// A word of this language's sounds.
    pub(super) fn word(&self, chance: &mut Chance) -> String {
        let syllables = self.syllables(chance.between(1, 3), chance);
        capitalised(&format!("{syllables}{}", chance.pick(self.onsets).chars().next().unwrap_or('n')))
    }

    /// A place or a family.
    pub(super) fn surname(&self, chance: &mut Chance) -> String {
        let stem = self.syllables(chance.between(1, 2), chance);
        capitalised(&[stem.as_str(), chance.pick(self.family)].concat())
    }

    fn given_name(&self, chance: &mut Chance) -> String {
        let stem = self.syllables(1, chance);
        capitalised(&[stem.as_str(), chance.pick(self.given)].concat())
    }

    /// A person: given name, now and then an initial or a second surname, surname, now and then "Jr.".
    pub(super) fn person(&self, chance: &mut Chance) -> String {
        let mut name = self.given_name(chance);
        if chance.hits(6) {
            let initial = char::from(b'A' + u8::try_from(chance.below(26)).unwrap_or(0));
            name.push_str(&format!(" {initial}."));
        }
        name.push(' ');
        name.push_str(&self.surname(chance));
        match chance.below(100) {
            0..3 => name.push_str(&format!("-{}", self.surname(chance))),
            3..4 => name.push_str(" Jr."),
            _ => {}
        }
        name
    }

    /// A title in this language: a pattern filled with its words.
    pub(super) fn title(&self, chance: &mut Chance) -> String {
        let mut title = chance.pick(self.patterns).replace("[Name]", &self.surname(chance));
        while title.contains("{}") {
            title = title.replacen("{}", &self.word(chance), 1);
        }
        title
    }
}

/// A word in a script that is not Latin: Cyrillic, Greek or Katakana letters in turn of consonant and vowel.
pub(super) fn in_other_script(chance: &mut Chance) -> String {
    const CONSONANTS: [&str; 2] = ["бвгдзклмнпрст", "βγδζκλμνπρστ"];
    const VOWELS: [&str; 2] = ["аеиоу", "αειοω"];
    const KANA: &str = "アイウエオカキクケコサシスセソタチツテトナニノハヒマミムメモヤユヨラリルレロ";
    let letter = |from: &str, chance: &mut Chance| {
        let letters: Vec<char> = from.chars().collect();
        letters[chance.below(letters.len())]
    };
    let script = chance.below(3);
    let syllables = chance.between(2, 4);
    if script == CONSONANTS.len() {
        return (0..=syllables).map(|_| letter(KANA, chance)).collect();
    }
    let word: String = (0..syllables)
        .flat_map(|_| [letter(CONSONANTS[script], chance), letter(VOWELS[script], chance)])
        .collect();
    capitalised(&word)
}
