//! `GET /api/admin/activation-codes`: a page of codes.
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use workbot_schema::activation::{ActivationCode, CodeStatus, queries};
use workbot_schema::fields::Ts;
use workbot_schema::robots::Robot;

use crate::http::auth::{Action, Caller};
use crate::http::envelope::{Envelope, Page, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::{Paging, PagingQuery, Query};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// What to show.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CodeFilter {
    /// One status.
    pub status: Option<CodeStatus>,
}

/// A code with its robot.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CodeRow {
    /// The code.
    pub code: String,
    /// Status.
    pub status: CodeStatus,
    /// Service time of the robot, days.
    pub validity_period: i32,
    /// Who will own the robot.
    pub bound_user_id: Option<String>,
    /// The robot it made.
    pub robot_id: Option<String>,
    /// The phone it is bound to.
    pub device_id: Option<String>,
    /// Free text.
    pub note: Option<String>,
    /// An unused code works until then.
    pub expires_at: String,
    /// First activation.
    pub activated_at: Option<String>,
    /// End of the robot's service.
    pub service_expires_at: Option<String>,
    /// Made at.
    pub created_at: String,
}

impl CodeRow {
    fn new(code: ActivationCode, robot: Option<Robot>, now: Ts) -> Self {
        let service_ends = robot.as_ref().and_then(|robot| robot.service_expires_at);
        Self {
            status: code.status(service_ends, now),
            code: code.code,
            validity_period: code.validity_days,
            bound_user_id: code.bound_user_id.map(|id| id.0),
            robot_id: robot.as_ref().map(|robot| robot.robot_id.0.clone()),
            device_id: robot.and_then(|robot| robot.device_id),
            note: code.note,
            expires_at: code.expires_at.iso(),
            activated_at: code.activated_at.map(Ts::iso),
            service_expires_at: service_ends.map(Ts::iso),
            created_at: code.created_at.iso(),
        }
    }
}

/// Lists codes, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/activation-codes",
    operation_id = "list_activation_codes",
    tag = "激活码管理",
    summary = "激活码列表",
    security(("user" = [])),
    params(PagingQuery, CodeFilter),
    responses(
        (status = 200, description = "激活码", body = Envelope<Page<CodeRow>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1, "list": [
                {"code": "3CQ4Z9KE", "status": "unused", "validityPeriod": 365, "boundUserId": null, "robotId": null,
                 "deviceId": null, "note": null, "expiresAt": "2026-12-01T00:00:00.000Z", "activatedAt": null,
                 "serviceExpiresAt": null, "createdAt": "2025-12-01T00:00:00.000Z"}]}})),
        Failures
    )
)]
pub async fn list(
    state: State,
    caller: Caller,
    paging: Paging,
    filter: Query<CodeFilter>,
) -> ApiResult<Reply> {
    caller.may(Action::ActivationCodes)?;
    let now = state.now();
    let (total, rows) =
        queries::list_codes(&state.db, filter.0.status, now, paging.offset, paging.limit).await?;
    let list = rows.into_iter().map(|(code, robot)| CodeRow::new(code, robot, now)).collect();
    Reply::ok(&Page::new(total, list, &paging))
}
