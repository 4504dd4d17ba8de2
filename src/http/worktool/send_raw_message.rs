//! `POST /wework/sendRawMessage`: 1 to 100 commands under one id.
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use workbot_schema::commands::CommandSource;
use workbot_schema::ids::BatchId;
use workbot_schema::wire::command_item::check_list;
use workbot_schema::wire::{command_code, error_code, native};

use super::answer::{Refusals, WorkToolAnswer, done};
use super::content::LargeContent;
use super::link::Link;
use super::parameters::LinkParameters;
use super::refused::Refused;
use crate::http::envelope::Reply;
use crate::http::extract::json::Nul;
use crate::http::extract::{IdempotencyKey, RequestId};
use crate::http::guard::idempotency::Started;
use crate::http::robots::submission::{Call, submit};
use crate::http::state::State;

/// Checking large files takes a moment, waiting included.
const CHECK: Duration = Duration::from_secs(10);

/// Commands as WorkTool's clients send them.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RawMessage {
    /// 2; anything else is understood the same.
    #[serde(default)]
    #[schema(value_type = Option<i32>, example = 2)]
    pub socket_type: Value,
    /// 1..100 items: `type` and the fields of that type; `up` puts an item before all others.
    #[schema(value_type = Vec<Object>, min_items = 1, max_items = 100)]
    pub list: Vec<Value>,
}

/// Takes commands in, all or none.
#[utoipa::path(
    post,
    path = "/wework/sendRawMessage",
    operation_id = "worktool_send_raw_message",
    tag = "WorkTool 兼容接口",
    summary = "下发指令",
    description = "一次 1 至 100 条，全部落盘后才返回；data 为本次调用的编号，指令结果、305 清除指令与各查询接口都使用它，每条指令各产生一次结果回调。被拒绝的调用返回 HTTP 200 与 code 500，不支持的指令类型 code 为 101012。",
    security(("link" = [])),
    params(LinkParameters, ("Idempotency-Key" = Option<String>, Header, description = "重复提交得到同一结果，24 小时内有效")),
    request_body(content = RawMessage, examples(
        ("text" = (summary = "文本", value = json!({"socketType": 2, "list": [
            {"type": 203, "titleList": ["仑哥"], "receivedContent": "你好~", "atList": ["仑哥"]}]}))),
        ("file" = (summary = "图片", value = json!({"socketType": 2, "list": [
            {"type": 218, "titleList": ["仑哥"], "objectName": "logo.png",
             "fileUrl": "https://cdn.example.com/logo.png", "fileType": "image", "extraText": "附加留言"}]}))),
        ("clear" = (summary = "清除一条未下发的指令", value = json!({"socketType": 2, "list": [
            {"type": 305, "originalContent": "1784417250785046528"}]})))
    )),
    responses(
        (status = 200, description = "本次调用的编号", body = WorkToolAnswer<String>,
            example = json!({"code": 200, "message": "操作成功", "data": "1784417250785046528"})),
        Refusals
    )
)]
pub async fn send_raw_message(
    state: State,
    link: Link,
    request: RequestId,
    key: IdempotencyKey,
    content: LargeContent,
) -> Result<Reply, Refused> {
    let caller = format!("link:{}", link.entry.uuid);
    let ticket = match state.begin(&key, &caller, &content.bytes).await? {
        Started::Replay(reply) => return Ok(reply),
        Started::Fresh(ticket) => ticket,
    };
    link.take()?;
    let message: RawMessage = content.json(&state, Nul::Refuse).await?;
    if let Some(refused) = unsupported(&message.list) {
        return Err(refused);
    }
    let size = content.bytes.len();
    let checked = state.offload.run_sized(size, CHECK, move || check_list(message.list)).await??;
    let call = Call {
        source: CommandSource::Worktool,
        request: &request,
        priority: 0,
        expires_in_secs: None,
        now: state.now(),
    };
    let batch = BatchId::generate(call.now.utc());
    let mut commands = Vec::with_capacity(checked.len());
    for item in checked {
        let mut command = call.command(&state, &link.entry, item).await?;
        command.batch_id = Some(batch.clone());
        commands.push(command);
    }
    let reply = done(&batch)?;
    Ok(submit(&state, &link.entry, commands, ticket, reply).await?)
}

/// The first item of a type that nobody may send, by the code WorkTool gives to it.
fn unsupported(list: &[Value]) -> Option<Refused> {
    let number = |item: &Value| item.get("type").and_then(native::read_number);
    let (place, number) = list
        .iter()
        .enumerate()
        .filter_map(|(place, item)| Some((place, number(item)?)))
        .find(|(_place, number)| command_code::find_accepted(*number).is_none())?;
    let code = error_code::ILLEGAL_OPERATION;
    let meaning = error_code::meaning(code);
    Some(Refused::with_code(code, format!("{meaning}：list[{place}].type 不支持的指令类型（{number}）")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_that_nobody_may_send() {
        for number in [0, 101, 201, 202, 301, 303, 306, 516, 900, -1] {
            let refused = unsupported(&[json!({"type": 203}), json!({"type": number})]);
            let expected = format!("非法操作：list[1].type 不支持的指令类型（{number}）");
            assert_eq!(refused, Some(Refused::with_code(101_012, expected)));
        }
        for item in [json!({"type": 203}), json!({"type": "218"}), json!({"type": 305}), json!({}), json!(1)]
        {
            assert_eq!(unsupported(&[item]), None);
        }
    }
}
