//! `POST /api/worktool/callback/command` and `/result`: what became of a command the hosted platform carried out.
use serde_json::{Map, Value};
use utoipa::ToSchema;
use workbot_actors::robot::command_service::CommandError;
use workbot_schema::wire::native::{read_result, read_text};

use super::key::WebhookRobot;
use super::{taken, target};
use crate::http::envelope::{Empty, Envelope, Reply};
use crate::http::error::ApiError;
use crate::http::openapi::Failures;
use crate::http::state::{AppState, State};
use crate::http::worktool::content::Content;

/// A report; for the description only, the fields are read leniently.
#[derive(Debug, Clone, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct PlatformResult {
    /// The command.
    pub send_id: Option<String>,
    /// The same, as WorkTool's result callback calls it.
    pub message_id: Option<String>,
    /// success, failed or partial.
    pub status: Option<String>,
    /// Whatever belongs to it.
    #[schema(value_type = Option<Object>)]
    pub result: Option<Value>,
    /// 0 is success; instead of a status.
    pub error_code: Option<i32>,
    /// The phone's words.
    pub error_reason: Option<String>,
    /// Targets served.
    pub success_list: Option<Vec<String>>,
    /// Targets not served.
    pub fail_list: Option<Vec<String>>,
}

/// Takes a report in.
#[utoipa::path(
    post,
    path = "/api/worktool/callback/command",
    operation_id = "worktool_webhook_command",
    tag = "WorkTool 平台回调",
    summary = "接收指令状态回调",
    description = "接受 {sendId, status, result} 或 WorkTool 的指令结果回调；未知的指令编号同样返回 200，并计数。",
    security(("callbackKey" = [])),
    params(("robotId" = String, Query, description = "链接号"), ("key" = String, Query, description = "回调密钥")),
    request_body(content = PlatformResult,
        example = json!({"sendId": "msg_1703123456789_abc123def", "status": "success", "result": {}})),
    responses(
        (status = 200, description = "已接收", body = Envelope<Empty>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {}})),
        Failures
    )
)]
pub async fn command(state: State, robot: WebhookRobot, content: Content) -> Result<Reply, ApiError> {
    report(&state, &robot, &content).await
}

/// Takes a result callback in.
#[utoipa::path(
    post,
    path = "/api/worktool/callback/result",
    operation_id = "worktool_webhook_result",
    tag = "WorkTool 平台回调",
    summary = "接收指令结果回调",
    security(("callbackKey" = [])),
    params(("robotId" = String, Query, description = "链接号"), ("key" = String, Query, description = "回调密钥")),
    request_body(content = PlatformResult, example = json!({"messageId": "1784417250785046528", "errorCode": 0,
        "errorReason": "", "runTime": 1_666_238_534_935_i64, "timeCost": 2.5, "type": 203, "rawMsg": "{\"type\":203}",
        "successList": ["第一个接收者"], "failList": []})),
    responses(
        (status = 200, description = "已接收", body = Envelope<Empty>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {}})),
        Failures
    )
)]
pub async fn result(state: State, robot: WebhookRobot, content: Content) -> Result<Reply, ApiError> {
    report(&state, &robot, &content).await
}

async fn report(state: &AppState, robot: &WebhookRobot, content: &Content) -> Result<Reply, ApiError> {
    let WebhookRobot(entry) = robot;
    let fields = named(content.fields(state).await?);
    let is_known = match read_result(&fields) {
        Ok((id, mut execution)) => match target::find(state, entry, id, &fields).await? {
            Some(target) => {
                execution.attempt = target.attempt;
                match state.commands.report(entry, &target.id, execution).await {
                    Ok(_moved) => true,
                    Err(CommandError::NotFound) => false,
                    Err(error) => return Err(error.into()),
                }
            }
            None => false,
        },
        // A state that ends nothing, or no id at all.
        Err(_problem) => false,
    };
    if !is_known {
        state.counters.ignored_webhooks.add(1);
    }
    taken()
}

/// `sendId` is the command's id, and `result` may hold the details.
fn named(mut fields: Map<String, Value>) -> Map<String, Value> {
    if let Some(id) = read_text(&fields, "sendId") {
        fields.insert("commandId".to_owned(), Value::String(id));
    }
    if let Some(Value::Object(details)) = fields.get("result").cloned() {
        for name in ["errorCode", "errorReason", "errorMessage", "successList", "failList"] {
            if let (false, Some(value)) = (fields.contains_key(name), details.get(name)) {
                fields.insert(name.to_owned(), value.clone());
            }
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_forms_become_one() {
        let Value::Object(fields) = json!({"sendId": "a", "status": "failed",
            "result": {"errorCode": 201_101, "errorReason": "找不到", "failList": ["甲"]}})
        else {
            panic!("an object")
        };
        let (id, execution) = read_result(&named(fields)).unwrap();
        assert_eq!((id.as_str(), execution.error_code), ("a", 201_101));
        assert_eq!((execution.error_reason.as_str(), execution.fail_list), ("找不到", vec!["甲".to_owned()]));
        let Value::Object(fields) = json!({"messageId": "b", "errorCode": 0, "successList": ["甲"]}) else {
            panic!("an object")
        };
        let (id, execution) = read_result(&named(fields)).unwrap();
        assert_eq!((id.as_str(), execution.error_code), ("b", 0));
    }
}
