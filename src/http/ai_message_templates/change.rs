//! `PUT /api/ai/templates/{id}`: the fields given change, the rest stays.
use actix_web::web::Path;
use workbot_schema::configuration::{ConfigurationEdit, Configured, Edit};

use super::detail::find;
use super::template_fields::TemplateFields;
use super::template_view::TemplateView;
use crate::http::audit::Origin;
use crate::http::auth::{Action, UserToken};
use crate::http::configure::{Change, configure_noted};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Changes a template.
#[utoipa::path(
    put,
    path = "/api/ai/templates/{id}",
    operation_id = "update_template",
    tag = "话术模板",
    summary = "修改话术模板",
    description = "只修改给出的字段并保存一个新版本；version 不一致时返回 409 version_conflict。variables、useCount 只读。",
    security(("user" = [])),
    params(("id" = String, Path, description = "话术模板编号")),
    request_body(content = TemplateFields, example = json!({"template": "{{userName}}，欢迎您！", "version": 1})),
    responses(
        (status = 200, description = "修改后的话术模板", body = Envelope<TemplateView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "category": "欢迎语",
                "name": "新用户欢迎", "description": "新用户加入时的欢迎语", "template": "欢迎 {{userName}} 加入！",
                "variables": ["userName"], "personaType": "community", "useCount": 12, "isActive": true,
                "isPreset": false, "version": 2, "createdAt": "2026-01-30T12:00:00.000Z",
                "updatedAt": "2026-01-30T12:00:00.000Z"}})),
        Failures
    )
)]
pub async fn change(
    state: State,
    user: UserToken,
    origin: Origin,
    id: Path<String>,
    body: Body<TemplateFields>,
) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    let present = find(&state, &user, id.into_inner()).await?;
    let expected = body.value.version;
    let prepared = body.value.prepare(&state, &user).await?;
    let edit = Edit::Update { id: present.id.clone(), expected, changes: Box::new(prepared.changes) };
    let change = Change {
        edit: ConfigurationEdit::Template(edit),
        action: "template.update",
        object: format!("template/{}", present.id),
        detail: serde_json::json!({"fields": prepared.names}),
        missing: Missing::Template,
    };
    let configured = configure_noted(&state, &user, &origin, change, prepared.note).await?;
    state.refresh_models().await;
    answer(configured)
}

/// A template after a change.
pub fn answer(configured: Configured) -> ApiResult<Reply> {
    match configured {
        Configured::Template(template) => Reply::ok(&TemplateView::from(*template)),
        _ => Err(ApiError::Internal("the journal answered a template with something else".to_owned())),
    }
}
