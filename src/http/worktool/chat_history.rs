//! `GET /robot/wework/message`: the messages of a robot's chats.
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use workbot_schema::messages::history::{self, HistoryFilter};
use workbot_schema::messages::{Direction, SessionMessage};

use super::answer::{Refusals, WorkToolAnswer, WorkToolPage, done};
use super::link::Link;
use super::paging::WorkToolPaging;
use super::parameters::{LinkParameters, PageParameters, Parameters};
use super::refused::Refused;
use super::shanghai;
use crate::http::envelope::Reply;
use crate::http::state::State;

/// One message.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChatRow {
    /// Link id.
    pub robot_id: String,
    /// Kind of room, 1..4.
    pub work_type: i32,
    /// Names of the chat.
    pub title_list: Vec<String>,
    /// Names of the sender.
    pub name_list: Vec<String>,
    /// 0 somebody else, 1 the robot.
    pub sender: i32,
    /// Kind of content.
    #[serde(rename = "type")]
    pub text_type: i32,
    /// The texts, JSON in a string.
    #[schema(example = "[{\"feature\":2,\"text\":\"你好\"}]")]
    pub item_msg_list: String,
    /// When, Asia/Shanghai.
    #[schema(example = "2024-04-28T11:00:00")]
    pub create_time: String,
}

impl ChatRow {
    fn new(message: SessionMessage, robot_id: &str) -> Self {
        let is_own = message.direction == Direction::Out;
        let names = if message.group_name.is_empty() {
            vec![message.received_name.clone()]
        } else {
            vec![message.group_remark, message.group_name]
        };
        Self {
            robot_id: robot_id.to_owned(),
            work_type: message.room_type,
            title_list: names.into_iter().filter(|name| !name.is_empty()).collect(),
            name_list: if is_own { Vec::new() } else { vec![message.received_name] },
            sender: i32::from(is_own),
            text_type: message.text_type,
            item_msg_list: json!([{"feature": 2, "text": message.raw_spoken}]).to_string(),
            create_time: shanghai::text(message.created_at),
        }
    }
}

/// Lists messages.
#[utoipa::path(
    get,
    path = "/robot/wework/message",
    operation_id = "worktool_list_messages",
    tag = "WorkTool 兼容接口",
    summary = "历史消息",
    security(("link" = [])),
    params(LinkParameters, PageParameters,
        ("title" = Option<String>, Query, description = "会话名称的一部分"),
        ("startTime" = Option<String>, Query, description = "不早于，yyyy-MM-dd HH:mm:ss"),
        ("endTime" = Option<String>, Query, description = "不晚于，yyyy-MM-dd HH:mm:ss")),
    responses(
        (status = 200, description = "一页消息", body = WorkToolAnswer<WorkToolPage<ChatRow>>,
            example = json!({"code": 200, "message": "操作成功", "data": {"pageNum": 1, "pageSize": 10, "totalPage": 1,
                "total": 1, "list": [{"robotId": "wt22phhjpt2xboerspxsote472xdnyq2", "workType": 1,
                "titleList": ["测试群1备注名", "测试群1"], "nameList": ["仑哥"], "sender": 0, "type": 1,
                "itemMsgList": "[{\"feature\":2,\"text\":\"@管家 你好\"}]", "createTime": "2024-04-28T11:00:00"}]}})),
        Refusals
    )
)]
pub async fn chat_history(state: State, link: Link, parameters: Parameters) -> Result<Reply, Refused> {
    link.take()?;
    let paging = WorkToolPaging::read(&parameters);
    let (from, to) = shanghai::range(&parameters)?;
    let filter = HistoryFilter {
        robot: link.entry.uuid,
        id: None,
        direction: None,
        name: parameters.get("title").map(str::to_owned),
        from,
        to,
        is_oldest_first: paging.is_oldest_first,
    };
    let (total, messages) = history::list(&state.db, filter, paging.offset(), paging.size).await?;
    let rows = messages.into_iter().map(|message| ChatRow::new(message, &link.id)).collect();
    Ok(done(&paging.page(total, rows))?)
}
