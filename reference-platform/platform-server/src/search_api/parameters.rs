//! Query strings read strictly: unknown names, repeats and values out of bounds are refused, and the text of the query never.
//!
//! `q` may hold anything: bytes that are no UTF-8 are read as U+FFFD, and what is too long for the query plan is cut there, not here.

use http::HeaderMap;
use platform_core::catalog::codes;
use platform_core::catalog::record::{Kind, Territory, Tier};
use units::Timestamp;

use super::problem::Problem;
use super::viewer::{Viewer, ViewerSource};

/// Results on a page if nobody says otherwise: a screen of a television or two of a phone.
pub const LIMIT_DEFAULT: usize = 20;
/// The most on a page.
pub const LIMIT_MAX: usize = 50;
/// Suggestions if nobody says otherwise.
pub const SUGGESTIONS_DEFAULT: usize = 8;
/// The most suggestions.
pub const SUGGESTIONS_MAX: usize = 10;
/// The most values of one filter.
pub const FILTER_VALUES_MAX: usize = 20;
/// Years of films: the first was shot in 1888.
const YEARS: std::ops::RangeInclusive<u16> = 1_888..=2_100;
/// Values are quoted in problems up to so many characters.
const QUOTED_CHARS_MAX: usize = 40;

/// What `/v1/search` takes.
pub const SEARCH: [&str; 13] = [
    "q",
    "region",
    "tier",
    "age",
    "kind",
    "genre",
    "language",
    "year_from",
    "year_to",
    "limit",
    "cursor",
    "explain",
    "facets",
];
/// What `/v1/search/suggest` takes.
pub const SUGGEST: [&str; 5] = ["q", "region", "tier", "age", "limit"];
/// Kinds of titles.
pub const KINDS: [&str; 3] = [Kind::Film.name(), Kind::Series.name(), Kind::Episode.name()];

/// Tiers of subscriptions, the cheapest first.
pub const TIERS: [&str; 3] = ["free", "basic", "premium"];

/// A search as asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchRequest {
    /// What was typed.
    pub text: String,
    /// Who asks.
    pub viewer: Viewer,
    /// Any of these kinds; all if empty.
    pub kinds: Vec<Kind>,
    /// Any of these genres; all if empty.
    pub genres: Vec<String>,
    /// Any of these languages; all if empty.
    pub languages: Vec<String>,
    /// First year, itself included.
    pub year_from: Option<u16>,
    /// Last year, itself included.
    pub year_to: Option<u16>,
    /// Results on the page.
    pub limit: usize,
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// Whether to say why each result stands where it stands.
    pub explain: bool,
    /// Whether to count the values of filters: a client that shows none saves the work.
    pub facets: bool,
}

/// Suggestions as asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuggestRequest {
    /// What was typed so far.
    pub text: String,
    /// Who asks.
    pub viewer: Viewer,
    /// How many.
    pub limit: usize,
}

/// Where a request's viewer comes from, and when it was made.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Whom to believe.
    pub source: &'a ViewerSource,
    /// The request's headers.
    pub headers: &'a HeaderMap,
    /// Microseconds since 1970-01-01.
    pub now: Timestamp,
}

/// Reads a search.
///
/// # Errors
/// What is wrong with the first parameter that is wrong.
pub fn search(query: Option<&str>, context: Context<'_>) -> Result<SearchRequest, Problem> {
    let fields = Fields::read(query, &SEARCH)?;
    let request = SearchRequest {
        text: fields.one("q")?.unwrap_or_default().to_owned(),
        viewer: viewer(&fields, context)?,
        kinds: kinds(&fields)?,
        genres: fields.many("genre")?,
        languages: fields.many("language")?.into_iter().map(as_tag).collect(),
        year_from: fields.number("year_from", *YEARS.start(), *YEARS.end())?,
        year_to: fields.number("year_to", *YEARS.start(), *YEARS.end())?,
        limit: fields.number("limit", 1, LIMIT_MAX)?.unwrap_or(LIMIT_DEFAULT),
        cursor: fields.one("cursor")?.map(str::to_owned),
        explain: fields.flag("explain", false)?,
        facets: fields.flag("facets", true)?,
    };
    match (request.year_from, request.year_to) {
        (Some(from), Some(to)) if from > to => {
            Err(bad("year_to", &to.to_string(), format!("a year not before `{from}`")))
        }
        _ => Ok(request),
    }
}

/// A language as the catalogue writes it; what is none is left, and finds nothing.
fn as_tag(text: String) -> String {
    codes::language(&text).map_or(text, |tag| tag.to_string())
}

/// Reads a request for suggestions.
///
/// # Errors
/// What is wrong with the first parameter that is wrong.
pub fn suggest(query: Option<&str>, context: Context<'_>) -> Result<SuggestRequest, Problem> {
    let fields = Fields::read(query, &SUGGEST)?;
    Ok(SuggestRequest {
        text: fields.one("q")?.unwrap_or_default().to_owned(),
        viewer: viewer(&fields, context)?,
        limit: fields.number("limit", 1, SUGGESTIONS_MAX)?.unwrap_or(SUGGESTIONS_DEFAULT),
    })
}

/// Where a viewer is, by query or by token, never by both.
fn viewer(fields: &Fields, context: Context<'_>) -> Result<Viewer, Problem> {
    match context.source {
        ViewerSource::Query => Ok(Viewer {
            region: region(fields.one("region")?.ok_or(Problem::ViewerMissing)?)?,
            tier: tier(fields.one("tier")?)?,
            age: fields.number("age", 0, 99)?.unwrap_or(0),
        }),
        ViewerSource::Token(key) => {
            for name in ["region", "tier", "age"] {
                if let Some(value) = fields.one(name)? {
                    return Err(bad(name, value, "nothing here: the viewer's token says it".to_owned()));
                }
            }
            let header = context.headers.get(http::header::AUTHORIZATION).ok_or(Problem::ViewerMissing)?;
            let token = header.to_str().ok().and_then(|value| value.strip_prefix("Bearer "));
            key.verify(token.ok_or(Problem::ViewerRefused)?, context.now)
        }
    }
}

fn kinds(fields: &Fields) -> Result<Vec<Kind>, Problem> {
    let kinds = [Kind::Film, Kind::Series, Kind::Episode];
    let read = |value: String| {
        let known = kinds.into_iter().find(|kind| kind.name() == value);
        known.ok_or_else(|| bad("kind", &value, format!("one of {}", KINDS.join(", "))))
    };
    fields.many("kind")?.into_iter().map(read).collect()
}

fn region(value: &str) -> Result<Territory, Problem> {
    let read = value.parse();
    read.map_err(|_| bad("region", value, "two letters (ISO 3166-1), for example DE".to_owned()))
}

fn tier(value: Option<&str>) -> Result<Tier, Problem> {
    match value {
        None | Some("" | "free") => Ok(Tier::Free),
        Some("basic") => Ok(Tier::Basic),
        Some("premium") => Ok(Tier::Premium),
        Some(other) => Err(bad("tier", other, format!("one of {}", TIERS.join(", ")))),
    }
}

fn bad(name: &'static str, value: &str, takes: String) -> Problem {
    Problem::BadParameter { name, value: value.chars().take(QUOTED_CHARS_MAX).collect(), takes }
}

/// The pairs of a query string.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn read(query: Option<&str>, known: &'static [&'static str]) -> Result<Self, Problem> {
        // Percent-decoding that is no UTF-8 becomes U+FFFD.
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let pairs: Vec<(String, String)> = pairs.into_owned().collect();
        match pairs.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => {
                Err(Problem::UnknownParameter { name: name.chars().take(QUOTED_CHARS_MAX).collect(), known })
            }
            None => Ok(Self(pairs)),
        }
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn one(&self, name: &'static str) -> Result<Option<&str>, Problem> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() { Err(Problem::RepeatedParameter { name }) } else { Ok(first) }
    }

    fn many(&self, name: &'static str) -> Result<Vec<String>, Problem> {
        let values: Vec<String> =
            self.all(name).filter(|value| !value.is_empty()).map(str::to_owned).collect();
        if values.len() > FILTER_VALUES_MAX {
            return Err(bad(name, &values.join(","), format!("at most {FILTER_VALUES_MAX} values")));
        }
        Ok(values)
    }

    fn flag(&self, name: &'static str, usual: bool) -> Result<bool, Problem> {
        match self.one(name)? {
            None => Ok(usual),
            Some("0" | "false") => Ok(false),
            Some("1" | "true") => Ok(true),
            Some(other) => Err(bad(name, other, "1 or 0".to_owned())),
        }
    }

    fn number<T>(&self, name: &'static str, least: T, most: T) -> Result<Option<T>, Problem>
    where
        T: std::str::FromStr + PartialOrd + std::fmt::Display + Copy,
    {
        let Some(value) = self.one(name)?.filter(|value| !value.is_empty()) else { return Ok(None) };
        let within = value.parse().ok().filter(|number| (least..=most).contains(number));
        within.map_or_else(
            || Err(bad(name, value, format!("a number from {least} to {most}"))),
            |n| Ok(Some(n)),
        )
    }
}

#[cfg(test)]
mod tests;
