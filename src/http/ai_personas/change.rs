//! `PUT /api/ai/personas/{id}`: the fields given change, the rest stays.
use actix_web::web::Path;
use workbot_schema::configuration::{ConfigurationEdit, Configured, Edit};

use super::detail::find;
use super::persona_fields::PersonaFields;
use super::persona_view::PersonaView;
use crate::http::audit::Origin;
use crate::http::auth::{Action, UserToken};
use crate::http::configure::{Change, configure_noted};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Changes a persona.
#[utoipa::path(
    put,
    path = "/api/ai/personas/{id}",
    operation_id = "update_persona",
    tag = "AI 角色",
    summary = "修改角色",
    description = "只修改给出的字段并保存一个新版本；version 不一致时返回 409 version_conflict。note 记录修改原因。",
    security(("user" = [])),
    params(("id" = String, Path, description = "角色编号")),
    request_body(content = PersonaFields, example = json!({"temperature": 0.5, "note": "更稳一些", "version": 1})),
    responses(
        (status = 200, description = "修改后的角色", body = Envelope<PersonaView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "name": "售后小助手",
                "roleType": "service", "description": "售后咨询", "systemPrompt": "你是一个专业的售后客服。",
                "temperature": 0.7, "maxTokens": 2000, "modelId": null, "preferredModel": "doubao-pro-32k",
                "capabilities": ["service_reply"], "isActive": true, "isPreset": false, "version": 2,
                "createdAt": "2026-01-30T12:00:00.000Z", "updatedAt": "2026-01-30T12:00:00.000Z"}})),
        Failures
    )
)]
pub async fn change(
    state: State,
    user: UserToken,
    origin: Origin,
    id: Path<String>,
    body: Body<PersonaFields>,
) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    let present = find(&state, &user, id.into_inner()).await?;
    let expected = body.value.version;
    let prepared = body.value.prepare(&state, &user, &present).await?;
    let edit = Edit::Update { id: present.id.clone(), expected, changes: Box::new(prepared.changes) };
    let change = Change {
        edit: ConfigurationEdit::Persona(edit),
        action: "persona.update",
        object: format!("persona/{}", present.id),
        detail: serde_json::json!({"fields": prepared.names}),
        missing: Missing::Persona,
    };
    let configured = configure_noted(&state, &user, &origin, change, prepared.note).await?;
    state.refresh_designs().await;
    answer(configured)
}

/// A persona after a change.
pub fn answer(configured: Configured) -> ApiResult<Reply> {
    match configured {
        Configured::Persona(persona) => Reply::ok(&PersonaView::from(*persona)),
        _ => Err(ApiError::Internal("the journal answered a persona with something else".to_owned())),
    }
}
