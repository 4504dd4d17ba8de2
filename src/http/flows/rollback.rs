//! `POST /api/flows/{id}/rollback`: an older content becomes the newest version.
use actix_web::web::Path;
use workbot_schema::configuration::{ConfigurationEdit, Edit};
use workbot_schema::flow_configs::versions;

use super::change::answer;
use super::detail::find;
use super::flow_view::FlowView;
use crate::http::audit::Origin;
use crate::http::auth::{Action, UserToken};
use crate::http::configure::{Change, configure_noted};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::state::State;
use crate::http::versions::RollbackFields;

/// Goes back to an older version.
#[utoipa::path(
    post,
    path = "/api/flows/{id}/rollback",
    operation_id = "rollback_flow",
    tag = "流程",
    summary = "回滚流程",
    description = "以旧版本的内容发布一个新版本，草稿随之改变。",
    security(("user" = [])),
    params(("id" = String, Path, description = "流程编号")),
    request_body(content = RollbackFields, example = json!({"version": 1})),
    responses(
        (status = 200, description = "回滚后的流程", body = Envelope<FlowView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "name": "售后流程", "description": "",
                "isActive": true, "publishedVersion": null, "latestVersion": 0, "isPreset": false, "version": 3,
                "createdAt": "2026-01-30T12:00:00.000Z", "updatedAt": "2026-01-30T12:00:00.000Z",
                "nodes": [{"id": "message_receive", "type": "message_receive", "name": "消息接收", "config": {}},
                {"id": "end", "type": "end", "name": "结束", "config": {}}],
                "edges": [{"from": "message_receive", "to": "end"}]}})),
        Failures
    )
)]
pub async fn rollback(
    state: State,
    user: UserToken,
    origin: Origin,
    id: Path<String>,
    body: Body<RollbackFields>,
) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    let present = find(&state, &user, id.into_inner()).await?;
    let wish = body.value.check()?;
    if versions::find(&state.db, present.id.clone(), wish.to).await?.is_none() {
        return Err(ApiError::NotFound(Missing::Version));
    }
    let edit = Edit::Rollback { id: present.id.clone(), expected: wish.expected, to: wish.to };
    let change = Change {
        edit: ConfigurationEdit::Flow(edit),
        action: "flow.rollback",
        object: format!("flow/{}", present.id),
        detail: serde_json::json!({"to": wish.to}),
        missing: Missing::Flow,
    };
    let configured = configure_noted(&state, &user, &origin, change, wish.note).await?;
    state.refresh_designs().await;
    answer(configured)
}
