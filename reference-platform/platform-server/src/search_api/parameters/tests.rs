use proptest::prelude::*;

use super::super::viewer::ViewerKey;
use super::*;

fn read(query: &str) -> Result<SearchRequest, Problem> {
    search(
        Some(query),
        Context { source: &ViewerSource::Query, headers: &HeaderMap::new(), now: Timestamp(0) },
    )
}

fn code(query: &str) -> &'static str {
    read(query).map_or_else(|problem| problem.code(), |_| "read")
}

#[test]
fn what_is_not_said_counts_as_least() {
    let request = read("q=amber&region=de").unwrap();
    assert_eq!(request.viewer, Viewer { region: "DE".parse().unwrap(), tier: Tier::Free, age: 0 });
    assert_eq!((request.limit, request.explain), (LIMIT_DEFAULT, false));
}

#[test]
fn filters_repeat_and_all_else_stands_once() {
    let request =
        read("q=a&region=DE&genre=drama&genre=crime&kind=film&year_from=1950&year_to=1950").unwrap();
    assert_eq!(request.genres, ["drama", "crime"]);
    assert_eq!((request.year_from, request.year_to), (Some(1950), Some(1950)));
    assert_eq!(code("q=a&q=b&region=DE"), "repeated_parameter");
}

#[test]
fn languages_are_asked_for_as_the_catalogue_writes_them() {
    let request = read("q=a&region=DE&language=ger&language=pt_br&language=xx").unwrap();
    assert_eq!(request.languages, ["de", "pt-BR", "xx"]);
}

#[test]
fn each_bound_is_kept() {
    for (query, expected) in [
        ("q=a", "viewer_missing"),
        ("q=a&region=DEU", "bad_parameter"),
        ("q=a&region=DE&limit=0", "bad_parameter"),
        ("q=a&region=DE&limit=51", "bad_parameter"),
        ("q=a&region=DE&limit=50", "read"),
        ("q=a&region=DE&kind=movie", "bad_parameter"),
        ("q=a&region=DE&year_from=2000&year_to=1999", "bad_parameter"),
        ("q=a&region=DE&colour=red", "unknown_parameter"),
        ("q=a&region=DE&tier=gold", "bad_parameter"),
        ("q=a&region=DE&tier=basic", "read"),
        ("q=a&region=DE&explain=maybe", "bad_parameter"),
        ("region=DE", "read"),
    ] {
        assert_eq!(code(query), expected, "{query}");
    }
    let many = "&genre=x".repeat(FILTER_VALUES_MAX + 1);
    assert_eq!(code(&format!("q=a&region=DE{many}")), "bad_parameter");
}

#[test]
fn where_tokens_count_the_query_says_nothing_about_the_viewer() {
    let key = ViewerKey::new(&[1; 32]).unwrap();
    let viewer = Viewer { region: "FR".parse().unwrap(), tier: Tier::Premium, age: 16 };
    let mut headers = HeaderMap::new();
    let ask = |query, headers: &HeaderMap| {
        search(Some(query), Context { source: &ViewerSource::Token(key.clone()), headers, now: Timestamp(1) })
    };
    assert_eq!(ask("q=a", &headers), Err(Problem::ViewerMissing));
    let bearer = format!("Bearer {}", key.sign(&viewer, Timestamp(9_000_000)));
    headers.insert(http::header::AUTHORIZATION, bearer.parse().unwrap());
    assert_eq!(ask("q=a", &headers).unwrap().viewer, viewer);
    assert_eq!(ask("q=a&age=99", &headers).unwrap_err().code(), "bad_parameter");
}

proptest! {
    #[test]
    fn any_bytes_of_a_query_text_are_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let typed: String = form_urlencoded::byte_serialize(&bytes).collect();
        let request = read(&format!("region=DE&q={typed}")).unwrap();
        prop_assert_eq!(request.text, String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_query_string_makes_reading_panic(query in any::<String>()) {
        prop_assert!(read(&query).map_or_else(|problem| !problem.code().is_empty(), |_| true));
    }
}
