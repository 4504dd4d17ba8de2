//! A message template as the API shows it.
use serde::Serialize;
use utoipa::ToSchema;
use workbot_schema::ai_message_templates::AiMessageTemplate;
use workbot_schema::ids::UserId;

/// A template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TemplateView {
    /// Its id.
    pub id: String,
    /// Whose; null = shared.
    pub owner_id: Option<String>,
    /// One of the scenes.
    pub category: String,
    /// Shown name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The text with its variables in double braces.
    pub template: String,
    /// Its variables, once each, in order of appearance.
    pub variables: Vec<String>,
    /// The role it suits; null = every role.
    pub persona_type: Option<String>,
    /// How often it answered.
    pub use_count: i64,
    /// Whether it is used.
    pub is_active: bool,
    /// Whether it came with the program; such a template can be switched off, not deleted.
    pub is_preset: bool,
    /// Raised by every change.
    pub version: i64,
    /// When it was made.
    pub created_at: String,
    /// When it was changed last.
    pub updated_at: String,
}

impl From<AiMessageTemplate> for TemplateView {
    fn from(row: AiMessageTemplate) -> Self {
        Self {
            id: row.id.to_string(),
            owner_id: row.owner_id.as_ref().map(UserId::to_string),
            category: row.category,
            name: row.name,
            description: row.description,
            template: row.template,
            variables: row.variables.0,
            persona_type: row.persona_type,
            use_count: row.use_count,
            is_active: row.is_active,
            is_preset: row.is_preset,
            version: row.version,
            created_at: row.created_at.iso(),
            updated_at: row.updated_at.iso(),
        }
    }
}
