//! The search of `serve`: the platform's routes over a synthetic catalogue.

use std::sync::Arc;

use actors::catalogue::{self, Kind, Spec, Title};
use platform_server::search_api::routes::SearchApi;
use platform_server::search_api::scan::{Scan, ScannedTitle, ScannedWindow};
use platform_server::search_api::viewer::ViewerSource;
use units::Timestamp;

use crate::host;

/// Microseconds of a day.
const DAY: u64 = 86_400_000_000;
/// Days from 1970-01-01 to 2020-01-01, where the catalogue's windows count from.
const WINDOWS_FROM_DAY: u64 = 18_262;

/// Routes that answer 503 until [`fill`] has made the catalogue. Viewers are believed: this is for loopback.
#[must_use]
pub fn routes() -> Arc<SearchApi> {
    SearchApi::new(ViewerSource::Query, Arc::new(host::unix_time))
}

/// Makes the catalogue and answers from it.
pub fn fill(api: &SearchApi, spec: Spec) {
    let titles = catalogue::titles(spec).map(scanned).collect();
    api.set_searcher(Arc::new(Scan::new(titles, 1)));
}

fn scanned(title: Title) -> ScannedTitle {
    let day = |day: u16| Timestamp((WINDOWS_FROM_DAY + u64::from(day)) * DAY);
    let windows = title.windows.into_iter().map(|window| ScannedWindow {
        region: window.region.to_owned(),
        start: day(window.start_day),
        end: window.end_day.map(day),
        tier: window.tier,
    });
    let kind = match title.kind {
        Kind::Film => "film",
        Kind::Series => "series",
        Kind::Episode => "episode",
    };
    ScannedTitle {
        id: title.id,
        kind: kind.to_owned(),
        title: title.title,
        year: title.year,
        people: title.cast.into_iter().chain(title.directors).collect(),
        genres: title.genres,
        languages: title.languages,
        description: title.description,
        age_min: age_min(&title.maturity),
        windows: windows.collect(),
    }
}

/// The youngest age of a rating that the synthetic catalogue uses; adults where it says nothing.
fn age_min(rating: &str) -> u8 {
    match rating {
        "TV-Y" | "TV-G" | "G" | "U" => 0,
        "TV-Y7" => 7,
        "TV-PG" | "PG" => 8,
        "12" | "FSK 12" => 12,
        "PG-13" => 13,
        "TV-14" => 14,
        "15" => 15,
        "FSK 16" | "16+" => 16,
        "R" => 17,
        _ => 18,
    }
}
