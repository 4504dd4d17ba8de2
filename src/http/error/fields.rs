//! Which fields of a request are wrong, by wire path.
use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::{ApiError, Rule};

/// `data.fields`: wire path → what is wrong with it, in Chinese. The first sentence for a path stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    /// No field is wrong yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One wrong field.
    pub fn one(path: impl Into<String>, text: impl Into<String>) -> Self {
        let mut fields = Self::new();
        fields.add(path, text);
        fields
    }

    /// Notes a wrong field.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.0.entry(path.into()).or_insert_with(|| text.into());
    }

    /// Notes a field unless `is_right`.
    pub fn expect(&mut self, is_right: bool, path: &str, text: &str) {
        if !is_right {
            self.add(path, text);
        }
    }

    /// Notes a text that is blank or longer than `max` characters.
    pub fn expect_text(&mut self, path: &str, text: &str, max: usize) {
        if text.trim().is_empty() {
            self.add(path, "不能为空");
        } else {
            self.expect_length(path, text, max);
        }
    }

    /// Notes a text that is longer than `max` characters.
    pub fn expect_length(&mut self, path: &str, text: &str, max: usize) {
        if text.chars().count() > max {
            self.add(path, format!("最多 {max} 个字符"));
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// 400 when something is wrong.
    pub fn into_invalid(self) -> Result<(), ApiError> {
        if self.is_empty() { Ok(()) } else { Err(ApiError::Invalid(self)) }
    }

    /// 422 when something is wrong.
    pub fn into_rule(self) -> Result<(), ApiError> {
        if self.is_empty() { Ok(()) } else { Err(ApiError::Rule(Rule::Fields(self))) }
    }

    /// `lead：path text；path text，请修正后重试`, at most three fields of it.
    pub fn sentence(&self, lead: &str) -> String {
        let named: Vec<String> = self.0.iter().take(3).map(|(path, text)| format!("{path} {text}")).collect();
        let rest = if self.0.len() > named.len() { "等" } else { "" };
        let told = named.join("；");
        // Some rules tell the way out themselves.
        let way_out = if told.ends_with("后重试") { "" } else { "，请修正后重试" };
        format!("{lead}：{told}{rest}{way_out}")
    }
}

impl fmt::Display for Fields {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.keys().cloned().collect::<Vec<_>>().join(", "))
    }
}
