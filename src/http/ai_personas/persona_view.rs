//! A persona as the API shows it.
use serde::Serialize;
use utoipa::ToSchema;
use workbot_schema::ai_models::Capability;
use workbot_schema::ai_personas::AiPersona;
use workbot_schema::ids::{ModelId, UserId};

/// A persona.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonaView {
    /// Its id.
    pub id: String,
    /// Whose; null = shared.
    pub owner_id: Option<String>,
    /// Shown name.
    pub name: String,
    /// What robots' groups and types map to.
    pub role_type: String,
    /// What it is for.
    pub description: String,
    /// What the model is told first.
    pub system_prompt: String,
    /// 0 to 2.
    pub temperature: f64,
    /// Longest answer, in tokens.
    pub max_tokens: Option<i32>,
    /// The model it asks first.
    pub model_id: Option<String>,
    /// The provider's name of the model it asks first when modelId is null.
    pub preferred_model: Option<String>,
    /// What it is used for.
    pub capabilities: Vec<Capability>,
    /// Whether it is used.
    pub is_active: bool,
    /// Whether it came with the program; such a persona can be switched off, not deleted.
    pub is_preset: bool,
    /// Raised by every change.
    pub version: i64,
    /// When it was made.
    pub created_at: String,
    /// When it was changed last.
    pub updated_at: String,
}

impl From<AiPersona> for PersonaView {
    fn from(row: AiPersona) -> Self {
        Self {
            id: row.id.to_string(),
            owner_id: row.owner_id.as_ref().map(UserId::to_string),
            name: row.name,
            role_type: row.role_type,
            description: row.description,
            system_prompt: row.system_prompt,
            temperature: row.temperature,
            max_tokens: row.max_tokens,
            model_id: row.model_id.as_ref().map(ModelId::to_string),
            preferred_model: row.preferred_model,
            capabilities: row.capabilities.0,
            is_active: row.is_active,
            is_preset: row.is_preset,
            version: row.version,
            created_at: row.created_at.iso(),
            updated_at: row.updated_at.iso(),
        }
    }
}
