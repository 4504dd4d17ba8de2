//! Commands: record, state and queue in one row.
pub mod history;
pub mod moves;
pub mod operations;
pub mod priority;
pub mod queries;
pub mod reports;
pub mod state;

use diesel::prelude::{Insertable, Queryable, Selectable};

pub use state::{CommandEvent, CommandState, ExecutionResult};

use crate::fields::Ts;
use crate::ids::{BatchId, CommandId, MessageId, RobotUuid, SessionId};
use crate::tables::robot_commands;

crate::text_enum! {
    /// Who made a command.
    pub enum CommandSource {
        /// `POST /api/robot/send-message`.
        SendMessage = "send_message",
        /// `POST /api/robot/commands`.
        Commands = "commands",
        /// A WorkTool-style REST call.
        Worktool = "worktool",
        /// A flow's reply.
        Flow = "flow",
        /// An inline answer to a callback.
        InlineReply = "inline_reply",
        /// A console user.
        Console = "console",
        /// The server itself.
        System = "system",
    }
}

/// A command as it is stored. `item` is the WorkTool item as compact JSON, without its file.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = robot_commands, treat_none_as_default_value = false)]
pub struct RobotCommand {
    /// The id on every wire.
    pub id: CommandId,
    /// Place in the order of the server.
    pub seq: i64,
    /// For whom.
    pub robot_uuid: RobotUuid,
    /// The call it came with, when that had several.
    pub batch_id: Option<BatchId>,
    /// WorkTool type number.
    pub command_type: i32,
    /// The item, JSON.
    pub item: String,
    /// Content taken out of the item (`fileBase64`), in the file store.
    pub file_name: Option<String>,
    /// Bytes of the item with its file, for the window.
    pub size_bytes: i32,
    /// Higher first, −100..100.
    pub priority: i32,
    /// Where it is.
    pub state: CommandState,
    /// Present attempt, from 1.
    pub attempt: i32,
    /// Whether a failed result may be tried again.
    pub can_retry: bool,
    /// The robot was away when it was accepted.
    pub is_offline: bool,
    /// Last error code.
    pub error_code: Option<i32>,
    /// Last error text.
    pub error_reason: Option<String>,
    /// Targets served, JSON list.
    pub success_list: Option<String>,
    /// Targets not served, JSON list.
    pub fail_list: Option<String>,
    /// The last result as it came, JSON.
    pub result: Option<String>,
    /// Who made it.
    pub source: CommandSource,
    /// The request that made it.
    pub request_id: Option<String>,
    /// The inbound message it answers.
    pub message_id: Option<MessageId>,
    /// The conversation it belongs to.
    pub session_id: Option<SessionId>,
    /// The command it repeats.
    pub resend_of: Option<CommandId>,
    /// Moves that the other columns do not tell, see [`history`].
    pub history: String,
    /// Not claimed before.
    pub not_before: Option<Ts>,
    /// When the sweep must look.
    pub due_at: Option<Ts>,
    /// Not pushed after.
    pub expires_at: Ts,
    /// Last push.
    pub sent_at: Option<Ts>,
    /// Last confirmation.
    pub confirmed_at: Option<Ts>,
    /// When it became final.
    pub finished_at: Option<Ts>,
    /// When it was accepted.
    pub created_at: Ts,
}

/// What a caller gives to make a command; the journal adds `seq`.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCommand {
    /// The id.
    pub id: CommandId,
    /// For whom.
    pub robot_uuid: RobotUuid,
    /// The call it came with.
    pub batch_id: Option<BatchId>,
    /// WorkTool type number.
    pub command_type: i32,
    /// The item, compact JSON.
    pub item: String,
    /// Content in the file store.
    pub file_name: Option<String>,
    /// Bytes of item and file.
    pub size_bytes: i32,
    /// Higher first.
    pub priority: i32,
    /// Whether a failed result may be tried again.
    pub can_retry: bool,
    /// Who made it.
    pub source: CommandSource,
    /// The request that made it.
    pub request_id: Option<String>,
    /// The inbound message it answers.
    pub message_id: Option<MessageId>,
    /// Its conversation.
    pub session_id: Option<SessionId>,
    /// The command it repeats.
    pub resend_of: Option<CommandId>,
    /// Not pushed after.
    pub expires_at: Ts,
    /// Accepted at.
    pub created_at: Ts,
    /// The robot was away when it was accepted: an `offline_commands` row is written with it.
    pub is_offline: bool,
}

impl NewCommand {
    /// The row for the place `seq`.
    pub fn into_row(self, seq: i64) -> RobotCommand {
        RobotCommand {
            history: String::new(),
            id: self.id,
            seq,
            robot_uuid: self.robot_uuid,
            batch_id: self.batch_id,
            command_type: self.command_type,
            item: self.item,
            file_name: self.file_name,
            size_bytes: self.size_bytes,
            priority: self.priority,
            state: CommandState::Queued,
            attempt: 1,
            can_retry: self.can_retry,
            is_offline: self.is_offline,
            error_code: None,
            error_reason: None,
            success_list: None,
            fail_list: None,
            result: None,
            source: self.source,
            request_id: self.request_id,
            message_id: self.message_id,
            session_id: self.session_id,
            resend_of: self.resend_of,
            not_before: None,
            due_at: Some(self.expires_at),
            expires_at: self.expires_at,
            sent_at: None,
            confirmed_at: None,
            finished_at: None,
            created_at: self.created_at,
        }
    }
}

impl RobotCommand {
    /// What [`state::decide`] needs of the row.
    pub fn present(&self) -> state::Present {
        state::Present {
            state: self.state,
            attempt: self.attempt,
            can_retry: self.can_retry,
            expires_at: self.expires_at,
        }
    }
}
