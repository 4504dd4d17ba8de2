//! `POST /robot/robotInfo/callBack/deleteByType`: a callback is freed.
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::answer::{Refusals, WorkToolAnswer, done};
use super::binding::{Binding, bindable, bindings, write};
use super::content::Content;
use super::link::Link;
use super::parameters::LinkParameters;
use super::refused::Refused;
use crate::http::audit::Origin;
use crate::http::envelope::Reply;
use crate::http::extract::json::Nul;
use crate::http::state::State;

/// A callback to free.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct FreedType {
    /// 0 group QR code, 1 result, 5 online, 6 offline.
    #[serde(rename = "type", default)]
    #[schema(value_type = i32, example = 1)]
    pub binding_type: Value,
}

/// Frees a callback; one that is not bound stays so.
#[utoipa::path(
    post,
    path = "/robot/robotInfo/callBack/deleteByType",
    operation_id = "worktool_free_callback",
    tag = "WorkTool 兼容接口",
    summary = "按类型解绑回调",
    security(("link" = [])),
    params(LinkParameters),
    request_body(content = FreedType, example = json!({"type": 1})),
    responses(
        (status = 200, description = "剩余的回调", body = WorkToolAnswer<Vec<Binding>>,
            example = json!({"code": 200, "message": "操作成功", "data": []})),
        Refusals
    )
)]
pub async fn callback_delete(
    state: State,
    link: Link,
    origin: Origin,
    content: Content,
) -> Result<Reply, Refused> {
    link.take()?;
    let freed: FreedType = content.json(&state, Nul::Refuse).await?;
    let binding_type = bindable(&freed.binding_type)?;
    write(&state, &link, &origin, vec![(binding_type, None)]).await?;
    Ok(done(&bindings(&link.entry.profile()))?)
}
