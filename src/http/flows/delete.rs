//! `DELETE /api/flows/{id}`: a flow goes; its runs stay.
use actix_web::web::Path;
use workbot_schema::configuration::{ConfigurationEdit, Edit};

use super::detail::find;
use crate::http::audit::Origin;
use crate::http::auth::{Action, UserToken};
use crate::http::configure::{Change, configure};
use crate::http::envelope::{Empty, Envelope, Reply};
use crate::http::error::{ApiResult, Missing};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Deletes a flow.
#[utoipa::path(
    delete,
    path = "/api/flows/{id}",
    operation_id = "delete_flow",
    tag = "流程",
    summary = "删除流程",
    description = "预置流程不能删除（409 preset_protected），可以停用；机器人正在使用的流程返回 409 in_use。",
    security(("user" = [])),
    params(("id" = String, Path, description = "流程编号")),
    responses(
        (status = 200, description = "已删除", body = Envelope<Empty>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {}})),
        Failures
    )
)]
pub async fn delete(state: State, user: UserToken, origin: Origin, id: Path<String>) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    let present = find(&state, &user, id.into_inner()).await?;
    let change = Change {
        edit: ConfigurationEdit::Flow(Edit::Delete { id: present.id.clone(), expected: None }),
        action: "flow.delete",
        object: format!("flow/{}", present.id),
        detail: serde_json::json!({"name": present.name}),
        missing: Missing::Flow,
    };
    configure(&state, &user, &origin, change).await?;
    state.refresh_designs().await;
    Reply::ok(&Empty {})
}
