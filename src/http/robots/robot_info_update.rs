//! `POST /api/robot/robotInfo/update`: who answers, where messages are posted, whether they are signed.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::change::apply;
use super::robot_fields::RobotFields;
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller, take_request};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// What changes; absent fields stay as they are.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RobotInfoRequest {
    /// Robot; may be left out with a robot token.
    pub robot_id: Option<String>,
    /// 0 off, 1 the third party answers.
    pub open_callback: Option<i32>,
    /// −1 read only, 0 private chats and @robot, 1 everything.
    pub reply_all: Option<i32>,
    /// Where messages are posted; empty clears it.
    pub callback_url: Option<String>,
    /// Whether callbacks are signed.
    pub enable_signature: Option<bool>,
    /// The robot's flow answers when the callback failed.
    pub fallback_to_flow: Option<bool>,
}

/// How the robot is set now.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RobotInfo {
    /// Robot.
    pub robot_id: String,
    /// 0 off, 1 the third party answers.
    pub open_callback: i32,
    /// −1 read only, 0 private chats and @robot, 1 everything.
    pub reply_all: i32,
    /// Where messages are posted.
    pub callback_url: Option<String>,
    /// Whether callbacks are signed.
    pub enable_signature: bool,
    /// The robot's flow answers when the callback failed.
    pub fallback_to_flow: bool,
    /// Told once, when signing was switched on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "whsec_…")]
    pub signing_secret: Option<String>,
}

/// Sets who answers.
#[utoipa::path(
    post,
    path = "/api/robot/robotInfo/update",
    operation_id = "update_robot_info",
    tag = "回调配置",
    summary = "设置消息回调",
    description = "只修改给出的字段，不会探测回调地址。enableSignature 由关到开时返回一次 signingSecret。",
    security(("robot" = []), ("platform" = []), ("user" = [])),
    request_body(content = RobotInfoRequest, example = json!({"robotId": "robot_1703123456789_abc123",
        "openCallback": 1, "replyAll": 1, "callbackUrl": "https://api.third-party.com/callback"})),
    responses(
        (status = 200, description = "现在的设置", body = Envelope<RobotInfo>,
            example = json!({"success": true, "code": 0, "message": "success",
                "data": {"robotId": "robot_1703123456789_abc123", "openCallback": 1, "replyAll": 1,
                "callbackUrl": "https://api.third-party.com/callback", "enableSignature": true,
                "fallbackToFlow": false, "signingSecret": "whsec_…"}})),
        Failures
    )
)]
pub async fn robot_info_update(
    state: State,
    caller: Caller,
    origin: Origin,
    body: Body<RobotInfoRequest>,
) -> ApiResult<Reply> {
    let request = body.value;
    let entry = caller.robot(&state, request.robot_id.as_deref(), Action::Configure).await?;
    take_request(&entry)?;
    let fields = RobotFields {
        open_callback: request.open_callback,
        reply_all: request.reply_all,
        callback_url: request.callback_url.map(Some),
        enable_signature: request.enable_signature,
        fallback_to_flow: request.fallback_to_flow,
        ..RobotFields::default()
    };
    let (robot, signing_secret) = apply(&state, &caller, &origin, &entry, fields).await?;
    let settings = robot.settings.0;
    Reply::ok(&RobotInfo {
        robot_id: robot.robot_id.to_string(),
        open_callback: settings.open_callback,
        reply_all: settings.reply_all,
        callback_url: settings.callback_url,
        enable_signature: settings.enable_signature,
        fallback_to_flow: settings.fallback_to_flow,
        signing_secret,
    })
}
