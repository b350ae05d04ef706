//! Inheritance: a file over those that it extends.
//!
//! Tables merge by key, lists of tables by `id`; everything else is replaced. A list with an element without `id`
//! replaces the inherited one whole.

use super::{Entry, Node, Value};

/// `upper` over `lower`.
pub(crate) fn merge(lower: &mut Node, upper: Node) {
    match (&mut lower.value, upper.value) {
        (Value::Table(into), Value::Table(from)) => {
            for entry in from.entries {
                match into.get_mut(&entry.key) {
                    Some(existing) => {
                        existing.key_at = entry.key_at;
                        merge(&mut existing.node, entry.node);
                    }
                    None => into.entries.push(entry),
                }
            }
            lower.at = upper.at;
        }
        (Value::Array(into), Value::Array(from)) if all_have_ids(into) && all_have_ids(&from) => {
            merge_by_id(into, from);
        }
        (_, value) => *lower = Node { at: upper.at, value },
    }
}

/// An empty list has no ids to merge by: it empties the inherited one.
fn all_have_ids(items: &[Node]) -> bool {
    !items.is_empty() && items.iter().all(|item| item.id().is_some())
}

/// Elements of a known `id` are merged where they stand, others appended. Two of one `id` in one file stay two, so that
/// the typed reading can refuse them.
fn merge_by_id(into: &mut Vec<Node>, from: Vec<Node>) {
    let inherited = into.len();
    let mut used = vec![false; inherited];
    for item in from {
        let same = (0..inherited).find(|&index| !used[index] && into[index].id() == item.id());
        match same {
            Some(index) => {
                used[index] = true;
                merge(&mut into[index], item);
            }
            None => into.push(item),
        }
    }
}

/// Sets a key of a table, whatever stood there.
pub(super) fn put(entries: &mut Vec<Entry>, entry: Entry) {
    match entries.iter_mut().find(|existing| existing.key == entry.key) {
        Some(existing) => *existing = entry,
        None => entries.push(entry),
    }
}
