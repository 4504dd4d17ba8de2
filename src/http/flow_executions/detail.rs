//! `GET /api/flow-executions/{id}`: one run with its nodes.
use actix_web::web::Path;
use workbot_schema::flow_executions::{FlowExecution, queries};
use workbot_schema::ids::RunId;

use super::execution_view::ExecutionView;
use crate::http::auth::{Action, Caller};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::openapi::Failures;
use crate::http::state::{AppState, State};

/// A run within somebody's reach, and the public id of its robot; 404 when it is not there or not theirs.
pub async fn find(
    state: &AppState,
    caller: &Caller,
    id: String,
    action: Action,
) -> ApiResult<(FlowExecution, String)> {
    caller.may(action)?;
    let missing = || ApiError::NotFound(Missing::Run);
    let run = queries::find(&state.db, RunId(id)).await?.ok_or_else(missing)?;
    match caller.robot(state, Some(&run.robot_uuid.to_string()), action).await {
        Ok(entry) => Ok((run, entry.profile().robot.robot_id.to_string())),
        Err(ApiError::NotFound(_)) => Err(missing()),
        Err(error) => Err(error),
    }
}

/// Shows a run.
#[utoipa::path(
    get,
    path = "/api/flow-executions/{id}",
    operation_id = "get_flow_execution",
    tag = "流程执行",
    summary = "流程执行详情",
    description = "包含上下文与每个节点的输入、输出、耗时、次数和错误。",
    security(("user" = [])),
    params(("id" = String, Path, description = "执行编号")),
    responses(
        (status = 200, description = "执行记录", body = Envelope<ExecutionView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "run_5f0c6d0e", "flowId": "flow_full", "flowVersion": 1,
                "robotId": "robot_1703123456789_abc123", "sessionId": "5f0c6d0e-9b1f-5a53-8f58-6a2f7c1d2e3f",
                "messageIds": ["msg_1703123456789_abc123def"], "status": "completed",
                "startedAt": "2026-01-30T12:00:00.000Z", "finishedAt": "2026-01-30T12:00:02.500Z",
                "durationMs": 2500, "errorCode": null, "error": null, "tokens": 256, "costMicros": 307,
                "retryOf": null, "retryFrom": null, "context": {"originalMessage": "如何退款？", "intent": "service"},
                "nodes": [{"nodeId": "intent", "nodeType": "intent", "nodeName": "意图识别", "visit": 2,
                "status": "completed", "input": {"message": "如何退款？"}, "output": {"intent": "service",
                "confidence": 0.95}, "startedAt": "2026-01-30T12:00:00.010Z", "durationMs": 480, "attempt": 1}]}})),
        Failures
    )
)]
pub async fn detail(state: State, caller: Caller, id: Path<String>) -> ApiResult<Reply> {
    let (run, robot_id) = find(&state, &caller, id.into_inner(), Action::ReadRuns).await?;
    Reply::ok(&ExecutionView::new(&run, robot_id))
}
