//! Overlays: one value set by a dotted key, `cdn.cdn-a.pops.fra.capacity`.
//!
//! A part of the key names a key of a table, the `id` of an element of a list, or `*`: every element (or key) below which
//! the rest of the key already exists. A plain key that does not exist is created and left to the typed reading, which
//! knows all keys and says what was meant.

use super::merge::put;
use super::{Entry, Node, Table, Value};
use crate::error::{Outcome, Problem};
use crate::source::Place;

/// The longest key, in parts.
const PARTS_MAX: usize = 12;

/// A value to be set.
#[derive(Debug, Clone)]
pub(crate) struct Set<'a> {
    pub(crate) key: &'a str,
    /// Where the key stands.
    pub(crate) key_at: Place,
    pub(crate) node: &'a Node,
}

/// Sets one value.
pub(crate) fn set(root: &mut Node, change: &Set<'_>) -> Outcome<()> {
    let parts: Vec<&str> = change.key.split('.').collect();
    if parts.len() > PARTS_MAX || parts.iter().any(|part| part.is_empty()) {
        return Err(Problem::new(change.key_at, format!("`{}` is not a dotted key", change.key))
            .hint("write it as in `audience.vod.session_length.median`"));
    }
    descend(root, &parts, change)
}

fn descend(node: &mut Node, parts: &[&str], change: &Set<'_>) -> Outcome<()> {
    let Some((&part, rest)) = parts.split_first() else {
        *node = change.node.clone();
        return Ok(());
    };
    if part == "*" {
        return everywhere(node, rest, change);
    }
    match &mut node.value {
        Value::Table(table) => in_table(table, part, rest, change),
        Value::Array(items) => match items.iter().position(|item| item.id() == Some(part)) {
            Some(index) => descend(&mut items[index], rest, change),
            None => {
                let ids: Vec<&str> = items.iter().filter_map(Node::id).collect();
                Err(Problem::new(change.key_at, format!("nothing has the id `{part}` of `{}`", change.key))
                    .suggest(part, ids))
            }
        },
        _ => {
            let kind = node.kind();
            Err(Problem::new(change.key_at, format!("`{part}` of `{}` is inside {kind}", change.key))
                .hint("only tables, and lists of tables with an `id`, have parts"))
        }
    }
}

fn in_table(table: &mut Table, part: &str, rest: &[&str], change: &Set<'_>) -> Outcome<()> {
    if rest.is_empty() {
        let entry = Entry { key: part.to_owned(), key_at: change.key_at, node: change.node.clone() };
        put(&mut table.entries, entry);
        return Ok(());
    }
    if table.get(part).is_none() {
        let node = Node { at: change.key_at, value: Value::Table(Table::default()) };
        table.entries.push(Entry { key: part.to_owned(), key_at: change.key_at, node });
    }
    table.get_mut(part).map_or(Ok(()), |entry| descend(&mut entry.node, rest, change))
}

fn everywhere(node: &mut Node, rest: &[&str], change: &Set<'_>) -> Outcome<()> {
    let children: Vec<&mut Node> = match &mut node.value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Table(table) => table.entries.iter_mut().map(|entry| &mut entry.node).collect(),
        _ => Vec::new(),
    };
    let mut any = false;
    for child in children {
        if exists(child, rest) {
            any = true;
            descend(child, rest, change)?;
        }
    }
    if any {
        return Ok(());
    }
    Err(Problem::new(change.key_at, format!("`{}` matches nothing", change.key))
        .hint("`*` stands for every element below which the rest of the key exists"))
}

/// Whether anything stands at the parts of a key.
pub(crate) fn exists(node: &Node, parts: &[&str]) -> bool {
    let Some((&part, rest)) = parts.split_first() else {
        return true;
    };
    match &node.value {
        Value::Table(table) if part == "*" => table.entries.iter().any(|entry| exists(&entry.node, rest)),
        Value::Array(items) if part == "*" => items.iter().any(|item| exists(item, rest)),
        Value::Table(table) => table.get(part).is_some_and(|entry| exists(&entry.node, rest)),
        Value::Array(items) => {
            items.iter().find(|item| item.id() == Some(part)).is_some_and(|item| exists(item, rest))
        }
        _ => false,
    }
}
