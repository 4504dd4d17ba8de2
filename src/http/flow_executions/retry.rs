//! `POST /api/flow-executions/{id}/retry`: the same messages once more, as a new run linked to the old one.
use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workbot_actors::session::SessionError;
use workbot_actors::session::orders::Retry;

use super::detail::find;
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Fields, Missing};
use crate::http::extract::{Body, IdempotencyKey};
use crate::http::guard::idempotency::{Committed, Started};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// From where a run is repeated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RetryRequest {
    /// `start`, `failed`, or the id of a node the run visited.
    pub from: Option<String>,
}

/// The new run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Retried {
    /// Its id.
    pub id: String,
    /// The run it repeats.
    pub retry_of: String,
    /// From where.
    pub retry_from: String,
}

/// Runs a flow once more.
#[utoipa::path(
    post,
    path = "/api/flow-executions/{id}/retry",
    operation_id = "retry_flow_execution",
    tag = "流程执行",
    summary = "重试流程",
    description = "from：start 从头（使用流程当前发布的版本）、failed 从失败的节点、或节点编号（之前节点的结果沿用，使用原版本）。\
产生一次新的执行，retryOf 指向原执行；指令会再次发送。未结束的执行返回 409 run_not_over。",
    security(("user" = [])),
    params(("id" = String, Path, description = "执行编号"),
        ("Idempotency-Key" = Option<String>, Header, description = "重复提交得到同一结果，24 小时内有效")),
    request_body(content = RetryRequest, example = json!({"from": "failed"})),
    responses(
        (status = 200, description = "新的执行", body = Envelope<Retried>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"id": "run_6a1d7e1f",
                "retryOf": "run_5f0c6d0e", "retryFrom": "failed"}})),
        Failures
    )
)]
pub async fn retry(
    state: State,
    caller: Caller,
    origin: Origin,
    key: IdempotencyKey,
    id: Path<String>,
    body: Body<RetryRequest>,
) -> ApiResult<Reply> {
    let (run, robot_id) = find(&state, &caller, id.into_inner(), Action::RetryRun).await?;
    let ticket = match state.begin(&key, &caller.name(), &body.bytes).await? {
        Started::Replay(reply) => return Ok(reply),
        Started::Fresh(ticket) => ticket,
    };
    let from = body.value.from.map(|from| from.trim().to_owned()).unwrap_or_default();
    let mut wrong = Fields::new();
    wrong.expect_text("from", &from, 100);
    wrong.into_invalid()?;
    let order =
        Retry { robot: run.robot_uuid, session: run.session_id, run: run.id.clone(), from: from.clone() };
    let new = state.conversations.retry(order).await.map_err(|error| match error {
        SessionError::NotFound => ApiError::NotFound(Missing::Run),
        other => other.into(),
    })?;
    let retried = Retried { id: new.to_string(), retry_of: run.id.to_string(), retry_from: from };
    let detail = serde_json::json!({"robotId": robot_id, "from": retried.retry_from, "run": retried.id});
    let object = format!("flow_execution/{}", run.id);
    let audit = origin.audit(&caller, "flow_execution.retry", object, detail, state.now());
    let reply = Reply::ok(&retried)?;
    match ticket.commit(&state, &reply, vec![audit]).await? {
        Committed::Done(_outcomes) => Ok(reply),
        Committed::Replay(reply) => Ok(reply),
    }
}
