//! `POST /api/callbacks/endpoints/{id}/resume`: a paused endpoint is called again.
use std::time::Duration;

use actix_web::web::Path;
use serde::Serialize;
use utoipa::ToSchema;
use workbot_actors::kernel::ask;
use workbot_actors::supervisor::router::ResumeCallbacks;

use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// How long the router may take.
const ANSWER: Duration = Duration::from_secs(3);

/// What a resume did.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resumed {
    /// Its id.
    pub id: String,
    /// False when it was not paused.
    pub resumed: bool,
}

/// Ends the pause of an endpoint.
#[utoipa::path(
    post,
    path = "/api/callbacks/endpoints/{id}/resume",
    operation_id = "resume_callback_endpoint",
    tag = "回调记录",
    summary = "恢复暂停的回调地址",
    security(("user" = []), ("platform" = [])),
    params(("id" = String, Path, description = "回调地址编号")),
    responses(
        (status = 200, description = "已恢复", body = Envelope<Resumed>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"id": "ep_01", "resumed": true}})),
        Failures
    )
)]
pub async fn resume(state: State, caller: Caller, origin: Origin, id: Path<String>) -> ApiResult<Reply> {
    caller.may(Action::ReplayDelivery)?;
    let found = state.endpoints.board().find(&id).ok_or(ApiError::NotFound(Missing::Endpoint))?;
    let robot = found.robot_uuid.to_string();
    caller.robot(&state, Some(&robot), Action::ReplayDelivery).await.map_err(|error| match error {
        ApiError::NotFound(_) => ApiError::NotFound(Missing::Endpoint),
        error => error,
    })?;
    let object = format!("endpoint/{id}");
    let audit = origin.audit(&caller, "callback.resume", object, serde_json::json!({}), state.now());
    state.journal.write(vec![audit]).await?;
    let order = ResumeCallbacks { endpoint: id.as_str().into() };
    let resumed = ask(&state.resume_callbacks, order, ANSWER).await?;
    Reply::ok(&Resumed { id: id.into_inner(), resumed })
}
