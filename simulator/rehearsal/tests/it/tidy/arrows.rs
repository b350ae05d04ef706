//! The arrows between packages, and what may not be reached from those without IO.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{assert_none, metadata};

/// A package's place.
struct Place {
    name: &'static str,
    layer: u8,
    /// What it may depend on. Everyone may use `units`, and nothing may use `benches`.
    may: &'static [&'static str],
    /// Whether it decides without sockets, SQL, search index or runtime.
    sans_io: bool,
}

const fn place(name: &'static str, layer: u8, sans_io: bool, may: &'static [&'static str]) -> Place {
    Place { name, layer, may, sans_io }
}

/// All packages, from the bottom up. A new one is added here and in ARCHITECTURE.md.
const PLACES: [Place; 11] = [
    place("units", 0, true, &[]),
    place("platform-core", 1, true, &[]),
    place("actors", 1, true, &[]),
    place("fault-plan", 1, true, &[]),
    place("reports", 1, true, &[]),
    place("legacy", 2, true, &["platform-core"]),
    place("platform-server", 2, false, &["platform-core"]),
    place("scenarios", 2, true, &["actors", "fault-plan", "reports"]),
    place(
        "sim-engine",
        3,
        true,
        &["platform-core", "legacy", "actors", "scenarios", "fault-plan", "reports"],
    ),
    place(
        "rehearsal",
        4,
        false,
        &[
            "platform-core",
            "platform-server",
            "actors",
            "fault-plan",
            "reports",
            "legacy",
            "scenarios",
            "sim-engine",
        ],
    ),
    place("benches", 5, false, &[]),
];

/// What a package without IO must not reach, not even through others.
const IO: [&str; 5] = ["tokio", "hyper", "axum", "sqlx", "tantivy"];

fn find(name: &str) -> Option<&'static Place> {
    PLACES.iter().find(|place| place.name == name)
}

/// A dependency of one member on another.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Arrow {
    from: String,
    to: String,
    dev: bool,
}

impl Arrow {
    /// What is wrong with it.
    fn complaint(&self) -> Option<String> {
        let Self { from, to, dev } = self;
        let (Some(source), Some(target)) = (find(from), find(to)) else {
            return Some(format!("`{from}` -> `{to}`: not in the table of packages"));
        };
        let from_benches = source.name == "benches";
        let allowed = match (dev, from_benches) {
            (true, true) => true,
            (true, false) => target.layer < source.layer,
            (false, _) => target.name == "units" && !from_benches || source.may.contains(&target.name),
        };
        let kind =
            if *dev { "a dev-dependency points to a lower layer" } else { "the arrow is not in the table" };
        (!allowed).then(|| format!("`{from}` -> `{to}`: {kind}"))
    }
}

fn members(metadata: &Value) -> BTreeSet<&str> {
    let packages = metadata["packages"].as_array().expect("a list of packages");
    let own = packages.iter().filter(|package| package["source"].is_null());
    own.map(|package| package["name"].as_str().expect("a name")).collect()
}

fn arrows(metadata: &Value) -> BTreeSet<Arrow> {
    let members = members(metadata);
    let packages = metadata["packages"].as_array().expect("a list of packages");
    let mut arrows = BTreeSet::new();
    for package in packages.iter().filter(|package| package["source"].is_null()) {
        for dependency in package["dependencies"].as_array().expect("a list of dependencies") {
            let to = dependency["name"].as_str().expect("a name");
            if members.contains(to) && !dependency["path"].is_null() {
                let from = package["name"].as_str().expect("a name").to_owned();
                arrows.insert(Arrow { from, to: to.to_owned(), dev: dependency["kind"] == "dev" });
            }
        }
    }
    arrows
}

/// What each package depends on to run, by id; dev-dependencies are left out.
fn graph(metadata: &Value) -> BTreeMap<&str, Vec<&str>> {
    let nodes = metadata["resolve"]["nodes"].as_array().expect("a resolved graph");
    let edges = nodes.iter().map(|node| {
        let deps = node["deps"].as_array().expect("a list of dependencies").iter();
        let to_run = deps.filter(|dep| {
            dep["dep_kinds"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"] != "dev"))
        });
        (node["id"].as_str().expect("an id"), to_run.map(|dep| dep["pkg"].as_str().expect("an id")).collect())
    });
    edges.collect()
}

/// Names of all that `package` needs to run.
fn closure<'a>(metadata: &'a Value, package: &str) -> BTreeSet<&'a str> {
    let packages = metadata["packages"].as_array().expect("a list of packages");
    let names: BTreeMap<&str, &str> = packages
        .iter()
        .map(|package| (package["id"].as_str().expect("an id"), package["name"].as_str().expect("a name")))
        .collect();
    let graph = graph(metadata);
    let own = |id: &&&str| names[**id] == package;
    let mut open: Vec<&str> = names.keys().filter(own).copied().collect();
    let mut seen: BTreeSet<&str> = open.iter().copied().collect();
    while let Some(id) = open.pop() {
        for &next in graph.get(id).into_iter().flatten() {
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    seen.into_iter().map(|id| names[id]).collect()
}

#[test]
fn every_package_has_its_place() {
    let listed: BTreeSet<&str> = PLACES.iter().map(|place| place.name).collect();
    assert_eq!(members(metadata()), listed, "left: the workspace, right: the table of packages");
    for place in &PLACES {
        let downwards = place.may.iter().all(|&to| find(to).is_some_and(|to| to.layer < place.layer));
        assert!(downwards, "`{}` may depend on lower layers only", place.name);
    }
}

#[test]
fn packages_depend_on_nothing_but_what_the_table_allows() {
    let arrows = arrows(metadata());
    assert!(arrows.len() > PLACES.len(), "the arrows were found: {arrows:?}");
    assert_none(&arrows.iter().filter_map(Arrow::complaint).collect::<Vec<_>>());
}

#[test]
fn a_forbidden_arrow_is_named() {
    let arrow = |from: &str, to: &str, dev| Arrow { from: from.to_owned(), to: to.to_owned(), dev };
    for (from, to, dev) in [
        ("actors", "platform-core", false),
        ("actors", "platform-core", true),
        ("platform-core", "sim-engine", false),
        ("reports", "scenarios", true),
        ("scenarios", "legacy", false),
        ("rehearsal", "benches", true),
        ("benches", "units", false),
        ("legacy", "stranger", false),
    ] {
        let complaint = arrow(from, to, dev).complaint();
        assert!(complaint.is_some_and(|text| text.contains(from) && text.contains(to)), "{from} -> {to}");
    }
    for (from, to, dev) in [
        ("sim-engine", "legacy", false),
        ("actors", "units", false),
        ("scenarios", "platform-core", true),
        ("benches", "sim-engine", true),
    ] {
        assert_eq!(arrow(from, to, dev).complaint(), None, "{from} -> {to}");
    }
}

#[test]
fn packages_without_io_reach_no_runtime_server_database_or_index() {
    for place in PLACES.iter().filter(|place| place.sans_io) {
        let closure = closure(metadata(), place.name);
        assert!(closure.contains("units"), "the closure of `{}` was found", place.name);
        let found: Vec<&&str> = IO.iter().filter(|&&io| closure.contains(io)).collect();
        assert!(found.is_empty(), "`{}` reaches {found:?}", place.name);
    }
}

#[test]
fn a_runtime_behind_two_packages_is_found_and_one_for_tests_is_not() {
    let package = |name: &str| serde_json::json!({ "id": name, "name": name });
    let dep = |name: &str, kind: Value| serde_json::json!({ "pkg": name, "dep_kinds": [{ "kind": kind }] });
    let metadata = serde_json::json!({
        "packages": (["core", "client", "tokio", "axum"].map(package)),
        "resolve": { "nodes": [
            { "id": "core", "deps": [dep("client", Value::Null), dep("axum", "dev".into())] },
            { "id": "client", "deps": [dep("tokio", "build".into())] },
        ] },
    });
    assert_eq!(closure(&metadata, "core"), BTreeSet::from(["client", "core", "tokio"]));
}
