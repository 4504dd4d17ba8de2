//! `GET /api/flows/{id}/export`: a flow as a file.
use actix_web::web::Path;
use serde::Deserialize;
use utoipa::IntoParams;
use workbot_schema::flow_configs::versions;
use workbot_schema::wire::flow::FlowDefinition;

use super::detail::find;
use super::flow_view::draft_of;
use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::extract::Query;
use crate::http::openapi::Failures;
use crate::http::state::State;

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
/// Which version.
pub struct ExportQuery {
    /// A published version; the draft when absent.
    pub version: Option<i64>,
}

/// Exports a flow; POST /api/flows/import takes it.
#[utoipa::path(
    get,
    path = "/api/flows/{id}/export",
    operation_id = "export_flow",
    tag = "流程",
    summary = "导出流程",
    description = "data 为流程定义，可直接用于导入。不带 version 时导出草稿。",
    security(("user" = [])),
    params(("id" = String, Path, description = "流程编号"), ExportQuery),
    responses(
        (status = 200, description = "流程定义", body = Envelope<FlowDefinition>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"id": "flow_1",
                "name": "售后流程", "version": 1,
                "nodes": [{"id": "message_receive", "type": "message_receive", "name": "消息接收", "config": {}},
                {"id": "end", "type": "end", "name": "结束", "config": {}}],
                "edges": [{"from": "message_receive", "to": "end"}]}})),
        Failures
    )
)]
pub async fn export(
    state: State,
    user: UserToken,
    id: Path<String>,
    Query(query): Query<ExportQuery>,
) -> ApiResult<Reply> {
    user.may(Action::ReadDesign)?;
    let flow = find(&state, &user, id.into_inner()).await?;
    let Some(version) = query.version else { return Reply::ok(&draft_of(&flow)) };
    let found = versions::find(&state.db, flow.id.clone(), version).await?;
    let found = found.ok_or(ApiError::NotFound(Missing::Version))?;
    let definition: FlowDefinition = serde_json::from_value(found.content)?;
    Reply::ok(&FlowDefinition { id: flow.id.to_string(), version, ..definition })
}
