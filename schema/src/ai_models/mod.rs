//! Models that can be asked.
pub mod health;
mod queries;
pub mod versions;

use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};

pub use queries::{find, list, list_all, lite, mark, pg};

use crate::fields::{Json, Ts};
use crate::ids::{ModelId, UserId};
use crate::tables::ai_models;

crate::text_enum! {
    /// Whose wire a model speaks.
    pub enum Provider {
        /// 豆包 (Ark).
        Doubao = "doubao",
        /// 阿里千问.
        Qwen = "qwen",
        /// 千问PRO.
        QwenPro = "qwen_pro",
        /// DeepSeek.
        Deepseek = "deepseek",
        /// Kimi.
        Kimi = "kimi",
        /// OpenAI.
        Openai = "openai",
        /// Anything else with OpenAI's wire.
        Custom = "custom",
        /// Claude.
        Claude = "claude",
        /// A Dify app.
        Dify = "dify",
        /// A Coze bot.
        Coze = "coze",
        /// The built-in rules.
        Rules = "rules",
    }
}

crate::text_enum! {
    /// What a model is used for.
    pub enum Capability {
        /// Tells what somebody wants.
        IntentRecognition = "intent_recognition",
        /// Answers questions.
        ServiceReply = "service_reply",
        /// Wins customers.
        Conversion = "conversion",
        /// Writes reports.
        Report = "report",
        /// Talks.
        Chat = "chat",
        /// Looks at pictures.
        ImageAnalysis = "image_analysis",
        /// Listens.
        VoiceProcessing = "voice_processing",
    }
}

/// A model as it is stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = ai_models, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct AiModel {
    /// Id.
    pub id: ModelId,
    /// Whose; none = shared.
    pub owner_id: Option<UserId>,
    /// Shown name.
    pub name: String,
    /// Whose wire it speaks.
    pub provider: Provider,
    /// The provider's name of it.
    pub model_id: String,
    /// `chat`, `vision` …
    pub model_type: String,
    /// What it is used for.
    pub capabilities: Json<Vec<Capability>>,
    /// Whether it is asked.
    pub is_active: bool,
    /// Base address; none = the provider's default.
    pub api_endpoint: Option<String>,
    /// Sealed key, see [`AiModel::key_place`].
    pub api_key_encrypted: Option<String>,
    /// Prices, limits, parameters.
    pub config: Json<serde_json::Value>,
    /// Higher is asked first.
    pub priority: i32,
    /// Whether robots without a model of their own ask it.
    pub in_default_chain: bool,
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

/// What changes in a model; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelChanges {
    /// New owner.
    pub owner_id: Option<Option<UserId>>,
    /// Shown name.
    pub name: Option<String>,
    /// Wire.
    pub provider: Option<Provider>,
    /// The provider's name.
    pub model_id: Option<String>,
    /// Type.
    pub model_type: Option<String>,
    /// Uses.
    pub capabilities: Option<Vec<Capability>>,
    /// On or off.
    pub is_active: Option<bool>,
    /// Base address.
    pub api_endpoint: Option<Option<String>>,
    /// Sealed key.
    pub api_key_encrypted: Option<Option<String>>,
    /// Parameters.
    pub config: Option<serde_json::Value>,
    /// Priority.
    pub priority: Option<i32>,
    /// In the default chain.
    pub in_default_chain: Option<bool>,
}

/// What a version of a model keeps: everything but its key and whether it is on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ModelContent {
    name: String,
    provider: Provider,
    model_id: String,
    model_type: String,
    capabilities: Vec<Capability>,
    #[serde(default)]
    api_endpoint: Option<String>,
    #[serde(default)]
    config: serde_json::Value,
    #[serde(default)]
    priority: i32,
    #[serde(default)]
    in_default_chain: bool,
}

impl AiModel {
    /// A new shared model of a provider, switched on, without key.
    pub fn new(provider: Provider, name: impl Into<String>, model_id: impl Into<String>, now: Ts) -> Self {
        Self {
            id: ModelId::generate(),
            owner_id: None,
            name: name.into(),
            provider,
            model_id: model_id.into(),
            model_type: "chat".to_owned(),
            capabilities: Json(vec![
                Capability::IntentRecognition,
                Capability::ServiceReply,
                Capability::Chat,
            ]),
            is_active: true,
            api_endpoint: None,
            api_key_encrypted: None,
            config: Json(serde_json::Value::Object(serde_json::Map::new())),
            priority: 0,
            in_default_chain: false,
            is_preset: false,
            version: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }

    /// The place its key is sealed for.
    pub fn key_place(id: &ModelId) -> String {
        format!("ai_models.api_key_encrypted/{id}")
    }

    /// Carries out changes. Another address loses the key, so that it is never sent to somebody else.
    pub fn apply(&mut self, changes: &ModelChanges) {
        let before = (self.provider, self.api_endpoint.clone());
        let set = changes.clone();
        self.owner_id = set.owner_id.unwrap_or_else(|| self.owner_id.clone());
        self.name = set.name.unwrap_or_else(|| self.name.clone());
        self.provider = set.provider.unwrap_or(self.provider);
        self.model_id = set.model_id.unwrap_or_else(|| self.model_id.clone());
        self.model_type = set.model_type.unwrap_or_else(|| self.model_type.clone());
        if let Some(capabilities) = set.capabilities {
            self.capabilities = Json(capabilities);
        }
        self.is_active = set.is_active.unwrap_or(self.is_active);
        self.api_endpoint = set.api_endpoint.unwrap_or_else(|| self.api_endpoint.clone());
        if let Some(config) = set.config {
            self.config = Json(config);
        }
        self.priority = set.priority.unwrap_or(self.priority);
        self.in_default_chain = set.in_default_chain.unwrap_or(self.in_default_chain);
        match set.api_key_encrypted {
            Some(key) => self.api_key_encrypted = key,
            None if before != (self.provider, self.api_endpoint.clone()) => self.api_key_encrypted = None,
            None => {}
        }
    }

    /// What a version keeps.
    pub fn content(&self) -> serde_json::Value {
        let content = ModelContent {
            name: self.name.clone(),
            provider: self.provider,
            model_id: self.model_id.clone(),
            model_type: self.model_type.clone(),
            capabilities: self.capabilities.0.clone(),
            api_endpoint: self.api_endpoint.clone(),
            config: self.config.0.clone(),
            priority: self.priority,
            in_default_chain: self.in_default_chain,
        };
        serde_json::to_value(content).unwrap_or_default()
    }

    /// Takes back what a version kept; an error when it is of another shape.
    pub fn restore(&mut self, content: serde_json::Value) -> serde_json::Result<()> {
        let content: ModelContent = serde_json::from_value(content)?;
        self.apply(&ModelChanges {
            name: Some(content.name),
            provider: Some(content.provider),
            model_id: Some(content.model_id),
            model_type: Some(content.model_type),
            capabilities: Some(content.capabilities),
            api_endpoint: Some(content.api_endpoint),
            config: Some(content.config),
            priority: Some(content.priority),
            in_default_chain: Some(content.in_default_chain),
            ..ModelChanges::default()
        });
        Ok(())
    }
}
