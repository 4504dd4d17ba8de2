//! `POST /api/ai/personas/{id}/rollback`: an older content becomes the newest version.
use actix_web::web::Path;
use workbot_schema::ai_personas::versions;
use workbot_schema::configuration::{ConfigurationEdit, Edit};

use super::change::answer;
use super::detail::find;
use super::persona_view::PersonaView;
use crate::http::audit::Origin;
use crate::http::auth::{Action, UserToken};
use crate::http::configure::{Change, configure_noted};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::state::State;
use crate::http::versions::RollbackFields;

/// Goes back to an older version.
#[utoipa::path(
    post,
    path = "/api/ai/personas/{id}/rollback",
    operation_id = "rollback_persona",
    tag = "AI 角色",
    summary = "回滚角色",
    description = "以旧版本的内容生成新版本；启停状态不变。",
    security(("user" = [])),
    params(("id" = String, Path, description = "角色编号")),
    request_body(content = RollbackFields, example = json!({"version": 1})),
    responses(
        (status = 200, description = "回滚后的角色", body = Envelope<PersonaView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "name": "售后小助手",
                "roleType": "service", "description": "售后咨询", "systemPrompt": "你是一个专业的售后客服。",
                "temperature": 0.7, "maxTokens": 2000, "modelId": null, "preferredModel": "doubao-pro-32k",
                "capabilities": ["service_reply"], "isActive": true, "isPreset": false, "version": 3,
                "createdAt": "2026-01-30T12:00:00.000Z", "updatedAt": "2026-01-30T12:00:00.000Z"}})),
        Failures
    )
)]
pub async fn rollback(
    state: State,
    user: UserToken,
    origin: Origin,
    id: Path<String>,
    body: Body<RollbackFields>,
) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    let present = find(&state, &user, id.into_inner()).await?;
    let wish = body.value.check()?;
    if versions::find(&state.db, present.id.clone(), wish.to).await?.is_none() {
        return Err(ApiError::NotFound(Missing::Version));
    }
    let edit = Edit::Rollback { id: present.id.clone(), expected: wish.expected, to: wish.to };
    let change = Change {
        edit: ConfigurationEdit::Persona(edit),
        action: "persona.rollback",
        object: format!("persona/{}", present.id),
        detail: serde_json::json!({"to": wish.to}),
        missing: Missing::Persona,
    };
    let configured = configure_noted(&state, &user, &origin, change, wish.note).await?;
    state.refresh_designs().await;
    answer(configured)
}
