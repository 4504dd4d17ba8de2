//! `GET /api/ai/personas/{id}`: one persona.
use actix_web::web::Path;
use workbot_schema::ai_personas::{self, AiPersona};
use workbot_schema::ids::PersonaId;

use super::persona_view::PersonaView;
use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::openapi::Failures;
use crate::http::state::{AppState, State};

/// A persona that somebody may see, else 404.
pub async fn find(state: &AppState, user: &UserToken, id: String) -> ApiResult<AiPersona> {
    let found = ai_personas::find(&state.db, PersonaId(id)).await?;
    let seen = found.filter(|persona| user.sees(persona.owner_id.as_ref()));
    seen.ok_or(ApiError::NotFound(Missing::Persona))
}

/// Shows a persona.
#[utoipa::path(
    get,
    path = "/api/ai/personas/{id}",
    operation_id = "get_persona",
    tag = "AI 角色",
    summary = "角色详情",
    security(("user" = [])),
    params(("id" = String, Path, description = "角色编号")),
    responses(
        (status = 200, description = "角色", body = Envelope<PersonaView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "name": "售后小助手",
                "roleType": "service", "description": "售后咨询", "systemPrompt": "你是一个专业的售后客服。",
                "temperature": 0.7, "maxTokens": 2000, "modelId": null, "preferredModel": "doubao-pro-32k",
                "capabilities": ["service_reply"], "isActive": true, "isPreset": false, "version": 1,
                "createdAt": "2026-01-30T12:00:00.000Z", "updatedAt": "2026-01-30T12:00:00.000Z"}})),
        Failures
    )
)]
pub async fn detail(state: State, user: UserToken, id: Path<String>) -> ApiResult<Reply> {
    user.may(Action::ReadDesign)?;
    Reply::ok(&PersonaView::from(find(&state, &user, id.into_inner()).await?))
}
