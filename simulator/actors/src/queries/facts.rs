//! What is known of a title: the plain facts that queries are made from.

use serde::Deserialize;

/// A title of a catalogue. Reads as a line of a JSON Lines catalogue; fields it does not know are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Line")]
pub struct TitleFacts {
    /// Id in the catalogue.
    pub id: String,
    /// The catalogue's word for its kind, for example `movie`.
    pub kind: String,
    /// The title as shown.
    pub title: String,
    /// Year of first release.
    pub year: Option<u16>,
    /// Credited cast, leads first.
    pub cast: Vec<String>,
    /// Credited directors.
    pub directors: Vec<String>,
    /// Genres as shown.
    pub genres: Vec<String>,
    /// A few sentences.
    pub description: String,
    /// How well known it is, in millionths; only its order matters.
    pub popularity: u32,
}

/// A line as catalogues write it: known by a count of views, or by a guess between 0 and 1.
#[derive(Deserialize)]
struct Line {
    id: String,
    kind: String,
    title: String,
    #[serde(default)]
    year: Option<u16>,
    #[serde(default)]
    cast: Vec<String>,
    #[serde(default)]
    directors: Vec<String>,
    #[serde(default)]
    genres: Vec<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    popularity: Option<u32>,
    #[serde(default)]
    notability: Option<f64>,
}

impl From<Line> for TitleFacts {
    fn from(line: Line) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to 0..=1 and scaled to a million"
        )]
        let guess = |share: f64| (share.clamp(0.0, 1.0) * 1_000_000.0) as u32;
        Self {
            id: line.id,
            kind: line.kind,
            title: line.title,
            year: line.year,
            cast: line.cast,
            directors: line.directors,
            genres: line.genres,
            description: line.description.unwrap_or_default(),
            popularity: line.popularity.unwrap_or_else(|| guess(line.notability.unwrap_or(0.0))),
        }
    }
}
