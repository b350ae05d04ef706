//! The routes: each reads its parameters, asks the search, writes what it answers.

use std::sync::{Arc, PoisonError, RwLock};

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde_json::json;
use tokio::sync::Semaphore;
use units::{Micros, Timestamp};

use super::parameters::{self, Context};
use super::problem::Problem;
use super::searcher::Searcher;
use super::viewer::ViewerSource;
use super::{openapi, page};

/// How many searches may be in flight. At a millisecond each, the last of them waits an eighth of a second on one core; more
/// are better told to come back.
pub const IN_FLIGHT_MAX: usize = 128;

/// Tells the time, in microseconds since 1970-01-01.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How long the state of the catalogue before the present one answers those who are paging through it.
const KEPT: Micros = Micros(60_000_000);

/// The state of the catalogue that answers, and the one before with the moment when it was replaced.
#[derive(Default)]
struct Searchers {
    /// What is being done while there is none.
    waits_for: Option<String>,
    current: Option<Arc<dyn Searcher>>,
    before: Option<(Arc<dyn Searcher>, Timestamp)>,
}

/// What the routes share.
pub struct SearchApi {
    searchers: RwLock<Searchers>,
    source: ViewerSource,
    clock: Clock,
    in_flight: Arc<Semaphore>,
    /// As many as there are cores: more at once would only take time from each other.
    running: Arc<Semaphore>,
}

impl SearchApi {
    /// Without an index yet: searches are answered by 503 until [`Self::set_searcher`].
    #[must_use]
    pub fn new(source: ViewerSource, clock: Clock) -> Arc<Self> {
        let in_flight = Arc::new(Semaphore::new(IN_FLIGHT_MAX));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let running = Arc::new(Semaphore::new(cores));
        Arc::new(Self { searchers: RwLock::default(), source, clock, in_flight, running })
    }

    /// Says what is being done until there is a search.
    pub fn set_waiting(&self, why: impl Into<String>) {
        self.searchers.write().unwrap_or_else(PoisonError::into_inner).waits_for = Some(why.into());
    }

    /// Answers from this search from now on. The one before answers cursors of its own for another minute.
    pub fn set_searcher(&self, searcher: Arc<dyn Searcher>) {
        let now = (self.clock)();
        let mut searchers = self.searchers.write().unwrap_or_else(PoisonError::into_inner);
        let before = searchers.current.replace(searcher);
        searchers.before = before.map(|before| (before, now));
    }

    fn searcher(&self) -> Result<Arc<dyn Searcher>, Problem> {
        let searchers = self.searchers.read().unwrap_or_else(PoisonError::into_inner);
        searchers.current.clone().ok_or_else(|| Problem::NotReady {
            why: searchers.waits_for.clone().unwrap_or_else(|| "the catalogue is being read".to_owned()),
        })
    }

    /// The state before, while it is kept.
    fn before(&self, now: Timestamp) -> Option<Arc<dyn Searcher>> {
        let searchers = self.searchers.read().unwrap_or_else(PoisonError::into_inner);
        let kept = searchers.before.as_ref().filter(|(_, replaced)| now.0 < replaced.0 + KEPT.0);
        kept.map(|(searcher, _)| Arc::clone(searcher))
    }

    fn context<'a>(&'a self, headers: &'a HeaderMap) -> Context<'a> {
        Context { source: &self.source, headers, now: (self.clock)() }
    }

    /// Runs a search away from the threads that serve sockets, and says how long it took.
    async fn answer<T: serde::Serialize + Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Searcher, Timestamp) -> Result<T, Problem> + Send + 'static,
    ) -> Result<Response, Problem> {
        let searcher = self.searcher()?;
        let permit = Arc::clone(&self.in_flight).try_acquire_owned().map_err(|_| Problem::Overloaded)?;
        let begun = (self.clock)();
        let turn = Arc::clone(&self.running).acquire_owned().await.map_err(|_| Problem::Internal)?;
        let answer = tokio::task::spawn_blocking(move || {
            let _held_until_done = (permit, turn);
            work(&*searcher, begun)
        });
        let answer = answer.await.map_err(|error| {
            tracing::error!(%error, "search panicked");
            Problem::Internal
        })??;
        let micros = (self.clock)().0.saturating_sub(begun.0);
        let mut response = Json(answer).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        let timing = format!("search;dur={}.{:03}", micros / 1_000, micros % 1_000);
        let timing = HeaderValue::from_str(&timing).expect("digits are header text");
        headers.insert(HeaderName::from_static("server-timing"), timing);
        Ok(response)
    }
}

/// All routes of [`openapi::PATHS`].
pub fn router(api: Arc<SearchApi>) -> Router {
    Router::new()
        .route("/", get(page::page))
        .route("/readyz", get(ready))
        .route("/openapi.json", get(|| async { Json(openapi::document()) }))
        .fallback(|| async { Problem::NotFound })
        .with_state(Arc::clone(&api))
        .merge(v1(api))
}

/// The routes under `/v1/` alone, for a server that has its own page, readiness and document.
pub fn v1(api: Arc<SearchApi>) -> Router {
    Router::new().route("/v1/search", get(search)).route("/v1/search/suggest", get(suggest)).with_state(api)
}

async fn search(
    State(api): State<Arc<SearchApi>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let request = parameters::search(query.as_deref(), api.context(&headers))?;
    let before = request.cursor.as_ref().and_then(|_| api.before((api.clock)()));
    api.answer(move |searcher, now| match (searcher.search(&request, now), before) {
        (Err(Problem::CursorExpired), Some(before)) => before.search(&request, now),
        (answer, _) => answer,
    })
    .await
}

async fn suggest(
    State(api): State<Arc<SearchApi>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let request = parameters::suggest(query.as_deref(), api.context(&headers))?;
    api.answer(move |searcher, now| {
        searcher.suggest(&request, now).map(|suggestions| json!({ "suggestions": suggestions }))
    })
    .await
}

async fn ready(State(api): State<Arc<SearchApi>>) -> Result<Response, Problem> {
    let generation = api.searcher()?.generation();
    Ok(Json(json!({ "ready": true, "generation": generation })).into_response())
}
