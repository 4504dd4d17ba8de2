//! `POST /api/alerts/{id}/resolve`: it is over.
use actix_web::web::Path;
use workbot_schema::alerts::AlertAct;

use super::alert_view::AlertView;
use super::change::{Note, NoteRequest, change};
use crate::http::audit::Origin;
use crate::http::auth::Caller;
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Resolves an alert.
#[utoipa::path(
    post,
    path = "/api/alerts/{id}/resolve",
    operation_id = "resolve_alert",
    tag = "告警",
    summary = "解决告警",
    description = "解决后同一对象再次触发会产生新的告警；重复解决不改变结果。",
    security(("user" = [])),
    params(("id" = String, Path, description = "告警编号")),
    request_body(content = NoteRequest, example = json!({"note": "已联系客户"})),
    responses(
        (status = 200, description = "修改后的告警", body = Envelope<AlertView>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"id": "alert_0190",
                "level": "critical", "code": "keyword", "status": "resolved", "ruleId": "preset_risk_words",
                "robotId": "robot_1703123456789_abc123", "sessionId": "ses_01", "messageId": "msg_01",
                "executionId": null, "data": {"keyword": "骗子"}, "count": 1,
                "firstAt": "2026-01-30T12:00:00.000Z", "lastAt": "2026-01-30T12:00:00.000Z",
                "ackBy": "550e8400-e29b-41d4-a716-446655440000", "ackedAt": "2026-01-30T12:01:00.000Z",
                "resolvedBy": null, "resolvedAt": null, "note": "已联系客户"}})),
        Failures
    )
)]
pub async fn resolve(
    state: State,
    caller: Caller,
    origin: Origin,
    id: Path<String>,
    Note(note): Note,
) -> ApiResult<Reply> {
    Reply::ok(&change(&state, &caller, &origin, id.into_inner(), AlertAct::Resolve, note).await?)
}
