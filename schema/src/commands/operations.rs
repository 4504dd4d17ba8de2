//! What the journal does to commands inside its transaction.
use chrono::TimeDelta;
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::result::Error as DieselError;
use diesel::sql_types::Bool;

pub use super::moves::Moved;
use super::{CommandSource, CommandState, NewCommand, RobotCommand, history};
use crate::fields::{Json, Ts};
use crate::for_both;
use crate::ids::{CommandId, RobotUuid, SessionId};
use crate::store::prelude::*;
use crate::tables::{offline_commands, robot_commands};

crate::statement_names! {
    Insert,
    CountQueued,
    TakeWaiting,
    MarkSent,
    TakeSent,
    Renew,
    WaitingIds,
    WaitingReplies,
    CancelOne,
}

/// `queued` as a literal: behind a parameter neither database can tell that the index of open commands applies.
pub(super) fn is_queued() -> SqlLiteral<Bool> {
    sql("robot_commands.state = 'queued'")
}

/// `sent` as a literal, for the same reason.
pub(super) fn is_sent() -> SqlLiteral<Bool> {
    sql("robot_commands.state = 'sent'")
}

/// How many commands a robot takes now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimLimit {
    /// At most so many.
    pub commands: i64,
    /// At most so many bytes; one larger command goes alone.
    pub bytes: i64,
    /// Whether anything is on its way already (then a larger one waits).
    pub is_window_empty: bool,
}

/// Result time-outs, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResultTimeouts {
    /// Every other command.
    pub plain_secs: i64,
    /// Files: the phone downloads them first.
    pub file_secs: i64,
}

impl ResultTimeouts {
    /// The time-out of one command type.
    pub fn of(self, command_type: i32) -> TimeDelta {
        let secs = if matches!(command_type, 208 | 209 | 218) { self.file_secs } else { self.plain_secs };
        TimeDelta::seconds(secs)
    }
}

/// Chooses from `waiting` (in order) what fits the limit.
pub fn fitting(waiting: Vec<RobotCommand>, limit: ClaimLimit) -> Vec<RobotCommand> {
    let (mut bytes, mut chosen) = (0_i64, Vec::new());
    for command in waiting {
        let size = i64::from(command.size_bytes);
        let goes_alone = chosen.is_empty() && limit.is_window_empty;
        if bytes + size > limit.bytes && !goes_alone {
            break;
        }
        bytes += size;
        chosen.push(command);
    }
    chosen
}

for_both! {
    /// Stores a new command; false when its id exists already.
    pub async fn insert(connection: &mut Conn, command: NewCommand, seq: i64) -> Result<Option<RobotCommand>, DieselError> {
        let is_offline = command.is_offline;
        let row = command.into_row(seq);
        let inserted = diesel::insert_into(robot_commands::table)
            .values(&row)
            .on_conflict_do_nothing()
            .cached::<name::Insert>()
            .execute(connection)
            .await?;
        if inserted == 0 {
            return Ok(None);
        }
        if is_offline {
            let item: serde_json::Value = serde_json::from_str(&row.item).unwrap_or_default();
            diesel::insert_into(offline_commands::table)
                .values((
                    offline_commands::robot_id.eq(row.robot_uuid),
                    offline_commands::command_id.eq(&row.id),
                    offline_commands::command.eq(Json(item)),
                    offline_commands::priority.eq(row.priority),
                    offline_commands::created_at.eq(row.created_at),
                ))
                .execute(connection)
                .await?;
        }
        Ok(Some(row))
    }

    /// How many commands of a robot wait.
    pub async fn count_queued(connection: &mut Conn, robot: RobotUuid) -> Result<i64, DieselError> {
        robot_commands::table
            .filter(robot_commands::robot_uuid.eq(robot))
            .filter(is_queued())
            .count()
            .cached::<name::CountQueued>()
            .get_result(connection)
            .await
    }

    /// Takes what fits the limit: `queued → sent`, by priority and then `seq`.
    pub async fn claim(
        connection: &mut Conn,
        robot: RobotUuid,
        limit: ClaimLimit,
        timeouts: ResultTimeouts,
        now: Ts,
    ) -> Result<Vec<RobotCommand>, DieselError> {
        let mut claimed = fitting(waiting(connection, robot, limit.commands, now).await?, limit);
        mark_sent(connection, &mut claimed, timeouts, now).await?;
        Ok(claimed)
    }

    /// Takes the first command that waits, if it is of this type.
    pub async fn claim_only(
        connection: &mut Conn,
        robot: RobotUuid,
        command_type: i32,
        timeouts: ResultTimeouts,
        now: Ts,
    ) -> Result<Vec<RobotCommand>, DieselError> {
        let mut claimed = waiting(connection, robot, 1, now).await?;
        claimed.retain(|command| command.command_type == command_type);
        mark_sent(connection, &mut claimed, timeouts, now).await?;
        Ok(claimed)
    }

    async fn waiting(
        connection: &mut Conn,
        robot: RobotUuid,
        limit: i64,
        now: Ts,
    ) -> Result<Vec<RobotCommand>, DieselError> {
        robot_commands::table
            .filter(robot_commands::robot_uuid.eq(robot))
            .filter(is_queued())
            .filter(robot_commands::expires_at.gt(now))
            .filter(robot_commands::not_before.is_null().or(robot_commands::not_before.le(now)))
            .order((robot_commands::priority.desc(), robot_commands::seq.asc()))
            .limit(limit)
            .select(RobotCommand::as_select())
            .cached::<name::TakeWaiting>()
            .load(connection)
            .await
    }

    async fn mark_sent(
        connection: &mut Conn,
        claimed: &mut [RobotCommand],
        timeouts: ResultTimeouts,
        now: Ts,
    ) -> Result<(), DieselError> {
        for command in claimed {
            let due_at = now.plus(timeouts.of(command.command_type));
            diesel::update(robot_commands::table.find(&command.id))
                .set((
                    robot_commands::state.eq(CommandState::Sent),
                    robot_commands::sent_at.eq(Some(now)),
                    robot_commands::due_at.eq(Some(due_at)),
                ))
                .cached::<name::MarkSent>()
                .execute(connection)
                .await?;
            command.state = CommandState::Sent;
            command.sent_at = Some(now);
            command.due_at = Some(due_at);
        }
        Ok(())
    }

    /// What may have been pushed and was never confirmed, in order; its time starts again.
    pub async fn take_unconfirmed(
        connection: &mut Conn,
        robot: RobotUuid,
        limit: i64,
        timeouts: ResultTimeouts,
        now: Ts,
    ) -> Result<Vec<RobotCommand>, DieselError> {
        let sent: Vec<RobotCommand> = robot_commands::table
            .filter(robot_commands::robot_uuid.eq(robot))
            .filter(is_sent())
            // Its time is over: the sweep ends it, and it is not pushed a second time.
            .filter(robot_commands::expires_at.gt(now))
            .order((robot_commands::priority.desc(), robot_commands::seq.asc()))
            .limit(limit)
            .select(RobotCommand::as_select())
            .cached::<name::TakeSent>()
            .load(connection)
            .await?;
        for command in &sent {
            diesel::update(robot_commands::table.find(&command.id))
                .set(robot_commands::due_at.eq(Some(now.plus(timeouts.of(command.command_type)))))
                .cached::<name::Renew>()
                .execute(connection)
                .await?;
        }
        Ok(sent)
    }

    /// Cancels everything of a robot that waits; the ids.
    pub async fn cancel_queued(
        connection: &mut Conn,
        robot: RobotUuid,
        except: &CommandId,
        detail: &str,
        now: Ts,
    ) -> Result<Vec<CommandId>, DieselError> {
        let waiting: Vec<(CommandId, i32)> = robot_commands::table
            .filter(robot_commands::robot_uuid.eq(robot))
            .filter(is_queued())
            .filter(robot_commands::id.ne(except))
            .select((robot_commands::id, robot_commands::attempt))
            .cached::<name::WaitingIds>()
            .load(connection)
            .await?;
        cancel_all(connection, waiting, detail, now).await
    }

    /// Cancels what a flow still has waiting for one conversation; the ids.
    pub async fn cancel_replies(
        connection: &mut Conn,
        robot: RobotUuid,
        session: &SessionId,
        detail: &str,
        now: Ts,
    ) -> Result<Vec<CommandId>, DieselError> {
        let waiting: Vec<(CommandId, i32)> = robot_commands::table
            .filter(robot_commands::robot_uuid.eq(robot))
            .filter(is_queued())
            .filter(robot_commands::session_id.eq(session))
            .filter(robot_commands::source.eq(CommandSource::Flow))
            .select((robot_commands::id, robot_commands::attempt))
            .cached::<name::WaitingReplies>()
            .load(connection)
            .await?;
        cancel_all(connection, waiting, detail, now).await
    }

    async fn cancel_all(
        connection: &mut Conn,
        waiting: Vec<(CommandId, i32)>,
        detail: &str,
        now: Ts,
    ) -> Result<Vec<CommandId>, DieselError> {
        for (id, attempt) in &waiting {
            let line = history::entry(CommandState::Cancelled, *attempt, now, detail);
            diesel::update(robot_commands::table.find(id))
                .set((
                    robot_commands::state.eq(CommandState::Cancelled),
                    robot_commands::due_at.eq(None::<Ts>),
                    robot_commands::finished_at.eq(Some(now)),
                    robot_commands::history.eq(robot_commands::history.concat(&line)),
                ))
                .cached::<name::CancelOne>()
                .execute(connection)
                .await?;
        }
        Ok(waiting.into_iter().map(|(id, _attempt)| id).collect())
    }
}
