//! `POST /api/flows/import`: a flow from a file.
use super::create::make;
use super::flow_fields::FlowFields;
use super::flow_view::FlowView;
use crate::http::audit::Origin;
use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::{Body, IdempotencyKey};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Imports what an export gave, as a new flow.
#[utoipa::path(
    post,
    path = "/api/flows/import",
    operation_id = "import_flow",
    tag = "流程",
    summary = "导入流程",
    description = "以导出的流程定义新建一个流程（草稿），编号与版本重新分配；表达式不合规时返回 422 flow_invalid。",
    security(("user" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "重复提交得到同一结果，24 小时内有效")),
    request_body(content = FlowFields, example = json!({"name": "售后流程", "nodes": [
        {"id": "message_receive", "type": "message_receive"}, {"id": "end", "type": "end"}],
        "edges": [{"from": "message_receive", "to": "end"}]})),
    responses(
        (status = 200, description = "新流程", body = Envelope<FlowView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "name": "售后流程", "description": "",
                "isActive": true, "publishedVersion": null, "latestVersion": 0, "isPreset": false, "version": 1,
                "createdAt": "2026-01-30T12:00:00.000Z", "updatedAt": "2026-01-30T12:00:00.000Z",
                "nodes": [{"id": "message_receive", "type": "message_receive", "name": "", "config": {}},
                {"id": "end", "type": "end", "name": "", "config": {}}],
                "edges": [{"from": "message_receive", "to": "end"}]}})),
        Failures
    )
)]
pub async fn import(
    state: State,
    user: UserToken,
    origin: Origin,
    key: IdempotencyKey,
    body: Body<FlowFields>,
) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    if body.value.nodes.is_none() {
        return Err(ApiError::field("nodes", "缺少该字段"));
    }
    make(&state, &user, &origin, &key, body, "flow.import").await
}
