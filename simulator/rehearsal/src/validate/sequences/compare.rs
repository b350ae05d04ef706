//! Whether what is there is what was expected.

use serde_json::{Map, Value};

/// How an expected value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// As it stands.
    Plain,
    /// A map in which what is not named is 0.
    Closed,
    /// A map of which only what is named counts; what is not there is 0.
    Open,
    /// Open, and its values are closed maps.
    OpenOfClosed,
    /// Labels with counts of answers.
    Answers,
    /// Actions with fields that every audit row of theirs holds.
    Fields,
}

/// In what the two differ; nothing where they agree.
pub(super) fn differs(expected: &Value, actual: &Value, shape: Shape) -> bool {
    if let Some(choices) = any_of(expected) {
        return choices.iter().all(|choice| differs(choice, actual, shape));
    }
    match (expected, actual) {
        (Value::Object(expected), Value::Number(actual)) => out_of_range(expected, actual.as_i64()),
        (Value::Object(expected), Value::Object(actual)) => maps_differ(expected, actual, shape),
        (Value::Array(expected), Value::Array(actual)) => {
            expected.len() != actual.len()
                || expected
                    .iter()
                    .zip(actual)
                    .any(|(expected, actual)| differs(expected, actual, Shape::Plain))
        }
        (expected, actual) => expected != actual,
    }
}

fn any_of(expected: &Value) -> Option<&Vec<Value>> {
    let map = expected.as_object().filter(|map| map.len() == 1)?;
    map.get("any_of")?.as_array()
}

fn out_of_range(expected: &Map<String, Value>, actual: Option<i64>) -> bool {
    let bounds = expected.keys().all(|key| key == "min" || key == "max");
    let (Some(actual), true) = (actual, bounds && !expected.is_empty()) else { return true };
    let bound = |name: &str| expected.get(name).and_then(Value::as_i64);
    bound("min").is_some_and(|min| actual < min) || bound("max").is_some_and(|max| actual > max)
}

fn maps_differ(expected: &Map<String, Value>, actual: &Map<String, Value>, shape: Shape) -> bool {
    let zero = Value::from(0);
    let empty = Value::Object(Map::new());
    match shape {
        Shape::Plain => {
            expected.len() != actual.len()
                || expected.iter().any(|(key, expected)| {
                    actual.get(key).is_none_or(|actual| differs(expected, actual, Shape::Plain))
                })
        }
        Shape::Closed => expected.keys().chain(actual.keys()).any(|key| {
            let expected = expected.get(key).unwrap_or(&zero);
            differs(expected, actual.get(key).unwrap_or(&zero), Shape::Plain)
        }),
        Shape::Open => expected
            .iter()
            .any(|(key, expected)| differs(expected, actual.get(key).unwrap_or(&zero), Shape::Plain)),
        Shape::OpenOfClosed => expected
            .iter()
            .any(|(key, expected)| differs(expected, actual.get(key).unwrap_or(&empty), Shape::Closed)),
        Shape::Answers => expected.iter().any(|(label, expected)| {
            let answers = actual.get(label).and_then(Value::as_array).cloned().unwrap_or_default();
            let choices = any_of(expected).cloned().unwrap_or_else(|| vec![expected.clone()]);
            choices.iter().all(|choice| answers_differ(choice, &answers))
        }),
        Shape::Fields => expected.iter().any(|(action, fields)| {
            let rows = actual.get(action).and_then(Value::as_array).cloned().unwrap_or_default();
            let fields = fields.as_array().cloned().unwrap_or_default();
            rows.is_empty() || rows.iter().any(|row| fields.iter().any(|field| !holds(row, field)))
        }),
    }
}

fn holds(row: &Value, field: &Value) -> bool {
    let value = field.as_str().map(|field| &row[field]);
    value.is_some_and(|value| !value.is_null() && value.as_str() != Some(""))
}

/// Each answer counts for its status where that is named, else for its class; one that fits nothing is a difference.
fn answers_differ(expected: &Value, answers: &[Value]) -> bool {
    let Some(expected) = expected.as_object() else { return true };
    let mut counted: Map<String, Value> = Map::new();
    for answer in answers {
        let status = answer.as_u64().map_or_else(|| "none".to_owned(), |status| status.to_string());
        let class = format!("{}xx", status.chars().next().unwrap_or('?'));
        let key = if expected.contains_key(&status) { status } else { class };
        let count = counted.get(&key).and_then(Value::as_u64).unwrap_or(0);
        counted.insert(key, Value::from(count + 1));
    }
    maps_differ(expected, &counted, Shape::Closed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ranges_choices_and_maps() {
        let plain = |expected: Value, actual: Value| differs(&expected, &actual, Shape::Plain);
        assert!(!plain(json!({"min": 1, "max": 2}), json!(2)) && plain(json!({"min": 1}), json!(0)));
        assert!(
            !plain(json!({"any_of": [0, {"min": 5}]}), json!(7))
                && plain(json!({"any_of": [0, 1]}), json!(2))
        );
        assert!(plain(json!([1, 2]), json!([1])) && !plain(json!([[1, null]]), json!([[1, null]])));
        let closed = |expected: Value, actual: Value| differs(&expected, &actual, Shape::Closed);
        assert!(
            !closed(json!({"a": 1, "b": 0}), json!({"a": 1}))
                && closed(json!({"a": 1}), json!({"a": 1, "b": 1}))
        );
        let open = |expected: Value, actual: Value| differs(&expected, &actual, Shape::Open);
        assert!(!open(json!({"a": 0}), json!({"b": 3})) && open(json!({"a": 1}), json!({})));
    }

    #[test]
    fn answers_fit_their_status_before_their_class_and_none_is_left_over() {
        let answers = |expected: Value, actual: Value| {
            differs(&json!({"x": expected}), &json!({"x": actual}), Shape::Answers)
        };
        assert!(!answers(json!({"2xx": 1, "409": 1}), json!([409, 201])));
        assert!(answers(json!({"2xx": 1}), json!([200, 500])));
        assert!(!answers(json!({"none": 1}), json!([null])));
        assert!(!answers(json!({"any_of": [{"400": 2}, {"401": 2}]}), json!([401, 401])));
        assert!(answers(json!({"any_of": [{"400": 2}, {"401": 2}]}), json!([400, 401])));
    }
}
