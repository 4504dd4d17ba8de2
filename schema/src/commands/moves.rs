//! What happens to one command, by compare-and-set.
use diesel::result::Error as DieselError;

use super::operations::ResultTimeouts;
use super::state::{self, CommandEvent, Decision};
use super::{CommandState, ExecutionResult, RobotCommand, history};
use crate::fields::Ts;
use crate::for_both;
use crate::ids::{CommandId, RobotUuid};
use crate::store::prelude::*;
use crate::tables::{offline_commands, robot_commands};

crate::statement_names! {
    Move,
    Confirm,
    Finish,
    Process,
}

/// What an event did to a command.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    /// The row as it is now.
    pub command: RobotCommand,
    /// The state before.
    pub from: CommandState,
    /// Whether the event moved it; otherwise `command` is what was there.
    pub is_won: bool,
}

/// What a phone said, as it is stored.
struct Words {
    error_code: Option<i32>,
    error_reason: Option<String>,
    success_list: Option<String>,
    fail_list: Option<String>,
    result: Option<String>,
}

impl Words {
    fn of(result: &ExecutionResult) -> Self {
        let list = |names: &[String]| {
            serde_json::to_string(names).ok().map(|text| text.replace("\\u0000", "\u{fffd}"))
        };
        Self {
            error_code: Some(result.error_code),
            error_reason: Some(storable(&result.error_reason)),
            success_list: list(&result.success_list),
            fail_list: list(&result.fail_list),
            result: result.raw.as_deref().map(|raw| storable(raw).replace("\\u0000", "\u{fffd}")),
        }
    }
}

/// Puts a decision into the row; whether it is a move.
fn change(command: &mut RobotCommand, event: &CommandEvent, decision: &Decision, now: Ts) -> bool {
    if let (CommandEvent::Result(result), Decision::Move { .. }) = (event, decision) {
        let words = Words::of(result);
        command.error_code = words.error_code;
        command.error_reason = words.error_reason;
        command.success_list = words.success_list;
        command.fail_list = words.fail_list;
        command.result = words.result;
    }
    match decision {
        Decision::Lost => false,
        Decision::Postpone(due_at) => {
            command.due_at = Some(*due_at);
            false
        }
        Decision::Extend(expires_at) => {
            command.expires_at = *expires_at;
            command.due_at = Some(*expires_at);
            false
        }
        Decision::Note { detail } => {
            let of = command.attempt - 1;
            command.history.push_str(&history::entry(CommandState::Failed, of, now, &storable(detail)));
            false
        }
        Decision::Move { state, attempt, not_before, due_at, detail } => {
            if matches!(event, CommandEvent::PutBack { .. }) {
                command.sent_at = None;
            } else if *state == CommandState::Queued {
                // The failed attempt is history; the row waits for the next one.
                let lines = history::attempt_lines(command, now, &storable(detail));
                command.history.push_str(&lines);
                command.sent_at = None;
                command.confirmed_at = None;
            } else if *state != CommandState::Confirmed && !matches!(event, CommandEvent::Result(_)) {
                command.history.push_str(&history::entry(*state, *attempt, now, &storable(detail)));
            }
            command.state = *state;
            command.attempt = *attempt;
            command.not_before = *not_before;
            command.due_at = *due_at;
            if *state == CommandState::Confirmed {
                command.confirmed_at = Some(now);
            }
            if state.is_final() {
                command.finished_at = Some(now);
            }
            true
        }
    }
}

/// Text without U+0000, which PostgreSQL cannot store.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

for_both! {
    /// Applies one event by compare-and-set; `None` when the robot has no such command.
    pub async fn apply(
        connection: &mut Conn,
        robot: Option<RobotUuid>,
        id: &CommandId,
        event: &CommandEvent,
        timeouts: ResultTimeouts,
        now: Ts,
    ) -> Result<Option<Moved>, DieselError> {
        if let Some(robot) = robot
            && let Some(moved) = usual(connection, robot, id, event, now).await?
        {
            return Ok(Some(moved));
        }
        let found: Option<RobotCommand> = robot_commands::table
            .find(id)
            .select(RobotCommand::as_select())
            .first(connection)
            .await
            .optional()?;
        let Some(mut command) = found.filter(|command| robot.is_none_or(|robot| robot == command.robot_uuid)) else {
            return Ok(None);
        };
        let before = command.present();
        let decision = state::decide(before, event, now, timeouts.of(command.command_type));
        let is_won = change(&mut command, event, &decision, now);
        let touched = if matches!(decision, Decision::Lost) {
            0
        } else {
            diesel::update(
                robot_commands::table
                    .find(id)
                    .filter(robot_commands::state.eq(before.state))
                    .filter(robot_commands::attempt.eq(before.attempt)),
            )
            .set((
                robot_commands::state.eq(command.state),
                robot_commands::attempt.eq(command.attempt),
                robot_commands::not_before.eq(command.not_before),
                robot_commands::due_at.eq(command.due_at),
                robot_commands::expires_at.eq(command.expires_at),
                robot_commands::sent_at.eq(command.sent_at),
                robot_commands::confirmed_at.eq(command.confirmed_at),
                robot_commands::finished_at.eq(command.finished_at),
                robot_commands::error_code.eq(command.error_code),
                robot_commands::error_reason.eq(&command.error_reason),
                robot_commands::success_list.eq(&command.success_list),
                robot_commands::fail_list.eq(&command.fail_list),
                robot_commands::result.eq(&command.result),
                robot_commands::history.eq(&command.history),
            ))
            .cached::<name::Move>()
            .execute(connection)
            .await?
        };
        let is_won = is_won && touched > 0;
        if is_won {
            process_offline(connection, &command, before.state, now).await?;
        }
        Ok(Some(Moved { command, from: before.state, is_won }))
    }

    /// The two moves nearly every command makes, in one statement each: a confirmation, and a result that ends it.
    async fn usual(
        connection: &mut Conn,
        robot: RobotUuid,
        id: &CommandId,
        event: &CommandEvent,
        now: Ts,
    ) -> Result<Option<Moved>, DieselError> {
        let row = robot_commands::table.find(id).filter(robot_commands::robot_uuid.eq(robot));
        let moved: Option<RobotCommand> = match event {
            CommandEvent::Confirm { attempt } => {
                // due_at stays: the sweep finds out then that the time runs from the confirmation.
                diesel::update(
                    row.filter(robot_commands::state.eq(CommandState::Sent))
                        .filter(robot_commands::attempt.between(attempt.unwrap_or(1), attempt.unwrap_or(i32::MAX))),
                )
                .set((
                    robot_commands::state.eq(CommandState::Confirmed),
                    robot_commands::confirmed_at.eq(Some(now)),
                ))
                .returning(RobotCommand::as_select())
                .cached::<name::Confirm>()
                .get_result(connection)
                .await
                .optional()?
            }
            CommandEvent::Result(result) if !state::may_retry(result) => {
                let of = result.attempt;
                let words = Words::of(result);
                diesel::update(
                    row.filter(
                        robot_commands::state.eq(CommandState::Sent).or(robot_commands::state.eq(CommandState::Confirmed)),
                    )
                    .filter(robot_commands::attempt.between(of.unwrap_or(1), of.unwrap_or(i32::MAX))),
                )
                .set((
                    robot_commands::state.eq(result.verdict()),
                    robot_commands::due_at.eq(None::<Ts>),
                    robot_commands::finished_at.eq(Some(now)),
                    robot_commands::error_code.eq(words.error_code),
                    robot_commands::error_reason.eq(words.error_reason),
                    robot_commands::success_list.eq(words.success_list),
                    robot_commands::fail_list.eq(words.fail_list),
                    robot_commands::result.eq(words.result),
                ))
                .returning(RobotCommand::as_select())
                .cached::<name::Finish>()
                .get_result(connection)
                .await
                .optional()?
            }
            _ => None,
        };
        let Some(command) = moved else {
            return Ok(None);
        };
        let is_confirmed = command.state == CommandState::Confirmed || command.confirmed_at.is_none();
        let from = if is_confirmed { CommandState::Sent } else { CommandState::Confirmed };
        process_offline(connection, &command, from, now).await?;
        Ok(Some(Moved { command, from, is_won: true }))
    }

    /// Marks the `offline_commands` row of a command that the phone has got.
    async fn process_offline(
        connection: &mut Conn,
        command: &RobotCommand,
        from: CommandState,
        now: Ts,
    ) -> Result<(), DieselError> {
        if command.is_offline && from == CommandState::Sent && command.state != CommandState::Unknown {
            diesel::update(offline_commands::table.filter(offline_commands::command_id.eq(&command.id)))
                .set((offline_commands::processed.eq(true), offline_commands::processed_at.eq(Some(now))))
                .cached::<name::Process>()
                .execute(connection)
                .await?;
        }
        Ok(())
    }
}
