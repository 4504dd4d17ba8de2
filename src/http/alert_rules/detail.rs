//! `GET /api/alert-rules/{id}`: one rule.
use actix_web::web::Path;
use workbot_schema::alert_rules::{self, AlertRule};
use workbot_schema::ids::AlertRuleId;

use super::rule_view::RuleView;
use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::openapi::Failures;
use crate::http::state::{AppState, State};

/// A rule that somebody may see, else 404.
pub async fn find(state: &AppState, user: &UserToken, id: String) -> ApiResult<AlertRule> {
    let found = alert_rules::find(&state.db, AlertRuleId(id)).await?;
    let seen = found.filter(|rule| user.sees(rule.owner_id.as_ref()));
    seen.ok_or(ApiError::NotFound(Missing::AlertRule))
}

/// Shows a rule.
#[utoipa::path(
    get,
    path = "/api/alert-rules/{id}",
    operation_id = "get_alert_rule",
    tag = "告警规则",
    summary = "告警规则详情",
    security(("user" = [])),
    params(("id" = String, Path, description = "规则编号")),
    responses(
        (status = 200, description = "规则", body = Envelope<RuleView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "preset_robot_offline", "ownerId": null, "name": "机器人离线超过 5 分钟", "isActive": true,
                "metric": "robot_offline", "operator": "gt", "value": 300, "windowSecs": 300,
                "forSecs": 0, "level": "critical", "cooldownSecs": 300, "silencedUntil": null,
                "channelIds": ["preset_console"], "robotIds": [], "isPreset": true, "version": 1,
                "createdAt": "2026-01-30T12:00:00.000Z", "updatedAt": "2026-01-30T12:00:00.000Z"}})),
        Failures
    )
)]
pub async fn detail(state: State, user: UserToken, id: Path<String>) -> ApiResult<Reply> {
    user.may(Action::ReadDesign)?;
    Reply::ok(&RuleView::from(find(&state, &user, id.into_inner()).await?))
}
