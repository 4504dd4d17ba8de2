//! `DELETE /api/notification-channels/{id}`: a channel goes; rules that name it tell nobody over it any more.
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

/// Deletes a channel.
#[utoipa::path(
    delete,
    path = "/api/notification-channels/{id}",
    operation_id = "delete_notification_channel",
    tag = "通知渠道",
    summary = "删除通知渠道",
    description = "预置渠道不能删除（409 preset_protected），可以停用。",
    security(("user" = [])),
    params(("id" = String, Path, description = "渠道编号")),
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
        edit: ConfigurationEdit::Channel(Edit::Delete { id: present.id.clone(), expected: None }),
        action: "notification_channel.delete",
        object: format!("notification_channel/{}", present.id),
        detail: serde_json::json!({"name": present.name}),
        missing: Missing::Channel,
    };
    configure(&state, &user, &origin, change).await?;
    state.refresh_rules().await;
    Reply::ok(&Empty {})
}
