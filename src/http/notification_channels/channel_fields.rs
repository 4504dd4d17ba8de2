//! The fields of a channel that callers may set, checked and made into changes; secrets are sealed on the way.
use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use workbot_actors::alert::channels::config::{ChannelConfig, check_secret, secret_of};
use workbot_actors::delivery::address_policy::{AddressError, AddressPolicy};
use workbot_schema::fields::Ts;
use workbot_schema::fields::sealed::Sealer;
use workbot_schema::notification_channels::{ChannelChanges, ChannelType, NotificationChannel};

use super::channel_view::mark_of;
use crate::http::auth::{Action, Caller, UserToken};
use crate::http::error::{ApiError, ApiResult, Fields, Rule};
use crate::http::state::AppState;

/// Where the keys of group bots are sent.
const WECOM: &str = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=";

/// Present and null means "none"; absent means "as it is".
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// What may be set of a channel; what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ChannelFields {
    /// A change is made only when the channel is still at this version.
    pub version: Option<i64>,
    /// Whose; null = shared.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub owner_id: Option<Option<String>>,
    /// Shown name, 1..100 characters.
    pub name: Option<String>,
    /// robot_message, console, wecom_group, email or webhook; only when it is made.
    #[serde(rename = "type")]
    pub channel_type: Option<ChannelType>,
    /// Everything open at once; a secret that is absent stays, null takes it away.
    #[schema(value_type = Option<Object>)]
    pub config: Option<Map<String, Value>>,
    /// On or off.
    pub is_active: Option<bool>,
}

/// What checking needs beside the fields.
pub struct Tools<'a> {
    /// Which addresses may be saved.
    pub addresses: AddressPolicy,
    /// Seals secrets.
    pub sealer: &'a Sealer,
}

impl ChannelFields {
    /// A new channel of the type that is given: 400 names what is missing.
    pub fn begin(&self, now: Ts) -> ApiResult<NotificationChannel> {
        let mut wrong = Fields::new();
        wrong.expect(self.name.is_some(), "name", "缺少该字段");
        wrong.expect(self.channel_type.is_some(), "type", "缺少该字段");
        wrong.into_invalid()?;
        let channel_type = self.channel_type.unwrap_or(ChannelType::Console);
        Ok(NotificationChannel::new("", channel_type, Value::Object(Map::new()), now))
    }

    /// Checks the fields against a channel: 400 names wrong ones, 422 an address that must not be called. The changes, and the wire
    /// names of what is given, for the audit log.
    pub async fn prepare(
        self,
        state: &AppState,
        user: &UserToken,
        present: &NotificationChannel,
        is_new: bool,
    ) -> ApiResult<(ChannelChanges, Vec<&'static str>)> {
        let mut wrong = Fields::new();
        let mut names = Vec::new();
        let mut changes = ChannelChanges::default();
        if let Some(name) = &self.name {
            names.push("name");
            wrong.expect_text("name", name, 100);
            changes.name = Some(name.trim().to_owned());
        }
        let is_same = self.channel_type.is_none_or(|kind| kind == present.channel_type);
        wrong.expect(is_same, "type", "渠道类型创建后不能修改");
        if self.is_active.is_some() {
            names.push("isActive");
            changes.is_active = self.is_active;
        }
        if let Some(owner) = &self.owner_id {
            names.push("ownerId");
            changes.owner_id = Some(user.owner_for(state, owner.as_deref()).await?);
        }
        let mut after = present.clone();
        after.apply(&changes);
        wrong.into_invalid()?;
        if let Some(config) = self.config.or_else(|| is_new.then(Map::new)) {
            names.push("config");
            let tools = Tools { addresses: state.addresses, sealer: &state.sealer };
            let (read, config, secrets) = configure(config, &after, &tools)?;
            check_robot(state, user, &after, &read).await?;
            changes.config = Some(config);
            changes.secrets = Some(secrets);
        } else if changes.owner_id.is_some()
            && let Ok(read) = ChannelConfig::read(after.channel_type, &after.config.0)
        {
            check_robot(state, user, &after, &read).await?;
        }
        Ok((changes, names))
    }
}

/// Parts the open configuration from its secret, and checks both.
pub fn configure(
    mut config: Map<String, Value>,
    present: &NotificationChannel,
    tools: &Tools<'_>,
) -> ApiResult<(ChannelConfig, Value, BTreeMap<String, String>)> {
    let kind = present.channel_type;
    let mut wrong = Fields::new();
    let mut secrets = present.secrets.0.clone();
    let mut address = None;
    if let Some((field, is_needed)) = secret_of(kind) {
        // What an earlier answer said is no wish.
        config.remove(&mark_of(field));
        if let Some(given) = take_secret(kind, field, &mut config, &mut wrong) {
            match given.filter(|secret| !secret.is_empty()) {
                None => drop(secrets.remove(field)),
                Some(secret) => {
                    if let Err(problem) = check_secret(kind, &secret) {
                        wrong.add(format!("config.{}", problem.field), problem.text);
                    }
                    if kind == ChannelType::WecomGroup
                        && let Err(error) = tools.addresses.check_url(&secret)
                    {
                        address = Some((field, error));
                    }
                    let place = NotificationChannel::secret_place(&present.id, field);
                    secrets.insert(field.to_owned(), tools.sealer.seal(&place, &secret)?);
                }
            }
        } else if kind == ChannelType::Email && is_elsewhere(&config, &present.config.0) {
            // A password is not told to another server than the one it was given for.
            secrets.remove(field);
        }
        wrong.expect(!is_needed || secrets.contains_key(field), &format!("config.{field}"), "不能为空");
    }
    let config = Value::Object(config);
    let read = match ChannelConfig::read(kind, &config) {
        Ok(read) => read,
        Err(problems) => {
            for problem in problems {
                let dot = if problem.field.is_empty() { "" } else { "." };
                wrong.add(format!("config{dot}{}", problem.field), problem.text);
            }
            wrong.into_invalid()?;
            return Err(ApiError::field("config", "应为对象"));
        }
    };
    wrong.into_invalid()?;
    let refused = match &read {
        ChannelConfig::Webhook { url } => tools.addresses.check_url(url).err().map(|error| ("url", error)),
        ChannelConfig::Email { host, .. } => {
            tools.addresses.check_host(host).err().map(|error| ("host", error))
        }
        ChannelConfig::RobotMessage { .. } | ChannelConfig::Console | ChannelConfig::WecomGroup { .. } => {
            address
        }
    };
    match refused {
        Some(("host", AddressError::Malformed | AddressError::NoHost)) => {
            Err(ApiError::field("config.host", "不是有效的主机名或 IP 地址"))
        }
        Some((field, error)) => {
            Err(ApiError::Rule(Rule::Address { field: format!("config.{field}"), error }))
        }
        None => Ok((read, config, secrets)),
    }
}

/// The secret as it is given: none when nothing is said of it, `Some(None)` when it is taken away. A group bot may be named by its
/// whole address or by its key.
fn take_secret(
    kind: ChannelType,
    field: &'static str,
    config: &mut Map<String, Value>,
    wrong: &mut Fields,
) -> Option<Option<String>> {
    let mut given = config.remove(field);
    if kind == ChannelType::WecomGroup {
        let url = config.remove("url");
        let key = match config.remove("key") {
            Some(Value::String(key)) if key.trim().is_empty() => Some(Value::Null),
            Some(Value::String(key)) => Some(Value::String(format!("{WECOM}{}", key.trim()))),
            other => other,
        };
        given = given.or(url).or(key);
    }
    match given? {
        Value::Null => Some(None),
        Value::String(secret) => Some(Some(secret.trim().to_owned())),
        _ => {
            wrong.add(format!("config.{field}"), "应为文本");
            None
        }
    }
}

/// Whether the mail server or who logs in differs.
fn is_elsewhere(config: &Map<String, Value>, present: &Value) -> bool {
    ["host", "port", "username", "security"].iter().any(|field| config.get(*field) != present.get(field))
}

/// The robot of a channel is one that the caller sees, and its owner's when it has one.
async fn check_robot(
    state: &AppState,
    user: &UserToken,
    channel: &NotificationChannel,
    config: &ChannelConfig,
) -> ApiResult<()> {
    let ChannelConfig::RobotMessage { robot_id, .. } = config else { return Ok(()) };
    let caller = Caller::User(user.clone());
    match caller.robot(state, Some(robot_id), Action::ReadRobot).await {
        Ok(entry) if channel.owner_id.is_none() || entry.profile().robot.owner_id == channel.owner_id => {
            Ok(())
        }
        Ok(_others) => Err(ApiError::field("config.robotId", "私有渠道只能使用所有者自己的机器人")),
        Err(ApiError::NotFound(_)) => Err(ApiError::field("config.robotId", "机器人不存在")),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::extract::json::fields_of;

    const STRICT: AddressPolicy = AddressPolicy { allow_private: false };
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn channel(kind: ChannelType, config: Value) -> NotificationChannel {
        NotificationChannel::new("c", kind, config, Ts::new(chrono::DateTime::UNIX_EPOCH))
    }

    fn configured(
        present: &NotificationChannel,
        config: Value,
    ) -> ApiResult<(ChannelConfig, Value, BTreeMap<String, String>)> {
        let sealer = Sealer::new(&[7; 32]).unwrap();
        let config = config.as_object().unwrap().clone();
        configure(config, present, &Tools { addresses: STRICT, sealer: &sealer })
    }

    #[test]
    fn secrets_are_sealed_kept_and_taken_away() {
        let mut present = channel(ChannelType::Webhook, json!({}));
        let url = json!({"url": "https://a.example.com/x"});
        let (_read, config, secrets) =
            configured(&present, json!({"url": "https://a.example.com/x", "secret": SECRET})).unwrap();
        assert_eq!(config, url);
        let sealer = Sealer::new(&[7; 32]).unwrap();
        let place = NotificationChannel::secret_place(&present.id, "secret");
        assert_eq!(sealer.open(&place, &secrets["secret"]).unwrap(), SECRET);
        present.secrets.0 = secrets.clone();
        let (_read, _config, kept) =
            configured(&present, json!({"url": "https://b.example.com/x", "secretSet": true})).unwrap();
        assert_eq!(kept, secrets);
        let mut gone = url.clone();
        gone["secret"] = Value::Null;
        assert!(configured(&present, gone).unwrap().2.is_empty());
    }

    #[test]
    fn a_password_stays_with_its_server() {
        let server =
            json!({"host": "mail.example.com", "port": 25, "from": "a@example.com", "to": ["b@example.com"]});
        let mut present = channel(ChannelType::Email, server.clone());
        present.secrets.0.insert("password".to_owned(), "sealed".to_owned());
        assert_eq!(configured(&present, server.clone()).unwrap().2.len(), 1);
        let mut other = server.clone();
        other["host"] = json!("mail.attacker.example.com");
        assert!(configured(&present, other).unwrap().2.is_empty());
    }

    #[test]
    fn a_group_bot_is_named_by_address_or_key() {
        let present = channel(ChannelType::WecomGroup, json!({}));
        for config in [
            json!({"key": "k1"}),
            json!({"url": format!("{WECOM}k1")}),
            json!({"webhookUrl": format!("{WECOM}k1"), "format": "text"}),
        ] {
            let (_read, open, secrets) = configured(&present, config).unwrap();
            let place = NotificationChannel::secret_place(&present.id, "webhookUrl");
            let opened = Sealer::new(&[7; 32]).unwrap().open(&place, &secrets["webhookUrl"]).unwrap();
            assert_eq!(opened, format!("{WECOM}k1"));
            assert!(!open.to_string().contains("k1"));
        }
    }

    #[test]
    fn what_is_wrong_is_named_below_config() {
        let table = [
            (ChannelType::WecomGroup, json!({}), "config.webhookUrl"),
            (ChannelType::WecomGroup, json!({"webhookUrl": 5}), "config.webhookUrl"),
            (ChannelType::WecomGroup, json!({"key": "k", "format": "html"}), "config.format"),
            (ChannelType::WecomGroup, json!({"url": "http://127.0.0.1/x"}), "config.webhookUrl"),
            (
                ChannelType::Webhook,
                json!({"url": "https://a.example.com/", "secret": "geheim"}),
                "config.secret",
            ),
            (ChannelType::Webhook, json!({"url": "http://169.254.169.254/x"}), "config.url"),
            (ChannelType::Webhook, json!({"url": "ftp://a.example.com/"}), "config.url"),
            (
                ChannelType::Email,
                json!({"host": "10.0.0.1", "from": "a@b.cn", "to": "c@d.cn"}),
                "config.host",
            ),
            (ChannelType::Email, json!({"host": "a b", "from": "a@b.cn", "to": "c@d.cn"}), "config.host"),
            (ChannelType::Console, json!({"x": 1}), "config.x"),
        ];
        for (kind, config, field) in table {
            let error = configured(&channel(kind, json!({})), config.clone()).unwrap_err();
            let named = match &error {
                ApiError::Rule(Rule::Address { field, .. }) => field.clone(),
                other => fields_of(other).to_string(),
            };
            assert_eq!(named, field, "{kind} {config}");
        }
    }
}
