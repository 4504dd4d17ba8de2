//! `POST /api/sessions/{id}/release`: the robot answers again.
use actix_web::web::Path;
use workbot_schema::sessions::SessionAct;

use super::change::change;
use super::session_view::SessionView;
use crate::http::audit::Origin;
use crate::http::auth::Caller;
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Gives a conversation back.
#[utoipa::path(
    post,
    path = "/api/sessions/{id}/release",
    operation_id = "release_session",
    tag = "会话",
    summary = "结束人工接管",
    description = "机器人恢复回复。会话未被接管时不做改变。",
    security(("user" = [])),
    params(("id" = String, Path, description = "会话编号")),
    responses(
        (status = 200, description = "会话", body = Envelope<SessionView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "5f0c6d0e-9b1f-5a53-8f58-6a2f7c1d2e3f", "robotId": "robot_1703123456789_abc123",
                "roomType": 1, "groupName": "客服群", "userName": "张三", "userId": "张三", "state": "robot",
                "takenOverBy": null, "takenOverAt": null, "takeoverEndsAt": null, "personaId": null,
                "lastMessageAt": "2026-01-30T12:00:00.000Z", "createdAt": "2026-01-30T12:00:00.000Z"}})),
        Failures
    )
)]
pub async fn release(state: State, caller: Caller, origin: Origin, id: Path<String>) -> ApiResult<Reply> {
    Reply::ok(&change(&state, &caller, &origin, id.into_inner(), SessionAct::Release).await?)
}
