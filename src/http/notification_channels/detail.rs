//! `GET /api/notification-channels/{id}`: one channel.
use actix_web::web::Path;
use workbot_schema::ids::ChannelId;
use workbot_schema::notification_channels::{self, NotificationChannel};

use super::channel_view::ChannelView;
use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::openapi::Failures;
use crate::http::state::{AppState, State};

/// A channel that somebody may see, else 404.
pub async fn find(state: &AppState, user: &UserToken, id: String) -> ApiResult<NotificationChannel> {
    let found = notification_channels::find(&state.db, ChannelId(id)).await?;
    let seen = found.filter(|channel| user.sees(channel.owner_id.as_ref()));
    seen.ok_or(ApiError::NotFound(Missing::Channel))
}

/// Shows a channel.
#[utoipa::path(
    get,
    path = "/api/notification-channels/{id}",
    operation_id = "get_notification_channel",
    tag = "通知渠道",
    summary = "通知渠道详情",
    security(("user" = [])),
    params(("id" = String, Path, description = "渠道编号")),
    responses(
        (status = 200, description = "渠道", body = Envelope<ChannelView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "name": "运维群", "type": "wecom_group",
                "config": {"format": "markdown", "webhookUrlSet": true}, "isActive": true, "isPreset": false,
                "version": 1, "createdAt": "2026-01-30T12:00:00.000Z", "updatedAt": "2026-01-30T12:00:00.000Z"}})),
        Failures
    )
)]
pub async fn detail(state: State, user: UserToken, id: Path<String>) -> ApiResult<Reply> {
    user.may(Action::ReadDesign)?;
    Reply::ok(&ChannelView::from(find(&state, &user, id.into_inner()).await?))
}
