//! Messages and what was sent into chats, as those who watch look back on them: one list in the order of the server.
use diesel::dsl::sql;
use diesel::sql_types::Bool;

use super::{Direction, SessionMessage};
use crate::commands::{CommandState, RobotCommand};
use crate::fields::Ts;
use crate::ids::RobotUuid;
use crate::store::prelude::*;
use crate::tables::{robot_commands, session_messages};

crate::text_enum! {
    /// What became of a row.
    pub enum FeedStatus {
        /// It came in, and nothing is to be answered, or nobody has begun.
        Received = "received",
        /// A run or a third party has it.
        Processing = "processing",
        /// It was answered.
        Replied = "replied",
        /// It went out.
        Sent = "sent",
        /// It could not be answered, or not be sent.
        Failed = "failed",
        /// It waits for its robot.
        Queued = "queued",
    }
}

/// Which rows are wanted.
#[derive(Debug, Clone, Default)]
pub struct FeedFilter {
    /// Of some robots; `None` = every robot.
    pub robots: Option<Vec<RobotUuid>>,
    /// One direction.
    pub direction: Option<Direction>,
    /// A part of the name of the group.
    pub group: Option<String>,
    /// A part of the name of who wrote, or is written to.
    pub user: Option<String>,
    /// A part of the text, or a whole id.
    pub text: Option<String>,
    /// One status.
    pub status: Option<FeedStatus>,
    /// At or after.
    pub from: Option<Ts>,
    /// Before.
    pub to: Option<Ts>,
    /// Only rows with a lower number.
    pub below: i64,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub enum FeedRow {
    /// Somebody wrote, or typed on the robot's phone.
    Message(Box<SessionMessage>),
    /// Something was sent into a chat.
    Command(Box<RobotCommand>),
}

impl FeedRow {
    /// Place in the order of the server.
    pub fn seq(&self) -> i64 {
        match self {
            Self::Message(message) => message.seq,
            Self::Command(command) => command.seq,
        }
    }
}

/// WorkTool types that put something into a chat.
pub const CHAT_TYPES: [i32; 8] = [203, 204, 205, 208, 209, 214, 218, 220];

impl FeedStatus {
    /// What became of a message, by its reason and whether a run has it.
    pub fn of_message(message: &SessionMessage) -> Self {
        use super::MessageReason as Reason;
        if message.direction == Direction::Out {
            return Self::Sent;
        }
        match message.reason {
            None if message.run_id.is_some() => Self::Processing,
            None => Self::Received,
            Some(Reason::CallbackPending) => Self::Processing,
            Some(Reason::Answered | Reason::RuleReply | Reason::BudgetSpent) => Self::Replied,
            Some(Reason::QueuedOffline) => Self::Queued,
            Some(Reason::Failed | Reason::Expired | Reason::CallbackFailed | Reason::CallbackBacklog) => {
                Self::Failed
            }
            Some(_nothing_to_answer) => Self::Received,
        }
    }

    /// What became of a command, by its state.
    pub fn of_command(state: CommandState) -> Self {
        match state {
            CommandState::Queued => Self::Queued,
            CommandState::Sent
            | CommandState::Confirmed
            | CommandState::Succeeded
            | CommandState::Partial => Self::Sent,
            CommandState::Failed
            | CommandState::Expired
            | CommandState::Cancelled
            | CommandState::Unknown => Self::Failed,
        }
    }

    fn message_condition(self) -> &'static str {
        match self {
            Self::Received => {
                "(session_messages.direction = 'in' AND ((session_messages.reason IS NULL AND session_messages.run_id IS NULL) \
                 OR session_messages.reason NOT IN ('callback_pending','answered','rule_reply','budget_spent','queued_offline',\
                 'failed','expired','callback_failed','callback_backlog')))"
            }
            Self::Processing => {
                "(session_messages.direction = 'in' AND ((session_messages.reason IS NULL AND session_messages.run_id IS NOT NULL) \
                 OR session_messages.reason = 'callback_pending'))"
            }
            Self::Replied => {
                "(session_messages.direction = 'in' AND session_messages.reason IN ('answered','rule_reply','budget_spent'))"
            }
            Self::Sent => "session_messages.direction = 'out'",
            Self::Failed => {
                "(session_messages.direction = 'in' AND session_messages.reason IN ('failed','expired','callback_failed','callback_backlog'))"
            }
            Self::Queued => {
                "(session_messages.direction = 'in' AND session_messages.reason = 'queued_offline')"
            }
        }
    }

    fn command_condition(self) -> &'static str {
        match self {
            Self::Queued => "robot_commands.state = 'queued'",
            Self::Sent => "robot_commands.state IN ('sent','confirmed','succeeded','partial')",
            Self::Failed => "robot_commands.state IN ('failed','expired','cancelled','unknown')",
            Self::Received | Self::Processing | Self::Replied => "1 = 0",
        }
    }
}

fn pattern(part: &str) -> String {
    format!("%{}%", part.replace(['%', '_'], ""))
}

/// The rows below `filter.below`, newest first, at most `limit`.
pub async fn feed(db: &Db, filter: FeedFilter, limit: i64) -> StoreResult<Vec<FeedRow>> {
    db!(db, read, |connection| {
        let mut messages =
            session_messages::table.filter(session_messages::seq.lt(filter.below)).into_boxed::<DB>();
        let mut commands = robot_commands::table
            .filter(robot_commands::seq.lt(filter.below))
            .filter(robot_commands::command_type.eq_any(CHAT_TYPES))
            .into_boxed::<DB>();
        if let Some(robots) = &filter.robots {
            messages = messages.filter(session_messages::robot_uuid.eq_any(robots.clone()));
            commands = commands.filter(robot_commands::robot_uuid.eq_any(robots.clone()));
        }
        if let Some(group) = &filter.group {
            messages = messages.filter(
                session_messages::group_name
                    .like(pattern(group))
                    .or(session_messages::group_remark.like(pattern(group))),
            );
            commands = commands.filter(robot_commands::item.like(pattern(group)));
        }
        if let Some(user) = &filter.user {
            messages = messages.filter(session_messages::received_name.like(pattern(user)));
            commands = commands.filter(robot_commands::item.like(pattern(user)));
        }
        if let Some(text) = &filter.text {
            messages = messages.filter(
                session_messages::spoken.like(pattern(text)).or(session_messages::id.eq(text.clone())),
            );
            commands = commands
                .filter(robot_commands::item.like(pattern(text)).or(robot_commands::id.eq(text.clone())));
        }
        if let Some(status) = filter.status {
            messages = messages.filter(sql::<Bool>(status.message_condition()));
            commands = commands.filter(sql::<Bool>(status.command_condition()));
        }
        if let Some(from) = filter.from {
            messages = messages.filter(session_messages::created_at.ge(from));
            commands = commands.filter(robot_commands::created_at.ge(from));
        }
        if let Some(to) = filter.to {
            messages = messages.filter(session_messages::created_at.lt(to));
            commands = commands.filter(robot_commands::created_at.lt(to));
        }
        let mut rows = Vec::new();
        if let Some(direction) = filter.direction {
            messages = messages.filter(session_messages::direction.eq(direction));
        }
        let list: Vec<SessionMessage> = messages
            .order(session_messages::seq.desc())
            .limit(limit)
            .select(SessionMessage::as_select())
            .load(connection)
            .await?;
        rows.extend(list.into_iter().map(|message| FeedRow::Message(Box::new(message))));
        if filter.direction != Some(Direction::In) {
            let list: Vec<RobotCommand> = commands
                .order(robot_commands::seq.desc())
                .limit(limit)
                .select(RobotCommand::as_select())
                .load(connection)
                .await?;
            rows.extend(list.into_iter().map(|command| FeedRow::Command(Box::new(command))));
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.seq()));
        rows.truncate(usize::try_from(limit).unwrap_or(0));
        Ok(rows)
    })
}
