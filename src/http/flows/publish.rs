//! `POST /api/flows/{id}/publish`: the draft becomes what new runs take.
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::Path;
use actix_web::{FromRequest, HttpRequest};
use serde::Deserialize;
use utoipa::ToSchema;
use workbot_actors::flow;
use workbot_schema::configuration::ConfigurationEdit;

use super::change::answer;
use super::detail::find;
use super::flow_fields::{as_value, problems, refuse};
use super::flow_view::{FlowView, draft_of};
use crate::http::audit::Origin;
use crate::http::auth::{Action, UserToken};
use crate::http::configure::{Change, configure_noted};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Conflict, Fields, Missing};
use crate::http::extract::body::{check_type, read_bytes};
use crate::http::extract::json::{Nul, parse};
use crate::http::openapi::Failures;
use crate::http::state::{Edge, State};
use crate::http::versions::checked_note;

/// How a flow is published; the body may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PublishFields {
    /// Done only when the flow is still at this version.
    pub version: Option<i64>,
    /// Why, at most 500 characters.
    pub note: Option<String>,
}

/// The fields, or no body at all.
pub struct Wish(pub PublishFields);

impl FromRequest for Wish {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = ApiResult<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let edge = Edge::of(&request)?;
            let (bytes, _permit) = read_bytes(&edge, &request, payload, false).await?;
            if bytes.is_empty() {
                return Ok(Self(PublishFields::default()));
            }
            check_type(&request)?;
            Ok(Self(parse::<PublishFields>(&bytes, Nul::Refuse)?.value))
        })
    }
}

/// Publishes the draft of a flow.
#[utoipa::path(
    post,
    path = "/api/flows/{id}/publish",
    operation_id = "publish_flow",
    tag = "流程",
    summary = "发布流程",
    description = "草稿成为下一个版本，新的执行使用它；进行中的执行仍用原版本。草稿有问题时返回 422 flow_invalid，data.problems 列出每一处。",
    security(("user" = [])),
    params(("id" = String, Path, description = "流程编号")),
    request_body(content = PublishFields, example = json!({"version": 2, "note": "增加转人工"})),
    responses(
        (status = 200, description = "发布后的流程", body = Envelope<FlowView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "name": "售后流程", "description": "",
                "isActive": true, "publishedVersion": 1, "latestVersion": 1, "isPreset": false, "version": 3,
                "createdAt": "2026-01-30T12:00:00.000Z", "updatedAt": "2026-01-30T12:05:00.000Z",
                "nodes": [{"id": "message_receive", "type": "message_receive", "name": "消息接收", "config": {}},
                {"id": "end", "type": "end", "name": "结束", "config": {}}],
                "edges": [{"from": "message_receive", "to": "end"}]}})),
        Failures
    )
)]
pub async fn publish(
    state: State,
    user: UserToken,
    origin: Origin,
    id: Path<String>,
    Wish(wish): Wish,
) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    let present = find(&state, &user, id.into_inner()).await?;
    let mut wrong = Fields::new();
    let note = checked_note(wish.note, &mut wrong);
    wrong.into_invalid()?;
    if wish.version.is_some_and(|version| version != present.version) {
        return Err(ApiError::Conflict(Conflict::Version { current: present.version }));
    }
    let draft = draft_of(&present);
    refuse(problems(&state, draft.clone(), flow::validate).await?)?;
    let edit = ConfigurationEdit::Publish {
        id: present.id.clone(),
        // What was looked at is what is published.
        expected: Some(present.version),
        content: as_value(&draft)?,
    };
    let change = Change {
        edit,
        action: "flow.publish",
        object: format!("flow/{}", present.id),
        detail: serde_json::json!({"version": draft.version}),
        missing: Missing::Flow,
    };
    let configured = configure_noted(&state, &user, &origin, change, note).await?;
    state.refresh_designs().await;
    answer(configured)
}
