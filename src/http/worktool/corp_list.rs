//! `GET /robot/robotInfo/corpList`: the enterprises a phone said it could switch to.
use workbot_schema::worktool::phones;

use super::answer::{Refusals, WorkToolAnswer, done};
use super::link::Link;
use super::parameters::LinkParameters;
use super::refused::Refused;
use crate::http::envelope::Reply;
use crate::http::state::State;

/// Lists enterprises by name.
#[utoipa::path(
    get,
    path = "/robot/robotInfo/corpList",
    operation_id = "worktool_list_corporations",
    tag = "WorkTool 兼容接口",
    summary = "企业列表",
    description = "手机上报过的企业名称（每次连接时获取，下发 506 指令可以更新）；从未上报时为空列表。",
    security(("link" = [])),
    params(LinkParameters),
    responses(
        (status = 200, description = "企业名称", body = WorkToolAnswer<Vec<String>>,
            example = json!({"code": 200, "message": "操作成功", "data": ["企业A", "企业B"]})),
        Refusals
    )
)]
pub async fn corp_list(state: State, link: Link) -> Result<Reply, Refused> {
    link.take()?;
    let phone = phones::find(&state.db, link.entry.uuid).await?;
    let names = phone.and_then(|phone| phone.corporations).map(|names| names.0).unwrap_or_default();
    Ok(done(&names)?)
}
