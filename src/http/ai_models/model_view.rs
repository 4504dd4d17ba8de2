//! A model as the API shows it: its key is told of, never told.
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use workbot_actors::provider::ModelSnapshot;
use workbot_schema::ai_models::health::HealthStatus;
use workbot_schema::ai_models::{AiModel, Capability, Provider};
use workbot_schema::fields::Ts;
use workbot_schema::ids::UserId;
use workbot_schema::wire::actor_snapshot::BreakerState;

use crate::http::state::AppState;

/// What is known of a model at this moment.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveModel {
    /// Whether robots may get answers from it.
    pub is_usable: bool,
    /// healthy, degraded or down; null = nothing is known yet.
    pub status: Option<HealthStatus>,
    /// closed = it is asked, open = it is left alone, half_open = one call tries it.
    pub breaker: BreakerState,
    /// Milliseconds of its last good answer.
    pub response_ms: Option<u64>,
    /// What went wrong last; null after a good answer.
    pub error: Option<String>,
    /// When it was last known to answer or not to.
    pub checked_at: Option<String>,
    /// Calls since the start of the server.
    pub calls: u64,
    /// Of these, the ones in vain.
    pub failures: u64,
    /// Calls under way.
    pub in_flight: usize,
}

impl From<ModelSnapshot> for LiveModel {
    fn from(known: ModelSnapshot) -> Self {
        Self {
            is_usable: known.is_usable,
            status: known.status,
            breaker: known.breaker,
            response_ms: known.response_ms,
            error: known.error,
            checked_at: known.checked_at.map(Ts::iso),
            calls: known.calls,
            failures: known.failures,
            in_flight: known.in_flight,
        }
    }
}

/// A model.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelView {
    /// Its id.
    pub id: String,
    /// Whose; null = shared.
    pub owner_id: Option<String>,
    /// Shown name.
    pub name: String,
    /// Whose wire it speaks.
    pub provider: Provider,
    /// The provider's name of it.
    pub model_id: String,
    /// chat, vision …
    pub model_type: String,
    /// What it is used for.
    pub capabilities: Vec<Capability>,
    /// Whether it is asked.
    pub is_active: bool,
    /// Base address; null = the provider's usual one.
    pub api_endpoint: Option<String>,
    /// Whether a key is stored.
    pub api_key_set: bool,
    /// Higher is asked first.
    pub priority: i32,
    /// Whether robots without a model of their own ask it.
    pub in_default_chain: bool,
    /// Prices, limits, parameters.
    #[schema(value_type = Object)]
    pub config: Value,
    /// Whether it came with the program; such a model can be switched off, not deleted.
    pub is_preset: bool,
    /// Raised by every change.
    pub version: i64,
    /// When it was made.
    pub created_at: String,
    /// When it was changed last.
    pub updated_at: String,
    /// What is known of it now; null = something is missing to call it (a key, an address).
    pub live: Option<LiveModel>,
}

impl ModelView {
    /// The view of a row.
    pub fn new(state: &AppState, row: AiModel) -> Self {
        let live = state.providers.find(&row.id).map(LiveModel::from);
        Self {
            id: row.id.to_string(),
            owner_id: row.owner_id.as_ref().map(UserId::to_string),
            name: row.name,
            provider: row.provider,
            model_id: row.model_id,
            model_type: row.model_type,
            capabilities: row.capabilities.0,
            is_active: row.is_active,
            api_endpoint: row.api_endpoint,
            api_key_set: row.api_key_encrypted.is_some(),
            priority: row.priority,
            in_default_chain: row.in_default_chain,
            config: row.config.0,
            is_preset: row.is_preset,
            version: row.version,
            created_at: row.created_at.iso(),
            updated_at: row.updated_at.iso(),
            live,
        }
    }
}
