//! `POST /api/admin/activation-codes`: new codes.
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use workbot_schema::batch::Record;
use workbot_schema::fields::Ts;
use workbot_schema::ids::UserId;

use super::code::{CodeOrder, make_codes};
use crate::http::auth::{Action, Audit, Caller};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiResult, Fields};
use crate::http::extract::{Body, ClientAddress, IdempotencyKey, RequestId};
use crate::http::guard::idempotency::{Committed, Started};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// What codes to make.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateCodesRequest {
    /// How many.
    #[schema(minimum = 1, maximum = 1000, example = 10)]
    pub count: i64,
    /// Service time of the robot in days, from its first activation.
    #[schema(minimum = 1, maximum = 36500, example = 365)]
    pub validity_period: i64,
    /// Who will own the robots.
    pub bound_user_id: Option<String>,
    /// An unused code works until then; 365 days when absent.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub expires_at: Option<DateTime<Utc>>,
    /// Free text.
    #[schema(max_length = 200)]
    pub note: Option<String>,
}

/// A new code.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewCode {
    /// The code.
    pub code: String,
    /// An unused code works until then, ISO 8601.
    pub expires_at: String,
}

/// The new codes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateCodesResponse {
    /// How many.
    pub count: usize,
    /// Service time of the robots, days.
    pub validity_period: i32,
    /// The codes.
    pub codes: Vec<NewCode>,
}

/// Days in which an unused code works when nothing else is said.
pub const CODE_DAYS: i64 = 365;

/// Makes codes.
#[utoipa::path(
    post,
    path = "/api/admin/activation-codes",
    operation_id = "create_activation_codes",
    tag = "激活码管理",
    summary = "批量生成激活码",
    security(("user" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "最长 128 个字符，24 小时内重复提交得到相同结果")),
    request_body(content = CreateCodesRequest, example = json!({"count": 2, "validityPeriod": 365})),
    responses(
        (status = 200, description = "新激活码", body = Envelope<CreateCodesResponse>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"count": 1, "validityPeriod": 365,
                "codes": [{"code": "3CQ4Z9KE", "expiresAt": "2026-12-01T00:00:00.000Z"}]}})),
        Failures
    )
)]
pub async fn create(
    state: State,
    caller: Caller,
    client: ClientAddress,
    id: RequestId,
    key: IdempotencyKey,
    body: Body<CreateCodesRequest>,
) -> ApiResult<Reply> {
    caller.may(Action::ActivationCodes)?;
    let ticket = match state.begin(&key, &caller.name(), &body.bytes).await? {
        Started::Replay(reply) => return Ok(reply),
        Started::Fresh(ticket) => ticket,
    };
    let request = body.value;
    let now = state.now();
    let expires_at = request.expires_at.map_or_else(|| now.plus(TimeDelta::days(CODE_DAYS)), Ts::new);
    let count = usize::try_from(request.count).unwrap_or(0);
    let validity_days = i32::try_from(request.validity_period).unwrap_or(0);
    let bound_user_id =
        request.bound_user_id.as_deref().map(str::trim).filter(|id| !id.is_empty()).map(UserId::from);
    let mut fields = Fields::new();
    fields.expect((1..=1_000).contains(&count), "count", "应为 1 至 1000");
    fields.expect((1..=36_500).contains(&validity_days), "validityPeriod", "应为 1 至 36500 天");
    fields.expect(expires_at > now, "expiresAt", "必须晚于当前时间");
    fields.expect_length("note", request.note.as_deref().unwrap_or_default(), 200);
    if let Some(user) = &bound_user_id {
        let is_there = state.user(user).await?.is_some_and(|user| user.is_active);
        fields.expect(is_there, "boundUserId", "用户不存在或已停用");
    }
    fields.into_invalid()?;
    let order = CodeOrder {
        count,
        validity_days,
        bound_user_id,
        created_by: caller.user_id().cloned(),
        note: request.note,
        expires_at,
    };
    let codes = make_codes(&order, now);
    let reply = Reply::ok(&CreateCodesResponse {
        count,
        validity_period: validity_days,
        codes: codes
            .iter()
            .map(|code| NewCode { code: code.code.clone(), expires_at: code.expires_at.iso() })
            .collect(),
    })?;
    let batch = codes.first().map(|code| code.batch.clone()).unwrap_or_default();
    let detail =
        json!({ "count": count, "validityPeriod": validity_days, "boundUserId": order.bound_user_id });
    let audit = Audit::of(&caller, client, &id).record(
        &state,
        "activation_code.create",
        format!("activation_code_batch/{batch}"),
        detail,
    );
    // Codes are secrets until they are used.
    match ticket.commit_secret(&state, &reply, vec![Record::Codes(codes), audit]).await? {
        Committed::Replay(reply) => Ok(reply),
        Committed::Done(_outcomes) => Ok(reply),
    }
}
