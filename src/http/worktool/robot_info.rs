//! `GET /robot/robotInfo/get` and `get-detail`: how a robot is set. The phone reads the first one at every start.
use serde::Serialize;
use utoipa::ToSchema;
use workbot_schema::logs;
use workbot_schema::robots::Robot;
use workbot_schema::worktool::phones;

use super::answer::{Refusals, WorkToolAnswer, done};
use super::link::Link;
use super::parameters::LinkParameters;
use super::refused::Refused;
use super::shanghai;
use crate::http::envelope::Reply;
use crate::http::state::State;

/// How a robot is set.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkToolRobot {
    /// Link id.
    pub robot_id: String,
    /// Shown name.
    pub name: String,
    /// 0 off, 1 the third party answers.
    pub open_callback: i32,
    /// Where messages are posted, empty when nowhere.
    pub callback_url: String,
    /// 1 = commands to the phone are encrypted; what it sends is read either way.
    pub encrypt_type: i32,
    /// Asia/Shanghai.
    #[schema(example = "2024-04-28T11:00:00")]
    pub create_time: String,
    /// Always false.
    pub enable_add: bool,
    /// −1 read only, 0 private chats and @robot, 1 everything.
    pub reply_all: i32,
    /// 1 = a robot key is asked for.
    pub robot_key_check: i32,
    /// 1 form-data, 2 JSON.
    pub call_back_request_type: i32,
    /// 0: WeCom.
    pub robot_type: i32,
}

impl WorkToolRobot {
    /// What a robot is answered by its link id.
    pub fn new(robot: &Robot, robot_id: &str) -> Self {
        let settings = &robot.settings.0;
        Self {
            robot_id: robot_id.to_owned(),
            name: robot.name.clone(),
            open_callback: settings.open_callback,
            callback_url: settings.callback_url.clone().unwrap_or_default(),
            encrypt_type: settings.encrypt_type,
            create_time: shanghai::text(robot.created_at),
            enable_add: false,
            reply_all: settings.reply_all,
            robot_key_check: settings.robot_key_check,
            call_back_request_type: settings.callback_request_type,
            robot_type: 0,
        }
    }
}

/// The same with what the phone told and where it was last.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkToolRobotDetail {
    /// How it is set.
    #[serde(flatten)]
    pub robot: WorkToolRobot,
    /// The name others see.
    pub show_name: String,
    /// Enterprise of the phone.
    pub corporation: String,
    /// First login, Asia/Shanghai.
    pub first_login: Option<String>,
    /// End of service, Asia/Shanghai; none = without end.
    pub auth_expir: Option<String>,
    /// The same.
    pub auth_expire: Option<String>,
    /// Not kept.
    pub signature_time: Option<String>,
    /// Address of the present connection.
    pub ip: Option<String>,
    /// Address of the last connection.
    pub last_login_ip: Option<String>,
}

/// Shows the settings of a robot.
#[utoipa::path(
    get,
    path = "/robot/robotInfo/get",
    operation_id = "worktool_get_robot",
    tag = "WorkTool 兼容接口",
    summary = "查询机器人信息",
    security(("link" = [])),
    params(LinkParameters),
    responses(
        (status = 200, description = "机器人", body = WorkToolAnswer<WorkToolRobot>,
            example = json!({"code": 200, "message": "操作成功", "data": {"robotId": "wt22phhjpt2xboerspxsote472xdnyq2",
                "name": "管家", "openCallback": 1, "callbackUrl": "https://ai.example.com/callback", "encryptType": 0,
                "createTime": "2024-04-28T11:00:00", "enableAdd": false, "replyAll": 0, "robotKeyCheck": 0,
                "callBackRequestType": 2, "robotType": 0}})),
        Refusals
    )
)]
pub async fn get(_state: State, link: Link) -> Result<Reply, Refused> {
    link.take()?;
    Ok(done(&WorkToolRobot::new(&link.entry.profile().robot, &link.id))?)
}

/// Shows the settings of a robot, and its phone.
#[utoipa::path(
    get,
    path = "/robot/robotInfo/get-detail",
    operation_id = "worktool_get_robot_detail",
    tag = "WorkTool 兼容接口",
    summary = "查询机器人详情",
    security(("link" = [])),
    params(LinkParameters),
    responses(
        (status = 200, description = "机器人", body = WorkToolAnswer<WorkToolRobotDetail>,
            example = json!({"code": 200, "message": "操作成功", "data": {"robotId": "wt22phhjpt2xboerspxsote472xdnyq2",
                "name": "管家", "openCallback": 1, "callbackUrl": "https://ai.example.com/callback", "encryptType": 0,
                "createTime": "2024-04-28T11:00:00", "enableAdd": false, "replyAll": 0, "robotKeyCheck": 0,
                "callBackRequestType": 2, "robotType": 0, "showName": "管家", "corporation": "某公司",
                "firstLogin": "2024-04-28T11:00:00", "authExpir": null, "authExpire": null, "signatureTime": null,
                "ip": "203.0.113.5", "lastLoginIp": "203.0.113.5"}})),
        Refusals
    )
)]
pub async fn get_detail(state: State, link: Link) -> Result<Reply, Refused> {
    link.take()?;
    let robot = &link.entry.profile().robot;
    let phone = phones::find(&state.db, link.entry.uuid).await?;
    let last = logs::list_connections(&state.db, link.entry.uuid, 1).await?.pop();
    let address = last.and_then(|connection| connection.address);
    let told = |read: fn(&phones::WorktoolPhone) -> Option<String>| phone.as_ref().and_then(read);
    let end = robot.service_expires_at.map(shanghai::text);
    Ok(done(&WorkToolRobotDetail {
        robot: WorkToolRobot::new(robot, &link.id),
        show_name: told(|phone| phone.show_name.clone().or_else(|| phone.my_name.clone()))
            .unwrap_or_default(),
        corporation: told(|phone| phone.corporation.clone()).unwrap_or_default(),
        first_login: phone.as_ref().and_then(|phone| phone.first_login_at).map(shanghai::text),
        auth_expir: end.clone(),
        auth_expire: end,
        signature_time: None,
        ip: address.clone().filter(|_address| link.entry.is_connected()),
        last_login_ip: address,
    })?)
}
