//! `POST /api/callbacks/test`: a sample message to a robot's callback.
use serde::Deserialize;
use utoipa::ToSchema;
use workbot_actors::delivery::replay::test_event as sample;
use workbot_schema::batch::Record;
use workbot_schema::ids::DeliveryId;

use super::replay::MadeDelivery;
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller, take_request};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::{Body, IdempotencyKey};
use crate::http::guard::idempotency::{Committed, Started};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Whose callback.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestRequest {
    /// Robot.
    pub robot_id: Option<String>,
    /// Another address than the robot's own.
    pub url: Option<String>,
}

/// Sends a sample.
#[utoipa::path(
    post,
    path = "/api/callbacks/test",
    operation_id = "test_callback",
    tag = "回调记录",
    summary = "发送测试回调",
    description = "向机器人的 callbackUrl（或给出的 url）发送一条样例消息，签名方式与正式回调一致；结果请按返回的编号查询回调记录。",
    security(("user" = []), ("platform" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "重复提交得到同一结果，24 小时内有效")),
    request_body(content = TestRequest, example = json!({"robotId": "robot_1703123456789_abc123"})),
    responses(
        (status = 200, description = "已排队", body = Envelope<MadeDelivery>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"id": "dlv_0191",
                "state": "pending"}})),
        Failures
    )
)]
pub async fn test_event(
    state: State,
    caller: Caller,
    origin: Origin,
    key: IdempotencyKey,
    body: Body<TestRequest>,
) -> ApiResult<Reply> {
    let entry = caller.robot(&state, body.value.robot_id.as_deref(), Action::ReplayDelivery).await?;
    let ticket = match state.begin(&key, &caller.name(), &body.bytes).await? {
        Started::Replay(reply) => return Ok(reply),
        Started::Fresh(ticket) => ticket,
    };
    take_request(&entry)?;
    let robot = entry.profile().robot.clone();
    let (field, url) = match body.value.url.as_deref().map(str::trim).filter(|url| !url.is_empty()) {
        Some(url) => ("url", Some(url.to_owned())),
        None => ("callbackUrl", robot.settings.0.callback_url.clone()),
    };
    let url = url.ok_or_else(|| ApiError::field("url", "请填写地址，或先设置机器人的 callbackUrl"))?;
    state.addresses.check_url(&url).map_err(|error| ApiError::address(field, error))?;
    let now = state.now();
    let made = sample(&robot, &url, DeliveryId::generate(), now);
    let reply = Reply::ok(&MadeDelivery { id: made.id.to_string(), replay_of: None, state: made.state })?;
    let detail = serde_json::json!({"robotId": robot.robot_id});
    let audit = origin.audit(&caller, "callback.test", format!("delivery/{}", made.id), detail, now);
    match ticket.commit(&state, &reply, vec![Record::Delivery(Box::new(made)), audit]).await? {
        Committed::Done(_outcomes) => Ok(reply),
        Committed::Replay(reply) => Ok(reply),
    }
}
