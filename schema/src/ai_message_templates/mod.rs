//! Message templates: ready-made sentences with variables.
mod queries;
pub mod usage;
pub mod versions;

use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};

pub use queries::{count_by_category, find, list, list_all, lite, mark, pg};

use crate::fields::{Json, Ts};
use crate::ids::{TemplateId, UserId};
use crate::tables::ai_message_templates;

/// A template as it is stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = ai_message_templates, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct AiMessageTemplate {
    /// Id.
    pub id: TemplateId,
    /// Whose; none = shared.
    pub owner_id: Option<UserId>,
    /// One of the scenes.
    pub category: String,
    /// Shown name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The text with `{{variables}}`.
    pub template: String,
    /// Its variables, once each, in order of appearance.
    pub variables: Json<Vec<String>>,
    /// The role it suits; none = every role.
    pub persona_type: Option<String>,
    /// How often it was used.
    pub use_count: i64,
    /// Whether it is used.
    pub is_active: bool,
    /// Seeded: cannot be deleted.
    pub is_preset: bool,
    /// Raised by every change.
    pub version: i64,
    /// Made at.
    pub created_at: Ts,
    /// Changed at.
    pub updated_at: Ts,
    /// Deleted at.
    pub deleted_at: Option<Ts>,
}

/// What changes in a template; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TemplateChanges {
    /// New owner.
    pub owner_id: Option<Option<UserId>>,
    /// Scene.
    pub category: Option<String>,
    /// Shown name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Text; give its `variables` with it.
    pub template: Option<String>,
    /// The variables of the text.
    pub variables: Option<Vec<String>>,
    /// Role.
    pub persona_type: Option<Option<String>>,
    /// On or off.
    pub is_active: Option<bool>,
}

/// What a version of a template keeps: everything but whether it is on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TemplateContent {
    category: String,
    name: String,
    description: String,
    template: String,
    variables: Vec<String>,
    #[serde(default)]
    persona_type: Option<String>,
}

impl AiMessageTemplate {
    /// A new shared template, switched on, without variables.
    pub fn new(
        category: impl Into<String>,
        name: impl Into<String>,
        template: impl Into<String>,
        now: Ts,
    ) -> Self {
        Self {
            id: TemplateId::generate(),
            owner_id: None,
            category: category.into(),
            name: name.into(),
            description: String::new(),
            template: template.into(),
            variables: Json(Vec::new()),
            persona_type: None,
            use_count: 0,
            is_active: true,
            is_preset: false,
            version: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }

    /// Carries out changes.
    pub fn apply(&mut self, changes: &TemplateChanges) {
        let set = changes.clone();
        self.owner_id = set.owner_id.unwrap_or_else(|| self.owner_id.clone());
        self.category = set.category.unwrap_or_else(|| self.category.clone());
        self.name = set.name.unwrap_or_else(|| self.name.clone());
        self.description = set.description.unwrap_or_else(|| self.description.clone());
        self.template = set.template.unwrap_or_else(|| self.template.clone());
        if let Some(variables) = set.variables {
            self.variables = Json(variables);
        }
        self.persona_type = set.persona_type.unwrap_or_else(|| self.persona_type.clone());
        self.is_active = set.is_active.unwrap_or(self.is_active);
    }

    /// What a version keeps.
    pub fn content(&self) -> serde_json::Value {
        let content = TemplateContent {
            category: self.category.clone(),
            name: self.name.clone(),
            description: self.description.clone(),
            template: self.template.clone(),
            variables: self.variables.0.clone(),
            persona_type: self.persona_type.clone(),
        };
        serde_json::to_value(content).unwrap_or_default()
    }

    /// Takes back what a version kept; an error when it is of another shape.
    pub fn restore(&mut self, content: serde_json::Value) -> serde_json::Result<()> {
        let content: TemplateContent = serde_json::from_value(content)?;
        self.category = content.category;
        self.name = content.name;
        self.description = content.description;
        self.template = content.template;
        self.variables = Json(content.variables);
        self.persona_type = content.persona_type;
        Ok(())
    }
}
