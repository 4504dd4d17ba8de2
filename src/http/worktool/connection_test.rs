//! `GET /test`: the phone tries whether a host answers.
use super::answer::{Refusals, WorkToolAnswer, done_without_data};
use super::refused::Refused;
use crate::http::envelope::Reply;
use crate::http::state::State;

/// Answers.
#[utoipa::path(
    get,
    path = "/test",
    operation_id = "worktool_test_connection",
    tag = "WorkTool 兼容接口",
    summary = "连通性测试",
    responses(
        (status = 200, description = "可以访问", body = WorkToolAnswer<Option<String>>,
            example = json!({"code": 200, "message": "操作成功", "data": null})),
        Refusals
    )
)]
pub async fn connection_test(_state: State) -> Result<Reply, Refused> {
    Ok(done_without_data()?)
}
