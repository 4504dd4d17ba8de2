//! `POST /api/notification-channels`: a new channel.
use workbot_schema::batch::Record;
use workbot_schema::configuration::{ConfigurationEdit, Edit};

use super::channel_fields::ChannelFields;
use super::channel_view::ChannelView;
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller, UserToken};
use crate::http::configure::configuration;
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::{Body, IdempotencyKey};
use crate::http::guard::idempotency::{Committed, Started};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Makes a channel.
#[utoipa::path(
    post,
    path = "/api/notification-channels",
    operation_id = "create_notification_channel",
    tag = "通知渠道",
    summary = "新建通知渠道",
    description = "config 随 type 而定：robot_message {robotId, target 群名或联系人, at[]}；console {}；wecom_group {webhookUrl 或 key（只写）, \
format: markdown/text, mentionedList[], mentionedMobileList[]}；email {host, port, security: starttls/tls/none, username, \
password（只写）, from, to[], caCertificate}；webhook {url, secret（只写，whsec_…，设置后按 Standard Webhooks 签名）}。\
地址须能公网访问，否则返回 422 callback_address_forbidden。",
    security(("user" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "重复提交得到同一结果，24 小时内有效")),
    request_body(content = ChannelFields, example = json!({"name": "运维群", "type": "wecom_group",
        "config": {"key": "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa", "format": "markdown"}})),
    responses(
        (status = 200, description = "新渠道", body = Envelope<ChannelView>,
            example = json!({"success": true, "code": 0, "message": "success", "data":
                {"id": "550e8400-e29b-41d4-a716-446655440000", "ownerId": null, "name": "运维群", "type": "wecom_group",
                "config": {"format": "markdown", "webhookUrlSet": true}, "isActive": true, "isPreset": false,
                "version": 1, "createdAt": "2026-01-30T12:00:00.000Z", "updatedAt": "2026-01-30T12:00:00.000Z"}})),
        Failures
    )
)]
pub async fn create(
    state: State,
    user: UserToken,
    origin: Origin,
    key: IdempotencyKey,
    body: Body<ChannelFields>,
) -> ApiResult<Reply> {
    user.may(Action::WriteDesign)?;
    let caller = Caller::User(user.clone());
    let ticket = match state.begin(&key, &caller.name(), &body.bytes).await? {
        Started::Replay(reply) => return Ok(reply),
        Started::Fresh(ticket) => ticket,
    };
    let now = state.now();
    let mut channel = body.value.begin(now)?;
    let (changes, _names) = body.value.prepare(&state, &user, &channel, true).await?;
    channel.apply(&changes);
    let reply = Reply::ok(&ChannelView::from(channel.clone()))?;
    let object = format!("notification_channel/{}", channel.id);
    let detail =
        serde_json::json!({"name": channel.name, "type": channel.channel_type, "ownerId": channel.owner_id});
    let audit = origin.audit(&caller, "notification_channel.create", object, detail, now);
    let edit = configuration(&user, ConfigurationEdit::Channel(Edit::Create(Box::new(channel))));
    match ticket.commit(&state, &reply, vec![Record::Configure(Box::new(edit)), audit]).await? {
        Committed::Done(_outcomes) => {
            state.refresh_rules().await;
            Ok(reply)
        }
        Committed::Replay(reply) => Ok(reply),
    }
}
