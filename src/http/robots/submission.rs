//! Checked commands become rows, with the answer that is remembered for a repeat.
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use workbot_actors::robot::command_service::Submitted;
use workbot_actors::supervisor::directory::RobotEntry;
use workbot_schema::commands::{CommandSource, NewCommand};
use workbot_schema::fields::Ts;
use workbot_schema::ids::CommandId;
use workbot_schema::store::StoreError;
use workbot_schema::wire::command_item::CheckedCommand;

use crate::http::envelope::Reply;
use crate::http::error::ApiResult;
use crate::http::extract::RequestId;
use crate::http::guard::idempotency::Ticket;
use crate::http::state::AppState;

/// How long the file store may take.
const STORE: Duration = Duration::from_secs(10);

/// What the commands of one call have in common.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// Through which route.
    pub source: CommandSource,
    /// The request.
    pub request: &'a RequestId,
    /// Priority of commands that name none.
    pub priority: i32,
    /// Life of commands that name none, seconds.
    pub expires_in_secs: Option<i64>,
    /// When it came.
    pub now: Ts,
}

impl Call<'_> {
    /// The row of a checked command; its file goes to the file store first.
    pub async fn command(
        &self,
        state: &AppState,
        entry: &RobotEntry,
        checked: CheckedCommand,
    ) -> ApiResult<NewCommand> {
        let file_name = match checked.file {
            None => None,
            Some(bytes) => match tokio::time::timeout(STORE, state.files.put(bytes)).await {
                Ok(stored) => Some(stored?),
                Err(_elapsed) => {
                    return Err(StoreError::Unavailable("file store: no answer in time".to_owned()).into());
                }
            },
        };
        let default_secs = i64::try_from(state.settings.commands.expiry_secs).unwrap_or(i64::MAX);
        let secs = checked.expires_in_secs.or(self.expires_in_secs).unwrap_or(default_secs);
        Ok(NewCommand {
            id: CommandId::generate(self.now.utc()),
            robot_uuid: entry.uuid,
            batch_id: None,
            command_type: checked.command_type,
            item: checked.item,
            file_name,
            size_bytes: checked.size_bytes,
            priority: checked.priority.unwrap_or(self.priority),
            can_retry: entry.profile().robot.settings.0.command_retry,
            source: self.source,
            request_id: Some(self.request.as_str().to_owned()),
            message_id: None,
            session_id: None,
            resend_of: None,
            expires_at: self.now.plus(TimeDelta::try_seconds(secs).unwrap_or_default()),
            created_at: self.now,
            is_offline: false,
        })
    }
}

/// Stores the commands with the answer; the answer of then when the same was asked before.
pub async fn submit(
    state: &AppState,
    entry: &Arc<RobotEntry>,
    commands: Vec<NewCommand>,
    ticket: Ticket,
    reply: Reply,
) -> ApiResult<Reply> {
    match state.commands.submit(entry, commands, ticket.record(state, &reply)).await? {
        Submitted::Stored(_commands) => Ok(reply),
        Submitted::Replayed(record) => ticket.replay(state, &record),
    }
}
