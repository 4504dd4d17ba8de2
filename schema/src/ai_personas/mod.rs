//! Personas: how a robot speaks.
pub mod bindings;
mod queries;
pub mod versions;

use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};

pub use queries::{find, list, list_all, lite, mark, pg};

use crate::ai_models::Capability;
use crate::fields::{Json, Ts};
use crate::ids::{ModelId, PersonaId, UserId};
use crate::tables::ai_personas;

/// A persona as it is stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = ai_personas, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct AiPersona {
    /// Id.
    pub id: PersonaId,
    /// Whose; none = shared.
    pub owner_id: Option<UserId>,
    /// Shown name.
    pub name: String,
    /// `community`, `service`, `conversion` …
    pub role_type: String,
    /// What it is for.
    pub description: String,
    /// What the model is told first.
    pub system_prompt: String,
    /// 0..2.
    pub temperature: f64,
    /// Longest answer, in tokens.
    pub max_tokens: Option<i32>,
    /// The model it asks first.
    pub model_id: Option<ModelId>,
    /// The provider's name of the model it asks first when `model_id` is not set (presets).
    pub preferred_model: Option<String>,
    /// What it is used for.
    pub capabilities: Json<Vec<Capability>>,
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

/// What changes in a persona; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PersonaChanges {
    /// New owner.
    pub owner_id: Option<Option<UserId>>,
    /// Shown name.
    pub name: Option<String>,
    /// Role.
    pub role_type: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// What the model is told.
    pub system_prompt: Option<String>,
    /// 0..2.
    pub temperature: Option<f64>,
    /// Longest answer.
    pub max_tokens: Option<Option<i32>>,
    /// First model.
    pub model_id: Option<Option<ModelId>>,
    /// First model by the provider's name.
    pub preferred_model: Option<Option<String>>,
    /// Uses.
    pub capabilities: Option<Vec<Capability>>,
    /// On or off.
    pub is_active: Option<bool>,
}

/// What a version of a persona keeps: everything but whether it is on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PersonaContent {
    name: String,
    role_type: String,
    description: String,
    system_prompt: String,
    temperature: f64,
    #[serde(default)]
    max_tokens: Option<i32>,
    #[serde(default)]
    model_id: Option<ModelId>,
    #[serde(default)]
    preferred_model: Option<String>,
    #[serde(default)]
    capabilities: Vec<Capability>,
}

impl AiPersona {
    /// A new shared persona, switched on.
    pub fn new(
        name: impl Into<String>,
        role_type: impl Into<String>,
        system_prompt: impl Into<String>,
        now: Ts,
    ) -> Self {
        Self {
            id: PersonaId::generate(),
            owner_id: None,
            name: name.into(),
            role_type: role_type.into(),
            description: String::new(),
            system_prompt: system_prompt.into(),
            temperature: 0.7,
            max_tokens: None,
            model_id: None,
            preferred_model: None,
            capabilities: Json(Vec::new()),
            is_active: true,
            is_preset: false,
            version: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }

    /// Carries out changes.
    pub fn apply(&mut self, changes: &PersonaChanges) {
        let set = changes.clone();
        self.owner_id = set.owner_id.unwrap_or_else(|| self.owner_id.clone());
        self.name = set.name.unwrap_or_else(|| self.name.clone());
        self.role_type = set.role_type.unwrap_or_else(|| self.role_type.clone());
        self.description = set.description.unwrap_or_else(|| self.description.clone());
        self.system_prompt = set.system_prompt.unwrap_or_else(|| self.system_prompt.clone());
        self.temperature = set.temperature.unwrap_or(self.temperature);
        self.max_tokens = set.max_tokens.unwrap_or(self.max_tokens);
        self.model_id = set.model_id.unwrap_or_else(|| self.model_id.clone());
        self.preferred_model = set.preferred_model.unwrap_or_else(|| self.preferred_model.clone());
        if let Some(capabilities) = set.capabilities {
            self.capabilities = Json(capabilities);
        }
        self.is_active = set.is_active.unwrap_or(self.is_active);
    }

    /// What a version keeps.
    pub fn content(&self) -> serde_json::Value {
        let content = PersonaContent {
            name: self.name.clone(),
            role_type: self.role_type.clone(),
            description: self.description.clone(),
            system_prompt: self.system_prompt.clone(),
            temperature: self.temperature,
            max_tokens: self.max_tokens,
            model_id: self.model_id.clone(),
            preferred_model: self.preferred_model.clone(),
            capabilities: self.capabilities.0.clone(),
        };
        serde_json::to_value(content).unwrap_or_default()
    }

    /// Takes back what a version kept; an error when it is of another shape.
    pub fn restore(&mut self, content: serde_json::Value) -> serde_json::Result<()> {
        let content: PersonaContent = serde_json::from_value(content)?;
        self.name = content.name;
        self.role_type = content.role_type;
        self.description = content.description;
        self.system_prompt = content.system_prompt;
        self.temperature = content.temperature;
        self.max_tokens = content.max_tokens;
        self.model_id = content.model_id;
        self.preferred_model = content.preferred_model;
        self.capabilities = Json(content.capabilities);
        Ok(())
    }
}
