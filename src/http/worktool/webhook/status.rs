//! `POST /api/worktool/callback/status`: a robot of the hosted platform came or went.
use workbot_actors::kernel::post;
use workbot_actors::robot::orders::RobotOrder;

use super::key::WebhookRobot;
use super::{line, taken};
use crate::http::envelope::{Empty, Envelope, Reply};
use crate::http::error::ApiError;
use crate::http::openapi::Failures;
use crate::http::state::State;
use crate::http::worktool::content::Content;

/// Writes the news down, and has the platform asked; it documents no fields.
#[utoipa::path(
    post,
    path = "/api/worktool/callback/status",
    operation_id = "worktool_webhook_status",
    tag = "WorkTool 平台回调",
    summary = "接收上下线回调",
    description = "内容原样记入机器人日志，并立即向平台查询机器人是否在线。",
    security(("callbackKey" = [])),
    params(("robotId" = String, Query, description = "链接号"), ("key" = String, Query, description = "回调密钥")),
    request_body(content = Object, example = json!({"type": 5})),
    responses(
        (status = 200, description = "已接收", body = Envelope<Empty>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {}})),
        Failures
    )
)]
pub async fn status(state: State, robot: WebhookRobot, content: Content) -> Result<Reply, ApiError> {
    let WebhookRobot(entry) = robot;
    let fields = content.fields(&state).await?;
    state.journal.write(vec![line(entry.uuid, "status", &fields, state.now())]).await?;
    if let Some(socket) = entry.socket()
        && let Err(error) = post(&socket.orders, RobotOrder::Probe)
    {
        log::debug!(error:% = error; "a hosted robot asks its platform later");
    }
    taken()
}
