//! Ratings of several countries' systems as one number: the youngest age.
//!
//! Systems: the Motion Picture Association's film ratings and the TV Parental Guidelines (United States), BBFC (United
//! Kingdom), FSK (Germany), and plain ages (`16+`). Where a system gives advice instead of an age, the age is that from
//! which the advice ends. What is not rated, or not known here, is for adults: a child must never be shown a title because
//! a supplier left a field empty.

use super::record::Maturity;

/// Ratings by what they say, folded to upper case without spaces, dots and hyphens.
const RATINGS: [(&str, u8); 27] = [
    ("G", 0),
    ("PG", 8),
    ("PG13", 13),
    ("R", 17),
    ("NC17", 18),
    ("X", 18),
    ("TVY", 0),
    ("TVY7", 7),
    ("TVY7FV", 7),
    ("TVG", 0),
    ("TVPG", 8),
    ("TV14", 14),
    ("TVMA", 18),
    ("U", 0),
    ("UC", 0),
    ("12A", 12),
    ("R18", 18),
    ("FSK0", 0),
    ("FSK6", 6),
    ("FSK12", 12),
    ("FSK16", 16),
    ("FSK18", 18),
    ("ALL", 0),
    ("NR", Maturity::ADULT),
    ("UR", Maturity::ADULT),
    ("NOTRATED", Maturity::ADULT),
    ("UNRATED", Maturity::ADULT),
];

/// The youngest age, 0 to 18, that a rating is fit for; [`Maturity::ADULT`] for what is empty or not known.
#[must_use]
pub fn age_min(rating: &str) -> u8 {
    known(rating).unwrap_or(Maturity::ADULT)
}

/// The same; `None` for what is empty or not known. A rating that says that nobody has rated it is known.
#[must_use]
pub fn known(rating: &str) -> Option<u8> {
    let folded: String = rating
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '.' | '_'))
        .flat_map(char::to_uppercase)
        .collect();
    if let Some((_, age)) = RATINGS.iter().find(|(name, _)| *name == folded) {
        return Some(*age);
    }
    let digits = folded.strip_suffix('+').unwrap_or(&folded);
    digits.parse::<u8>().ok().map(|age| age.min(Maturity::ADULT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_rating_is_read_however_it_is_written() {
        for (rating, age) in [
            ("PG-13", 13),
            ("pg 13", 13),
            ("TV-MA", 18),
            ("FSK 16", 16),
            ("fsk16", 16),
            ("16+", 16),
            ("12", 12),
            ("12A", 12),
            ("U", 0),
            ("TV-Y7-FV", 7),
        ] {
            assert_eq!(age_min(rating), age, "{rating}");
        }
    }

    #[test]
    fn what_nobody_has_rated_is_for_adults() {
        for rating in ["", "Not Rated", "UR", "Z-99", "74 min", "300"] {
            assert_eq!(age_min(rating), Maturity::ADULT, "{rating}");
        }
        assert_eq!(["", "Z-99", "74 min", "300"].map(known), [None; 4]);
        assert_eq!((known("Not Rated"), known("99")), (Some(Maturity::ADULT), Some(Maturity::ADULT)));
    }
}
