//! `POST /api/sessions/{id}/takeover`: a person has the conversation, the robot is silent.
use actix_web::web::Path;
use workbot_schema::sessions::SessionAct;

use super::change::change;
use super::session_view::{SessionView, idle_before};
use crate::http::audit::Origin;
use crate::http::auth::Caller;
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Takes a conversation over.
#[utoipa::path(
    post,
    path = "/api/sessions/{id}/takeover",
    operation_id = "take_over_session",
    tag = "会话",
    summary = "人工接管会话",
    description = "接管后机器人不再回复，流程中尚未下发的回复被取消。再次接管会延长时间；一段时间（session.takeover_idle_secs）没有人工操作则自动结束。\
他人正在接管时返回 409 session_taken_over。",
    security(("user" = [])),
    params(("id" = String, Path, description = "会话编号")),
    responses(
        (status = 200, description = "会话", body = Envelope<SessionView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "5f0c6d0e-9b1f-5a53-8f58-6a2f7c1d2e3f", "robotId": "robot_1703123456789_abc123",
                "roomType": 1, "groupName": "客服群", "userName": "张三", "userId": "张三", "state": "taken_over",
                "takenOverBy": "550e8400-e29b-41d4-a716-446655440000", "takenOverAt": "2026-01-30T12:00:00.000Z",
                "takeoverEndsAt": "2026-01-30T12:30:00.000Z", "personaId": null,
                "lastMessageAt": "2026-01-30T12:00:00.000Z", "createdAt": "2026-01-30T12:00:00.000Z"}})),
        Failures
    )
)]
pub async fn takeover(state: State, caller: Caller, origin: Origin, id: Path<String>) -> ApiResult<Reply> {
    let by = caller.user_id().map_or_else(|| caller.name(), ToString::to_string);
    let act = SessionAct::TakeOver { by, idle_before: idle_before(&state) };
    Reply::ok(&change(&state, &caller, &origin, id.into_inner(), act).await?)
}
