//! Older contents of what people configure: as lists show them, what differs, and going back to one.
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use workbot_schema::versions::Version;

use super::error::{ApiResult, Fields};

/// Longest reason, in characters.
pub const NOTE_CHARS: usize = 500;

/// An older content.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionView {
    /// From 1, without gaps.
    pub version: i64,
    /// Everything that can be brought back.
    #[schema(value_type = Object)]
    pub content: Value,
    /// User id, or `system`.
    pub author_id: String,
    /// Why.
    pub note: Option<String>,
    /// When.
    pub created_at: String,
}

impl From<Version> for VersionView {
    fn from(row: Version) -> Self {
        Self {
            version: row.version,
            content: row.content,
            author_id: row.author_id,
            note: row.note,
            created_at: row.created_at.iso(),
        }
    }
}

/// Back to which version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RollbackFields {
    /// The version whose content becomes the newest one.
    pub version: Option<i64>,
    /// Done only when it is still at this version.
    pub current_version: Option<i64>,
    /// Why, at most 500 characters.
    pub note: Option<String>,
}

/// A checked wish to go back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollback {
    /// To which version.
    pub to: i64,
    /// Only at this version.
    pub expected: Option<i64>,
    /// Why.
    pub note: Option<String>,
}

impl RollbackFields {
    /// Checks the fields: 400 names wrong ones.
    pub fn check(self) -> ApiResult<Rollback> {
        let mut wrong = Fields::new();
        match self.version {
            None => wrong.add("version", "缺少该字段"),
            Some(version) => wrong.expect(version >= 1, "version", "应为不小于 1 的整数"),
        }
        let note = checked_note(self.note, &mut wrong);
        wrong.into_invalid()?;
        let to = self.version.unwrap_or_default();
        let note = note.or_else(|| Some(format!("回滚到版本 {to}")));
        Ok(Rollback { to, expected: self.current_version, note })
    }
}

/// A reason that is not blank; one that is too long is noted.
pub fn checked_note(note: Option<String>, wrong: &mut Fields) -> Option<String> {
    let note = note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
    wrong.expect_length("note", note.as_deref().unwrap_or_default(), NOTE_CHARS);
    note
}

/// A field that two versions do not have in common.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldChange {
    /// Its name.
    pub field: String,
    /// What it was; null when it was not there.
    #[schema(value_type = Object, nullable)]
    pub before: Value,
    /// What it became; null when it went.
    #[schema(value_type = Object, nullable)]
    pub after: Value,
}

/// What differs between two contents, field by field in the order of their names.
pub fn changes(before: &Value, after: &Value) -> Vec<FieldChange> {
    let none = Map::new();
    let (before, after) = (before.as_object().unwrap_or(&none), after.as_object().unwrap_or(&none));
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let value = |of: &Map<String, Value>, name: &String| of.get(name).cloned().unwrap_or_default();
    let all = names.into_iter().map(|name| FieldChange {
        field: name.clone(),
        before: value(before, name),
        after: value(after, name),
    });
    all.filter(|change| change.before != change.after).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_are_named() {
        let (before, after) = (json!({"a": 1, "b": [1], "c": null}), json!({"a": 1, "b": [2], "d": "x"}));
        let fields: Vec<_> = changes(&before, &after).into_iter().map(|change| change.field).collect();
        assert_eq!(fields, ["b", "d"]);
        assert!(changes(&before, &before).is_empty());
        assert_eq!(changes(&Value::Null, &json!({"a": 1})).len(), 1);
    }

    #[test]
    fn a_rollback_needs_a_version() {
        let fields = RollbackFields { version: Some(3), ..RollbackFields::default() };
        assert_eq!(fields.check().unwrap().note.as_deref(), Some("回滚到版本 3"));
        assert!(RollbackFields::default().check().is_err());
        assert!(RollbackFields { version: Some(0), ..RollbackFields::default() }.check().is_err());
    }
}
