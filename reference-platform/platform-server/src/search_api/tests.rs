use std::sync::Arc;

use axum::body::Body;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use platform_core::catalog::record::{Availability, RecordId, Tier};
use serde_json::Value;
use tower::ServiceExt;
use units::Timestamp;

use super::filters::Offered;
use super::indexed::IndexedCatalogue;
use super::openapi;
use super::problem::Problem;
use super::routes::{IN_FLIGHT_MAX, SearchApi, router};
use super::scan::Scan;
use super::searcher::{Answer, Searcher, Suggestion};
use super::viewer::{Viewer, ViewerKey, ViewerSource};

const NOW: Timestamp = Timestamp(1_000_000);

fn title(number: u16, name: &str, regions: &[&str]) -> Offered {
    let id = RecordId(format!("t{number:03}"));
    let window = |region: &&str| Availability {
        title: id.clone(),
        territory: region.parse().unwrap(),
        start: Timestamp(0),
        end: Some(Timestamp(9_000_000)),
        tier: Tier::Free,
    };
    let windows = regions.iter().map(window).collect();
    let genre = ["Drama", "Crime"][usize::from(number % 2)];
    let record = serde_json::json!({
        "id": id,
        "kind": if number.is_multiple_of(4) { "series" } else { "film" },
        "title": name,
        "year": 1950 + number,
        "cast": [format!("Ana Sur{number}")],
        "genres": [genre],
        "maturity": { "age_min": 0 },
    });
    Offered { title: serde_json::from_value(record).unwrap(), windows }
}

fn ready(source: ViewerSource, titles: Vec<Offered>) -> Arc<SearchApi> {
    let api = SearchApi::new(source, Arc::new(|| NOW));
    api.set_searcher(Arc::new(Scan::new(titles, 7)));
    api
}

/// Both searches over the same titles.
fn both(titles: &[Offered]) -> [Arc<SearchApi>; 2] {
    let indexed = SearchApi::new(ViewerSource::Query, Arc::new(|| NOW));
    indexed.set_searcher(Arc::new(IndexedCatalogue::new(titles.to_vec(), 7).unwrap()));
    [ready(ViewerSource::Query, titles.to_vec()), indexed]
}

fn forty() -> Arc<SearchApi> {
    let titles = (0..40).map(|number| title(number, &format!("Amber Harbor {number}"), &["DE"]));
    ready(ViewerSource::Query, titles.collect())
}

async fn ask(api: &Arc<SearchApi>, path: &str) -> (StatusCode, http::HeaderMap, Value) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = router(Arc::clone(api)).oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (head.status, head.headers, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

fn ids(answer: &Value) -> Vec<String> {
    answer["hits"].as_array().unwrap().iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn before_the_index_is_ready_searches_are_told_when_to_come_back() {
    let api = SearchApi::new(ViewerSource::Query, Arc::new(|| NOW));
    for path in ["/v1/search?q=a&region=DE", "/v1/search/suggest?q=a&region=DE", "/readyz"] {
        let (status, headers, body) = ask(&api, path).await;
        assert_eq!(
            (status, &body["code"]),
            (StatusCode::SERVICE_UNAVAILABLE, &Value::from("not_ready")),
            "{path}"
        );
        assert!(headers[header::RETRY_AFTER].to_str().unwrap().parse::<u32>().unwrap() > 0);
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
    }
    let (status, _, _) = ask(&api, "/").await;
    assert_eq!(status, StatusCode::OK, "the page is there while the index is not");
}

#[tokio::test]
async fn every_path_is_served_and_described_and_no_other() {
    let api = forty();
    let document = openapi::document();
    let described: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    let mut served = openapi::PATHS.to_vec();
    served.sort_unstable();
    assert_eq!(described, served);
    for path in openapi::PATHS {
        let (status, _, _) = ask(&api, &format!("{path}?q=a&region=DE")).await;
        assert_eq!(status, StatusCode::OK, "{path}");
    }
    let (status, _, body) = ask(&api, "/v1/nothing").await;
    assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &Value::from("not_found")));
}

#[tokio::test]
async fn described_parameters_are_those_that_are_taken() {
    let document = openapi::document();
    for (path, known) in [
        ("/v1/search", &super::parameters::SEARCH[..]),
        ("/v1/search/suggest", &super::parameters::SUGGEST[..]),
    ] {
        let described = document["paths"][path]["get"]["parameters"].as_array().unwrap();
        let mut described: Vec<&str> = described.iter().map(|one| one["name"].as_str().unwrap()).collect();
        let mut known = known.to_vec();
        described.sort_unstable();
        known.sort_unstable();
        assert_eq!(described, known, "{path}");
    }
}

#[tokio::test]
async fn described_schemas_are_those_that_are_answered() {
    let (_, _, answer) = ask(&forty(), "/v1/search?q=amber&region=DE").await;
    let (_, _, problem) = ask(&forty(), "/v1/search?q=amber").await;
    let document = openapi::document();
    let described = |schema: &str| {
        document["components"]["schemas"][schema]["properties"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    let members = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    for (schema, value) in [
        ("Answer", &answer),
        ("Hit", &answer["hits"][0]),
        ("FacetValue", &answer["facets"]["kind"][0]),
        ("Problem", &problem),
    ] {
        let (mut described, mut members) = (described(schema), members(value));
        described.sort();
        members.sort();
        assert_eq!(described, members, "{schema}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat() {
    let titles: Vec<Offered> =
        (0..40).map(|number| title(number, &format!("Amber Harbor {number}"), &["DE"])).collect();
    for api in both(&titles) {
        for text in ["amber", ""] {
            let first = format!("/v1/search?q={text}&region=DE&limit=7");
            let (mut seen, mut path) = (Vec::new(), first.clone());
            loop {
                let (status, _, answer) = ask(&api, &path).await;
                assert_eq!(status, StatusCode::OK);
                seen.extend(ids(&answer));
                let Some(cursor) = answer["next_cursor"].as_str() else { break };
                assert_eq!(ids(&answer).len(), 7, "no page but the last is short");
                path = format!("{first}&cursor={cursor}");
            }
            let (_, _, whole) = ask(&api, &format!("/v1/search?q={text}&region=DE&limit=50")).await;
            assert_eq!(seen, ids(&whole));
            seen.sort();
            let expected: Vec<String> = (0..40).map(|number| format!("t{number:03}")).collect();
            assert_eq!(seen, expected);
        }
    }
}

#[tokio::test]
async fn a_cursor_of_another_state_or_query_has_expired() {
    let api = forty();
    let (_, _, answer) = ask(&api, "/v1/search?q=amber&region=DE&limit=7").await;
    let cursor = answer["next_cursor"].as_str().unwrap().to_owned();
    let (status, _, body) =
        ask(&api, &format!("/v1/search?q=harbor&region=DE&limit=7&cursor={cursor}")).await;
    assert_eq!((status, &body["code"]), (StatusCode::GONE, &Value::from("cursor_expired")));
    // One state before is kept, for a minute; two before is gone.
    let path = format!("/v1/search?q=amber&region=DE&limit=7&cursor={cursor}");
    api.set_searcher(Arc::new(Scan::new(vec![], 8)));
    let (status, _, answer) = ask(&api, &path).await;
    assert_eq!((status, &answer["generation"]), (StatusCode::OK, &Value::from(7)));
    api.set_searcher(Arc::new(Scan::new(vec![], 9)));
    let (status, _, _) = ask(&api, &path).await;
    assert_eq!(status, StatusCode::GONE);
}

#[tokio::test]
async fn what_may_not_be_seen_is_in_no_hit_no_facet_and_no_suggestion() {
    let mut adult = title(3, "Amber Night", &["DE"]);
    adult.title.maturity.age_min = 18;
    let mut dear = title(4, "Amber Gold", &["DE"]);
    dear.windows[0].tier = Tier::Premium;
    let mut over = title(5, "Amber Past", &["DE"]);
    over.windows[0].end = Some(NOW);
    let titles = [title(1, "Amber One", &["DE"]), title(2, "Amber Two", &["FR"]), adult, dear, over];
    for api in both(&titles) {
        let (_, _, answer) = ask(&api, "/v1/search?q=amber&region=DE").await;
        assert_eq!(ids(&answer), ["t001"]);
        assert_eq!(answer["facets"]["genre"], serde_json::json!([{ "value": "Crime", "count": 1 }]));
        let (_, _, answer) = ask(&api, "/v1/search/suggest?q=amber&region=DE").await;
        assert_eq!(answer["suggestions"].as_array().unwrap().len(), 1);
        let (_, _, answer) = ask(&api, "/v1/search?q=amber&region=DE&age=18&tier=premium").await;
        let mut seen = ids(&answer);
        seen.sort();
        assert_eq!(seen, ["t001", "t003", "t004"]);
    }
}

#[tokio::test]
async fn a_title_elsewhere_is_named_to_adults_alone_and_never_for_maturity_or_tier() {
    let mut adult = title(3, "Velvet Night", &["DE"]);
    adult.title.maturity.age_min = 18;
    let mut dear = title(4, "Amber Gold", &["DE"]);
    dear.windows[0].tier = Tier::Premium;
    let [_, api] = both(&[title(1, "Amber One", &["DE"]), title(2, "Hollow Lantern", &["FR"]), adult, dear]);
    for (query, age, expected) in [
        ("hollow+lantern", 18, serde_json::json!([{ "title": "Hollow Lantern" }])),
        ("hollow+lantern", 17, serde_json::json!([])),
        ("hollow", 18, serde_json::json!([])),
        ("velvet+night", 17, serde_json::json!([])),
        ("amber+gold", 18, serde_json::json!([])),
    ] {
        let (_, _, answer) = ask(&api, &format!("/v1/search?q={query}&region=DE&age={age}")).await;
        assert_eq!(answer["elsewhere"], expected, "{query} at {age}");
    }
}

#[tokio::test]
async fn a_slip_is_found_marked_and_offered_in_its_right_spelling() {
    let [_, api] = both(&[title(1, "The Silent Harbor", &["DE"]), title(2, "Copper Orchard", &["DE"])]);
    let (_, _, answer) = ask(&api, "/v1/search?q=silnet+harbor&region=DE&explain=1").await;
    assert_eq!(ids(&answer)[0], "t001");
    assert_eq!(answer["did_you_mean"], "silent harbor");
    let parts = answer["hits"][0]["title_parts"].as_array().unwrap();
    let marked: Vec<&str> = parts
        .iter()
        .filter(|part| part["matched"] == true)
        .map(|part| part["text"].as_str().unwrap())
        .collect();
    assert_eq!(marked, ["Silent", "Harbor"]);
    assert!(answer["hits"][0]["explain"]["score"].as_f64().unwrap() > 0.0);
    let (_, _, answer) = ask(&api, "/v1/search?q=silent+harbor&region=DE").await;
    assert_eq!((&answer["did_you_mean"], &answer["hits"][0]["explain"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn without_facets_the_rest_of_the_answer_is_the_same() {
    for api in both(&[title(1, "The Silent Harbor", &["DE"]), title(2, "Copper Harbor", &["DE"])]) {
        let (_, _, mut with) = ask(&api, "/v1/search?q=harbor&region=DE").await;
        let (_, _, without) = ask(&api, "/v1/search?q=harbor&region=DE&facets=0").await;
        assert_eq!(with["facets"]["kind"][0]["count"], 2);
        with["facets"] = serde_json::json!({ "kind": [], "genre": [], "language": [] });
        assert_eq!(with, without);
    }
}

#[tokio::test]
async fn an_edit_of_availability_is_obeyed_by_the_next_search() {
    let offered = title(1, "Amber One", &["DE"]);
    let catalogue = Arc::new(IndexedCatalogue::new(vec![offered.clone()], 1).unwrap());
    let api = SearchApi::new(ViewerSource::Query, Arc::new(|| NOW));
    api.set_searcher(Arc::clone(&catalogue) as Arc<dyn Searcher>);
    for (windows, expected) in [(vec![], 0), (offered.windows.clone(), 1)] {
        assert!(catalogue.set_windows(&offered.title.id, windows));
        for path in ["/v1/search?q=amber&region=DE", "/v1/search?q=&region=DE"] {
            assert_eq!(ids(&ask(&api, path).await.2).len(), expected);
        }
    }
    assert!(!catalogue.set_windows(&RecordId("nobody".to_owned()), vec![]));
}

#[tokio::test]
async fn a_facet_counts_under_all_filters_but_its_own() {
    let titles: Vec<Offered> =
        (0..40).map(|number| title(number, &format!("Amber Harbor {number}"), &["DE"])).collect();
    for api in both(&titles) {
        facet_counts_ignore_their_own_filter(&api).await;
    }
}

async fn facet_counts_ignore_their_own_filter(api: &Arc<SearchApi>) {
    let (_, _, answer) = ask(api, "/v1/search?q=amber&region=DE&genre=Drama&kind=film").await;
    let count = |facet: &str, value: &str| -> u64 {
        let values = answer["facets"][facet].as_array().unwrap();
        values.iter().find(|one| one["value"] == value).map_or(0, |one| one["count"].as_u64().unwrap())
    };
    assert_eq!((count("genre", "Drama"), count("genre", "Crime")), (10, 20));
    assert_eq!((count("kind", "film"), count("kind", "series")), (10, 10));
}

#[tokio::test]
async fn a_signed_viewer_is_believed_and_an_unsigned_one_is_not() {
    let key = ViewerKey::new(&[9; 32]).unwrap();
    let api = ready(ViewerSource::Token(key.clone()), vec![title(1, "Amber", &["DE"])]);
    let (status, _, _) = ask(&api, "/v1/search?q=amber&region=DE").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let token =
        key.sign(&Viewer { region: "DE".parse().unwrap(), tier: Tier::Free, age: 0 }, Timestamp(5_000_000));
    for (token, expected) in
        [(token.clone(), StatusCode::OK), (format!("{token}x"), StatusCode::UNAUTHORIZED)]
    {
        let request = Request::get("/v1/search?q=amber").header("authorization", format!("Bearer {token}"));
        let response = router(Arc::clone(&api)).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), expected);
    }
}

#[tokio::test]
async fn the_state_before_is_gone_after_a_minute() {
    let now = Arc::new(std::sync::atomic::AtomicU64::new(NOW.0));
    let clock = Arc::clone(&now);
    let clock = move || Timestamp(clock.load(std::sync::atomic::Ordering::Relaxed));
    let api = SearchApi::new(ViewerSource::Query, Arc::new(clock));
    let titles = (0..9).map(|number| title(number, &format!("Amber {number}"), &["DE"]));
    api.set_searcher(Arc::new(Scan::new(titles.collect(), 1)));
    let (_, _, answer) = ask(&api, "/v1/search?q=amber&region=DE&limit=2").await;
    let path =
        format!("/v1/search?q=amber&region=DE&limit=2&cursor={}", answer["next_cursor"].as_str().unwrap());
    api.set_searcher(Arc::new(Scan::new(vec![], 2)));
    for (after, expected) in [(59_999_999, StatusCode::OK), (60_000_000, StatusCode::GONE)] {
        now.store(NOW.0 + after, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(ask(&api, &path).await.0, expected, "{after} µs after");
    }
}

/// A search that takes until it is let go.
struct Stuck(std::sync::Mutex<std::sync::mpsc::Receiver<()>>);

impl Searcher for Stuck {
    fn search(&self, _: &super::parameters::SearchRequest, _: Timestamp) -> Result<Answer, Problem> {
        // Ends when the test drops its sender.
        let _ = self.0.lock().unwrap().recv();
        Ok(Answer::default())
    }

    fn suggest(
        &self,
        _: &super::parameters::SuggestRequest,
        _: Timestamp,
    ) -> Result<Vec<Suggestion>, Problem> {
        Ok(Vec::new())
    }

    fn generation(&self) -> u64 {
        0
    }
}

#[tokio::test]
async fn more_searches_than_can_be_in_flight_are_told_to_come_back() {
    let api = SearchApi::new(ViewerSource::Query, Arc::new(|| NOW));
    let (release, held) = std::sync::mpsc::channel();
    api.set_searcher(Arc::new(Stuck(std::sync::Mutex::new(held))));
    let mut flying: Vec<_> = (0..IN_FLIGHT_MAX)
        .map(|_| {
            let api = Arc::clone(&api);
            Box::pin(async move { ask(&api, "/v1/search?q=a&region=DE").await.0 })
        })
        .collect();
    for flight in &mut flying {
        // Takes its place and waits.
        assert!(futures_poll_once(flight).await.is_none());
    }
    let (status, headers, body) = ask(&api, "/v1/search?q=a&region=DE").await;
    assert_eq!((status, &body["code"]), (StatusCode::SERVICE_UNAVAILABLE, &Value::from("overloaded")));
    assert_eq!(headers[header::RETRY_AFTER], "1");
    drop(release);
    for flight in flying {
        assert_eq!(flight.await, StatusCode::OK);
    }
}

/// What a future has come to after one poll.
async fn futures_poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|context| {
        let polled = std::pin::Pin::new(&mut *future).poll(context);
        std::task::Poll::Ready(match polled {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}
