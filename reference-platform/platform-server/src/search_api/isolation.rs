//! Nothing of a title that a viewer may not see ever reaches them: not as a result, a count, a suggestion, a highlight or a
//! spelling. Every visible title has a hidden near-namesake here, and windows end while the viewer goes on searching.

use std::collections::{BTreeMap, BTreeSet};

use platform_core::catalog::normalise;
use platform_core::catalog::record::{Availability, Maturity, RecordId, Territory, Tier, TitleRecord};
use proptest::prelude::*;
use units::Timestamp;

use super::filters::Offered;
use super::indexed::IndexedCatalogue;
use super::parameters::{SearchRequest, SuggestRequest};
use super::searcher::{Answer, FacetValue, Part, Searcher, Suggestion};
use super::viewer::Viewer;

mod updates;

/// Why a title is hidden from the viewer of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hidden {
    No,
    Elsewhere,
    Over,
    TooDear,
    TooOld,
}

fn region(code: &str) -> Territory {
    code.parse().expect("two letters")
}

fn viewer() -> Viewer {
    Viewer { region: region("DE"), tier: Tier::Basic, age: 12 }
}

/// One who may see everything: where a planted leak comes from.
fn owner() -> Viewer {
    Viewer { region: region("FR"), tier: Tier::Premium, age: 99 }
}

fn offered(number: usize, name: &str, hidden: Hidden, ends: u64) -> Offered {
    let id = RecordId(format!("t{number:03}"));
    // What hidden titles are about stands nowhere else, so that a count or a name gives them away.
    let mark = if hidden == Hidden::No { "Open" } else { "Secret" };
    let title: TitleRecord = serde_json::from_value(serde_json::json!({
        "id": id,
        "kind": "film",
        "title": name,
        "year": 1990 + number % 30,
        "cast": [format!("{mark} Player")],
        "genres": [format!("{mark} Genre"), "Drama"],
        "languages": [if hidden == Hidden::No { "de" } else { "xx" }],
        "maturity": { "age_min": if hidden == Hidden::TooOld { Maturity::ADULT } else { 6 } },
    }))
    .expect("a record");
    let window = |territory: &str, end, tier| Availability {
        title: id.clone(),
        territory: region(territory),
        start: Timestamp(10),
        end,
        tier,
    };
    let mut windows = vec![window("FR", None, Tier::Free)];
    match hidden {
        Hidden::No => windows.push(window("DE", Some(Timestamp(ends)), Tier::Basic)),
        Hidden::TooOld => windows.push(window("DE", None, Tier::Free)),
        Hidden::Over => windows.push(window("DE", Some(Timestamp(20)), Tier::Free)),
        Hidden::TooDear => windows.push(window("DE", None, Tier::Premium)),
        Hidden::Elsewhere => {}
    }
    Offered { title, windows }
}

/// What a viewer may see, said a second time and on its own.
fn sees(offered: &Offered, viewer: &Viewer, now: u64) -> bool {
    offered.title.maturity.age_min <= viewer.age
        && offered.windows.iter().any(|window| {
            let is_open = window.start.0 <= now && window.end.is_none_or(|end| end.0 > now);
            window.territory == viewer.region && window.tier <= viewer.tier && is_open
        })
}

/// All that an answer and a list of suggestions say of titles that are not in `visible`.
fn leaks(
    answer: &Answer,
    suggestions: &[Suggestion],
    visible: &BTreeMap<&str, &Offered>,
) -> BTreeSet<&'static str> {
    let mut leaks = BTreeSet::new();
    let text = |parts: &[Part]| parts.iter().map(|part| part.text.as_str()).collect::<String>();
    for hit in &answer.hits {
        let Some(title) = visible.get(hit.id.as_str()) else {
            leaks.insert("hits");
            continue;
        };
        let is_own = |parts: &Vec<Part>| title.title.cast.contains(&text(parts));
        if text(&hit.title_parts) != title.title.title || !hit.people_parts.iter().all(is_own) {
            leaks.insert("highlights");
        }
    }
    let counted = |values: &[FacetValue], has: &dyn Fn(&TitleRecord, &str) -> bool| {
        values.iter().all(|value| {
            let own = visible.values().filter(|offered| has(&offered.title, &value.value)).count() as u64;
            value.count <= own
        })
    };
    let facets = &answer.facets;
    if !counted(&facets.kind, &|title, kind| title.kind.name() == kind)
        || !counted(&facets.genre, &|title, genre| title.genres.iter().any(|own| own == genre))
        || !counted(&facets.language, &|title, language| title.languages.iter().any(|own| own == language))
    {
        leaks.insert("facets");
    }
    if suggestions.iter().any(|suggestion| !visible.contains_key(suggestion.id.as_str())) {
        leaks.insert("suggestions");
    }
    let known: BTreeSet<String> =
        visible.values().flat_map(|offered| normalise::plain_tokens(&offered.title.title)).collect();
    let typed: BTreeSet<String> = TYPED.iter().flat_map(|text| normalise::plain_tokens(text)).collect();
    let spelled = answer.did_you_mean.iter().flat_map(|text| normalise::plain_tokens(text));
    if spelled.into_iter().any(|word| !known.contains(&word) && !typed.contains(&word)) {
        leaks.insert("did you mean");
    }
    leaks
}

/// What is typed in every case: whole names, beginnings, slips that lead to visible and to hidden names, a name of a person.
const TYPED: [&str; 8] =
    ["lantern harbor 3", "lantarn", "lanturns 4", "secret player", "harb", "wellspring 6", "l", "open genre"];

/// Names of visible titles, and beside each that of a hidden one a slip or two away.
fn catalogue(kinds: &[u8], ends: u64) -> Vec<Offered> {
    let mut titles = Vec::new();
    for (at, kind) in kinds.iter().enumerate() {
        let hidden =
            [Hidden::Elsewhere, Hidden::Over, Hidden::TooDear, Hidden::TooOld][usize::from(kind % 4)];
        let (open, secret) =
            [("Lantern Harbor", "Lanterns Harbour"), ("Wellspring", "Wellsprung")][usize::from(kind / 4 % 2)];
        titles.push(offered(3 * at, &format!("{open} {at}"), Hidden::No, ends));
        titles.push(offered(3 * at + 1, &format!("{open} {at} Again"), Hidden::No, 1_000));
        titles.push(offered(3 * at + 2, &format!("{secret} {at}"), hidden, 0));
    }
    titles
}

fn search(text: &str, viewer: Viewer) -> SearchRequest {
    SearchRequest {
        text: text.to_owned(),
        viewer,
        kinds: Vec::new(),
        genres: Vec::new(),
        languages: Vec::new(),
        year_from: None,
        year_to: None,
        limit: 50,
        cursor: None,
        explain: false,
        facets: true,
    }
}

fn ask(index: &IndexedCatalogue, text: &str, (viewer, now): (Viewer, u64)) -> (Answer, Vec<Suggestion>) {
    let suggest = SuggestRequest { text: text.to_owned(), viewer: viewer.clone(), limit: 50 };
    let answer = index.search(&search(text, viewer), Timestamp(now)).expect("an answer");
    (answer, index.suggest(&suggest, Timestamp(now)).expect("suggestions"))
}

fn visible(titles: &[Offered], now: u64) -> BTreeMap<&str, &Offered> {
    let own = titles.iter().filter(|offered| sees(offered, &viewer(), now));
    own.map(|offered| (offered.title.id.0.as_str(), offered)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn nothing_of_a_hidden_title_reaches_a_viewer(kinds in proptest::collection::vec(any::<u8>(), 4..24), ends in 40_u64..60) {
        let titles = catalogue(&kinds, ends);
        let index = IndexedCatalogue::new(titles.clone(), 1).expect("an index");
        // Before, at and after the end of half of the windows.
        for now in [30, ends - 1, ends, 200] {
            let visible = visible(&titles, now);
            for text in TYPED {
                let (answer, suggestions) = ask(&index, text, (viewer(), now));
                let found = leaks(&answer, &suggestions, &visible);
                prop_assert!(found.is_empty(), "`{}` at {}: {:?}", text, now, found);
            }
        }
    }

    #[test]
    fn pages_hold_every_result_once_and_in_order(kinds in proptest::collection::vec(any::<u8>(), 4..20), limit in 1_usize..7) {
        let titles = catalogue(&kinds, 500);
        let index = IndexedCatalogue::new(titles, 1).expect("an index");
        let whole = ask(&index, "lantern", (viewer(), 30)).0.hits;
        let mut paged = Vec::new();
        let mut request = SearchRequest { limit, ..search("lantern", viewer()) };
        for _ in 0..=whole.len() {
            let page = index.search(&request, Timestamp(30)).expect("a page");
            paged.extend(page.hits);
            let Some(next) = page.next_cursor else { break };
            request.cursor = Some(next);
        }
        prop_assert_eq!(paged.iter().map(|hit| &hit.id).take(50).collect::<Vec<_>>(), whole.iter().map(|hit| &hit.id).collect::<Vec<_>>());
    }
}

#[test]
fn counts_are_said_to_be_lower_bounds_where_more_titles_match_than_are_counted() {
    for (titles, is_bound) in [(40, false), (300, true)] {
        let named = |at: usize| offered(at, &format!("Amber Harbor {at}"), Hidden::No, 500);
        let index = IndexedCatalogue::new((0..titles).map(named).collect(), 1).expect("an index");
        for text in ["amber", ""] {
            let answer = ask(&index, text, (viewer(), 30)).0;
            let bounds = answer.facet_lower_bounds;
            assert_eq!([bounds.kind, bounds.genre, bounds.language], [is_bound; 3], "`{text}`");
            assert_eq!(answer.facets.kind[0].count < titles as u64, is_bound, "`{text}`");
        }
    }
}

#[test]
fn a_leak_in_any_place_is_noticed() {
    let titles = catalogue(&[0, 1, 2, 3, 4, 5, 6, 7], 500);
    let index = IndexedCatalogue::new(titles.clone(), 1).expect("an index");
    let visible = visible(&titles, 30);
    let mut noticed = BTreeSet::new();
    for text in TYPED {
        let (honest, suggestions) = ask(&index, text, (viewer(), 30));
        let (wide, wide_suggestions) = ask(&index, text, (owner(), 30));
        let mut check = |answer: Answer, suggestions: &[Suggestion]| {
            noticed.extend(leaks(&answer, suggestions, &visible));
        };
        check(Answer { hits: wide.hits.clone(), ..honest.clone() }, &suggestions);
        check(Answer { facets: wide.facets, ..honest.clone() }, &suggestions);
        check(honest.clone(), &wide_suggestions);
        check(Answer { did_you_mean: Some("wellsprung".to_owned()), ..honest.clone() }, &suggestions);
        let mut foreign = honest.clone();
        if let (Some(hit), Some(other)) = (foreign.hits.first_mut(), wide.hits.last()) {
            hit.people_parts = vec![vec![Part { text: "Secret Player".to_owned(), matched: true }]];
            hit.title_parts = other.title_parts.clone();
        }
        check(foreign, &suggestions);
    }
    let all = ["did you mean", "facets", "highlights", "hits", "suggestions"];
    assert_eq!(noticed.into_iter().collect::<Vec<_>>(), all);
}
