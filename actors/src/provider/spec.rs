//! Pure: a model as it is called.
use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use workbot_schema::ai_models::{AiModel, Capability, Provider};
use workbot_schema::ids::ModelId;

use super::budget::Price;
use super::chain::Candidate;

/// How a service is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// OpenAI's chat completions, which most services speak.
    OpenaiChat,
    /// Claude's messages.
    Claude,
    /// Dify's chat messages, blocking.
    Dify,
    /// Coze's chats, asked for until they are done.
    Coze,
}

impl Wire {
    /// The wire of a provider; `None` for the built-in rules.
    pub fn of(provider: Provider) -> Option<Self> {
        match provider {
            Provider::Doubao
            | Provider::Qwen
            | Provider::QwenPro
            | Provider::Deepseek
            | Provider::Kimi
            | Provider::Openai
            | Provider::Custom => Some(Self::OpenaiChat),
            Provider::Claude => Some(Self::Claude),
            Provider::Dify => Some(Self::Dify),
            Provider::Coze => Some(Self::Coze),
            Provider::Rules => None,
        }
    }

    /// Whether pictures can be sent over it.
    pub fn takes_images(self) -> bool {
        matches!(self, Self::OpenaiChat | Self::Claude)
    }

    /// What is appended to the base address.
    fn suffix(self) -> &'static str {
        match self {
            Self::OpenaiChat => "/chat/completions",
            Self::Claude => "/v1/messages",
            Self::Dify => "/chat-messages",
            Self::Coze => "/v3/chat",
        }
    }
}

/// The base address of a provider; `None` when there is no usual one.
pub fn default_base(provider: Provider) -> Option<&'static str> {
    match provider {
        Provider::Doubao => Some("https://ark.cn-beijing.volces.com/api/v3"),
        Provider::Qwen | Provider::QwenPro => Some("https://dashscope.aliyuncs.com/compatible-mode/v1"),
        Provider::Deepseek => Some("https://api.deepseek.com/v1"),
        Provider::Kimi => Some("https://api.moonshot.cn/v1"),
        Provider::Openai => Some("https://api.openai.com/v1"),
        Provider::Claude => Some("https://api.anthropic.com"),
        Provider::Dify => Some("https://api.dify.ai/v1"),
        Provider::Coze => Some("https://api.coze.cn"),
        Provider::Custom | Provider::Rules => None,
    }
}

/// What the `config` of a model may hold; keys that are not known are left to others.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ModelConfig {
    /// Cost of 1,000 tokens asked with, in millionths of a yuan.
    pub price_in_micros: i64,
    /// Cost of 1,000 tokens answered with, in millionths of a yuan.
    pub price_out_micros: i64,
    /// Used when the persona names none.
    pub temperature: Option<f64>,
    /// Longest answer in tokens; a persona may only ask for less.
    pub max_tokens: Option<u32>,
    /// Calls under way at a time.
    pub concurrency: Option<u32>,
    /// Calls a minute.
    pub requests_per_minute: Option<u32>,
    /// False for services that refuse `response_format`.
    pub json_mode: Option<bool>,
    /// Put into the body of every call as it is.
    pub extra_body: Map<String, Value>,
}

/// A model with all that a call needs. Its key is never shown.
#[derive(Clone, PartialEq)]
pub struct ModelSpec {
    /// Which.
    pub id: ModelId,
    /// Shown name.
    pub name: String,
    /// Whose.
    pub provider: Provider,
    /// The provider's name of it; for Coze the bot.
    pub model_name: String,
    /// How it is spoken to; `None` = it cannot be called.
    pub wire: Option<Wire>,
    /// Base address without a slash at its end; empty when there is none.
    pub base: String,
    /// The key; empty = none.
    pub key: String,
    /// What stands in `config`.
    pub config: ModelConfig,
    /// Whether nothing is missing to call it, switched on or not.
    pub is_callable: bool,
    /// What the choice needs.
    pub candidate: Candidate,
}

impl fmt::Debug for ModelSpec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = (&self.id, self.provider, &self.model_name, &self.base);
        formatter.debug_tuple("ModelSpec").field(&shown).finish()
    }
}

impl ModelSpec {
    /// The row with its opened key; `preset_key` is the configured key of its provider. That one is used only for a preset
    /// at the provider's own address: it must not go to an address somebody else chose.
    pub fn of(row: &AiModel, opened_key: Option<String>, preset_key: &str) -> Self {
        let wire = Wire::of(row.provider);
        let default = default_base(row.provider).unwrap_or_default();
        let given = row.api_endpoint.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let base = given.unwrap_or(default).trim_end_matches('/').to_owned();
        let is_own_address = base == default;
        let key = opened_key
            .filter(|key| !key.is_empty())
            .or_else(|| (row.is_preset && is_own_address).then(|| preset_key.to_owned()))
            .unwrap_or_default();
        let needs_key = row.provider != Provider::Custom;
        let is_callable = wire.is_some() && !base.is_empty() && (!needs_key || !key.is_empty());
        let takes_images = wire.is_some_and(Wire::takes_images);
        let can = |capability: &&Capability| takes_images || **capability != Capability::ImageAnalysis;
        let candidate = Candidate {
            id: row.id.clone(),
            owner: row.owner_id.clone(),
            is_usable: row.is_active && row.deleted_at.is_none() && is_callable,
            in_default_chain: row.in_default_chain,
            priority: row.priority,
            created_at: row.created_at,
            capabilities: row.capabilities.0.iter().filter(can).copied().collect(),
        };
        Self {
            id: row.id.clone(),
            name: row.name.clone(),
            provider: row.provider,
            model_name: row.model_id.clone(),
            wire,
            base,
            key,
            // A config that cannot be read must not take the model away: it is as if it were empty.
            config: serde_json::from_value(row.config.0.clone()).unwrap_or_default(),
            is_callable,
            candidate,
        }
    }

    /// Where its calls go. A base that names the whole path already is taken as it is.
    pub fn url(&self) -> String {
        let suffix = self.wire.map_or("", Wire::suffix);
        if self.base.ends_with(suffix) { self.base.clone() } else { format!("{}{suffix}", self.base) }
    }

    /// An address beside it, for wires with several.
    pub fn url_of(&self, path: &str) -> String {
        let suffix = self.wire.map_or("", Wire::suffix);
        format!("{}{path}", self.base.strip_suffix(suffix).unwrap_or(&self.base))
    }

    /// What its tokens cost.
    pub fn price(&self) -> Price {
        Price { in_micros: self.config.price_in_micros, out_micros: self.config.price_out_micros }
    }

    /// Whether another row of the same model means other calls: then what is known of the old ones says nothing.
    pub fn is_same_service(&self, other: &Self) -> bool {
        let of = |spec: &Self| (spec.provider, spec.model_name.clone(), spec.base.clone(), spec.key.clone());
        of(self) == of(other)
    }
}

/// How many calls a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateLimits {
    /// Calls under way at a time.
    pub concurrency: usize,
    /// Calls a minute; none = without limit.
    pub per_minute: Option<u32>,
    /// Longest time of one call.
    pub total: Duration,
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;
    use workbot_schema::fields::{Json, Ts};

    use super::*;

    fn row(provider: Provider) -> AiModel {
        AiModel::new(provider, "name", "model", Ts::new(DateTime::UNIX_EPOCH))
    }

    #[test]
    fn addresses_have_defaults_and_suffixes() {
        let table = [
            (Provider::Doubao, None, "https://ark.cn-beijing.volces.com/api/v3/chat/completions"),
            (Provider::QwenPro, None, "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions"),
            (Provider::Custom, Some("http://llm:8000/v1/"), "http://llm:8000/v1/chat/completions"),
            (Provider::Openai, Some("https://x.y/v1/chat/completions"), "https://x.y/v1/chat/completions"),
            (Provider::Claude, None, "https://api.anthropic.com/v1/messages"),
            (Provider::Dify, Some("https://d.y/v1"), "https://d.y/v1/chat-messages"),
            (Provider::Coze, None, "https://api.coze.cn/v3/chat"),
        ];
        for (provider, endpoint, url) in table {
            let spec = ModelSpec::of(
                &AiModel { api_endpoint: endpoint.map(str::to_owned), ..row(provider) },
                Some("k".into()),
                "",
            );
            assert_eq!(spec.url(), url);
            assert!(spec.candidate.is_usable, "{url}");
        }
        let coze = ModelSpec::of(&row(Provider::Coze), Some("k".into()), "");
        assert_eq!(coze.url_of("/v3/chat/retrieve"), "https://api.coze.cn/v3/chat/retrieve");
        assert!(!ModelSpec::of(&row(Provider::Custom), Some("k".into()), "").candidate.is_usable);
        assert!(!ModelSpec::of(&row(Provider::Rules), Some("k".into()), "").candidate.is_usable);
    }

    #[test]
    fn the_configured_key_serves_presets_at_their_own_address_only() {
        let table = [
            (true, None, None, "env"),
            (true, Some("https://api.deepseek.com/v1/"), None, "env"),
            (true, None, Some("own"), "own"),
            (true, Some("https://evil.example/v1"), None, ""),
            (false, None, None, ""),
        ];
        for (is_preset, endpoint, own, key) in table {
            let row =
                AiModel { is_preset, api_endpoint: endpoint.map(str::to_owned), ..row(Provider::Deepseek) };
            let spec = ModelSpec::of(&row, own.map(str::to_owned), "env");
            assert_eq!((spec.key.as_str(), spec.candidate.is_usable), (key, !key.is_empty()), "{row:?}");
            assert!(!format!("{spec:?}").contains("env"));
        }
    }

    #[test]
    fn config_is_read_leniently_and_images_need_a_wire() {
        let config = json!({"priceInMicros": 800, "priceOutMicros": 2000, "concurrency": 4, "other": true});
        let capabilities = Json(vec![Capability::Chat, Capability::ImageAnalysis]);
        let row = |provider| AiModel {
            config: Json(config.clone()),
            capabilities: capabilities.clone(),
            ..self::row(provider)
        };
        let spec = ModelSpec::of(&row(Provider::Openai), Some("k".into()), "");
        assert_eq!((spec.price().out_micros, spec.config.concurrency), (2_000, Some(4)));
        assert!(spec.candidate.capabilities.contains(&Capability::ImageAnalysis));
        let dify = ModelSpec::of(&row(Provider::Dify), Some("k".into()), "");
        assert_eq!(dify.candidate.capabilities, [Capability::Chat]);
        let broken = AiModel { config: Json(json!({"concurrency": "many"})), ..self::row(Provider::Openai) };
        assert_eq!(ModelSpec::of(&broken, None, "").config, ModelConfig::default());
        let inactive = AiModel { is_active: false, ..self::row(Provider::Openai) };
        assert!(!ModelSpec::of(&inactive, Some("k".into()), "").candidate.is_usable);
    }
}
