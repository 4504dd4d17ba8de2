//! `GET /wework/listRawMessage`: the calls that gave commands to a robot.
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use workbot_schema::commands::{RobotCommand, queries, reports};
use workbot_schema::ids::BatchId;

use super::answer::{Refusals, WorkToolAnswer, WorkToolPage, done};
use super::link::Link;
use super::paging::WorkToolPaging;
use super::parameters::{LinkParameters, PageParameters, Parameters};
use super::refused::Refused;
use super::shanghai;
use crate::http::envelope::Reply;
use crate::http::state::State;

/// One call.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RawMessageRow {
    /// Link id.
    pub robot_id: String,
    /// When, Asia/Shanghai.
    #[schema(example = "2024-04-28T11:00:00")]
    pub create_time: String,
    /// Types of its commands, comma-separated.
    #[schema(example = "203")]
    pub type_list: String,
    /// Not kept, always empty.
    pub ip: String,
    /// Id of the call.
    pub message_id: String,
    /// 1: by API.
    pub api_send: i32,
    /// The request, JSON in a string, without the content of files.
    pub body: String,
}

impl RawMessageRow {
    /// The row of the commands of one call.
    fn new(commands: &[RobotCommand], robot_id: &str) -> Option<Self> {
        let first = commands.first()?;
        let mut types: Vec<String> =
            commands.iter().map(|command| command.command_type.to_string()).collect();
        types.dedup();
        let items: Vec<Value> =
            commands.iter().filter_map(|command| serde_json::from_str(&command.item).ok()).collect();
        Some(Self {
            robot_id: robot_id.to_owned(),
            create_time: shanghai::text(first.created_at),
            type_list: types.join(","),
            ip: String::new(),
            message_id: first.batch_id.as_ref().map(BatchId::to_string).unwrap_or_default(),
            api_send: 1,
            body: json!({"socketType": 2, "list": items}).to_string(),
        })
    }
}

/// Lists calls.
#[utoipa::path(
    get,
    path = "/wework/listRawMessage",
    operation_id = "worktool_list_raw_message",
    tag = "WorkTool 兼容接口",
    summary = "指令消息调用查询",
    security(("link" = [])),
    params(LinkParameters, PageParameters, ("messageId" = Option<String>, Query, description = "只查询这一次调用")),
    responses(
        (status = 200, description = "一页调用", body = WorkToolAnswer<WorkToolPage<RawMessageRow>>,
            example = json!({"code": 200, "message": "操作成功", "data": {"pageNum": 1, "pageSize": 10, "totalPage": 1,
                "total": 1, "list": [{"robotId": "wt22phhjpt2xboerspxsote472xdnyq2", "createTime": "2024-04-28T11:00:00",
                "typeList": "203", "ip": "", "messageId": "1784417250785046528", "apiSend": 1,
                "body": "{\"list\":[{\"receivedContent\":\"你好\",\"titleList\":[\"测试群\"],\"type\":203}],\"socketType\":2}"}]}})),
        Refusals
    )
)]
pub async fn list_raw_message(state: State, link: Link, parameters: Parameters) -> Result<Reply, Refused> {
    link.take()?;
    let paging = WorkToolPaging::read(&parameters);
    let robot = link.entry.uuid;
    let (total, batches) = match parameters.get("messageId") {
        Some(id) => {
            let mut commands = queries::list_batch(&state.db, BatchId::from(id)).await?;
            commands.retain(|command| command.robot_uuid == robot);
            (i64::from(!commands.is_empty()), vec![commands])
        }
        None => {
            let (first, size) = (paging.offset(), paging.size);
            reports::list_batches(&state.db, robot, paging.is_oldest_first, first, size).await?
        }
    };
    let rows = batches.iter().filter_map(|commands| RawMessageRow::new(commands, &link.id)).collect();
    Ok(done(&paging.page(total, rows))?)
}
