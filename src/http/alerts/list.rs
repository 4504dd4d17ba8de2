//! `GET /api/alerts`: what was raised.
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;
use workbot_schema::alerts::queries::{self, AlertFilter};
use workbot_schema::alerts::{AlertLevel, AlertStatus};
use workbot_schema::fields::Ts;

use super::alert_view::AlertView;
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
pub struct AlertsQuery {
    /// One robot.
    pub robot_id: Option<String>,
    /// active, acknowledged or resolved.
    pub status: Option<AlertStatus>,
    /// critical, warning or info.
    pub level: Option<AlertLevel>,
    /// One code.
    pub code: Option<String>,
    /// Those of one rule.
    pub rule_id: Option<String>,
    /// Those of one conversation.
    pub session_id: Option<String>,
    /// Those of one message.
    pub message_id: Option<String>,
    /// Raised at or after, ISO 8601.
    pub from: Option<DateTime<Utc>>,
    /// Raised before, ISO 8601.
    pub to: Option<DateTime<Utc>>,
}

/// Lists alerts, newest first.
#[utoipa::path(
    get,
    path = "/api/alerts",
    operation_id = "list_alerts",
    tag = "告警",
    summary = "告警列表",
    description = "按时间倒序。没有机器人的告警（多个机器人合并统计）只有可查看全部机器人的角色可见。",
    security(("user" = [])),
    params(AlertsQuery, PagingQuery),
    responses(
        (status = 200, description = "告警", body = Envelope<Page<AlertView>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1,
                "list": [{"id": "alert_0190", "level": "critical", "code": "keyword", "status": "active",
                "ruleId": "preset_risk_words", "robotId": "robot_1703123456789_abc123", "sessionId": "ses_01",
                "messageId": "msg_01", "executionId": null, "data": {"keyword": "骗子", "text": "你们是骗子",
                "userName": "张三"}, "count": 1, "firstAt": "2026-01-30T12:00:00.000Z",
                "lastAt": "2026-01-30T12:00:00.000Z", "ackBy": null, "ackedAt": null, "resolvedBy": null,
                "resolvedAt": null, "note": null}]}})),
        Failures
    )
)]
pub async fn list(
    state: State,
    caller: Caller,
    paging: Paging,
    Query(query): Query<AlertsQuery>,
) -> ApiResult<Reply> {
    let robots = visible_robots(&state, &caller, query.robot_id.as_deref(), Action::ReadAlerts).await?;
    let filter = AlertFilter {
        robots,
        level: query.level,
        status: query.status,
        code: query.code,
        rule: query.rule_id.map(Into::into),
        session: query.session_id.map(Into::into),
        message: query.message_id.map(Into::into),
        from: query.from.map(Ts::new),
        to: query.to.map(Ts::new),
    };
    let (total, rows) = queries::list(&state.db, filter, paging.offset, paging.limit).await?;
    let mut names = RobotNames::default();
    let mut list = Vec::with_capacity(rows.len());
    for row in &rows {
        let robot_id = match row.robot_uuid {
            Some(robot) => Some(names.find(&state, robot).await?),
            None => None,
        };
        list.push(AlertView::new(row, robot_id));
    }
    Reply::ok(&Page::new(total, list, &paging))
}
