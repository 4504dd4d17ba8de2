//! `GET /api/alerts/{id}`: one alert and whom it was told.
use actix_web::web::Path;
use workbot_schema::alert_notifications;

use super::alert_view::{AlertDetail, AlertView, NotificationView};
use super::change::find;
use crate::http::auth::{Action, Caller};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Shows an alert.
#[utoipa::path(
    get,
    path = "/api/alerts/{id}",
    operation_id = "get_alert",
    tag = "告警",
    summary = "告警详情",
    description = "包含每个渠道的通知状态。",
    security(("user" = [])),
    params(("id" = String, Path, description = "告警编号")),
    responses(
        (status = 200, description = "告警与通知", body = Envelope<AlertDetail>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"id": "alert_0190",
                "level": "critical", "code": "keyword", "status": "active", "ruleId": "preset_risk_words",
                "robotId": "robot_1703123456789_abc123", "sessionId": "ses_01", "messageId": "msg_01",
                "executionId": null, "data": {"keyword": "骗子"}, "count": 1,
                "firstAt": "2026-01-30T12:00:00.000Z", "lastAt": "2026-01-30T12:00:00.000Z", "ackBy": null,
                "ackedAt": null, "resolvedBy": null, "resolvedAt": null, "note": null,
                "notifications": [{"id": "ntf_01", "channelId": "preset_console", "channelType": "console",
                "state": "sent", "attempts": 1, "error": null, "dueAt": null,
                "createdAt": "2026-01-30T12:00:00.000Z", "finishedAt": "2026-01-30T12:00:00.100Z"}]}})),
        Failures
    )
)]
pub async fn detail(state: State, caller: Caller, id: Path<String>) -> ApiResult<Reply> {
    let (alert, robot_id) = find(&state, &caller, id.into_inner(), Action::ReadAlerts).await?;
    let notifications = alert_notifications::list(&state.db, alert.id.clone()).await?;
    Reply::ok(&AlertDetail {
        alert: AlertView::new(&alert, robot_id),
        notifications: notifications.into_iter().map(NotificationView::from).collect(),
    })
}
