//! `POST /robot/robotInfo/callBack/test/{robotId}`: an address for those who have none yet; it takes a result callback and forgets it.
use serde_json::Value;

use super::answer::{Refusals, WorkToolAnswer, done_without_data};
use super::content::Content;
use super::refused::Refused;
use crate::http::envelope::Reply;
use crate::http::extract::json::Nul;
use crate::http::state::State;

/// Takes a result callback. Whether the robot in the path exists is not looked at.
#[utoipa::path(
    post,
    path = "/robot/robotInfo/callBack/test/{robotId}",
    operation_id = "worktool_test_receiver",
    tag = "WorkTool 兼容接口",
    summary = "结果回调演示接收端",
    params(("robotId" = String, Path, description = "任意文本")),
    request_body(content = Object, example = json!({"messageId": "1784417250785046528", "errorCode": 0, "errorReason": "",
        "runTime": 1_666_238_534_935_i64, "timeCost": 2.5, "type": 203, "rawMsg": "{\"type\":203}",
        "successList": ["第一个接收者"], "failList": []})),
    responses(
        (status = 200, description = "已收到", body = WorkToolAnswer<Option<String>>,
            example = json!({"code": 200, "message": "操作成功", "data": null})),
        Refusals
    )
)]
pub async fn callback_test(state: State, content: Content) -> Result<Reply, Refused> {
    let _sample: Value = content.json(&state, Nul::Replace).await?;
    Ok(done_without_data()?)
}
