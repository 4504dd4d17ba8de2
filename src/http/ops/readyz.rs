//! `GET /readyz`: requests can be served. 503 while starting, draining, or without the database.
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workbot_schema::ids::UserId;
use workbot_schema::users;

use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Everything is there.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Ready {
    /// Always true; otherwise the answer is 503.
    pub ready: bool,
}

/// Says whether requests can be served.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "运维",
    summary = "就绪检查",
    responses(
        (status = 200, description = "可以提供服务", body = Envelope<Ready>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"ready": true}})),
        Failures
    )
)]
pub async fn readyz(state: State) -> ApiResult<Reply> {
    if !state.journal.is_available() {
        return Err(ApiError::Unavailable("the journal cannot write".to_owned()));
    }
    // The cheapest question there is: one row by its key.
    let asked = users::find(&state.db, UserId::from("readyz"));
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(answer) => answer.map(|_nobody| ())?,
        Err(_elapsed) => return Err(ApiError::Unavailable("the database does not answer".to_owned())),
    }
    Reply::ok(&Ready { ready: true })
}
