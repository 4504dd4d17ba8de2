//! `GET /api/alert-rules`: shared rules and one's own.
use serde::Deserialize;
use utoipa::IntoParams;
use workbot_schema::alert_rules::{self, AlertMetric};
use workbot_schema::configuration::ConfigurationFilter;

use super::rule_view::RuleView;
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
pub struct RulesQuery {
    /// One metric.
    pub metric: Option<AlertMetric>,
    /// Switched on or off.
    pub is_active: Option<bool>,
    /// A part of the name.
    pub q: Option<String>,
}

/// Lists rules in the order they were made.
#[utoipa::path(
    get,
    path = "/api/alert-rules",
    operation_id = "list_alert_rules",
    tag = "告警规则",
    summary = "告警规则列表",
    description = "包含共享规则（ownerId 为空）和自己的规则；管理员可见全部。",
    security(("user" = [])),
    params(RulesQuery, PagingQuery),
    responses(
        (status = 200, description = "规则", body = Envelope<Page<RuleView>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1,
                "list": [{"id": "preset_risk_words", "ownerId": null, "name": "风险词", "isActive": true,
                "metric": "keyword", "operator": "contains", "value": ["骗子", "报警"], "windowSecs": 300,
                "forSecs": 0, "level": "critical", "cooldownSecs": 300, "silencedUntil": null,
                "channelIds": ["preset_console"], "robotIds": [], "isPreset": true, "version": 1,
                "createdAt": "2026-01-30T12:00:00.000Z", "updatedAt": "2026-01-30T12:00:00.000Z"}]}})),
        Failures
    )
)]
pub async fn list(
    state: State,
    user: UserToken,
    paging: Paging,
    Query(query): Query<RulesQuery>,
) -> ApiResult<Reply> {
    user.may(Action::ReadDesign)?;
    let filter = ConfigurationFilter {
        audience: user.audience(),
        is_active: query.is_active,
        group: query.metric.map(|metric| metric.as_str().to_owned()),
        name: query.q,
    };
    let (total, rows) = alert_rules::list(&state.db, filter, paging.offset, paging.limit).await?;
    let list = rows.into_iter().map(RuleView::from).collect();
    Reply::ok(&Page::new(total, list, &paging))
}
