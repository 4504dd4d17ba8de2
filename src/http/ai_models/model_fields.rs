//! The fields of a model that callers may set, checked and made into changes; the key is sealed on the way.
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use workbot_actors::provider::spec::ModelConfig;
use workbot_schema::ai_models::{AiModel, Capability, ModelChanges, Provider};
use workbot_schema::fields::Ts;

use crate::http::auth::UserToken;
use crate::http::error::{ApiError, ApiResult, Fields};
use crate::http::extract::json::describe;
use crate::http::extract::nullable;
use crate::http::state::AppState;
use crate::http::versions::checked_note;

/// Longest key, in characters.
const KEY_CHARS: usize = 1_000;
/// Farthest priority from 0.
const PRIORITY_MAX: i32 = 10_000;
/// Largest `config`, as JSON.
const CONFIG_BYTES: usize = 16 * 1024;
/// Highest price of 1,000 tokens, ¥ × 10⁻⁶ (¥ 1,000).
const PRICE_MAX: i64 = 1_000_000_000;

/// What may be set of a model; what is absent stays as it is, null clears.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ModelFields {
    /// A change is made only when the model is still at this version.
    pub version: Option<i64>,
    /// Why, for the list of versions; at most 500 characters.
    pub note: Option<String>,
    /// Whose; null = shared.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub owner_id: Option<Option<String>>,
    /// Shown name, 1..100 characters.
    pub name: Option<String>,
    /// doubao, qwen, qwen_pro, deepseek, kimi, openai, custom, claude, dify or coze.
    pub provider: Option<Provider>,
    /// The provider's name of the model (coze: the bot), 1..200 characters.
    pub model_id: Option<String>,
    /// chat, vision …, 1..50 characters.
    pub model_type: Option<String>,
    /// What it is used for.
    pub capabilities: Option<Vec<Capability>>,
    /// On or off.
    pub is_active: Option<bool>,
    /// Base address; null = the provider's usual one. Another address forgets the key.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub api_endpoint: Option<Option<String>>,
    /// Written, never read; null takes it away.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub api_key: Option<Option<String>>,
    /// −10,000 to 10,000; higher is asked first.
    pub priority: Option<i32>,
    /// Whether robots without a model of their own ask it.
    pub in_default_chain: Option<bool>,
    /// priceInMicros, priceOutMicros (of 1,000 tokens, ¥ × 10⁻⁶), temperature, maxTokens, concurrency, requestsPerMinute, jsonMode,
    /// extraBody; everything at once.
    #[schema(value_type = Option<Object>)]
    pub config: Option<Map<String, Value>>,
}

/// Checked fields.
pub struct Prepared {
    /// What changes.
    pub changes: ModelChanges,
    /// Wire names of what is given, for the audit log.
    pub names: Vec<&'static str>,
    /// Why.
    pub note: Option<String>,
}

impl ModelFields {
    /// A new model with what is given: 400 names what is missing.
    pub fn begin(&self, now: Ts) -> ApiResult<AiModel> {
        let mut wrong = Fields::new();
        wrong.expect(self.name.is_some(), "name", "缺少该字段");
        wrong.expect(self.provider.is_some(), "provider", "缺少该字段");
        wrong.expect(self.model_id.is_some(), "modelId", "缺少该字段");
        wrong.into_invalid()?;
        Ok(AiModel::new(self.provider.unwrap_or(Provider::Custom), "", "", now))
    }

    /// Checks the fields against a model: 400 names wrong ones, 422 an address that must not be called.
    pub async fn prepare(self, state: &AppState, user: &UserToken, present: &AiModel) -> ApiResult<Prepared> {
        let mut wrong = Fields::new();
        let mut names = Vec::new();
        let mut changes = ModelChanges::default();
        self.texts(&mut changes, &mut names, &mut wrong);
        self.plain(&mut changes, &mut names, &mut wrong);
        if let Some(owner) = &self.owner_id {
            names.push("ownerId");
            changes.owner_id = Some(user.owner_for(state, owner.as_deref()).await?);
        }
        let note = checked_note(self.note, &mut wrong);
        if let Some(config) = self.config {
            names.push("config");
            changes.config = Some(checked_config(config, &mut wrong));
        }
        if let Some(endpoint) = self.api_endpoint {
            names.push("apiEndpoint");
            changes.api_endpoint =
                Some(endpoint.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()));
        }
        let mut after = present.clone();
        after.apply(&changes);
        let has_address = after.provider != Provider::Custom || after.api_endpoint.is_some();
        wrong.expect(has_address, "apiEndpoint", "自定义模型需要填写接口地址");
        let key = self.api_key.map(|key| key.map(|key| key.trim().to_owned()).filter(|key| !key.is_empty()));
        if let Some(Some(key)) = &key {
            let is_clean = !key.chars().any(|letter| letter.is_whitespace() || letter.is_control());
            wrong.expect(is_clean, "apiKey", "不能包含空白或控制字符");
            wrong.expect_length("apiKey", key, KEY_CHARS);
        }
        wrong.into_invalid()?;
        if let Some(Some(endpoint)) = &changes.api_endpoint {
            state.addresses.check_url(endpoint).map_err(|error| ApiError::address("apiEndpoint", error))?;
        }
        if let Some(key) = key {
            names.push("apiKey");
            let place = AiModel::key_place(&present.id);
            let sealed = key.map(|key| state.sealer.seal(&place, &key)).transpose()?;
            changes.api_key_encrypted = Some(sealed);
        }
        Ok(Prepared { changes, names, note })
    }

    fn texts(&self, changes: &mut ModelChanges, names: &mut Vec<&'static str>, wrong: &mut Fields) {
        for (field, given, max, target) in [
            ("name", &self.name, 100, &mut changes.name),
            ("modelId", &self.model_id, 200, &mut changes.model_id),
            ("modelType", &self.model_type, 50, &mut changes.model_type),
        ] {
            let Some(given) = given else { continue };
            names.push(field);
            wrong.expect_text(field, given, max);
            *target = Some(given.trim().to_owned());
        }
    }

    fn plain(&self, changes: &mut ModelChanges, names: &mut Vec<&'static str>, wrong: &mut Fields) {
        if let Some(provider) = self.provider {
            names.push("provider");
            wrong.expect(provider != Provider::Rules, "provider", "内置规则无需添加");
            changes.provider = Some(provider);
        }
        if let Some(capabilities) = &self.capabilities {
            names.push("capabilities");
            let mut unique = Vec::new();
            for capability in capabilities {
                if !unique.contains(capability) {
                    unique.push(*capability);
                }
            }
            changes.capabilities = Some(unique);
        }
        if let Some(priority) = self.priority {
            names.push("priority");
            let is_near = (-PRIORITY_MAX..=PRIORITY_MAX).contains(&priority);
            wrong.expect(is_near, "priority", "应为 -10000 至 10000 的整数");
            changes.priority = Some(priority);
        }
        for (field, given, target) in [
            ("isActive", self.is_active, &mut changes.is_active),
            ("inDefaultChain", self.in_default_chain, &mut changes.in_default_chain),
        ] {
            if given.is_some() {
                names.push(field);
                *target = given;
            }
        }
    }
}

/// A configuration that can be read; what is wrong with it is noted.
fn checked_config(config: Map<String, Value>, wrong: &mut Fields) -> Value {
    let config = Value::Object(config);
    wrong.expect(config.to_string().len() <= CONFIG_BYTES, "config", "最多 16 KiB");
    match serde_path_to_error::deserialize::<_, ModelConfig>(&config) {
        Err(error) => {
            let (path, text) = describe(&error.path().to_string(), &error.inner().to_string());
            wrong.add(format!("config.{path}"), text);
        }
        Ok(read) => {
            let mut expect = |is_right: bool, name: &str, text: &str| {
                wrong.expect(is_right, &format!("config.{name}"), text);
            };
            let is_price = |price: i64| (0..=PRICE_MAX).contains(&price);
            expect(is_price(read.price_in_micros), "priceInMicros", "应为 0 至 1000000000 的整数");
            expect(is_price(read.price_out_micros), "priceOutMicros", "应为 0 至 1000000000 的整数");
            let is_warm = read.temperature.is_none_or(|warmth| (0.0..=2.0).contains(&warmth));
            expect(is_warm, "temperature", "应为 0 至 2 的数");
            let within =
                |number: Option<u32>, least, most| number.is_none_or(|n| (least..=most).contains(&n));
            expect(within(read.max_tokens, 1, 1_000_000), "maxTokens", "应为 1 至 1000000 的整数");
            expect(within(read.concurrency, 1, 1_024), "concurrency", "应为 1 至 1024 的整数");
            let is_rate = within(read.requests_per_minute, 0, 1_000_000);
            expect(is_rate, "requestsPerMinute", "应为 0 至 1000000 的整数");
        }
    }
    config
}
