//! `POST /api/ai/templates/{id}/rollback`: an older content becomes the newest version.
use actix_web::web::Path;
use workbot_schema::ai_message_templates::versions;
use workbot_schema::configuration::{ConfigurationEdit, Edit};

use super::change::answer;
use super::detail::find;
use super::template_view::TemplateView;
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
    path = "/api/ai/templates/{id}/rollback",
    operation_id = "rollback_template",
    tag = "话术模板",
    summary = "回滚话术模板",
    description = "以旧版本的内容生成新版本；启停状态和使用次数不变。",
    security(("user" = [])),
    params(("id" = String, Path, description = "话术模板编号")),
    request_body(content = RollbackFields, example = json!({"version": 1})),
    responses(
        (status = 200, description = "回滚后的话术模板", body = Envelope<TemplateView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "category": "欢迎语",
                "name": "新用户欢迎", "description": "新用户加入时的欢迎语", "template": "欢迎 {{userName}} 加入！",
                "variables": ["userName"], "personaType": "community", "useCount": 12, "isActive": true,
                "isPreset": false, "version": 3, "createdAt": "2026-01-30T12:00:00.000Z",
                "updatedAt": "2026-01-30T12:00:00.000Z"}})),
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
        edit: ConfigurationEdit::Template(edit),
        action: "template.rollback",
        object: format!("template/{}", present.id),
        detail: serde_json::json!({"to": wish.to}),
        missing: Missing::Template,
    };
    let configured = configure_noted(&state, &user, &origin, change, wish.note).await?;
    state.refresh_models().await;
    answer(configured)
}
