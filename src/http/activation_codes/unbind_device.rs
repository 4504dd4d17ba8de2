//! `POST /api/admin/unbind-device`: frees a code from its phone.
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use workbot_schema::activation::queries;
use workbot_schema::batch::Record;
use workbot_schema::robots::RobotChanges;
use workbot_schema::store::StoreError;

use super::code::normalise;
use crate::http::auth::{Action, Audit, Caller};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Fields, Missing};
use crate::http::extract::{Body, ClientAddress, RequestId};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Which code, and why.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct UnbindRequest {
    /// The code.
    #[schema(example = "3CQ4Z9KE")]
    pub code: String,
    /// Why; kept in the audit log.
    #[schema(example = "更换手机", max_length = 200)]
    pub reason: String,
}

/// The code that is free again.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnbindResponse {
    /// The code.
    pub code: String,
    /// The robot the next phone becomes.
    pub robot_uuid: String,
}

/// Unbinds: the tokens of the phone end, its socket closes, the next phone that activates becomes the same robot.
#[utoipa::path(
    post,
    path = "/api/admin/unbind-device",
    tag = "激活码管理",
    summary = "解绑设备",
    description = "解绑后原设备的 Token 立即失效、长连接断开；下一台使用该激活码的设备沿用同一个机器人。操作记入审计日志。",
    security(("user" = [])),
    request_body(content = UnbindRequest, example = json!({"code": "3CQ4Z9KE", "reason": "更换手机"})),
    responses(
        (status = 200, description = "已解绑", body = Envelope<UnbindResponse>,
            example = json!({"success": true, "code": 0, "message": "success",
                "data": {"code": "3CQ4Z9KE", "robotUuid": "550e8400-e29b-41d4-a716-446655440000"}})),
        Failures
    )
)]
pub async fn unbind_device(
    state: State,
    caller: Caller,
    client: ClientAddress,
    id: RequestId,
    body: Body<UnbindRequest>,
) -> ApiResult<Reply> {
    caller.may(Action::ActivationCodes)?;
    let request = body.value;
    let mut fields = Fields::new();
    fields.expect_text("code", &request.code, 64);
    fields.expect_text("reason", &request.reason, 200);
    fields.into_invalid()?;
    let code = normalise(&request.code);
    if queries::find_code(&state.db, code.clone()).await?.is_none() {
        return Err(ApiError::NotFound(Missing::ActivationCode));
    }
    let unbound = queries::unbind_device(&state.db, code.clone(), request.reason.clone(), state.now()).await;
    let robot = unbound.map_err(|error| match error {
        StoreError::NotFound(_) => ApiError::NotFound(Missing::Binding),
        other => other.into(),
    })?;
    let audit = Audit::of(&caller, client, &id).record(
        &state,
        "activation_code.unbind",
        format!("activation_code/{code}"),
        json!({ "robotUuid": robot, "reason": request.reason }),
    );
    let changes = RobotChanges { device_id: Some(None), token_family: Some(None), ..RobotChanges::default() };
    // Once more through the journal, so that the directory and the socket know before the answer.
    let update = Record::UpdateRobot { id: robot, changes: Box::new(changes), expected: None };
    state.journal.write(vec![audit, update]).await?;
    Reply::ok(&UnbindResponse { code, robot_uuid: robot.to_string() })
}
