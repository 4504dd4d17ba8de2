//! `POST /api/ai/models`: a new model.
use workbot_schema::batch::Record;
use workbot_schema::configuration::{ConfigurationEdit, Edit};

use super::model_fields::ModelFields;
use super::model_view::ModelView;
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller, UserToken};
use crate::http::configure::noted;
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::{Body, IdempotencyKey};
use crate::http::guard::idempotency::{Committed, Started};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Makes a model.
#[utoipa::path(
    post,
    path = "/api/ai/models",
    operation_id = "create_model",
    tag = "AI 模型",
    summary = "添加模型",
    description = "apiEndpoint 是基础地址，按 provider 追加 /chat/completions、/v1/messages（claude）、/chat-messages（dify）或 /v3/chat（coze）；\
不填则用该厂商的默认地址，custom 必填。apiKey 加密保存，只写不读。没有 intent_recognition 能力的模型不做意图识别。",
    security(("user" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "重复提交得到同一结果，24 小时内有效")),
    request_body(content = ModelFields, example = json!({"name": "豆包 32k", "provider": "doubao",
        "modelId": "doubao-pro-32k", "capabilities": ["intent_recognition", "service_reply", "chat"],
        "apiKey": "sk-…", "priority": 100, "inDefaultChain": true,
        "config": {"priceInMicros": 800, "priceOutMicros": 2000}})),
    responses(
        (status = 200, description = "新模型", body = Envelope<ModelView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "name": "豆包 32k",
                "provider": "doubao", "modelId": "doubao-pro-32k", "modelType": "chat",
                "capabilities": ["intent_recognition", "service_reply", "chat"], "isActive": true, "apiEndpoint": null,
                "apiKeySet": true, "priority": 100, "inDefaultChain": true, "config": {"priceInMicros": 800,
                "priceOutMicros": 2000}, "isPreset": false, "version": 1, "createdAt": "2026-01-30T12:00:00.000Z",
                "updatedAt": "2026-01-30T12:00:00.000Z", "live": null}})),
        Failures
    )
)]
pub async fn create(
    state: State,
    user: UserToken,
    origin: Origin,
    key: IdempotencyKey,
    body: Body<ModelFields>,
) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    let caller = Caller::User(user.clone());
    let ticket = match state.begin(&key, &caller.name(), &body.bytes).await? {
        Started::Replay(reply) => return Ok(reply),
        Started::Fresh(ticket) => ticket,
    };
    let now = state.now();
    let mut model = body.value.begin(now)?;
    let prepared = body.value.prepare(&state, &user, &model).await?;
    model.apply(&prepared.changes);
    let reply = Reply::ok(&ModelView::new(&state, model.clone()))?;
    let detail =
        serde_json::json!({"name": model.name, "provider": model.provider, "ownerId": model.owner_id});
    let audit = origin.audit(&caller, "model.create", format!("model/{}", model.id), detail, now);
    let edit = noted(&user, ConfigurationEdit::Model(Edit::Create(Box::new(model))), prepared.note);
    match ticket.commit(&state, &reply, vec![Record::Configure(Box::new(edit)), audit]).await? {
        Committed::Done(_outcomes) => {
            state.refresh_models().await;
            Ok(reply)
        }
        Committed::Replay(reply) => Ok(reply),
    }
}
