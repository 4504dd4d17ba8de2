//! `POST /api/admin/actors/{id}/stop`.
use actix_web::web::Path;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// What an actor was told.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActorOrder {
    /// Its id.
    pub id: String,
    /// It ends after its present message.
    pub accepted: bool,
}

/// Asks an actor to stop; a permanent one is born again by its supervisor, a temporary one by its next work.
#[utoipa::path(
    post,
    path = "/api/admin/actors/{id}/stop",
    operation_id = "stop_actor",
    tag = "运行状态",
    summary = "停止运行单元",
    security(("user" = [])),
    params(("id" = String, Path, description = "运行单元编号")),
    responses(
        (status = 200, description = "已通知", body = Envelope<ActorOrder>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"id": "robot_1703123456789_abc123",
                "accepted": true}})),
        Failures
    )
)]
pub async fn stop(state: State, user: UserToken, origin: Origin, id: Path<String>) -> ApiResult<Reply> {
    user.may(Action::ControlActors)?;
    if state.registry.find(&id).is_none() {
        return Err(ApiError::NotFound(Missing::Actor));
    }
    let object = format!("actor/{id}");
    let audit = origin.audit(&Caller::User(user), "actor.stop", object, serde_json::json!({}), state.now());
    state.journal.write(vec![audit]).await?;
    let accepted = state.registry.request_stop(&id);
    Reply::ok(&ActorOrder { id: id.into_inner(), accepted })
}
