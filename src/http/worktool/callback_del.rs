//! `POST /robot/robotInfo/callBack/del`: the older way to free, by number.
use workbot_schema::wire::native::read_number;

use super::answer::{Refusals, WorkToolAnswer, done};
use super::binding::{Binding, bindings, write};
use super::content::Content;
use super::link::Link;
use super::parameters::LinkParameters;
use super::refused::Refused;
use crate::http::audit::Origin;
use crate::http::envelope::Reply;
use crate::http::robots::callback_view::is_bindable;
use crate::http::state::State;

/// Frees callbacks by the `id` that `get` told; unknown ones are ignored.
#[utoipa::path(
    post,
    path = "/robot/robotInfo/callBack/del",
    operation_id = "worktool_delete_callbacks",
    tag = "WorkTool 兼容接口",
    summary = "按编号解绑回调（旧）",
    security(("link" = [])),
    params(LinkParameters),
    request_body(content = Vec<i32>, example = json!([1])),
    responses(
        (status = 200, description = "剩余的回调", body = WorkToolAnswer<Vec<Binding>>,
            example = json!({"code": 200, "message": "操作成功", "data": []})),
        Refusals
    )
)]
pub async fn callback_del(
    state: State,
    link: Link,
    origin: Origin,
    content: Content,
) -> Result<Reply, Refused> {
    link.take()?;
    let ids = content.list()?;
    let mut types: Vec<i32> = ids.iter().filter_map(read_number).filter(|id| is_bindable(*id)).collect();
    types.sort_unstable();
    types.dedup();
    let changes = types.into_iter().map(|binding_type| (binding_type, None)).collect();
    write(&state, &link, &origin, changes).await?;
    Ok(done(&bindings(&link.entry.profile()))?)
}
