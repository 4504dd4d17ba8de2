//! Pure: fields of the context as values of an expression, bounded in size.
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cel::Value;
use cel::objects::Map;

use super::super::context::FieldValue;
use super::ITEMS_MAX;

/// An expression sees the beginning of a text up to here, bytes.
pub const TEXT_BYTES_MAX: usize = 16_384;
/// Largest data an expression sees, bytes; larger data is an error.
pub const DATA_BYTES_MAX: usize = 32_768;
/// Deepest data.
const DEPTH_MAX: usize = 32;
/// What a value takes beside its text, bytes.
const FRAME: usize = 16;

type Object = serde_json::Map<String, serde_json::Value>;

/// The value of a field, or why an expression cannot see it. Of an object only the keys that are spoken of count.
pub fn of_field(value: FieldValue<'_>, keys: Option<&BTreeSet<String>>) -> Result<Value, String> {
    let mut room = DATA_BYTES_MAX;
    match value {
        FieldValue::Absent => Ok(Value::Null),
        FieldValue::Flag(flag) => Ok(Value::Bool(flag)),
        FieldValue::Number(number) => Ok(Value::Int(number)),
        FieldValue::Real(number) => Ok(Value::Float(number)),
        FieldValue::Text(text) => Ok(text_value(beginning(text))),
        FieldValue::List(texts) => {
            is_short(texts.len())?;
            let texts = texts.iter().map(|text| {
                take(&mut room, text.len())?;
                Ok(text_value(text))
            });
            Ok(Value::List(Arc::new(texts.collect::<Result<_, String>>()?)))
        }
        FieldValue::Object(object) => of_keys(object, keys, &mut room),
        FieldValue::Data(serde_json::Value::Object(object)) => of_keys(object, keys, &mut room),
        FieldValue::Data(data) => of_data(data, &mut room, 1),
    }
}

fn of_data(data: &serde_json::Value, room: &mut usize, depth: usize) -> Result<Value, String> {
    if depth > DEPTH_MAX {
        return Err("数据嵌套过深".to_owned());
    }
    match data {
        serde_json::Value::Null => take(room, 0).map(|()| Value::Null),
        serde_json::Value::Bool(flag) => take(room, 0).map(|()| Value::Bool(*flag)),
        serde_json::Value::Number(number) => {
            take(room, 0)?;
            match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(number), ..) => Ok(Value::Int(number)),
                (_, Some(number), _) => Ok(Value::UInt(number)),
                (.., Some(number)) => Ok(Value::Float(number)),
                _ => Err("数字超出范围".to_owned()),
            }
        }
        serde_json::Value::String(text) => {
            take(room, text.len())?;
            Ok(text_value(text))
        }
        serde_json::Value::Array(items) => {
            is_short(items.len())?;
            take(room, 0)?;
            let items = items.iter().map(|item| of_data(item, room, depth + 1));
            Ok(Value::List(Arc::new(items.collect::<Result<_, String>>()?)))
        }
        serde_json::Value::Object(object) => of_object(object, room, depth),
    }
}

fn of_keys(object: &Object, keys: Option<&BTreeSet<String>>, room: &mut usize) -> Result<Value, String> {
    match keys {
        None => of_object(object, room, 1),
        Some(keys) => of_entries(keys.iter().filter_map(|key| object.get_key_value(key)), room, 1),
    }
}

fn of_object(object: &Object, room: &mut usize, depth: usize) -> Result<Value, String> {
    is_short(object.len())?;
    of_entries(object.iter(), room, depth)
}

fn of_entries<'a>(
    given: impl Iterator<Item = (&'a String, &'a serde_json::Value)>,
    room: &mut usize,
    depth: usize,
) -> Result<Value, String> {
    take(room, 0)?;
    let mut entries: HashMap<String, Value> = HashMap::new();
    for (key, value) in given {
        take(room, key.len())?;
        entries.insert(key.clone(), of_data(value, room, depth + 1)?);
    }
    Ok(Value::Map(Map::from(entries)))
}

fn text_value(text: &str) -> Value {
    Value::String(Arc::new(text.to_owned()))
}

fn take(room: &mut usize, bytes: usize) -> Result<(), String> {
    let left = room.checked_sub(bytes.saturating_add(FRAME));
    *room = left.ok_or_else(|| "数据过大".to_owned())?;
    Ok(())
}

fn is_short(items: usize) -> Result<(), String> {
    if items <= ITEMS_MAX { Ok(()) } else { Err(format!("列表超过 {ITEMS_MAX} 项")) }
}

/// Cut between characters.
fn beginning(text: &str) -> &str {
    let end = (0..=TEXT_BYTES_MAX.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    end.and_then(|end| text.get(..end)).unwrap_or_default()
}
