//! `GET /api/flows/{id}`: one flow.
use actix_web::web::Path;
use workbot_schema::flow_configs::{self, FlowConfig};
use workbot_schema::ids::FlowId;

use super::flow_view::FlowView;
use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::openapi::Failures;
use crate::http::state::{AppState, State};

/// A flow that somebody may see, else 404.
pub async fn find(state: &AppState, user: &UserToken, id: String) -> ApiResult<FlowConfig> {
    let found = flow_configs::find(&state.db, FlowId(id)).await?;
    let seen = found.filter(|flow| user.sees(flow.owner_id.as_ref()));
    seen.ok_or(ApiError::NotFound(Missing::Flow))
}

/// Shows a flow.
#[utoipa::path(
    get,
    path = "/api/flows/{id}",
    operation_id = "get_flow",
    tag = "流程",
    summary = "流程详情",
    security(("user" = [])),
    params(("id" = String, Path, description = "流程编号")),
    responses(
        (status = 200, description = "流程", body = Envelope<FlowView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "name": "售后流程", "description": "",
                "isActive": true, "publishedVersion": null, "latestVersion": 0, "isPreset": false, "version": 1,
                "createdAt": "2026-01-30T12:00:00.000Z", "updatedAt": "2026-01-30T12:00:00.000Z",
                "nodes": [{"id": "message_receive", "type": "message_receive", "name": "消息接收", "config": {}},
                {"id": "end", "type": "end", "name": "结束", "config": {}}],
                "edges": [{"from": "message_receive", "to": "end"}]}})),
        Failures
    )
)]
pub async fn detail(state: State, user: UserToken, id: Path<String>) -> ApiResult<Reply> {
    user.may(Action::ReadDesign)?;
    Reply::ok(&FlowView::from(find(&state, &user, id.into_inner()).await?))
}
