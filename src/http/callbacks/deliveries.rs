//! `GET /api/callbacks/deliveries`: what was called back, and how that went.
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;
use workbot_schema::deliveries::{self, DeliveryFilter, DeliveryKind, DeliveryState};
use workbot_schema::fields::Ts;

use super::delivery_view::DeliveryView;
use crate::http::auth::{Action, Caller};
use crate::http::commands::list::RobotNames;
use crate::http::envelope::{Envelope, Page, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::{Paging, PagingQuery, Query};
use crate::http::openapi::Failures;
use crate::http::robots::visibility::visible_robots;
use crate::http::state::State;

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
/// What the list is narrowed to.
pub struct DeliveriesQuery {
    /// One robot.
    pub robot_id: Option<String>,
    /// pending, delivered, failed or dropped.
    pub state: Option<DeliveryState>,
    /// message, result, group_qrcode, online, offline or test.
    pub kind: Option<DeliveryKind>,
    /// One endpoint.
    pub endpoint: Option<String>,
    /// Those of one message.
    pub message_id: Option<String>,
    /// Those of one command.
    pub command_id: Option<String>,
    /// Made at or after, ISO 8601.
    pub from: Option<DateTime<Utc>>,
    /// Made before, ISO 8601.
    pub to: Option<DateTime<Utc>>,
}

/// Lists deliveries, newest first.
#[utoipa::path(
    get,
    path = "/api/callbacks/deliveries",
    operation_id = "list_deliveries",
    tag = "回调记录",
    summary = "回调记录列表",
    security(("user" = []), ("platform" = [])),
    params(DeliveriesQuery, PagingQuery),
    responses(
        (status = 200, description = "回调记录", body = Envelope<Page<DeliveryView>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1,
                "list": [{"id": "dlv_0190", "robotId": "robot_1703123456789_abc123", "kind": "message",
                "endpoint": "ep_01", "url": "https://ai.example.com/callback", "state": "delivered",
                "attempts": 1, "lastStatus": 200, "createdAt": "2026-01-30T12:00:00.000Z"}]}})),
        Failures
    )
)]
pub async fn deliveries(
    state: State,
    caller: Caller,
    paging: Paging,
    Query(query): Query<DeliveriesQuery>,
) -> ApiResult<Reply> {
    let robots = visible_robots(&state, &caller, query.robot_id.as_deref(), Action::ReadDeliveries).await?;
    let filter = DeliveryFilter {
        robots,
        state: query.state,
        kind: query.kind,
        endpoint: query.endpoint,
        message_id: query.message_id.map(Into::into),
        command_id: query.command_id.map(Into::into),
        from: query.from.map(Ts::new),
        to: query.to.map(Ts::new),
    };
    let (total, rows) = deliveries::list(&state.db, filter, paging.offset, paging.limit).await?;
    let mut names = RobotNames::default();
    let mut list = Vec::with_capacity(rows.len());
    for row in &rows {
        list.push(DeliveryView::new(row, names.find(&state, row.robot_uuid).await?));
    }
    Reply::ok(&Page::new(total, list, &paging))
}
