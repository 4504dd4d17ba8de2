//! `POST /api/robot-ids/verify`: what can be done with a code. Always 200.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workbot_schema::activation::{ActivationCode, CodeStatus, queries};
use workbot_schema::fields::Ts;
use workbot_schema::ids::RobotId;
use workbot_schema::robots::Robot;

use crate::http::activation_codes::code::normalise;
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiResult, Fields};
use crate::http::extract::{Body, ClientAddress};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// A code and the phone that asks.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VerifyRequest {
    /// The code, upper or lower case.
    #[schema(example = "3CQ4Z9KE", max_length = 64)]
    pub code: String,
    /// The phone's own id.
    #[schema(example = "9774d56d682e549c", max_length = 128)]
    pub device_id: String,
}

/// What can be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VerifyResponse {
    /// Unused or in use.
    pub valid: bool,
    /// Status of the code.
    pub status: CodeStatus,
    /// Whether this phone can be activated with it.
    pub can_activate: bool,
    /// The robot, when it is this phone's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub robot_id: Option<RobotId>,
}

impl VerifyResponse {
    /// Judges a code for a phone.
    pub fn judge(found: Option<&(ActivationCode, Option<Robot>)>, device_id: &str, now: Ts) -> Self {
        let Some((code, robot)) = found else {
            return Self { valid: false, status: CodeStatus::Unknown, can_activate: false, robot_id: None };
        };
        let robot = robot.as_ref();
        let status = match robot {
            Some(robot) if robot.deleted_at.is_some() => CodeStatus::Expired,
            _ => code.status(robot.and_then(|robot| robot.service_expires_at), now),
        };
        let device = robot.and_then(|robot| robot.device_id.as_deref());
        let (valid, can_activate) = match status {
            CodeStatus::Unused => (true, true),
            CodeStatus::Active => (true, device.is_none_or(|device| device == device_id)),
            CodeStatus::Expired | CodeStatus::Disabled | CodeStatus::Unknown => (false, false),
        };
        let robot_id = robot.filter(|_robot| device == Some(device_id)).map(|robot| robot.robot_id.clone());
        Self { valid, status, can_activate, robot_id }
    }
}

/// Looks a code up without using it.
#[utoipa::path(
    post,
    path = "/api/robot-ids/verify",
    tag = "机器人激活",
    summary = "校验激活码",
    request_body(content = VerifyRequest, example = json!({"code": "3CQ4Z9KE", "deviceId": "9774d56d682e549c"})),
    responses(
        (status = 200, description = "激活码状态（任何状态都返回 200）", body = Envelope<VerifyResponse>,
            example = json!({"success": true, "code": 0, "message": "success",
                "data": {"valid": true, "status": "unused", "canActivate": true}})),
        Failures
    )
)]
pub async fn verify(state: State, client: ClientAddress, body: Body<VerifyRequest>) -> ApiResult<Reply> {
    let request = body.value;
    let mut fields = Fields::new();
    fields.expect_text("code", &request.code, 64);
    fields.expect_text("deviceId", &request.device_id, 128);
    fields.into_invalid()?;
    let code = normalise(&request.code);
    state.check_code_failures(&code, client.address)?;
    let found = queries::find_code(&state.db, code.clone()).await?;
    let answer = VerifyResponse::judge(found.as_ref(), &request.device_id, state.now());
    if !answer.can_activate {
        state.count_code_failure(code, client.address);
    }
    Reply::ok(&answer)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use workbot_schema::robots::RobotKind;

    use super::*;

    #[test]
    fn every_status_is_told() {
        let now = Ts::new(DateTime::UNIX_EPOCH);
        let code = ActivationCode {
            code: "AAAABBBB".to_owned(),
            batch: String::new(),
            validity_days: 1,
            bound_user_id: None,
            created_by: None,
            robot_uuid: None,
            is_disabled: false,
            note: None,
            expires_at: now.plus(TimeDelta::days(1)),
            activated_at: None,
            created_at: now,
        };
        let mut robot = Robot::new(RobotKind::Native, String::new(), None, now);
        robot.device_id = Some("mine".to_owned());
        robot.service_expires_at = Some(now.plus(TimeDelta::days(1)));
        let used = ActivationCode { robot_uuid: Some(robot.id), ..code.clone() };
        let expired = ActivationCode { expires_at: now, ..code.clone() };
        let disabled = ActivationCode { is_disabled: true, ..used.clone() };
        let deleted = Robot { deleted_at: Some(now), ..robot.clone() };
        let unbound = Robot { device_id: None, ..robot.clone() };
        for (found, device, status, can_activate, has_robot) in [
            (None, "mine", CodeStatus::Unknown, false, false),
            (Some((code, None)), "mine", CodeStatus::Unused, true, false),
            (Some((expired, None)), "mine", CodeStatus::Expired, false, false),
            (Some((used.clone(), Some(robot.clone()))), "mine", CodeStatus::Active, true, true),
            (Some((used.clone(), Some(robot.clone()))), "other", CodeStatus::Active, false, false),
            (Some((used.clone(), Some(unbound))), "other", CodeStatus::Active, true, false),
            (Some((used, Some(deleted))), "mine", CodeStatus::Expired, false, true),
            (Some((disabled, Some(robot))), "mine", CodeStatus::Disabled, false, true),
        ] {
            let answer = VerifyResponse::judge(found.as_ref(), device, now);
            assert_eq!((answer.status, answer.can_activate), (status, can_activate));
            assert_eq!(answer.robot_id.is_some(), has_robot, "{status}");
        }
    }
}
