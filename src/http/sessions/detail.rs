//! `GET /api/sessions/{id}`: one conversation.
use actix_web::web::Path;

use super::change::find;
use super::session_view::SessionView;
use crate::http::auth::{Action, Caller};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Shows a conversation.
#[utoipa::path(
    get,
    path = "/api/sessions/{id}",
    operation_id = "get_session",
    tag = "会话",
    summary = "会话详情",
    security(("user" = []), ("platform" = [])),
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
pub async fn detail(state: State, caller: Caller, id: Path<String>) -> ApiResult<Reply> {
    let (session, robot_id) = find(&state, &caller, id.into_inner(), Action::ReadMessages).await?;
    Reply::ok(&SessionView::new(&state, session, robot_id))
}
