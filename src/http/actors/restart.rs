//! `POST /api/admin/actors/{id}/restart`.
use actix_web::web::Path;

use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::openapi::Failures;
use crate::http::state::State;

use super::stop::ActorOrder;

/// Starts an actor afresh: it stops after its present message and is born again by its supervisor or its next work.
#[utoipa::path(
    post,
    path = "/api/admin/actors/{id}/restart",
    operation_id = "restart_actor",
    tag = "运行状态",
    summary = "重启运行单元",
    security(("user" = [])),
    params(("id" = String, Path, description = "运行单元编号")),
    responses(
        (status = 200, description = "已通知", body = Envelope<ActorOrder>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"id": "sweep", "accepted": true}})),
        Failures
    )
)]
pub async fn restart(state: State, user: UserToken, origin: Origin, id: Path<String>) -> ApiResult<Reply> {
    user.may(Action::ControlActors)?;
    if state.registry.find(&id).is_none() {
        return Err(ApiError::NotFound(Missing::Actor));
    }
    let object = format!("actor/{id}");
    let audit =
        origin.audit(&Caller::User(user), "actor.restart", object, serde_json::json!({}), state.now());
    state.journal.write(vec![audit]).await?;
    let accepted = state.registry.request_stop(&id);
    Reply::ok(&ActorOrder { id: id.into_inner(), accepted })
}
