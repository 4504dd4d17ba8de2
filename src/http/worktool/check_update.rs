//! `GET /appUpdate/checkUpdate`: the phone asks at every start whether there is a newer app.
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{Refusals, WorkToolAnswer, done};
use super::refused::Refused;
use crate::http::envelope::Reply;
use crate::http::state::State;
use crate::settings::worktool::WorktoolSettings;

/// The version that is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AppUpdate {
    /// Always 1.
    pub id: i32,
    /// Name of the app.
    #[schema(value_type = String, example = "WorkTool")]
    pub app_name: &'static str,
    /// Headline.
    pub title: String,
    /// What is new.
    pub update_log: String,
    /// Always empty.
    pub remark: String,
    /// Name of the version.
    pub version_name: String,
    /// A phone whose own is lower offers the update.
    pub version_code: u32,
    /// A phone whose own is lower must update.
    pub min_version_code: u32,
    /// Where the package is.
    pub download_url: String,
    /// Not known.
    pub create_time: Option<String>,
    /// Not known, always 0.
    pub size: i64,
    /// Always true.
    pub enable: bool,
}

impl AppUpdate {
    /// What the settings offer.
    fn of(settings: &WorktoolSettings) -> Option<Self> {
        (settings.update_version_code > 0).then(|| Self {
            id: 1,
            app_name: "WorkTool",
            title: format!("发现新版本 {}", settings.update_version_name).trim_end().to_owned(),
            // The phone writes a line break where it reads `\n`.
            update_log: settings.update_log.replace('\n', "\\n"),
            remark: String::new(),
            version_name: settings.update_version_name.clone(),
            version_code: settings.update_version_code,
            min_version_code: settings.update_min_version_code,
            download_url: settings.update_download_url.clone(),
            create_time: None,
            size: 0,
            enable: true,
        })
    }
}

/// Tells of the version the settings offer.
#[utoipa::path(
    get,
    path = "/appUpdate/checkUpdate",
    operation_id = "worktool_check_update",
    tag = "WorkTool 兼容接口",
    summary = "检查手机端更新",
    responses(
        (status = 200, description = "没有提供新版本时 data 为 null", body = WorkToolAnswer<Option<AppUpdate>>,
            example = json!({"code": 200, "message": "操作成功", "data": null})),
        Refusals
    )
)]
pub async fn check_update(state: State) -> Result<Reply, Refused> {
    Ok(done(&AppUpdate::of(&state.settings.worktool))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_set_is_offered() {
        assert_eq!(AppUpdate::of(&WorktoolSettings::default()), None);
        let settings = WorktoolSettings {
            update_version_code: 28_012,
            update_version_name: "2.8.2".to_owned(),
            update_download_url: "https://files.example.com/app.apk".to_owned(),
            update_log: "一\n二".to_owned(),
            ..WorktoolSettings::default()
        };
        let update = AppUpdate::of(&settings).unwrap();
        assert_eq!((update.version_code, update.min_version_code), (28_012, 0));
        assert_eq!((update.title.as_str(), update.update_log.as_str()), ("发现新版本 2.8.2", "一\\n二"));
    }
}
