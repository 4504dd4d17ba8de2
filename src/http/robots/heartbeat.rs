//! `POST /api/heartbeat`: presence of apps without a socket.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::auth::RobotToken;
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::PhoneBody;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// What the phone says of itself; all of it optional.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HeartbeatRequest {
    /// The phone's time, milliseconds since 1970 or ISO 8601; only shown.
    #[schema(value_type = Option<i64>, example = 1703123456789_i64)]
    pub timestamp: Option<serde_json::Value>,
    /// Percent.
    pub memory_usage: Option<f64>,
    /// Percent.
    pub cpu_usage: Option<f64>,
    /// Percent.
    pub battery_level: Option<f64>,
    /// Such as WiFi.
    pub network_type: Option<String>,
}

/// The server's time.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeartbeatResponse {
    /// Milliseconds since 1970.
    pub server_time: i64,
}

/// Says that the robot is there.
#[utoipa::path(
    post,
    path = "/api/heartbeat",
    tag = "机器人激活",
    summary = "心跳（无长连接的应用）",
    security(("robot" = [])),
    request_body(content = HeartbeatRequest, example = json!({"timestamp": 1703123456789_i64, "batteryLevel": 85})),
    responses(
        (status = 200, description = "已记录", body = Envelope<HeartbeatResponse>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"serverTime": 1703123456789_i64}})),
        Failures
    )
)]
pub async fn heartbeat(
    state: State,
    robot: RobotToken,
    _body: PhoneBody<HeartbeatRequest>,
) -> ApiResult<Reply> {
    robot.take_inbound()?;
    let now = state.now();
    robot.entry.touch(state.clock.monotonic_ms(), now);
    Reply::ok(&HeartbeatResponse { server_time: now.millis() })
}
