//! Fields as Gson reads them: numeric texts count as numbers, numbers as texts, what is missing is nothing.
use serde_json::{Map, Value};

/// Most entries kept of one list.
pub(super) const ENTRIES: usize = 2_000;

/// A whole number, also when it is written as text or with a fraction of zero.
pub(super) fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| integral(number.as_f64()?)),
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| integral(text.parse().ok()?))
        }
        Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn integral(number: f64) -> Option<i64> {
    // Through text, because a cast would change what does not fit.
    (number.fract() == 0.0).then(|| format!("{number:.0}").parse().ok()).flatten()
}

/// A whole number of a field.
pub(super) fn number(fields: &Map<String, Value>, name: &str) -> Option<i64> {
    whole(fields.get(name)?)
}

/// A whole number of a field that fits 32 bits; 0 when there is none, as the app's objects begin.
pub(super) fn small(fields: &Map<String, Value>, name: &str) -> i32 {
    number(fields, name).and_then(|number| i32::try_from(number).ok()).unwrap_or_default()
}

/// A number with a fraction.
pub(super) fn fraction(fields: &Map<String, Value>, name: &str) -> Option<f64> {
    let number = match fields.get(name)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    number.filter(|number| number.is_finite())
}

/// A value as text: a string as it is, a number or truth value as it is written.
pub(super) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(clean(text)),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A text; empty counts as missing.
pub(super) fn text(fields: &Map<String, Value>, name: &str) -> Option<String> {
    as_text(fields.get(name)?).filter(|text| !text.is_empty())
}

/// The texts of a list; one bare text counts as a list of one.
pub(super) fn texts(fields: &Map<String, Value>, name: &str) -> Vec<String> {
    match fields.get(name) {
        Some(Value::Array(list)) => list.iter().take(ENTRIES).filter_map(as_text).collect(),
        Some(value) => as_text(value).filter(|text| !text.is_empty()).into_iter().collect(),
        None => Vec::new(),
    }
}

/// The objects of a list; anything else in it is left out.
pub(super) fn objects(fields: &Map<String, Value>, name: &str) -> Vec<Map<String, Value>> {
    match fields.get(name) {
        Some(Value::Array(list)) => list.iter().take(ENTRIES).filter_map(Value::as_object).cloned().collect(),
        Some(Value::Object(one)) => vec![one.clone()],
        Some(_) | None => Vec::new(),
    }
}

/// An object, or one that is written as text; empty when there is none.
pub(super) fn object(fields: &Map<String, Value>, name: &str) -> Map<String, Value> {
    match fields.get(name) {
        Some(Value::Object(object)) => object.clone(),
        Some(Value::String(text)) => match serde_json::from_str(text) {
            Ok(Value::Object(object)) => object,
            Ok(_) | Err(_) => Map::new(),
        },
        Some(_) | None => Map::new(),
    }
}

/// U+0000, which PostgreSQL cannot store, becomes U+FFFD.
pub(super) fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
