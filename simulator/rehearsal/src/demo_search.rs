//! The search of `serve`: the platform's routes over a synthetic catalogue.

use std::collections::BTreeMap;
use std::sync::Arc;

use actors::catalogue::{self, Spec, Title};
use platform_core::catalog::maturity;
use platform_core::catalog::record::{Availability, Kind, Maturity, RecordId, Tier, TitleRecord};
use platform_server::search::SearchError;
use platform_server::search_api::filters::Offered;
use platform_server::search_api::indexed::IndexedCatalogue;
use platform_server::search_api::routes::SearchApi;
use platform_server::search_api::viewer::ViewerSource;
use units::{Ppm, Timestamp};

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

/// Makes the catalogue, indexes it and answers from it.
///
/// # Errors
/// [`SearchError`] when it cannot be indexed.
pub fn fill(api: &SearchApi, spec: Spec) -> Result<(), SearchError> {
    let titles = catalogue::titles(spec).map(offered).collect();
    api.set_searcher(Arc::new(IndexedCatalogue::new(titles, 1)?));
    Ok(())
}

/// A made-up title as the platform knows titles.
#[must_use]
pub fn offered(title: Title) -> Offered {
    let id = RecordId(title.id);
    let day = |day: u16| Timestamp((WINDOWS_FROM_DAY + u64::from(day)) * DAY);
    let windows = title.windows.into_iter().filter_map(|window| {
        Some(Availability {
            title: id.clone(),
            territory: window.region.parse().ok()?,
            start: day(window.start_day),
            end: window.end_day.map(day),
            tier: [Tier::Free, Tier::Basic, Tier::Premium][usize::from(window.tier.min(2))],
        })
    });
    let windows = windows.collect();
    let kind = match title.kind {
        catalogue::Kind::Film => Kind::Film,
        catalogue::Kind::Series => Kind::Series,
        catalogue::Kind::Episode => Kind::Episode,
    };
    let record = TitleRecord {
        id,
        kind,
        title: title.title,
        alternative_titles: title.alternative_titles,
        year: title.year,
        cast: title.cast,
        directors: title.directors,
        genres: title.genres,
        countries: title.countries,
        languages: title.languages,
        maturity: Maturity {
            age_min: maturity::age_min(&title.maturity),
            original: Some(title.maturity).filter(|rating| !rating.is_empty()),
        },
        description: title.description,
        runtime_min: title.runtime_min,
        added: None,
        popularity: Ppm(title.popularity),
        external_ids: BTreeMap::new(),
    };
    Offered { title: record, windows }
}
