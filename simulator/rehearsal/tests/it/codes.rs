//! Countries as suppliers write them, in the reference catalogue.

use std::collections::{BTreeMap, BTreeSet};

use platform_core::catalog::codes::{Country, country};
use rehearsal::json_lines;
use serde::Deserialize;

use crate::support::reference_data;

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    countries: Vec<String>,
}

#[test]
fn every_country_of_the_reference_catalogue_is_read() {
    let Some(folder) = reference_data("catalog") else { return };
    let lines: Vec<Line> = json_lines::read(&folder.join("catalog.jsonl.gz"), ("title", ""))
        .unwrap_or_else(|failure| panic!("{failure}"));
    let written: BTreeSet<String> = lines.into_iter().flat_map(|line| line.countries).collect();
    let unknown: Vec<&String> = written.iter().filter(|text| country(text).is_err()).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert!(written.len() > 100, "{}", written.len());
    let mut by_code: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for text in &written {
        let code = country(text).map(|country| country.to_string()).expect("read above");
        by_code.entry(code).or_default().push(text);
    }
    // Two names of one country are the same to us, and nothing else is.
    let shared: Vec<&Vec<&str>> = by_code.values().filter(|names| names.len() > 1).collect();
    assert_eq!(shared, [&vec!["Germany", "West Germany"]]);
    let former = written.iter().filter(|text| matches!(country(text), Ok(Country::Former(_)))).count();
    assert_eq!(former, 2);
}
