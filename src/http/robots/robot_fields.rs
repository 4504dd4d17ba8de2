//! The fields of a robot that callers may set, checked and made into changes.
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use workbot_actors::delivery::address_policy::AddressPolicy;
use workbot_schema::fields::sealed::Sealer;
use workbot_schema::robots::settings::AtMeAs;
use workbot_schema::robots::{Robot, RobotChanges, RobotKind, RobotSecrets, RobotSettings};

use super::secret::{SecretKind, new_signing};
use crate::http::error::{ApiError, ApiResult, Fields};

/// Present and null means "none"; absent means "as it is".
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// What may be set of a robot; what is absent stays as it is, null clears.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RobotFields {
    /// What speaks for it; only when it is made.
    pub kind: Option<RobotKind>,
    /// Whose it is; only when an administrator makes it.
    pub owner_id: Option<String>,
    /// A change is made only when the robot is still at this version.
    pub version: Option<i64>,
    /// Shown name, 1..100 characters.
    pub name: Option<String>,
    /// Chooses the persona.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub robot_group: Option<Option<String>>,
    /// Chooses the persona.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub robot_type: Option<Option<String>>,
    /// Preferred model.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub ai_model_id: Option<Option<String>>,
    /// Own persona.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub persona_id: Option<Option<String>>,
    /// Own flow.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub flow_id: Option<Option<String>>,
    /// 0 off, 1 the third party answers.
    pub open_callback: Option<i32>,
    /// −1 read only, 0 private chats and @robot, 1 everything.
    pub reply_all: Option<i32>,
    /// Where messages are posted.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub callback_url: Option<Option<String>>,
    /// Where replies are fetched.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub pull_url: Option<Option<String>>,
    /// Whether callbacks are signed; switching it on answers the new secret once.
    pub enable_signature: Option<bool>,
    /// The robot's flow answers when the callback failed.
    pub fallback_to_flow: Option<bool>,
    /// How `atMe` is written; null = by kind.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<AtMeAs>)]
    pub at_me_as: Option<Option<AtMeAs>>,
    /// A callback answer `code ≠ 0` is sent to the chat.
    pub error_reply: Option<bool>,
    /// Failed callbacks are tried again.
    pub callback_retry: Option<bool>,
    /// Failed results are tried again.
    pub command_retry: Option<bool>,
    /// 1 form-data, 2 JSON.
    #[serde(rename = "callBackRequestType")]
    pub callback_request_type: Option<i32>,
    /// Key of the WorkTool routes, write-only.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub robot_key: Option<Option<String>>,
    /// 1 = WorkTool routes ask for the robot key.
    pub robot_key_check: Option<i32>,
    /// Whether the WorkTool routes serve this robot.
    pub worktool_api: Option<bool>,
    /// WorkTool phones: 1 = commands are encrypted with the app's published key.
    pub encrypt_type: Option<i32>,
    /// Tokens a day, 0 = no limit.
    pub daily_token_budget: Option<i64>,
    /// On or off.
    pub enabled: Option<bool>,
    /// Hosted platform: base URL.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub cloud_base_url: Option<Option<String>>,
    /// Hosted platform: robot id there.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub cloud_robot_id: Option<Option<String>>,
    /// Hosted platform: key for calls, write-only.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub cloud_key: Option<Option<String>>,
}

/// What fields become.
#[derive(Debug)]
pub struct Prepared {
    /// For the write.
    pub changes: RobotChanges,
    /// Shown once: signing was switched on.
    pub signing_secret: Option<String>,
    /// Wire names of what was given, for the audit log.
    pub names: Vec<&'static str>,
}

/// What preparing needs beside the fields.
pub struct Tools<'a> {
    /// Which addresses may be saved.
    pub addresses: AddressPolicy,
    /// Seals secrets.
    pub sealer: &'a Sealer,
    /// 32 random bytes for a signing secret.
    pub random: [u8; 32],
}

/// Checks the fields against a robot: 400 names wrong ones, 422 an address that must not be called.
pub fn prepare(fields: RobotFields, robot: &Robot, tools: &Tools<'_>) -> ApiResult<Prepared> {
    let mut wrong = Fields::new();
    check(&fields, &mut wrong);
    let mut names = Vec::new();
    let mut settings = robot.settings.0.clone();
    let mut secrets = robot.secrets.0.clone();
    let mut address_error = None;
    for (name, given, target) in [
        ("callbackUrl", &fields.callback_url, &mut settings.callback_url),
        ("pullUrl", &fields.pull_url, &mut settings.pull_url),
        ("cloudBaseUrl", &fields.cloud_base_url, &mut settings.cloud_base_url),
    ] {
        let Some(given) = given else { continue };
        names.push(name);
        match given.as_deref().map(str::trim).filter(|url| !url.is_empty()) {
            None => *target = None,
            Some(url) => match tools.addresses.check_url(url) {
                Ok(_url) => *target = Some(url.to_owned()),
                Err(error) => address_error = address_error.or(Some((name, error))),
            },
        }
    }
    set(&mut names, "openCallback", fields.open_callback, &mut settings.open_callback);
    set(&mut names, "replyAll", fields.reply_all, &mut settings.reply_all);
    set(&mut names, "fallbackToFlow", fields.fallback_to_flow, &mut settings.fallback_to_flow);
    set(&mut names, "atMeAs", fields.at_me_as, &mut settings.at_me_as);
    set(&mut names, "errorReply", fields.error_reply, &mut settings.error_reply);
    set(&mut names, "callbackRetry", fields.callback_retry, &mut settings.callback_retry);
    set(&mut names, "commandRetry", fields.command_retry, &mut settings.command_retry);
    set(&mut names, "callBackRequestType", fields.callback_request_type, &mut settings.callback_request_type);
    set(&mut names, "robotKeyCheck", fields.robot_key_check, &mut settings.robot_key_check);
    set(&mut names, "worktoolApi", fields.worktool_api, &mut settings.worktool_api);
    set(&mut names, "encryptType", fields.encrypt_type, &mut settings.encrypt_type);
    set(&mut names, "dailyTokenBudget", fields.daily_token_budget, &mut settings.daily_token_budget);
    set(&mut names, "cloudRobotId", fields.cloud_robot_id.map(blank_is_none), &mut settings.cloud_robot_id);
    for (name, given, kind, target) in [
        ("robotKey", fields.robot_key, SecretKind::RobotKey, &mut secrets.robot_key),
        ("cloudKey", fields.cloud_key, SecretKind::CloudKey, &mut secrets.cloud_key),
    ] {
        let Some(given) = given else { continue };
        names.push(name);
        *target = match blank_is_none(given) {
            None => None,
            Some(plain) => Some(tools.sealer.seal(&kind.place(robot.id), &plain)?),
        };
    }
    wrong.expect(
        settings.robot_key_check != 1 || secrets.robot_key.is_some(),
        "robotKeyCheck",
        "请先设置 robotKey 再开启校验",
    );
    wrong.into_invalid()?;
    if let Some((name, error)) = address_error {
        return Err(ApiError::address(name, error));
    }
    let signing_secret =
        sign(fields.enable_signature, robot, &mut settings, &mut secrets, tools, &mut names)?;
    let mut changes = RobotChanges {
        settings: (settings != robot.settings.0).then_some(settings),
        secrets: (secrets != robot.secrets.0).then_some(secrets),
        ..RobotChanges::default()
    };
    changes.name = named(&mut names, "name", fields.name.map(|name| name.trim().to_owned()));
    changes.robot_group = named(&mut names, "robotGroup", fields.robot_group.map(blank_is_none));
    changes.robot_type = named(&mut names, "robotType", fields.robot_type.map(blank_is_none));
    changes.ai_model_id = named(&mut names, "aiModelId", fields.ai_model_id.map(blank_is_none));
    changes.persona_id = named(&mut names, "personaId", fields.persona_id.map(blank_is_none));
    changes.flow_id = named(&mut names, "flowId", fields.flow_id.map(blank_is_none));
    changes.is_enabled = named(&mut names, "enabled", fields.enabled);
    Ok(Prepared { changes, signing_secret, names })
}

/// Puts changes into a robot that is not stored yet.
pub fn put(robot: &mut Robot, changes: RobotChanges) {
    robot.name = changes.name.unwrap_or_else(|| robot.name.clone());
    robot.robot_group = changes.robot_group.unwrap_or_else(|| robot.robot_group.clone());
    robot.robot_type = changes.robot_type.unwrap_or_else(|| robot.robot_type.clone());
    robot.ai_model_id = changes.ai_model_id.unwrap_or_else(|| robot.ai_model_id.clone());
    robot.persona_id = changes.persona_id.unwrap_or_else(|| robot.persona_id.clone());
    robot.flow_id = changes.flow_id.unwrap_or_else(|| robot.flow_id.clone());
    robot.is_enabled = changes.is_enabled.unwrap_or(robot.is_enabled);
    if let Some(settings) = changes.settings {
        robot.settings.0 = settings;
    }
    if let Some(secrets) = changes.secrets {
        robot.secrets.0 = secrets;
    }
}

fn check(fields: &RobotFields, wrong: &mut Fields) {
    if let Some(name) = &fields.name {
        wrong.expect_text("name", name, 100);
    }
    for (path, given, most) in [
        ("robotGroup", &fields.robot_group, 100),
        ("robotType", &fields.robot_type, 100),
        ("aiModelId", &fields.ai_model_id, 36),
        ("personaId", &fields.persona_id, 36),
        ("flowId", &fields.flow_id, 36),
        ("robotKey", &fields.robot_key, 200),
        ("cloudKey", &fields.cloud_key, 200),
        ("cloudRobotId", &fields.cloud_robot_id, 200),
    ] {
        if let Some(Some(text)) = given {
            wrong.expect_length(path, text, most);
        }
    }
    let one_of = |wrong: &mut Fields, path: &str, given: Option<i32>, allowed: &[i32], text: &str| {
        wrong.expect(given.is_none_or(|number| allowed.contains(&number)), path, text);
    };
    one_of(wrong, "openCallback", fields.open_callback, &[0, 1], "只能是 0 或 1");
    one_of(wrong, "replyAll", fields.reply_all, &[-1, 0, 1], "只能是 -1、0 或 1");
    one_of(wrong, "callBackRequestType", fields.callback_request_type, &[1, 2], "只能是 1 或 2");
    one_of(wrong, "robotKeyCheck", fields.robot_key_check, &[0, 1], "只能是 0 或 1");
    one_of(wrong, "encryptType", fields.encrypt_type, &[0, 1], "只能是 0 或 1");
    wrong.expect(
        fields.daily_token_budget.is_none_or(|budget| (0..=1_000_000_000_000).contains(&budget)),
        "dailyTokenBudget",
        "必须是不小于 0 的整数",
    );
}

/// Switching on makes a new secret and answers it once; switching off leaves nothing that signs.
fn sign(
    wanted: Option<bool>,
    robot: &Robot,
    settings: &mut RobotSettings,
    secrets: &mut RobotSecrets,
    tools: &Tools<'_>,
    names: &mut Vec<&'static str>,
) -> ApiResult<Option<String>> {
    let Some(wanted) = wanted else { return Ok(None) };
    names.push("enableSignature");
    let was_on = settings.enable_signature;
    settings.enable_signature = wanted;
    if was_on == wanted {
        return Ok(None);
    }
    secrets.signing = None;
    secrets.previous_signing = None;
    secrets.previous_until_ms = None;
    if !wanted {
        return Ok(None);
    }
    let (sealed, plain) = new_signing(tools.sealer, robot.id, &tools.random)?;
    secrets.signing = Some(sealed);
    Ok(Some(plain))
}

fn set<T>(names: &mut Vec<&'static str>, name: &'static str, given: Option<T>, target: &mut T) {
    if let Some(value) = given {
        names.push(name);
        *target = value;
    }
}

fn named<T>(names: &mut Vec<&'static str>, name: &'static str, given: Option<T>) -> Option<T> {
    if given.is_some() {
        names.push(name);
    }
    given
}

fn blank_is_none(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
#[path = "robot_fields_tests.rs"]
mod tests;
