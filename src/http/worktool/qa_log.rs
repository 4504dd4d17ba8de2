//! `GET /robot/qaLog/list`: messages, whom they were told to, and what was answered.
use serde::Serialize;
use utoipa::ToSchema;
use workbot_actors::delivery::reply::{Answer, Content};
use workbot_schema::deliveries::told::{Told, list_told};
use workbot_schema::ids::MessageId;
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

/// One message with its callback.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QaRow {
    /// Link id.
    pub robot_id: String,
    /// When it came, Asia/Shanghai.
    #[schema(example = "2024-04-28T11:00:00")]
    pub start_time: String,
    /// Length of the callback, seconds.
    pub time_cost: f64,
    /// Group, empty in private chats.
    pub group_name: String,
    /// Who wrote it.
    pub received_name: String,
    /// 1..4.
    pub room_type: i32,
    /// Kind of content.
    pub text_type: i32,
    /// 1 when a third party was told.
    pub open_third_party: i32,
    /// Where to.
    pub url: String,
    /// Text as written.
    pub raw_spoken: String,
    /// Text without the mention.
    pub question: String,
    /// What the third party answered, if it did.
    pub answer: String,
    /// The message.
    pub message_id: String,
    /// Whether the robot was mentioned.
    pub at_me: bool,
}

impl QaRow {
    fn new(message: SessionMessage, told: Option<&Told>, robot_id: &str) -> Self {
        let attempt = told.and_then(|(_delivery, attempt)| attempt.as_ref());
        let millis = attempt.map_or(0, |attempt| attempt.duration_ms);
        let response = attempt.and_then(|attempt| attempt.response.as_deref()).unwrap_or_default();
        Self {
            robot_id: robot_id.to_owned(),
            start_time: shanghai::text(message.created_at),
            time_cost: f64::from(millis) / 1_000.0,
            group_name: message.group_name,
            received_name: message.received_name,
            room_type: message.room_type,
            text_type: message.text_type,
            open_third_party: i32::from(told.is_some()),
            url: told.map(|(delivery, _attempt)| delivery.url.clone()).unwrap_or_default(),
            raw_spoken: message.raw_spoken,
            question: message.spoken,
            answer: answer_of(response),
            message_id: message.id.to_string(),
            at_me: message.at_me,
        }
    }
}

/// The reply in a third party's answer, or its complaint.
fn answer_of(response: &str) -> String {
    let answer = Answer::read(response.as_bytes());
    match answer.content {
        Content::Text(text) => text,
        Content::Absent | Content::Silent if answer.code != 0 => answer.message,
        Content::Absent | Content::Silent => String::new(),
    }
}

/// Lists messages with their callbacks.
#[utoipa::path(
    get,
    path = "/robot/qaLog/list",
    operation_id = "worktool_list_qa_log",
    tag = "WorkTool 兼容接口",
    summary = "消息回调日志",
    security(("link" = [])),
    params(LinkParameters, PageParameters,
        ("name" = Option<String>, Query, description = "群名或发送者的一部分"),
        ("messageId" = Option<String>, Query, description = "只查询这一条消息"),
        ("startTime" = Option<String>, Query, description = "不早于，yyyy-MM-dd HH:mm:ss"),
        ("endTime" = Option<String>, Query, description = "不晚于，yyyy-MM-dd HH:mm:ss")),
    responses(
        (status = 200, description = "一页消息", body = WorkToolAnswer<WorkToolPage<QaRow>>,
            example = json!({"code": 200, "message": "操作成功", "data": {"pageNum": 1, "pageSize": 10, "totalPage": 1,
                "total": 1, "list": [{"robotId": "wt22phhjpt2xboerspxsote472xdnyq2", "startTime": "2024-04-28T11:00:00",
                "timeCost": 0.35, "groupName": "测试群1", "receivedName": "仑哥", "roomType": 1, "textType": 1,
                "openThirdParty": 1, "url": "https://ai.example.com/callback", "rawSpoken": "@管家 你好",
                "question": "你好", "answer": "您好", "messageId": "msg_1703123456789_abc123def", "atMe": true}]}})),
        Refusals
    )
)]
pub async fn qa_log(state: State, link: Link, parameters: Parameters) -> Result<Reply, Refused> {
    link.take()?;
    let paging = WorkToolPaging::read(&parameters);
    let (from, to) = shanghai::range(&parameters)?;
    let filter = HistoryFilter {
        robot: link.entry.uuid,
        id: parameters.get("messageId").map(MessageId::from),
        direction: Some(Direction::In),
        name: parameters.get("name").map(str::to_owned),
        from,
        to,
        is_oldest_first: paging.is_oldest_first,
    };
    let (total, messages) = history::list(&state.db, filter, paging.offset(), paging.size).await?;
    let ids = messages.iter().map(|message| message.id.clone()).collect();
    let told = list_told(&state.db, ids).await?;
    let rows = messages
        .into_iter()
        .map(|message| {
            let first = told.iter().find(|(delivery, _)| delivery.message_id.as_ref() == Some(&message.id));
            QaRow::new(message, first, &link.id)
        })
        .collect();
    Ok(done(&paging.page(total, rows))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_third_party_said() {
        for (response, said) in [
            (r#"{"code":0,"data":{"type":5000,"info":{"text":"您好"}}}"#, "您好"),
            (r#"{"code":0,"message":"success"}"#, ""),
            (r#"{"code":-1,"message":"稍后再试"}"#, "稍后再试"),
            ("<html>", ""),
        ] {
            assert_eq!(answer_of(response), said, "{response}");
        }
    }
}
