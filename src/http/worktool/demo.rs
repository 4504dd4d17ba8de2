//! `POST /thirdQa2` and `/thirdQa3`: message callbacks for those who have none yet. One says what it heard, the other nothing.
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use serde_json::{Value, json};

use super::content::Content;
use super::refused::Refused;
use crate::http::envelope::Reply;
use crate::http::state::State;

/// Says what it heard.
#[utoipa::path(
    post,
    path = "/thirdQa2",
    operation_id = "worktool_demo_echo",
    tag = "WorkTool 兼容接口",
    summary = "消息回调演示：复述",
    request_body(content = Object, example = json!({"spoken": "你好", "rawSpoken": "@管家 你好", "receivedName": "仑哥",
        "groupName": "测试群1", "groupRemark": "", "roomType": 1, "atMe": "true", "textType": 1})),
    responses((status = 200, description = "回复同样的文本", body = Object,
        example = json!({"code": 0, "message": "success", "data": {"type": 5000, "info": {"text": "你好"}}})))
)]
pub async fn echo(state: State, content: Content) -> Result<Reply, Refused> {
    let fields = content.fields(&state).await?;
    Ok(reply(fields.get("spoken").and_then(Value::as_str).unwrap_or_default()))
}

/// Says nothing.
#[utoipa::path(
    post,
    path = "/thirdQa3",
    operation_id = "worktool_demo_silent",
    tag = "WorkTool 兼容接口",
    summary = "消息回调演示：不回复",
    request_body(content = Object, example = json!({"spoken": "你好", "rawSpoken": "@管家 你好", "receivedName": "仑哥",
        "groupName": "测试群1", "groupRemark": "", "roomType": 1, "atMe": "true", "textType": 1})),
    responses((status = 200, description = "不回复", body = Object,
        example = json!({"code": 0, "message": "success", "data": {"type": 5000, "info": {"text": ""}}})))
)]
pub async fn silent(state: State, content: Content) -> Result<Reply, Refused> {
    content.fields(&state).await?;
    Ok(reply(""))
}

fn reply(text: &str) -> Reply {
    let body = json!({"code": 0, "message": "success", "data": {"type": 5000, "info": {"text": text}}});
    Reply { status: StatusCode::OK, body: Bytes::from(body.to_string()), is_replay: false }
}
