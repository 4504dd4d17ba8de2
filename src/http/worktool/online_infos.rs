//! `GET /robot/robotInfo/onlineInfos`: the logins of a day.
use serde::Serialize;
use utoipa::ToSchema;
use workbot_schema::fields::Ts;
use workbot_schema::logs::{self, RobotConnection};

use super::answer::{Refusals, WorkToolAnswer, done};
use super::link::Link;
use super::parameters::{LinkParameters, Parameters};
use super::refused::Refused;
use super::shanghai;
use crate::http::envelope::Reply;
use crate::http::state::State;

/// Most logins that are told of one day.
const LOGINS: i64 = 1_000;

/// One login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoginRow {
    /// Link id.
    pub robot_id: String,
    /// Where from.
    pub ip: String,
    /// From, Asia/Shanghai.
    #[schema(example = "2024-04-28T11:00:00")]
    pub online_time: String,
    /// Until, Asia/Shanghai; none while it lasts.
    pub offline: Option<String>,
    /// The same.
    pub offline_time: Option<String>,
    /// Minutes.
    pub online_times: i64,
}

impl LoginRow {
    fn new(connection: RobotConnection, robot_id: &str, now: Ts) -> Self {
        let end = connection.closed_at.map(shanghai::text);
        let until = connection.closed_at.unwrap_or(now);
        Self {
            robot_id: robot_id.to_owned(),
            ip: connection.address.unwrap_or_default(),
            online_time: shanghai::text(connection.opened_at),
            offline: end.clone(),
            offline_time: end,
            online_times: (until.utc() - connection.opened_at.utc()).num_minutes().max(0),
        }
    }
}

/// Lists logins.
#[utoipa::path(
    get,
    path = "/robot/robotInfo/onlineInfos",
    operation_id = "worktool_list_logins",
    tag = "WorkTool 兼容接口",
    summary = "登录日志",
    security(("link" = [])),
    params(LinkParameters, ("date" = Option<String>, Query, description = "Asia/Shanghai 的日期 yyyy-MM-dd，默认今天")),
    responses(
        (status = 200, description = "当天的登录", body = WorkToolAnswer<Vec<LoginRow>>,
            example = json!({"code": 200, "message": "操作成功", "data": [{"robotId": "wt22phhjpt2xboerspxsote472xdnyq2",
                "ip": "203.0.113.5", "onlineTime": "2024-04-28T11:00:00", "offline": "2024-04-28T12:30:00",
                "offlineTime": "2024-04-28T12:30:00", "onlineTimes": 90}]})),
        Refusals
    )
)]
pub async fn online_infos(state: State, link: Link, parameters: Parameters) -> Result<Reply, Refused> {
    link.take()?;
    let now = state.now();
    let (from, to) = shanghai::day(parameters.get("date"), now)
        .ok_or_else(|| Refused::because("date 格式有误，应为 yyyy-MM-dd"))?;
    let connections = logs::list_connections_during(&state.db, link.entry.uuid, from, to, LOGINS).await?;
    let rows: Vec<LoginRow> =
        connections.into_iter().map(|connection| LoginRow::new(connection, &link.id, now)).collect();
    Ok(done(&rows)?)
}
