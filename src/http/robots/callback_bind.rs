//! `POST /api/robot/robotInfo/callBack/bind`: where results and events go.
use serde::Deserialize;
use utoipa::ToSchema;
use workbot_actors::supervisor::directory::RobotEntry;
use workbot_schema::batch::Record;

use super::callback_view::{CallbackView, callbacks, is_bindable};
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller, take_request};
use crate::http::envelope::{Envelope, Page, Reply};
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::state::{AppState, State};

/// A callback to bind.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BindRequest {
    /// Robot; may be left out with a robot token.
    pub robot_id: Option<String>,
    /// 0 group QR code, 1 result, 5 online, 6 offline.
    #[serde(rename = "type")]
    pub binding_type: i32,
    /// Where to; `callbackUrl` is understood, too.
    #[serde(alias = "callbackUrl")]
    pub call_back_url: String,
}

/// Binds a callback; an earlier one of the type is replaced. The address is judged, not probed.
#[utoipa::path(
    post,
    path = "/api/robot/robotInfo/callBack/bind",
    operation_id = "bind_callback",
    tag = "回调配置",
    summary = "绑定结果与事件回调",
    security(("robot" = []), ("platform" = []), ("user" = [])),
    request_body(content = BindRequest, example = json!({"robotId": "robot_1703123456789_abc123", "type": 1,
        "callBackUrl": "https://api.third-party.com/result-callback"})),
    responses(
        (status = 200, description = "现在的回调", body = Envelope<Page<CallbackView>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1, "list": [{"type": 1,
                "typeName": "指令结果回调", "callBackUrl": "https://api.third-party.com/result-callback"}]}})),
        Failures
    )
)]
pub async fn callback_bind(
    state: State,
    caller: Caller,
    origin: Origin,
    body: Body<BindRequest>,
) -> ApiResult<Reply> {
    let request = body.value;
    let entry = caller.robot(&state, request.robot_id.as_deref(), Action::Configure).await?;
    take_request(&entry)?;
    let url = request.call_back_url.trim();
    state.addresses.check_url(url).map_err(|error| ApiError::address("callBackUrl", error))?;
    bind(&state, &caller, &origin, &entry, request.binding_type, Some(url.to_owned())).await
}

/// Binds (`Some`) or frees a type, and answers what is bound then.
pub async fn bind(
    state: &AppState,
    caller: &Caller,
    origin: &Origin,
    entry: &RobotEntry,
    binding_type: i32,
    url: Option<String>,
) -> ApiResult<Reply> {
    if !is_bindable(binding_type) {
        return Err(ApiError::field("type", "只能是 0、1、5 或 6"));
    }
    let action = if url.is_some() { "callback.bind" } else { "callback.free" };
    let object = format!("robot/{}", entry.profile().robot.robot_id);
    let audit = origin.audit(caller, action, object, serde_json::json!({"type": binding_type}), state.now());
    state.journal.write(vec![Record::Bind { robot: entry.uuid, binding_type, url }, audit]).await?;
    let list = callbacks(&entry.profile());
    Reply::ok(&Page { total: i64::try_from(list.len()).unwrap_or(i64::MAX), list, warnings: Vec::new() })
}
