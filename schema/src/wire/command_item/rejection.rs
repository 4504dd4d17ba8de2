//! What is wrong with a request, field by field.
use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::class::Class;

/// Something a caller should know though the request was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Warning {
    /// Wire path, e.g. `list[0].titleList[2]`.
    #[schema(example = "titleList[0]")]
    pub field: String,
    /// Chinese sentence.
    #[schema(example = "名称含保留字符（减号、空格、英文括号、@），可能匹配不到会话")]
    pub message: String,
}

/// Why a request was not accepted: wire path → Chinese sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Something is missing or wrong (400); rules that were broken beside it are in the map, too.
    #[error("fields are wrong: {}", names(.0))]
    Wrong(BTreeMap<String, String>),
    /// Well-formed, but a rule refuses it (422).
    #[error("fields break a rule: {}", names(.0))]
    Refused(BTreeMap<String, String>),
}

fn names(fields: &BTreeMap<String, String>) -> String {
    fields.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

impl Rejection {
    /// Always the caller's.
    pub fn class(&self) -> Class {
        Class::Caller
    }

    /// HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::Wrong(_) => 400,
            Self::Refused(_) => 422,
        }
    }

    /// Wire path → Chinese sentence.
    pub fn fields(&self) -> &BTreeMap<String, String> {
        match self {
            Self::Wrong(fields) | Self::Refused(fields) => fields,
        }
    }

    /// The first sentence with its field, for places that show one line only.
    pub fn sentence(&self) -> String {
        self.fields()
            .iter()
            .next()
            .map_or_else(String::new, |(field, sentence)| format!("{field}：{sentence}"))
    }
}

/// Gathers what a check finds.
#[derive(Debug, Default)]
pub struct Findings {
    fields: BTreeMap<String, String>,
    is_wrong: bool,
    warnings: Vec<Warning>,
}

impl Findings {
    /// Missing or wrong (400). The first finding of a field stays.
    pub fn wrong(&mut self, field: impl Into<String>, sentence: impl Into<String>) {
        self.is_wrong = true;
        self.fields.entry(field.into()).or_insert_with(|| sentence.into());
    }

    /// Refused by a rule (422).
    pub fn refused(&mut self, field: impl Into<String>, sentence: impl Into<String>) {
        self.fields.entry(field.into()).or_insert_with(|| sentence.into());
    }

    /// Accepted, with a word of caution.
    pub fn warn(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.warnings.push(Warning { field: field.into(), message: message.into() });
    }

    /// The warnings, or why not.
    pub fn finish(self) -> Result<Vec<Warning>, Rejection> {
        if self.fields.is_empty() {
            Ok(self.warnings)
        } else if self.is_wrong {
            Err(Rejection::Wrong(self.fields))
        } else {
            Err(Rejection::Refused(self.fields))
        }
    }
}
