//! Pure: which variables a text wants and which of them are there.
use std::collections::HashSet;

use serde_json::{Map, Value};

use super::scanner::{Piece, pieces};

/// Values by name. One is present when its key exists and is not null; `""`, `0` and `false` are values.
pub type Variables = Map<String, Value>;

/// The variables of a text, each once, in order of appearance.
pub fn variable_names(template: &str) -> Vec<&str> {
    let mut seen = HashSet::new();
    pieces(template)
        .filter_map(|piece| match piece {
            Piece::Variable { name, .. } if seen.insert(name) => Some(name),
            Piece::Variable { .. } | Piece::Text(_) => None,
        })
        .collect()
}

/// Whether a text can be filled in completely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validation {
    /// Nothing is missing.
    pub is_valid: bool,
    /// Variables without a value, in order of appearance.
    pub missing: Vec<String>,
}

/// Holds a text against the values there are.
pub fn validate(template: &str, variables: &Variables) -> Validation {
    let missing: Vec<String> = variable_names(template)
        .into_iter()
        .filter(|name| value(variables, name).is_none())
        .map(str::to_owned)
        .collect();
    Validation { is_valid: missing.is_empty(), missing }
}

/// The value of a variable that is present.
pub fn value<'a>(variables: &'a Variables, name: &str) -> Option<&'a Value> {
    variables.get(name).filter(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn variables(value: Value) -> Variables {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn names_come_once_in_order_of_appearance() {
        assert_eq!(variable_names("{{b}} {{a}} {{b}} {{c}} {{a}}"), ["b", "a", "c"]);
        assert_eq!(variable_names("没有变量 {{ x }}"), Vec::<&str>::new());
    }

    #[test]
    fn null_is_missing_and_empty_values_are_present() {
        let cases = [
            (json!({}), vec!["a", "b"]),
            (json!({"a": null, "b": null}), vec!["a", "b"]),
            (json!({"a": "", "b": 0}), vec![]),
            (json!({"a": false}), vec!["b"]),
            (json!({"A": 1, "b": []}), vec!["a"]),
        ];
        for (values, missing) in cases {
            let found = validate("{{a}}{{b}}{{a}}", &variables(values.clone()));
            assert_eq!(found.missing, missing, "{values}");
            assert_eq!(found.is_valid, missing.is_empty(), "{values}");
        }
    }
}
