//! serde's complaints in the words of people who write scenarios.

use std::fmt;

use serde::de;

use crate::error::Problem;
use crate::quantity::HINT;

impl de::Error for Problem {
    fn custom<T: fmt::Display>(text: T) -> Self {
        let text = text.to_string();
        let (message, hint) = match text.split_once(HINT) {
            Some((message, hint)) => (message.to_owned(), Some(hint.to_owned())),
            None => (text, None),
        };
        Self { at: None, message, hint }
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self {
            at: None,
            message: format!("expected {}, found {}", plain(expected), found_words(&found)),
            hint: None,
        }
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self { at: None, message: format!("unknown key `{field}`"), hint: None }
            .suggest(field, expected.iter().copied())
    }

    fn unknown_variant(word: &str, expected: &'static [&'static str]) -> Self {
        Self { at: None, message: format!("unknown value `{word}`"), hint: None }
            .suggest(word, expected.iter().copied())
    }

    fn missing_field(field: &'static str) -> Self {
        Self { at: None, message: format!("missing key `{field}`"), hint: None }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

/// What a Rust type is called by people who write scenarios.
fn plain(expected: &dyn de::Expected) -> String {
    let words = expected.to_string();
    match words.as_str() {
        "u8" => "a whole number from 0 to 255".to_owned(),
        "u16" => "a whole number from 0 to 65535".to_owned(),
        "u32" => "a whole number from 0 to 4294967295".to_owned(),
        "u64" => format!("a whole number from 0 to {}", i64::MAX),
        "a sequence" => "a list".to_owned(),
        other if other.starts_with("struct ") || other == "a map" => "a table".to_owned(),
        other => other.to_owned(),
    }
}

fn found_words(found: &de::Unexpected<'_>) -> String {
    match found {
        de::Unexpected::Str(text) => format!("`{text}`"),
        de::Unexpected::Signed(number) => format!("`{number}`"),
        de::Unexpected::Float(number) => format!("`{number}`"),
        de::Unexpected::Bool(value) => format!("`{value}`"),
        de::Unexpected::Seq => "a list".to_owned(),
        de::Unexpected::Map => "a table".to_owned(),
        other => other.to_string(),
    }
}
