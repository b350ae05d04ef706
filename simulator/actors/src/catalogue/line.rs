//! A record as a line of a file: one JSON object.

use serde::Serialize;

use super::{DateForm, Kind, Title};
use crate::queries::TitleFacts;

/// Writes a record as a line, without the line's end.
///
/// Fields that the supplier left out are `null` or empty lists, as in published catalogues.
///
/// # Errors
/// None that strings and numbers can cause: JSON has a form for all of them.
pub fn write(title: &Title) -> Result<String, serde_json::Error> {
    let line = Line {
        id: &title.id,
        kind: word(title.kind),
        title: &title.title,
        alternative_titles: &title.alternative_titles,
        year: title.year,
        cast: &title.cast,
        directors: &title.directors,
        genres: &title.genres,
        countries: &title.countries,
        languages: &title.languages,
        maturity: Some(title.maturity.as_str()).filter(|rating| !rating.is_empty()),
        description: &title.description,
        runtime_min: title.runtime_min,
        added: title.added.map(|(day, form)| date(DAYS_TO_2015 + u32::from(day), form)),
        popularity: title.popularity,
        notability: f64::from(title.popularity / 1_000) / 1_000.0,
        source: "synthetic",
        series: title.series.as_ref().map(|place| Place {
            series: &place.series,
            season: place.season,
            episode: place.episode,
        }),
        availability: title
            .windows
            .iter()
            .map(|window| Window {
                region: window.region,
                start: date(DAYS_TO_2020 + u32::from(window.start_day), DateForm::Iso),
                end: window.end_day.map(|day| date(DAYS_TO_2020 + u32::from(day), DateForm::Iso)),
                tier: window.tier,
            })
            .collect(),
    };
    serde_json::to_string(&line)
}

/// The catalogue's word for a kind.
const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Film => "movie",
        Kind::Series => "show",
        Kind::Episode => "episode",
    }
}

impl From<Title> for TitleFacts {
    fn from(title: Title) -> Self {
        Self {
            id: title.id,
            kind: word(title.kind).to_owned(),
            title: title.title,
            year: title.year,
            cast: title.cast,
            directors: title.directors,
            genres: title.genres,
            description: title.description,
            popularity: title.popularity,
        }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    kind: &'static str,
    title: &'a str,
    alternative_titles: &'a [String],
    year: Option<u16>,
    cast: &'a [String],
    directors: &'a [String],
    genres: &'a [String],
    countries: &'a [String],
    languages: &'a [String],
    maturity: Option<&'a str>,
    description: &'a str,
    runtime_min: Option<u16>,
    added: Option<String>,
    popularity: u32,
    notability: f64,
    source: &'static str,
    series: Option<Place<'a>>,
    availability: Vec<Window>,
}

#[derive(Serialize)]
struct Place<'a> {
    series: &'a str,
    season: u16,
    episode: u16,
}

#[derive(Serialize)]
struct Window {
    region: &'static str,
    start: String,
    end: Option<String>,
    tier: u8,
}

/// Days from 1970-01-01 to 2015-01-01.
const DAYS_TO_2015: u32 = 16_436;
/// Days from 1970-01-01 to 2020-01-01.
const DAYS_TO_2020: u32 = 18_262;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A day since 1970-01-01 as a supplier writes it.
fn date(days: u32, form: DateForm) -> String {
    let (year, month, day) = civil(days);
    let name = MONTHS[month as usize - 1];
    match form {
        DateForm::Iso => format!("{year:04}-{month:02}-{day:02}"),
        DateForm::Long => format!("{name} {day}, {year}"),
        DateForm::Short => format!("{day}-{}-{:02}", &name[..3], year % 100),
    }
}

/// Year, month and day of a day since 1970-01-01.
///
/// Source: Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
const fn civil(days: u32) -> (u32, u32, u32) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_in_three_ways() {
        let day = DAYS_TO_2020 + 31 + 28;
        assert_eq!(date(day, DateForm::Iso), "2020-02-29");
        assert_eq!(date(day + 1, DateForm::Long), "March 1, 2020");
        assert_eq!(date(DAYS_TO_2015, DateForm::Short), "1-Jan-15");
    }
}
