//! `POST /api/ai/templates`: a new template.
use workbot_schema::batch::Record;
use workbot_schema::configuration::{ConfigurationEdit, Edit};

use super::template_fields::TemplateFields;
use super::template_view::TemplateView;
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller, UserToken};
use crate::http::configure::noted;
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::{Body, IdempotencyKey};
use crate::http::guard::idempotency::{Committed, Started};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Makes a template.
#[utoipa::path(
    post,
    path = "/api/ai/templates",
    operation_id = "create_template",
    tag = "话术模板",
    summary = "新建话术模板",
    description = "变量写作 {{name}}，由正文自动列出（按出现顺序，去重）。category 决定用于哪类意图，personaType 为空表示适用所有角色。",
    security(("user" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "重复提交得到同一结果，24 小时内有效")),
    request_body(content = TemplateFields, example = json!({"category": "欢迎语", "name": "新用户欢迎",
        "template": "欢迎 {{userName}} 加入！", "personaType": "community"})),
    responses(
        (status = 200, description = "新话术模板", body = Envelope<TemplateView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "category": "欢迎语",
                "name": "新用户欢迎", "description": "新用户加入时的欢迎语", "template": "欢迎 {{userName}} 加入！",
                "variables": ["userName"], "personaType": "community", "useCount": 12, "isActive": true,
                "isPreset": false, "version": 1, "createdAt": "2026-01-30T12:00:00.000Z",
                "updatedAt": "2026-01-30T12:00:00.000Z"}})),
        Failures
    )
)]
pub async fn create(
    state: State,
    user: UserToken,
    origin: Origin,
    key: IdempotencyKey,
    body: Body<TemplateFields>,
) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    let caller = Caller::User(user.clone());
    let ticket = match state.begin(&key, &caller.name(), &body.bytes).await? {
        Started::Replay(reply) => return Ok(reply),
        Started::Fresh(ticket) => ticket,
    };
    let now = state.now();
    let mut template = body.value.begin(now)?;
    let prepared = body.value.prepare(&state, &user).await?;
    template.apply(&prepared.changes);
    let reply = Reply::ok(&TemplateView::from(template.clone()))?;
    let detail = serde_json::json!({"name": template.name, "ownerId": template.owner_id});
    let audit = origin.audit(&caller, "template.create", format!("template/{}", template.id), detail, now);
    let edit = noted(&user, ConfigurationEdit::Template(Edit::Create(Box::new(template))), prepared.note);
    match ticket.commit(&state, &reply, vec![Record::Configure(Box::new(edit)), audit]).await? {
        Committed::Done(_outcomes) => {
            state.refresh_models().await;
            Ok(reply)
        }
        Committed::Replay(reply) => Ok(reply),
    }
}
