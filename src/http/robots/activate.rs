//! `POST /api/robot-ids/activate`: a phone becomes a robot (or comes back) by its code.
use std::net::IpAddr;

use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;
use workbot_schema::activation::{Activated, Activation, queries};
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::ids::{RobotId, RobotUuid};
use workbot_schema::robots::Robot;

use super::maker::making;
use crate::http::activation_codes::code::normalise;
use crate::http::auth::hash_of;
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Conflict, Fields, Forbidden, Limited, Missing};
use crate::http::extract::{Body, ClientAddress};
use crate::http::openapi::Failures;
use crate::http::state::{AppState, State};

/// A code and the phone that uses it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActivateRequest {
    /// The code, upper or lower case.
    #[schema(example = "3CQ4Z9KE", max_length = 64)]
    pub code: String,
    /// The phone.
    pub device_info: DeviceInfo,
}

/// What the phone says of itself; kept as it is, the id binds.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeviceInfo {
    /// The phone's own id.
    #[schema(example = "9774d56d682e549c", max_length = 128)]
    pub device_id: String,
    /// brand, model, os, osVersion, manufacturer, network, appVersion, totalMemory, screenResolution, and whatever else.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub other: Map<String, Value>,
}

/// The robot and its tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActivateResponse {
    /// Public id.
    #[schema(value_type = String)]
    pub robot_id: RobotId,
    /// Database id.
    #[schema(value_type = String, format = "uuid")]
    pub robot_uuid: RobotUuid,
    /// Access token.
    pub token: String,
    /// Exchanged for the next pair of tokens, once.
    pub refresh_token: String,
    /// End of the access token, ISO 8601.
    pub expires_at: String,
    /// False when the same phone was activated before.
    pub is_new_activation: bool,
}

/// Most bytes of what a phone says of itself.
const DEVICE_INFO_MAX: usize = 16_384;

/// Activates a phone.
#[utoipa::path(
    post,
    path = "/api/robot-ids/activate",
    tag = "机器人激活",
    summary = "激活设备",
    description = "首次激活返回 201；同一设备再次激活返回 200 并更新 Token，之前的 Token 与长连接立即失效；其他设备返回 409。",
    request_body(content = ActivateRequest, example = json!({"code": "3CQ4Z9KE", "deviceInfo": {
        "deviceId": "9774d56d682e549c", "brand": "Xiaomi", "model": "Mi 10", "os": "Android", "osVersion": "13",
        "manufacturer": "Xiaomi", "network": "WiFi", "appVersion": "3.0.1", "totalMemory": 8192,
        "screenResolution": "1080x2400"}})),
    responses(
        (status = 201, description = "首次激活", body = Envelope<ActivateResponse>,
            example = json!({"success": true, "code": 201, "message": "激活成功", "data": {
                "robotId": "robot_1703123456789_abc123", "robotUuid": "550e8400-e29b-41d4-a716-446655440000",
                "token": "eyJ…", "refreshToken": "eyJ…", "expiresAt": "2026-01-30T12:00:00.000Z", "isNewActivation": true}})),
        (status = 200, description = "同设备重复激活", body = Envelope<ActivateResponse>,
            example = json!({"success": true, "code": 200, "message": "激活成功（已更新Token）", "data": {
                "robotId": "robot_1703123456789_abc123", "robotUuid": "550e8400-e29b-41d4-a716-446655440000",
                "token": "eyJ…", "refreshToken": "eyJ…", "expiresAt": "2026-01-30T12:00:00.000Z", "isNewActivation": false}})),
        Failures
    )
)]
pub async fn activate(state: State, client: ClientAddress, body: Body<ActivateRequest>) -> ApiResult<Reply> {
    let ActivateRequest { code, device_info } = body.value;
    let mut fields = Fields::new();
    fields.expect_text("code", &code, 64);
    fields.expect_text("deviceInfo.deviceId", &device_info.device_id, 128);
    let described = serde_json::to_value(&device_info)?;
    fields.expect(described.to_string().len() <= DEVICE_INFO_MAX, "deviceInfo", "内容过长，请精简设备信息");
    fields.into_invalid()?;
    let code = normalise(&code);
    if let Err(locked) = state.check_code_failures(&code, client.address)
        && !is_bound_here(&state, &code, &device_info.device_id).await?
    {
        return Err(locked);
    }
    let found = queries::find_code(&state.db, code.clone()).await?;
    let owner = found.filter(|(_code, robot)| robot.is_none()).and_then(|(code, _none)| code.owner());
    let _making = match owner {
        Some(owner) => Some(making(&state, &owner).await?),
        None => None,
    };
    let now = state.now();
    let family = Uuid::new_v4().simple().to_string();
    let refresh = state.tokens.refresh(&family, now)?;
    let activation = Activation {
        code: code.clone(),
        device_id: device_info.device_id,
        device_info: described,
        family,
        refresh_hash: hash_of(refresh.token.as_bytes()),
        refresh_expires_at: refresh.expires_at,
        robots_per_user: i64::from(state.settings.limits.robots_per_user),
    };
    let outcomes = state.journal.write(vec![Record::Activate(Box::new(activation))]).await?;
    let Some(Outcome::Activated(activated)) = outcomes.into_iter().next() else {
        return Err(ApiError::Internal("the journal answered an activation with something else".to_owned()));
    };
    let answer = |robot: &Robot, is_new: bool| -> ApiResult<Reply> {
        let access = state.tokens.robot(robot, now)?;
        let data = ActivateResponse {
            robot_id: robot.robot_id.clone(),
            robot_uuid: robot.id,
            token: access.token,
            refresh_token: refresh.token.clone(),
            expires_at: access.expires_at.iso(),
            is_new_activation: is_new,
        };
        log::info!(robot = robot.robot_id.as_str(), is_new = is_new; "robot activated");
        if is_new {
            Reply::with(StatusCode::CREATED, 201, "激活成功", &data)
        } else {
            Reply::with(StatusCode::OK, 200, "激活成功（已更新Token）", &data)
        }
    };
    let refusal = match *activated {
        Activated::First(robot) => return answer(&robot, true),
        Activated::Again(robot) => return answer(&robot, false),
        Activated::UnknownCode => ApiError::NotFound(Missing::ActivationCode),
        Activated::Expired => ApiError::Forbidden(Forbidden::CodeExpired),
        Activated::Disabled => ApiError::Forbidden(Forbidden::CodeDisabled),
        Activated::Bound { robot_id, activated_at } => {
            ApiError::Conflict(Conflict::CodeBound { robot_id, activated_at })
        }
        // Nobody guesses by this: the code is right.
        Activated::LimitReached(most) => return Err(ApiError::Conflict(Conflict::RobotLimit(most))),
    };
    state.count_code_failure(code, client.address);
    Err(refusal)
}

/// Whether the code is bound to this very phone: that is never refused for the failures of others.
async fn is_bound_here(state: &AppState, code: &str, device_id: &str) -> ApiResult<bool> {
    let found = queries::find_code(&state.db, code.to_owned()).await?;
    let device = found.and_then(|(_code, robot)| robot).and_then(|robot| robot.device_id);
    Ok(device.as_deref() == Some(device_id))
}

impl AppState {
    /// 429 when an address, or an address with this code, has failed too often.
    pub fn check_code_failures(&self, code: &str, address: IpAddr) -> ApiResult<()> {
        let now_ms = self.clock.monotonic_ms();
        self.address_failures
            .check(&address, now_ms)
            .and_then(|()| self.code_failures.check(&(code.to_owned(), address), now_ms))
            .map_err(|wait| ApiError::Limited(Limited::Failures, wait))
    }

    /// Counts a failed activation or verification.
    pub fn count_code_failure(&self, code: String, address: IpAddr) {
        let now_ms = self.clock.monotonic_ms();
        self.address_failures.fail(address, now_ms);
        self.code_failures.fail((code, address), now_ms);
    }
}
