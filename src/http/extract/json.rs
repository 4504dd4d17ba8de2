//! Pure: the bytes of a body become a typed value, or the answer names the field that is wrong.
//!
//! Two passes. The first reads the whole document without keeping it: duplicate keys and U+0000 are found with their paths, and
//! every string (also of unknown fields) is proven to be valid Unicode. The second makes the value; unknown fields are ignored.
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

#[cfg(test)]
use crate::http::error::Fields;
use crate::http::error::{ApiError, BadRequest};

/// What is done with U+0000 in a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nul {
    /// 400 with the field's path: bodies of programs.
    Refuse,
    /// Becomes U+FFFD: bodies of phones and webhooks, so that nothing is lost.
    Replace,
}

/// A value and whether U+0000 was replaced in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed<T> {
    /// The value.
    pub value: T,
    /// U+0000 was replaced.
    pub is_mended: bool,
}

/// Parses a body.
pub fn parse<T: DeserializeOwned>(bytes: &[u8], nul: Nul) -> Result<Parsed<T>, ApiError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| json_error(format!("第 {} 字节处不是 UTF-8", error.valid_up_to())))?;
    let has_nul = match examine(text)? {
        None => false,
        Some(path) if nul == Nul::Refuse => return Err(ApiError::field(path, "不能包含 U+0000 字符")),
        Some(_path) => true,
    };
    // serde would take a list for a struct, field by field.
    if !text.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('{') {
        return Err(ApiError::field("body", "必须是一个 JSON 对象"));
    }
    let text = if has_nul { Cow::Owned(replace_nul(text)) } else { Cow::Borrowed(text) };
    Ok(Parsed { value: typed(&text)?, is_mended: has_nul })
}

fn json_error(place: String) -> ApiError {
    ApiError::Request(BadRequest::Json(place))
}

fn place_of(error: &serde_json::Error) -> String {
    format!("第 {} 行第 {} 列", error.line(), error.column())
}

fn typed<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        match inner.classify() {
            Category::Data => {
                let (path, text) = describe(&path, &inner.to_string());
                ApiError::field(path, text)
            }
            Category::Io | Category::Syntax | Category::Eof => json_error(place_of(&inner)),
        }
    })
}

/// The path and the sentence of a typed error. serde tells what is wrong only in words.
pub(in crate::http) fn describe(path: &str, words: &str) -> (String, String) {
    let quoted = |prefix: &str| {
        words
            .strip_prefix(prefix)
            .and_then(|rest| rest.strip_prefix('`'))
            .and_then(|rest| rest.split('`').next())
    };
    let root = if path == "." || path == "?" { "" } else { path };
    let below = |name: &str| if root.is_empty() { name.to_owned() } else { format!("{root}.{name}") };
    if let Some(name) = quoted("missing field ") {
        return (below(name), "缺少该字段".to_owned());
    }
    if let Some(name) = quoted("duplicate field ") {
        return (below(name), "字段重复".to_owned());
    }
    let path = if root.is_empty() { "body".to_owned() } else { root.to_owned() };
    let expected = words
        .rsplit_once("expected ")
        .map(|(_found, expected)| expected.split(" at line ").next().unwrap_or(expected).to_owned());
    let text = match expected {
        Some(expected) if words.starts_with("unknown variant") => format!("取值不正确，可选值为 {expected}"),
        Some(expected) if words.starts_with("invalid value") => format!("取值不正确，应为 {expected}"),
        Some(expected) => format!("类型不正确，应为 {expected}"),
        None => "取值不正确".to_owned(),
    };
    (path, text)
}

/// Proves the document; the path of the first U+0000, if there is one.
fn examine(text: &str) -> Result<Option<String>, ApiError> {
    let mut findings = Findings::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = Examine { path: Path::Root, findings: &mut findings }
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end());
    if let Some(path) = findings.repeated {
        return Err(ApiError::field(path, "字段重复"));
    }
    match read {
        Ok(()) => Ok(findings.nul),
        Err(error) => Err(json_error(place_of(&error))),
    }
}

#[derive(Default)]
struct Findings {
    repeated: Option<String>,
    nul: Option<String>,
}

#[derive(Clone, Copy)]
enum Path<'a> {
    Root,
    Key(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Key(Path::Root, key) => formatter.write_str(key),
            Path::Key(parent, key) => write!(formatter, "{parent}.{key}"),
            Path::Index(parent, index) => write!(formatter, "{parent}[{index}]"),
        }
    }
}

impl Path<'_> {
    /// Fit to be shown: no U+0000, not longer than a line.
    fn shown(&self) -> String {
        let text: String = self.to_string().chars().filter(|letter| !letter.is_control()).take(120).collect();
        if text.is_empty() { "body".to_owned() } else { text }
    }
}

struct Examine<'a> {
    path: Path<'a>,
    findings: &'a mut Findings,
}

impl Examine<'_> {
    fn text(self, text: &str) {
        if text.contains('\0') && self.findings.nul.is_none() {
            self.findings.nul = Some(self.path.shown());
        }
    }
}

impl<'de> DeserializeSeed<'de> for Examine<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Visitor<'de> for Examine<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_bool<E>(self, _value: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _value: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _value: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _value: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.text(value);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut index = 0;
        while items
            .next_element_seed(Examine {
                path: Path::Index(&self.path, index),
                findings: &mut *self.findings,
            })?
            .is_some()
        {
            index += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut keys = HashSet::new();
        while let Some(Key(key)) = entries.next_key::<Key<'de>>()? {
            let path = Path::Key(&self.path, &key);
            if key.contains('\0') && self.findings.nul.is_none() {
                self.findings.nul = Some(path.shown());
            }
            if keys.contains(&key) {
                self.findings.repeated = Some(path.shown());
                return Err(A::Error::custom("repeated key"));
            }
            entries.next_value_seed(Examine { path, findings: &mut *self.findings })?;
            keys.insert(key);
        }
        Ok(())
    }
}

/// A document in which every escaped U+0000 has become U+FFFD (an unescaped one is not JSON).
fn replace_nul(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        mended.push_str(before);
        mended.push('\\');
        rest = if let Some(tail) = after.strip_prefix("u0000") {
            mended.push_str("ufffd");
            tail
        } else {
            let mut letters = after.chars();
            mended.extend(letters.next());
            letters.as_str()
        };
    }
    mended.push_str(rest);
    mended
}

/// The paths that [`Fields`] would show for a failed parse; for tests of request types.
#[cfg(test)]
pub fn fields_of(error: &ApiError) -> Fields {
    match error {
        ApiError::Invalid(fields) => fields.clone(),
        other => panic!("{other:?} names no field"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Item {
        group_name: String,
        kind: Option<Kind>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Text,
        Image,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Request {
        robot_id: String,
        list: Vec<Item>,
        count: Option<i32>,
    }

    fn request(text: &str) -> Result<Request, ApiError> {
        parse(text.as_bytes(), Nul::Refuse).map(|parsed| parsed.value)
    }

    #[test]
    fn names_the_field_by_its_wire_path() {
        for (body, path) in [
            (r#"{"list":[]}"#, "robotId"),
            (r#"{"robotId":1,"list":[]}"#, "robotId"),
            (r#"{"robotId":"a","list":[{"groupName":"a"},{"groupName":7}]}"#, "list[1].groupName"),
            (r#"{"robotId":"a","list":[{}]}"#, "list[0].groupName"),
            (r#"{"robotId":"a","list":[{"groupName":"a","kind":"x"}]}"#, "list[0].kind"),
            (r#"{"robotId":"a","list":[],"count":1.5}"#, "count"),
            (r#"{"robotId":"a","list":[],"count":9999999999}"#, "count"),
            (r#"{"robotId":"a","list":[],"robotId":"b"}"#, "robotId"),
            (r#"{"robotId":"a","list":[],"other":{"a":1,"a":2}}"#, "other.a"),
            (r#"{"robotId":"a\u0000","list":[]}"#, "robotId"),
            (r#"{"robotId":"a","list":[],"x":[{"y":"\u0000"}]}"#, "x[0].y"),
            ("[]", "body"),
            ("\"text\"", "body"),
            (" [\"a\", [], 1]", "body"),
        ] {
            let error = request(body).unwrap_err();
            assert!(fields_of(&error).to_string().contains(path), "{body}: {error:?}");
        }
    }

    #[test]
    fn what_is_not_json_is_said_to_be_that() {
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        for body in [
            "",
            "{",
            "nul",
            r#"{"a":1}x"#,
            r#"{"a":"\ud800"}"#,
            r#"{"\udc00":1}"#,
            "{\"a\":\"\u{1}\"}",
            "{\"a\":1e999}",
            &deep,
        ] {
            let error = request(body).unwrap_err();
            assert!(matches!(error, ApiError::Request(BadRequest::Json(_))), "{body}: {error:?}");
        }
        let error = parse::<Value>(b"{\"a\":\"\xff\"}", Nul::Refuse).unwrap_err();
        assert!(matches!(error, ApiError::Request(BadRequest::Json(_))));
    }

    #[test]
    fn unknown_fields_are_ignored() {
        assert_eq!(request(r#"{"robotId":"a","list":[],"later":{"x":[1,null]}}"#).unwrap().robot_id, "a");
    }

    #[test]
    fn phones_may_send_nul_and_lose_nothing_else() {
        let body = br#"{"a":"1\u00002\\u00003\\\u0000"}"#;
        let parsed: Parsed<Value> = parse(body, Nul::Replace).unwrap();
        assert!(parsed.is_mended);
        assert_eq!(parsed.value["a"], "1\u{fffd}2\\u00003\\\u{fffd}");
        assert!(!parse::<Value>(br#"{"a":"\\u0000"}"#, Nul::Replace).unwrap().is_mended);
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _result = parse::<Value>(&bytes, Nul::Replace);
            let _result = parse::<Request>(&bytes, Nul::Refuse);
        }

        #[test]
        fn reads_what_serde_reads(text in "\\PC*", number in any::<i32>()) {
            let body = serde_json::json!({ "robotId": text, "list": [], "count": number }).to_string();
            let parsed = request(&body).unwrap();
            prop_assert_eq!(parsed.robot_id, text);
        }
    }
}
