//! A scenario file as a tree in which every key and value remembers its place.
//!
//! Inheritance and overlays work here, before anything has a type: the typed reading ([`crate::de`]) then sees one tree
//! and its errors still point at the file and line that a value came from.

mod merge;
pub(crate) mod overlay;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Outcome, Problem};
use crate::source::Place;

pub(crate) use merge::merge;

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) at: Place,
    pub(crate) value: Value,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    String(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    Array(Vec<Node>),
    Table(Table),
}

/// Entries in the order of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Table {
    pub(crate) entries: Vec<Entry>,
}

/// A key, its place, and its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_at: Place,
    pub(crate) node: Node,
}

impl Node {
    /// Parses a document whose first character is at `base`.
    pub(crate) fn parse(text: &str, base: Place) -> Outcome<Self> {
        let table = DeTable::parse(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            Problem::new(base.plus(start), format!("not TOML: {}", one_line(error.message())))
        })?;
        Ok(Self { at: base, value: Value::Table(Table::from_toml(table.get_ref(), base)?) })
    }

    fn from_toml(value: &Spanned<DeValue<'_>>, base: Place) -> Outcome<Self> {
        let at = base.plus(value.span().start);
        let value = match value.get_ref() {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Integer(digits) => {
                Value::Integer(i64::from_str_radix(digits.as_str(), digits.radix()).map_err(|_| {
                    Problem::new(at, "number is out of range").hint("valid: -2^63 to 2^63 - 1")
                })?)
            }
            DeValue::Float(text) => {
                Value::Float(text.as_str().parse().map_err(|_| Problem::new(at, "number is out of range"))?)
            }
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Datetime(_) => {
                return Err(Problem::new(at, "a date has no place in a scenario")
                    .hint("times are counted from the start of the run, such as \"48m\""));
            }
            DeValue::Array(items) => {
                Value::Array(items.iter().map(|item| Self::from_toml(item, base)).collect::<Outcome<_>>()?)
            }
            DeValue::Table(table) => Value::Table(Table::from_toml(table, base)?),
        };
        Ok(Self { at, value })
    }

    /// The table that it is, or `None`.
    pub(crate) fn as_table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The string that it is, or `None`.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The `id` of a table that has one.
    pub(crate) fn id(&self) -> Option<&str> {
        self.as_table()?.get("id")?.node.as_str()
    }

    /// Gives it and everything below one place.
    pub(crate) fn put_all_at(&mut self, at: Place) {
        self.at = at;
        match &mut self.value {
            Value::Array(items) => items.iter_mut().for_each(|item| item.put_all_at(at)),
            Value::Table(table) => {
                for entry in &mut table.entries {
                    entry.key_at = at;
                    entry.node.put_all_at(at);
                }
            }
            Value::String(_) | Value::Integer(_) | Value::Float(_) | Value::Bool(_) => {}
        }
    }

    /// What it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self.value {
            Value::String(_) => "a string",
            Value::Integer(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Bool(_) => "true or false",
            Value::Array(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

impl Table {
    fn from_toml(table: &DeTable<'_>, base: Place) -> Outcome<Self> {
        let mut entries = table
            .iter()
            .map(|(key, value)| {
                let key_at = base.plus(key.span().start);
                Ok(Entry { key: key.get_ref().to_string(), key_at, node: Node::from_toml(value, base)? })
            })
            .collect::<Outcome<Vec<Entry>>>()?;
        entries.sort_by_key(|entry| entry.key_at);
        Ok(Self { entries })
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.key == key)
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
