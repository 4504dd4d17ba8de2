//! `GET /robot/robotInfo/version`: which app a phone said it runs.
use serde::Serialize;
use utoipa::ToSchema;
use workbot_schema::worktool::phones;

use super::answer::{Refusals, WorkToolAnswer, done};
use super::link::Link;
use super::parameters::LinkParameters;
use super::refused::Refused;
use crate::http::envelope::Reply;
use crate::http::state::State;

/// What the phone's last login said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AppVersion {
    /// Name of the app.
    pub app_name: String,
    /// Version of the app.
    pub app_version: String,
    /// Version of WeCom.
    pub work_version: String,
}

/// The versions of a phone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Versions {
    /// As of its last login; none when it never logged in.
    pub latest: Option<AppVersion>,
}

/// Shows the versions of a phone.
#[utoipa::path(
    get,
    path = "/robot/robotInfo/version",
    operation_id = "worktool_get_version",
    tag = "WorkTool 兼容接口",
    summary = "查询手机端版本",
    security(("link" = [])),
    params(LinkParameters),
    responses(
        (status = 200, description = "版本", body = WorkToolAnswer<Versions>,
            example = json!({"code": 200, "message": "操作成功",
                "data": {"latest": {"appName": "WorkTool", "appVersion": "2.8.1", "workVersion": "4.1.10"}}})),
        Refusals
    )
)]
pub async fn version(state: State, link: Link) -> Result<Reply, Refused> {
    link.take()?;
    let device = phones::find(&state.db, link.entry.uuid).await?.and_then(|phone| phone.device);
    let latest = device.map(|device| AppVersion {
        app_name: device.0.app_name.unwrap_or_default(),
        app_version: device.0.app_version.unwrap_or_default(),
        work_version: device.0.work_version.unwrap_or_default(),
    });
    Ok(done(&Versions { latest })?)
}
