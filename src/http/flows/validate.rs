//! `POST /api/flows/{id}/validate`: everything that is wrong with a draft.
use actix_web::web::Path;
use serde::Serialize;
use utoipa::ToSchema;
use workbot_actors::flow;
use workbot_schema::wire::flow::Problem;

use super::detail::find;
use super::flow_fields::problems;
use super::flow_view::draft_of;
use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// What is wrong with a flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Validated {
    /// It can be published.
    pub valid: bool,
    /// By node or edge.
    pub problems: Vec<Problem>,
}

/// Validates the draft of a flow.
#[utoipa::path(
    post,
    path = "/api/flows/{id}/validate",
    operation_id = "validate_flow",
    tag = "流程",
    summary = "检查流程",
    description = "检查草稿，列出每个节点或连线的问题；没有问题才能发布。",
    security(("user" = [])),
    params(("id" = String, Path, description = "流程编号")),
    responses(
        (status = 200, description = "检查结果", body = Envelope<Validated>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"valid": false,
                "problems": [{"nodeId": "decision", "code": "missing_otherwise",
                "message": "决策节点“decision”缺少“否则”分支"}]}})),
        Failures
    )
)]
pub async fn validate(state: State, user: UserToken, id: Path<String>) -> ApiResult<Reply> {
    user.may(Action::ReadDesign)?;
    let flow = find(&state, &user, id.into_inner()).await?;
    let problems = problems(&state, draft_of(&flow), flow::validate).await?;
    Reply::ok(&Validated { valid: problems.is_empty(), problems })
}
