//! `POST /api/flows`: a new flow.
use workbot_schema::batch::Record;
use workbot_schema::configuration::{ConfigurationEdit, Edit};

use super::flow_fields::FlowFields;
use super::flow_view::FlowView;
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller, UserToken};
use crate::http::configure::noted;
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::{Body, IdempotencyKey};
use crate::http::guard::idempotency::{Committed, Started};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Makes a flow.
#[utoipa::path(
    post,
    path = "/api/flows",
    operation_id = "create_flow",
    tag = "流程",
    summary = "新建流程",
    description = "保存为草稿，可以有问题；表达式不合规或规模超限时返回 422 flow_invalid。发布后新的执行才会使用。",
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
                "nodes": [{"id": "message_receive", "type": "message_receive", "name": "消息接收", "config": {}},
                {"id": "end", "type": "end", "name": "结束", "config": {}}],
                "edges": [{"from": "message_receive", "to": "end"}]}})),
        Failures
    )
)]
pub async fn create(
    state: State,
    user: UserToken,
    origin: Origin,
    key: IdempotencyKey,
    body: Body<FlowFields>,
) -> ApiResult<Reply> {
    make(&state, &user, &origin, &key, body, "flow.create").await
}

/// Makes a flow of what is given and writes down how it came about.
pub async fn make(
    state: &State,
    user: &UserToken,
    origin: &Origin,
    key: &IdempotencyKey,
    body: Body<FlowFields>,
    action: &str,
) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    let caller = Caller::User(user.clone());
    let ticket = match state.begin(key, &caller.name(), &body.bytes).await? {
        Started::Replay(reply) => return Ok(reply),
        Started::Fresh(ticket) => ticket,
    };
    let now = state.now();
    let mut flow = body.value.begin(now)?;
    let prepared = body.value.prepare(state, user, &flow).await?;
    flow.apply(&prepared.changes);
    let reply = Reply::ok(&FlowView::from(flow.clone()))?;
    let detail = serde_json::json!({"name": flow.name, "ownerId": flow.owner_id});
    let audit = origin.audit(&caller, action, format!("flow/{}", flow.id), detail, now);
    let edit = noted(user, ConfigurationEdit::Flow(Edit::Create(Box::new(flow))), prepared.note);
    match ticket.commit(state, &reply, vec![Record::Configure(Box::new(edit)), audit]).await? {
        Committed::Done(_outcomes) => {
            state.refresh_designs().await;
            Ok(reply)
        }
        Committed::Replay(reply) => Ok(reply),
    }
}
