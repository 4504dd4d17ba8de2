//! `GET /api/admin/audit-logs`: who changed what.
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use workbot_schema::fields::Ts;
use workbot_schema::logs::{AuditFilter, AuditLog, list_audit};

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
pub struct AuditQuery {
    /// Who, as the rows name them: `user:<id>`, `key:<id>`, `robot:<uuid>`, `system`.
    pub actor: Option<String>,
    /// A verb or its beginning, e.g. `robot`.
    pub action: Option<String>,
    /// A thing, e.g. `robot/<id>`.
    pub object: Option<String>,
    /// At or after, ISO 8601.
    pub from: Option<DateTime<Utc>>,
    /// Before, ISO 8601.
    pub to: Option<DateTime<Utc>>,
}

/// One entry.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditView {
    /// Place in the order of the server.
    pub seq: i64,
    /// Who.
    pub actor: String,
    /// Verb.
    #[schema(example = "robot.update")]
    pub action: String,
    /// Thing.
    pub object: String,
    /// What changed.
    #[schema(value_type = Object)]
    pub detail: Value,
    /// Where from.
    pub address: Option<String>,
    /// The request.
    pub request_id: Option<String>,
    /// When.
    pub created_at: String,
}

impl From<AuditLog> for AuditView {
    fn from(row: AuditLog) -> Self {
        Self {
            seq: row.seq,
            actor: row.actor,
            action: row.action,
            object: row.object,
            detail: row.detail.0,
            address: row.address,
            request_id: row.request_id,
            created_at: row.created_at.iso(),
        }
    }
}

/// Lists entries, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/audit-logs",
    operation_id = "list_audit_logs",
    tag = "用户",
    summary = "审计日志",
    security(("user" = [])),
    params(AuditQuery, PagingQuery),
    responses(
        (status = 200, description = "审计日志", body = Envelope<Page<AuditView>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1, "list": [{"seq": 42,
                "actor": "user:550e8400-e29b-41d4-a716-446655440000", "action": "robot.update",
                "object": "robot/robot_1703123456789_abc123", "detail": {"fields": ["name"]},
                "address": "203.0.113.5", "requestId": "req_abc", "createdAt": "2026-01-30T12:00:00.000Z"}]}})),
        Failures
    )
)]
pub async fn audit_logs(
    state: State,
    user: UserToken,
    paging: Paging,
    Query(query): Query<AuditQuery>,
) -> ApiResult<Reply> {
    user.may(Action::ReadAudit)?;
    let filter = AuditFilter {
        actor: query.actor,
        action: query.action,
        object: query.object,
        from: query.from.map(Ts::new),
        to: query.to.map(Ts::new),
    };
    let (total, rows) = list_audit(&state.db, filter, paging.offset, paging.limit).await?;
    let list = rows.into_iter().map(AuditView::from).collect();
    Reply::ok(&Page::new(total, list, &paging))
}
