//! `PUT /api/alert-rules/{id}`: the fields given change, the rest stays.
use actix_web::web::Path;
use workbot_schema::configuration::{ConfigurationEdit, Configured, Edit};

use super::detail::find;
use super::rule_fields::RuleFields;
use super::rule_view::RuleView;
use crate::http::audit::Origin;
use crate::http::auth::{Action, UserToken};
use crate::http::configure::{Change, configure};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Changes a rule.
#[utoipa::path(
    put,
    path = "/api/alert-rules/{id}",
    operation_id = "update_alert_rule",
    tag = "告警规则",
    summary = "修改告警规则",
    description = "只修改给出的字段；version 不一致时返回 409 version_conflict。静默规则：设置 silencedUntil，传 null 取消。",
    security(("user" = [])),
    params(("id" = String, Path, description = "规则编号")),
    request_body(content = RuleFields, example = json!({"silencedUntil": "2026-01-30T16:00:00Z", "version": 1})),
    responses(
        (status = 200, description = "修改后的规则", body = Envelope<RuleView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "name": "退款", "isActive": true,
                "metric": "keyword", "operator": "contains", "value": ["退款"], "windowSecs": 300,
                "forSecs": 0, "level": "warning", "cooldownSecs": 300,
                "silencedUntil": "2026-01-30T16:00:00.000Z", "channelIds": ["preset_console"], "robotIds": [],
                "isPreset": false, "version": 2, "createdAt": "2026-01-30T12:00:00.000Z",
                "updatedAt": "2026-01-30T12:05:00.000Z"}})),
        Failures
    )
)]
pub async fn change(
    state: State,
    user: UserToken,
    origin: Origin,
    id: Path<String>,
    body: Body<RuleFields>,
) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    let present = find(&state, &user, id.into_inner()).await?;
    let expected = body.value.version;
    let (changes, names) = body.value.prepare(&state, &user, &present).await?;
    let edit = Edit::Update { id: present.id.clone(), expected, changes: Box::new(changes) };
    let change = Change {
        edit: ConfigurationEdit::Rule(edit),
        action: "alert_rule.update",
        object: format!("alert_rule/{}", present.id),
        detail: serde_json::json!({"fields": names}),
        missing: Missing::AlertRule,
    };
    let configured = configure(&state, &user, &origin, change).await?;
    state.refresh_rules().await;
    match configured {
        Configured::Rule(rule) => Reply::ok(&RuleView::from(*rule)),
        _ => Err(ApiError::Internal("the journal answered a rule with something else".to_owned())),
    }
}
