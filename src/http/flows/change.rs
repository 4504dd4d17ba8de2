//! `PUT /api/flows/{id}`: the fields given change, the rest stays.
use actix_web::web::Path;
use workbot_schema::configuration::{ConfigurationEdit, Configured, Edit};

use super::detail::find;
use super::flow_fields::FlowFields;
use super::flow_view::FlowView;
use crate::http::audit::Origin;
use crate::http::auth::{Action, UserToken};
use crate::http::configure::{Change, configure_noted};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Changes a flow.
#[utoipa::path(
    put,
    path = "/api/flows/{id}",
    operation_id = "update_flow",
    tag = "流程",
    summary = "修改流程",
    description = "修改草稿，不影响已发布的版本；version 不一致时返回 409 version_conflict，表达式不合规时返回 422 flow_invalid。",
    security(("user" = [])),
    params(("id" = String, Path, description = "流程编号")),
    request_body(content = FlowFields, example = json!({"name": "售后流程二", "version": 1})),
    responses(
        (status = 200, description = "修改后的流程", body = Envelope<FlowView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "name": "售后流程", "description": "",
                "isActive": true, "publishedVersion": null, "latestVersion": 0, "isPreset": false, "version": 2,
                "createdAt": "2026-01-30T12:00:00.000Z", "updatedAt": "2026-01-30T12:00:00.000Z",
                "nodes": [{"id": "message_receive", "type": "message_receive", "name": "消息接收", "config": {}},
                {"id": "end", "type": "end", "name": "结束", "config": {}}],
                "edges": [{"from": "message_receive", "to": "end"}]}})),
        Failures
    )
)]
pub async fn change(
    state: State,
    user: UserToken,
    origin: Origin,
    id: Path<String>,
    body: Body<FlowFields>,
) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    let present = find(&state, &user, id.into_inner()).await?;
    let expected = body.value.version;
    let prepared = body.value.prepare(&state, &user, &present).await?;
    let edit = Edit::Update { id: present.id.clone(), expected, changes: Box::new(prepared.changes) };
    let change = Change {
        edit: ConfigurationEdit::Flow(edit),
        action: "flow.update",
        object: format!("flow/{}", present.id),
        detail: serde_json::json!({"fields": prepared.names}),
        missing: Missing::Flow,
    };
    let configured = configure_noted(&state, &user, &origin, change, prepared.note).await?;
    state.refresh_designs().await;
    answer(configured)
}

/// A flow after a change.
pub fn answer(configured: Configured) -> ApiResult<Reply> {
    match configured {
        Configured::Flow(flow) => Reply::ok(&FlowView::from(*flow)),
        _ => Err(ApiError::Internal("the journal answered a flow with something else".to_owned())),
    }
}
