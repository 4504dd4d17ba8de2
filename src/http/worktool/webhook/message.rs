//! `POST /api/worktool/callback` and `/callback/message`: a chat message the hosted platform tells of.
use serde_json::{Map, Value};
use utoipa::ToSchema;
use workbot_actors::supervisor::directory::RobotEntry;
use workbot_schema::batch::{Record, Write};
use workbot_schema::fields::Ts;
use workbot_schema::messages::Entrance;
use workbot_schema::wire::friend_callback::{FRIEND_ADDED, FriendCallback};
use workbot_schema::wire::inbound_message::InboundMessage;
use workbot_schema::wire::native::{read_number, read_text};
use workbot_schema::worktool::WorktoolFact;
use workbot_schema::worktool::contacts::ContactSource;

use super::key::WebhookRobot;
use super::{line, taken};
use crate::http::envelope::{Empty, Envelope, Reply};
use crate::http::error::{ApiError, Fields};
use crate::http::openapi::Failures;
use crate::http::state::{AppState, State};
use crate::http::worktool::content::LargeContent;

/// What the platform tries addresses with is no message.
const SAMPLE: [(&str, &str); 3] =
    [("spoken", "您好,欢迎使用WorkTool~"), ("receivedName", "WorkTool"), ("groupName", "WorkTool")];

/// WorkTool's message callback; for the description only, the fields are read leniently.
#[derive(Debug, Clone, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct PlatformMessage {
    /// Text without the mention.
    pub spoken: String,
    /// Text as written.
    pub raw_spoken: String,
    /// Who wrote it.
    pub received_name: String,
    /// Group, in groups.
    pub group_name: Option<String>,
    /// Group remark, in groups.
    pub group_remark: Option<String>,
    /// 1 external group, 2 external contact, 3 internal group, 4 internal contact.
    pub room_type: i32,
    /// Whether the robot was mentioned: `"true"`, or a boolean.
    pub at_me: String,
    /// Kind of content.
    pub text_type: i32,
    /// A picture, base64.
    pub file_base64: Option<String>,
    /// The platform's id.
    pub message_id: Option<String>,
}

/// Takes a message in.
#[utoipa::path(
    post,
    path = "/api/worktool/callback",
    operation_id = "worktool_webhook",
    tag = "WorkTool 平台回调",
    summary = "接收消息回调",
    description = "落盘后才返回。同一 messageId 且同一文本（或 3 秒内同一会话同一发送者同一文本）只处理一次。JSON 与 form-data 均可。",
    security(("callbackKey" = [])),
    params(("robotId" = String, Query, description = "链接号"), ("key" = String, Query, description = "回调密钥")),
    request_body(content = PlatformMessage, example = json!({"spoken": "你好", "rawSpoken": "@管家 你好", "receivedName": "仑哥",
        "groupName": "测试群1", "groupRemark": "测试群1备注名", "roomType": 1, "atMe": "true", "textType": 1})),
    responses(
        (status = 200, description = "已接收", body = Envelope<Empty>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {}})),
        Failures
    )
)]
pub async fn callback(state: State, robot: WebhookRobot, content: LargeContent) -> Result<Reply, ApiError> {
    receive(&state, &robot, &content).await
}

/// Takes a message in, at its longer address.
#[utoipa::path(
    post,
    path = "/api/worktool/callback/message",
    operation_id = "worktool_webhook_message",
    tag = "WorkTool 平台回调",
    summary = "接收消息回调（与 /api/worktool/callback 相同）",
    security(("callbackKey" = [])),
    params(("robotId" = String, Query, description = "链接号"), ("key" = String, Query, description = "回调密钥")),
    request_body(content = PlatformMessage, example = json!({"spoken": "你好", "rawSpoken": "你好", "receivedName": "仑哥",
        "roomType": 2, "atMe": "false", "textType": 1, "messageId": "1784417250785046528"})),
    responses(
        (status = 200, description = "已接收", body = Envelope<Empty>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {}})),
        Failures
    )
)]
pub async fn message(state: State, robot: WebhookRobot, content: LargeContent) -> Result<Reply, ApiError> {
    receive(&state, &robot, &content).await
}

async fn receive(state: &AppState, robot: &WebhookRobot, content: &LargeContent) -> Result<Reply, ApiError> {
    let WebhookRobot(entry) = robot;
    let fields = content.fields(state).await?;
    if SAMPLE.iter().all(|(name, text)| fields.get(*name).and_then(Value::as_str) == Some(text)) {
        return taken();
    }
    if is_event(&fields) {
        state.journal.write(event(entry, &fields, state.now())).await?;
        return taken();
    }
    let message = InboundMessage::from_fields(fields, None).map_err(|problems| {
        let mut wrong = Fields::new();
        problems.iter().for_each(|problem| wrong.add(problem.field, problem.problem));
        ApiError::Invalid(wrong)
    })?;
    state.messages.receive(entry, message, Entrance::Webhook).await?;
    taken()
}

/// An event is written down; a new friend is kept, and told where messages go.
fn event(entry: &RobotEntry, fields: &Map<String, Value>, now: Ts) -> Write {
    let mut write = vec![line(entry.uuid, "event", fields, now)];
    let text = |name: &str| read_text(fields, name);
    let is_friend = fields.get("type").and_then(read_number) == Some(FRIEND_ADDED);
    if let Some(name) = text("friendName").filter(|_name| is_friend) {
        let fact = WorktoolFact::Contacts(vec![name.clone()], ContactSource::NewFriend);
        write.push(Record::Worktool { robot: entry.uuid, fact: Box::new(fact) });
        let profile = entry.profile();
        let remark = text("friendRemark").unwrap_or_default();
        let told = FriendCallback::new(&profile.robot, &name, &remark, now);
        write.extend(told.delivery(&profile, now).map(|delivery| Record::Delivery(Box::new(delivery))));
    }
    write
}

/// Newer platforms tell of friends and groups by the same way, without a room.
fn is_event(fields: &Map<String, Value>) -> bool {
    let has = |name: &str| read_text(fields, name).is_some();
    has("type") && !has("roomType") && !has("spoken") && !has("rawSpoken")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_are_no_messages() {
        for (fields, expected) in [
            (json!({"textType": 22, "type": 105, "friendName": "q.", "friendRemark": ""}), true),
            (json!({"spoken": "你好", "roomType": 2, "receivedName": "甲"}), false),
            (json!({"spoken": "你好", "type": 1}), false),
            (json!({}), false),
        ] {
            assert_eq!(is_event(fields.as_object().unwrap()), expected, "{fields}");
        }
    }
}
