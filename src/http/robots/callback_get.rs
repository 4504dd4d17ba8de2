//! `GET /api/robot/robotInfo/callBack/get`: what a robot calls back.
use serde::Deserialize;
use utoipa::IntoParams;

use super::callback_view::{CallbackView, callbacks};
use crate::http::auth::{Action, Caller, take_request};
use crate::http::envelope::{Envelope, Page, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::Query;
use crate::http::openapi::Failures;
use crate::http::state::State;

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
/// Which robot.
pub struct RobotQuery {
    /// Robot; may be left out with a robot token.
    pub robot_id: Option<String>,
}

/// Lists the callbacks of a robot.
#[utoipa::path(
    get,
    path = "/api/robot/robotInfo/callBack/get",
    operation_id = "list_callbacks",
    tag = "回调配置",
    summary = "查询已绑定的回调",
    security(("robot" = []), ("platform" = []), ("user" = [])),
    params(RobotQuery),
    responses(
        (status = 200, description = "回调", body = Envelope<Page<CallbackView>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1, "list": [{"type": 1,
                "typeName": "指令结果回调", "callBackUrl": "https://api.third-party.com/result-callback"}]}})),
        Failures
    )
)]
pub async fn callback_get(state: State, caller: Caller, Query(query): Query<RobotQuery>) -> ApiResult<Reply> {
    let entry = caller.robot(&state, query.robot_id.as_deref(), Action::Configure).await?;
    take_request(&entry)?;
    let list = callbacks(&entry.profile());
    Reply::ok(&Page { total: i64::try_from(list.len()).unwrap_or(i64::MAX), list, warnings: Vec::new() })
}
