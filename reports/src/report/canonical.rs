//! One form for every JSON value: keys sorted, floats rounded to nine significant digits.

use serde_json::{Map, Number, Value};

use crate::num::round_significant;

/// Brings a value into the canonical form, in place. Doing it twice changes nothing.
pub(super) fn normalise(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            let rounded = number.as_f64().map(round_significant).and_then(Number::from_f64);
            *number = rounded.unwrap_or_else(|| Number::from(0));
        }
        Value::Array(items) => items.iter_mut().for_each(normalise),
        Value::Object(map) => {
            // Sorted here and not left to the map, whose order depends on a cargo feature that any package may enable.
            let mut entries: Vec<(String, Value)> = std::mem::take(map).into_iter().collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            for (_, entry) in &mut entries {
                normalise(entry);
            }
            *map = entries.into_iter().collect::<Map<_, _>>();
        }
        _ => {}
    }
}
