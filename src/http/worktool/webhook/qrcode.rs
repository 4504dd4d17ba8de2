//! `POST /api/worktool/callback/qrcode`: a group's QR code became known to the hosted platform.
use utoipa::ToSchema;
use workbot_schema::batch::Record;
use workbot_schema::wire::group_qrcode::GroupQrcodeCallback;
use workbot_schema::wire::native::read_text;

use super::key::WebhookRobot;
use super::{line, taken};
use crate::http::envelope::{Empty, Envelope, Reply};
use crate::http::error::ApiError;
use crate::http::openapi::Failures;
use crate::http::state::State;
use crate::http::worktool::content::Content;

/// A QR code; for the description only, the fields are read leniently.
#[derive(Debug, Clone, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct PlatformQrcode {
    /// Group name.
    pub group_name: String,
    /// Group remark.
    pub group_remark: Option<String>,
    /// What the QR code says; `qrcode` is understood, too.
    pub qr_code: String,
}

/// Takes a QR code in and tells the robot's own callback of type 0.
#[utoipa::path(
    post,
    path = "/api/worktool/callback/qrcode",
    operation_id = "worktool_webhook_qrcode",
    tag = "WorkTool 平台回调",
    summary = "接收群二维码回调",
    description = "记录后转发给机器人绑定的群二维码回调（type 0）。",
    security(("callbackKey" = [])),
    params(("robotId" = String, Query, description = "链接号"), ("key" = String, Query, description = "回调密钥")),
    request_body(content = PlatformQrcode,
        example = json!({"groupName": "测试群1", "qrCode": "https://work.weixin.qq.com/gm/abc"})),
    responses(
        (status = 200, description = "已接收", body = Envelope<Empty>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {}})),
        Failures
    )
)]
pub async fn qrcode(state: State, robot: WebhookRobot, content: Content) -> Result<Reply, ApiError> {
    let WebhookRobot(entry) = robot;
    let fields = content.fields(&state).await?;
    let now = state.now();
    let text = |name: &str| read_text(&fields, name);
    let mut write = vec![line(entry.uuid, "qrcode", &fields, now)];
    if let (Some(group), Some(code)) = (text("groupName"), text("qrCode").or_else(|| text("qrcode"))) {
        let profile = entry.profile();
        let remark = text("groupRemark").unwrap_or_default();
        let told = GroupQrcodeCallback::new(&profile.robot, &group, &remark, &code, now);
        write.extend(told.delivery(&profile, now).map(|delivery| Record::Delivery(Box::new(delivery))));
    } else {
        state.counters.ignored_webhooks.add(1);
    }
    state.journal.write(write).await?;
    taken()
}
