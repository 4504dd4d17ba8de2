//! `GET /robot/wework/group/list`: the groups a phone told of.
use serde::Serialize;
use utoipa::ToSchema;
use workbot_schema::worktool::groups::{self, WorktoolGroup};

use super::answer::{Refusals, WorkToolAnswer, WorkToolPage, done};
use super::link::Link;
use super::paging::WorkToolPaging;
use super::parameters::{LinkParameters, PageParameters, Parameters};
use super::refused::Refused;
use super::shanghai;
use crate::http::envelope::Reply;
use crate::http::state::State;

/// One group.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupRow {
    /// Number of the row.
    pub id: i32,
    /// 1 external, 3 internal, 0 not known yet.
    pub work_type: i32,
    /// Its name.
    pub group_name: String,
    /// Its remark, empty when there is none.
    pub group_remark: String,
    /// Its owner, empty until known.
    pub master_name: String,
    /// Link id.
    pub robot_id: String,
    /// Its last message, Asia/Shanghai.
    pub msg_insert_time: Option<String>,
    /// Messages that came from it.
    pub msg_num: i64,
    /// Members, 0 until known.
    pub members_num: i32,
    /// Its announcement, empty until known.
    pub group_announcement: String,
    /// Always 0.
    pub parent_id: i32,
    /// Always 0.
    pub level: i32,
    /// Known since, Asia/Shanghai.
    #[schema(example = "2024-04-28T11:00:00")]
    pub create_time: String,
    /// Last change, Asia/Shanghai.
    #[schema(example = "2024-04-28T11:00:00")]
    pub update_time: String,
}

impl GroupRow {
    fn new(group: WorktoolGroup, robot_id: &str) -> Self {
        Self {
            id: group.id,
            work_type: group.room_type,
            group_name: group.name,
            group_remark: group.remark.unwrap_or_default(),
            master_name: group.owner.unwrap_or_default(),
            robot_id: robot_id.to_owned(),
            msg_insert_time: group.last_message_at.map(shanghai::text),
            msg_num: group.message_count,
            members_num: group.member_count.unwrap_or_default(),
            group_announcement: group.announcement.unwrap_or_default(),
            parent_id: 0,
            level: 0,
            create_time: shanghai::text(group.created_at),
            update_time: shanghai::text(group.updated_at),
        }
    }
}

/// Lists groups, the one that became known last first.
#[utoipa::path(
    get,
    path = "/robot/wework/group/list",
    operation_id = "worktool_list_groups",
    tag = "WorkTool 兼容接口",
    summary = "群列表",
    description = "手机上报过的群；下发 501 或 508 指令可以更新。",
    security(("link" = [])),
    params(LinkParameters, PageParameters, ("groupName" = Option<String>, Query, description = "群名或备注的一部分")),
    responses(
        (status = 200, description = "一页群", body = WorkToolAnswer<WorkToolPage<GroupRow>>,
            example = json!({"code": 200, "message": "操作成功", "data": {"pageNum": 1, "pageSize": 10, "totalPage": 1,
                "total": 1, "list": [{"id": 1, "workType": 1, "groupName": "测试群1", "groupRemark": "", "masterName": "仑哥",
                "robotId": "wt22phhjpt2xboerspxsote472xdnyq2", "msgInsertTime": "2024-04-28T11:00:00", "msgNum": 12,
                "membersNum": 3, "groupAnnouncement": "", "parentId": 0, "level": 0,
                "createTime": "2024-04-28T11:00:00", "updateTime": "2024-04-28T11:00:00"}]}})),
        Refusals
    )
)]
pub async fn group_list(state: State, link: Link, parameters: Parameters) -> Result<Reply, Refused> {
    link.take()?;
    let paging = WorkToolPaging::read(&parameters);
    let name = parameters.get("groupName").map(str::to_owned);
    let (total, groups) =
        groups::list(&state.db, link.entry.uuid, name, paging.offset(), paging.size).await?;
    let rows = groups.into_iter().map(|group| GroupRow::new(group, &link.id)).collect();
    Ok(done(&paging.page(total, rows))?)
}
