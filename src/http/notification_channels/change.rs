//! `PUT /api/notification-channels/{id}`: the fields given change, the rest stays.
use actix_web::web::Path;
use workbot_schema::configuration::{ConfigurationEdit, Configured, Edit};

use super::channel_fields::ChannelFields;
use super::channel_view::ChannelView;
use super::detail::find;
use crate::http::audit::Origin;
use crate::http::auth::{Action, UserToken};
use crate::http::configure::{Change, configure};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Changes a channel.
#[utoipa::path(
    put,
    path = "/api/notification-channels/{id}",
    operation_id = "update_notification_channel",
    tag = "通知渠道",
    summary = "修改通知渠道",
    description = "只修改给出的字段；config 整体替换，其中未给出的密钥保留，传 null 清除。更换邮件服务器或账号时，未重新填写的密码会被清除。",
    security(("user" = [])),
    params(("id" = String, Path, description = "渠道编号")),
    request_body(content = ChannelFields, example = json!({"isActive": false, "version": 1})),
    responses(
        (status = 200, description = "修改后的渠道", body = Envelope<ChannelView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "name": "运维群", "type": "wecom_group",
                "config": {"format": "markdown", "webhookUrlSet": true}, "isActive": true, "isPreset": false,
                "version": 1, "createdAt": "2026-01-30T12:00:00.000Z", "updatedAt": "2026-01-30T12:00:00.000Z"}})),
        Failures
    )
)]
pub async fn change(
    state: State,
    user: UserToken,
    origin: Origin,
    id: Path<String>,
    body: Body<ChannelFields>,
) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    let present = find(&state, &user, id.into_inner()).await?;
    let expected = body.value.version;
    let (changes, names) = body.value.prepare(&state, &user, &present, false).await?;
    // Secrets were parted from the row as it was read: they must not meet another one.
    let expected = expected.or_else(|| changes.secrets.is_some().then_some(present.version));
    let edit = Edit::Update { id: present.id.clone(), expected, changes: Box::new(changes) };
    let change = Change {
        edit: ConfigurationEdit::Channel(edit),
        action: "notification_channel.update",
        object: format!("notification_channel/{}", present.id),
        detail: serde_json::json!({"fields": names}),
        missing: Missing::Channel,
    };
    let configured = configure(&state, &user, &origin, change).await?;
    state.refresh_rules().await;
    match configured {
        Configured::Channel(channel) => Reply::ok(&ChannelView::from(*channel)),
        _ => Err(ApiError::Internal("the journal answered a channel with something else".to_owned())),
    }
}
