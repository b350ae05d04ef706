//! Generated queries against published ones: the same shapes, about the same lengths, as well-known targets.

mod shape;

use std::collections::BTreeMap;
use std::path::Path;

use actors::queries::{self, Kind, Order, Row, Split, TitleFacts, fold};
use rehearsal::title_facts;
use units::Seed;

use crate::support::reference_data;

/// Reads rows, one JSON object a line.
fn published(folder: &Path) -> Vec<Row> {
    let files = ["search_queries_sample.jsonl", "search_queries_hard_sample.jsonl"];
    files
        .iter()
        .flat_map(|name| {
            let text = std::fs::read_to_string(folder.join(name)).expect("reference data is readable");
            text.lines().map(|line| serde_json::from_str(line).expect("a row")).collect::<Vec<Row>>()
        })
        .collect()
}

struct Compared {
    facts: Vec<TitleFacts>,
    published: Vec<Row>,
    generated: Vec<Row>,
}

fn compared() -> Option<Compared> {
    let (rows, catalogue) = (reference_data("search")?, reference_data("catalog")?);
    let facts = title_facts::read(&catalogue.join("catalog.jsonl.gz")).expect("reference data is readable");
    let order = Order { seed: Seed(1), split: Split::Tuning, per_kind: 50 };
    let generated = queries::generate(&facts, &order);
    Some(Compared { published: published(&rows), generated, facts })
}

fn by_kind(rows: &[Row]) -> BTreeMap<Kind, Vec<&Row>> {
    let mut kinds: BTreeMap<Kind, Vec<&Row>> = BTreeMap::new();
    rows.iter().for_each(|row| kinds.entry(row.kind).or_default().push(row));
    kinds
}

/// Mean of typed characters; in percent of the title's where the title is what is typed.
fn typed(kind: Kind, rows: &[&Row]) -> usize {
    let about_title =
        !matches!(kind, Kind::ActorTitle | Kind::ActorGenre | Kind::HardPeopleTypo | Kind::HardPlot);
    let lengths = rows.iter().map(|row| {
        let title = fold::plain(&row.expected[0].title).chars().count().max(1);
        let query = row.query.chars().count();
        if about_title { query * 100 / title } else { query }
    });
    lengths.sum::<usize>() / rows.len()
}

/// How many of a hundred titles of the catalogue are less known than the middle target.
fn middle_fame(rows: &[Row], facts: &[TitleFacts]) -> usize {
    let fame: BTreeMap<&str, u32> = facts.iter().map(|facts| (facts.id.as_str(), facts.popularity)).collect();
    let mut targets: Vec<u32> = rows.iter().map(|row| fame[row.expected[0].doc_id.as_str()]).collect();
    targets.sort_unstable();
    let middle = targets[targets.len() / 2];
    facts.iter().filter(|facts| facts.popularity < middle).count() * 100 / facts.len()
}

#[test]
fn generated_rows_have_the_shape_of_published_ones() {
    let Some(Compared { facts, published, generated }) = compared() else { return };
    let catalogue = shape::Catalogue::new(&facts);
    let broken = |rows: &[Row]| -> Vec<String> {
        let off = rows.iter().filter(|row| !catalogue.has_shape(row));
        off.map(|row| format!("{} `{}` for `{}`", row.kind.name(), row.query, row.expected[0].title))
            .collect()
    };
    let none: [String; 0] = [];
    assert_eq!(broken(&published), none, "a published row contradicts what we take for its kind");
    assert_eq!(broken(&generated), none);
    assert_eq!(generated.len(), 24 * 50);
}

#[test]
fn generated_rows_are_about_as_long_and_as_well_known_as_published_ones() {
    let Some(Compared { facts, published, generated }) = compared() else { return };
    let ours = by_kind(&generated);
    for (kind, theirs) in by_kind(&published) {
        let (theirs, ours) = (typed(kind, &theirs), typed(kind, &ours[&kind]));
        // A handful of rows a kind: the mean of theirs is known no better.
        assert!(theirs.abs_diff(ours) <= theirs / 3, "{}: {ours} typed, published {theirs}", kind.name());
    }
    let (theirs, ours) = (middle_fame(&published, &facts), middle_fame(&generated, &facts));
    assert!(
        theirs.abs_diff(ours) <= 10,
        "the middle target is above {ours} % of titles, published {theirs} %"
    );
    let shared = |rows: &[Row]| rows.iter().filter(|row| row.expected.len() > 1).count() * 100 / rows.len();
    assert!(
        shared(&published).abs_diff(shared(&generated)) <= 8,
        "{} {}",
        shared(&published),
        shared(&generated)
    );
}
