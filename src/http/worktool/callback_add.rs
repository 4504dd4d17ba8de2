//! `POST /robot/robotInfo/callBack/add`: the older way to bind, several at once.
use serde::Deserialize;
use utoipa::ToSchema;

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

/// One of each type is enough.
const MOST: usize = 4;

/// Callbacks to bind.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WantedBindings {
    /// At most 4.
    pub call_back: Vec<WantedBinding>,
}

/// Binds callbacks, all or none.
#[utoipa::path(
    post,
    path = "/robot/robotInfo/callBack/add",
    operation_id = "worktool_add_callbacks",
    tag = "WorkTool 兼容接口",
    summary = "批量绑定回调（旧）",
    description = "与 bind 相同，绑定前会探测每个地址。",
    security(("link" = [])),
    params(LinkParameters),
    request_body(content = WantedBindings,
        example = json!({"callBack": [{"type": 1, "callBackUrl": "https://ai.example.com/result"}]})),
    responses(
        (status = 200, description = "已绑定", body = WorkToolAnswer<Option<String>>,
            example = json!({"code": 200, "message": "操作成功", "data": null})),
        Refusals
    )
)]
pub async fn callback_add(
    state: State,
    link: Link,
    origin: Origin,
    content: Content,
) -> Result<Reply, Refused> {
    link.take()?;
    let wanted: WantedBindings = content.json(&state, Nul::Refuse).await?;
    if wanted.call_back.is_empty() || wanted.call_back.len() > MOST {
        return Err(Refused::because("callBack 应包含 1 至 4 个回调"));
    }
    let mut changes: Vec<(i32, Option<String>)> = Vec::with_capacity(wanted.call_back.len());
    for binding in wanted.call_back {
        let binding_type = bindable(&binding.binding_type)?;
        if changes.iter().any(|(known, _url)| *known == binding_type) {
            return Err(Refused::because("同一 type 只能绑定一个地址"));
        }
        changes.push((binding_type, Some(binding.call_back_url.trim().to_owned())));
    }
    let urls = changes.iter().filter_map(|(_type, url)| url.as_deref());
    futures_util::future::try_join_all(urls.map(|url| probe(&state, url))).await?;
    write(&state, &link, &origin, changes).await?;
    Ok(done_without_data()?)
}
