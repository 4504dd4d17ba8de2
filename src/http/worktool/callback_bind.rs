//! `POST /robot/robotInfo/callBack/bind`: where results and events go.
use super::answer::{Refusals, WorkToolAnswer, done_without_data};
use super::binding::{WantedBinding, bindable, write};
use super::content::Content;
use super::link::Link;
use super::parameters::LinkParameters;
use super::probe::probe;
use super::refused::Refused;
use crate::http::audit::Origin;
use crate::http::envelope::Reply;
use crate::http::extract::json::Nul;
use crate::http::state::State;

/// Binds a callback; an earlier one of the type is replaced.
#[utoipa::path(
    post,
    path = "/robot/robotInfo/callBack/bind",
    operation_id = "worktool_bind_callback",
    tag = "WorkTool 兼容接口",
    summary = "绑定结果与事件回调",
    description = "绑定前会向该地址 POST 一条样例消息，须在 3 秒内返回 HTTP 200 与 application/json。",
    security(("link" = [])),
    params(LinkParameters),
    request_body(content = WantedBinding, example = json!({"type": 1, "callBackUrl": "https://ai.example.com/result"})),
    responses(
        (status = 200, description = "已绑定", body = WorkToolAnswer<Option<String>>,
            example = json!({"code": 200, "message": "操作成功", "data": null})),
        Refusals
    )
)]
pub async fn callback_bind(
    state: State,
    link: Link,
    origin: Origin,
    content: Content,
) -> Result<Reply, Refused> {
    link.take()?;
    let wanted: WantedBinding = content.json(&state, Nul::Refuse).await?;
    let binding_type = bindable(&wanted.binding_type)?;
    let url = wanted.call_back_url.trim().to_owned();
    probe(&state, &url).await?;
    write(&state, &link, &origin, vec![(binding_type, Some(url))]).await?;
    Ok(done_without_data()?)
}
