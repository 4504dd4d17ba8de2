//! `DELETE /api/ai/models/{id}`: a model goes; what it was asked stays in the log.
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

/// Deletes a model.
#[utoipa::path(
    delete,
    path = "/api/ai/models/{id}",
    operation_id = "delete_model",
    tag = "AI 模型",
    summary = "删除模型",
    description = "预置模型不能删除（409 preset_protected），可以停用；机器人或角色正在使用的模型返回 409 in_use。",
    security(("user" = [])),
    params(("id" = String, Path, description = "模型编号")),
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
        edit: ConfigurationEdit::Model(Edit::Delete { id: present.id.clone(), expected: None }),
        action: "model.delete",
        object: format!("model/{}", present.id),
        detail: serde_json::json!({"name": present.name}),
        missing: Missing::Model,
    };
    configure(&state, &user, &origin, change).await?;
    state.refresh_models().await;
    Reply::ok(&Empty {})
}
