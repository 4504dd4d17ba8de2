//! `POST /api/alert-rules`: a new rule.
use workbot_schema::batch::Record;
use workbot_schema::configuration::{ConfigurationEdit, Edit};

use super::rule_fields::RuleFields;
use super::rule_view::RuleView;
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller, UserToken};
use crate::http::configure::configuration;
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::{Body, IdempotencyKey};
use crate::http::guard::idempotency::{Committed, Started};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Makes a rule.
#[utoipa::path(
    post,
    path = "/api/alert-rules",
    operation_id = "create_alert_rule",
    tag = "告警规则",
    summary = "新建告警规则",
    description = "metric 与 value：keyword 关键词（文本或列表，operator 为 contains 或 eq），intent 意图，level 级别，\
robot_offline 离线秒数，ai_failure_rate、callback_failure_rate、error_rate 百分比（windowSecs 内至少 3 次才判断），\
response_ms 响应毫秒 P95，backlog 排队指令数。数值条件持续 forSecs 才触发；cooldownSecs 内同一对象只计数。\
ownerId 为空表示共享，否则只对该用户的机器人生效。",
    security(("user" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "重复提交得到同一结果，24 小时内有效")),
    request_body(content = RuleFields, example = json!({"name": "退款", "metric": "keyword", "operator": "contains",
        "value": ["退款", "退货"], "level": "warning", "cooldownSecs": 300, "channelIds": ["preset_console"]})),
    responses(
        (status = 200, description = "新规则", body = Envelope<RuleView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "name": "退款", "isActive": true,
                "metric": "keyword", "operator": "contains", "value": ["退款", "退货"], "windowSecs": 300,
                "forSecs": 0, "level": "warning", "cooldownSecs": 300, "silencedUntil": null,
                "channelIds": ["preset_console"], "robotIds": [], "isPreset": false, "version": 1,
                "createdAt": "2026-01-30T12:00:00.000Z", "updatedAt": "2026-01-30T12:00:00.000Z"}})),
        Failures
    )
)]
pub async fn create(
    state: State,
    user: UserToken,
    origin: Origin,
    key: IdempotencyKey,
    body: Body<RuleFields>,
) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    let caller = Caller::User(user.clone());
    let ticket = match state.begin(&key, &caller.name(), &body.bytes).await? {
        Started::Replay(reply) => return Ok(reply),
        Started::Fresh(ticket) => ticket,
    };
    let now = state.now();
    let mut rule = body.value.begin(now)?;
    let (changes, _names) = body.value.prepare(&state, &user, &rule).await?;
    rule.apply(&changes);
    let reply = Reply::ok(&RuleView::from(rule.clone()))?;
    let detail = serde_json::json!({"name": rule.name, "metric": rule.metric, "ownerId": rule.owner_id});
    let audit = origin.audit(&caller, "alert_rule.create", format!("alert_rule/{}", rule.id), detail, now);
    let edit = configuration(&user, ConfigurationEdit::Rule(Edit::Create(Box::new(rule))));
    match ticket.commit(&state, &reply, vec![Record::Configure(Box::new(edit)), audit]).await? {
        Committed::Done(_outcomes) => {
            state.refresh_rules().await;
            Ok(reply)
        }
        Committed::Replay(reply) => Ok(reply),
    }
}
