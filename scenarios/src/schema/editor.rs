//! What derived schemas say too much for TOML files that may extend each other.

use serde_json::{Map, Value};

/// Keys that stay required: they tell variants and elements apart.
const ALWAYS_REQUIRED: [&str; 3] = ["kind", "dist", "id"];

/// Drops `null` (TOML has none) and `required` (inheritance may provide), all through a schema.
pub(crate) fn for_editors(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            drop_null(object);
            drop_required(object);
            object.values_mut().for_each(for_editors);
        }
        Value::Array(items) => items.iter_mut().for_each(for_editors),
        _ => {}
    }
}

fn drop_null(object: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    let Some(Value::Array(choices)) = object.get_mut("anyOf") else { return };
    choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        object.remove("anyOf");
        for (key, value) in only {
            object.entry(key).or_insert(value);
        }
    }
}

fn drop_required(object: &mut Map<String, Value>) {
    let Some(Value::Array(keys)) = object.get_mut("required") else { return };
    keys.retain(|key| key.as_str().is_some_and(|key| ALWAYS_REQUIRED.contains(&key)));
    if keys.is_empty() {
        object.remove("required");
    }
}
