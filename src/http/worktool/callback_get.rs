//! `GET /robot/robotInfo/callBack/get`: what a robot calls back.
use super::answer::{Refusals, WorkToolAnswer, done};
use super::binding::{Binding, bindings};
use super::link::Link;
use super::parameters::LinkParameters;
use super::refused::Refused;
use crate::http::envelope::Reply;
use crate::http::state::State;

/// Lists callbacks.
#[utoipa::path(
    get,
    path = "/robot/robotInfo/callBack/get",
    operation_id = "worktool_list_callbacks",
    tag = "WorkTool 兼容接口",
    summary = "查询已绑定的回调",
    security(("link" = [])),
    params(LinkParameters),
    responses(
        (status = 200, description = "回调，type 11 为消息回调", body = WorkToolAnswer<Vec<Binding>>,
            example = json!({"code": 200, "message": "操作成功", "data": [{"id": 1, "type": 1,
                "callBackUrl": "https://ai.example.com/result", "typeName": "指令结果回调"}]})),
        Refusals
    )
)]
pub async fn callback_get(_state: State, link: Link) -> Result<Reply, Refused> {
    link.take()?;
    Ok(done(&bindings(&link.entry.profile()))?)
}
