//! Settings of the node types. A key that is null counts as absent; an unknown key is a fault.
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::node_type::NodeType;
use super::problem::ProblemCode;
use crate::ids::{AlertRuleId, ChannelId, ModelId, PersonaId};

/// What the alert path answers when its node says nothing else.
pub const ALERT_REPLY: &str = "您的消息已被标记为风险，客服稍后会处理";

/// Settings of `intent`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct IntentConfig {
    /// Model to ask first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub model_id: Option<ModelId>,
    /// An intent that is less sure counts as `chat`, 0..1.
    pub min_confidence: f64,
}

impl Default for IntentConfig {
    fn default() -> Self {
        Self { model_id: None, min_confidence: 0.5 }
    }
}

/// Settings of `ai_reply`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AiReplyConfig {
    /// Model to ask first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub model_id: Option<ModelId>,
    /// Persona that speaks instead of the robot's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub persona_id: Option<PersonaId>,
    /// Category of templates; one that renders is the reply, and no model is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_category: Option<String>,
    /// The reply itself; may hold template variables. No model is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_reply: Option<String>,
    /// What is answered once an alert was raised.
    pub alert_reply: AlertReply,
}

/// What is answered once an alert was raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum AlertReply {
    /// `true`: the usual sentence. `false`: the reply is written as for any other message.
    Switch(bool),
    /// These words.
    Text(String),
}

impl Default for AlertReply {
    fn default() -> Self {
        Self::Switch(true)
    }
}

impl AlertReply {
    /// The words, unless it is off.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Switch(true) => Some(ALERT_REPLY),
            Self::Text(text) if !text.trim().is_empty() => Some(text),
            Self::Switch(false) | Self::Text(_) => None,
        }
    }
}

/// Settings of `message_dispatch`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MessageDispatchConfig {
    /// `auto` (where the message came from), `group`, `private` (who wrote), or the name of a chat.
    pub target: String,
    /// The name of a chat, when `target` is `name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Default for MessageDispatchConfig {
    fn default() -> Self {
        Self { target: "auto".to_owned(), name: None }
    }
}

/// Settings of `send_command`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SendCommandConfig {
    /// Quotes the message that is answered.
    pub quote: bool,
    /// Mentions who wrote, in groups.
    pub at: bool,
}

/// Settings of `command_status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CommandStatusConfig {
    /// How long it waits for the result, seconds; 0 does not wait.
    pub wait_secs: i64,
}

impl Default for CommandStatusConfig {
    fn default() -> Self {
        Self { wait_secs: 120 }
    }
}

/// Settings of `alert_save`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AlertSaveConfig {
    /// critical, warning or info.
    pub level: String,
    /// Stable name of the cause.
    pub code: String,
}

impl Default for AlertSaveConfig {
    fn default() -> Self {
        Self { level: "warning".to_owned(), code: "risk_message".to_owned() }
    }
}

/// Settings of `alert_rule`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AlertRuleConfig {
    /// Rules that are looked at; empty = all.
    #[schema(value_type = Vec<String>)]
    pub rule_ids: Vec<AlertRuleId>,
}

/// Settings of `execute_notification`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ExecuteNotificationConfig {
    /// Channels that are told; empty = those of the rules that matched.
    #[schema(value_type = Vec<String>)]
    pub channel_ids: Vec<ChannelId>,
}

/// Settings of a node, by its type.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeConfig {
    /// It has none.
    MessageReceive,
    /// See [`IntentConfig`].
    Intent(IntentConfig),
    /// It has none: conditions stand on its edges.
    Decision,
    /// See [`AiReplyConfig`].
    AiReply(AiReplyConfig),
    /// See [`MessageDispatchConfig`].
    MessageDispatch(MessageDispatchConfig),
    /// See [`SendCommandConfig`].
    SendCommand(SendCommandConfig),
    /// See [`CommandStatusConfig`].
    CommandStatus(CommandStatusConfig),
    /// It has none.
    End,
    /// See [`AlertSaveConfig`].
    AlertSave(AlertSaveConfig),
    /// See [`AlertRuleConfig`].
    AlertRule(AlertRuleConfig),
    /// See [`ExecuteNotificationConfig`].
    ExecuteNotification(ExecuteNotificationConfig),
}

/// Why settings cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFault {
    /// [`ProblemCode::UnknownKey`] or [`ProblemCode::BadConfig`].
    pub code: ProblemCode,
    /// For people.
    pub message: String,
}

impl ConfigFault {
    fn bad(message: impl Into<String>) -> Self {
        Self { code: ProblemCode::BadConfig, message: message.into() }
    }
}

const LEVELS: [&str; 3] = ["critical", "warning", "info"];
/// Longest wait for a result, seconds: a day.
const WAIT_SECS_MAX: i64 = 86_400;
/// Longest text of a setting, characters.
const TEXT_CHARS_MAX: usize = 4_000;
/// Most ids in a list.
const IDS_MAX: usize = 100;

impl NodeConfig {
    /// Reads the settings of a node of this type; all faults at once.
    pub fn read(node_type: NodeType, config: &Value) -> Result<Self, Vec<ConfigFault>> {
        let given = match config {
            Value::Null => Map::new(),
            Value::Object(keys) => keys
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
            _ => return Err(vec![ConfigFault::bad("config 必须是对象")]),
        };
        let known = keys_of(node_type);
        let faults: Vec<ConfigFault> = given
            .keys()
            .filter(|key| !known.contains(&key.as_str()))
            .map(|key| ConfigFault {
                code: ProblemCode::UnknownKey,
                message: format!("未知的配置项 {}", short(key)),
            })
            .collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        let config = match node_type {
            NodeType::MessageReceive => Self::MessageReceive,
            NodeType::Decision => Self::Decision,
            NodeType::End => Self::End,
            NodeType::Intent => Self::Intent(from_keys(given)?),
            NodeType::AiReply => Self::AiReply(from_keys(given)?),
            NodeType::MessageDispatch => Self::MessageDispatch(from_keys(given)?),
            NodeType::SendCommand => Self::SendCommand(from_keys(given)?),
            NodeType::CommandStatus => Self::CommandStatus(from_keys(given)?),
            NodeType::AlertSave => Self::AlertSave(from_keys(given)?),
            NodeType::AlertRule => Self::AlertRule(from_keys(given)?),
            NodeType::ExecuteNotification => Self::ExecuteNotification(from_keys(given)?),
        };
        match config.fault() {
            None => Ok(config.without_blanks()),
            Some(fault) => Err(vec![fault]),
        }
    }

    /// A value out of its range.
    fn fault(&self) -> Option<ConfigFault> {
        let fault = match self {
            Self::Intent(config) if !(0.0..=1.0).contains(&config.min_confidence) => {
                "minConfidence 应在 0 到 1 之间"
            }
            Self::AiReply(config) if texts_of(config).any(|text| text.chars().count() > TEXT_CHARS_MAX) => {
                "回复文本不能超过 4000 个字符"
            }
            Self::MessageDispatch(config) if config.target.trim().is_empty() => "target 不能为空",
            Self::MessageDispatch(MessageDispatchConfig { target, name })
                if target == "name" && name.as_deref().is_none_or(|name| name.trim().is_empty()) =>
            {
                "target 为 name 时必须填写 name"
            }
            Self::MessageDispatch(config) if config.target.chars().count() > 64 => {
                "target 不能超过 64 个字符"
            }
            Self::CommandStatus(config) if !(0..=WAIT_SECS_MAX).contains(&config.wait_secs) => {
                "waitSecs 应在 0 到 86400 之间"
            }
            Self::AlertSave(config) if !LEVELS.contains(&config.level.as_str()) => {
                "level 应为 critical、warning 或 info"
            }
            Self::AlertSave(config) if config.code.trim().is_empty() || config.code.chars().count() > 64 => {
                "code 应为 1 到 64 个字符"
            }
            Self::AlertRule(config) if config.rule_ids.len() > IDS_MAX => "ruleIds 最多 100 个",
            Self::ExecuteNotification(config) if config.channel_ids.len() > IDS_MAX => {
                "channelIds 最多 100 个"
            }
            _ => return None,
        };
        Some(ConfigFault::bad(fault))
    }

    /// A form that is left blank says nothing.
    fn without_blanks(self) -> Self {
        match self {
            Self::Intent(config) => Self::Intent(IntentConfig {
                model_id: config.model_id.filter(|id| !id.0.trim().is_empty()),
                ..config
            }),
            Self::AiReply(config) => Self::AiReply(AiReplyConfig {
                model_id: config.model_id.filter(|id| !id.0.trim().is_empty()),
                persona_id: config.persona_id.filter(|id| !id.0.trim().is_empty()),
                template_category: config.template_category.filter(|text| !text.trim().is_empty()),
                fixed_reply: config.fixed_reply.filter(|text| !text.trim().is_empty()),
                alert_reply: config.alert_reply,
            }),
            other => other,
        }
    }
}

fn texts_of(config: &AiReplyConfig) -> impl Iterator<Item = &str> {
    [config.fixed_reply.as_deref(), config.template_category.as_deref(), config.alert_reply.text()]
        .into_iter()
        .flatten()
}

fn keys_of(node_type: NodeType) -> &'static [&'static str] {
    match node_type {
        NodeType::MessageReceive | NodeType::Decision | NodeType::End => &[],
        NodeType::Intent => &["modelId", "minConfidence"],
        NodeType::AiReply => &["modelId", "personaId", "templateCategory", "fixedReply", "alertReply"],
        NodeType::MessageDispatch => &["target", "name"],
        NodeType::SendCommand => &["quote", "at"],
        NodeType::CommandStatus => &["waitSecs"],
        NodeType::AlertSave => &["level", "code"],
        NodeType::AlertRule => &["ruleIds"],
        NodeType::ExecuteNotification => &["channelIds"],
    }
}

/// Key by key, so that the fault names its key.
fn from_keys<T: DeserializeOwned>(given: Map<String, Value>) -> Result<T, Vec<ConfigFault>> {
    let faults: Vec<ConfigFault> = given
        .iter()
        .filter(|(key, value)| {
            let alone = Map::from_iter([((*key).clone(), (*value).clone())]);
            serde_json::from_value::<T>(Value::Object(alone)).is_err()
        })
        .map(|(key, _)| ConfigFault::bad(format!("配置项 {key} 的类型不正确")))
        .collect();
    if !faults.is_empty() {
        return Err(faults);
    }
    serde_json::from_value(Value::Object(given)).map_err(|error| vec![ConfigFault::bad(error.to_string())])
}

fn short(text: &str) -> String {
    text.chars().take(64).collect()
}
