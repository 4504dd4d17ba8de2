//! `GET /api/ai/templates/{id}`: one template.
use actix_web::web::Path;
use workbot_schema::ai_message_templates::{self, AiMessageTemplate};
use workbot_schema::ids::TemplateId;

use super::template_view::TemplateView;
use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::openapi::Failures;
use crate::http::state::{AppState, State};

/// A template that somebody may see, else 404.
pub async fn find(state: &AppState, user: &UserToken, id: String) -> ApiResult<AiMessageTemplate> {
    let found = ai_message_templates::find(&state.db, TemplateId(id)).await?;
    let seen = found.filter(|template| user.sees(template.owner_id.as_ref()));
    seen.ok_or(ApiError::NotFound(Missing::Template))
}

/// Shows a template.
#[utoipa::path(
    get,
    path = "/api/ai/templates/{id}",
    operation_id = "get_template",
    tag = "话术模板",
    summary = "话术模板详情",
    security(("user" = [])),
    params(("id" = String, Path, description = "话术模板编号")),
    responses(
        (status = 200, description = "话术模板", body = Envelope<TemplateView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "category": "欢迎语",
                "name": "新用户欢迎", "description": "新用户加入时的欢迎语", "template": "欢迎 {{userName}} 加入！",
                "variables": ["userName"], "personaType": "community", "useCount": 12, "isActive": true,
                "isPreset": false, "version": 1, "createdAt": "2026-01-30T12:00:00.000Z",
                "updatedAt": "2026-01-30T12:00:00.000Z"}})),
        Failures
    )
)]
pub async fn detail(state: State, user: UserToken, id: Path<String>) -> ApiResult<Reply> {
    user.may(Action::ReadDesign)?;
    Reply::ok(&TemplateView::from(find(&state, &user, id.into_inner()).await?))
}
