//! `POST /api/robot/robotInfo/callBack/deleteByType`: a callback is freed.
use serde::Deserialize;
use utoipa::ToSchema;

use super::callback_bind::bind;
use super::callback_view::CallbackView;
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller, take_request};
use crate::http::envelope::{Envelope, Page, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// A callback to free.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FreeRequest {
    /// Robot; may be left out with a robot token.
    pub robot_id: Option<String>,
    /// 0 group QR code, 1 result, 5 online, 6 offline.
    #[serde(rename = "type")]
    pub binding_type: i32,
}

/// Frees a callback; one that is not bound stays so.
#[utoipa::path(
    post,
    path = "/api/robot/robotInfo/callBack/deleteByType",
    operation_id = "free_callback",
    tag = "回调配置",
    summary = "按类型解绑回调",
    security(("robot" = []), ("platform" = []), ("user" = [])),
    request_body(content = FreeRequest, example = json!({"robotId": "robot_1703123456789_abc123", "type": 1})),
    responses(
        (status = 200, description = "剩余的回调", body = Envelope<Page<CallbackView>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 0, "list": []}})),
        Failures
    )
)]
pub async fn callback_delete(
    state: State,
    caller: Caller,
    origin: Origin,
    body: Body<FreeRequest>,
) -> ApiResult<Reply> {
    let entry = caller.robot(&state, body.value.robot_id.as_deref(), Action::Configure).await?;
    take_request(&entry)?;
    bind(&state, &caller, &origin, &entry, body.value.binding_type, None).await
}
