use super::overlay::{Set, set};
use super::*;

fn tree(text: &str) -> Node {
    Node::parse(text, Place::default()).unwrap()
}

/// The value at a path of keys, ids and indices, as debug text without places.
fn at(node: &Node, path: &str) -> String {
    let mut node = node;
    for part in path.split('/') {
        node = match &node.value {
            Value::Table(table) => &table.get(part).unwrap_or_else(|| panic!("no `{part}`")).node,
            Value::Array(items) => items.iter().find(|item| item.id() == Some(part)).unwrap(),
            other => panic!("`{part}` inside {other:?}"),
        };
    }
    match &node.value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Array(items) => format!("{} items", items.len()),
        other => format!("{other:?}"),
    }
}

const LOWER: &str = r#"
run = { seed = 1, duration = "4m" }
ladder = ["1Mbps", "2Mbps"]
cdn = [{ id = "a", weight = 1, pops = [{ id = "fra", cache = "1TB" }] }, { id = "b", weight = 2 }]
"#;

fn merged(upper: &str) -> Node {
    let mut lower = tree(LOWER);
    merge(&mut lower, tree(upper));
    lower
}

#[test]
fn tables_merge_by_key_and_plain_lists_are_replaced() {
    let node = merged("run.seed = 2\nladder = [\"3Mbps\"]");
    assert_eq!((at(&node, "run/seed").as_str(), at(&node, "run/duration").as_str()), ("2", "4m"));
    assert_eq!(at(&node, "ladder"), "1 items");
}

#[test]
fn lists_of_tables_merge_by_id_and_new_ids_are_appended() {
    let node = merged("cdn = [{ id = \"c\", weight = 9 }, { id = \"a\", weight = 5 }]");
    assert_eq!(at(&node, "cdn"), "3 items");
    assert_eq!(
        (at(&node, "cdn/a/weight").as_str(), at(&node, "cdn/a/pops/fra/cache").as_str()),
        ("5", "1TB")
    );
}

#[test]
fn an_empty_list_empties_the_inherited_one() {
    assert_eq!(at(&merged("cdn = []"), "cdn"), "0 items");
}

#[test]
fn an_id_given_twice_in_one_file_stays_twice() {
    assert_eq!(
        at(&merged("cdn = [{ id = \"a\", weight = 5 }, { id = \"a\", weight = 6 }]"), "cdn"),
        "3 items"
    );
}

fn changed(key: &str, value: &str) -> Result<Node, String> {
    let mut root = tree(LOWER);
    let node = Node { at: Place(7), value: Value::String(value.to_owned()) };
    set(&mut root, &Set { key, key_at: Place(7), node: &node }).map_err(|problem| problem.message)?;
    Ok(root)
}

#[test]
fn a_dotted_key_passes_tables_and_ids() {
    let root = changed("cdn.a.pops.fra.cache", "2TB").unwrap();
    assert_eq!(at(&root, "cdn/a/pops/fra/cache"), "2TB");
    assert_eq!(at(&changed("run.epoch", "1s").unwrap(), "run/epoch"), "1s");
    assert_eq!(at(&changed("scale.viewers", "2.0").unwrap(), "scale/viewers"), "2.0");
}

#[test]
fn a_star_means_every_element_that_has_the_rest_of_the_key() {
    let root = changed("cdn.*.pops.*.cache", "3TB").unwrap();
    assert_eq!(at(&root, "cdn/a/pops/fra/cache"), "3TB");
    assert_eq!(changed("cdn.*.colour", "red").unwrap_err(), "`cdn.*.colour` matches nothing");
}

#[test]
fn a_key_into_a_value_or_past_an_unknown_id_is_refused() {
    assert_eq!(changed("run.seed.x", "1").unwrap_err(), "`x` of `run.seed.x` is inside a whole number");
    assert_eq!(changed("cdn.z.weight", "1").unwrap_err(), "nothing has the id `z` of `cdn.z.weight`");
    assert_eq!(changed("run..seed", "1").unwrap_err(), "`run..seed` is not a dotted key");
}
