//! `POST /api/notification-channels/{id}/test`: a sample, sent at once.
use actix_web::web::Path;
use serde::Serialize;
use utoipa::ToSchema;
use workbot_actors::alert::channels::{SendError, Sending};
use workbot_actors::alert::notice::Notice;
use workbot_schema::ids::{AlertId, NotificationId};

use super::detail::find;
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// How a trial went.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Trial {
    /// Whether the channel took it.
    pub ok: bool,
    /// What it answered, or what went wrong.
    pub detail: String,
}

/// Sends a sample over a channel, switched on or not; answers within 10 s.
#[utoipa::path(
    post,
    path = "/api/notification-channels/{id}/test",
    operation_id = "test_notification_channel",
    tag = "通知渠道",
    summary = "发送测试通知",
    description = "立即发送一条测试通知，10 秒内返回结果；失败时 ok 为 false，detail 说明原因。",
    security(("user" = [])),
    params(("id" = String, Path, description = "渠道编号")),
    responses(
        (status = 200, description = "测试结果", body = Envelope<Trial>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"ok": true,
                "detail": "群机器人已接收，用时 85 毫秒"}})),
        Failures
    )
)]
pub async fn test(state: State, user: UserToken, origin: Origin, id: Path<String>) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    let channel = find(&state, &user, id.into_inner()).await?;
    let now = state.now();
    let sending = Sending {
        id: NotificationId::of(&AlertId::generate(), &channel.id),
        notice: Notice::trial(&channel.name, now),
    };
    let outcome = state.alerts.tools.send(&channel, &sending).await;
    let object = format!("notification_channel/{}", channel.id);
    let detail = serde_json::json!({"ok": outcome.is_ok()});
    let audit = origin.audit(&Caller::User(user), "notification_channel.test", object, detail, now);
    let trial = match outcome {
        Ok(sent) => {
            let mut write = sent.records;
            write.push(audit);
            state.journal.write(write).await?;
            Trial { ok: true, detail: sent.detail }
        }
        Err(error) => {
            state.journal.write(vec![audit]).await?;
            Trial { ok: false, detail: in_words(&error) }
        }
    };
    Reply::ok(&trial)
}

/// What went wrong, with the way out.
fn in_words(error: &SendError) -> String {
    let text = error.text();
    match error {
        SendError::Config(_) => format!("渠道配置不完整，请检查后保存重试（{text}）"),
        SendError::Address(_) => {
            format!("地址不允许访问，请使用公网地址或开启 callbacks.allow_private（{text}）")
        }
        SendError::Later(_) => format!("暂时无法送达，请稍后重试（{text}）"),
        SendError::Refused(_) => format!("对方拒绝接收，请检查配置（{text}）"),
    }
}
