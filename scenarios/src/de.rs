//! From the tree to types, with a place in every error.
//!
//! A `serde::Deserializer` over [`Node`] and nothing more, but for three things that the stock ones lack: errors carry
//! the place of the innermost value or key, unknown keys and words come with "did you mean", and a table with a `kind`
//! (or `dist`) key can be an enum without losing places to serde's buffering.

mod error;

use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use crate::error::{Outcome, Problem};
use crate::quantity::HINT;
use crate::source::Place;
use crate::tree::{Entry, Node, Value};

/// Enums whose tables name the variant by a key, and that key. In the tables of all others the variant itself is the key.
const TAGGED: [(&str, &str); 3] = [("Action", "kind"), ("Service", "dist"), ("Popularity", "dist")];

/// Reads a tree as a type.
pub(crate) fn read<'de, T: Deserialize<'de>>(node: &'de Node) -> Outcome<T> {
    T::deserialize(NodeDeserializer { node, skip: None })
}

/// A value with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct At<T> {
    pub(crate) at: Place,
    pub(crate) value: T,
}

const AT: &str = "$scenarios::At";

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple_struct(AT, 2, AtVisitor(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

struct AtVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for AtVisitor<T> {
    type Value = At<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value with its place")
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut parts: A) -> Result<At<T>, A::Error> {
        let missing = || de::Error::custom("a place was read by a deserializer that has none");
        let at = parts.next_element::<u32>()?.ok_or_else(missing)?;
        let value = parts.next_element::<T>()?.ok_or_else(missing)?;
        Ok(At { at: Place(at), value })
    }
}

/// The two parts of an [`At`].
struct AtParts<'de> {
    deserializer: Option<NodeDeserializer<'de>>,
    place: Option<Place>,
}

impl<'de> de::SeqAccess<'de> for AtParts<'de> {
    type Error = Problem;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Outcome<Option<S::Value>> {
        if let Some(place) = self.place.take() {
            return seed.deserialize(place.0.into_deserializer()).map(Some);
        }
        self.deserializer.take().map(|value| seed.deserialize(value)).transpose()
    }
}

#[derive(Clone, Copy)]
struct NodeDeserializer<'de> {
    node: &'de Node,
    /// A key that has been read already: the tag of an enum.
    skip: Option<&'static str>,
}

impl<'de> NodeDeserializer<'de> {
    const fn new(node: &'de Node) -> Self {
        Self { node, skip: None }
    }

    fn visit<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        match &self.node.value {
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Integer(number) => visitor.visit_i64(*number),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Array(items) => visitor.visit_seq(Items { items: items.iter() }),
            Value::Table(table) => {
                visitor.visit_map(Entries { entries: table.entries.iter(), skip: self.skip, current: None })
            }
        }
    }

    fn variant(self, of: &'static str, words: &'static [&'static str]) -> Outcome<Variant<'de>> {
        let Value::Table(table) = &self.node.value else {
            return Ok(Variant { name: word(self.node)?, name_at: self.node.at, content: None });
        };
        if let Some((_, tag)) = TAGGED.into_iter().find(|(name, _)| *name == of) {
            let entry = table.get(tag).ok_or_else(|| {
                let problem = Problem::new(self.node.at, format!("missing key `{tag}`"));
                problem.hint(format!("one of {}", quoted(words)))
            })?;
            let content = Some(Self { node: self.node, skip: Some(tag) });
            return Ok(Variant { name: word(&entry.node)?, name_at: entry.node.at, content });
        }
        if let Some(entry) = table.entries.iter().find(|entry| !words.contains(&entry.key.as_str())) {
            return Err(Problem::new(entry.key_at, format!("unknown key `{}`", entry.key))
                .suggest(&entry.key, words.iter().copied()));
        }
        match table.entries.as_slice() {
            [only] => {
                Ok(Variant { name: &only.key, name_at: only.key_at, content: Some(Self::new(&only.node)) })
            }
            [_, second, ..] => Err(Problem::new(second.key_at, "a second choice beside the first")
                .hint(format!("write one of {}", quoted(words)))),
            [] => {
                Err(Problem::new(self.node.at, "the table is empty")
                    .hint(format!("one of {}", quoted(words))))
            }
        }
    }
}

/// The word that a node is. Numbers that are meant as words need their quotes.
fn word(node: &Node) -> Outcome<&str> {
    node.as_str().ok_or_else(|| {
        let problem = Problem::new(node.at, format!("expected a word, found {}", node.kind()));
        match &node.value {
            Value::Integer(number) => problem.hint(format!("put it in quotes: \"{number}\"")),
            _ => problem,
        }
    })
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

impl<'de> Deserializer<'de> for NodeDeserializer<'de> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        self.visit(visitor).map_err(|problem| problem.or_at(self.node.at))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Outcome<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Outcome<V::Value> {
        if name == AT {
            let parts = AtParts { deserializer: Some(self), place: Some(self.node.at) };
            return visitor.visit_seq(parts).map_err(|problem| problem.or_at(self.node.at));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Outcome<V::Value> {
        let variant = self.variant(name, words)?;
        visitor.visit_enum(variant).map_err(|problem| problem.or_at(self.node.at))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        map struct identifier ignored_any
    }
}

struct Items<'de> {
    items: std::slice::Iter<'de, Node>,
}

impl<'de> de::SeqAccess<'de> for Items<'de> {
    type Error = Problem;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Outcome<Option<S::Value>> {
        self.items.next().map(|item| seed.deserialize(NodeDeserializer::new(item))).transpose()
    }
}

struct Entries<'de> {
    entries: std::slice::Iter<'de, Entry>,
    skip: Option<&'static str>,
    current: Option<&'de Entry>,
}

impl<'de> de::MapAccess<'de> for Entries<'de> {
    type Error = Problem;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Outcome<Option<S::Value>> {
        self.current = self.entries.find(|entry| self.skip != Some(entry.key.as_str()));
        let Some(entry) = self.current else { return Ok(None) };
        let key: de::value::BorrowedStrDeserializer<'de, Problem> =
            de::value::BorrowedStrDeserializer::new(&entry.key);
        seed.deserialize(key).map(Some).map_err(|problem| problem.or_at(entry.key_at))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Outcome<S::Value> {
        let entry = self.current.ok_or_else(|| Problem {
            at: None,
            message: "value before key".into(),
            hint: None,
        })?;
        seed.deserialize(NodeDeserializer::new(&entry.node)).map_err(|problem| problem.or_at(entry.node.at))
    }
}

struct Variant<'de> {
    name: &'de str,
    name_at: Place,
    /// `None` for a bare word.
    content: Option<NodeDeserializer<'de>>,
}

impl<'de> de::EnumAccess<'de> for Variant<'de> {
    type Error = Problem;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Outcome<(S::Value, Self)> {
        let name: de::value::BorrowedStrDeserializer<'de, Problem> =
            de::value::BorrowedStrDeserializer::new(self.name);
        let value = seed.deserialize(name).map_err(|problem| problem.or_at(self.name_at))?;
        Ok((value, self))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'de> {
    type Error = Problem;

    fn unit_variant(self) -> Outcome<()> {
        match self.content {
            None => Ok(()),
            Some(_) => Err(Problem::new(self.name_at, format!("`{}` takes no value", self.name))
                .hint(format!("write \"{}\"", self.name))),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Outcome<S::Value> {
        match self.content {
            Some(content) => seed.deserialize(content),
            None => Err(Problem::new(self.name_at, format!("`{}` needs a value", self.name))
                .hint(format!("write {{ {} = ... }}", self.name))),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Outcome<V::Value> {
        self.struct_variant(&[], visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Outcome<V::Value> {
        match self.content {
            Some(content) => content.deserialize_any(visitor),
            None => Err(Problem::new(self.name_at, format!("`{}` needs its keys", self.name))),
        }
    }
}

/// Reads a string as one type and a table as another, keeping places (serde's own untagged enums lose them).
pub(crate) fn string_or_table<'de, D, S, M, T>(
    deserializer: D,
    string: fn(S) -> T,
    table: fn(M) -> T,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    S: Deserialize<'de>,
    M: Deserialize<'de>,
{
    deserializer.deserialize_any(StringOrTable { string, table })
}

struct StringOrTable<S, M, T> {
    string: fn(S) -> T,
    table: fn(M) -> T,
}

impl<'de, S: Deserialize<'de>, M: Deserialize<'de>, T> Visitor<'de> for StringOrTable<S, M, T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string or a table")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<T, E> {
        S::deserialize(de::value::BorrowedStrDeserializer::new(text)).map(self.string)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, entries: A) -> Result<T, A::Error> {
        M::deserialize(de::value::MapAccessDeserializer::new(entries)).map(self.table)
    }
}

/// Reads a string, or a list of strings, each with its place.
pub(crate) fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<At<String>>, D::Error> {
    let At { at, value } = At::<Names>::deserialize(deserializer)?;
    Ok(match value {
        Names::One(value) => vec![At { at, value }],
        Names::Many(names) if names.is_empty() => {
            return Err(de::Error::custom(format!(
                "an empty list names nobody{HINT}leave the key out to mean all of them"
            )));
        }
        Names::Many(names) => names,
    })
}

enum Names {
    One(String),
    Many(Vec<At<String>>),
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamesVisitor)
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = Names;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name or a list of names")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Names, E> {
        Ok(Names::One(name.to_owned()))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, items: A) -> Result<Names, A::Error> {
        Deserialize::deserialize(de::value::SeqAccessDeserializer::new(items)).map(Names::Many)
    }
}
