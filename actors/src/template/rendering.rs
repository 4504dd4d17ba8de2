//! Pure: filling in a template, once and within a bound.
use std::borrow::Cow;

use serde_json::Value;

use super::scanner::{Piece, pieces};
use super::variables::{Variables, value};

/// Longest text that rendering makes, in bytes; more than any chat shows.
pub const RENDERED_MAX_BYTES: usize = 64 * 1024;

/// A template with its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The text; a variable without a value stands in it as it was written.
    pub text: String,
    /// Whether every variable had a value.
    pub is_complete: bool,
    /// Whether the text ends at [`RENDERED_MAX_BYTES`].
    pub is_cut: bool,
}

/// Puts the values into a template. Values are text: braces in them are not looked at again.
pub fn render(template: &str, variables: &Variables) -> Rendered {
    let mut rendered = Rendered { text: String::new(), is_complete: true, is_cut: false };
    for piece in pieces(template) {
        let part = match piece {
            Piece::Text(text) => Cow::Borrowed(text),
            Piece::Variable { name, written } => match value(variables, name) {
                Some(value) => text_of(value),
                None => {
                    rendered.is_complete = false;
                    Cow::Borrowed(written)
                }
            },
        };
        if !rendered.push(&part) {
            break;
        }
    }
    rendered
}

impl Rendered {
    /// Whether there was room for all of it.
    fn push(&mut self, part: &str) -> bool {
        let room = RENDERED_MAX_BYTES.saturating_sub(self.text.len());
        if part.len() > room {
            self.text.push_str(part.get(..part.floor_char_boundary(room)).unwrap_or_default());
            self.is_cut = true;
        } else {
            self.text.push_str(part);
        }
        !self.is_cut
    }
}

/// A text as it is, anything else as JSON.
fn text_of(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn filled(template: &str, values: Value) -> Rendered {
        render(template, values.as_object().unwrap())
    }

    #[test]
    fn table() {
        let cases = [
            ("欢迎 {{userName}}", json!({"userName": "张三"}), "欢迎 张三"),
            ("{{a}}{{b}}", json!({"a": 1, "b": true}), "1true"),
            ("{{a}}-{{b}}-{{c}}", json!({"a": "", "b": 0, "c": false}), "-0-false"),
            ("{{a}} {{b}}", json!({"a": null, "b": "x"}), "{{a}} x"),
            ("{{未知}} {{unknown}}", json!({}), "{{未知}} {{unknown}}"),
            ("{{{a}}}", json!({"a": "x"}), "{x}"),
            ("{{ {{a}} }}", json!({"a": "x"}), "{{ x }}"),
            ("{{list}}", json!({"list": [1, "二"]}), "[1,\"二\"]"),
            ("{{toString}} {{__proto__}}", json!({}), "{{toString}} {{__proto__}}"),
        ];
        for (template, values, expected) in cases {
            assert_eq!(filled(template, values).text, expected, "{template}");
        }
    }

    #[test]
    fn values_are_never_expanded_again() {
        let values = json!({"userName": "{{secret}}", "a": "{{", "b": "secret}}", "secret": "泄露"});
        assert_eq!(filled("你好 {{userName}}", values.clone()).text, "你好 {{secret}}");
        assert_eq!(filled("{{a}}{{b}}", values.clone()).text, "{{secret}}");
        assert_eq!(filled("{{{{a}}secret}}", values).text, "{{{{secret}}");
    }

    #[test]
    fn completeness_is_about_variables_not_about_braces() {
        assert!(filled("{{a}}", json!({"a": "{{b}}"})).is_complete);
        assert!(!filled("{{a}} {{b}}", json!({"a": "x"})).is_complete);
        assert!(filled("{{ a }}", json!({})).is_complete);
    }

    #[test]
    fn a_large_value_cannot_grow_without_bound() {
        let rendered = filled(&"{{a}}".repeat(10_000), json!({"a": "字".repeat(10_000)}));
        assert!(rendered.is_cut);
        assert!(rendered.text.len() <= RENDERED_MAX_BYTES && rendered.text.len() > RENDERED_MAX_BYTES - 3);
        assert!(rendered.text.chars().all(|letter| letter == '字'));
        let exact = filled("{{a}}", json!({"a": "x".repeat(RENDERED_MAX_BYTES)}));
        assert!(!exact.is_cut);
    }

    proptest! {
        #[test]
        fn any_text_and_value(template in "[{}ab ]{0,40}", value in "[{}ab]{0,10}") {
            let values = json!({"a": value, "b": value});
            let rendered = filled(&template, values);
            let expected: String = pieces(&template)
                .map(|piece| match piece {
                    Piece::Text(text) => text.to_owned(),
                    Piece::Variable { name: "a" | "b", .. } => value.clone(),
                    Piece::Variable { written, .. } => written.to_owned(),
                })
                .collect();
            prop_assert_eq!(rendered.text, expected);
        }
    }
}
