//! `POST /api/commands/{id}/resend`: the same command once more, under an id of its own.
use actix_web::web::Path;
use chrono::TimeDelta;
use serde::Serialize;
use utoipa::ToSchema;
use workbot_schema::commands::{CommandSource, CommandState, NewCommand};
use workbot_schema::ids::CommandId;

use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::IdempotencyKey;
use crate::http::guard::idempotency::Started;
use crate::http::openapi::Failures;
use crate::http::robots::command_lookup::find_command;
use crate::http::robots::submission::submit;
use crate::http::state::State;

/// The new command.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resent {
    /// Its id.
    pub command_id: String,
    /// The same.
    pub message_id: String,
    /// The command it repeats.
    pub resend_of: String,
    /// `queued`.
    pub state: CommandState,
}

/// Sends a command once more.
#[utoipa::path(
    post,
    path = "/api/commands/{id}/resend",
    operation_id = "resend_command",
    tag = "指令管理",
    summary = "重发指令",
    description = "以新编号重新排队，内容不变；原指令的状态不受影响。",
    security(("user" = [])),
    params(
        ("id" = String, Path, description = "指令编号"),
        ("Idempotency-Key" = Option<String>, Header, description = "重复提交得到同一结果，24 小时内有效")
    ),
    responses(
        (status = 200, description = "已排队", body = Envelope<Resent>,
            example = json!({"success": true, "code": 0, "message": "success",
                "data": {"commandId": "msg_1703123456790_xyz789uvw", "messageId": "msg_1703123456790_xyz789uvw",
                "resendOf": "msg_1703123456789_abc123def", "state": "queued"}})),
        Failures
    )
)]
pub async fn resend(
    state: State,
    caller: Caller,
    origin: Origin,
    key: IdempotencyKey,
    id: Path<String>,
) -> ApiResult<Reply> {
    let (row, entry) = find_command(&state, &caller, &id, Action::ResendCommand).await?;
    let ticket = match state.begin(&key, &caller.name(), b"").await? {
        Started::Replay(reply) => return Ok(reply),
        Started::Fresh(ticket) => ticket,
    };
    let now = state.now();
    let secs = i64::try_from(state.settings.commands.expiry_secs).unwrap_or(i64::MAX);
    let command = NewCommand {
        id: CommandId::generate(now.utc()),
        robot_uuid: row.robot_uuid,
        batch_id: None,
        command_type: row.command_type,
        item: row.item,
        file_name: row.file_name,
        size_bytes: row.size_bytes,
        priority: row.priority,
        can_retry: row.can_retry,
        source: CommandSource::Console,
        request_id: Some(origin.request.as_str().to_owned()),
        message_id: row.message_id,
        session_id: row.session_id,
        resend_of: Some(row.id.clone()),
        expires_at: now.plus(TimeDelta::try_seconds(secs).unwrap_or_default()),
        created_at: now,
        is_offline: false,
    };
    let new_id = command.id.to_string();
    let reply = Reply::ok(&Resent {
        command_id: new_id.clone(),
        message_id: new_id.clone(),
        resend_of: row.id.to_string(),
        state: CommandState::Queued,
    })?;
    let detail = serde_json::json!({"resendOf": row.id});
    let audit = origin.audit(&caller, "command.resend", format!("command/{new_id}"), detail, now);
    let reply = submit(&state, &entry, vec![command], ticket, reply).await?;
    if !reply.is_replay {
        state.journal.write(vec![audit]).await?;
    }
    Ok(reply)
}
