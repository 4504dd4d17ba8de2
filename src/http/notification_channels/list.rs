//! `GET /api/notification-channels`: shared channels and one's own.
use serde::Deserialize;
use utoipa::IntoParams;
use workbot_schema::configuration::ConfigurationFilter;
use workbot_schema::notification_channels::{self, ChannelType};

use super::channel_view::ChannelView;
use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Page, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::{Paging, PagingQuery, Query};
use crate::http::openapi::Failures;
use crate::http::state::State;

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
/// What the list is narrowed to.
pub struct ChannelsQuery {
    /// One type.
    #[serde(rename = "type")]
    #[param(rename = "type")]
    pub channel_type: Option<ChannelType>,
    /// Switched on or off.
    pub is_active: Option<bool>,
    /// A part of the name.
    pub q: Option<String>,
}

/// Lists channels in the order they were made.
#[utoipa::path(
    get,
    path = "/api/notification-channels",
    operation_id = "list_notification_channels",
    tag = "通知渠道",
    summary = "通知渠道列表",
    description = "包含共享渠道（ownerId 为空）和自己的渠道；管理员可见全部。密钥只显示是否已设置。",
    security(("user" = [])),
    params(ChannelsQuery, PagingQuery),
    responses(
        (status = 200, description = "渠道", body = Envelope<Page<ChannelView>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1,
                "list": [{"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "name": "运维群", "type": "wecom_group",
                "config": {"format": "markdown", "webhookUrlSet": true}, "isActive": true, "isPreset": false,
                "version": 1, "createdAt": "2026-01-30T12:00:00.000Z", "updatedAt": "2026-01-30T12:00:00.000Z"}]}})),
        Failures
    )
)]
pub async fn list(
    state: State,
    user: UserToken,
    paging: Paging,
    Query(query): Query<ChannelsQuery>,
) -> ApiResult<Reply> {
    user.may(Action::ReadDesign)?;
    let filter = ConfigurationFilter {
        audience: user.audience(),
        is_active: query.is_active,
        group: query.channel_type.map(|kind| kind.as_str().to_owned()),
        name: query.q,
    };
    let (total, rows) = notification_channels::list(&state.db, filter, paging.offset, paging.limit).await?;
    let list = rows.into_iter().map(ChannelView::from).collect();
    Reply::ok(&Page::new(total, list, &paging))
}
