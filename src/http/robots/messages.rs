//! `POST /api/robot/messages`: a chat message the phone has read.
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use workbot_schema::messages::Entrance;
use workbot_schema::wire::inbound_message::InboundMessage;

use super::own::expect_own;
use crate::http::auth::RobotToken;
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiResult, Fields};
use crate::http::extract::PhoneBody;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// The message as the phone reports it; for the description only, the fields are read leniently.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageRequest {
    /// Robot; the token decides.
    pub robot_id: Option<String>,
    /// Text without the mention.
    pub spoken: String,
    /// Text as written.
    pub raw_spoken: Option<String>,
    /// Who wrote it.
    pub received_name: String,
    /// Group, in groups.
    pub group_name: Option<String>,
    /// Group remark, in groups.
    pub group_remark: Option<String>,
    /// 1 external group, 2 external contact, 3 internal group, 4 internal contact.
    #[schema(minimum = 1, maximum = 4)]
    pub room_type: i32,
    /// Whether the robot was mentioned.
    pub at_me: bool,
    /// Kind of content, 0..999.
    pub text_type: i32,
    /// A picture, base64.
    pub file_base64: Option<String>,
    /// Milliseconds since 1970 or ISO 8601.
    #[schema(value_type = Option<String>)]
    pub timestamp: Option<Value>,
    /// The app's id; the same id is taken once in 24 h.
    pub message_id: Option<String>,
}

/// The server's id of the message.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageResponse {
    /// Of the first one when it was sent before.
    #[schema(example = "msg_1703123456789_abc123def")]
    pub message_id: String,
}

/// Takes a message in; answers when it is durable.
#[utoipa::path(
    post,
    path = "/api/robot/messages",
    operation_id = "receive_message",
    tag = "消息与指令",
    summary = "上报消息",
    description = "落盘后才返回。同一 messageId（或 3 秒内同一会话同一发送者同一文本）只处理一次，返回首条的编号。",
    security(("robot" = [])),
    request_body(content = MessageRequest, example = json!({"robotId": "robot_1703123456789_abc123", "spoken": "你好",
        "rawSpoken": "@机器人 你好", "receivedName": "张三", "groupName": "测试群1", "groupRemark": "测试群1备注名",
        "roomType": 1, "atMe": true, "textType": 1, "messageId": "app-1"})),
    responses(
        (status = 200, description = "消息已接收", body = Envelope<MessageResponse>,
            example = json!({"success": true, "code": 0, "message": "消息已接收", "data": {"messageId": "msg_1703123456789_abc123def"}})),
        Failures
    )
)]
pub async fn messages(
    state: State,
    robot: RobotToken,
    body: PhoneBody<Map<String, Value>>,
) -> ApiResult<Reply> {
    robot.take_inbound()?;
    let fields = body.value;
    expect_own(&robot, fields.get("robotId").and_then(Value::as_str))?;
    robot.entry.touch(state.clock.monotonic_ms(), state.now());
    let message = InboundMessage::from_fields(fields, None).map_err(|problems| {
        let mut wrong = Fields::new();
        for problem in problems {
            wrong.add(problem.field, problem.problem);
        }
        crate::http::error::ApiError::Invalid(wrong)
    })?;
    let received = state.messages.receive(&robot.entry, message, Entrance::Rest).await?;
    Reply::message("消息已接收", &MessageResponse { message_id: received.message_id.to_string() })
}
