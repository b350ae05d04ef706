//! The kinds of rows.

use serde::{Deserialize, Serialize};

/// How a query was made from a title. The discriminants choose draws: add, never renumber.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Kind {
    /// The title as shown.
    Exact = 1,
    /// The title in lower case, without marks and punctuation.
    ExactPlain = 2,
    /// The shortest beginning that at most three distinct titles share.
    Prefix = 3,
    /// One slip of the finger.
    Typo1 = 4,
    /// Two slips.
    Typo2 = 5,
    /// A slip in the last word, which is not finished.
    PrefixTypo = 6,
    /// A title with accents, typed without.
    Diacritics = 7,
    /// The leading article left out, or moved behind.
    Article = 8,
    /// A number written another way: 2, II, two.
    Number = 9,
    /// Title and year.
    TitleYear = 10,
    /// A credited name and one word of the title.
    ActorTitle = 11,
    /// A credited name and a genre, with the year where that is not enough.
    ActorGenre = 12,
    /// Hyphens, apostrophes, ampersands, joined words, American and British spelling.
    AltSpelling = 13,
    /// Words left out.
    MissingWords = 14,
    /// Upper case, stray spaces and punctuation.
    CasePunct = 15,
    /// Words about watching, around the title.
    HardNoise = 16,
    /// All words in one.
    HardConcat = 17,
    /// A title that several share: the best known is meant.
    HardAmbiguous = 18,
    /// Title and a year that is wrong by one.
    HardYearOff = 19,
    /// Another ending on one word.
    HardInflect = 20,
    /// Spelled as heard.
    HardPhonetic = 21,
    /// A surname with a slip, and one word of the title.
    HardPeopleTypo = 22,
    /// Three words of the description.
    HardPlot = 23,
    /// The first letter of a word is the key beside it.
    HardFirstChar = 24,
}

impl Kind {
    /// All kinds, plain ones first.
    pub const ALL: [Self; 24] = [
        Self::Exact,
        Self::ExactPlain,
        Self::Prefix,
        Self::Typo1,
        Self::Typo2,
        Self::PrefixTypo,
        Self::Diacritics,
        Self::Article,
        Self::Number,
        Self::TitleYear,
        Self::ActorTitle,
        Self::ActorGenre,
        Self::AltSpelling,
        Self::MissingWords,
        Self::CasePunct,
        Self::HardNoise,
        Self::HardConcat,
        Self::HardAmbiguous,
        Self::HardYearOff,
        Self::HardInflect,
        Self::HardPhonetic,
        Self::HardPeopleTypo,
        Self::HardPlot,
        Self::HardFirstChar,
    ];

    /// Its name in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::ExactPlain => "exact_plain",
            Self::Prefix => "prefix",
            Self::Typo1 => "typo1",
            Self::Typo2 => "typo2",
            Self::PrefixTypo => "prefix_typo",
            Self::Diacritics => "diacritics",
            Self::Article => "article",
            Self::Number => "number",
            Self::TitleYear => "title_year",
            Self::ActorTitle => "actor_title",
            Self::ActorGenre => "actor_genre",
            Self::AltSpelling => "alt_spelling",
            Self::MissingWords => "missing_words",
            Self::CasePunct => "case_punct",
            Self::HardNoise => "hard_noise",
            Self::HardConcat => "hard_concat",
            Self::HardAmbiguous => "hard_ambiguous",
            Self::HardYearOff => "hard_year_off",
            Self::HardInflect => "hard_inflect",
            Self::HardPhonetic => "hard_phonetic",
            Self::HardPeopleTypo => "hard_people_typo",
            Self::HardPlot => "hard_plot",
            Self::HardFirstChar => "hard_first_char",
        }
    }

    /// Whether it is judged among the hard ones.
    #[must_use]
    pub const fn is_hard(self) -> bool {
        self as u8 >= Self::HardNoise as u8
    }
}
