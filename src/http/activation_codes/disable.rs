//! `POST /api/admin/activation-codes/{code}/disable`: takes a code and its robot out of use.
use actix_web::web::Path;
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
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::extract::{ClientAddress, RequestId};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// The code as it is now.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DisableResponse {
    /// The code.
    pub code: String,
    /// Always `disabled`.
    pub status: String,
}

/// Disables a code; its robot is switched off and its socket closed.
#[utoipa::path(
    post,
    path = "/api/admin/activation-codes/{code}/disable",
    operation_id = "disable_activation_code",
    tag = "激活码管理",
    summary = "停用激活码",
    description = "停用后，已用该激活码激活的机器人同时停用，长连接在 5 秒内断开。重复停用返回相同结果。",
    security(("user" = [])),
    params(("code" = String, Path, description = "激活码", example = "3CQ4Z9KE")),
    responses(
        (status = 200, description = "已停用", body = Envelope<DisableResponse>,
            example = json!({"success": true, "code": 0, "message": "success",
                "data": {"code": "3CQ4Z9KE", "status": "disabled"}})),
        Failures
    )
)]
pub async fn disable(
    state: State,
    caller: Caller,
    client: ClientAddress,
    id: RequestId,
    code: Path<String>,
) -> ApiResult<Reply> {
    caller.may(Action::ActivationCodes)?;
    let code = normalise(&code);
    let robot =
        queries::disable_code(&state.db, code.clone(), state.now()).await.map_err(|error| match error {
            StoreError::NotFound(_) => ApiError::NotFound(Missing::ActivationCode),
            other => other.into(),
        })?;
    let audit = Audit::of(&caller, client, &id).record(
        &state,
        "activation_code.disable",
        format!("activation_code/{code}"),
        json!({ "robotUuid": robot }),
    );
    let mut write = vec![audit];
    // Once more through the journal, so that the directory and the socket know before the answer.
    write.extend(robot.map(|robot| Record::UpdateRobot {
        id: robot,
        changes: Box::new(RobotChanges { is_enabled: Some(false), ..RobotChanges::default() }),
        expected: None,
    }));
    state.journal.write(write).await?;
    Reply::ok(&DisableResponse { code, status: "disabled".to_owned() })
}
