//! `DELETE /api/alert-rules/{id}`: a rule goes; its alerts stay.
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

/// Deletes a rule.
#[utoipa::path(
    delete,
    path = "/api/alert-rules/{id}",
    operation_id = "delete_alert_rule",
    tag = "告警规则",
    summary = "删除告警规则",
    description = "预置规则不能删除（409 preset_protected），可以停用。已产生的告警保留。",
    security(("user" = [])),
    params(("id" = String, Path, description = "规则编号")),
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
        edit: ConfigurationEdit::Rule(Edit::Delete { id: present.id.clone(), expected: None }),
        action: "alert_rule.delete",
        object: format!("alert_rule/{}", present.id),
        detail: serde_json::json!({"name": present.name}),
        missing: Missing::AlertRule,
    };
    configure(&state, &user, &origin, change).await?;
    state.refresh_rules().await;
    Reply::ok(&Empty {})
}
