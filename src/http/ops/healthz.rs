//! `GET /healthz`: the process is alive. Answered whatever else is the case.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;

/// The process is alive.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Alive {
    /// Always `alive`.
    pub status: String,
    /// Version of the program.
    pub version: String,
}

/// Says that the process is alive.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "运维",
    summary = "存活检查",
    responses((status = 200, description = "进程存活", body = Envelope<Alive>,
        example = json!({"success": true, "code": 0, "message": "success", "data": {"status": "alive", "version": "0.1.0"}})))
)]
pub async fn healthz() -> ApiResult<Reply> {
    Reply::ok(&Alive { status: "alive".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() })
}
