//! The title of a work, and which edition of it a record is.
//!
//! `Lantern (Director's Cut)`, `Lantern: Extended Edition` and `Lantern 3D` are editions of `Lantern`. A title that is nothing
//! but such words stays as it is.

use crate::catalog::normalise;

/// Words, comparable, that name an edition wherever they end a title.
const ANYWHERE: [&str; 16] = [
    "directors cut",
    "extended cut",
    "extended edition",
    "extended version",
    "theatrical cut",
    "theatrical version",
    "special edition",
    "collectors edition",
    "ultimate edition",
    "anniversary edition",
    "unrated version",
    "unrated cut",
    "4k restoration",
    "4k remaster",
    "digitally remastered",
    "3d",
];

/// Words that name one only where a bracket, a colon or a dash sets them apart: titles end in them too.
const SET_APART: [&str; 19] = [
    "final cut",
    "recut",
    "redux",
    "uncut",
    "unrated",
    "uncensored",
    "extended",
    "restored",
    "restored version",
    "restoration",
    "remastered",
    "4k",
    "4k restored",
    "4k remastered",
    "imax",
    "imax edition",
    "imax experience",
    "black and white edition",
    "sing along",
];

/// Last words of a version of one language or country that is set apart: `(Hindi Version)`, `(Canadian theatrical release)`.
const VERSION: [&str; 3] = ["version", "dub", "release"];

/// The marks that set the rest of a title apart.
const MARKS: [&str; 6] = ["(", "[", ":", " - ", " \u{2013} ", " \u{2014} "];

/// A title, parted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parted<'a> {
    /// The title of the work, as written.
    pub work: &'a str,
    /// The edition in comparable words, several joined by `, `; `None` for the work as it was released.
    pub edition: Option<String>,
}

/// Parts the title of a work from the names of editions behind it.
#[must_use]
pub fn part(title: &str) -> Parted<'_> {
    let mut work = title;
    let mut editions: Vec<String> = Vec::new();
    // Each round takes something off the end, so it ends.
    while let Some((front, name)) = last_edition(work) {
        editions.insert(0, name);
        work = front;
    }
    Parted { work, edition: (!editions.is_empty()).then(|| editions.join(", ")) }
}

fn last_edition(title: &str) -> Option<(&str, String)> {
    set_apart(title)
        .or_else(|| at_the_end(title))
        .filter(|(front, _)| front.chars().any(char::is_alphanumeric))
}

/// `Lantern (Final Cut)`, `Lantern: 30th Anniversary Edition`.
fn set_apart(title: &str) -> Option<(&str, String)> {
    let (at, _) = MARKS.iter().filter_map(|mark| title.rfind(mark).map(|at| (at, mark))).max()?;
    let name = comparable(&title[at..]);
    let known = ANYWHERE.iter().chain(&SET_APART).any(|known| name == *known || ends(&name, known));
    let is_version = || name.rsplit_once(' ').is_some_and(|(_, last)| VERSION.contains(&last));
    (known || is_version()).then(|| (title[..at].trim_end(), name))
}

/// `Lantern 3D`, `Lantern Director's Cut`.
fn at_the_end(title: &str) -> Option<(&str, String)> {
    let spaces: Vec<usize> = title.match_indices(' ').map(|(at, _)| at).collect();
    spaces.iter().rev().take(2).find_map(|&at| {
        let name = comparable(&title[at..]);
        ANYWHERE.contains(&name.as_str()).then(|| (title[..at].trim_end(), name))
    })
}

/// Whether a name is `known` behind one or two words that only say which: `30th anniversary edition`, `the directors cut`.
fn ends(name: &str, known: &str) -> bool {
    let front = name.strip_suffix(known).and_then(|front| front.strip_suffix(' '));
    front.is_some_and(|front| {
        front.split(' ').all(|word| word == "the" || word.starts_with(|c: char| c.is_ascii_digit()))
    })
}

fn comparable(text: &str) -> String {
    normalise::plain_tokens(text).join(" ")
}
