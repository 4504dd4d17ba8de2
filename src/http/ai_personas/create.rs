//! `POST /api/ai/personas`: a new persona.
use workbot_schema::batch::Record;
use workbot_schema::configuration::{ConfigurationEdit, Edit};

use super::persona_fields::PersonaFields;
use super::persona_view::PersonaView;
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller, UserToken};
use crate::http::configure::noted;
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::{Body, IdempotencyKey};
use crate::http::guard::idempotency::{Committed, Started};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Makes a persona.
#[utoipa::path(
    post,
    path = "/api/ai/personas",
    operation_id = "create_persona",
    tag = "AI 角色",
    summary = "新建角色",
    description = "roleType 决定机器人分组和类型对应的角色：community、service、conversion、tech_support、product_info、customer_relation、assistant 或自定义。\
modelId 为首选模型；不填时按 preferredModel（厂商模型名）查找。",
    security(("user" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "重复提交得到同一结果，24 小时内有效")),
    request_body(content = PersonaFields, example = json!({"name": "售后小助手", "roleType": "service",
        "description": "售后咨询", "systemPrompt": "你是一个专业的售后客服。", "temperature": 0.7, "maxTokens": 2000})),
    responses(
        (status = 200, description = "新角色", body = Envelope<PersonaView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "name": "售后小助手",
                "roleType": "service", "description": "售后咨询", "systemPrompt": "你是一个专业的售后客服。",
                "temperature": 0.7, "maxTokens": 2000, "modelId": null, "preferredModel": "doubao-pro-32k",
                "capabilities": ["service_reply"], "isActive": true, "isPreset": false, "version": 1,
                "createdAt": "2026-01-30T12:00:00.000Z", "updatedAt": "2026-01-30T12:00:00.000Z"}})),
        Failures
    )
)]
pub async fn create(
    state: State,
    user: UserToken,
    origin: Origin,
    key: IdempotencyKey,
    body: Body<PersonaFields>,
) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    let caller = Caller::User(user.clone());
    let ticket = match state.begin(&key, &caller.name(), &body.bytes).await? {
        Started::Replay(reply) => return Ok(reply),
        Started::Fresh(ticket) => ticket,
    };
    let now = state.now();
    let mut persona = body.value.begin(now)?;
    let prepared = body.value.prepare(&state, &user, &persona).await?;
    persona.apply(&prepared.changes);
    let reply = Reply::ok(&PersonaView::from(persona.clone()))?;
    let detail = serde_json::json!({"name": persona.name, "ownerId": persona.owner_id});
    let audit = origin.audit(&caller, "persona.create", format!("persona/{}", persona.id), detail, now);
    let edit = noted(&user, ConfigurationEdit::Persona(Edit::Create(Box::new(persona))), prepared.note);
    match ticket.commit(&state, &reply, vec![Record::Configure(Box::new(edit)), audit]).await? {
        Committed::Done(_outcomes) => {
            state.refresh_designs().await;
            Ok(reply)
        }
        Committed::Replay(reply) => Ok(reply),
    }
}
