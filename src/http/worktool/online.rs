//! `GET /robot/robotInfo/online`: whether a robot is there.
use workbot_actors::supervisor::directory::Presence;

use super::answer::{Refusals, WorkToolAnswer, done};
use super::link::Link;
use super::parameters::LinkParameters;
use super::refused::Refused;
use crate::http::envelope::Reply;
use crate::http::state::State;

/// Says whether a robot is online.
#[utoipa::path(
    get,
    path = "/robot/robotInfo/online",
    operation_id = "worktool_is_online",
    tag = "WorkTool 兼容接口",
    summary = "查询机器人是否在线",
    security(("link" = [])),
    params(LinkParameters),
    responses(
        (status = 200, description = "是否在线", body = WorkToolAnswer<bool>,
            example = json!({"code": 200, "message": "操作成功", "data": true})),
        Refusals
    )
)]
pub async fn online(_state: State, link: Link) -> Result<Reply, Refused> {
    link.take()?;
    Ok(done(&(link.entry.presence() == Presence::Online))?)
}
