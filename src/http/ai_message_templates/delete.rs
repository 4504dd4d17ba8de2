//! `DELETE /api/ai/templates/{id}`: a template goes.
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

/// Deletes a template.
#[utoipa::path(
    delete,
    path = "/api/ai/templates/{id}",
    operation_id = "delete_template",
    tag = "话术模板",
    summary = "删除话术模板",
    description = "预置模板不能删除（409 preset_protected），可以停用。",
    security(("user" = [])),
    params(("id" = String, Path, description = "话术模板编号")),
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
        edit: ConfigurationEdit::Template(Edit::Delete { id: present.id.clone(), expected: None }),
        action: "template.delete",
        object: format!("template/{}", present.id),
        detail: serde_json::json!({"name": present.name}),
        missing: Missing::Template,
    };
    configure(&state, &user, &origin, change).await?;
    state.refresh_models().await;
    Reply::ok(&Empty {})
}
